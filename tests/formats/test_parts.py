"""Parts of an export: their bounds, and that they join to the files of an export in one part."""

import json
from pathlib import Path

import pytest

from annotate.formats import CSV, FORMATS, load_format, parts
from annotate.formats.csv_tables import export_tables
from annotate.formats.document import Item, LabelledArticle, RawDocument
from annotate.formats.export import DocumentReader, export_documents
from annotate.formats.parts import append_file, cut_parts
from annotate.inventory import load_inventory
from tests.agreement.helpers import annotation, span
from tests.conftest import BASE, Project
from tests.copies import add_copies
from tests.formats.conftest import give
from tests.graphs import make_article
from tests.operations import LINEAR, count_calls

ARTICLES = 7


@pytest.fixture
def copies(project: Project) -> Project:
    """A project with several copies of its gold, whose numbers differ."""
    add_copies(project, ARTICLES - 2)
    return project


def list_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")}


def name_items(raw: RawDocument) -> tuple[str, bytes, tuple[Item, ...]]:
    return raw.article_id, raw.data, raw.items


def test_parts_are_bounded_in_articles_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ARTICLES", 3)
    monkeypatch.setattr(parts, "MOST_BYTES", 10)

    def cut(*sizes: int) -> list[list[int]]:
        names = [f"{index}" for index in range(len(sizes))]
        cut = list(cut_parts(Path("out"), names, lambda name: sizes[int(name)]))
        assert [part.folder.name for part in cut] == [f"part-{number:06}" for number in range(len(cut))]
        assert [name for part in cut for name in part.article_ids] == names
        return [[sizes[int(name)] for name in part.article_ids] for part in cut]

    assert cut() == []
    assert cut(1, 1, 1, 1) == [[1, 1, 1], [1]]
    assert cut(5, 5, 1, 99, 2, 99) == [[5, 5], [1], [99], [2], [99]]


@pytest.mark.parametrize(
    ("format_", "options"), [*((name, ()) for name in (*FORMATS, CSV)), (CSV, ("--bom", "--separator", "semicolon"))]
)
def test_parts_join_to_the_files_of_one(
    copies: Project, monkeypatch: pytest.MonkeyPatch, format_: str, options: tuple[str, ...]
) -> None:
    command = ("export", "--format", format_, *options)
    assert copies.annotate(*command, "--out", "whole").exit_code == 0
    monkeypatch.setattr(parts, "MOST_ARTICLES", 3)
    assert copies.annotate(*command, "--out", "joined").exit_code == 0
    whole, joined = list_files(copies.path("whole")), list_files(copies.path("joined"))
    assert json.loads(whole["certificate.json"])["documents"] == ARTICLES
    if format_ != "docbin":
        assert joined == whole
        return
    assert joined.keys() - whole.keys() == {"000001.spacy", "000002.spacy"}
    assert joined["certificate.json"] == whole["certificate.json"]
    read = load_format(format_).read
    labels = copies.inventory
    assert list(map(name_items, read(copies.path("joined"), labels))) == list(
        map(name_items, read(copies.path("whole"), labels))
    )


@pytest.mark.parametrize("format_", ["brat", CSV])
def test_the_number_of_processes_changes_nothing(
    copies: Project, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setattr(parts, "MOST_ARTICLES", 1)
    folders = []
    for cores in (1, 3):
        monkeypatch.setattr("annotate.formats.export.count_cores", lambda cores=cores: cores)
        folders.append(copies.path(f"out-{cores}"))
        assert copies.annotate("export", "--format", format_, "--out", str(folders[-1])).exit_code == 0
    assert list_files(folders[0]) == list_files(folders[1])


def test_what_a_process_refuses_leaves_nothing(copies: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ARTICLES", 1)
    monkeypatch.setattr("annotate.formats.export.count_cores", lambda: 2)
    copies.replace("corpus/annotations/gold/harbour-3.json", '"Load"', '"Lode"')
    result = copies.annotate("export", "--format", "brat", "--out", "out")
    assert result.exit_code == 2
    assert "annotations of harbour-3 by anna: span s4 has the unknown label 'Lode'" in result.output
    assert not copies.path("out").exists()
    assert [*copies.root.rglob("*out*"), *copies.root.rglob("part-*")] == []


def test_a_missing_text_is_named(copies: Project) -> None:
    copies.path("corpus/articles/harbour-1.txt").unlink()
    result = copies.annotate("export", "--format", "brat", "--out", "out")
    assert result.exit_code == 2
    assert "corpus/articles/harbour-1.txt: no such file or directory" in result.output
    assert not copies.path("out").exists()


def test_appending_skips_the_line_that_each_file_has(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    for number in range(3):
        part = tmp_path / f"{number}"
        part.mkdir()
        (part / "a.csv").write_bytes(b"\xef\xbb\xbfx\r\n%d\r\n" % number)
        append_file(whole, part, "a.csv", skips_first_line=True)
        assert list(part.iterdir()) == []
    assert (whole / "a.csv").read_bytes() == b"\xef\xbb\xbfx\r\n0\r\n1\r\n2\r\n"


@pytest.mark.parametrize("format_", [*FORMATS, CSV])
def test_an_export_is_linear_in_the_number_of_articles(project: Project, format_: str) -> None:
    command = ("export", "--format", format_)
    assert project.annotate(*command, "--out", "first").exit_code == 0  # all is imported
    calls = list[int]()
    for number in (30, 60):
        add_copies(project, number)
        calls.append(count_calls(lambda number=number: project.annotate(*command, "--out", f"out-{number}")))  # type: ignore[misc]
        assert len(project.corpus.annotated_ids("gold")) == 2 + number
    assert calls[0] < calls[1] <= LINEAR * calls[0]


@pytest.mark.parametrize("format_", [*FORMATS, CSV])
def test_an_export_is_linear_in_the_labels_of_an_article(tmp_path: Path, format_: str) -> None:
    """Spans within each other, coinciding ones and a chain of relations."""
    labels = load_inventory(BASE / "schema")
    calls = list[int]()
    for number in (100, 200):
        text = ("Anna said so. " * number).strip()
        spans = [
            span(f"s{index}", "Words", start, len(text) - 1 - start, text)
            for index, start in enumerate(range(0, 7 * number, 14))
        ]
        verbs = [span(f"v{index}", "Verb", 14 * index + 5, 14 * index + 9, text) for index in range(number)]
        chain = [("words", verb.id, spans[index // 2].id) for index, verb in enumerate(verbs)]
        reader = give([LabelledArticle(make_article(text), annotation(*spans, *verbs, *chain, text=text))], labels)
        out = tmp_path / f"{number}"
        if not calls:
            export(format_, out / "first", reader)
        calls.append(count_calls(lambda out=out, reader=reader: export(format_, out / "out", reader)))  # type: ignore[misc]
    assert calls[0] < calls[1] <= LINEAR * calls[0]


def export(format_: str, out: Path, reader: DocumentReader) -> None:
    out.parent.mkdir(exist_ok=True)
    ledger = export_tables(out, ["a"], reader) if format_ == CSV else export_documents(format_, out, ["a"], reader)
    assert ledger.clean
