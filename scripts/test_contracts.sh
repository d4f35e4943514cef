#!/usr/bin/env bash
# All tests of the contracts by forge, and a count: forge says nothing of test files that it left
# out, for example because something else had compiled them without code into the same cache.
set -euo pipefail
cd "$(dirname "$0")/.."
output=$(mktemp)
trap 'rm -f "$output"' EXIT

scripts/forge test "$@" | tee "$output"

folder=contracts/test
[ "${FOUNDRY_PROFILE:-}" = canary ] && folder=contracts/canary
written=$(grep -rhoE 'function (test|invariant)[A-Za-z0-9_]*\(' "$folder" --include='*.t.sol' | wc -l)
ran=$(sed -n 's/.*(\([0-9]*\) total tests)$/\1/p' "$output")
if [ "${ran:-0}" -lt "$written" ]; then
  echo "test-contracts: forge ran ${ran:-0} tests of $written: remove contracts/cache and try again" >&2
  exit 1
fi
