"""What a folder holds besides the files of its format."""

from pathlib import Path

import pytest

from tests.conftest import Project
from tests.formats.conftest import take_in

CONLL = "Anna\tB-PER\nwaits\tO\n.\tO\n"
EXPORT = '[{"id": 1, "data": {"text": "Anna"}, "annotations": []}]'


@pytest.mark.parametrize(
    ("files", "format_", "says"),
    [
        ({}, "brat", "others: is empty; name the folder of the files"),
        ({}, "jsonl", "others: is empty; name the folder of the files"),
        ({"a.conll": CONLL}, "brat", "holds no files of brat (.txt, .ann, .a1, .a2), only 1 .conll; this looks like"),
        ({"a.xmi": "x", "b.xmi": "x", "a.txt": "x"}, "bio",
         "(.conll, .bio, .iob, .iob2), only 2 .xmi, 1 .txt; this looks like xmi; use --format xmi"),
        ({"a.json": EXPORT}, "brat", "; a.json looks like an export of Label Studio; use --format labelstudio"),
        ({"a.tsv": CONLL}, "xmi", "; a.tsv looks like CoNLL; let its name end in .conll, and use --format bio"),
        ({"a.txt": CONLL}, "brat", "holds texts of brat without labels; a.txt looks like CoNLL; let its name end"),
        ({"a.pdf": "x", "b": "x"}, "brat", "only 1 .pdf, 1 without ending; name the folder of the files"),
        ({"deep/a.conll": CONLL}, "bio", "holds files of bio in folders below only; name one, such as others/deep"),
        ({"a.conll": "\n"}, "bio", "others: holds no texts of bio; name the folder of the files"),
    ],
)  # fmt: skip
def test_a_folder_without_files_of_the_format_is_one_line(
    project: Project, others: Path, files: dict[str, str], format_: str, says: str
) -> None:
    for name, text in files.items():
        (others / name).parent.mkdir(exist_ok=True)
        (others / name).write_text(text)
    before = project.snapshot()
    result = take_in(project, format_)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert says in result.stderr
    assert project.snapshot() == before


def test_each_other_ending_is_reported_once(project: Project, others: Path) -> None:
    for name in ("a.txt", "a.ann", "1.xml", "2.xml", "notes", "deep/.old.ann", "annotation.conf", "map.yaml", "m.csv"):
        (others / name).parent.mkdir(exist_ok=True)
        (others / name).write_text("Text." if name == "a.txt" else "file,title\na,T\n" if name == "m.csv" else "")
    words = ["--format", "brat", "--annotator", "anna", "--corpus", "new", "--metadata", "others/m.csv"]
    project.path("others/map.yaml").write_text("spans: {}\n")
    result = project.annotate("import", "others", *words)
    assert result.exit_code == 0, result.output
    assert [line for line in result.stdout.splitlines() if "F1" in line] == [
        "others/1.xml: F110 ends in .xml (2 such files); it was not read",
        "others/deep/.old.ann: F110 is hidden; it was not read",
        "others/notes: F110 has no ending; it was not read",
    ]


def test_a_file_of_the_format_that_is_not_read_is_an_error(project: Project, others: Path) -> None:
    (others / "a.conll").write_text(CONLL)
    (others / "deep").mkdir()
    (others / "deep/b.conll").write_text(CONLL)
    result = take_in(project, "bio")
    assert result.exit_code == 1
    assert '"code": "F109", "severity": "error", "file": "others/deep/b.conll"' in result.stdout


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            "Café, Anna".encode("latin-1"),
            "is not UTF-8 at byte 3 (in Windows-1252 it reads 'Café, Anna'); convert it first",
        ),
        ("Anna".encode("utf-16"), "is UTF-16, not UTF-8; convert it first"),
        ("Anna".encode("utf-32"), "is UTF-32, not UTF-8; convert it first"),
    ],
)
def test_another_encoding_is_named_for_each_file(project: Project, others: Path, data: bytes, says: str) -> None:
    for name in "ab":
        (others / f"{name}.txt").write_bytes(f"Café {name}.".encode())
        (others / f"{name}.ann").write_bytes(b"")
    (others / "a.txt").write_bytes(data)
    result = take_in(project, "brat")
    assert result.exit_code == 1
    assert result.stdout.count("F103") == 1
    assert says in result.stdout
    (others / "a.txt").write_bytes(b"Anna")
    (others / "b.ann").write_bytes(data)
    again = take_in(project, "brat")
    assert '"code": "F103", "severity": "error", "file": "others/b.ann"' in again.stdout
    assert says in again.stdout
