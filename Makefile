# make book    sets up .venv and renders the book
# make runtime brings the runtime of live cells into .runtime
# make test    sets up the same environment and runs every test
# make lab     sets up the same environment and opens the chapters in JupyterLab

PYTHON ?= python3
BIN := .venv/bin

.PHONY: book test lab figures check-figures benchmark runtime system clean

book: .venv/.ready .venv/.quarto-tried
	@$(BIN)/book render --timings

test: .venv/.ready .venv/.test-ready system
	-@$(BIN)/book runtime .runtime >/dev/null
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lab: .venv/.lab-ready
	@$(BIN)/book lab

figures: .venv/.ready
	@$(BIN)/book figures

check-figures: .venv/.ready
	@$(BIN)/book figures --check

# Pyodide and its packages, for live cells that need no network: book render --runtime .runtime
runtime: .venv/.ready
	@$(BIN)/book runtime .runtime

benchmark: .venv/.ready
	@$(BIN)/python benchmarks/training.py
	@$(BIN)/python benchmarks/figures.py
	@$(BIN)/python benchmarks/smoke.py
	@$(BIN)/python benchmarks/rendering.py

.venv/.ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 book")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.lab-ready: requirements-lab.txt .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-lab.txt
	@touch $@

.venv/.test-ready: requirements-test.txt requirements-lab.txt .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# quarto-cli downloads Quarto from a code host, which not every machine reaches.
.venv/.quarto-tried: requirements-quarto.txt .venv/.ready
	@command -v quarto >/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -r $< >/dev/null 2>&1 || \
	  echo "Quarto could not be had here: the built-in press renders the book instead"
	@touch $@

# Two programs that tests use; what is missing is skipped by name.
system:
	@tests/system-packages

clean:
	rm -rf _book .book
