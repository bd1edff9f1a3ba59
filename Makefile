# All targets use one environment, .venv, which the first target that needs it creates.
PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
SECONDS_EACH ?= 60
# Installing a wheel runs no code. SECURITY.md describes the one package that has no wheel.
WHEELS := --only-binary :all: --no-binary alibabacloud-tea

# Tests and benchmarks start the package in many processes: with buffered output, as users do, and compiled once.
unexport PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

# The number of tests that run at the same time: one more than two cores, because many tests wait. Tests marked `load` run
# alone, after the others.
WORKERS ?= 3
PYTEST := $(BIN)/pytest
PARALLEL := --numprocesses $(WORKERS) --dist loadgroup
# Tests that use a dependency: HTTP, models, command line, emulator, plugin, mocks; and every interface on the engine.
LOWEST := tests/api tests/cli/reports tests/core/test_read.py tests/emulator tests/plugin \
	$(addprefix tests/cli/test_,list.py outcomes.py output.py table.py) \
	tests/dynamic $(addprefix tests/test_,envelope.py models.py requirements.py stack_outputs.py) \
	$(addprefix tests/testing/test_,fixtures.py fleets.py package.py programs.py) \
	$(addprefix tests/engine/test_,accounts.py interfaces.py failed_reads.py)

.PHONY: help docs demo test test-browser test-fast bench faults check fuzz audit pictures licences schema sdk format dist \
	packages sdk-packages sbom sums release-check release-dry-run publish-npm publish-files lowest workflows lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

demo: .venv/.ready ## read AI nodes from a local emulator with a real Pulumi engine, and show a change
	@$(BIN)/python -m tools.demo

test: .venv/.ready ## run all tests
	$(PYTEST) $(PARALLEL) -m "not load and not browser"
	$(PYTEST) -m load

test-browser: .venv/.ready ## run the tests of the HTML report in a real browser; needs Chromium and a font with Chinese characters
	$(PYTEST) $(PARALLEL) -m browser tests/browser

test-fast: .venv/.ready ## run the tests without engine, builds, fuzzing and load
	$(PYTEST) $(PARALLEL) --hypothesis-profile=fast -m "not engine and not packaging and not fuzz and not load and not browser"

bench: .venv/.ready ## compare with the vendor's SDK and bare Pulumi resources (takes 10 minutes)
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.ready ## build the documentation site into dist/docs, and the registry's page
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet --builder html docs dist/docs
	$(BIN)/python -m tools.registry

faults: .venv/.ready ## run every fault on this client and the official SDK; write docs/reliability.md
	$(BIN)/python -m tests.faults --write

check: .venv/.ready ## check formatting, lint, types, import contracts and generated files; write nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.sdk check

fuzz: .venv/.ready ## search for inputs that are parsed incorrectly; SECONDS_EACH=600 takes longer
	@for target in answers fleet baselines; do \
		$(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS_EACH) || exit 1; \
	done

audit: .venv/.ready ## check the pinned versions for known vulnerabilities
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt

pictures: .venv/.ready ## draw the pictures in the documentation; needs Chromium and a font with Chinese characters
	$(BIN)/python -m tools.pictures

licences: .venv/.ready ## write docs/licences.md from the installed packages
	$(BIN)/python -m tools.licences

schema: .venv/.ready ## write schema.json and outputs.py from the models and settings
	$(BIN)/python -m tools.sdk schema

sdk: schema ## write the SDKs from schema.json, with Pulumi's own generators
	$(BIN)/python -m tools.sdk generate

format: .venv/.ready ## format the sources and write the generated tables
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.tables

dist: .venv/.ready ## build the plugin as an archive that needs no Python
	$(BIN)/python -m tools.dist

packages: .venv/.ready ## build the wheel and the sdist, and run the checks of a package index
	rm -rf dist/python
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/python -m build --outdir dist/python
	$(BIN)/twine check --strict dist/python/*
	$(BIN)/check-wheel-contents dist/python/*.whl
	$(BIN)/pyroma --min=8 dist/python/*.tar.gz

sdk-packages: .venv/.ready ## build the SDKs as packages for PyPI and npm
	rm -rf dist/npm
	$(BIN)/python -m tools.release sdks

sbom: .venv/.ready ## write the software bill of materials, as CycloneDX
	$(BIN)/python -m tools.release sbom

sums: .venv/.ready ## write SHA256SUMS of everything in dist
	$(BIN)/python -m tools.release sums

release-check: .venv/.ready ## fail if this commit can't be released; TAG=v0.1.0 also compares the tag
	$(BIN)/python -m tools.release check $(if $(TAG),--tag $(TAG))

release-dry-run: ## build every artefact that this machine can build, and list them
	rm -rf dist
	$(MAKE) packages sdk-packages dist sbom sums
	$(BIN)/python -m tools.release list

publish-npm: ## publish dist/npm; run by the release workflow
	npm publish dist/npm/*.tgz --provenance --access public

publish-files: ## publish everything in dist as the release TAG; run by the release workflow
	gh release create $(TAG) --verify-tag --title $(TAG) --notes-file CHANGELOG.md $$(find dist dist/python dist/npm -maxdepth 1 -type f)

lowest: .venv-lowest/.ready ## run tests with the lowest allowed version of every dependency
	.venv-lowest/bin/pytest $(PARALLEL) -m "not fuzz and not load" $(LOWEST)
	# Without the tests of the generated SDK, which requires a newer Pulumi than the package does.
	.venv-lowest/bin/pytest -k dynamic tests/testing/test_mocks.py

workflows: .venv/.ready ## lint the workflows in .github
	$(BIN)/zizmor --offline --quiet .github

lock: ## renew the pinned versions in constraints.txt and constraints-lowest.txt
	rm -rf .venv constraints.txt
	touch constraints.txt
	$(MAKE) .venv/.ready
	$(BIN)/pip freeze --exclude-editable --exclude pip > constraints.txt
	rm -rf .venv-lowest
	$(BIN)/python -m tools.lowest > constraints-lowest.txt
	$(MAKE) .venv-lowest/.ready
	.venv-lowest/bin/pip freeze --exclude-editable --exclude pip > constraints-lowest.txt

clean: ## remove the environments, the cached engine and caches
	rm -rf .venv .venv-lowest .engine .cache tools/node/node_modules tests/contract/node/node_modules .mypy_cache \
		.ruff_cache .pytest_cache .hypothesis

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet $(WHEELS) --constraint constraints.txt --editable '.[emulator]' --group dev --group docs
	@touch $@

.venv-lowest/.ready: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet --upgrade 'pip>=25.1'
	.venv-lowest/bin/pip install --quiet $(WHEELS) --constraint constraints-lowest.txt --editable '.[emulator,testing]' --group test
	@touch $@
