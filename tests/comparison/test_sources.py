"""The names that open a version, and the errors for those that do not."""

import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.comparison.compare import Comparison
from annotate.comparison.sources import open_version
from annotate.comparison.trees import Tree
from annotate.errors import CannotRun
from annotate.util import git as git_module
from tests.comparison.conftest import commit, git
from tests.conftest import BASE, Project

WANTED = {f"{path.relative_to(BASE).as_posix()}": path.read_bytes() for path in BASE.rglob("*") if path.is_file()}


def read(tree: Tree) -> dict[str, bytes]:
    return {file: tree.read(file) for file in tree.files()}


def tarred(path: Path, root: str = "port-1.0.0") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.add(BASE, root)
    return path


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in WANTED.items():
            archive.writestr(name, data)
    return path


def in_release(path: Path) -> Path:
    path.mkdir()
    (path / "README.md").write_text("a release")
    return tarred(path / "port-1.0.0.tar.gz").parent


@pytest.mark.parametrize(
    "made",
    [
        lambda folder: BASE,
        lambda folder: BASE / "corpus",
        lambda folder: tarred(folder / "a.tar.gz"),
        lambda folder: tarred(folder / "a.tgz", "."),
        lambda folder: zipped(folder / "a.zip"),
        lambda folder: in_release(folder / "release"),
    ],
    ids=["project", "corpus", "tar.gz", "tgz", "zip", "release"],
)
def test_each_kind_of_version_has_the_same_files(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    with open_version(str(made(tmp_path))) as tree:
        assert read(tree) == WANTED


def test_schema_is_next_to_the_corpus_folder_or_in_the_named_folder(tmp_path: Path) -> None:
    shutil.copytree(BASE / "corpus", tmp_path / "port")
    shutil.copytree(BASE / "schema", tmp_path / "elsewhere" / "labels")
    with open_version(str(tmp_path / "port"), schema=str(tmp_path / "elsewhere" / "labels")) as tree:
        assert read(tree) == WANTED
    shutil.copytree(BASE / "schema", tmp_path / "schema")
    with open_version(str(tmp_path / "port")) as tree:
        assert read(tree) == WANTED


def test_revision_has_the_files_of_then(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.replace("corpus/articles/market.txt", "3", "4")
    commit(repository, "second")
    monkeypatch.chdir(repository.root)
    for name in ("v1.0.0", "HEAD~1", git(repository.root, "rev-parse", "v1.0.0")):
        with open_version(name) as tree:
            assert read(tree) == WANTED
    with open_version("v1.0.0") as old, open_version("HEAD") as new:
        assert [change.file for change in Comparison(old, new).compare_files()] == ["corpus/articles/market.txt"]


def test_revision_is_read_from_below_the_top_as_well(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.schema)
    with open_version("v1.0.0", "../corpus", ".") as tree:
        assert read(tree) == WANTED


def test_bytes_of_a_revision_are_those_committed(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line ends and bytes that are not text are unchanged."""
    data = b"a\r\nb\n\xff\x00"
    repository.path("corpus/sources/raw").write_bytes(data)
    commit(repository, "raw")
    git(repository.root, "config", "core.autocrlf", "true")
    monkeypatch.chdir(repository.root)
    with open_version("HEAD") as tree:
        assert tree.read("corpus/sources/raw") == data


def problem(name: str | Path) -> str:
    with pytest.raises(CannotRun) as error, open_version(str(name)) as tree:
        read(tree)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_revision_that_does_not_exist(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.root)
    for name in ("v9.9.9", "--help", "HEAD:corpus", "-x", "a b", ""):
        if name:
            assert "is neither a folder nor a revision of this repository; `git tag` lists" in problem(name)


def test_shallow_clone(repository: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.replace("corpus/articles/market.txt", "3", "4")
    commit(repository, "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository.root}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert problem("v1.0.0") == "v1.0.0: is not in this shallow clone; run `git fetch --unshallow --tags`"
    with open_version("HEAD") as tree:
        assert "corpus/articles/market.txt" in tree.files()


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "is not a folder, and this is not a git repository; name a corpus folder" in problem("v1.0.0")


def test_repository_of_another_user(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr(git_module, "_KEPT_VARIABLES", (*git_module._KEPT_VARIABLES, "GIT_TEST_ASSUME_DIFFERENT_OWNER"))
    assert "belongs to another user; trust it with `git config --global --add safe.directory" in problem("v1.0.0")


def test_no_git(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("PATH", "")
    assert problem("v1.0.0") == "git: is not installed; install git, or name folders"


def test_revision_without_the_folder(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository.root, "rm", "-r", "--quiet", "schema")
    commit(repository, "no schema")
    monkeypatch.chdir(repository.root)
    assert "HEAD: has no schema/; name a later revision" in problem("HEAD")


def test_link_in_a_corpus(repository: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.path("corpus/sources/link").symlink_to("port.txt")
    assert "link: is not a regular file; replace it with a file" in problem(repository.root)
    commit(repository, "link")
    monkeypatch.chdir(repository.root)
    assert problem("HEAD") == "HEAD:corpus/sources/link: is not a regular file; replace it with a file"


def test_folder_that_is_neither(tmp_path: Path) -> None:
    assert "is neither a corpus folder nor a release; name a folder with articles/" in problem(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.parquet").write_bytes(b"PAR1")
    assert "it holds only the tables of a dataset: name the source archive" in problem(tmp_path)
    for name in ("a.zip", "b.zip"):
        zipped(tmp_path / name)
    assert "name one of its 2 archives" in problem(tmp_path)


def test_file_that_is_not_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("no archive")
    assert "is not a source archive" in problem(path)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip", "a.tar.xz", "a.tar"])
def test_broken_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b nothing of the kind")
    assert f"{name}: cannot be read: " in problem(tmp_path / name)


@pytest.mark.parametrize("made", [tarred, zipped])
def test_archive_cut_short(tmp_path: Path, made: Callable[[Path], Path]) -> None:
    path = made(tmp_path / ("a.zip" if made is zipped else "a.tar.gz"))
    path.write_bytes(path.read_bytes()[:2000])
    assert "cannot be read: " in problem(path)


def test_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert "holds no corpus/ and schema/" in problem(path)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_archive_that_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    assert "which leads out of it" in problem(path)
    with tarfile.open(tmp_path / "a.tar", "w") as tape:
        member = tarfile.TarInfo(name)
        member.size = 1
        tape.addfile(member, io.BytesIO(b"x"))
    assert "which leads out of it" in problem(tmp_path / "a.tar")
    assert not (tmp_path / "out").exists()


def test_archive_with_a_link(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tape:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tape.addfile(member)
    assert "holds 'link', which is a symbolic link; name the archive" in problem(tmp_path / "a.tar")


def test_unreadable_file(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "port")
    with open_version(str(tmp_path / "port")) as tree:
        files = list(tree.files())
        (tmp_path / "port" / files[0]).unlink()
        with pytest.raises(CannotRun, match="no such file"):
            tree.read(files[0])
