"""Compare a small baseline, a CRF trained on the table `tokens`, with the rules of `annotate prelabel`.

    python examples/baseline.py                # in the repository: builds the dataset from the corpus first
    python examples/baseline.py dist/dataset

The corpus is for evaluation: all of it is in the split `test`. So the CRF only shows how a system is trained and
scored; do not report its figures. Each article is tagged by a model that was not trained on it. `annotate score` scores
both systems. Needs contested-claims[dataset,tagger], and no network.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from annotate.tagger.tagger import ColumnTagger, train_columns


def run_annotate(*arguments: str) -> str:
    """Run a command of `annotate` and return what it prints."""
    process = subprocess.run(["annotate", *arguments], check=False, stdout=subprocess.PIPE, text=True)
    return process.stdout if process.returncode == 0 else sys.exit(process.stdout.strip() or process.returncode)


def list_folds() -> list[list[str]]:
    """List the articles to hold out in each fold: whole groups, or single articles where all are one group."""
    folds = json.loads(run_annotate("split", "--folds"))
    if not folds["by_group"]:
        print(f"One article is held out at a time: {folds['note']}.")
        print("The rules were written with all articles in view (docs/how-to/baseline.md): their figures are too good.")
    return [fold["held_out"] for fold in folds["by_group"] or folds["by_article"]]


def predict_tags(tokens: Dataset) -> Iterator[dict[str, Any]]:
    """Yield every row of `tokens` with predicted tags, in columns of the same names."""
    names = {
        column: feature.feature.int2str
        for column, feature in tokens.features.items()
        if hasattr(getattr(feature, "feature", None), "int2str")
    }
    for held_out in list_folds():
        train = [row for row in tokens if row["article"] not in held_out]
        test = [row for row in tokens if row["article"] in held_out]
        tagger = ColumnTagger(
            train_columns(
                (row["tokens"], {column: [name(tag) for tag in row[column]] for column, name in names.items()})
                for row in train
            )
        )
        for row in test:
            yield {key: row[key] for key in ("article", "number", "tokens")} | tagger.predict(row["tokens"])


def print_table(systems: dict[str, dict[str, Any]]) -> None:
    """Print the F1 of each system by label: exact, partial, overlap."""
    print(f"{'F1: exact partial overlap':28}" + "".join(f"{name:>20}" for name in systems))
    for rows in zip(*(scores["labels"] for scores in systems.values()), strict=True):
        if rows[0]["kind"] != "layer":
            cells = [[row[match]["f1"]["value"] for match in ("exact", "partial", "overlap")] for row in rows]
            shown = [" ".join("–" if value is None else f"{value:.2f}" for value in cell) for cell in cells]
            print(f"{rows[0]['name']:20} {rows[0]['gold']:5}  " + "".join(f"{cell:>20}" for cell in shown))


def main(dataset: str, scratch: Path) -> None:
    if not Path(dataset, "manifest.json").is_file():
        sys.exit(f"{dataset} holds no dataset; write it with `annotate build --out {dataset}`")
    rows = predict_tags(load_dataset(dataset, "tokens", split="test"))
    (scratch / "crf.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run_annotate("prelabel", "--out", str(scratch / "rules"))
    systems = {"rules": scratch / "rules", "CRF": scratch / "crf.jsonl"}
    reports = {name: run_annotate("score", dataset, str(path), "--format", "json") for name, path in systems.items()}
    print_table({name: json.loads(report) for name, report in reports.items()})


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        if not sys.argv[1:]:
            run_annotate("build", "--out", f"{folder}/dataset")
        main(sys.argv[1] if sys.argv[1:] else f"{folder}/dataset", Path(folder))
