"""A downloaded release: every changed byte is found, with text and without, and git is not needed."""

import hashlib
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate.errors import CannotRun
from annotate.release.verify import verify
from tests.conftest import annotate
from tests.release.conftest import VERSION, Maintained
from tests.test_faults import forbid

GOLD = "dataset/data/articles/train-00000-of-00001.parquet"


@pytest.fixture
def folder(released_root: Path, tmp_path: Path) -> Path:
    """The folder alone, as it is after a download."""
    target = tmp_path / "download"
    shutil.copytree(released_root / "dist" / "release" / VERSION, target)
    return target


def update_sums(folder: Path, name: str) -> None:
    """Put a file's new hash into the sums, as a person would who changed both."""
    sums, data = folder / "SHA256SUMS", (folder / name).read_bytes()
    lines = [line for line in sums.read_text().splitlines() if not line.endswith(f"  {name}")]
    sums.write_text("\n".join([*lines, f"{hashlib.sha256(data).hexdigest()}  {name}"]) + "\n")


def test_download_is_as_it_was_released(folder: Path) -> None:
    assert list(verify(folder)) == []


def test_every_file_counts_by_one_byte(folder: Path) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert len(names) > 20
    for name in names:
        path = folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
        (problem, *more) = verify(folder)
        assert name == "SHA256SUMS" or (problem, more) == (f"{name} was changed", [])
        path.unlink()
        assert list(verify(folder)) == [f"{name} is missing"]
        path.write_bytes(whole)
    assert list(verify(folder)) == []


def test_file_too_many_is_found(folder: Path) -> None:
    (folder / "dataset" / "extra.txt").write_text("")
    (folder / "link").symlink_to(folder / "release.json")
    assert list(verify(folder)) == ["dataset/extra.txt was added", "link was added"]


def test_unreadable_file_is_reported_and_a_pipe_does_not_block(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "page.html").unlink()
    os.mkfifo(folder / "page.html")
    assert list(verify(folder)) == ["page.html cannot be read: is not a regular file"]
    (folder / "page.html").unlink()
    (folder / "page.html").touch()
    forbid(monkeypatch, "open", "page.html")
    assert list(verify(folder)) == ["page.html cannot be read: permission denied"]
    forbid(monkeypatch, "open", "SHA256SUMS")
    with pytest.raises(CannotRun, match="SHA256SUMS: permission denied; "):
        list(verify(folder))


def test_damaged_line_of_the_sums_is_found(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    first, *rest = sums.read_text().splitlines()
    sums.write_text("\n".join(["x" + first, *rest]) + "\n")
    assert list(verify(folder)) == ["SHA256SUMS cannot be read in line 1", f"{first[66:]} was added"]


def test_other_values_under_true_sums_are_found(folder: Path) -> None:
    path = folder / GOLD
    table = pq.read_table(path)
    titles = pa.array(["Another"] * len(table), pa.string())
    pq.write_table(table.set_column(table.column_names.index("title"), table.schema.field("title"), titles), path)
    update_sums(folder, GOLD)
    assert f"{GOLD} is not the file that its manifest lists" in list(verify(folder))


def test_other_sums_than_the_tag_names_are_found(folder: Path) -> None:
    (folder / "provenance.json").write_text("{}\n")
    update_sums(folder, "provenance.json")
    assert list(verify(folder)) == []
    (problem,) = verify(folder, "0" * 64)
    assert problem.startswith("SHA256SUMS is not the one that was released: its SHA-256 is ")


def test_other_sources_under_true_sums_are_found(folder: Path, released: Maintained) -> None:
    from annotate.release.bundle import write_archive

    name = f"sources-{VERSION}.tar.gz"
    released.replace("corpus/articles/market.json", "Made up", "Taken over")
    names = [line for line in released.git("ls-files").splitlines() if line.startswith(("corpus/", "schema/"))]
    write_archive(folder / name, ((n, released.path(n).read_bytes()) for n in sorted(names)), f"sources-{VERSION}")
    update_sums(folder, name)
    problems = list(verify(folder))
    assert f"{name}: corpus/articles/market.json was changed" in problems
    assert f"{name}: CITATION.cff is missing" in problems


def test_damaged_archive_under_true_sums_is_found(folder: Path) -> None:
    name = f"sources-{VERSION}.tar.gz"
    (folder / name).write_bytes((folder / name).read_bytes()[:400])
    update_sums(folder, name)
    (problem,) = verify(folder)
    assert problem.startswith(f"{name} cannot be read: ")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("release.json", "annotate release 1", "annotate release 2", "reads 'annotate release 1'; install the version"),
        ("release.json", '"files"', '"folders"', "is not a release manifest"),
    ],
)
def test_manifest_that_cannot_be_read_is_one_line(folder: Path, name: str, old: str, new: str, words: str) -> None:
    text = (folder / name).read_text()
    (folder / name).write_text(text.replace(old, new, 1))
    update_sums(folder, name)
    done = annotate("release", "verify", str(folder))
    assert (done.exit_code, done.output.count("\n"), words in done.output) == (2, 1, True), done.output


def test_what_is_no_release_is_one_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        done = annotate("release", "verify", str(place))
        assert (done.exit_code, done.output.count("\n")) == (2, 1)
        assert "is not a release folder; name the folder that SHA256SUMS is in" in done.output


def test_findings_are_lines_and_exit_code_1(folder: Path) -> None:
    (folder / GOLD).unlink()
    done = annotate("release", "verify", str(folder))
    assert (done.exit_code, done.output) == (1, f"{folder}: {GOLD} is missing\n")
