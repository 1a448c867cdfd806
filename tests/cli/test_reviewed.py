"""`annotate reviewed`: the version of labels that a person has read again."""

import pytest

from annotate.model import GOLD
from tests.conftest import Project


@pytest.fixture
def newer(project: Project) -> Project:
    """The made-up corpus, of which the inventory has a later version."""
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 2.0.0")
    return project


def versions(project: Project, annotator: str) -> dict[str, str]:
    ids = project.corpus.annotated_ids(annotator)
    return {name: project.corpus.read_annotation(annotator, name).inventory for name in ids}


@pytest.mark.parametrize("annotator", ["anna", GOLD])
def test_only_the_version_of_named_labels_changes(newer: Project, annotator: str) -> None:
    path = newer.path(f"corpus/annotations/{annotator}/harbour.json")
    before, files = path.read_text(), newer.snapshot()
    assert "was made with inventory 1.0.0" in newer.annotate("check").output
    result = newer.annotate("reviewed", "harbour", "harbour", "--annotator", annotator)
    assert (result.exit_code, result.output) == (0, "harbour: reviewed with 2.0.0, not 1.0.0\n")
    assert path.read_text() == before.replace('"inventory": "1.0.0"', '"inventory": "2.0.0"')
    after = newer.snapshot()
    assert [name for name in {*files, *after} if files.get(name) != after.get(name)] == [
        f"corpus/annotations/{annotator}/harbour.json"
    ]
    again = newer.annotate("reviewed", "harbour", "--annotator", annotator)
    assert (again.exit_code, again.output) == (0, "harbour: has version 2.0.0 already\n")
    assert newer.snapshot() == after


def test_nothing_is_written_if_labels_break_a_rule(newer: Project) -> None:
    newer.replace("corpus/annotations/anna/market.json", '"label": "Load"', '"label": "Cargo"')
    before = newer.snapshot()
    result = newer.annotate("reviewed", "harbour", "market", "--annotator", "anna")
    assert result.exit_code == 1
    first, last = result.output.splitlines()
    assert first.startswith("market: its labels do not follow the inventory: P201, ")
    assert last == "nothing was written"
    assert newer.snapshot() == before


def test_labels_of_a_later_version_are_left_alone(project: Project) -> None:
    project.replace("corpus/annotations/anna/harbour.json", '"inventory": "1.0.0"', '"inventory": "1.1.0"')
    result = project.annotate("reviewed", "harbour", "--annotator", "anna")
    message = "harbour: its labels were made with inventory 1.1.0, which is later than 1.0.0\nnothing was written\n"
    assert (result.exit_code, result.output) == (1, message)
    assert versions(project, "anna")["harbour"] == "1.1.0"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere", "--annotator", "anna"), "nowhere: has no labels by anna; name an article that the annotator"),
        (("../harbour", "--annotator", "anna"), "../harbour: has no labels by anna; name an article"),
        (("harbour", "--annotator", "nobody"), "has no labels by 'nobody'"),
        (("harbour",), "Missing option '--annotator'"),
        (("--annotator", "anna"), "Missing argument 'ARTICLE...'"),
    ],
)
def test_wrong_words_are_refused(newer: Project, words: tuple[str, ...], message: str) -> None:
    before = newer.snapshot()
    result = newer.annotate("reviewed", *words)
    assert result.exit_code == 2
    assert message in result.output
    assert newer.snapshot() == before
