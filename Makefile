# Assay: `make help` lists what there is to run.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
EXPERIMENTS := .setup/experiments/bin
TEXT := .setup/experiments-text/bin
# Stamps belong to this place: in a folder that was moved or copied everything is set up anew.
STAMP := .setup/stamp-$(shell pwd | cksum | cut -d ' ' -f 1)
# Passed on: `make demo ARGS="--keep"`, `make test TESTS=tests/chain`.
ARGS ?=
TESTS ?=
TWO := --numprocesses 2 --dist loadfile
DEMO := tests/demo/test_demo.py
# Models and linear algebra on one thread each: the processes of a network share the machine.
export OMP_NUM_THREADS ?= 1
# Hundreds of processes start here: compiling every library again in each would be half of their time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-test demo test test-contracts test-python check bench bench-ponder experiments experiments-images experiments-attacks experiments-text experiments-vectors experiments-retrieval test-ci test-deep lock clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

setup: $(STAMP)-run ## Set up what running needs (the other targets do it by themselves).

setup-test: $(STAMP)-test ## Set up what checks and tests need.

$(STAMP)-run: requirements/run.txt package-lock.json pyproject.toml
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh run && touch $@

$(STAMP)-test: requirements/test.txt package-lock.json pyproject.toml
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh test && touch $@ $(STAMP)-run

$(STAMP)-experiments: requirements/experiments.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh experiments && touch $@

$(STAMP)-experiments-text: requirements/experiments-text.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh experiments-text && touch $@

$(STAMP)-retrieval: requirements/retrieval.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh retrieval && touch $@

$(STAMP)-bench: requirements/bench.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh bench && touch $@

$(STAMP)-ponder: scripts/backend/ponder/package-lock.json
	@mkdir -p .setup && scripts/setup.sh ponder && touch $@

$(STAMP)-fuzz: requirements/fuzz.txt $(STAMP)-test
	@scripts/setup.sh fuzz && touch $@

$(STAMP)-browser: requirements/browser.txt $(STAMP)-test
	@scripts/setup.sh browser && touch $@

$(STAMP)-ape: requirements/ape.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh ape && touch $@

$(STAMP)-halmos: requirements/halmos.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh halmos && touch $@

$(STAMP)-slither: requirements/slither.txt
	@mkdir -p .setup && PYTHON='$(PYTHON)' scripts/setup.sh slither && touch $@

demo: $(STAMP)-run ## A whole network on this machine, judging real work. ARGS="--keep" leaves it running.
	@$(BIN)/assay demo $(ARGS)

test: test-contracts test-python ## All tests.

test-contracts: $(STAMP)-test ## Tests of the contracts only.
	@scripts/test_contracts.sh

# The demo's windows are seconds of a real clock, so it has the machine to itself. A file's tests stay
# together because they share a chain or a model.
test-python: $(STAMP)-test ## Tests of everything else. TESTS=tests/chain runs a part.
ifeq ($(TESTS),)
	@$(BIN)/python -m pytest $(DEMO)
	@$(BIN)/python -m pytest $(TWO) --ignore $(DEMO) tests
else
	@$(BIN)/python -m pytest $(TWO) $(TESTS)
endif

check: $(STAMP)-test ## Format, lint, types, contract lint and sizes, generated files, house rules.
	@scripts/check.sh

bench: $(STAMP)-test $(STAMP)-bench ## Speed of digests and of the backend, gas of a round. ARGS="--quick" for a look.
	@scripts/bench.sh $(ARGS)

bench-ponder: $(STAMP)-test $(STAMP)-ponder ## Indexing beside Ponder, whose packages are brought for it.
	@$(BIN)/python scripts/bench_ponder.py $(ARGS)

experiments: experiments-images experiments-attacks experiments-text ## Experiments on real outputs, resumable, hours. ARGS="--quick": minutes.

experiments-images: $(STAMP)-experiments
	@$(EXPERIMENTS)/python scripts/experiment_images.py $(ARGS)

experiments-attacks: $(STAMP)-experiments
	@$(EXPERIMENTS)/python scripts/experiment_attacks.py $(ARGS)

# The second engine is large, so it has an environment of its own.
experiments-text: $(STAMP)-experiments-text
	@$(TEXT)/python scripts/experiment_text.py $(ARGS)

# Needs WordNet, which is no Python package: ARGS="--wordnet DIR".
experiments-vectors: $(STAMP)-experiments-text
	@$(TEXT)/python scripts/experiment_vectors.py $(ARGS)

experiments-retrieval: $(STAMP)-retrieval ## Retrieval weighted by reliability. ARGS="--wordnet DIR": Debian's wordnet-base, unpacked.
	@.setup/retrieval/bin/python scripts/experiment_retrieval.py $(ARGS)

# Each has a single thread most of the time, so two run at once, the longest first; what they say is kept
# apart (by makes that can). One that fails fails the whole.
CI_APART := ci-contracts ci-slither ci-examples ci-halmos ci-ape
APART := --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

test-ci: $(STAMP)-test $(STAMP)-browser $(STAMP)-slither $(STAMP)-ape $(STAMP)-halmos ## What `make test` has no time for: longer fuzzing, static analysis of the contracts, PostgreSQL, the dashboard in Chromium, operations by hand.
	@$(MAKE) $(APART) $(CI_APART)
	@$(BIN)/python -m pytest $(TWO) -m campaign tests
	@TEST_DATABASE=postgresql $(BIN)/python -m pytest $(TWO) -m 'database and not campaign' tests

.PHONY: $(CI_APART)
ci-contracts:
	@FOUNDRY_PROFILE=ci scripts/test_contracts.sh

# Those that have more examples in this profile than in `make test`; the others would be the same again.
ci-examples:
	@HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -m 'unit and hypothesis and not campaign' tests

ci-slither ci-halmos ci-ape: ci-%:
	@scripts/$*.sh

# One after the other, as each takes both cores; all of them, whatever the one before found. A stage that failed
# can be run again by itself: `make deep-campaign`.
DEEP := deep-contracts deep-mutants deep-properties deep-campaign deep-fuzz

test-deep: ## What looks for new examples, before a release: within two hours of two cores.
	@$(MAKE) --keep-going --jobs 1 $(DEEP)

.PHONY: $(DEEP)
$(DEEP): $(STAMP)-test $(STAMP)-browser $(STAMP)-fuzz

deep-contracts:
	@FOUNDRY_PROFILE=deep HISTORIES=1000000 ELIGIBLE=100000 scripts/test_contracts.sh

deep-mutants:
	@$(BIN)/python scripts/mutate_contracts.py

deep-properties:
	@HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest $(TWO) --timeout 3600 -m 'unit and hypothesis and not campaign' tests

deep-campaign:
	@CAMPAIGN=deep $(BIN)/python -m pytest $(TWO) -m campaign tests

deep-fuzz:
	@$(BIN)/python tests/fuzz/run.py --seconds 180

lock: ## Write the locks anew after a change of dependencies. ARGS="--upgrade" takes newer versions.
	@scripts/lock.sh $(ARGS)

clean: ## Remove everything that was set up or built.
	@rm -rf .venv .setup node_modules build dist contracts/out contracts/cache *.egg-info
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
