# Two commands do everything: `make demo` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet --no-compile --require-hashes
WORKERS ?= auto

.PHONY: demo test soak lint format lock clean

demo: $(VENV)/runtime.stamp ## the main job on the sandbox, with SQLite
	$(RUN) -m syncd demo

test: $(VENV)/development.stamp ## all tests: sandbox, third-party SCIM servers and PostgreSQL included
	$(RUN) -m pytest -n $(WORKERS) --dist worksteal

soak: $(VENV)/development.stamp ## thousands of random histories with every fault; HISTORIES=n, FROM=seed
	$(RUN) bench/sim.py --histories $(or $(HISTORIES),5000) --from $(or $(FROM),1)

lint: $(VENV)/development.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .

format: $(VENV)/development.stamp
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Lock files: every version with its hashes, for all supported Pythons, and no registry named.
lock: $(VENV)/development.stamp
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml --group dev --group servers -c requirements.lock -o requirements-dev.lock

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.lock | $(VENV)/bin/python
	$(PIP) -r requirements.lock
	touch $@

$(VENV)/development.stamp: requirements-dev.lock | $(VENV)/bin/python
	$(PIP) -r requirements-dev.lock
	touch $@ $(VENV)/runtime.stamp

clean:
	rm -rf $(VENV) .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
