#!/usr/bin/env bash
# Static analysis of the contracts: any finding of medium or high impact fails. First the same
# analysis has to find a bug planted in a copy, so that a filter that hides everything is noticed.
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

# uninitialized-local: a local variable is zero by the language, and we count on it.
analyse() {
  (cd "$scratch" && "$root/.setup/slither/bin/slither" . --filter-paths 'node_modules/|contracts/test/' \
    --exclude uninitialized-local --exclude-informational --exclude-low --exclude-optimization --fail-medium) >"$scratch/output" 2>&1
}

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

if analyse || ! grep -q 'Reentrancy in Planted.take' "$scratch/output"; then
  tail -40 "$scratch/output"
  echo "slither: the planted bug was not found: the analysis sees nothing" >&2
  exit 1
fi
echo "slither: the planted bug is found"

rm "$scratch/contracts/src/Planted.sol"
if ! analyse; then
  cat "$scratch/output"
  echo "slither: fix these findings, or disable one at its line with the reason" >&2
  exit 1
fi
echo "slither: nothing of medium or high impact in the contracts"
