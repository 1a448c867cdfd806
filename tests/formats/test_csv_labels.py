"""Tables of labels that are imported: those of an export, and those that people write with words for offsets."""

import csv
import io
import json
import shutil
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.model import GOLD, Annotation
from tests.conftest import Project

TEXT = "Anna waits at the pier. Anna sails from the Old Pier."


def write_table(project: Project, name: str, rows: Sequence[Sequence[Any]], delimiter: str = ",") -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    path = project.path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(file.getvalue())


@pytest.fixture
def pier(project: Project) -> Project:
    """A corpus with one more text, that nobody has labelled."""
    project.path("pier.txt").write_text(TEXT)
    assert project.annotate("add", "pier.txt").exit_code == 0
    return project


def take_in(project: Project, *words: str, folder: str = "tables") -> Result:
    return project.annotate("import", folder, "--format", "csv", "--report", "json", *words)


def findings(result: Result) -> list[tuple[str, str, int | None]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    counts = lines[-1]["lines"]
    assert counts["read"] == counts["taken"] + counts["left_out"] + counts["reported"], counts
    return [(line["code"], line["file"].rpartition("/")[2], line["line"]) for line in lines[:-1]]


def taken(project: Project, annotator: str = "anna", article_id: str = "pier") -> Annotation:
    return Corpus(project.path("corpus")).read_annotation(annotator, article_id)


def words_of(annotation: Annotation) -> list[tuple[str, str, int, str]]:
    return [(span.id, span.label, span.start, span.text) for span in annotation.spans]


def test_a_hand_made_table_with_quotes(pier: Project) -> None:
    rows = [
        ("article", "label", "quote", "occurrence", "id", "rank"),
        ("pier", "Speaker", "Anna", 2, "anna", "master"),
        ("", "", "", "", "", ""),
        ("pier", "Quay", "Old Pier", "", "", ""),
        ("pier", "Quay", "the pier", "", "old", ""),
    ]
    write_table(pier, "tables/spans.csv", rows)
    write_table(
        pier, "tables/relations.csv", [("article", "relation", "head", "tail"), ("pier", "lies_at", "old", "s1")]
    )
    result = take_in(pier, "--annotator", "anna")
    assert (result.exit_code, findings(result)) == (0, []), result.output
    annotation = taken(pier)
    assert words_of(annotation) == [
        ("old", "Quay", 14, "the pier"),
        ("anna", "Speaker", 24, "Anna"),
        ("s1", "Quay", 44, "Old Pier"),
    ]
    assert annotation.spans[1].attributes == {"rank": "master"}
    assert [(each.label, each.head, each.tail) for each in annotation.relations] == [("lies_at", "old", "s1")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("first", ["", "sep={}\r\n"])
def test_a_file_alone_in_any_dialect(pier: Project, separator: str, first: str) -> None:
    write_table(pier, "labels.csv", [("article", "label", "quote"), ("pier", "Quay", "Old Pier")], separator)
    data = "\ufeff" + first.format(separator) + pier.path("labels.csv").read_text()
    pier.path("labels.csv").write_text(data)
    result = take_in(pier, "--annotator", "anna", folder="labels.csv")
    assert (result.exit_code, findings(result)) == (0, []), result.output
    assert words_of(taken(pier)) == [("s1", "Quay", 44, "Old Pier")]


def test_labels_of_several_people_stay_apart(pier: Project) -> None:
    rows = [
        ("article", "annotator", "label", "quote", "id"),
        ("pier", "anna", "Quay", "Old Pier", "a"),
        ("pier", "ben", "Quay", "Old", "a"),
    ]
    write_table(pier, "tables/spans.csv", rows)
    assert take_in(pier).exit_code == 0
    assert [words_of(taken(pier, name))[0][3] for name in ("anna", "ben")] == ["Old Pier", "Old"]
    write_table(pier, "tables/relations.csv", [("article", "relation", "head", "tail"), ("pier", "lies_at", "a", "a")])
    result = take_in(pier)
    assert result.exit_code == 2
    assert "relations.csv, row 2: does not say whose labels of 'pier' it joins" in result.output


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        (("pier", "Speaker", "Anna", "", "", "", "", ""), "F210", "the text has 'Anna' 2 times"),
        (("pier", "Speaker", "Anna", "3", "", "", "", ""), "F210", "the text has 'Anna' 2 times, not 3"),
        (("pier", "Speaker", "Anna", "first", "", "", "", ""), "F201", "the occurrence 'first' is no number from 1"),
        (
            ("pier", "Speaker", "", "", "", "", "", ""),
            "F201",
            "a span needs its words, in a column quote, or its start",
        ),
        (("pier", "", "Anna", "1", "", "", "", ""), "F201", "a span needs a label"),
        (("pier", "Speaker", "Anna", "", "0", "", "", ""), "F201", "start '0' and end '' are not both whole numbers"),
        (("pier", "Speaker", "Anna", "", "1", "5", "", ""), "F202", "offsets read 'nna ', not 'Anna'"),
        (("pier", "Person", "Anna", "1", "", "", "", ""), "F205", "the map has no entry for spans of type 'Person'"),
        (("pier", "Speaker", "Anna", "1", "", "", "boss", ""), "F209", "'boss' is not a value of rank"),
        (("pier", "Speaker", "Anna", "1", "", "", "", "sure"), "F205", "the map has no entry for attribute 'comment'"),
        (
            ("peir", "Speaker", "Anna", "1", "", "", "", ""),
            "F116",
            "no article 'peir' in the corpus (did you mean 'pier'?)",
        ),
    ],
)
def test_each_fault_has_its_row(pier: Project, row: Sequence[str], code: str, message: str) -> None:
    columns = ("article", "label", "quote", "occurrence", "start", "end", "rank", "comment")
    good = ("pier", "Quay", "Old Pier", "", "", "", "", "")
    write_table(pier, "tables/spans.csv", [columns, good, row])
    result = take_in(pier, "--annotator", "anna")
    assert (result.exit_code, findings(result)) == (1, [(code, "spans.csv", 3)]), result.output
    assert message in result.output
    assert ("s1", "Quay", 44, "Old Pier") in words_of(taken(pier))


def test_faults_of_relations_have_their_own_rows(pier: Project) -> None:
    rows = [("article", "label", "quote", "id"), ("pier", "Quay", "Old Pier", "a"), ("pier", "Quay", "Pier", "b")]
    write_table(pier, "tables/spans.csv", rows)
    relations = [("article", "relation", "head", "tail"), ("pier", "lies_at", "a", "c"), ("pier", "", "a", "b")]
    write_table(pier, "tables/relations.csv", relations)
    result = take_in(pier, "--annotator", "anna")
    assert sorted(findings(result)) == [("F201", "relations.csv", 3), ("F207", "relations.csv", 2)], result.output


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"article,quote\npier,Anna\n", "spans.csv: column label is missing; the table needs article, label"),
        (b"article,label,label\npier,Quay,Quay\n", "spans.csv: has the column 'label' twice; rename or remove one"),
        (
            b"article,label,quote\npier,Quay\n",
            "spans.csv, row 2: has more or fewer cells than columns; correct the row",
        ),
        (b'article,label,quote\npier,Quay,"Old\n', "spans.csv: is not CSV: unexpected end of data (row 2)"),
        (b"article,label,quote,\npier,Quay,Old,x\n", "spans.csv, row 2: has 'x' in a column without a name; name the"),
        (b"\n,,\n", "spans.csv: is empty; the table needs article, label"),
        (b"article,label,quote\npier,Quay,Qu\xe9\n", "spans.csv: is not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(pier: Project, data: bytes, message: str) -> None:
    pier.path("tables").mkdir()
    pier.path("tables/spans.csv").write_bytes(data)
    result = take_in(pier, "--annotator", "anna")
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.splitlines()) == 1


def test_a_table_that_does_not_say_who_labelled_is_refused(pier: Project) -> None:
    write_table(pier, "tables/spans.csv", [("article", "label", "quote"), ("pier", "Quay", "Old Pier")])
    assert findings(take_in(pier)) == [("F107", "spans.csv", None)]


def test_other_tables_are_named(pier: Project) -> None:
    write_table(pier, "tables/spans.csv", [("article", "label", "quote"), ("pier", "Quay", "Old Pier")])
    for name in ("attributes.csv", "my-spans.csv", "notes.csv"):
        write_table(pier, f"tables/{name}", [("article",)])
    result = take_in(pier, "--annotator", "anna")
    assert sorted(findings(result)) == [
        ("F109", "attributes.csv", None),
        ("F109", "my-spans.csv", None),
        ("F110", "notes.csv", None),
    ]


@pytest.mark.parametrize("annotator", ["anna", GOLD])
@pytest.mark.parametrize("options", [(), ("--bom", "--separator", "semicolon")])
def test_an_export_comes_back(project: Project, annotator: str, options: tuple[str, ...]) -> None:
    result = project.annotate("export", "--format", "csv", "--out", "tables", "--annotator", annotator, *options)
    assert result.exit_code == 0, result.output
    folder = project.path(f"corpus/annotations/{annotator}")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    result = take_in(project)
    assert (result.exit_code, findings(result)) == (0, []), result.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert json.loads(take_in(project).stdout.splitlines()[-1])["texts"]["there already"] == len(before)


def test_an_export_of_another_text_is_refused(project: Project) -> None:
    assert project.annotate("export", "--format", "csv", "--out", "tables", "--annotator", "anna").exit_code == 0
    path = project.path("tables/articles.csv")
    hash_ = Corpus(project.path("corpus")).read_article("harbour").text_sha256
    path.write_text(path.read_text().replace(hash_, "0" * 64))
    result = take_in(project)
    assert [code for code, _, _ in findings(result)] == ["F103"]
    assert "has labels of another text of 'harbour'; export it again" in result.output
