# Every target sets up what it needs, once, in .cache/venv: a .venv is its user's, and nothing here touches it.
# PYTHON=/path/to/python3.12 chooses the interpreter.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Start-up and memory figures are spoilt when no compiled files may be written.
unexport PYTHONDONTWRITEBYTECODE
# brokers of Debian lie in /usr/sbin, which the PATH of a plain user may lack
export PATH := $(PATH):/usr/sbin:/sbin

BIN := .cache/venv/bin
SCRIPTS := $(wildcard scripts/*.sh) .ci/run
# Most tests wait for processes: two at a time for each core, WORKERS=0 for one after another.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 1); echo $$((n > 4 ? 8 : 2 * n)))
CODE := $(wildcard procman tests examples bench scripts)
QUICK_TESTS := $(wildcard tests/architecture tests/unit tests/docs)

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup-run ## Run the example: a real API and MQTT consumer, planned, started, fed, attacked and counted
	@$(BIN)/python examples/tiwater/demo.py

.PHONY: test
test: setup-dev services static ## Everything: check, then contract, integration, e2e and docs tests
	@echo "test: all tests"
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) --dist worksteal tests

.PHONY: check
check: setup-dev static ## What takes seconds: format, lint, types, imports, architecture, unit and docs
	@echo "check: quick tests"
	@$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) -m "not slow" $(QUICK_TESTS)

.PHONY: fmt
fmt: setup-dev ## Format, and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix --exit-zero .
	@$(BIN)/ruff format --quiet .

.PHONY: docs
docs: setup-dev ## Write the pages of the rules, the table of keys and the JSON Schema anew
	@$(BIN)/python scripts/docs.py

.PHONY: lock
lock: ## Resolve the dependencies anew into uv.lock and requirements/ (UPGRADE=1 for newer versions)
	@scripts/lock.sh $(if $(UPGRADE),--upgrade)

.PHONY: bench
bench: setup-dev ## Measure on this machine
	@$(BIN)/python bench/run.py

.PHONY: chaos
chaos: setup-dev services ## Attack the one consumer in full (MINUTES=25), and write the table of docs/guarantees.md
	@$(BIN)/python -m tests.chaos.run --minutes $(or $(MINUTES),25)

.PHONY: bare
bare: ## As root: demo and test on fresh minimal Debian 12 and 13, as root and as a user (SUITES=bookworm)
	@scripts/bare.sh $(SUITES)

.PHONY: clean
clean: ## Remove what the targets made
	@rm -rf .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find $(CODE) -name node_modules -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# --- steps, called by the targets above and by pre-commit ---

.PHONY: setup-run setup-dev services
setup-run setup-dev: setup-%:
	@scripts/setup-venv.sh $*

services:
	@scripts/test-services.sh

.PHONY: static format lint types imports shell
static: format lint types imports shell

format: setup-dev
	@echo "check: format"
	@$(BIN)/ruff format --quiet --check . || { echo "check: mend with 'make fmt'"; exit 1; }

lint: setup-dev
	@echo "check: lint"
	@$(BIN)/ruff check --quiet .

types: setup-dev
	@echo "check: types"
	@$(BIN)/mypy --no-error-summary

imports: setup-dev
	@echo "check: imports"
	@PYTHONWARNINGS=ignore $(BIN)/lint-imports >.cache/imports.log 2>&1 || { cat .cache/imports.log; exit 1; }

shell: setup-dev
	@echo "check: shell"
	@PATH="$(CURDIR)/$(BIN):$$PATH"; if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else \
		echo "check: shell is skipped, shellcheck is not here: $$(scripts/packages.sh hint shellcheck)"; \
		[ "$$CI" != true ] || { echo "check: CI=true, so this is a failure"; exit 1; }; fi
