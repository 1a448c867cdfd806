"""The JSON Schema of an annotation, generated from the inventory.

Where a keyword stands for the inventory's vocabulary, `x-rules` names the rule that a fault there breaks.
"""

import json
from typing import Any

from annotate.inventory import Attribute, Inventory
from annotate.schemas import DIALECT, Schema

UNKNOWN_LABEL, UNKNOWN_ATTRIBUTE, UNKNOWN_VALUE, MISSING_ATTRIBUTE = "P201", "P202", "P203", "P204"
UNKNOWN_RELATION = "R101"
UNSAFE_ID = "S105"

MAX_ID = 100
ID_PATTERN = "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"
VERSION_PATTERN = r"^[0-9]+\.[0-9]+\.[0-9]+$"
SHA256_PATTERN = "^[0-9a-f]{64}$"
SPAN_ID_PATTERN = "^[A-Za-z0-9_~-]+$"

_TEXT = {"type": "string", "minLength": 1}
LARGEST = (1 << 63) - 1
"""The largest number that an attribute may have: tables have no room for more."""
_OFFSET = {"type": "integer", "minimum": 0}
_SHA256 = {"type": "string", "pattern": SHA256_PATTERN}
_ID = {
    "type": "string",
    "pattern": ID_PATTERN,
    "maxLength": MAX_ID,
    "x-rules": {"pattern": UNSAFE_ID, "maxLength": UNSAFE_ID},
}
_SPAN_ID = {"type": "string", "pattern": SPAN_ID_PATTERN, "maxLength": MAX_ID}


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
