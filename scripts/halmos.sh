#!/usr/bin/env bash
# Proofs by symbolic execution: the functions check_* of contracts/test/proofs, for every value.
set -euo pipefail
cd "$(dirname "$0")/.."
halmos=$PWD/.setup/halmos/bin/halmos
[ -x "$halmos" ] || { echo "halmos: its environment is missing: run make test-ci" >&2; exit 1; }
forge_folder=$(dirname "$(ls node_modules/@foundry-rs/forge-*/bin/forge)")
export PATH="$PWD/$forge_folder:$PATH"
# A cache of its own, with the syntax trees that halmos reads: of the proofs, not of all tests.
export FOUNDRY_TEST=contracts/test/proofs FOUNDRY_CACHE_PATH=contracts/cache/halmos FOUNDRY_OUT=contracts/cache/halmos/out

output=$(mktemp)
trap 'rm -f "$output"' EXIT
# Loops of the proofs, and of what they call, turn at most four times. z3 needs seconds for what packed
# words and minima lead to; halmos' own choice, yices, was seen to give up on it after five minutes.
"$halmos" --forge-build-out contracts/cache/halmos/out --match-contract Proof \
  --solver z3 --solver-timeout-assertion 300000 --loop 4 "$@" | tee "$output"
proofs=$(grep -rhoE 'function check_[A-Za-z0-9_]*\(' contracts/test/proofs | wc -l)
passed=$(grep -c '\[PASS\]' "$output" || true)
if [ "$passed" -ne "$proofs" ]; then
  echo "halmos: $passed of $proofs proofs passed" >&2
  exit 1
fi
if grep -q '#loop-bound' "$output"; then
  echo "halmos: a loop was cut short, which proves nothing: raise --loop" >&2
  exit 1
fi
