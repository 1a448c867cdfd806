"""Files are read as `pathlib` reads them, and written completely or not at all."""

import ast
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import annotate
from annotate.errors import CannotRun
from annotate.util.files import (
    PART_SUFFIX,
    FileToWrite,
    is_regular,
    open_raw,
    read_raw,
    read_raw_if_present,
    read_rest,
    read_stamp,
    remove_leftovers,
    require_no_links,
    write_atomically,
    write_files,
)


def test_only_regular_files_are_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "empty").touch()
    (folder / "large").write_bytes(b"x" * (1 << 20))
    for name in ("a.txt", "empty", "large", "deep/c.json"):
        data, path = (folder / name).read_bytes(), str(folder / name)
        for within in (None, folder, folder.parent):
            assert read_raw_if_present(path, within=within) == read_raw(path, within=within) == data
            with open_raw(path, within=within) as file:
                assert file.read() == data
    for name in ("nowhere", "a.txt/b"):
        assert read_raw_if_present(str(folder / name), within=folder) is None
    for name in ("deep", "pipe", "nowhere", "a.txt/b"):
        assert read_stamp(str(folder / name), within=folder) is None
    assert read_stamp(str(folder / "b.json"), within=folder) != read_stamp(str(folder / "empty"), within=folder)


READERS: list[Callable[[str, Path], object]] = [
    lambda path, root: read_raw(path, within=root),
    lambda path, root: read_raw_if_present(path, within=root),
    lambda path, root: open_raw(path, within=root),
    lambda path, root: read_stamp(path, within=root),
    lambda path, root: require_no_links(path, root),
]


@pytest.mark.parametrize("read", READERS)
def test_no_link_below_a_folder_is_followed(folder: Path, read: Callable[[str, Path], object]) -> None:
    """Neither a link to a file or a folder, nor a folder that is a link itself."""
    for root, name in (
        (folder, "link.json"),
        (folder, "broken.json"),
        (folder, "again/c.json"),
        (folder.parent, f"{folder.name}/again/c.json"),
    ):
        with pytest.raises(OSError, match="is a link, and links are not followed"):
            read(str(root / name), root)
    with pytest.raises(OSError, match="is a link, and links are not followed"):
        read(str(folder / "again" / "c.json"), folder / "again")
    for path in (str(folder.parent / "x"), f"{folder}/../x", f"{folder}x/y"):
        with pytest.raises(ValueError, match=r"is not in|leaves"):
            read(path, folder)


def test_paths_below_the_current_folder_have_two_forms(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / ".hidden").symlink_to("a.txt")
    for path in ("a.txt", "./a.txt"):
        assert read_raw(path, within=Path()) == read_raw(path, within=".") == b"a.txt"
    with pytest.raises(OSError, match="is a link"):
        read_raw(".hidden", within=".")


def test_a_file_that_the_user_named_may_be_a_link(folder: Path) -> None:
    assert read_raw(str(folder / "link.json"), within=None) == b"b.json"
    assert is_regular(folder / "b.json", within=folder)
    assert not is_regular(folder / "link.json", within=folder)
    assert not is_regular(folder / "again" / "c.json", within=folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deep", "Is a directory"),
        ("pipe", "is not a regular file"),
        ("broken.json", "No such file"),
        ("circle", "Too many levels"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_unreadable_path_is_an_error(folder: Path, name: str, message: str) -> None:
    """Reading a pipe does not wait for its writer."""
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to("circle")
    for read in (read_raw, read_raw_if_present, open_raw):
        with pytest.raises(OSError, match=message):
            read(str(folder / name), within=None)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_raw(str(folder / "nowhere"), within=None)


def test_file_with_a_wrong_size_is_read_to_its_end() -> None:
    """Some network drives report no size."""
    read, write = os.pipe()
    os.write(write, b"x" * 5000)
    os.close(write)
    try:
        assert read_rest(read, 0) == b"x" * 5000
    finally:
        os.close(read)


def test_write_sets_the_mode_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "a.json", b"new", mode=0o600)
    assert stat.S_IMODE((tmp_path / "deep" / "a.json").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_files_are_written_completely_or_not_at_all(tmp_path: Path) -> None:
    several = [
        FileToWrite(tmp_path / folder / f"{number}.json", b"new", 0o600) for number in range(150) for folder in "ab"
    ]
    write_files(several)
    assert {file.path.read_bytes() for file in several} == {b"new"}
    assert {stat.S_IMODE(file.path.stat().st_mode) for file in several} == {0o600}

    (tmp_path / "c").write_bytes(b"no folder")
    with pytest.raises(CannotRun, match=r"c/3\.json: cannot be written: file exists"):
        write_files([several[0]._replace(data=b"newer"), FileToWrite(tmp_path / "c" / "3.json", b"new")])
    assert several[0].path.read_bytes() == b"new"
    assert sorted(tmp_path.rglob("*")) == sorted({tmp_path / "c", *(file.path for file in several)} | _folders(several))


def _folders(files: list[FileToWrite]) -> set[Path]:
    return {file.path.parent for file in files}


def test_only_temporary_files_of_killed_writers_are_removed(tmp_path: Path) -> None:
    """A running writer holds a lock on its file; a killed one does not."""
    ours = [tmp_path / "deep" / f".a.json.12ab_678{PART_SUFFIX}", tmp_path / "but" / f".b.json.abcdefgh{PART_SUFFIX}"]
    others = [
        tmp_path / name for name in (".gitignore", ".a.json.swp", f"a.json{PART_SUFFIX}", "a.json", f".a{PART_SUFFIX}")
    ]
    written = tmp_path / f".c.json.abcdefgh{PART_SUFFIX}"
    for path in (*ours, *others, written):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    with written.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_leftovers(tmp_path, skip="but")
    assert {path for path in (*ours, *others, written) if path.exists()} == {ours[1], *others, written}
    remove_leftovers(tmp_path / "nowhere")


def test_pipes_and_links_with_the_name_of_a_temporary_file_stay(tmp_path: Path) -> None:
    """Opening a pipe would wait for its writer."""
    pipe, link = tmp_path / f".a.abcdefgh{PART_SUFFIX}", tmp_path / f".b.abcdefgh{PART_SUFFIX}"
    os.mkfifo(pipe)
    (tmp_path / "file").touch()
    link.symlink_to("file")
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([pipe.name, link.name, "file"])


@pytest.mark.parametrize("link", ["a", "a/b", "a/b/c.json"])
@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_nothing_is_written_behind_a_link(tmp_path: Path, link: str, target: str) -> None:
    root = tmp_path / "root"
    (root / link).parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / link).symlink_to(tmp_path / target)
    file, other = root / "a" / "b" / "c.json", root / "other.json"
    with pytest.raises(CannotRun, match=r"is a link, and nothing is written behind it"):
        write_files([FileToWrite(other, b"x", within=root), FileToWrite(file, b"x", within=root)])
    assert not other.exists()
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (tmp_path / "nowhere").exists()
    assert (root / link).is_symlink()


OWN_FILES = {
    # Files of the process itself or of the system, and of the installed package.
    "cli/__init__.py": "the null device",
    "cli/init.py": "the example in the package",
    "release/template_texts.py": "templates in the package",
    "schemas/__init__.py": "schemas in the package",
    "util/html.py": "templates in the package",
    "util/lock.py": "the descriptor of a folder, and /proc",
    # Files that the user named, and temporary or new folders that the command has just made.
    "comparison/archives.py": "the archive that the user named",
    "convert/merge.py": "a temporary folder",
    "convert/run.py": "a temporary folder",
    "convert/shard.py": "a temporary folder",
    "convert/storage.py": "exports that the user named, and the output",
    "dataset/build.py": "the new folder",
    "dataset/writer.py": "the new folder",
    "formats/conll.py": "the new folder",
    "formats/csv_tables.py": "the new folder",
    "formats/jsonl.py": "the new folder",
    "formats/parts.py": "the new folder",
    "migration/files.py": "a temporary folder",
    "release/bundle.py": "the new folder",
    "scoring/ceiling.py": "a temporary folder",
    # Opened without following links, for bytes that `read_raw` cannot give: a descriptor, a path in bytes, pieces.
    "labelstudio/adopt.py": "the descriptor of a folder",
    "labelstudio/journal.py": "the state of a server, in the user's data directory",
    "labelstudio/server.py": "the log of a server, in the user's data directory",
    "labelstudio/state.py": "the state of a server, opened from its folder's descriptor",
    "outputs.py": "a marker",
    "release/cut.py": "the lock in git's folder",
    "release/uncommitted.py": "paths of git in bytes",
    "release/verify.py": "files of a release, in pieces",
}
"""Modules that open files themselves, and which. A stranger's files are opened by `annotate.util.files` alone."""


def _opens_files(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = ast.unparse(node.func)
    if function in ("open", "os.open"):
        return True
    name = function.rpartition(".")[2]
    with_mode = bool(node.args) and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    return (
        (name == "read_bytes" and not node.args and not node.keywords)
        or (name in ("open", "read_text") and "." in function and with_mode and node.args[0].value in MODES)  # type: ignore[attr-defined]
        or (name == "read_text" and any(keyword.arg == "encoding" for keyword in node.keywords))
    )


MODES = ("rb", "wb", "xb", "ab", "a+b", "r", "w", "utf-8", "ascii")


def test_only_this_module_opens_the_files_of_a_stranger() -> None:
    package = Path(annotate.__file__).parent
    openers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(_opens_files(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    }
    assert openers - {"util/files.py", "util/folders.py"} == OWN_FILES.keys()
