# The one task list: what CI runs is what people run. `make` alone prints it.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOL_VENVS := .cache
PYTEST_ARGS ?=
TRIALS ?= 20
# Most tests wait for a browser: two at a time take little more than half as long.
WORKERS ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Containers often set it. Here hundreds of agents would each compile the checkout, for most of a second.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test chaos soak check gen lock floor build clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment from the lock and find or install a browser
	$(BIN)/cmdop-browser install

$(READY): requirements-dev.lock pyproject.toml tools/venv.sh
	PYTHON="$(PYTHON)" bash tools/venv.sh $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Run the bundled recipe against the bundled shop: books.jsonl, books.png
	$(BIN)/cmdop-browser demo

test: setup ## Run the whole test suite on real Chromium
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal --durations 30 $(PYTEST_ARGS)

chaos: setup ## Hold agent, browsers and clients to what is documented of every fault (TRIALS=1: a quick look)
	$(BIN)/python -m chaos matrix --trials $(TRIALS)
	$(BIN)/python -m chaos submits
	$(BIN)/python -m chaos restored
	$(BIN)/python -m chaos election

soak: setup ## Load 5000 pages in 500 sessions while something is killed every 20 s
	$(BIN)/python -m chaos soak

check: $(READY) ## Lint, format, types, import rules, generated code and docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.gen --check
	$(BIN)/python -m tools.error_docs --check

gen: $(READY) ## Generate stubs from the protos, the sync client from the async one, the tables of docs/errors.md
	$(BIN)/python -m tools.gen
	$(BIN)/python -m tools.error_docs

lock: ## Pin versions again (UPGRADE=1: the newest that pyproject.toml admits)
	PYTHON="$(PYTHON)" bash tools/venv.sh $(TOOL_VENVS)/lock
	$(TOOL_VENVS)/lock/bin/python -m pip install --quiet 'uv>=0.9'
	UV="$(TOOL_VENVS)/lock/bin/uv" UPGRADE="$(UPGRADE)" bash tools/lock.sh

floor: ## Test with the lowest versions that pyproject.toml admits
	PYTHON="$(PYTHON)" bash tools/venv.sh $(TOOL_VENVS)/floor
	$(TOOL_VENVS)/floor/bin/python -m pip install --quiet --require-hashes -r requirements-floor.lock
	$(TOOL_VENVS)/floor/bin/python -c 'import cmdop_browser, cmdop_browser.cli.app, agent_bridge.server'
	$(TOOL_VENVS)/floor/bin/python -m pytest --numprocesses $(WORKERS) tests/unit tests/contract \
		--ignore tests/contract/test_gen.py $(PYTEST_ARGS) # generated code is formatted by the locked ruff

build: setup ## Build wheel and sdist, and prove that they install and work on their own
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(BIN)/python -m tools.check_dist dist

clean: ## Remove what the other targets made, environments included
	rm -rf .venv $(TOOL_VENVS) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis books.jsonl books.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
