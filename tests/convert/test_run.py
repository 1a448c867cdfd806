"""A run that was killed anywhere is resumed and gives the bytes of an undisturbed run; other folders are refused."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from annotate import inventory
from annotate.convert.options import ConversionOptions
from annotate.convert.pool import local_pool
from annotate.convert.run import ShardProgress, convert_exports
from annotate.errors import CannotRun
from tests.conftest import BASE, ROOT
from tests.convert.conftest import SMALL, Place, made_up
from tests.test_faults import ANNOTATE, assert_refused, run

WORDS = ("export.json", "--shard-size", SMALL)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An export of about ten shards with two duplicate tasks, and its conversion by one process."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    place.export([*made_up(36, 62), made_up(40, 40)[0], made_up(61, 61)[0]])
    assert place.convert(*WORDS).exit_code == 1
    assert place.manifest()["set_aside"] == {"I204": 2}
    assert place.manifest()["shards"] >= 8
    return place


@pytest.fixture
def other(undisturbed: Place, place: Place) -> Place:
    """Another folder with the same export."""
    (place.root / "export.json").write_bytes((undisturbed.root / "export.json").read_bytes())
    return place


def options(place: Place, **more: object) -> ConversionOptions:
    base = ConversionOptions(
        inputs=(str(place.root / "export.json"),),
        out=str(place.root / "out"),
        inventory=inventory.load_inventory(BASE / "schema"),
        shard_size=50 << 10,
    )
    return base if not more else ConversionOptions(**{**vars(base), **more})


class StopHereError(Exception):
    """Ends a run from within, as Ctrl-C does."""


def stop_at(number: int) -> Callable[[ShardProgress], None]:
    seen: list[ShardProgress] = []

    def told(step: ShardProgress) -> None:
        seen.append(step)
        if len(seen) == number:
            raise StopHereError

    return told


@pytest.mark.parametrize("number", [1, 3, 7])
def test_interrupted_run_is_resumed(undisturbed: Place, other: Place, number: int) -> None:
    asked = options(other)
    with pytest.raises(StopHereError):
        convert_exports(asked, local_pool(1), progress=stop_at(number))
    assert not (other.root / "out" / "manifest.json").exists()
    done = other.convert(*WORDS, "--resume", "--format", "json")
    assert done.exit_code == 1, done.output
    assert json.loads(done.output)["shards_made"] == undisturbed.manifest()["shards"] - number
    assert same(other, undisturbed)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"number": "\xff"}', b"[" * 100_000, b'{"number": 0}'])
def test_shard_whose_record_is_damaged_is_made_again(undisturbed: Place, other: Place, damage: bytes) -> None:
    with pytest.raises(StopHereError):
        convert_exports(options(other), local_pool(1), progress=stop_at(2))
    records = [path for path in (other.root / "out" / ".convert").rglob("*.json") if path.name != "order.json"]
    assert records
    for path in records:
        path.write_bytes(damage)
    done = other.convert(*WORDS, "--resume")
    assert done.exit_code == 1, done.output
    assert same(other, undisturbed)


@pytest.mark.parametrize("file", ["manifest.json", "shards.jsonl"])
@pytest.mark.parametrize("damage", [b"\xff", b"[" * 100_000, b"3"])
def test_damaged_list_of_a_conversion_is_one_line(other: Place, file: str, damage: bytes) -> None:
    other.export(made_up(1, 2))
    assert other.convert("export.json").exit_code == 0
    (other.root / "out" / file).write_bytes(damage)
    done = other.convert("export.json", "--resume")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output


@pytest.mark.parametrize("change", [b'{"file": "export.json"}\n', b"\n"])
def test_list_with_more_shards_than_the_exports_make_is_refused(other: Place, change: bytes) -> None:
    other.export(made_up(1, 2))
    assert other.convert("export.json").exit_code == 0
    with (other.root / "out" / "shards.jsonl").open("ab") as file:
        file.write(change)
    done = other.convert("export.json", "--resume")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert "more shards than the 1 that the exports make" in done.stderr


def same(one: Place, two: Place) -> bool:
    """Return whether both folders hold the same bytes and no temporary files."""
    assert not (one.root / "out" / ".convert").exists()
    return one.digests() == two.digests()


def processes_of(place: Place, *words: str) -> "subprocess.Popen[bytes]":
    given = [*ANNOTATE, "convert", *WORDS, "--schema", str(BASE / "schema"), "--out", "out", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(given, cwd=place.root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for(path: Path, pattern: str) -> None:
    for _ in range(600):
        if list(path.glob(pattern)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no {pattern} in {path}")


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_run_is_resumed(undisturbed: Place, other: Place, workers: int) -> None:
    process = processes_of(other, "--workers", str(workers))
    wait_for(other.root, "out/.convert/000001.json")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert other.convert(*WORDS, "--resume", workers=3 - workers).exit_code == 1
    assert same(other, undisturbed)


def test_killed_worker_is_replaced(undisturbed: Place, other: Place) -> None:
    process = processes_of(other, "--workers", "2")
    wait_for(other.root, "out/.convert/work-*/data/articles")
    for pid in workers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    errors = process.communicate()[1].decode()
    assert process.returncode == 1, errors
    assert same(other, undisturbed)


def workers_of(pid: int) -> list[int]:
    """The processes that work for a run: children of its fork server, which is one of its own children."""
    children = psutil.Process(pid).children()
    found = [worker.pid for child in children for worker in child.children()]
    assert found
    return found


def test_repeated_shard_has_the_same_bytes(undisturbed: Place, other: Place) -> None:
    with pytest.raises(StopHereError):
        convert_exports(options(other), local_pool(1), progress=stop_at(4))
    (other.root / "out" / ".convert" / "000002.json").unlink()
    (other.root / "out" / "data" / "articles" / "train-000000.parquet").write_bytes(b"half")
    assert other.convert(*WORDS, "--resume").exit_code == 1
    assert same(other, undisturbed)


def test_finished_folder_needs_nothing_more(other: Place) -> None:
    assert other.convert(*WORDS).exit_code == 1
    before = other.digests()
    done = other.convert(*WORDS, "--resume", "--format", "json")
    assert (done.exit_code, json.loads(done.output)["shards_made"]) == (1, 0)
    assert other.digests() == before


@pytest.mark.parametrize("fault", ["another export", "a longer export", "a shorter export", "a file that is gone"])
def test_finished_folder_is_verified_against_its_exports_and_files(other: Place, fault: str) -> None:
    assert other.convert(*WORDS).exit_code == 1
    path, tasks = other.root / "export.json", json.loads((other.root / "export.json").read_bytes())
    if fault == "a file that is gone":
        (other.root / "out" / "data" / "articles" / "train-000003.parquet").unlink()
    else:
        path.write_text(json.dumps({"another": made_up(1, 9), "a longer": [*tasks, tasks[0]], "a shorter": tasks[:4]}[
            fault.removesuffix(" export")
        ]))  # fmt: skip
    refused = other.convert(*WORDS, "--resume")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert "start over with --overwrite" in refused.output


def test_shards_of_a_longer_export_are_not_reused(other: Place) -> None:
    path = other.root / "export.json"
    lines = [json.dumps(task).encode() + b"\n" for task in made_up(1, 24)]
    path.write_bytes(b"".join(lines))
    with pytest.raises(StopHereError):
        convert_exports(options(other), local_pool(1), progress=stop_at(6))
    path.write_bytes(b"".join(lines[:6]))
    refused = other.convert(*WORDS, "--resume")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert "has more shards than the" in refused.output


@pytest.mark.parametrize(
    "words",
    [("--shard-size", "60K"), ("--config", "sayings"), ("--text-field", "body"), ("--fix",), ("--rights", "Ours.")],
)
def test_other_options_are_not_resumed(other: Place, words: tuple[str, ...]) -> None:
    with pytest.raises(StopHereError):
        convert_exports(options(other), local_pool(1), progress=stop_at(2))
    before = other.digests()
    refused = other.convert(*WORDS, *words, "--resume")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert "other exports, options" in refused.output
    assert other.digests() == before


def test_other_bytes_are_not_resumed(other: Place) -> None:
    with pytest.raises(StopHereError):
        convert_exports(options(other), local_pool(1), progress=stop_at(2))
    path = other.root / "export.json"
    path.write_bytes(path.read_bytes().replace(b"the pilot", b"the baker"))
    refused = other.convert(*WORDS, "--resume")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert "has changed at byte" in refused.output


def test_folder_that_is_not_empty_is_refused(other: Place) -> None:
    out = other.root / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for words in ((), ("--resume",), ("--overwrite",)):
        refused = other.convert(*WORDS, *words)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
    assert other.digests() == {"notes.txt": other.digests()["notes.txt"]}
    (out / "notes.txt").unlink()
    assert other.convert(*WORDS).exit_code == 1
    refused = other.convert(*WORDS)
    assert "--resume" in refused.output
    assert "--overwrite" in refused.output
    (out / "notes.txt").write_text("mine")
    before = other.digests()
    assert "notes.txt" in other.convert(*WORDS, "--overwrite").output
    assert other.digests() == before


def test_overwriting_leaves_nothing_of_the_old(undisturbed: Place, other: Place) -> None:
    assert other.convert("export.json", "--shard-size", "20K").exit_code == 1
    assert other.convert(*WORDS, "--overwrite").exit_code == 1
    assert same(other, undisturbed)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("data/mine/notes.txt", "data/mine"),
        ("data/mine/train-000000.parquet", "data/mine"),
        ("data/articles/notes.txt", "data/articles/notes.txt"),
        ("aside/fixed.jsonl", "aside/fixed.jsonl"),
        (".env", ".env"),
    ],
)
@pytest.mark.parametrize("mode", ["--overwrite", "--resume"])
def test_only_own_files_are_removed_and_continued(other: Place, name: str, named: str, mode: str) -> None:
    assert other.convert(*WORDS).exit_code == 1
    kept = other.root / "out" / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("mine")
    before = other.digests()
    refused = other.convert(*WORDS, mode)
    assert (refused.exit_code, f"out/{named}: was not made" in refused.output) == (2, True), refused.output
    assert other.digests() == before


def test_what_a_killed_writer_left_is_removed(undisturbed: Place, other: Place) -> None:
    """Killed before its first file, or while it wrote the card."""
    out = other.root / "out"
    (out / ".convert").mkdir(parents=True)
    (out / ".convert" / ".order.json.abcdefgh.part").touch()
    assert other.convert(*WORDS).exit_code == 1
    assert same(other, undisturbed)
    (out / ".README.md.abcdefgh.part").touch()
    assert other.convert(*WORDS, "--overwrite").exit_code == 1
    assert same(other, undisturbed)


@pytest.mark.parametrize("link", [".convert", "data", "data/articles", "manifest.json", "aside"])
def test_a_link_in_the_output_is_not_followed(other: Place, link: str) -> None:
    assert other.convert(*WORDS).exit_code == 1
    out, elsewhere = other.root / "out", other.root / "elsewhere"
    if link == ".convert":
        elsewhere.mkdir()
        (elsewhere / "order.json").write_text("{}")
        (elsewhere / "precious").write_text("mine")
    else:
        (out / link).rename(elsewhere)
    (out / link).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    for mode in ("--overwrite", "--resume"):
        refused = other.convert(*WORDS, mode)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
        assert sorted(elsewhere.rglob("*")) == before
        assert (out / link).is_symlink()


@pytest.mark.parametrize("address", ["file://{}", "local://{}", "dir::file://{}", "simplecache::file://{}"])
def test_another_name_of_the_file_system_makes_no_difference(other: Place, address: str) -> None:
    target = other.root / "corpus"
    (target / "articles").mkdir(parents=True)
    (target / "annotators.yaml").touch()
    refused = other.convert(*WORDS, out=address.format(target / "new"))
    assert (refused.exit_code, "is inside the folder 'corpus'" in refused.output) == (2, True), refused.output
    assert sorted(path.name for path in target.iterdir()) == ["annotators.yaml", "articles"]


def test_overwriting_does_not_remove_an_input(other: Place) -> None:
    assert other.convert(*WORDS).exit_code == 1
    before = other.digests()
    aside = next(other.root.glob("out/aside/*.jsonl")).relative_to(other.root)
    refused = other.convert(aside, *WORDS, "--overwrite")
    assert (refused.exit_code, "would be lost" in refused.output) == (2, True), refused.output
    assert other.digests() == before


def test_both_at_once_are_refused(other: Place) -> None:
    assert other.convert(*WORDS, "--overwrite", "--resume").exit_code == 2
    assert not (other.root / "out").exists()


def test_full_disk_is_one_line_and_the_run_is_resumed(undisturbed: Place, other: Place) -> None:
    words = ["convert", *WORDS, "--schema", str(BASE / "schema"), "--out", "out", "--workers", "1"]
    done = run([*ANNOTATE, *words], other.root, most_bytes=20_000)
    assert_refused(done)
    assert "file too large" in done.stderr
    assert not list(other.root.glob("out/data/*/*"))
    assert other.convert(*WORDS, "--resume").exit_code == 1
    assert same(other, undisturbed)


def test_input_that_changes_while_it_is_read_is_refused(other: Place) -> None:
    path = other.root / "export.json"

    def told(_: ShardProgress) -> None:
        path.write_bytes(path.read_bytes().replace(b"the pilot", b"the baker"))

    with pytest.raises(CannotRun, match="changed while it was read"):
        convert_exports(options(other), local_pool(1), progress=told)
    assert not (other.root / "out" / "manifest.json").exists()


def test_input_that_shrinks_while_it_is_read_is_refused(other: Place) -> None:
    path = other.root / "export.json"

    def told(_: ShardProgress) -> None:
        path.write_bytes(b"[]")

    with pytest.raises(CannotRun, match="changed while it was read"):
        convert_exports(options(other), local_pool(1), progress=told)
