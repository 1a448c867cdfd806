#!/usr/bin/env bash
# Label Studio with the corpus in it, left up for an annotator. Called by `make studio`.
set -euo pipefail
cd "$(dirname "$0")/.."
annotate studio up
annotate studio push
annotate studio status
python - <<'PY'
import json
from pathlib import Path

login = json.loads(Path(".studio/credentials.json").read_text())
print(f"Sign in as   {login['username']}\nPassword     {login['password']}\n")
print("Press `Label All Tasks`. Stop with `make studio-down`; your work stays in .studio/.")
PY
