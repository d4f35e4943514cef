#!/usr/bin/env bash
# Called by `make bench`: the speed of digests beside libraries of the field, the gas of each
# step of a round of three seats as a forge test measures it, and the speed of the backend.
set -euo pipefail
cd "$(dirname "$0")/.."
backend=()
case " $* " in *" --quick "*) backend=(--quick) ;; esac
.setup/bench/bin/python scripts/bench_digests.py "$@"
echo
echo "Gas of a round (contracts/gas.json)"
scripts/forge test --match-path contracts/test/Gas.t.sol >/dev/null
sed -nE 's/^ +"([a-zA-Z0-9]+)": ([0-9]+),?$/\1 \2/p' contracts/gas.json | awk '{printf "  %-16s%10d\n", $1, $2}'
echo
echo "Backend"
.venv/bin/python scripts/bench_backend.py "${backend[@]}"
