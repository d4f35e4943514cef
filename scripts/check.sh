#!/usr/bin/env bash
# All checks that run nothing of the network. Every one runs, then the failed ones are listed.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()

check() { # check NAME COMMAND...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok    $name"
  else
    echo "FAIL  $name: $*"
    sed 's/^/      /' <<<"$output" | tail -60
    failed+=("$name")
  fi
}

check "format of Python" $bin/ruff format --check .
check "lint of Python" $bin/ruff check .
check "types" $bin/mypy
check "format of contracts" scripts/forge fmt --check
# Fails on a contract over the limit of EIP-170 (24,576 bytes).
check "build and size of contracts" env FOUNDRY_CACHE_PATH=contracts/cache/sizes FOUNDRY_OUT=contracts/cache/sizes/out \
  scripts/forge build --sizes --skip test --deny warnings
# A cache of its own: what the linter leaves would make forge test skip files in silence.
check "lint of contracts" env FOUNDRY_CACHE_PATH=contracts/cache/lint FOUNDRY_OUT=contracts/cache/lint/out \
  scripts/forge lint --deny notes
check "house rules, import direction" $bin/python -m pytest -q tests/repo
check "artifacts compiled from these contracts" $bin/python scripts/build_contracts.py --check
check "settings documented" $bin/python -m pytest -q tests/cli/test_settings.py

if [ ${#failed[@]} -gt 0 ]; then
  echo "check: ${#failed[@]} failed: ${failed[*]}" >&2
  exit 1
fi
