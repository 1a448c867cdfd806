"""What is generated from the inventory and committed beside it: JSON Schemas, and the tables in the guidelines.

The JSON Schema of an annotation, generated from the inventory.

Where a keyword stands for the inventory's vocabulary, `x-rules` names the rule that a fault there breaks.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from annotate import inventory as classes
from annotate.errors import CannotRun
from annotate.inventory import Attribute, Bounds, Inventory, RelationLabel
from annotate.model import ARTICLE_ID_LENGTH, ARTICLE_ID_PATTERN
from annotate.schemas import DIALECT, PACKAGE_SCHEMAS, Schema, package_schema
from annotate.util.escape import markdown_table

UNKNOWN_LABEL, UNKNOWN_ATTRIBUTE, UNKNOWN_VALUE, MISSING_ATTRIBUTE = "P201", "P202", "P203", "P204"
UNKNOWN_RELATION = "R101"
UNSAFE_ID = "S105"

VERSION_PATTERN = r"^[0-9]+\.[0-9]+\.[0-9]+$"
SHA256_PATTERN = "^[0-9a-f]{64}$"
SPAN_ID_PATTERN = "^[A-Za-z0-9_~-]+$"
SPAN_ID_LENGTH = 100

_TEXT = {"type": "string", "minLength": 1}
LARGEST = (1 << 63) - 1
"""The largest number that an attribute may have: tables have no room for more."""
_OFFSET = {"type": "integer", "minimum": 0}
_SHA256 = {"type": "string", "pattern": SHA256_PATTERN}
_ID = {
    "type": "string",
    "pattern": ARTICLE_ID_PATTERN,
    "maxLength": ARTICLE_ID_LENGTH,
    "x-rules": {"pattern": UNSAFE_ID, "maxLength": UNSAFE_ID},
}
_SPAN_ID = {"type": "string", "pattern": SPAN_ID_PATTERN, "maxLength": SPAN_ID_LENGTH}


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _value(attribute: Attribute) -> Schema:
    shapes: dict[str, Schema] = {
        "choice": {"enum": list(attribute.values)},
        "integer": {"type": "integer", "minimum": 0, "maximum": LARGEST},
        "text": _TEXT,
    }
    rules = dict.fromkeys(("enum", "type", "minimum", "maximum", "minLength"), UNKNOWN_VALUE)
    return {"description": attribute.definition, **shapes[attribute.type], "x-rules": rules}


def _attributes(inventory: Inventory, label: str) -> Schema:
    attributes = inventory.attributes_of(label)
    return {
        "type": "object",
        "properties": {attribute.name: _value(attribute) for attribute in attributes},
        "required": [attribute.name for attribute in attributes if attribute.required],
        "additionalProperties": False,
        "x-rules": {"required": MISSING_ATTRIBUTE, "additionalProperties": UNKNOWN_ATTRIBUTE},
    }


def _for_label(inventory: Inventory, label: str) -> Schema:
    attributes = _attributes(inventory, label)
    then: Schema = {"properties": {"attributes": attributes}}
    if attributes["required"]:
        then |= {"required": ["attributes"], "x-rules": {"required": MISSING_ATTRIBUTE}}
    return {"if": {"properties": {"label": {"const": label}}}, "then": then}


def annotation_schema(inventory: Inventory) -> Schema:
    """The JSON Schema (draft 2020-12) of one annotation file made with this inventory."""
    span = _object(
        {
            "id": _SPAN_ID,
            "label": {"enum": list(inventory.spans), "x-rules": {"enum": UNKNOWN_LABEL}},
            "start": _OFFSET,
            "end": _OFFSET,
            "text": {"type": "string"},
            "attributes": {"type": "object"},
            "note": _TEXT,
        },
        optional=("attributes", "note"),
    )
    span["allOf"] = [_for_label(inventory, label) for label in inventory.spans]
    relation = _object(
        {
            "label": {"enum": list(inventory.relations), "x-rules": {"enum": UNKNOWN_RELATION}},
            "head": _SPAN_ID,
            "tail": _SPAN_ID,
            "note": _TEXT,
        },
        optional=("note",),
    )
    properties: dict[str, Any] = {
        "article": _ID,
        "annotator": _ID,
        "process": {"enum": ["single pass", "adjudicated"]},
        "made_from": {"type": "array", "items": _ID, "uniqueItems": True},
        "inventory": {"type": "string", "pattern": VERSION_PATTERN},
        "text_sha256": _SHA256,
        "spans": {"type": "array", "items": span},
        "relations": {"type": "array", "items": relation},
    }
    head = {
        "$schema": DIALECT,
        "title": f"Annotation ({inventory.title} {inventory.version})",
        "description": "One annotator's labels of one article. Offsets are Unicode code points, half open.",
    }
    return head | _object(properties)


def annotation_schema_text(inventory: Inventory) -> str:
    """The schema as the JSON text that is committed and that validators are made from."""
    return json.dumps(annotation_schema(inventory), indent=2, ensure_ascii=False) + "\n"


_MARKED = re.compile(r"(<!-- generated: (?P<what>[^>]+?) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def generated_files(inventory: Inventory, schema: Path, guidelines: Path | None) -> dict[Path, str]:
    """Path → what it must hold: the schemas, the class ids, and each page of the guidelines with its tables filled in.

    Raises CannotRun for a page with a marker that names no label.
    """
    files = {schema / classes.ANNOTATION_SCHEMA_FILE: annotation_schema_text(inventory)}
    files[schema / classes.CLASS_IDS_FILE] = classes.encode_class_ids(
        classes.extend_class_ids(inventory.numbers, inventory.named)
    )
    files |= {schema / f"{name}.schema.json": package_schema(name) for name in PACKAGE_SCHEMAS}
    for path in sorted(guidelines.rglob("*.md")) if guidelines else []:
        page = path.read_text("utf-8")
        filled = _MARKED.sub(_filler(inventory, path), page)
        if "<!-- generated:" in page:
            files[path] = filled
    return files


def _filler(inventory: Inventory, path: Path) -> Callable[[re.Match[str]], str]:
    def filled(match: re.Match[str]) -> str:
        kind, _, name = match["what"].partition(" ")
        if kind == "label" and name in inventory.spans:
            table = label_table(inventory, name)
        elif match["what"] == "relations":
            table = relation_table(inventory)
        elif match["what"] == "labels":
            table = labels_table(inventory)
        else:
            raise CannotRun(path, f"nothing can be generated for {match['what']!r}", "write label NAME or relations")
        return f"{match[1]}\n{table}\n{match[3]}"

    return filled


def _left_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return markdown_table(header, rows, align=["left"] * len(header)) + "\n"


def label_table(inventory: Inventory, name: str) -> str:
    """A label's definition, and a row for each value of each of its attributes, in Markdown."""
    label = inventory.spans[name]
    layer = inventory.layers[label.layer]
    intro = f"**{label.definition}** Layer: {layer.title}. Hotkey: `{label.hotkey}`.\n"
    rows: list[tuple[str, ...]] = []
    for attribute in inventory.attributes_of(name):
        must = "" if attribute.required else " (may stay empty)"
        rows.append((f"**{attribute.name}**{must}", "", attribute.definition))
        rows += [("", f"`{value}`", definition) for value, definition in attribute.values.items()]
        if not attribute.values:
            rows[-1] = (rows[-1][0], "a whole number" if attribute.type == "integer" else "words", rows[-1][2])
    return intro + (f"\n{_left_table(('Attribute', 'Value', 'Meaning'), rows)}" if rows else "")


def labels_table(inventory: Inventory) -> str:
    """All labels with layer, hotkey and definition, in Markdown; each links to its page."""
    rows = [
        (f"[{name}]({label.guideline})", inventory.layers[label.layer].title, f"`{label.hotkey}`", label.definition)
        for name, label in inventory.spans.items()
    ]
    return _left_table(("Label", "Layer", "Hotkey", "Definition"), rows)


def _number(bounds: Bounds) -> str:
    if bounds.most == bounds.least:
        return str(bounds.least)
    return f"{bounds.least} or more" if bounds.most is None else f"{bounds.least} to {bounds.most}"


def _ends(relation: RelationLabel) -> tuple[str, str]:
    if relation.joins_pieces:
        return "a later piece", "the piece before it, same label"
    return " or ".join(relation.head), " or ".join(relation.tail)


def relation_table(inventory: Inventory) -> str:
    """All relations with their ends and how many may start from one span, in Markdown."""
    rows = [
        (
            f"`{name}`",
            relation.words,
            *_ends(relation),
            "1" if relation.joins_pieces else _number(relation.per_head),
            relation.definition,
        )
        for name, relation in inventory.relations.items()
    ]
    return _left_table(("Relation", "On the screen", "From (head)", "To (tail)", "How many", "Definition"), rows)
