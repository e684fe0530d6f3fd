# Every target sets itself up: a machine with Python 3.11+ and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(sort $(wildcard plugins/*/pyproject.toml))
EDITABLE := $(foreach plugin,$(PLUGINS),-e $(dir $(plugin)))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The folder of the environment is relative on purpose: nothing of this machine gets into a file.
CORE_VENV := .venv-core

.DEFAULT_GOAL := help
.PHONY: help demo test soak load check bench docs lint types layers coverage core constraints clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

$(VENV)/ready: pyproject.toml constraints.txt $(PLUGINS)
	@echo "Setting up $(VENV) (once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade -c constraints.txt pip
	@$(PIP) install -c constraints.txt --group dev -e '.[postgres]' $(EDITABLE)
	@touch $@

demo: $(VENV)/ready ## reprice, stock and make compliant a catalogue on seven sites, over real HTTP
	@$(BIN)/acorn demo --directory demo

test: $(VENV)/ready ## all tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

soak: $(VENV)/ready ## kill processes that submit 200 times, among faults of every kind; SECONDS=600 at most, SEED=4
	@$(BIN)/python tests/submission/soak.py $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

load: $(VENV)/ready ## send 200,000 changes at the pace of the quotas; SPEED=20 times Amazon's
	@$(BIN)/python tests/submission/load.py $(if $(SPEED),--speed $(SPEED))

check: lint types layers coverage core ## everything that CI checks

bench: $(VENV)/bench ## how fast Acorn is, against a hand-written limit and other engines; QUICK=1 takes some minutes
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

$(VENV)/bench: $(VENV)/ready
	@echo "Adding what the benchmarks compare with (once) …"
	@$(PIP) install -c constraints.txt --group bench
	@touch $@

docs: $(VENV)/ready ## run every page of the documentation that can be run, and check the rest
	@$(BIN)/python -m pytest -q tests/docs

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/ready
	$(BIN)/mypy acorn_engine $(foreach plugin,$(PLUGINS),$(wildcard $(dir $(plugin))acorn_*))

layers: $(VENV)/ready
	$(BIN)/lint-imports

coverage: $(VENV)/ready
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=85

core: $(CORE_VENV)/ready ## the engine's own tests with no plugin installed
	$(CORE_VENV)/bin/python -m pytest -q tests --ignore tests/end_to_end --ignore tests/submission --ignore tests/docs

$(CORE_VENV)/ready: pyproject.toml constraints.txt
	@echo "Setting up $(CORE_VENV) (once) …"
	@test -x $(CORE_VENV)/bin/python || $(PYTHON) -m venv $(CORE_VENV)
	@$(CORE_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --upgrade -c constraints.txt pip
	@$(CORE_VENV)/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt --group dev -e '.[postgres]'
	@touch $@

constraints: ## pin every dependency again
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --upgrade --extra dask --extra postgres --group dev --group bench pyproject.toml $(PLUGINS) requirements-tools.in -o constraints.txt
	@sed -i -E '/^-e |^acorn-|^\.|^file:|@ file:/d' constraints.txt

clean: ## remove everything that was made
	rm -rf $(VENV) $(CORE_VENV) demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov
