"""No command reads what lies behind a link in a corpus, its schema or its guidelines, or in the folder of an import."""

import os
import shutil
from pathlib import Path

import pytest

from annotate.util.files import LINK
from tests.conftest import BASE, Project

SECRET = "hunter2-of-another-user"
COMMANDS = (
    "check",
    "check --format json",
    "build --out dataset",
    "build --out skeleton --without-text",
    "export --format brat --out brat",
    "export --format jsonl --annotator anna --out jsonl",
    "agree --with-gold --samples 0",
    "score corpus/annotations/anna --samples 0",
    "coverage",
    "adjudicate plan --from anna,gold",
    "split",
    "prelabel --out prelabels",
    "generate",
    "diff corpus corpus",
    "studio config",
    "release plan",
)
PATHS = sorted(
    path.relative_to(BASE).as_posix() for path in BASE.rglob("*") if path.parent != BASE or path.name == "schema"
)


def plant(project: Project, file: str) -> None:
    """Replace a file or folder by a link to a private one elsewhere, which is valid and holds a secret."""
    path, private = project.path(file), project.root.parent / "private"
    path.replace(private)
    for target in [private] if private.is_file() else sorted(private.rglob("*")):
        if target.is_file():
            text = target.read_text("utf-8")
            # A word of the text, the title, a note or a comment, so that each file stays valid.
            target.write_text(text.replace("crates", SECRET).replace("Harbour", SECRET) + f"# {SECRET}\n", "utf-8")
    path.symlink_to(private)


def written_files(project: Project) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in project.root.rglob("*") if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize("file", PATHS)
def test_nothing_behind_a_link_is_shown_copied_or_changed(project: Project, file: str) -> None:
    plant(project, file)
    private = project.root.parent / "private"
    before = {path: path.read_bytes() for path in [private, *private.rglob("*")] if path.is_file()}
    for command in COMMANDS:
        result = project.annotate(*command.split())
        assert not result.exception or isinstance(result.exception, SystemExit), (command, result.exception)
        assert SECRET not in result.output, (command, result.output)
        if command == "check":
            assert result.exit_code == 1 or file in ("schema", "schema/labels.yaml"), result.output
            assert LINK in result.output
    assert not [path for path, data in written_files(project).items() if SECRET.encode() in data]
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize("folder", ["corpus", "schema"])
def test_a_folder_that_is_a_link_is_refused(project: Project, folder: str) -> None:
    """A clone can have any of its folders lead elsewhere."""
    project.path(folder).rename(project.root.parent / "elsewhere")
    project.path(folder).symlink_to(project.root.parent / "elsewhere")
    for command in ("check", "build --out dataset", "agree --with-gold"):
        result = project.annotate(*command.split())
        assert (result.exit_code, result.output.count("\n"), LINK in result.output) == (2, 1, True), result.output


@pytest.mark.parametrize("place", ["guidelines", "guidelines/page.md", "guidelines/deep", "schema/notes.txt"])
def test_a_link_beside_the_corpus_is_a_finding(project: Project, place: str) -> None:
    secret = project.root.parent / "secret.md"
    secret.write_text(SECRET)
    project.path(place).parent.mkdir(exist_ok=True)
    project.path(place).symlink_to(secret.parent if place.endswith(("guidelines", "deep")) else secret)
    result = project.annotate("check")
    assert (result.exit_code, f"{place}: S108 {LINK}; " in result.output) == (1, True), result.output


def test_a_guideline_page_is_in_the_folder_of_the_guidelines(project: Project) -> None:
    for page in ("/etc/passwd.md", "../private.md", "a/../../b.md", "//x.md"):
        project.replace("schema/labels.yaml", "guideline: speech.md", f'guideline: "{page}"')
        result = project.annotate("check")
        assert (result.exit_code, "guideline" in result.output) == (2, True), (page, result.output)
        shutil.copy(BASE / "schema" / "labels.yaml", project.schema)


FORMATS = {"brat": "x.txt", "xmi": "x.xmi", "docbin": "x.spacy", "bio": "x.conll", "jsonl": "x.jsonl"}


@pytest.mark.parametrize("kind", ["pipe", "link", "linked folder"])
@pytest.mark.parametrize("format_", FORMATS)
def test_an_import_reads_only_regular_files(project: Project, format_: str, kind: str) -> None:
    folder, name = project.path("others"), FORMATS[format_]
    folder.mkdir()
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "link":
        (folder / name).symlink_to("/dev/zero")
    else:
        private = project.root.parent / "private"
        private.mkdir()
        (private / name).write_text(SECRET)
        (private / "x.ann").write_text(f"T1\tPerson 0 {len(SECRET)}\t{SECRET}\n")
        (folder / "deep").symlink_to(private)
    before = project.snapshot() if kind != "link" else None
    result = project.annotate("import", "--format", format_, "others", "--annotator", "anna")
    assert (result.exit_code, "F105" in result.output) == (1, True), result.output
    assert SECRET not in result.output
    assert before is None or project.snapshot() == before


def test_the_folder_of_an_import_is_no_link(project: Project, tmp_path: Path) -> None:
    project.path("others").symlink_to(tmp_path)
    result = project.annotate("import", "--format", "brat", "others", "--annotator", "anna")
    assert (result.exit_code, result.output) == (2, f"annotate: others: {LINK}; name the folder of the files\n")
