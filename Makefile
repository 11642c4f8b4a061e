# Everything that is done often. `make demo` and `make test` need nothing before them but
# Python >= 3.11 and make.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUNNABLE := $(VENV)/.runnable
SPHINX := $(VENV)/sphinx
HELP := publisher/web/help/index.html
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Of a package nothing is installed but what has one of the hashes that are written down. pip brings
# uv, which is several times as fast and shows how far it is; what uv cannot install, pip can: it
# knows other settings, such as an index of your own.
INSTALL := sh tests/support/system.sh install $(VENV)
HASHED := $(INSTALL) --require-hashes --requirement
OURS := $(INSTALL) --no-deps --no-build-isolation

# Compiled files are kept: the tests start hundreds of Pythons.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install production demo quick near test deep smoke bare image chaos machines fuzz mutants steady bench release check messages run lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 18

install: $(INSTALLED) $(HELP) ## set up .venv, with the versions and hashes of requirements/
	@:

$(BIN)/python:
	@sh tests/support/system.sh venv $(VENV)

$(INSTALLED): pyproject.toml requirements/dev.txt | $(BIN)/uv
	@$(HASHED) requirements/dev.txt
	@$(OURS) --editable .
	@touch $@ $(RUNNABLE)

$(RUNNABLE): pyproject.toml requirements/run.txt | $(BIN)/uv
	@$(HASHED) requirements/run.txt
	@$(OURS) --editable .
	@touch $@

$(BIN)/uv: requirements/build.txt | $(BIN)/python
	@echo 'Installing Publisher into $(VENV) (less than a minute) …'
	@$(PIP) install --require-hashes --requirement $<
	@touch $@

# Sphinx is no part of the environment: what publishes does without.
$(SPHINX)/.installed: requirements/docs.txt | $(BIN)/uv
	@rm -rf $(SPHINX)
	@$(HASHED) $< --quiet --target $(SPHINX)
	@touch $@

$(HELP): $(SPHINX)/.installed $(wildcard docs/*.md docs/guides/* docs/site/* docs/site/theme/* publisher/web/styles/*)
	@echo 'Building the help that /help shows …'
	@PYTHONPATH=$(SPHINX) $(BIN)/python docs/site/build.py $(@D)

# Compiled at once: who runs it may not write there.
production: export UV_COMPILE_BYTECODE := 1
production: $(BIN)/uv ## set up .venv with what publishing needs, and nothing of the tests
	@rm -f $(RUNNABLE)
	@$(MAKE) --no-print-directory $(RUNNABLE) $(HELP)

demo: $(RUNNABLE) ## set up and rehearse the campaign in posts/ against the stand-in platforms
	$(BIN)/publisher rehearse

# What needs no server, browser or worker process, and is most of what a change breaks.
QUICK := $(addprefix tests/,base model settings drafts importers reporting sandbox docs) \
	$(addprefix tests/channels/test_,answers.py apps.py messages.py titles.py) tests/house/test_repository.py
quick: install ## after every change: the tests that need nothing else to run (under a minute)
	@$(BIN)/pytest --quiet --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not deep" $(QUICK)

near: install ## after a change: the tests near to FILES="…", or to what differs from main (a minute)
	@$(BIN)/python -m tools.near $(FILES)

PARALLEL := --dist loadfile --no-loadscope-reorder
test: install ## set up and run the tests, but for the deep ones (8 minutes)
	@sh tests/support/system.sh test-parts
	$(BIN)/pytest -m "not deep" --ignore=tests/sources --numprocesses 4 $(PARALLEL)

# Six processes for two cores: half of them begin with what mostly waits.
deep: install ## set up and run the tests that take long: histories, kills, hosts, journeys (12 minutes)
	@sh tests/support/system.sh test-parts
	@$(HASHED) requirements/mutants.txt --quiet
	$(BIN)/pytest -m deep --ignore=tests/smoke --numprocesses 6 $(PARALLEL)

smoke: ## see that it installs and runs on every Python, and make demo as on a fresh machine (6 minutes)
	@sh tests/support/smoke.sh

bare: ## as root: install the wheel on a bare Debian, and follow the tutorial there (10 minutes)
	@sh tests/support/bare.sh

image: ## as root: build the image on a Docker engine, and publish by both Compose files (8 minutes)
	@sh tests/support/image.sh

chaos: install ## kill and freeze processes, and set their ledger back, while they publish (20 minutes)
	@sh tests/support/system.sh test-parts
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS))

machines: install ## as root: cut off one of several hosts, and the broker, while they publish (3 minutes)
	@sh tests/support/system.sh test-parts
	$(BIN)/python -m tests.machines $(if $(SEED),--seed $(SEED))

fuzz: install ## feed bad input to all that reads any, for MINUTES=20
	$(BIN)/python -m tests.fuzz $(if $(MINUTES),--minutes $(MINUTES))

mutants: install ## put MANY=100 faults into the sources by SEED, each in a copy, and see which no test finds
	@$(HASHED) requirements/mutants.txt
	$(BIN)/python -m tools.mutants $(if $(SEED),--seed $(SEED)) $(if $(MANY),--many $(MANY))

steady: install ## look for tests that fail on another date, a busy machine or in another order (an hour)
	@sh tests/support/system.sh test-parts
	$(BIN)/python -m tools.steady $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only '$(ONLY)') $(FOLDERS)

bench: install ## measure, and write docs/benchmarks.md (an hour on a quiet machine)
	@sh tests/support/system.sh test-parts
	@$(HASHED) requirements/bench.txt
	$(BIN)/python benchmarks/idle.py
	$(BIN)/python benchmarks/on_time.py
	$(BIN)/python benchmarks/burst.py
	$(BIN)/python benchmarks/new_accounts.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/size.py
	$(BIN)/python -m benchmarks.page

release: install ## build wheel, sdist, image context, SBOM and hashes into dist/, twice to the same bytes
	@$(HASHED) requirements/release.txt
	$(BIN)/python -m tools.release

check: install ## lint, format, types, import rules, texts and catalogues
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet tests/sources

messages: install ## bring publisher/locales/ up to date with the sources
	$(BIN)/python -m tools.messages $(if $(FROM),--with $(FROM))

run: install ## publish: broker, dispatcher and workers on this machine
	$(BIN)/publisher run

# Not after install: that would fail where the old pins no longer fit.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes
PINNED = $(LOCK) --constraint constraints.txt
lock: $(BIN)/uv ## write constraints.txt and requirements/ again after a change to the dependencies
	$(LOCK) $(UPGRADE) pyproject.toml --all-extras --group build --group docs --group release -o constraints.txt
	$(PINNED) --group build -o requirements/build.txt
	$(PINNED) --group docs -o requirements/docs.txt
	$(PINNED) --group docs --group release -o requirements/release.txt
	$(PINNED) pyproject.toml --extra postgres -o requirements/run.txt
	$(PINNED) pyproject.toml --extra postgres --extra smoke -o requirements/smoke.txt
	$(PINNED) pyproject.toml --extra postgres --extra mcp --extra dev -o requirements/dev.txt
	$(PINNED) pyproject.toml --extra postgres --extra mcp --extra dev --extra bench -o requirements/bench.txt
	$(PINNED) pyproject.toml --extra postgres --extra mcp --extra dev --extra mutants -o requirements/mutants.txt

clean: ## remove .venv and every cache; var/ and its ledger stay
	rm -rf $(VENV) build dist *.egg-info publisher/web/help
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
