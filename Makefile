# Everything that is done often. `make demo` and `make test` need nothing before them but
# Python >= 3.11 and make.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test smoke chaos machines fuzz bench check messages run lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 18

install: $(INSTALLED) ## set up .venv, with the versions of constraints.txt
	@:

$(BIN)/python:
	@sh tests/support/system.sh venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	@echo 'Installing Publisher into $(VENV) (about a minute) …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev,postgres]'
	@touch $@

demo: install ## set up and rehearse the campaign in posts/ against the stand-in platforms
	$(BIN)/publisher rehearse

test: install ## set up and run every test
	@sh tests/support/system.sh test-parts
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

smoke: ## see that it installs and runs on every Python, and make demo as on a fresh machine (6 minutes)
	@sh tests/support/smoke.sh

chaos: install ## kill and freeze processes while they publish, on each database (12 minutes)
	@sh tests/support/system.sh test-parts
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS))

machines: install ## as root: cut off one of several hosts, and the broker, while they publish (3 minutes)
	@sh tests/support/system.sh test-parts
	$(BIN)/python -m tests.machines $(if $(SEED),--seed $(SEED))

fuzz: install ## feed bad input to all that reads any, for MINUTES=20
	$(BIN)/python -m tests.fuzz $(if $(MINUTES),--minutes $(MINUTES))

bench: install ## measure, and write docs/benchmarks.md (an hour on a quiet machine)
	@sh tests/support/system.sh test-parts
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[dev,postgres,bench]'
	$(BIN)/python benchmarks/idle.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/on_time.py
	$(BIN)/python benchmarks/burst.py
	$(BIN)/python benchmarks/fairness.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/sampled.py
	$(BIN)/python benchmarks/commands.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/check.py
	$(BIN)/python benchmarks/size.py
	$(BIN)/python -m benchmarks.page

check: install ## lint, format, types, import rules, docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

messages: install ## bring publisher/locales/ up to date with the sources
	$(BIN)/python -m tools.messages $(if $(FROM),--with $(FROM))

run: install ## publish: broker, dispatcher and workers on this machine
	$(BIN)/publisher run

# Not after install: that would fail where the old pins no longer fit.
lock: $(BIN)/python ## write constraints.txt anew after a change to the dependencies
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --all-extras --no-header \
		--no-annotate pyproject.toml -o constraints.txt

clean: ## remove .venv and every cache; var/ and its ledger stay
	rm -rf $(VENV) build dist *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
