"""Folders as `annotate prelabel --model` writes them, without a run: the labels of anna, by a made-up model."""

import json
from pathlib import Path
from typing import Any

import msgspec

from annotate.corpus import Corpus, encode_annotation
from annotate.inventory import load_inventory
from annotate.models.prelabel import hash_inventory

READER = "model-7"


def make_record(root: Path, out: Path) -> dict[str, Any]:
    """Return the record that fits the labels of a folder."""
    labels = [json.loads(path.read_bytes()) for path in sorted(out.glob("*.json"))]
    totals = {"answers": 8, "input": 800, "output": 80, "cached": 0, "cost": 1.5}
    return {
        "format": "annotate model run 1",
        "toolkit": "0.2.0",
        "annotator": READER,
        "model": "Model 7",
        "answered": ["model-7-2026"],
        "mode": "json",
        "prompt_sha256": "0a" * 32,
        "schema_sha256": "1" * 64,
        "inventory": "1.0.0",
        "inventory_sha256": hash_inventory(load_inventory(root / "schema")),
        "guidelines": "1.1.0",
        "prompt_left_out": ["the page speech.md"],
        "parameters": {"temperature": 0.0, "seed": 7},
        "formats": {"schema": 10},
        "started": "2026-11-28T23:59:58Z",
        "ended": "2026-11-29T00:00:08Z",
        "requests": 9,
        "sent": totals,
        "reused": {"answers": 2, "input": 200, "output": 20, "cost": 0.25},
        "corrections": {"answers": 2, "input": 200, "output": 20, "cost": 0.5},
        "currency": "USD",
        "articles": len(labels),
        "left_out": [],
        "spans": sum(len(each["spans"]) for each in labels),
        "relations": sum(len(each["relations"]) for each in labels),
        "aligned": {"case": 4},
        "repaired": 1,
        "findings": {"A104": 1},
        "quarantined": {"A301": 2},
    }


def write_run(root: Path, folder: str = "out", articles: tuple[str, ...] = ("harbour", "market")) -> Path:
    """Write the folder of a run that labelled articles as anna did."""
    out = root / folder
    (out / "record").mkdir(parents=True)
    for article in articles:
        labels = Corpus(root / "corpus").read_annotation("anna", article)
        path = out / f"{article}.json"
        path.write_bytes(encode_annotation(msgspec.structs.replace(labels, annotator=READER)))
    rewrite_record(out, make_record(root, out))
    for name, codes in (("quarantine", ["A301", "A301"]), ("findings", ["A104"])):
        (out / f"record/{name}.json").write_text(json.dumps([{"code": code, "article": "harbour"} for code in codes]))
    (out / ".annotate-output.json").write_text("{}")
    return out


def rewrite_record(out: Path, record: dict[str, Any]) -> None:
    (out / "record/run.json").write_text(json.dumps(record))


def edit_record(out: Path, **fields: Any) -> None:
    """Change fields of the record of a folder."""
    rewrite_record(out, {**json.loads((out / "record/run.json").read_bytes()), **fields})
