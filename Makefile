# The commands of this project. `make demo` and `make test` are all the set-up there is.
# A bare machine needs Python 3.11 or newer with venv, and nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/installed
PORT   ?= 8080

.DEFAULT_GOAL := help
.PHONY: help install demo test check format layers lock generated bench wheel clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## a virtual environment in .venv with everything, by the lock file

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Lienthong needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## two invented hospitals through the whole way, then the web on PORT
	$(BIN)/lienthong demo --port $(PORT)

test: $(STAMP) ## all tests that can run here; what is left out is named
	$(BIN)/python -m pytest

check: $(STAMP) ## format, lint, types, layers, fast tests: some three minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto -m "not slow and not suite and not browser" tests/unit tests/spec tests/docs

layers: $(STAMP) ## imports go one way
	$(BIN)/lint-imports

format: $(STAMP) ## format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP) ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra ai --extra imaging --extra dev --extra bench --universal --generate-hashes \
	  --no-header --no-annotate --quiet -o requirements.lock

generated: $(STAMP) ## write every generated file anew (needs the official definitions, LIENTHONG_SUITES)
	for script in scripts/generate_*.py; do $(BIN)/python $$script || exit 1; done

bench: $(STAMP) ## measure, with peers in the same run, and write the table
	$(BIN)/python -m bench

wheel: $(STAMP) ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean: ## remove what was built (not a node's home)
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-artefacts
