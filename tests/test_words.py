"""What is not of its schema is said in words of our own, with what to do, and on its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.checks import files
from annotate.checks.lines import line_finder
from annotate.generate import annotation_schema
from annotate.inventory import load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, explain, package_schema
from annotate.schemas.messages import FORMS
from tests.conftest import BASE, Project

INDENTED = """{
  "a": [
    1,
    {"b": "}]\\"", "c":
      {"d": null}}
  ],
  "e": "x", "e":
    "y"
}
"""


@pytest.mark.parametrize(
    ("schema", "value", "said"),
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
        ({"pattern": "^[0-9a-z]$"}, "ab", "'ab' does not fit; write one digit or lower-case letter"),
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
def test_a_fault_says_what_is_wrong_and_what_to_do(schema: dict[str, Any], value: object, said: str) -> None:
    [fault] = explain(value, json.dumps(schema))
    assert f"{fault.message}; {fault.hint}" == said


def test_every_pattern_of_a_schema_has_words() -> None:
    def patterns(value: object) -> set[str]:
        if isinstance(value, dict):
            own = value.get("pattern")
            return ({own} if isinstance(own, str) else set()).union(*map(patterns, value.values()))
        return set().union(*map(patterns, value)) if isinstance(value, list) else set()

    schemas = [json.loads(package_schema(name)) for name in PACKAGE_SCHEMAS]
    assert patterns([*schemas, annotation_schema(load_inventory(BASE / "schema"))]) - {"S105"} == set(FORMS)


@pytest.mark.parametrize(
    ("path", "line"),
    [((), 1), (("a",), 2), (("a", 0), 3), (("a", 1), 4), (("a", 1, "c", "d"), 5), (("e",), 8), (("a", 7), 2)],
)
def test_a_value_of_json_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_finder("a.json", INDENTED.encode())(path) == line


@pytest.mark.parametrize(
    ("path", "line"), [((), 2), (("a",), 3), (("a", 1), 4), (("a", 1, "b"), 5), (("1",), 6), (("none",), 2)]
)
def test_a_value_of_yaml_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_finder("a.yaml", b"# x\na:\n- 1\n- c: 2\n  b: 3\n1: 4\n")(path) == line


@pytest.mark.parametrize(
    ("file", "data", "line", "said"),
    [
        ("a.json", b'{\n"a": 1,\n2}', 3, "is no JSON: object keys must be strings (byte 10); fix the syntax"),
        ("a.json", b'{\n"a": [1,\n', 3, "is no JSON: Input data was truncated; fix the syntax"),
        ("a.json", b'{"a": 1e999}', None, "is no JSON: Number out of range"),
        ("a.json", b"[" * 100_000, None, "is nested too deeply"),
        ("a.yaml", b"a: 1\na: 2\n", 2, "the key 'a' appears twice; fix the syntax"),
        ("a.yaml", b"a: [1,\n", 1, "expected the node content, but found '<stream end>'; fix the syntax"),
        ("annotators.yaml", b"# none\n", 1, "the whole file: is null; write an object with: annotators"),
        ("annotators.yaml", b"# one\nannotators: []\nannotator: 1\n", 3, "the whole file: 'annotator' does not belong"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_line(file: str, data: bytes, line: int | None, said: str) -> None:
    [finding] = files.parse_file(file, None, data, package_schema("annotators")).findings
    assert (finding.line, finding.message[: len(said)]) == (line, said)


def test_many_faults_have_their_lines(project: Project) -> None:
    path: Path = project.path("corpus/annotations/anna/market.json")
    value = json.loads(path.read_bytes())
    value["spans"] = [{**value["spans"][0], "id": f"s{number}", "start": "0"} for number in range(3000)]
    path.write_text(json.dumps(value, indent=1))
    lines = path.read_text().split("\n")
    found = json.loads(project.annotate("check", "--format", "json").output)
    faults = [entry for entry in found if entry["code"] == "S104"]
    assert len(faults) == 3000
    assert all(lines[entry["line"] - 1] == '   "start": "0",' for entry in faults)
