"""The made-up corpus with names as people write them, in other scripts, with spaces and digits, and with numbers."""

import shutil
import tempfile
from pathlib import Path

import msgspec

from annotate.inventory import Inventory, load_inventory
from annotate.model import AttributeValue
from tests.conftest import BASE, Project

SHOWN_LABELS = {"Speaker": "说话人 1A", "Verb": "فعل القول", "Load": "Cargo in US$text"}
WEIGHTS = (-2.75, 3, 1e300, 0.1)
"""The values of the attribute `weight`, in turn."""


def show_names(schema: Path) -> None:
    """Give names of the made-up inventory other forms, take hotkeys and colours away, and add attributes.

    `weight` is a number, and `state` has a single value.
    """
    path = schema / "labels.yaml"
    text = path.read_text("utf-8")
    for name, shown in SHOWN_LABELS.items():
        text = text.replace(f"  {name}: {{layer", f"  {name}: {{shown_as: '{shown}', layer", 1)
    for digit in "2345":
        text = text.replace(f' hotkey: "{digit}", color: "#{digit * 6}",', "")
    text = text.replace(
        "{master: commands, hand: works,",
        "{master: {shown_as: 船长, definition: commands}, hand: {shown_as: Deck-hand 2, definition: works},",
    )
    text = text.replace("  rank:\n", "  rank:\n    shown_as: رتبة\n")
    added = [
        "  weight: {shown_as: 'Weight, t', labels: [Load], type: number, required: false, definition: In tonnes.}",
        "  state: {labels: [Quay], type: choice, required: false, definition: Open or not said., values: {open: open}}",
    ]
    path.write_text(text.replace("attributes:\n", "\n".join(["attributes:", *added, ""]), 1), "utf-8")


def named_inventory() -> Inventory:
    """Return the made-up inventory with these names and attributes."""
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "schema"
        shutil.copytree(BASE / "schema", schema)
        show_names(schema)
        return load_inventory(schema)


def add_values(project: Project) -> None:
    """Give the spans of all annotations the attributes that `show_names` adds; gold has other weights than anna."""
    for annotation_set in ("anna", "gold"):
        for name in sorted(project.corpus.annotated_ids(annotation_set)):
            annotation = project.corpus.read_annotation(annotation_set, name)
            spans = []
            for number, span in enumerate(annotation.spans, annotation_set == "gold"):
                weight = WEIGHTS[number % len(WEIGHTS)]
                values: dict[str, dict[str, AttributeValue]] = {"Load": {"weight": weight}, "Quay": {"state": "open"}}
                attributes = span.attributes | values.get(span.label, {})
                spans.append(msgspec.structs.replace(span, attributes=attributes))
            new = msgspec.structs.replace(annotation, spans=tuple(spans))
            project.corpus.write_annotation(annotation_set, new)
