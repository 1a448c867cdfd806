"""Tables of metadata for an import."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from annotate.corpus import Corpus
from annotate.model import Article
from tests.conftest import Project
from tests.formats.conftest import take_in


@pytest.fixture
def pair(others: Path) -> Path:
    """Two texts, one in a folder below."""
    (others / "deep").mkdir()
    for name in ("Old Pier", "deep/pier"):
        (others / f"{name}.txt").write_text(f"{name} is closed.")
        (others / f"{name}.ann").write_text("")
    return others


def article(project: Project, article_id: str) -> Article:
    return Corpus(project.path("new")).read_article(article_id)


def findings(result: Result) -> list[tuple[str, int | None, str]]:
    lines = [json.loads(line) for line in result.stdout.splitlines()[:-1]]
    return [(line["code"], line["line"], line["message"]) for line in lines]


TABLES = {
    "m.csv": 'file,Title,date,publisher\nOld Pier.txt,"Pier, closed",2017-06,\n',
    "semicolons.csv": "\ufeffTitle;file;date\r\nPier, closed;Old Pier;2017-06\r\n\r\n",
    "m.tsv": "id\ttitle\tdate\nold-pier\tPier, closed\t2017-06\n",
    "m.json": '[{"file": "./Old Pier.txt", "title": "Pier, closed", "date": "2017-06", "author": null}]',
    "m.jsonl": '\n{"id": "Old Pier", "title": " Pier, closed ", "date": "2017-06"}\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_a_row_gives_an_article_its_metadata(project: Project, pair: Path, name: str) -> None:
    project.path(name).write_text(TABLES[name], "utf-8")
    result = take_in(project, "brat", "--metadata", name, "--publisher", "The paper")
    assert (result.exit_code, findings(result)) == (0, []), result.output
    pier = article(project, "old-pier")
    assert (pier.title, pier.date, pier.publisher, pier.author) == ("Pier, closed", "2017-06", "The paper", None)
    assert article(project, "deep-pier").title is None


@pytest.mark.parametrize("key", ["deep/pier.txt", "deep/pier", "pier.txt", "pier", "deep/pier.ann"])
def test_a_file_is_named_by_its_path_or_its_name(project: Project, pair: Path, key: str) -> None:
    project.path("m.csv").write_text(f"file,title\n{key},Pier\n")
    assert findings(take_in(project, "brat", "--metadata", "m.csv")) == []
    assert article(project, "deep-pier").title == "Pier"


def test_columns_and_rows_that_are_not_used_are_reported(project: Project, pair: Path) -> None:
    project.path("m.csv").write_text("file,title,Section\nOld Pier.txt,T,home\nnew pier.txt,T,home\n")
    result = take_in(project, "brat", "--metadata", "m.csv")
    assert result.exit_code == 1
    assert findings(result) == [
        ("F112", None, "the column 'Section' is no field of articles, and is left out; rename or remove it"),
        ("F111", 3, "no text of the import has the file 'new pier.txt'; correct the row, or remove it"),
    ]
    assert '"file": "m.csv"' in result.stdout


def test_two_rows_of_one_text_are_reported(project: Project, pair: Path) -> None:
    project.path("m.csv").write_text("id,file,title\nold-pier,,One\n,Old Pier.txt,Two\n,deep/pier.txt,Three\n")
    result = take_in(project, "brat", "--metadata", "m.csv")
    why = "the text with the file 'Old Pier.txt' is that of line 2; remove one of them"
    assert findings(result) == [("F111", 3, why)]
    assert article(project, "deep-pier").title == "Three"


@pytest.mark.parametrize(
    ("date", "says"),
    [
        (
            "45000",
            "a spreadsheet stores 2023-03-15 as 45000: give its column the format text",
        ),
        ("31/12/2024", "'31/12/2024' does not fit; write a year, a month or a day"),
        ("12/31/24", "if a spreadsheet shows it otherwise, give its column the format text"),
    ],
)
def test_dates_of_spreadsheets_are_one_line(project: Project, pair: Path, date: str, says: str) -> None:
    project.path("m.csv").write_text(f"\ufeffFile;Date\r\nOld Pier;{date}\r\n", "utf-8", newline="")
    result = take_in(project, "brat", "--metadata", "m.csv")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith("annotate: m.csv:2: date: ")
    assert says in result.output
    assert Corpus(project.path("new")).article_ids() == []


def test_a_row_is_for_one_article(project: Project, pair: Path) -> None:
    (pair / "pier.txt").write_text("Another.")
    (pair / "pier.ann").write_text("")
    project.path("m.csv").write_text("file,title\npier,Pier\n")
    result = take_in(project, "brat", "--metadata", "m.csv")
    assert findings(result) == [
        ("F111", 2, "the row was used for 'deep-pier', and 'pier' also has the file 'pier'; give the path")
    ]
    project.path("m.csv").write_text("file,title\npier.txt,One\ndeep/pier.txt,Two\n")
    assert findings(take_in(project, "brat", "--metadata", "m.csv", "--plan"))[0][0] != "F111"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("m.csv", "", "m.csv: is empty; write a row of names"),
        ("m.csv", "title,date\nT,2017\n", "m.csv:1: has no column id and no column file; "),
        ("m.csv", "file,title,TITLE\n", "m.csv:1: has the column 'title' twice; rename one of them"),
        (
            "m.csv",
            "file,title\na.txt,Pier, closed\n",
            "m.csv:2: has 3 cells, and there are 2 columns; put quotation marks",
        ),
        ("m.csv", "file,title\n,T\n", "m.csv:2: has no id and no file; "),
        ("m.csv", "file,title\na,T\nb,T\na,U\n", "m.csv:4: has the file 'a' of line 2; remove one of them"),
        ("m.csv", 'file,title\na,"Two\nlines"\n', "m.csv:2: title: "),
        ("m.csv", "file,date\na,3 May\n", "m.csv:2: date: '3 May' does not fit"),
        ("m.csv", "file,language\na,English\n", "m.csv:2: language: 'English' does not fit"),
        ("m.csv", 'file,title\na,"x"y\n', "m.csv:2: is not CSV: "),
        ("m.csv", 'file,title\na,"x\n', "m.csv:2: is not CSV: "),
        ("m.json", '{"a": {"title": "T"}}', "m.json: is not a table of metadata: "),
        ("m.json", "[[1]]", "m.json: is not a table of metadata: "),
        ("m.json", "[" * 5000, "m.json: is not a table of metadata: "),
        ("m.json", '[{"file": "a", "date": 2017}]', 'm.json:1: date is not text; write text such as "2017", or null'),
        ("m.json", '[{"file": "a", "title": "\\ud800"}]', "m.json"),
        ("m.jsonl", '{"file": "a"}\n{', "m.jsonl:2: is not a table of metadata: "),
        ("m.xlsx", "PK", "m.xlsx: is not a table of metadata; name one that ends in .csv, .tsv, .json or .jsonl"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_line(project: Project, pair: Path, name: str, text: str, says: str) -> None:
    project.path(name).write_text(text)
    before = project.snapshot()
    result = take_in(project, "brat", "--metadata", name)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith(f"annotate: {says}")
    assert project.snapshot() == before


def test_metadata_in_the_corpus_stay_unless_they_are_replaced(project: Project, pair: Path) -> None:
    assert take_in(project, "brat").exit_code == 0
    before = project.snapshot()
    project.path("m.csv").write_text("file,title\nOld Pier,Pier\n")
    result = take_in(project, "brat", "--metadata", "m.csv")
    assert (result.exit_code, findings(result)) == (
        0,
        [("F113", None, "the article in the corpus has another title, which stays; correct it with --replace")],
    )
    planned = take_in(project, "brat", "--metadata", "m.csv", "--replace", "--plan")
    assert findings(planned) == [("F114", None, "replaces the title of the article in the corpus")]
    assert project.snapshot() == {**before, "m.csv": b"file,title\nOld Pier,Pier\n"}
    assert take_in(project, "brat", "--metadata", "m.csv", "--replace").stdout == planned.stdout
    assert article(project, "old-pier").title == "Pier"
    assert findings(take_in(project, "brat", "--metadata", "m.csv")) == []
