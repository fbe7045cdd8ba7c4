# The commands one needs while working on mgld_bench. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help install format lint types test parity suite slow coverage demo docs wheel

PYTHON ?= python
ROOM ?= cards
export OMP_NUM_THREADS ?= 1

help:  ## list these commands
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*##/\t/' | expand -t 12

install:  ## the package, editable, with everything that developing needs; the pre-commit hooks
	$(PYTHON) -m pip install --upgrade 'pip>=25.1'
	$(PYTHON) -m pip install --editable '.[test,types]' --group dev
	pre-commit install

format:  ## fix what ruff can fix
	ruff check --fix .
	ruff format .

lint:  ## what tox's lint checks: ruff, import directions, spelling
	ruff check .
	ruff format --check .
	lint-imports --no-logo
	codespell

types:  ## mypy --strict
	mypy

test:  ## the tests of one room: make test ROOM=metrics
	$(PYTHON) -m pytest tests/$(ROOM)

parity:  ## our networks and formulas beside the outputs of their authors' code
	$(PYTHON) -m pytest tests/parity

suite:  ## all tests, in as many processes as there are cores
	$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder

slow:  ## the tests that the suite leaves out
	$(PYTHON) -m pytest -m slow

coverage:  ## all tests with branch coverage, then the floor of each room
	$(PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=
	$(PYTHON) .ci/coverage_floors.py

docs:  ## what the documentation generates from the program, and the site in build/site (its gallery: tox -e docs)
	$(PYTHON) docs/scripts/command_line.py
	mkdocs build --strict

demo:  ## the whole path on real video
	mgld-bench demo

wheel:  ## sdist and wheel below dist/
	$(PYTHON) -m pip install build
	$(PYTHON) -m build
