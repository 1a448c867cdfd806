"""A small baseline: a CRF that tags words, trained on the table `tokens`, beside the rules of `annotate prelabel`.

    python examples/baseline.py                # in the repository: builds the dataset from the corpus first
    python examples/baseline.py dist/dataset

Each article is tagged by a model that has not seen it, and both systems are scored with `annotate score`. Needs
contested-claims[dataset] and sklearn-crfsuite; nothing comes from the net.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from sklearn_crfsuite import CRF


def annotate(*words: str) -> str:
    done = subprocess.run(["annotate", *words], check=False, stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else sys.exit(done.stdout.strip() or done.returncode)


def folds() -> list[list[str]]:
    """The articles to hold out, one list a fold: whole groups, or single articles where all are one group."""
    found = json.loads(annotate("split", "--folds"))
    if not found["by_group"]:
        print(f"One article is held out at a time: {found['note']}.")
        print("The rules were written with all of the articles in view (docs/baseline.md): their figures are too good.")
    return [fold["held_out"] for fold in found["by_group"] or found["by_article"]]


def features(words: list[str]) -> list[dict[str, Any]]:
    """What the model sees of each word: itself, its form, its ends, and its neighbours."""
    padded = ["<s>", "<s>", *words, "</s>", "</s>"]
    quoted, found = False, []
    for at, word in enumerate(words):
        quoted ^= word in ("“", "”", '"')
        found.append(
            {
                "word": word.lower(),
                "end": word[-3:].lower(),
                "form": "title" if word.istitle() else "digits" if word.isdigit() else "other",
                "quoted": quoted,
                **{f"{step:+d}": padded[at + 2 + step].lower() for step in (-2, -1, 1, 2)},
            }
        )
    return found


def predicted(tokens: Dataset) -> Iterator[dict[str, Any]]:
    """Every row of `tokens` with predicted tags, in columns of the same names."""
    names = {
        column: feature.feature.int2str
        for column, feature in tokens.features.items()
        if hasattr(getattr(feature, "feature", None), "int2str")
    }
    rows = [{**row, "seen": features(row["tokens"])} for row in tokens]
    for held_out in folds():
        train = [row for row in rows if row["article"] not in held_out]
        test = [row for row in rows if row["article"] in held_out]
        made = [{key: row[key] for key in ("article", "number", "tokens")} for row in test]
        for column, name in names.items():
            tags = [[name(tag) for tag in row[column]] for row in train]
            if {tag for each in tags for tag in each} == {"O"}:
                continue  # nothing to learn at this level
            model = CRF(c1=0.05, c2=0.01, max_iterations=60).fit([row["seen"] for row in train], tags)
            for row, found in zip(made, model.predict([row["seen"] for row in test]), strict=True):
                row[column] = list(found)
        yield from made


def table(systems: dict[str, dict[str, Any]]) -> None:
    """F1 of each system by label: exact, partial, overlap."""
    print(f"{'F1: exact partial overlap':28}" + "".join(f"{name:>20}" for name in systems))
    for rows in zip(*(scores["labels"] for scores in systems.values()), strict=True):
        if rows[0]["kind"] != "layer":
            cells = [[row[how]["f1"]["value"] for how in ("exact", "partial", "overlap")] for row in rows]
            shown = [" ".join("–" if value is None else f"{value:.2f}" for value in cell) for cell in cells]
            print(f"{rows[0]['name']:20} {rows[0]['gold']:5}  " + "".join(f"{one:>20}" for one in shown))


def main(dataset: str, scratch: Path) -> None:
    if not Path(dataset, "manifest.json").is_file():
        sys.exit(f"{dataset} holds no dataset; write it with `annotate build --out {dataset}`")
    rows = predicted(load_dataset(dataset, "tokens", split="train"))
    (scratch / "crf.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    annotate("prelabel", "--out", str(scratch / "rules"))
    found = {"rules": scratch / "rules", "CRF": scratch / "crf.jsonl"}
    table({name: json.loads(annotate("score", dataset, str(one), "--format", "json")) for name, one in found.items()})


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        if not sys.argv[1:]:
            annotate("build", "--out", f"{folder}/dataset")
        main(sys.argv[1] if sys.argv[1:] else f"{folder}/dataset", Path(folder))
