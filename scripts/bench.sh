#!/usr/bin/env bash
# Called by `make bench`: the speed of digests, beside peers where they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python scripts/bench_digests.py "$@"
