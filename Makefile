# `make run` does the whole job on the real articles, `make test` passes the tests; both set themselves up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
CFF := .venv-cff
CFF_READY := $(CFF)/ready

.PHONY: help run test studio studio-down check lint lock figures screenshot browser-test postgres-test clean
help:  ## what there is to do
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "make: $(PYTHON) is missing or older than 3.10; name another with make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV): about 1.9 GB of packages, a few minutes the first time."
	@rm -f $(READY)
	@$(PYTHON) -m venv $(VENV) || { echo "make: no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# The converter of CITATION.cff needs an older jsonschema than the toolkit, so it has an environment of its own.
$(CFF_READY): tools/cff.txt
	@rm -f $(CFF_READY)
	@$(PYTHON) -m venv $(CFF) || { echo "make: no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@$(CFF)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tools/cff.txt
	@touch $(CFF_READY)

run: $(READY)  ## the whole job: check, label server, push, compare, build, load
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/run.sh

studio: $(READY)  ## start Label Studio with the corpus in it, and leave it up for an annotator
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/studio.sh

studio-down: $(READY)  ## stop it; its data stay in .studio/
	@$(BIN)/annotate studio down

check: $(READY)  ## all checks on the corpus
	@$(BIN)/annotate check --strict

lint: $(READY)  ## style, types, rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: $(CFF_READY) lint check  ## lint, the checks, and all tests, with the real server
	@$(BIN)/python -m pytest

browser-test: $(READY)  ## the labelling screen in a real browser (Debian: apt-get install chromium)
	@$(BIN)/python -m pytest -m browser

postgres-test: $(READY)  ## the server on PostgreSQL, backup and restore (Debian: apt-get install postgresql)
	@$(BIN)/python -m pytest -m postgres

screenshot: $(READY)  ## take the picture in the README anew (needs chromium)
	@$(BIN)/python tools/screenshot.py

figures: $(READY)  ## compute the figures in the README anew
	@$(BIN)/python tools/readme_figures.py

lock: $(READY)  ## pin the newest versions that go together, with hashes
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --all-extras --python-version 3.10 --upgrade \
	  --no-header pyproject.toml -o constraints.txt
	@cd tools && ../$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.10 --upgrade \
	  --no-header cff.in -o cff.txt

clean:  ## remove what was built; keeps .studio/ with its labels
	@rm -rf $(VENV) $(CFF) dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
