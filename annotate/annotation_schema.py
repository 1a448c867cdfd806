"""The JSON Schema of an annotation, made from the inventory.

Where a keyword checks against the vocabulary of the inventory, `x-rules` gives the code of the rule that is broken.
`x-since` gives the version of the inventory that added a required attribute.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, get_args

from annotate.inventory import Attribute, Inventory
from annotate.model import ARTICLE_ID_LENGTH, ARTICLE_ID_PATTERN, LABEL_ORIGINS, LARGEST, LONGEST_WORK, Process
from annotate.schemas import DIALECT, Schema
from annotate.schemas.patterns import END
from annotate.versions import latest

UNKNOWN_LABEL, UNKNOWN_ATTRIBUTE, UNKNOWN_VALUE, MISSING_ATTRIBUTE = "P201", "P202", "P203", "P204"
UNKNOWN_RELATION = "R101"
UNSAFE_ID = "S105"

VERSION_PATTERN = rf"^[0-9]+\.[0-9]+\.[0-9]+{END}"
SHA256_PATTERN = f"^[0-9a-f]{{64}}{END}"
SPAN_ID_PATTERN = f"^[A-Za-z0-9_~-]+{END}"
SPAN_ID_LENGTH = 100

_TEXT = {"type": "string", "minLength": 1}
_LARGEST_NUMBER = sys.float_info.max
"""The largest number that an attribute can have, of either sign: the tables hold 64-bit floating-point numbers."""
_OFFSET = {"type": "integer", "minimum": 0}
_COUNT = {"type": "integer", "minimum": 1, "maximum": LARGEST}
_SHA256 = {"type": "string", "pattern": SHA256_PATTERN}
_ID = {
    "type": "string",
    "pattern": ARTICLE_ID_PATTERN,
    "maxLength": ARTICLE_ID_LENGTH,
    "x-rules": {"pattern": UNSAFE_ID, "maxLength": UNSAFE_ID},
}
_SPAN_ID = {"type": "string", "pattern": SPAN_ID_PATTERN, "maxLength": SPAN_ID_LENGTH}


def _object_schema(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _value_schema(attribute: Attribute) -> Schema:
    shapes: dict[str, Schema] = {
        "choice": {"enum": list(attribute.values)},
        "integer": {"type": "integer", "minimum": 0, "maximum": LARGEST},
        "number": {"type": "number", "minimum": -_LARGEST_NUMBER, "maximum": _LARGEST_NUMBER},
        "text": _TEXT,
    }
    shape = shapes[attribute.type]
    for key, bound in (("minimum", attribute.minimum), ("maximum", attribute.maximum)):
        if bound is not None:
            shape[key] = bound
    rules = dict.fromkeys(("enum", "type", "minimum", "maximum", "minLength"), UNKNOWN_VALUE)
    return {"description": attribute.definition, **shape, "x-rules": rules}


def _attributes_schema(inventory: Inventory, label: str) -> Schema:
    attributes = inventory.attributes_of(label)
    return {
        "type": "object",
        "properties": {attribute.name: _value_schema(attribute) for attribute in attributes},
        "required": [attribute.name for attribute in attributes if attribute.required],
        "additionalProperties": False,
        "x-rules": {"required": MISSING_ATTRIBUTE, "additionalProperties": UNKNOWN_ATTRIBUTE},
    } | _since_keyword({attribute.name: attribute.since for attribute in attributes if attribute.required})


def _since_keyword(versions: Mapping[str, str | None]) -> Schema:
    known = {name: version for name, version in versions.items() if version is not None}
    return {"x-since": known} if known else {}


def _label_condition(inventory: Inventory, label: str) -> Schema:
    attributes = _attributes_schema(inventory, label)
    then: Schema = {"properties": {"attributes": attributes}}
    if attributes["required"]:
        then |= {"required": ["attributes"], "x-rules": {"required": MISSING_ATTRIBUTE}}
        since = [attribute.since for attribute in inventory.attributes_of(label) if attribute.required]
        then |= _since_keyword({"attributes": latest(*since) if all(since) else None})
    return {"if": {"properties": {"label": {"const": label}}}, "then": then}


def make_annotation_schema(inventory: Inventory) -> Schema:
    """Return the JSON Schema (draft 2020-12) of an annotation file of this inventory."""
    span = _object_schema(
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
    span["allOf"] = [_label_condition(inventory, label) for label in inventory.spans]
    relation = _object_schema(
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
        "process": {"enum": list(get_args(Process))},
        "made_from": {"type": "array", "items": _ID, "uniqueItems": True},
        "lead_time": {"type": "number", "minimum": 0, "maximum": LONGEST_WORK},
        "origins": _object_schema(dict.fromkeys(LABEL_ORIGINS, _COUNT), optional=LABEL_ORIGINS),
        "inventory": {"type": "string", "pattern": VERSION_PATTERN},
        "text_sha256": _SHA256,
        "spans": {"type": "array", "items": span},
        "relations": {"type": "array", "items": relation},
    }
    header = {
        "$schema": DIALECT,
        "title": f"Annotation ({inventory.title} {inventory.version})",
        "description": "One annotator's labels of one article. Offsets are Unicode code points, half open.",
    }
    return header | _object_schema(properties, optional=("lead_time", "origins"))


def encode_annotation_schema(inventory: Inventory) -> str:
    """Return the JSON Schema of an annotation file as the text that is committed."""
    return json.dumps(make_annotation_schema(inventory), indent=2, ensure_ascii=False) + "\n"
