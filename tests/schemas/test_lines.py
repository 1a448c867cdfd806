"""Findings in JSON and YAML files have their lines."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import files
from annotate.schemas import package_schema
from annotate.schemas.lines import find_id_lines, line_finder
from tests.conftest import Project
from tests.operations import LINEAR, CountedBytes

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


def find_id_line(data: bytes, id_: str) -> int | None:
    """The definition of the line of one id, which searches the file for it."""
    token = msgspec.json.encode(id_)
    offset = data.find(b'"id": ' + token)
    if offset < 0:
        offset = data.find(token)
    return data.count(b"\n", 0, offset) + 1 if offset >= 0 else None


PIECES = ('"id": ', '"s1"', '"s\\"1"', "s1", "\\", '\\"', '"', "\n", ": ", "id", "é", "\\\\", "", '"id":"s1"')
IDS = ("s1", 's"1', "s\\", ": ", "id", "é", "", '"', '\n"', "\\s1")


@given(st.lists(st.sampled_from(PIECES), max_size=24), st.sets(st.sampled_from(IDS) | st.text('s1"\\: \n', max_size=4)))
@settings(deadline=None)
def test_lines_of_many_ids_are_those_of_each(pieces: list[str], ids: set[str]) -> None:
    """This holds for anything that is like JSON, whatever strings have quotation marks and backslashes in them."""
    data = "".join(pieces).encode()
    lines = {id_: line for id_ in ids if (line := find_id_line(data, id_)) is not None}
    assert find_id_lines(data, ids) == lines


@pytest.mark.parametrize("key", ["id", "head", '\\"\\"\\"'])
def test_lines_of_ids_take_linear_time(key: str) -> None:
    def searched(size: int) -> int:
        data = CountedBytes(
            "".join(f'{{"{key}": "s{number}", "text": "a \\"b\\""}},\n' for number in range(size)).encode()
        )
        assert find_id_lines(data, {f"s{number}" for number in range(size)})[f"s{size - 1}"] == size
        return data.searched

    assert 0 < searched(2000) <= LINEAR * searched(1000)
