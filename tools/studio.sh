#!/usr/bin/env bash
# Label Studio with the corpus in it, left up for an annotator. Called by `make studio`.
set -euo pipefail
cd "$(dirname "$0")/.."
annotate studio up
annotate studio push
annotate studio status
