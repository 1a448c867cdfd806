"""The JSON Schema of an article's metadata: that of the package, with the fields that the inventory declares.

`x-rules` gives the code of the rule that is broken.
"""

import json
import sys
from functools import lru_cache

from annotate.inventory import Inventory, MetadataField
from annotate.schemas import Fault, Schema, explain, package_schema
from annotate.schemas.patterns import DATE, TRIMMED_LINE

UNDECLARED_FIELD, UNFIT_VALUE, MISSING_FIELD = "M101", "M102", "M103"


def _value_schema(field: MetadataField) -> Schema:
    shapes: dict[str, Schema] = {
        "choice": {"enum": list(field.values)},
        "date": {"type": "string", "pattern": DATE},
        "number": {"type": "number", "minimum": -sys.float_info.max, "maximum": sys.float_info.max},
        "text": {"type": "string", "pattern": TRIMMED_LINE},
    }
    shape = shapes[field.type]
    for key, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        if bound is not None:
            shape[key] = bound
    return {"description": field.definition, **shape, "x-rules": dict.fromkeys(shape, UNFIT_VALUE)}


def explain_value(field: MetadataField, value: object) -> Fault | None:
    """Return why a field cannot have a value; None if it can."""
    schema = json.dumps({"type": "object", "properties": {field.name: _value_schema(field)}})
    return next(explain({field.name: value}, schema), None)


def make_article_schema(inventory: Inventory, complete: bool = True) -> Schema:
    """Return the JSON Schema (draft 2020-12) of an article's metadata in a corpus of this inventory.

    Args:
        inventory: The inventory.
        complete: Whether an article needs the required fields.
    """
    schema: Schema = json.loads(package_schema("article"))
    required = [field.name for field in inventory.metadata.values() if field.required and complete]
    rules = {"required": MISSING_FIELD, "additionalProperties": UNDECLARED_FIELD}
    properties: Schema = {}
    for name, entry in schema["properties"].items():
        properties[name] = entry
        if name == "rights":
            properties["metadata"] = {
                "type": "object",
                "properties": {field.name: _value_schema(field) for field in inventory.metadata.values()},
                "required": required,
                "additionalProperties": False,
                "x-rules": rules,
            }
    schema["properties"] = properties
    if required:
        # Apart from the required fields of every article, whose rule is another one.
        schema["if"] = {"required": ["metadata"]}
        schema["else"] = {
            "required": ["metadata"],
            "properties": {"metadata": {"type": "object", "required": required}},
            "x-rules": {"required": MISSING_FIELD},
        }
    return schema


@lru_cache(maxsize=8)
def encode_article_schema(inventory: Inventory, complete: bool = True) -> str:
    """Return the JSON Schema of an article's metadata as the text that is committed.

    Without fields in the inventory, it is that of the package. See `make_article_schema`.
    """
    if not inventory.metadata:
        return package_schema("article")
    return json.dumps(make_article_schema(inventory, complete), indent=2, ensure_ascii=False) + "\n"
