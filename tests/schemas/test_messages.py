"""The errors of a JSON Schema say what is wrong and what to do."""

import json
from typing import Any

import pytest

from annotate import schemas
from annotate.annotation_schema import make_annotation_schema
from annotate.inventory import load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, explain, messages, package_schema
from annotate.schemas.messages import FORMS
from annotate.schemas.patterns import END
from tests.conftest import BASE
from tests.operations import LINEAR


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer", "minimum": 0}, "5", "'5' is text; write a whole number of at least 0"),
        ({"type": "integer"}, 1.5, "1.5 is a number; write a whole number"),
        ({"type": ["string", "null"]}, [], "[] is a list; write text or null"),
        ({"type": "object", "required": ["a", "b"]}, None, "is null; write an object with: a, b"),
        ({"type": "array"}, True, "is true; write a list"),
        ({"enum": ["Source", "Cue"]}, "Claim", "'Claim' is unknown; use one of: Source, Cue"),
        ({"enum": []}, "Claim", "'Claim' is unknown; remove it"),
        ({"const": True}, False, "false is not allowed; write true"),
        ({"required": ["a"]}, {}, "'a' is missing; add it"),
        ({"required": ["b", "a"], "properties": {"a": {"type": "array"}}}, {"b": 1}, "'a' is missing; add it, a list"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1, "b": 2},
            "'b' does not belong here; remove it",
        ),
        (
            {"properties": {"a": {}, "c": {}}, "additionalProperties": False},
            {"b": 2, "d": 1},
            "'b', 'd' do not belong here; remove them, or use one of: a, c",
        ),
        ({"type": "integer", "minimum": 0}, -5, "-5 is less than 0; write a whole number of at least 0"),
        (
            {"type": "number", "minimum": 0, "maximum": 1},
            2,
            "2 is more than 1; write a number of at least 0 and at most 1",
        ),
        (
            {"pattern": rf"^[0-9a-z]{END}"},
            "ab",
            "'ab' does not fit; write one digit or lower-case letter in quotes, as in \"1\"",
        ),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, 5, "5 does not fit; write null or text"),
        (
            {
                "oneOf": [
                    {"type": "null"},
                    {"type": "object", "properties": {"to": {"enum": ["note", "ids"]}}, "required": ["to"]},
                    {
                        "type": "object",
                        "properties": {"to": {"const": "attribute"}, "attribute": {"type": "string"}},
                        "required": ["to", "attribute"],
                    },
                ]
            },
            {"attribute": "a"},
            "{'attribute': 'a'} does not fit; write null, {to: note or ids} or {to: attribute, attribute: …}",
        ),
        (
            {"oneOf": [{"required": ["count"]}, {"required": ["minimum", "maximum"]}]},
            {},
            "{} does not fit; write count or minimum and maximum",
        ),
        ({"pattern": "^z$"}, "ab", "'ab' does not fit; write what matches ^z$"),
        ({"minLength": 1}, "", "is empty; fill it in"),
        ({"maxLength": 2}, "abc", "has 3 characters; write 2 at most"),
        ({"minItems": 2}, ["a"], "has 1 entry; give at least 2"),
        ({"uniqueItems": True}, ["a", "b", "a"], "has 'a' twice; keep each entry once"),
        ({"propertyNames": {"minLength": 1}}, {"": 1}, "is empty; fill it in"),
        ({"type": "integer"}, "x" * 100, f"'{'x' * 59}…' is text; write a whole number"),
        ({"multipleOf": 2}, 3, "3 is not a multiple of 2; fix it after its JSON Schema"),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_to_do(schema: dict[str, Any], value: object, message: str) -> None:
    [fault] = explain(value, json.dumps(schema))
    assert f"{fault.message}; {fault.hint}" == message


@pytest.mark.parametrize("where", ["value", "key"])
@pytest.mark.parametrize("value", ["Ghost", 3, None])
def test_a_long_enum_is_explained_as_a_short_one(where: str, value: object) -> None:
    """The validator does not see a long one as an `enum`; see `replace_long_enums`."""
    explained = []
    for number in (messages.LONG_ENUM, messages.LONG_ENUM + 1):
        names = {"type": "string", "enum": [f"L{index}" for index in range(number)], "x-rules": {"enum": "P203"}}
        schema = {"items": {"propertyNames": names} if where == "key" else {"properties": {"label": names}}}
        entry = {str(value): 1} if where == "key" else {"label": value}
        explained.append(list(explain([{}, entry], json.dumps(schema))))
    short, long = explained
    assert [fault._replace(hint=fault.hint.replace("(21 more)", "(20 more)")) for fault in long] == short
    assert "P203" in [fault.rule for fault in short]


def test_errors_do_not_hold_all_values_of_a_long_enum() -> None:
    """Regression: with as many unknown labels as known ones, time and memory grew by the square of their number."""

    def measure_errors(number: int) -> int:
        schema = {"items": {"enum": [f"L{index}" for index in range(number)]}}
        validator, _ = schemas.compile_schema(json.dumps(schema))
        values = [f"M{index}" for index in range(number)]
        return sum(
            len(error.message) + len(getattr(error.kind, "options", ())) for error in validator.iter_errors(values)
        )

    assert measure_errors(2000) <= LINEAR * measure_errors(1000)


def test_every_pattern_of_a_schema_has_words() -> None:
    def patterns(value: object) -> set[str]:
        if isinstance(value, dict):
            own = value.get("pattern")
            return ({own} if isinstance(own, str) else set()).union(*map(patterns, value.values()))
        return set().union(*map(patterns, value)) if isinstance(value, list) else set()

    schemas = [json.loads(package_schema(name)) for name in (*PACKAGE_SCHEMAS, "citation")]
    assert patterns([*schemas, make_annotation_schema(load_inventory(BASE / "schema"))]) - {"S105"} == set(FORMS)
