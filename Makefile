# `make help` tells what there is. Everything is installed into .venv: from the locks, which name
# each package with its version and the hashes of its files; with LOCKED=no from the short lists,
# requirements*.txt, for a platform that the locked files do not fit.

PYTHON ?= python3
LOCKED ?= yes
BIN := .venv/bin
# One more than two processors: what waits, for a browser or a server, leaves none idle.
PROCESSES := 3
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

# $(call install,requirements-lab): what this list needs, from its lock
ifeq ($(LOCKED),yes)
install = $(PIP) --no-deps --require-hashes -r $(1).lock || \
  { echo "$(1).lock could not be installed; make LOCKED=no $(MAKECMDGOALS) takes $(1).txt in its place"; exit 1; }
else
install = $(PIP) -r $(1).txt
endif

.PHONY: help book test lint coverage lab figures check-figures runtime benchmark lock system clean

book: .venv/.ready .venv/.quarto-tried  ## sets up .venv, renders the book, prints where it is
	@$(BIN)/book render --timings

help:           ## tells what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

test: .venv/.ready .venv/.test-ready system  ## sets up the same environment and runs every test
	@$(BIN)/book runtime .runtime >/dev/null || \
	  echo "the runtime of live cells could not be had: the tests that run them are skipped"
	@$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

lint: .venv/.ready .venv/.lint-ready  ## reads everything for faults, in a few seconds
	@$(BIN)/python .ci/lint

coverage: .venv/.ready .venv/.test-ready system  ## the tests again, measured: which lines they run
	@rm -rf .book/coverage && mkdir -p .book/coverage
	-@$(BIN)/python -m coverage run -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder -q
	-@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage html -q
	@$(BIN)/python -m coverage report
	@echo "line by line: .book/coverage/html/index.html"

lab: .venv/.lab-ready  ## opens the chapters in JupyterLab
	@$(BIN)/book lab

figures: .venv/.ready  ## makes the figures that have changed
	@$(BIN)/book figures

check-figures: .venv/.ready  ## compares what the code makes with figures/
	@$(BIN)/book figures --check

runtime: .venv/.ready  ## brings the runtime of live cells, for a book without network, into .runtime
	@$(BIN)/book runtime .runtime

benchmark: .venv/.ready  ## measures speed
	@$(BIN)/python benchmarks/training.py
	@$(BIN)/python benchmarks/figures.py
	@$(BIN)/python benchmarks/sweeps.py
	@$(BIN)/python benchmarks/smoke.py
	@$(BIN)/python benchmarks/rendering.py

lock: .venv/.ready .venv/.lint-ready  ## writes the locks anew; NEWER=1: with the newest that fits
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/lock $(if $(NEWER),--newer)

clean:          ## removes what was rendered and kept; .venv and .runtime stay
	rm -rf _book .book

# ------------------------------------------------------------------------- the environment

.venv/.ready: requirements.txt requirements.lock pyproject.toml
	@.ci/python "$(PYTHON)" "$(MAKECMDGOALS)"
	@echo "setting up .venv"
	@$(PYTHON) -m venv .venv
	@$(call install,requirements)
	@$(PIP) --no-deps -e .
	@touch $@

.venv/.lab-ready: requirements-lab.txt requirements-lab.lock .venv/.ready
	@$(call install,requirements-lab)
	@$(BIN)/book lab --register >/dev/null
	@touch $@

.venv/.test-ready: requirements-test.txt requirements-test.lock .venv/.lab-ready
	@$(call install,requirements-test)
	@touch $@

.venv/.lint-ready: requirements-lint.txt requirements-lint.lock .ci/package-lock.json .venv/.ready
	@$(call install,requirements-lint)
	@! command -v npm >/dev/null || npm ci --prefix .ci --silent --no-audit --no-fund
	@touch $@

# quarto-cli downloads Quarto from a code host, which not every machine reaches.
.venv/.quarto-tried: requirements-quarto.txt .venv/.ready
	@command -v quarto >/dev/null || $(PIP) -r $< >/dev/null 2>&1 || \
	  echo "Quarto could not be had here: the built-in press renders the book instead"
	@touch $@

# Programs that tests use; what is missing is skipped by name.
system:
	@tests/system-packages
