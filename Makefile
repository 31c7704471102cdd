# Two commands do everything: `make up` and `make test`. `make help` lists the rest.
STACK ?= local
PYTHON ?= python3
BIN := .venv/bin
API := $(BIN)/python -m cli
.DEFAULT_GOAL := help
.PHONY: help up preview render explain down status env check test fuzz bench lint tools schema golden docs-images lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/ready ## provision a stack and show its services (STACK=local: an embedded cluster; YES=1: do not ask)
	@$(API) up --stack $(STACK) $(if $(YES),--yes)

preview: .venv/ready ## show what `make up` would change
	@$(API) preview --stack $(STACK)

render: .venv/ready ## write the stack's objects as YAML under rendered/<stack>/, without any cluster
	@$(API) render --stack $(STACK)

explain: .venv/ready ## show one service as a stack resolves it, and where each value comes from (SERVICE=...)
	@$(API) explain $(SERVICE) --stack $(STACK)

status: .venv/ready ## show the services of the stack, and the embedded cluster's processes
	@$(API) status --stack $(STACK)

down: .venv/ready ## stop the embedded cluster; its data is kept for the next `make up`
	@$(BIN)/python -m local.cluster stop

env: .venv/ready ## print the exports that let pulumi and kubectl work on the embedded cluster
	@$(API) env

check: .venv/ready ## the inner loop, a good minute: lint, types, unit tests
	@$(BIN)/python -m tests.suites lint unit

test: .venv/ready ## everything: lint, unit tests, and the program for real on an embedded cluster
	@$(BIN)/python -m tests.suites lint unit programs rules engine

fuzz: .venv/ready ## ten thousand mutated files and more against the API server and Argo's lint, in half an hour
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q tests/engine/test_mutated_objects.py

bench: .venv/ready ## how long things take on this machine, as a table
	@$(BIN)/python -m tests.bench

lint: .venv/ready ## style, types and the direction of imports
	@$(BIN)/python -m tests.suites lint

tools: .venv/ready ## have every program of the embedded cluster ready in the cache
	@$(BIN)/python -m local.programs --group test

schema: .venv/ready ## write the JSON Schema of services.yaml, for editors, and docs/services.md from the models
	@$(API) schema

golden: .venv/ready ## write the charts' values that tests hold the platform against; read the diff
	@$(BIN)/python -m tests.unit.golden
	@$(BIN)/python -m tests.unit.golden.argo_rollouts

docs-images: .venv/ready ## draw docs/images from releases on an embedded cluster, in half an hour
	@$(BIN)/python -m tests.pictures

lock: .venv/ready ## resolve the dependencies of pyproject.toml into requirements*.txt anew
	@$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile $(LOCK) -c requirements.txt --extra dev pyproject.toml -o requirements-dev.txt
LOCK := -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

clean: .venv/ready ## stop the embedded cluster and remove its data, rendered files and the virtual environment
	@$(API) clean
	@rm -rf .venv

# An upgraded or removed Python leaves a virtual environment behind that runs no more.
$(if $(wildcard .venv/ready),$(if $(shell $(BIN)/python -c 'print(1)' 2>/dev/null),,$(shell rm -f .venv/ready)))

# The stamp is written last, so that an interrupted installation is begun anew.
.venv/ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: '$(PYTHON)' is not Python 3.11 or newer; install it, or name another: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "virtual environment .venv (once, about a minute) ..." >&2
	@rm -f .venv/ready; $(PYTHON) -m venv --clear .venv > .venv.log 2>&1 || { $(FAILED) "python3-venv may be missing"; }
	@$(PIP) --require-hashes -r requirements-dev.txt > .venv.log 2>&1 || { $(FAILED) "is the package index reachable, the disk full?"; }
	@$(PIP) --no-deps --no-build-isolation -e . > .venv.log 2>&1 || { $(FAILED) "the last lines of it say why"; }
	@rm -f .venv.log && touch .venv/ready
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
FAILED := tail -n 1 .venv.log >&2; err() { echo "error: the virtual environment could not be made, see .venv.log ($$1); then run the same command again" >&2; exit 1; }; err
