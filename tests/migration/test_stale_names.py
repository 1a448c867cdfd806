"""Lines that name an old label, in files that anybody may have written."""

from pathlib import Path

import pytest

from annotate.migration.stale_names import StaleName, find_stale_names
from annotate.migration.yaml_edits import YamlDocument

DECISIONS = Path("corpus/adjudication/harbour.yaml")


def list_stale(text: str) -> list[StaleName]:
    return list(find_stale_names([(DECISIONS, text)], ["Cargo"], []))


def test_reasons_are_listed_in_the_order_of_the_file() -> None:
    text = "differences:\n- {note: Cargo, reason: It is Cargo.}\n- reason: Not so.\n  versions: {reason: Cargo}\n"
    assert [(stale.line, stale.name) for stale in list_stale(text)] == [(2, "Cargo"), (4, "Cargo")]


def test_part_that_aliases_repeat_is_looked_at_once() -> None:
    bomb = "a0: &a0 {reason: Cargo}\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 25)
    )
    assert [stale.line for stale in list_stale(bomb)] == [1]


@pytest.mark.parametrize("text", ["[" * 100_000, "a: b: c\nCargo", "- " * 20_000])
def test_file_that_is_not_yaml_is_looked_at_line_by_line(text: str) -> None:
    assert len(list_stale(text)) == text.count("Cargo")


@pytest.mark.parametrize("text", ["[" * 100_000, "a: b: c\nCargo", "- " * 20_000, "a: *b"])
def test_document_that_is_not_yaml_has_a_clear_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"\Ais not YAML: [^\n]{1,210}\Z"):
        YamlDocument(text)
