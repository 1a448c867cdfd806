"""An import that is repeated with other labels: what is replaced, what is refused, and what is said."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.model import GOLD
from tests.conftest import Project
from tests.formats.conftest import take_in as take_in_as
from tests.formats.conftest import taken

TEXT = "Anna waits. Ben waits at the Old Pier."
FIRST = "T1\tPER 0 4\tAnna\nT2\tPER 12 15\tBen\nA1\trole T2 boss\nT3\tLOC 29 37\tOld Pier\n"
SECOND = "T1\tPER 0 4\tAnna\nT5\tPER 12 15\tBen\nT3\tLOC 29 37\tOld Pier\n"


@pytest.fixture
def report(project: Project, others: Path) -> Path:
    """A text whose labels were imported, and are now others in its file; the corpus also has labels by ben."""
    (others / "report.txt").write_text(TEXT)
    labels = others / "report.ann"
    labels.write_text(FIRST)
    assert take_in(project).exit_code == 0
    assert take_in(project, "--annotator", "ben").exit_code == 0
    labels.write_text(SECOND)
    return labels


def take_in(project: Project, *words: str) -> Result:
    if "--annotator" in words:
        options = ["--corpus", "new", "--map", "map.yaml", "--report", "json"]
        return project.annotate("import", "others", "--format", "brat", *options, *words)
    return take_in_as(project, "brat", *words)


def messages(result: Result) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()[:-1]]
    return [(line["code"], line["message"]) for line in lines]


def test_other_labels_are_refused_unless_they_are_replaced(project: Project, report: Path) -> None:
    before = project.snapshot()
    refused = take_in(project)
    assert messages(refused) == [
        (
            "F104",
            "other labels of it by anna are in the corpus already; replace them with --replace, or name another "
            "annotator",
        )
    ]
    planned = take_in(project, "--replace", "--plan")
    assert project.snapshot() == before
    assert messages(planned) == [("F114", "replaces labels by anna: spans: 1 changed (changed: Speaker 'Ben' at 12)")]
    replaced = take_in(project, "--replace")
    assert (replaced.exit_code, replaced.stdout) == (0, planned.stdout)
    assert json.loads(replaced.stdout.splitlines()[-1])["texts"] == {
        "new": 0, "there already": 0, "replaced": 1, "refused": 0,
    }  # fmt: skip
    after = project.snapshot()
    assert {name for name in after if after[name] != before.get(name)} == {"new/annotations/anna/report.json"}
    assert messages(take_in(project)) == []
    words = ["--format", "brat", "--annotator", "anna", "--corpus", "new", "--map", "map.yaml"]
    report.write_text(FIRST)
    shown = project.annotate("import", "others", *words, "--replace").stdout
    assert "1 text: 0 new, 0 there already, 1 replaced, 0 refused." in shown


def test_labels_are_not_replaced_by_nothing_or_on_another_text(project: Project, report: Path) -> None:
    before = project.snapshot()
    report.write_text("T1\tGHOST 0 4\tAnna\n")
    assert [code for code, _ in messages(take_in(project, "--replace"))] == ["F205"]
    report.write_text(SECOND)
    report.with_suffix(".txt").write_text(f"{TEXT} Again.")
    ((code, message),) = messages(take_in(project, "--replace"))
    assert (code, message.partition(";")[0]) == (
        "F104",
        "another article with the id 'report' is in the corpus already",
    )
    corpus = {name: data for name, data in project.snapshot().items() if name.startswith("new/")}
    assert corpus == {name: data for name, data in before.items() if name.startswith("new/")}


def test_gold_and_what_was_adjudicated_stay(project: Project, report: Path) -> None:
    corpus = Corpus(project.path("new"))
    gold = msgspec.structs.replace(
        taken(project, "report"), annotator=GOLD, process="adjudicated", made_from=("anna", "ben")
    )
    corpus.write_annotation(GOLD, gold)
    result = take_in(project, "--annotator", "gold", "--replace")
    assert (result.exit_code, "gold comes from adjudication; name another" in result.output) == (2, True)
    ((_, message),) = messages(take_in(project, "--replace", "--plan"))
    assert message.endswith("; gold was made from them, adjudicate it again")
    corpus.write_annotation("anna", msgspec.structs.replace(gold, annotator="anna"))
    ((code, message),) = messages(take_in(project, "--replace"))
    assert (code, "in the corpus were adjudicated; name another annotator" in message) == ("F104", True)


@pytest.mark.parametrize("line", ["T9\tGhost 2 6\tAnna\n", "R9\tNear Arg1:T1 Arg2:T77\n"])
def test_labels_are_not_replaced_by_a_part_of_others(project: Project, report: Path, line: str) -> None:
    """What the line says was lost, with what it was to replace."""
    with (report.parent / "report.ann").open("a") as file:
        file.write(line)
    before = project.snapshot()
    refused = take_in(project, "--replace")
    assert refused.exit_code == 1
    (code, message), reported = messages(refused)
    assert (reported[0] in ("F205", "F207"), code) == (True, "F104")
    assert message.startswith(
        "other labels of it by anna are in the corpus already, and would be replaced by a part (1 of "
    )
    assert message.endswith(" not taken); correct what is reported, or replace them with --replace-incomplete")
    assert project.snapshot() == before
    replaced = take_in(project, "--replace-incomplete")
    assert sorted(code for code, _ in messages(replaced)) == ["F114", reported[0]]
    assert project.snapshot() != before


def test_labels_that_cannot_be_read_are_not_replaced(project: Project, report: Path) -> None:
    project.path("new/annotations/anna/report.json").write_text("{")
    ((code, message),) = messages(take_in(project, "--replace"))
    assert (code, message.endswith("cannot be read; correct or remove that file")) == ("F104", True)


WRONG_TEXT = f"Café. {TEXT}"
WRONG = "T1\tPER 6 10\tAnna\nT2\tPER 19 22\tBen\n"
"""The offsets of the second line count bytes."""


def test_fix_works_after_a_refusal(project: Project, others: Path) -> None:
    """Regression: the lines that were taken at first were other labels than those that --fix takes."""
    (others / "report.txt").write_text(WRONG_TEXT, "utf-8")
    (others / "report.ann").write_text(WRONG)
    assert [code for code, _ in messages(take_in(project))] == ["F202"]
    assert [span.text for span in taken(project, "report").spans] == ["Anna"]
    result = take_in(project, "--fix")
    assert result.exit_code == 0, result.output
    assert sorted(messages(result)) == [
        ("F114", "replaces labels by anna: spans: 1 added"),
        ("F203", "the offsets of 'Ben' were corrected (diagnosis: bytes of UTF-8)"),
    ]
    assert [span.text for span in taken(project, "report").spans] == ["Anna", "Ben"]


def test_fix_does_not_replace_labels_that_were_changed_since(project: Project, others: Path) -> None:
    (others / "report.txt").write_text(WRONG_TEXT, "utf-8")
    (others / "report.ann").write_text(WRONG)
    take_in(project)
    old = taken(project, "report")
    note = msgspec.structs.replace(old.spans[0], note="checked")
    Corpus(project.path("new")).write_annotation("anna", msgspec.structs.replace(old, spans=(note,)))
    assert sorted(code for code, _ in messages(take_in(project, "--fix"))) == ["F104"]
    assert taken(project, "report").spans[0].note == "checked"
    assert sorted(code for code, _ in messages(take_in(project, "--fix", "--replace"))) == ["F114", "F203"]
