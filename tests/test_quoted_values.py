"""Values of strangers are cut before they are put into a message."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.class_ids import load_class_ids
from annotate.errors import CannotRun
from annotate.inventory import Attribute
from annotate.schemas import explain
from annotate.util.suggestions import list_choices
from tests.conftest import ROOT, Project
from tests.hostile import list_fields, make_project, put

PACKAGE = ROOT / "annotate"
OUR_OWN = {
    "__init__.py __name__",  # the errors of a library
    "__init__.py name",
    "dataset/card_loading.py feature['names'][row[name]]",  # Python code in a card, which must be complete
    "dataset/card_splits.py fold.first",
    "dataset/load.py self.name",  # the `repr` of an object
    "dataset/load.py self.splits",
    "dataset/writer.py self.file",  # names of our own files
    "formats/ledger.py relation.note",
    "formats/ledger.py span.note",
    "formats/ledger.py value",
    "util/files.py path",
    "util/files.py root",
}
"""Values in full: file and expression."""
LONGEST_LINE = 1_500
"""Characters of a line: a message may show several values, each cut."""


def find_whole_values() -> Iterator[str]:
    """Yield the expressions whose `repr` is formatted as it is, with the file of each."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FormattedValue) or node.conversion != ord("r"):
                continue
            if not isinstance(node.value, ast.Subscript) or not isinstance(node.value.slice, ast.Slice):
                yield f"{path.relative_to(PACKAGE).as_posix()} {ast.unparse(node.value)}"


def test_no_value_is_formatted_in_full() -> None:
    """`quote` of `annotate.util.escape` cuts a value; `annotate.tokens`, which is below it, takes a slice."""
    assert set(find_whole_values()) == OUR_OWN


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("quoted") / "project")


def test_no_line_repeats_a_long_value(project: Project) -> None:
    before = project.snapshot()
    long_lines = []
    for field in list_fields(project):
        put(project, {field: "x" * 50_000})
        result = project.annotate("check")
        assert result.exception is None or isinstance(result.exception, SystemExit), (field.name, result.exception)
        assert result.exit_code != 2 or result.stderr.count("\n") == 1, field.name
        long_lines += [(field.name, line[:300]) for line in result.output.split("\n") if len(line) > LONGEST_LINE]
        project.path(field.file).write_bytes(before[field.file])
    assert long_lines == [], "\n".join(f"{name}: {line[:110]}" for name, line in long_lines)


def test_names_to_choose_from_are_cut() -> None:
    names = [f"n{number}" for number in range(5_000)]
    assert list_choices(names[:3]) == "n0, n1, n2"
    assert list_choices(names).endswith("n28, n29 … (4,970 more)")
    assert list_choices(["x" * 100_000, "y"]) == f"{'x' * 59}…, y"


class CountedNames(dict[str, str]):
    """Names that count how many of them are listed."""

    listed = 0

    def __iter__(self) -> Iterator[str]:
        for name in super().__iter__():
            CountedNames.listed += 1
            yield name


def test_hint_of_a_value_does_not_list_all_values() -> None:
    names = CountedNames({f"n{number}": "A value." for number in range(5_000)})
    attribute = Attribute(name="a", labels=("L",), type="choice", required=True, definition="A.", values=names)
    assert "4,970 more" in attribute.value_hint
    assert CountedNames.listed <= 31


def test_fault_of_an_unknown_value_lists_some() -> None:
    schema = json.dumps({"enum": [f"n{number}" for number in range(5_000)]})
    (fault,) = explain("x" * 100_000, schema)
    assert len(fault.message) < 300
    assert len(fault.hint) < 300


def test_location_of_a_fault_cuts_long_keys() -> None:
    (fault,) = explain({"k" * 100_000: 1}, json.dumps({"additionalProperties": {"type": "string"}}))
    assert len(fault.location) <= 101


def test_repeated_class_is_named(tmp_path: Path) -> None:
    (tmp_path / "classes.json").write_text(
        json.dumps({"spans": ["A", "B", "A"], "layers": {}, "relations": [], "attributes": {}})
    )
    with pytest.raises(CannotRun, match="'A' appears twice"):
        load_class_ids(tmp_path)
