#!/usr/bin/env bash
# The whole job on the real articles: check, label server, push, compare, build, load. Called by `make run`.
set -euo pipefail
cd "$(dirname "$0")/.."
server=dist/run/studio
step() { printf '\n\033[1m[%s/6] %s\033[0m\n' "$1" "$2"; }
stop() { annotate studio down --dir "$server" >/dev/null 2>&1 || true; }
trap stop EXIT

step 1 "Checking the corpus"
annotate check

step 2 "Starting a Label Studio server of its own (the first one takes about half a minute)"
stop
rm -rf dist/run
annotate studio up --dir "$server"

step 3 "Setting up the project: labelling config, instructions, a task an article, gold labels as predictions"
annotate studio push --show gold --dir "$server"

step 4 "Pulling everything back and comparing it with the corpus, span by span and relation by relation"
annotate studio compare --labels gold --dir "$server"

step 5 "Building the dataset, and loading it as a researcher would"
annotate build --out dist/dataset
python tools/show_dataset.py dist/dataset

step 6 "Stopping the server"
annotate studio down --dir "$server"
trap - EXIT

cat <<'NEXT'

What next? First `. .venv/bin/activate`, which puts annotate and python on your path; then, as
  Annotators    make studio      opens Label Studio with the corpus and prints the address and the login;
                                 start with guidelines/how-to-label.md
  Researchers   python -c 'from datasets import load_dataset; print(load_dataset("dist/dataset", "casualty_claims", split="test"))'
                                 dist/dataset/README.md says what each table holds
  Maintainers   annotate check --strict && annotate build --out dist/dataset
                                 annotate rules explains each code; CONTRIBUTING.md says how a change is made
NEXT
