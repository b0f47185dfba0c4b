# The same verbs on a laptop and in CI. Each makes the virtual environment on first use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLS := $(VENV)/.tools

.PHONY: demo test lint bench evaluate run debian clean

demo: $(READY)  ## the main job, on an embedded mail store
	@$(BIN)/blockproxy demo

test: $(TOOLS) debian  ## every test, with real servers and clients on loopback
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)

lint: $(TOOLS)  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TOOLS) debian  ## speed and memory, as ratios within one run
	$(BIN)/python -m bench $(ARGS)

evaluate: $(TOOLS)  ## everything measurable over a corpus of real mail, written to evaluation.md: BLOCKPROXY_CORPUS=folder
	@$(BIN)/python -m evaluation $(ARGS)

run: $(READY)  ## the proxy, with your settings: make run ARGS="--config blockproxy.yaml"
	@$(BIN)/blockproxy run $(ARGS)

debian:
	@$(BIN)/python -m tests.debian

$(READY): pyproject.toml
	@echo "making $(VENV), once: less than a minute"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable ".[demo]"
	@touch $@

$(TOOLS): $(READY)
	@echo "installing what the tests need, once"
	$(BIN)/pip install --quiet --group dev
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache tests/output
