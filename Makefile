# What a newcomer and the checks run. All of it stays inside of $(VENV).
#   make test ARGS="-k close"                     arguments for pytest
#   make test ARGS="-n 0 --pdb"                   one test at a time, and a debugger
#   make test PYTHON=python3.13 VENV=.venv-3.13   another interpreter

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
CODE = $(wildcard noxfile.py suggestions tests examples benchmarks docs/*.py release soak fuzz)

.PHONY: help demo test hosts toolkits servers beside browser front-ends bench fuzz soak docs matrix coverage mutants lint types check release-check audit clean

help:
	@echo "make demo    show what it does: three answers, no key and no network needed"
	@echo "make test    run the tests; arguments for pytest: make test ARGS=\"-k close\""
	@echo "make hosts     run the plugins of examples/hosts in the real hosts that are installed"
	@echo "make toolkits  install the toolkits that make test skips without them"
	@echo "make servers   install the web servers, Streamlit and Gradio, that make test skips without them"
	@echo "make beside    install the libraries that make test is to run beside, and skips without them"
	@echo "make browser   install Playwright, for the browser tests that make test skips without it"
	@echo "make front-ends  install the packages of node and Python whose clients make test skips without them"
	@echo "make bench   compare it with its peers: make bench ARGS=\"--quick flood\""
	@echo "make fuzz    feed it hostile bytes for five minutes: make fuzz ARGS=\"--seconds 60 answer\""
	@echo "make docs    build the documents into site/"
	@echo "make soak    live lives of sources for half an hour: make soak ARGS=\"--seconds 60\""
	@echo "make matrix  the tests on each Python there is, with the oldest and newest of what is needed"
	@echo "make coverage  the tests, and whether they go through 95 % of the branches"
	@echo "make mutants   change the code and see whether the tests notice: tests/MUTANTS.md"
	@echo "make lint    ruff: rules and format"
	@echo "make types   mypy and pyright"
	@echo "make check   all of lint, types and test"
	@echo "make release-check  build sdist and wheel, and use both as others would"
	@echo "make audit   ask for advisories about the oldest versions of what is needed"
	@echo "make clean   remove what the others have made"

demo: $(VENV)/.has-cli,playground
	@$(VENV)/bin/suggestions demo

test: $(VENV)/.has-test
	$(VENV)/bin/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

hosts: $(VENV)/.has-test,servers,apps $(VENV)/.has-test,hosts
	$(VENV)/bin/python -m pytest -n 0 -rs tests/hosts $(ARGS)

toolkits: $(VENV)/.has-test,toolkits
	@true

servers: $(VENV)/.has-test,servers,apps
	@true

beside: $(VENV)/.has-test,beside
	@true

browser: $(VENV)/.has-test,browser
	@true

front-ends: $(VENV)/.has-test,servers
	@$(VENV)/bin/python tests/front_ends/install.py

bench: $(VENV)/.has-bench
	$(VENV)/bin/python -m benchmarks $(ARGS)

fuzz: $(VENV)/.has-fuzz
	$(VENV)/bin/python -m fuzz $(ARGS)

soak: $(VENV)/.has-test
	$(VENV)/bin/python -m soak $(ARGS)

docs: $(VENV)/.has-docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo "The documents are site/index.html"

matrix: $(VENV)/.has-matrix
	$(VENV)/bin/nox $(ARGS)

coverage: $(VENV)/.has-test,coverage
	$(VENV)/bin/coverage erase
	$(VENV)/bin/coverage run -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report

mutants: $(VENV)/.has-mutation
	$(VENV)/bin/mutmut run $(ARGS)
	$(VENV)/bin/mutmut results

lint: $(VENV)/.has-dev
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)

types: $(VENV)/.has-dev
	$(VENV)/bin/mypy
	$(VENV)/bin/pyright

check: lint types test

release-check: $(VENV)/.has-test,release
	$(VENV)/bin/python -m release $(ARGS)

audit: $(VENV)/.has-release
	$(VENV)/bin/python -m release.audit

clean:
	rm -rf "$(VENV)" .nox build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz mutants .coverage*
	find suggestions tests examples -name __pycache__ -type d -exec rm -rf {} +

# The extras after the dash, installed; again only when pyproject.toml has changed.
$(VENV)/.has-%: pyproject.toml | $(VENV)/bin/pip
	@echo "Installing .[$*] into $(VENV) ..."
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch "$@"

# pip is the last that venv makes: where it is missing, there is no environment, or half of one.
$(VENV)/bin/pip:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "error: there is no $(PYTHON): install Python 3.10 or newer, or: make PYTHON=..." >&2; \
	  exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "error: $(PYTHON) is not Python 3.10 or newer; another one: make PYTHON=..." >&2; \
	  exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: $(PYTHON) has no venv; on Debian: apt install python3-venv" >&2; \
	  exit 1; }
	@"$(PYTHON)" -m venv "$(VENV)"
