# Saves typing only: the README prints the plain command behind each target.
PYTHON ?= python3
CORES ?= 4
TEST_CORES ?= 2
VENV := .venv
BIN := $(VENV)/bin
# A run is many short jobs: where Python is told to keep no bytecode, each of them would compile the library anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: report bundle study check test lint types check-workflow tests test-slow test-slurm mutants coverage validate docs site lock

report: $(VENV)/.installed
	$(BIN)/snakemake --cores $(CORES)
	@echo "Report: results/report/investigator.en.html (English), results/report/investigator.es.html (Spanish)"

bundle: $(VENV)/.installed
	$(BIN)/snakemake --cores $(CORES) bundle
	@echo "One file to send: results/bundle/*.zip"

# FOLDER=... is the folder of the study; make itself needs none for the example.
FOLDER ?= .

study: $(VENV)/.installed
	PYTHONPATH=workflow/scripts $(BIN)/python -m historical_controls.drafting $(FOLDER)

check: $(VENV)/.installed
	PYTHONPATH=workflow/scripts $(BIN)/python -m historical_controls.checking $(FOLDER)

test: lint types check-workflow site tests

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	PYTHONPATH=workflow/scripts $(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/deptry .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

check-workflow: $(VENV)/.installed-dev
	$(BIN)/snakemake --lint

tests: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow" -n $(TEST_CORES) --dist loadfile --no-loadscope-reorder

coverage: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow" -n $(TEST_CORES) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered

test-slow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "slow and not slurm"

# A Slurm of one node with ports and folders of its own. Debian: apt-get install slurmctld slurmd slurm-client munge
test-slurm: $(VENV)/.installed-slurm
	$(BIN)/python -m pytest tests/cluster -m slurm -s

# Small changes of a room's code, and whether its tests notice: ROOM=inference SAMPLE=50 (tests/mutants).
ROOM ?= inference
SAMPLE ?= 50

mutants: $(VENV)/.installed-dev
	$(BIN)/python tests/mutants/run.py --room $(ROOM) --sample $(SAMPLE)

# The installation against its lock file, R and a small study; which tests hold which equation; the reference tests.
validate: $(VENV)/.installed-dev
	PYTHONPATH=workflow/scripts $(BIN)/python -m historical_controls.validation
	$(BIN)/python -m pytest tests/statistics -m "not slow" -q --junitxml results/validation/reference_tests.xml

docs: $(VENV)/.installed
	PYTHONPATH=workflow/scripts $(BIN)/python -m historical_controls.generate.files

# Reports of small studies of other shapes than the example, for the site.
gallery: $(VENV)/.installed
	for study in single_arm five_visits years; do \
	  $(BIN)/snakemake --directory docs/gallery/$$study --cores $(CORES) || exit 1; \
	done

site: $(VENV)/.installed-dev
	$(BIN)/mkdocs build --strict --quiet

lock:
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --no-header --quiet -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --group slurm --universal --generate-hashes --python-version 3.11 --no-header --quiet -c requirements.lock -o requirements-slurm.lock

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	touch $@ $(VENV)/.installed

$(VENV)/.installed-slurm: requirements-slurm.lock $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-slurm.lock
	touch $@
