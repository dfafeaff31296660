# `make test` needs Python 3.11 to 3.14, make and a package index; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Written last, so an interrupted installation is taken up again.
STAMP := $(VENV)/.installed
# How many processes compile, check types and run the tests. A file of tests stays in one of them, where its tests share
# what is dear to make.
PROCESSES ?= 2
# A third of all bytes: tests of packages, a folder for each of hundreds of models, and what is a program of its own.
# Python compiles what of it is imported after all.
SELDOM_IMPORTED := /(tests|testing|transformers/models/[a-z0-9_]+|pip|setuptools|mypy|mypyc|pygments|fontTools|networkx|torchgen)/
PYTEST := $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help test quick demo docs lint format bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: lint ## Install into .venv what is missing, then lint, type-check and run the tests
	$(PYTEST)

quick: $(STAMP) ## Check style and layout, and run the tests that are not marked slow: for every change
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(PYTEST) -m "not slow"

demo: $(STAMP) ## Learn two tasks on a small world in little more than a minute and show how they transfer
	$(BIN)/isogloss demo

docs: $(STAMP) ## Build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "open build/site/index.html; its search wants a server: $(BIN)/python -m http.server -d build/site"

lint: $(STAMP) ## Check style and layout (ruff) and types (mypy)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy -n $(PROCESSES)

format: $(STAMP) ## Rewrite the sources in the common layout and mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP) ## Measure speed and memory
	$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment, caches and built packages
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
		echo "isogloss needs Python 3.11 to 3.14, but '$(PYTHON)' is" \
			"$$($(PYTHON) --version 2>&1); name another one: make test PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' has no venv module; install it (Debian, Ubuntu: apt install python3-venv)" \
			"or name another one: make test PYTHON=python3.12" >&2; exit 1; }
	@echo "installing into $(VENV), once: about 1.5 GB where torch comes without CUDA, several times that with it" \
		"(the default on Linux); two to five minutes on a fast line"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-compile -c constraints.txt -e '.[dev]'
	@# pip would compile one file after another, and much that is never imported, for as long as all else takes.
	@$(BIN)/python -m compileall -qq -j $(PROCESSES) -x '$(SELDOM_IMPORTED)' $(VENV)/lib || true
	@touch $@
