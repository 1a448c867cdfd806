#!/usr/bin/env bash
# Label Studio with the corpus in it, left up for an annotator. Called by `make studio`.
# Once the server runs, its address and login are printed whatever fails; the exit code is then that of the push.
set -euo pipefail
cd "$(dirname "$0")/.."
annotate studio up
pushed=0
annotate studio push || pushed=$?
annotate studio status || true # 1 while items are in quarantine, which it lists
python - <<'PY'
from annotate.labelstudio.location import open_state
from annotate.labelstudio.server import find_running, load_credentials, resolve_public_url, url_of

state = open_state("corpus")
login, running = load_credentials(state), find_running(state)
address = resolve_public_url(state, None) or (url_of(running.port) if running else "stopped; see `annotate studio up`")
print(f"Address      {address}\nSign in as   {login.username}\nPassword     {login.password}\n")
print(f"Press `Label All Tasks`. Stop with `make studio-down`; your work stays in {state.folder}.")
PY
if [ "$pushed" -ne 0 ]; then
  echo "The push failed (see above): the server has what was pushed before." >&2
fi
exit "$pushed"
