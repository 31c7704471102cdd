# Two commands do everything: `make up` and `make test`. `make help` lists the rest.
STACK ?= local
PYTHON ?= python3
BIN := .venv/bin
API := $(BIN)/python -m cli
.DEFAULT_GOAL := help
.PHONY: help up check-prometheus preview render diff adopt policy policy-pack explain release demo down status env check test e2e fuzz bench lint tools schema pins golden docs docs-images lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/ready ## provision a stack and show its services (STACK=local: an embedded cluster; YES=1: do not ask)
	@$(API) up --stack $(STACK) $(if $(YES),--yes)

preview: .venv/ready ## show what `make up` would change
	@$(API) preview --stack $(STACK)

release: .venv/ready ## give one service another image and follow it until promoted or taken back (SERVICE=... IMAGE=...)
	@$(API) release $(SERVICE) $(IMAGE) --stack $(STACK) $(if $(YES),--yes)

demo: .venv/ready ## a good and a bad release in a few minutes, on a cluster made for it, and a picture of them (PICTURE=...)
	@$(API) demo $(SERVICE) $(if $(PICTURE),--picture $(PICTURE))

render: .venv/ready ## write the stack's objects as YAML under rendered/<stack>/, without any cluster
	@$(API) render --stack $(STACK)

adopt: .venv/ready ## show what a stack takes over of a Helm chart on its cluster (TAKE=1: have Helm's fields handed over)
	@$(API) adopt --stack $(STACK) $(if $(TAKE),--take) $(if $(YES),--yes)

diff: .venv/ready ## show what the working tree changes in a stack, without any cluster (BASE=main; STACK: prod unless given)
	@$(API) diff --base $(or $(BASE),main) --stack $(if $(filter file,$(origin STACK)),prod,$(STACK)) $(if $(FORMAT),--format $(FORMAT))

policy: .venv/ready ## hold the stack's objects against the policies of policy/ (STACK: prod unless given)
	@$(API) policy --stack $(if $(filter file,$(origin STACK)),prod,$(STACK))

policy-pack: policy/venv/ready ## make the environment of the policy pack, for pulumi --policy-pack policy

policy/venv/ready: policy/requirements.txt
	@$(PYTHON) -m venv --clear policy/venv
	@policy/venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r policy/requirements.txt
	@touch policy/venv/ready

explain: .venv/ready ## show one service as a stack resolves it, and where each value comes from (SERVICE=...)
	@$(API) explain $(SERVICE) --stack $(STACK)

status: .venv/ready ## show the services of the stack, and the embedded cluster's processes
	@$(API) status --stack $(STACK)

check-prometheus: .venv/ready ## ask a stack's Prometheus for all that its dashboards and rules rely on (PROMETHEUS=URL)
	@$(API) check --stack $(STACK) $(if $(PROMETHEUS),--prometheus $(PROMETHEUS))

down: .venv/ready ## stop the embedded cluster; its data is kept for the next `make up`
	@$(BIN)/python -m local.cluster stop

env: .venv/ready ## print the exports that let pulumi and kubectl work on the embedded cluster
	@$(API) env

check: .venv/ready ## the inner loop, four minutes: lint, types, unit tests
	@$(BIN)/python -m tests.suites lint unit

test: .venv/ready ## everything: lint, unit tests, and the program for real on embedded clusters
	@$(BIN)/python -m tests.suites lint unit programs rules adapter engine e2e

e2e: .venv/ready ## releases, outages and alerts from their causes to their ends, on clusters with a faster clock
	@$(BIN)/python -m tests.suites e2e

fuzz: .venv/ready ## ten thousand mutated files and more against the API server and Argo's lint, in half an hour
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q tests/engine/test_mutated_objects.py

bench: .venv/ready ## what things cost on this machine, as tables (PART=...: one part, or some)
	@$(BIN)/python -m tests.bench $(PART)

docs: .venv/ready ## build the documentation as a site in rendered/site/, every link checked
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: .venv/ready ## style, types and the direction of imports
	@$(BIN)/python -m tests.suites lint

tools: .venv/ready ## have every program of the embedded cluster ready in the cache
	@$(BIN)/python -m local.programs --group test

schema: .venv/ready ## write the JSON Schema of services.yaml, for editors, and docs/services.md from the models
	@$(API) schema

pins: .venv/ready ## let the programs of the embedded cluster share their libraries again, after a go.mod was changed
	@$(BIN)/python -m local.programs.shared

golden: .venv/ready ## write the charts' values that tests hold the platform against; read the diff
	@$(BIN)/python -m tests.unit.golden
	@$(BIN)/python -m tests.unit.golden.argo_rollouts
	@$(BIN)/python -m tests.unit.golden.diffs
	@$(BIN)/python -m tests.unit.golden.rollout_state
	@$(BIN)/python docs/.site/drawings.py

docs-images: .venv/ready ## draw docs/images from releases on an embedded cluster, in half an hour
	@$(BIN)/python -m tests.pictures

lock: .venv/ready ## resolve the dependencies of pyproject.toml into requirements*.txt anew
	@$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile $(LOCK) -c requirements.txt --extra dev pyproject.toml -o requirements-dev.txt
	@$(BIN)/uv pip compile $(LOCK) -c requirements-dev.txt adapters/legacy_php/pyproject.toml -o adapters/legacy_php/requirements.txt
	@$(BIN)/uv pip compile $(LOCK) policy/requirements.in -o policy/requirements.txt
	@$(BIN)/uv pip compile $(LOCK) .github/tools/requirements.in -o .github/tools/requirements.txt
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
