#!/usr/bin/env bash
# All checks that run nothing of the network: those of Python beside those of the contracts. Every one
# runs, then the failed ones are listed.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT

check() { # check NAME COMMAND...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok    $name"
  else
    # In one piece, also if another check ends at the same time.
    echo "$(echo "FAIL  $name: $*"; sed 's/^/      /' <<<"$output" | tail -60)"
    echo "$name" >>"$failed"
  fi
}

of_python() {
  check "format of Python" $bin/ruff format --check .
  check "lint of Python" $bin/ruff check .
  check "types" $bin/mypy
  check "house rules, import direction" $bin/python -m pytest -q tests/repo
  check "settings documented" $bin/python -m pytest -q tests/cli/test_settings.py
}

of_contracts() {
  check "format of contracts" scripts/forge fmt --check
  # Fails on a contract over the limit of EIP-170 (24,576 bytes).
  check "build and size of contracts" env FOUNDRY_CACHE_PATH=contracts/cache/sizes FOUNDRY_OUT=contracts/cache/sizes/out \
    scripts/forge build --sizes --skip test --deny warnings
  # A cache of its own: what the linter leaves would make forge test skip files in silence.
  check "lint of contracts" env FOUNDRY_CACHE_PATH=contracts/cache/lint FOUNDRY_OUT=contracts/cache/lint/out \
    scripts/forge lint --deny notes
  check "artifacts compiled from these contracts" $bin/python scripts/build_contracts.py --check
}

of_contracts &
of_python
wait $! || echo "those of contracts did not come to their end" >>"$failed"

if [ -s "$failed" ]; then
  echo "check: $(wc -l <"$failed") failed: $(paste -sd , "$failed")" >&2
  exit 1
fi
