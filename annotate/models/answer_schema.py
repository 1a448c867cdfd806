"""The JSON Schema of a model's answers, made from the inventory.

It keeps to what every endpoint accepts: no reference and no alternative, each key required, null in place of a value
that is missing, no other keys, and no keyword for lengths or numbers. The readers check what it cannot say.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from annotate.inventory import Attribute, Inventory

MOST_ATTRIBUTES = 40
"""With more attributes than these, a span lists names and values, all as text: a key for each would fill answers with
null."""


def make_answer_schema(inventory: Inventory, relations: Collection[str]) -> dict[str, Any]:
    """Return the JSON Schema of an answer about one paragraph.

    Args:
        inventory: The inventory.
        relations: The labels of relations that the request asks for.
    """
    span = _object_schema(
        {
            "id": {"type": "string"},
            "label": {"type": "string", "enum": list(inventory.spans)},
            "quote": {"type": "string"},
            "occurrence": {"type": ["integer", "null"]},
            "attributes": _attributes_schema(list(inventory.attributes.values())),
        }
    )
    properties = {"spans": _list_schema(span)}
    if relations:
        ends = {"head": {"type": "string"}, "tail": {"type": "string"}}
        label = {"type": "string", "enum": list(relations)}
        properties["relations"] = _list_schema(_object_schema({"label": label, **ends}))
    return _object_schema(properties)


def make_link_schema(relations: Collection[str]) -> dict[str, Any]:
    """Return the JSON Schema of an answer about the links of an article, whose spans have numbers.

    Args:
        relations: The labels of relations that the request asks for; at least one.
    """
    label = {"type": "string", "enum": list(relations)}
    link = _object_schema({"label": label, "head": {"type": "integer"}, "tail": {"type": "integer"}})
    return _object_schema({"links": _list_schema(link)})


def encode_schema(schema: Mapping[str, Any]) -> str:
    """Return a schema as text; the same inventory gives the same bytes."""
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _attributes_schema(attributes: list[Attribute]) -> dict[str, Any]:
    if len(attributes) > MOST_ATTRIBUTES:
        names = {"type": "string", "enum": [attribute.name for attribute in attributes]}
        return _list_schema(_object_schema({"name": names, "value": {"type": ["string", "null"]}}))
    return _object_schema({attribute.name: _value_schema(attribute) for attribute in attributes})


def _value_schema(attribute: Attribute) -> dict[str, Any]:
    if attribute.type == "choice":
        return {"type": ["string", "null"], "enum": [*attribute.values, None]}
    type_ = "string" if attribute.type == "text" else attribute.type
    return {"type": [type_, "null"]}


def _object_schema(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_schema(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
