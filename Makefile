# `make demo` and `make test` need nothing but Python 3.11 or newer: each sets up .venv by itself, once.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
STAMP := .venv/.installed
SELECT ?= not slow and not foreign

.PHONY: help demo test lint format bench schemas clean

help:
	@echo "make demo     the main job end to end on a sandbox: plan, apply, plan again"
	@echo "make test     lint, types, and every test that is not slow (SELECT=\"not foreign\" for those, too)"
	@echo "make bench    the measured goals"
	@echo "make format   format the code"
	@echo "make schemas  write schemas/ anew"

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "acctcfg needs Python 3.11 or newer; name it with PYTHON=..." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(PY) -m acctcfg demo

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

test: lint
	$(PY) -m pytest -n 2 -m "$(SELECT)"

format: $(STAMP)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(STAMP)
	$(PY) -m bench

schemas: $(STAMP)
	$(PY) -m acctcfg schema manifest > schemas/manifest.schema.json
	$(PY) -m acctcfg schema plan > schemas/plan.schema.json

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
