#!/usr/bin/env bash
# Static analysis of the contracts: any finding of medium or high impact fails. The analysis is of a
# copy with a bug planted in it, which it has to find, so that a filter that hides everything is noticed.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
forge_folder=$(dirname "$(ls node_modules/@foundry-rs/forge-*/bin/forge)")
export PATH="$root/$forge_folder:$PATH"

# Works on a copy: slither cleans forge's output where it runs.
mkdir "$scratch/contracts"
cp -r contracts/src "$scratch/contracts/src"
cp -r foundry.toml scripts "$scratch/"
ln -s "$root/node_modules" "$scratch/node_modules"

cat >"$scratch/contracts/src/Planted.sol" <<'SOLIDITY'
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

contract Planted {
    mapping(address => uint256) private _credit;

    function put() external payable {
        _credit[msg.sender] += msg.value;
    }

    function take() external {
        (bool ok,) = msg.sender.call{value: _credit[msg.sender]}("");
        require(ok);
        _credit[msg.sender] = 0;
    }
}
SOLIDITY

# uninitialized-local: a local variable is zero by the language, and we count on it.
status=0
(cd "$scratch" && "$root/.setup/slither/bin/slither" . --filter-paths 'node_modules/|contracts/test/' \
  --exclude uninitialized-local --exclude-informational --exclude-low --exclude-optimization --fail-medium \
  --json findings.json) >"$scratch/output" 2>&1 || status=$?

if [ "$status" = 0 ] || ! grep -q 'Reentrancy in Planted.take' "$scratch/output"; then
  tail -40 "$scratch/output"
  echo "slither: the planted bug was not found: the analysis sees nothing" >&2
  exit 1
fi
echo "slither: the planted bug is found"

if ! .venv/bin/python - "$scratch/findings.json" <<'PYTHON'; then
import json
import sys

told = json.load(open(sys.argv[1]))
assert told["success"], told["error"]
ours = [
    found["description"]
    for found in told["results"]["detectors"]
    if {part["source_mapping"]["filename_relative"] for part in found["elements"]}
    != {"contracts/src/Planted.sol"}
]
for description in ours:
    print(description)
sys.exit(bool(ours))
PYTHON
  echo "slither: fix these findings, or disable one at its line with the reason" >&2
  exit 1
fi
echo "slither: nothing of medium or high impact in the contracts"
