# Two commands: `make run` sets up and plays, `make test` sets up and tests. The others are for developers.
PYTHON ?= python3
PIECE ?= correlations
# More extras for the tests, a comma before each: what needs them skips without (`make test EXTRAS=,rave`).
EXTRAS ?=
VENV := .venv
SOMATONE := $(VENV)/bin/somatone
.DEFAULT_GOAL := help
.PHONY: help run test bench lint system-run system-test clean

help:
	@echo "make run    set up this machine and play (PIECE=$(PIECE); ARGS='--source board' and so on)"
	@echo "make test   set up this machine and run every test"
	@echo "make bench  measure what the project promises"

run: system-run $(VENV)/run.stamp
	@host/setup/micropython.sh || echo "Going on without MicroPython: the firmware will run under CPython instead."
	@exec $(SOMATONE) run --piece $(PIECE) $(ARGS)

test: system-test $(VENV)/test.stamp lint
	$(VENV)/bin/pytest -n 2 --dist loadfile -m "not alone" $(ARGS) || test $$? = 5  # 5: none of those asked for
	$(VENV)/bin/pytest -m alone $(ARGS) || test $$? = 5

bench: system-test $(VENV)/test.stamp
	PYTHONPATH=firmware/lib:host:tests $(VENV)/bin/python -m bench $(ARGS)

lint: $(VENV)/test.stamp typings/.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright -p firmware

system-run:
	@PYTHON=$(PYTHON) host/setup/system.sh run

system-test:
	@PYTHON=$(PYTHON) host/setup/system.sh test
	@host/setup/micropython.sh

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[flash,page,plot]'
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ble,flash,page,parquet,plot,reference,test$(EXTRAS)]'
	@touch $@ $(VENV)/run.stamp

# The board's own type stubs stay out of the virtual environment: they redefine the standard library.
typings/.stamp: constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --upgrade --target typings -c constraints.txt micropython-rp2-stubs
	@touch $@

clean:
	rm -rf $(VENV) typings .micropython .mypy_cache .ruff_cache .pytest_cache
