"""A pattern matches whole values, in both validators and in code."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from annotate.annotation_schema import make_annotation_schema
from annotate.inventory import load_inventory
from annotate.schemas import PACKAGE_SCHEMAS, package_schema
from annotate.schemas.patterns import END, FILE_NAME, NAMES_WITH_SLASH, PROSE, SINGLE_LINE, TIME, TRIMMED_LINE
from annotate.util.escape import has_unseen
from tests.conftest import BASE, ROOT, Project
from tests.regex_steps import find_slow_pump

UNSEEN = [chr(code) for code in range(0x2100) if has_unseen(chr(code))]
VALID = [
    *("a", "a-b", "ab", "en", "en-GB", "0.1.0", "0" * 64, "2017-06-30", "#336699", "labels/a.md", "x y", "a/b"),
    *("P401", "Load@0-12", "original", "extended|a/b", "2017-06-30T12:00:00Z"),
    *("naïve “quotes”", "Ж", "a\u00a0b", "𐐀"),
]


def find_patterns(value: Any) -> Iterator[str]:
    """Yield the patterns of a schema."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str) and "x-rules" not in value.get("pattern", ""):
            yield value["pattern"]
        for key, inner in value.items():
            yield from find_patterns(inner) if key != "x-rules" else ()
    elif isinstance(value, list):
        for inner in value:
            yield from find_patterns(inner)


PATTERNS = sorted(
    {
        *find_patterns([json.loads(package_schema(name)) for name in PACKAGE_SCHEMAS]),
        *find_patterns(make_annotation_schema(load_inventory(BASE / "schema"))),
    }
)


def verdicts(pattern: str, value: str) -> tuple[bool, bool, bool]:
    """Return whether a value matches, to `jsonschema-rs`, to `jsonschema` and to `fullmatch`."""
    schema = {"pattern": pattern}
    return (
        jsonschema_rs.Draft202012Validator(schema).is_valid(value),
        Draft202012Validator(schema).is_valid(value),
        re.fullmatch(pattern, value) is not None,
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_all_engines_match_whole_values(pattern: str) -> None:
    matching = [value for value in VALID if verdicts(pattern, value) == (True, True, True)]
    assert matching, "a value that the pattern matches is needed here"
    for value in matching:
        allowed = pattern == PROSE
        assert verdicts(pattern, f"{value}\n") == (allowed,) * 3
        assert verdicts(pattern, f"{value}\n\n## x") == (allowed,) * 3
        for character in UNSEEN:
            for spoilt in (f"{value}{character}", f"{character}{value}", f"{value}{character}{value}"):
                assert verdicts(pattern, spoilt) == (allowed and character in "\t\n",) * 3, (pattern, spoilt)
    for value in VALID:
        assert len(set(verdicts(pattern, value))) == 1, value


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern_of_a_schema_takes_linear_time(pattern: str) -> None:
    assert find_slow_pump(pattern) is None


def test_the_named_patterns_are_those_of_the_schemas() -> None:
    assert {FILE_NAME, NAMES_WITH_SLASH, PROSE, SINGLE_LINE, TIME, TRIMMED_LINE} <= set(PATTERNS)
    assert [pattern for pattern in PATTERNS if not pattern.endswith(END) and pattern != PROSE] == []


def find_strings(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the schemas of text, and of names of properties that are not fixed."""
    if isinstance(value, dict):
        types = value.get("type", [])
        if "string" in ([types] if isinstance(types, str) else types):
            yield path, value
        if isinstance(value.get("additionalProperties"), dict) and "propertyNames" not in value:
            yield f"{path}.*", {}
        for key, inner in value.items():
            yield from find_strings(inner, f"{path}.{key}") if key != "x-rules" else ()
    elif isinstance(value, list):
        for inner in value:
            yield from find_strings(inner, f"{path}[]")


_ANY = "additionalProperties"
_DIFFERENCE = {
    f"adjudication.properties.{field}.items.properties.{path}"
    for field in ("differences", "earlier")
    for path in ("key", "words", "versions.additionalProperties.items", f"set.{_ANY}.{_ANY}")
}
QUOTATIONS_AND_NAMES_OF_OTHERS = {
    *_DIFFERENCE,  # quoted from texts and annotations, or refused by name
    "adjudication.properties.added_spans.items.properties.attributes.additionalProperties",  # a value, or refused
    "coverage.properties.sentences.items.properties.text",
    "coverage.properties.sentences.items.properties.has.*",  # a label, or C202
    "links.properties.links.items.properties.passages.items.properties.text",
    *(  # expressions, which must compile
        "inventory.properties.attributes.additionalProperties.allOf[].then.properties.values.additionalProperties"
        f".properties.words.properties.{key}"
        for key in ("imply", "exclude", "require")
    ),
    "release.properties.agreement.properties.labels.*",  # a label, or V306
    "release.properties.agreement.properties.attributes.*",  # an attribute, or V303
}


@pytest.mark.parametrize("name", [name for name in PACKAGE_SCHEMAS if name not in ("import-map", "migration")])
def test_all_text_of_a_corpus_has_a_pattern(name: str) -> None:
    """Text without a pattern repeats an article, or must be a name of the inventory."""
    without = {path for path, schema in find_strings(json.loads(package_schema(name)), name) if "pattern" not in schema}
    assert without <= QUOTATIONS_AND_NAMES_OF_OTHERS


def test_no_expression_in_code_ends_before_a_last_line_end() -> None:
    """Where a `$` would be the end of a value, `fullmatch` or \\Z is."""
    for path in sorted((ROOT / "annotate").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if not isinstance(node.func.value, ast.Name) or node.func.value.id != "re":
                continue
            parts = [part for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            text = "".join(part.value for part in parts if isinstance(part.value, str))
            options = ast.dump(ast.Tuple([*node.args[1:], *(keyword.value for keyword in node.keywords)], ast.Load()))
            ends = re.findall(r"(?<!\\)\$", re.sub(r"\[(\\.|[^\]])*\]", "", text))
            assert not ends or "MULTILINE" in options, f"{path}:{node.lineno}: {text}"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("corpus/articles/harbour.json", '"language": "en"', '"language": "en\\n"'),
        ("corpus/articles/harbour.json", '"id": "harbour"', '"id": "harbour\\n"'),
        ("corpus/annotations/anna/harbour.json", '"id": "s1"', '"id": "s1\\n"'),
        ("corpus/annotations/anna/harbour.json", '"annotator": "anna"', '"annotator": "anna\\n"'),
        ("corpus/annotations/anna/harbour.json", '"inventory": "1.0.0"', '"inventory": "1.0.0\\n"'),
        ("corpus/coverage/harbour.json", '"article": "harbour"', '"article": "harbour\\n"'),
        ("corpus/links.json", '"article": "harbour"', '"article": "harbour\\n"'),
        ("corpus/sources/port.txt.json", '"file": "port.txt"', '"file": "port.txt\\n"'),
    ],
)
def test_check_finds_a_final_line_end(project: Project, file: str, old: str, new: str) -> None:
    text = project.path(file).read_text("utf-8")
    assert (old in text) or "inventory" in old
    if old not in text:
        version = re.search(r'"inventory": "([^"]+)"', text)
        assert version
        old, new = version[0], f'"inventory": "{version[1]}\\n"'
    project.replace(file, old, new)
    result = project.annotate("check")
    assert result.exit_code == 1
    assert re.search(rf"{re.escape(file)}:\d+: S10[45] ", result.output), result.output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: ", 'version: "1.0.0\\n" #'),
        ("language: en", 'language: "en\\n"'),
        ("title: Port news", 'title: "Port news\\n"'),
        ("title: Port news", 'title: "Port\\x1b[2J news"'),
        ("title: Port news", 'title: "Port \\u202e news"'),
        ("about: ", 'about: "a\\x9b" #'),
        ("    definition: ", '    definition: "a\\x08" #'),
    ],
)
def test_an_inventory_has_no_final_line_end_and_no_control_characters(project: Project, old: str, new: str) -> None:
    project.replace("schema/labels.yaml", old, new)
    result = project.annotate("check")
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "does not fit; write " in result.output
