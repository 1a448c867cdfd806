#!/usr/bin/env bash
# Label Studio with the corpus in it, left up for an annotator. Called by `make studio`.
set -euo pipefail
cd "$(dirname "$0")/.."
annotate studio up
annotate studio push
annotate studio status
python - <<'PY'
from annotate.labelstudio.location import open_state
from annotate.labelstudio.server import load_credentials

state = open_state("corpus")
login = load_credentials(state)
print(f"Sign in as   {login.username}\nPassword     {login.password}\n")
print(f"Press `Label All Tasks`. Stop with `make studio-down`; your work stays in {state.folder}.")
PY
