# One environment for everything: .venv, made by the first target that needs it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test check format lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: .venv/.ready ## a real Pulumi engine reads AI nodes from a local emulator and shows a change
	@$(BIN)/python -m tools.demo

test: .venv/.ready ## unit, contract and engine tests
	$(BIN)/pytest

check: .venv/.ready ## formatting, lint and types; never writes
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: .venv/.ready ## put the sources into form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.readme

lock: ## renew the pinned versions in constraints.txt
	rm -rf .venv constraints.txt
	touch constraints.txt
	$(MAKE) .venv/.ready
	$(BIN)/pip freeze --exclude-editable --exclude pip > constraints.txt

clean: ## remove the environment, the cached engine and caches
	rm -rf .venv .engine .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[emulator]' --group dev
	@touch $@
