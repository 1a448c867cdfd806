"""Output folders: every command refuses what it did not write, reads no more of it than needed, and follows no link."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from annotate import outputs
from annotate.errors import CannotRun
from annotate.outputs import (
    MARKER_FILE,
    OutputEntry,
    OwnNames,
    listing_marker,
    output_folder,
    require_output_folder,
    require_outside_sources,
    scan_folder,
    write_marker,
)
from tests.conftest import AS_ORDINARY_USER, ROOT, Project, annotate, give_away

MARKER = listing_marker("annotate test")


def write_output(out: Path, *names: str) -> None:
    with output_folder(out, MARKER) as folder:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("ours")
        write_marker(folder, MARKER.command)


def list_tree(folder: Path) -> dict[str, str]:
    """Return every path below a folder, with the target of a link or the contents of a file."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_text("utf-8", "replace")
        if path.is_file()
        else ""
        for path in folder.rglob("*")
    }


def test_a_new_an_empty_and_an_own_folder_are_written(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_output(out, "a/b/c.txt", "old.txt")
    write_output(out, "a/b/c.txt")
    assert sorted(list_tree(out)) == [MARKER_FILE, "a", "a/b", "a/b/c.txt"]
    (tmp_path / "empty").mkdir()
    write_output(tmp_path / "empty", "new.txt")
    assert (tmp_path / "empty" / "new.txt").read_text() == "ours"


def put_in_place(path: Path, put: Callable[[], object]) -> None:
    """Put something in the place of a file or folder."""
    path.rename(path.parent.parent / "moved")
    put()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "a file": lambda out: (out / "a" / "notes.txt").write_text("mine"),
    "a hidden file": lambda out: (out / ".env").write_text("mine"),
    "a file in place of a folder": lambda out: put_in_place(out / "a", (out / "a").touch),
    "a folder in place of a file": lambda out: put_in_place(out / "top.txt", (out / "top.txt").mkdir),
    "an empty folder": lambda out: (out / "a" / "drafts").mkdir(),
    "a link in place of a file": lambda out: put_in_place(
        out / "top.txt", lambda: (out / "top.txt").symlink_to("../moved")
    ),
    "a link in place of a folder": lambda out: put_in_place(out / "a", lambda: (out / "a").symlink_to("../moved")),
    "a link to nothing": lambda out: (out / "gone").symlink_to("nowhere"),
    "a pipe": lambda out: os.mkfifo(out / "pipe"),
    "a pipe in place of a file": lambda out: put_in_place(out / "top.txt", lambda: os.mkfifo(out / "top.txt")),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_the_command_did_not_write_is_kept(tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    write_output(out, "a/b.txt", "top.txt")
    FOREIGN[what](out)
    before = list_tree(tmp_path)
    with pytest.raises(CannotRun, match=r"was not made by `annotate test` and would be lost; move it away"):
        write_output(out, "new.txt")
    assert list_tree(tmp_path) == before


def test_what_comes_while_the_command_works_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_output(out, "a.txt")
    with pytest.raises(CannotRun, match=r"notes\.txt: was not made by"), output_folder(out, MARKER):
        (out / "notes.txt").write_text("mine")
    assert sorted(list_tree(tmp_path)) == ["out", f"out/{MARKER_FILE}", "out/a.txt", "out/notes.txt"]


@pytest.mark.parametrize(
    "names",
    [["../precious"], ["/etc/passwd"], ["a/../../precious"], ["./a"], ["a//b"], ["a\\b"], ["a\nb"], [""], [1], "abc"],
    ids=str,
)
def test_a_marker_that_leads_out_of_its_folder_is_none(tmp_path: Path, names: object) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "precious").write_text("mine")
    data = {"format": outputs.MARKER_FORMAT, "command": MARKER.command, "files": names}
    (out / MARKER_FILE).write_bytes(msgspec.json.encode(data))
    with pytest.raises(CannotRun, match="exists and is not empty"):
        write_output(out, "new.txt")
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "empty", "other command", "deep"])
def test_only_a_regular_marker_of_the_command_counts(tmp_path: Path, kind: str) -> None:
    out, marker = tmp_path / "out", tmp_path / "out" / MARKER_FILE
    write_output(out, "a.txt")
    marker.rename(tmp_path / "marker")
    data = (tmp_path / "marker").read_bytes()
    puts: dict[str, Callable[[], object]] = {
        "link": lambda: marker.symlink_to("../marker"),
        "pipe": lambda: os.mkfifo(marker),
        "folder": marker.mkdir,
        "empty": marker.touch,
        "other command": lambda: marker.write_bytes(data.replace(b"annotate test", b"annotate other")),
        "deep": lambda: marker.write_bytes(b'{"files":' + b"[" * 100_000),
    }
    puts[kind]()
    with pytest.raises(CannotRun, match="exists and is not empty"):
        write_output(out, "new.txt")
    assert (out / "a.txt").exists()


def count_entries(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Record each entry of a folder that a scan reads from the system."""
    read: list[str] = []
    original = os.scandir

    def record(entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            read.append(entry.name)
            yield entry

    @contextlib.contextmanager
    def scan(path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        with original(path) as entries:
            yield record(entries) if Path(path).resolve() == folder else entries

    monkeypatch.setattr("os.scandir", scan)
    return read


def test_a_huge_folder_is_refused_after_one_entry(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`build --out` with a home folder once listed it for minutes."""
    home = project.path("home")
    home.mkdir()
    for number in range(20_000):
        os.close(os.open(f"{home}/{number}", os.O_CREAT | os.O_WRONLY))
    output_commands(project)
    read = count_entries(monkeypatch, home)
    for words in (
        ["build", "--out", "home"],
        ["export", "--format", "jsonl", "--out", "home"],
        ["prelabel", "--schema", str(ROOT / "schema"), "--out", "home"],
        ["convert", "export.json", "--out", "home"],
        ["apply", "corpus", "difference.json", "--out", "home"],
    ):
        read.clear()
        refused = project.annotate(*words)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
        assert len(read) == 1, words
    assert len(os.listdir(home)) == 20_000  # noqa: PTH208


def test_no_entry_after_a_foreign_one_is_read() -> None:
    def entries() -> Iterator[OutputEntry]:
        yield OutputEntry("a.txt", "file")
        yield OutputEntry("notes.txt", "file")
        raise AssertionError

    assert OwnNames(frozenset({"a.txt"})).find_foreign(entries()) == "notes.txt"


def test_a_scan_does_not_go_below_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "deeper" / "file").touch()
    assert OwnNames().find_foreign(scan_folder(str(tmp_path))) == "deep"


def output_commands(project: Project) -> dict[str, list[str]]:
    """Return every command that writes a folder, without the folder."""
    (project.root / "export.json").write_text("[]")
    (project.root / "difference.json").write_bytes(
        project.annotate("diff", "corpus", "corpus", "--format", "json").stdout_bytes
    )
    assert project.annotate("build", "--without-text", "--out", "open").exit_code == 0
    shutil.copytree(project.path("corpus/articles"), project.path("texts"))
    return {
        "build": ["build"],
        "export": ["export", "--format", "brat"],
        "prelabel": ["prelabel", "--schema", str(ROOT / "schema")],
        "convert": ["convert", "export.json"],
        "hydrate": ["hydrate", "open", "--texts", "texts"],
        "apply": ["apply", "corpus", "difference.json"],
    }


COMMANDS = ("build", "export", "prelabel", "convert", "hydrate", "apply")
INSIDE = {
    "inside the corpus": "corpus/new",
    "inside the annotations": "corpus/annotations/gold/new",
    "inside the schema": "schema/new",
    "inside the guidelines": "guidelines/new",
    "through dots": "dist/../corpus/new",
    "through a link": "link/new",
    "the corpus": "corpus",
    "the empty guidelines": "guidelines",
    "the project": ".",
}


@pytest.mark.parametrize("where", INSIDE)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_output_lies_in_the_sources(project: Project, command: str, where: str) -> None:
    words = output_commands(project)[command]
    project.path("guidelines").mkdir()
    project.path("dist").mkdir()
    project.path("link").symlink_to("corpus")
    before = list_tree(project.root)
    refused = project.annotate(*words, "--out", INSIDE[where])
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    if where != "the project":
        assert ": is inside " in refused.output
    assert list_tree(project.root) == before


def put_thesis(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")


@pytest.mark.parametrize("kind", ["folder with a file", "link to an empty folder", "link to nothing", "file", "pipe"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_replaces_what_it_did_not_write(project: Project, command: str, kind: str) -> None:
    words = output_commands(project)[command]
    project.path("elsewhere").mkdir()
    out = project.path("out")
    puts: dict[str, Callable[[], object]] = {
        "folder with a file": lambda: put_thesis(out),
        "link to an empty folder": lambda: out.symlink_to("elsewhere"),
        "link to nothing": lambda: out.symlink_to("nowhere"),
        "file": lambda: out.write_text("mine"),
        "pipe": lambda: os.mkfifo(out),
    }
    puts[kind]()
    before = list_tree(project.root)
    refused = project.annotate(*words, "--out", "out")
    assert refused.exit_code == 2, refused.output
    assert list_tree(project.root) == before


@pytest.mark.parametrize("command", ["build", "prelabel", "hydrate"])
def test_a_second_run_replaces_the_first_and_keeps_a_foreign_file(project: Project, command: str) -> None:
    words = [*output_commands(project)[command], "--out", "out"]
    for _ in range(2):
        assert project.annotate(*words).exit_code == 0
    project.path("out/notes.txt").write_text("mine")
    before = list_tree(project.root)
    refused = project.annotate(*words)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert "out/notes.txt: was not made by `annotate" in refused.output
    assert list_tree(project.root) == before


@pytest.mark.parametrize("name", ["../../precious", "/etc/passwd", "thesis.txt", "data/../../precious"])
def test_a_manifest_does_not_make_a_folder_of_others_a_dataset(project: Project, name: str) -> None:
    """Someone's manifest lists someone else's file."""
    assert project.annotate("build", "--out", "out").exit_code == 0
    manifest = msgspec.json.decode(project.path("out/manifest.json").read_bytes())
    manifest["tables"][0]["file"] = name
    project.path("out/manifest.json").write_bytes(msgspec.json.encode(manifest))
    project.path("precious").write_text("mine")
    project.path("out/thesis.txt").write_text("mine")
    before = list_tree(project.root)
    refused = project.annotate("build", "--out", "out")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert list_tree(project.root) == before


@pytest.mark.parametrize("name", ["annotators.yaml", "articles", "labels.yaml"])
def test_a_folder_with_one_file_like_a_corpus_is_no_corpus(tmp_path: Path, name: str) -> None:
    """A list of annotators beside an export is an option of `convert`; a labels.yaml is always an inventory."""
    (tmp_path / name).touch()
    if name == "labels.yaml":
        with pytest.raises(CannotRun, match="holds the sources of a corpus"):
            require_outside_sources(tmp_path / "out")
    else:
        require_outside_sources(tmp_path / "out")


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that another user can reach, which the temporary folders of tests are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, and root may write everywhere")
@pytest.mark.parametrize("out", ["shut", "shut/new", "full", "new"])
def test_a_folder_of_another_user_is_one_line(shared_folder: Path, out: str) -> None:
    project = Project(shared_folder / "project")
    project.path("shut").mkdir(mode=0o700)
    assert project.annotate("build", "--out", "full").exit_code == 0
    give_away(project.root)
    before = project.snapshot()
    code = "from annotate.cli import main; main()"
    done = subprocess.run(
        [*AS_ORDINARY_USER, sys.executable, "-c", code, "build", "--out", out],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
    assert "permission denied" in done.stderr
    assert project.snapshot() == before


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("corpus/annotations/anna", ["check", "--fix"]),
        ("corpus/articles", ["check", "--fix"]),
        ("corpus/coverage", ["check", "--fix"]),
        ("corpus/sources", ["add", "new.txt"]),
        ("corpus/articles", ["add", "new.txt"]),
        ("corpus/splits", ["split", "--write"]),
        ("corpus/adjudication", ["adjudicate", "plan", "--from", "anna,ben"]),
    ],
)
def test_no_folder_of_a_corpus_is_written_through_a_link(project: Project, link: str, words: list[str]) -> None:
    """A folder of annotations that led elsewhere was written there by `check --fix`."""
    for name in ("harbour", "market"):
        labels = project.corpus.read_annotation("anna", name)
        spans = labels.spans[:-1] if not labels.relations else labels.spans
        changed = msgspec.structs.replace(labels, annotator="ben", spans=spans, relations=())
        project.corpus.write_annotation("ben", changed)
    elsewhere = project.path("elsewhere")
    path = project.path(link)
    if path.exists():
        path.rename(elsewhere)
    else:
        elsewhere.mkdir()
    path.symlink_to(elsewhere)
    for file in elsewhere.glob("*.json"):
        file.write_bytes(file.read_bytes().replace(b'": ', b'" :  '))
    for file in elsewhere.glob("t*.txt"):
        file.write_text("")
    project.path("new.txt").write_text("Two ships came in.\n")
    before = list_tree(elsewhere)
    done = project.annotate(*words)
    assert done.exit_code != 0, done.output
    assert re.search(
        rf"{link}: (S108 )?is a link, and (links are not followed|nothing is written behind it)", done.output
    )
    assert list_tree(elsewhere) == before


@pytest.mark.parametrize("link", ["guidelines/labels", "guidelines/labels/person.md", "schema/classes.json"])
def test_generate_writes_through_no_link(tmp_path: Path, link: str) -> None:
    assert annotate("init", str(tmp_path / "new")).exit_code == 0
    root, elsewhere = tmp_path / "new", tmp_path / "elsewhere"
    (root / link).rename(elsewhere)
    (root / link).symlink_to(elsewhere)
    labels = root / "schema" / "labels.yaml"
    labels.write_text(labels.read_text().replace("definition: ", "definition: Once more: ", 1))
    for page in [elsewhere] if elsewhere.is_file() else elsewhere.glob("*.md"):
        page.write_text(page.read_text().replace("|", "| ", 1))
    before = list_tree(tmp_path)
    refused = annotate("generate", cwd=root)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert list_tree(tmp_path) == before


def test_no_output_needs_more_than_its_own_folder(tmp_path: Path) -> None:
    """A link above the folder is the user's own."""
    (tmp_path / "real").mkdir()
    (tmp_path / "dist").symlink_to("real")
    write_output(tmp_path / "dist" / "out", "a.txt")
    assert (tmp_path / "real" / "out" / "a.txt").exists()
    require_output_folder(tmp_path / "dist" / "out", MARKER)
