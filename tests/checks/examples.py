"""The invalid examples: for each rule at least one folder whose files, over the made-up corpus, break it."""

import shutil
from pathlib import Path

from tests.conftest import BASE, ROOT

INVALID = ROOT / "tests" / "invalid"
EXAMPLES = sorted(path for path in INVALID.iterdir() if path.is_dir())


def lay_out(example: Path, root: Path) -> None:
    """Copy the made-up corpus to `root`, lay an example's files over it, and remove those that it lists."""
    shutil.copytree(BASE, root)
    shutil.copytree(example, root, dirs_exist_ok=True)
    removed = root / "removed.txt"
    for file in removed.read_text().split() if removed.exists() else []:
        (root / file).unlink()
