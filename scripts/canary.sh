#!/usr/bin/env bash
# Proves that a failing test is noticed: a contract test and a Python test that must fail, each run
# the way `make test` runs the real ones. A green canary means that failures go unseen.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

must_fail() { # must_fail NAME WORDS COMMAND...
  local name=$1 words=$2 status=0
  shift 2
  "$@" >"$scratch/output" 2>&1 || status=$?
  if [ "$status" = 0 ] || ! grep -q "$words" "$scratch/output"; then
    tail -40 "$scratch/output"
    echo "canary: the $name canary ended with status $status: a failing test would not be noticed" >&2
    exit 1
  fi
  echo "canary: a failing $name is noticed"
}

cat >"$scratch/test_canary.py" <<'PYTHON'
import pytest


@pytest.mark.unit
def test_canary__then_fails() -> None:
    assert not "a failing test is noticed"
PYTHON

must_fail "contract test" "1 failed" env FOUNDRY_PROFILE=canary make test-contracts
must_fail "pytest" "1 failed" make test-python TESTS="$scratch/test_canary.py"
