#!/usr/bin/env bash
# Writes requirements/*.txt and package-lock.json: every package exactly, with the hashes of its
# files, for Python 3.11 and later, on Linux and macOS. Pins stay as they are unless an
# input asks for something else or `--upgrade` is given. Needs uv (`pip install uv`) and npm.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "lock: uv is not installed: pip install uv" >&2; exit 1; }

compile() { # compile OUTPUT INPUT... [OPTION...]
  local output=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --override requirements/overrides.txt --no-header --no-config \
    --output-file "$output" "$@"
}

# setuptools is listed because the project itself is installed without build isolation.
compile requirements/run.txt pyproject.toml requirements/run.in --extra node --extra backend "$@"
compile requirements/test.txt requirements/run.txt requirements/test.in "$@"
compile requirements/bench.txt pyproject.toml requirements/bench.in \
  --constraint requirements/run.txt "$@"
compile requirements/experiments.txt requirements/run.txt requirements/experiments.in "$@"
compile requirements/experiments-text.txt requirements/run.txt requirements/experiments-text.in "$@"
compile requirements/retrieval.txt requirements/run.txt requirements/retrieval.in "$@"
compile requirements/fuzz.txt requirements/fuzz.in "$@"
compile requirements/operations.txt requirements/operations.in "$@"
compile requirements/browser.txt requirements/browser.in "$@"
compile requirements/slither.txt requirements/slither.in "$@"
compile requirements/ape.txt requirements/ape.in "$@"
compile requirements/halmos.txt requirements/halmos.in "$@"

npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error \
  --omit-lockfile-registry-resolved=true
python3 scripts/complete_npm_lock.py
