# One environment for everything: .venv, made by the first target that needs it.
PYTHON ?= python3
BIN := .venv/bin
SECONDS_EACH ?= 60
# A wheel runs no code at its installation; SECURITY.md says what the one exception does.
WHEELS := --only-binary :all: --no-binary alibabacloud-tea

# Tests that run at the same time; those marked `load` run alone, after the others.
WORKERS ?= 2
PYTEST := $(BIN)/pytest
PARALLEL := --numprocesses $(WORKERS) --dist loadgroup

.PHONY: help docs demo test test-fast bench faults check fuzz audit licences schema sdk format dist lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

demo: .venv/.ready ## a real Pulumi engine reads AI nodes from a local emulator and shows a change
	@$(BIN)/python -m tools.demo

test: .venv/.ready ## all tests
	$(PYTEST) $(PARALLEL) -m "not load"
	$(PYTEST) -m load

test-fast: .venv/.ready ## tests without engine, builds, fuzzing and load
	$(PYTEST) $(PARALLEL) -m "not engine and not packaging and not fuzz and not load"

bench: .venv/.ready ## measure against the vendor's SDK and bare Pulumi resources (takes 10 minutes)
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.ready ## the documentation site, into dist/docs, and the registry's page
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet --builder html docs dist/docs
	$(BIN)/python -m tools.registry

faults: .venv/.ready ## every fault on this client and the official SDK, into docs/reliability.md
	$(BIN)/python -m tests.faults --write

check: .venv/.ready ## formatting, lint, types, import contracts, generated files; never writes
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.sdk check

fuzz: .venv/.ready ## look for inputs that the readers get wrong; SECONDS_EACH=600 takes longer
	@for target in answers fleet baselines; do \
		$(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS_EACH) || exit 1; \
	done

audit: .venv/.ready ## look the pinned versions up among known vulnerabilities
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt

licences: .venv/.ready ## write docs/licences.md from what is installed
	$(BIN)/python -m tools.licences

schema: .venv/.ready ## write schema.json and outputs.py from the models and settings
	$(BIN)/python -m tools.sdk schema

sdk: schema ## write the SDKs from schema.json, with Pulumi's own generators
	$(BIN)/python -m tools.sdk generate

format: .venv/.ready ## put the sources into form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.tables

dist: .venv/.ready ## the plugin as an archive that needs no Python
	$(BIN)/python -m tools.dist

lock: ## renew the pinned versions in constraints.txt
	rm -rf .venv constraints.txt
	touch constraints.txt
	$(MAKE) .venv/.ready
	$(BIN)/pip freeze --exclude-editable --exclude pip > constraints.txt

clean: ## remove the environment, the cached engine and caches
	rm -rf .venv .engine .cache tools/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet $(WHEELS) --constraint constraints.txt --editable '.[emulator]' --group dev --group docs
	@touch $@
