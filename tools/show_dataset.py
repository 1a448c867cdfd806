"""Load every table of a dataset folder with Hugging Face's `datasets`, and show what came.

    python tools/show_dataset.py dist/dataset

Works offline and leaves no cache behind. Exit code 0: all loaded; 2: the folder has no tables to load.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def class_labels(features: Any) -> dict[str, list[str]]:
    """The names of the classes by column: a table's own columns, and `label` in its lists."""
    import datasets

    found = {}
    for name, feature in features.items():
        inner = getattr(feature, "feature", None)
        if isinstance(inner, dict) and "label" in inner:
            name, feature = f"{name}[].label", inner["label"]
        if isinstance(feature, datasets.ClassLabel):
            found[name] = feature.names
    return found


def shortened(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f", +{len(names) - most}" if len(names) > most else "")


def main(folder: str) -> int:
    """Print one row a table and split."""
    import datasets
    from rich.console import Console
    from rich.table import Table

    datasets.disable_progress_bars()
    names = datasets.get_dataset_config_names(folder) if (Path(folder) / "README.md").is_file() else []
    if not names:
        print(f"{folder}: no dataset folder; make one with `annotate build --out {folder}`", file=sys.stderr)
        return 2
    shown = Table("table", "split", "rows", "columns", "classes", title=f"load_dataset({folder!r}, …)")
    for name in names:
        for split, rows in datasets.load_dataset(folder, name).items():
            labels = "\n".join(f"{column}: {shortened(names)}" for column, names in class_labels(rows.features).items())
            shown.add_row(name, str(split), f"{rows.num_rows:,}", str(len(rows.features)), labels)
    console = Console(highlight=False)
    console.print(shown)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": cache, "HF_HOME": cache}
        sys.exit(main(sys.argv[1]))
