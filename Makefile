# `make run` does the whole job on the real articles, `make test` runs the tests; both set themselves up in .venv.
PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV_READY := $(VENV)/ready-dev
UV_READY := $(VENV)/ready-uv
CFF := .venv-cff
CFF_READY := $(CFF)/ready
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --durations 20
INSTALL := $(BIN)/uv pip install --quiet --no-deps
PINNED := $(INSTALL) --require-hashes
OLD := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help run setup test pytest studio studio-down check lint lock figures screenshot browser-test kill-test postgres-test server-versions versions-test clean
help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done

# An environment with pip and uv. One that already has a Python that is new enough is kept, with what is installed in it.
$(UV_READY): requirements/setup.txt
	@$(PYTHON) -c '$(OLD)' 2>/dev/null || { \
	  echo "make: $(PYTHON) is missing or older than 3.11; name another with make PYTHON=/path/to/python3"; exit 1; }
	@$(BIN)/python -c '$(OLD)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || { \
	  echo "make: no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/setup.txt
	@touch $@

# What the commands of the README need: the extras `studio` and `dataset`.
$(READY): $(UV_READY) requirements/run.txt pyproject.toml
	@echo "Installing what the toolkit needs into $(VENV) (about 1 GB)."
	@$(PINNED) --python $(BIN)/python -r requirements/run.txt
	@$(INSTALL) --python $(BIN)/python --no-build-isolation -e .
	@touch $@

# What the tests, the checks of style and the tools need: all extras and the dependency group `dev`.
$(DEV_READY): $(READY) requirements/dev.txt
	@echo "Installing what development needs into $(VENV) (about 1 GB more)."
	@$(PINNED) --python $(BIN)/python -r requirements/dev.txt
	@touch $@

# The converter of CITATION.cff needs an older jsonschema than the toolkit, so it has an environment of its own.
$(CFF_READY): $(UV_READY) requirements/cff.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CFF)
	@$(PINNED) --python $(CFF)/bin/python -r requirements/cff.txt
	@touch $@

run: $(READY)  ## the whole job: check, label server, push, compare, build, load
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/run.sh

studio: $(READY)  ## start Label Studio with the corpus in it, and leave it up for an annotator
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/studio.sh

studio-down: $(READY)  ## stop it; its data stay in your data directory
	@$(BIN)/annotate studio down

check: $(READY)  ## all checks on the corpus
	@$(BIN)/annotate check --strict

lint: $(DEV_READY)  ## style, types, imports between packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

setup: $(DEV_READY) $(CFF_READY)  ## install everything that the tests need

pytest: $(DEV_READY) $(CFF_READY)  ## all tests, with the real server
	@$(PYTEST)

test: lint check pytest  ## lint, the checks, and all tests

browser-test: $(DEV_READY)  ## the labelling screen in a real browser (Debian: apt-get install chromium)
	@$(BIN)/python -m pytest -m browser

kill-test: $(DEV_READY)  ## kill each command before each of its writes, and repeat it
	@$(BIN)/python -m pytest -m kills

postgres-test: $(DEV_READY)  ## the server on PostgreSQL, backup and restore (Debian: apt-get install postgresql)
	@$(BIN)/python -m pytest -m postgres

server-versions: $(DEV_READY)  ## push, pull, people and adjudication on other versions of Label Studio (downloads them)
	@$(BIN)/python -m pytest -m versions --verbose --durations 0 tests/labelstudio/test_server_versions.py

versions-test: $(CFF_READY)  ## the tests that need no server, on each Python that is supported
	@UV=$(BIN)/uv WORKERS=$(WORKERS) tools/versions_test.sh $(PYTHONS)

screenshot: $(DEV_READY)  ## take the picture in the README again (needs chromium)
	@$(BIN)/python tools/screenshot.py

figures: $(DEV_READY)  ## compute the figures in the README again
	@$(BIN)/python tools/readme_figures.py

# Label Studio's SDK asks for OpenCV (145 MB) and imports it only to export brush strokes on images, so it is left out.
COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
  --no-emit-package opencv-python-headless
# The extra `eval` needs an environment of its own: Inspect and Label Studio ask for different versions of packages.
lock: $(UV_READY)  ## pin the newest versions that go together, with hashes
	@$(BIN)/$(COMPILE) --upgrade $(addprefix --extra ,dataset formats studio gamma dask) --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --extra studio --extra dataset -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --group setup -c requirements/dev.txt -o requirements/setup.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --extra eval pyproject.toml -o requirements/eval.txt
	@cd requirements && ../$(BIN)/$(COMPILE) --upgrade cff.in -o cff.txt

clean:  ## remove what was built; the label server and its labels stay
	@rm -rf $(VENV) $(CFF) .venv-3* dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
