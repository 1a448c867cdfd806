#!/usr/bin/env bash
# The tests that need no server, on each Python version given, in an environment of its own. Called by `make versions-test`.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
# The commands of pyenv, such as python3.12, start a version only if this variable lists it.
if command -v pyenv >/dev/null; then
  PYENV_VERSION=$(pyenv versions --bare | paste -sd:)
  export PYENV_VERSION
fi
failed=()
for version in "$@"; do
  folder=.venv-$version
  printf '\n== Python %s\n' "$version"
  if ! { [ -x "$folder/bin/python" ] || "$uv" venv --quiet --no-python-downloads --python "$version" "$folder"; }; then
    failed+=("$version")
    continue
  fi
  "$uv" pip install --quiet --no-deps --require-hashes --python "$folder/bin/python" -r requirements/dev.txt
  "$uv" pip install --quiet --no-deps --no-build-isolation --python "$folder/bin/python" -e .
  "$folder/bin/python" -m pytest --numprocesses "${WORKERS:-2}" --dist loadfile --durations 5 \
    -m "not server and not browser and not postgres and not kills and not versions and not model" || failed+=("$version")
done
[ ${#failed[@]} -eq 0 ] || { printf 'failed: Python %s\n' "${failed[@]}"; exit 1; }
