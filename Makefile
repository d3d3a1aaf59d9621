PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CHECKS := check-test-types check-types check-style check-js check-client
LOCKED := requirements requirements-yahoo requirements-apprise requirements-dev requirements-tools benchmarks/requirements

.DEFAULT_GOAL := help
# Where it is set, each of a thousand processes of the tests would compile every file anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help run test test-failed coverage test-all test-browser screenshots check check-style check-types check-test-types check-js check-client format format-js bench lock audit licenses settings examples runbook calendars passwords clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## install, migrate, load and analyse the sample, serve on 127.0.0.1:8000 (or PORT)
	@$(BIN)/python app.py

test: check .venv-yahoo/.installed ## every check, and every test on SQLite and a real PostgreSQL, some of them in turns
	@$(BIN)/python -m pytest -n 4 --dist loadgroup

test-failed: $(VENV)/.installed-dev ## the tests that failed when they ran last, one after another; none is a failure
	@echo "Once more, what has failed:" >&2
	@$(BIN)/python -m pytest -n 1 --last-failed --last-failed-no-failures none --maxfail 5

coverage: $(VENV)/.installed-dev .venv-yahoo/.installed ## the tests again, measured with the processes that they start; fails below 90 % of the lines
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 4 --dist loadgroup
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

test-browser: $(VENV)/.installed-dev ## the dashboard in a real Chromium, which is installed where Debian's apt-get may
	@command -v chromium-headless-shell >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell)
	@TEST_EVERYTHING=1 BELLWETHER_REQUIRE_TOOLS=1 $(BIN)/python -m pytest tests/browser

screenshots: $(VENV)/.installed-dev ## pictures of every page for docs/screenshots
	@PYTHONPATH=tests $(BIN)/python -m browser.screenshots $(ONLY)

test-all: check .venv-yahoo/.installed ## the same, with every test on both engines, and longer storms and more kills
	@TEST_EVERYTHING=1 $(BIN)/python -m pytest -n 4 --dist loadgroup

check: $(VENV)/.installed-dev ## the five checks below, two at a time
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(CHECKS)

check-style: ## ruff, import-linter, bandit; no marks of a conflict, no two migrations with one number
	@$(BIN)/python -m tools.tree_check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml .

check-types: ## mypy, strictly, on the product
	@$(BIN)/mypy

check-test-types: ## mypy on tests, benchmarks and deploy
	@$(BIN)/mypy --config-file tests/mypy.ini

check-client: ## a Python client is generated from the OpenAPI document, whole and without a warning
	@$(BIN)/python -m tools.api_client

ifeq ($(shell command -v npm),)
check-js: ## Biome and tsc on the pages' JavaScript; skipped where there is no npm
	@echo "check-js is skipped: there is no npm, so nothing checks the pages' JavaScript here." >&2
	@test -z "$$BELLWETHER_REQUIRE_TOOLS"
else
check-js: node_modules/.installed
	@node_modules/.bin/biome ci --error-on-warnings
	@node_modules/.bin/tsc --project tools/pages
endif

format: $(VENV)/.installed-dev ## put the code into its usual form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory format-js; fi

format-js: node_modules/.installed
	@node_modules/.bin/biome check --write

bench: .venv-bench/.installed ## measure beside the peers; the table is for docs/benchmarks.md
	@.venv-bench/bin/python -m benchmarks

lock: .venv-tools/.installed ## requirements*.txt from requirements*.in, with hashes; LOCK="--upgrade-package NAME" moves one more
	@for name in $(LOCKED); do \
		.venv-tools/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --annotation-style line \
			--custom-compile-command "make lock" $(LOCK) $$name.in --output-file $$name.txt || exit 1; \
	done

audit: .venv-tools/.installed ## known vulnerabilities of every pinned package; asks the advisory service
	@for name in $(LOCKED); do echo "$$name.txt"; .venv-tools/bin/pip-audit --strict --disable-pip --require-hashes -r $$name.txt || exit 1; done

licenses: $(VENV)/.installed ## docs/third-party-licenses.md, from what is pinned and vendored
	@$(BIN)/python -m tools.third_party_licenses

settings: $(VENV)/.installed ## docs/settings.md and .env.example, from config_fields.py
	@$(BIN)/python -m tools.settings_page

runbook: $(VENV)/.installed-dev ## web/templates/runbook_text.html, from docs/runbook.md
	@$(BIN)/python -m tools.runbook_page

examples: $(VENV)/.installed-dev ## api/openapi/examples.json, from answers of the running service
	@$(BIN)/python -m tools.api_examples

passwords: $(VENV)/.installed-dev ## data/common_passwords.bin, from the list of zxcvbn
	@$(BIN)/python -m tools.common_passwords

calendars: .venv-tools/.installed ## data/calendars.json, from exchange_calendars
	@.venv-tools/bin/python -m tools.calendars

clean: ## remove environments and caches; DATA_DIR stays
	rm -rf $(VENV) .venv-yahoo .venv-bench .venv-tools node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Bellwether needs Python 3.11 or newer; this is %s. Set PYTHON=python3.11, say." % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the service needs …"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

# The tests' environment and the provider `yahoo` above it, so that nothing else sees pandas.
.venv-yahoo/.installed: requirements-yahoo.txt $(VENV)/.installed-dev
	@echo "Installing what the tests of the provider yahoo need …"
	@$(BIN)/python -m venv .venv-yahoo
	@.venv-yahoo/bin/python -m pip --disable-pip-version-check --quiet install -r requirements-yahoo.txt
	@.venv-yahoo/bin/python -m tools.stacked_environment $(VENV)
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "Installing what checks the pages' JavaScript …"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv-bench/.installed: benchmarks/requirements.txt
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install -r benchmarks/requirements.txt
	@touch $@

.venv-tools/.installed: requirements-tools.txt
	@$(PYTHON) -m venv .venv-tools
	@.venv-tools/bin/python -m pip --disable-pip-version-check --quiet install -r requirements-tools.txt
	@touch $@
