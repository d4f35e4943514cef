#!/usr/bin/env bash
# The contracts through ape, in its own virtual environment: its contract tests on py-evm, then its
# deployment to a local chain, which `assay deploy` must find complete but for the profiles.
set -euo pipefail
cd "$(dirname "$0")/.."
ape=$PWD/.setup/ape/bin/ape
[ -x "$ape" ] || { echo "ape: its environment is missing: run make test-ci" >&2; exit 1; }

# py-solc-x takes a compiler from a folder; a copy of the wrapper would not find node_modules.
mkdir -p build/solcx
ln -sfn "$PWD/scripts/solc" build/solcx/solc-v0.8.37
export SOLCX_BINARY_PATH=$PWD/build/solcx
# ape compiles a copy of the sources, unless the project lies in the folder for temporary files; so
# that one does not: a clone in /tmp and one elsewhere take the same path.
export TMPDIR=$PWD/build/tmp
mkdir -p "$TMPDIR"

"$ape" test -c contracts/ape/pytest.ini contracts/ape
.venv/bin/python scripts/ape_check.py "$ape"
