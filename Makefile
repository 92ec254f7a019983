# `make demo` and `make test` need nothing but Python 3.11 or newer: each sets up .venv by itself, once.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
# What is installed: `locked` (requirements.lock), or what pyproject.toml allows: its `newest` or its `oldest` versions.
VERSIONS ?= locked
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
CLIENTS := .venvs/foreign .venvs/gate-seed .venvs/gate-current .venvs/checkers
CLIENTS += $(if $(shell command -v npm),.venvs/npm .venvs/editor)
SELECT ?= not slow
TESTS ?= tests

# Where the shell says to write no bytecode, each of a test's processes would compile the whole package anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test newest oldest lint rewritten clients format bench bench-peers schemas docs man lock clean

help:
	@echo "make demo     the main job end to end on a sandbox: plan, apply, plan again"
	@echo "make test     lint, types, and every test that is not slow (SELECT= for those, too; TESTS= for some)"
	@echo "make newest   make test with the newest versions of what we depend on, in an environment of its own"
	@echo "make oldest   the same with the oldest versions that pyproject.toml allows"
	@echo "make bench    the measured goals"
	@echo "make bench-peers  the same work by octoDNS, python-okx and Ansible, side by side"
	@echo "make format   format the code"
	@echo "make schemas  write schemas/, docs/reference.md and the table of docs/performance.md anew"
	@echo "make docs     the documentation as a site, in build/site"
	@echo "make man      the manual's pages, in build/man: man -M build/man acctcfg-plan"
	@echo "make lock     write requirements.lock anew, from what the registry serves today"

PIP := $(PY) -m pip install --quiet --disable-pip-version-check
UV := .venvs/uv/bin/uv
RESOLUTION := $(if $(filter oldest,$(VERSIONS)),lowest-direct,highest)

$(STAMP): pyproject.toml requirements.lock $(if $(filter locked,$(VERSIONS)),,| $(UV))
	@test -n "$(PYTHON)" || { echo "acctcfg needs Python 3.11 or newer; name it with PYTHON=..." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
ifeq ($(VERSIONS),locked)
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
else
	@$(UV) pip install --quiet --python $(PY) --upgrade --resolution $(RESOLUTION) --group dev --editable .
endif
	@touch $@

$(UV):
	@$(PYTHON) -m venv .venvs/uv
	@.venvs/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

# Other people's clients, in environments of their own: one of them installs itself as `okx`, and of gate-api both
# wire formats are wanted.
define environment
	@test -x $(@D)/bin/python || $(PY) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(RESOLVED) --requirement $<
	@touch $@
endef

.venvs/foreign/.installed: tests/foreign/requirements.txt | $(STAMP)
	$(environment)

.venvs/checkers/.installed: RESOLVED := --no-deps
.venvs/checkers/.installed: tests/requirements-checkers.txt | $(STAMP)
	$(environment)

.venvs/peers/.installed: bench/peers/requirements.txt | $(STAMP)
	$(environment)

.venvs/gate-%/.installed: tests/foreign/requirements-gate-%.txt | $(STAMP)
	$(environment)

# Clients in another language, and the server behind editors; without npm their tests are skipped.
define modules
	@mkdir -p $(@D)
	@cp $(wildcard $(<D)/package*.json) $(@D)/
	@cd $(@D) && npm install --silent --ignore-scripts --no-audit --no-fund
	@touch $@
endef

.venvs/npm/.installed: tests/foreign/package.json
	$(modules)

.venvs/editor/.installed: tests/editor/package.json
	$(modules)

clients: $(CLIENTS:=/.installed)

demo: $(STAMP)
	@$(PY) -m acctcfg demo

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# pytest rewrites the assertions of each file: once here, not once in each of its workers. What is wrong they tell.
rewritten: $(STAMP)
	@$(PY) -m pytest --collect-only --quiet $(TESTS) > /dev/null 2>&1 || true

# Half of a test's time is a venue's windows going by: four workers keep two cores busy, and take each other's rest.
test: $(STAMP)
	@$(MAKE) --no-print-directory --silent --jobs 3 lint rewritten clients
	ACCTCFG_FOREIGN_PYTHON=$(CURDIR)/.venvs/foreign/bin/python \
	ACCTCFG_GATE_SEED_PYTHON=$(CURDIR)/.venvs/gate-seed/bin/python \
	ACCTCFG_GATE_CURRENT_PYTHON=$(CURDIR)/.venvs/gate-current/bin/python \
	ACCTCFG_FOREIGN_NODE=$(CURDIR)/.venvs/npm \
	ACCTCFG_CHECKERS=$(CURDIR)/.venvs/checkers \
	ACCTCFG_EDITOR=$(CURDIR)/.venvs/editor \
	$(if $(SELECT),ACCTCFG_FEWER_EXAMPLES=1) $(PY) -m pytest -n 4 --dist worksteal -m "$(SELECT)" $(TESTS)

newest oldest:
	@$(MAKE) --no-print-directory test VENV=.venvs/$@ VERSIONS=$@

format: $(STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(STAMP)
	$(PY) -m bench

bench-peers: $(STAMP) .venvs/peers/.installed
	$(PY) -m bench.peer_table

schemas: $(STAMP)
	$(PY) -m acctcfg schema manifest > schemas/manifest.schema.json
	$(PY) -m acctcfg schema plan > schemas/plan.schema.json
	$(PY) -m acctcfg schema drift > schemas/drift.schema.json
	$(PY) -m acctcfg schema events > schemas/events.schema.json
	$(PY) -m acctcfg schema snapshot > schemas/snapshot.schema.json
	$(PY) -m acctcfg schema sandbox-seed > schemas/sandbox-seed.schema.json
	$(PY) -m acctcfg schema scenario > schemas/scenario.schema.json
	$(PY) docs/reference.py > docs/reference.md
	$(PY) docs/performance.py

docs: $(STAMP) .venvs/checkers/.installed
	$(PY) docs/gather.py build/docs
	.venvs/checkers/bin/zensical build --strict

man: $(STAMP)
	$(PY) docs/man.py build/man

# One file for every Python from 3.11 on and every platform; hashes, so that nothing else can be installed in their place.
lock: $(UV)
	echo 'setuptools>=77' | $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --group dev \
		--generate-hashes --no-annotate --no-header pyproject.toml - --output-file requirements.lock

clean:
	rm -rf .venv .venvs .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
