"""A damaged difference is refused with nothing written, or gives exactly NEW: every kind of damage, at every place."""

import copy
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.comparison.apply import apply_file_change
from annotate.comparison.model import FileChange, SpanChange
from annotate.comparison.patch import find_path_problem
from annotate.corpus import encode_annotation
from annotate.offsets import sha256
from tests.comparison.conftest import Pair
from tests.conftest import annotate, read_files

Value = Any
Where = tuple[str | int, ...]

NOT_READ = ("summary", "version")
"""What `apply` does not read: no damage there changes what it writes. A few samples are enough."""
OTHER_TYPES: tuple[Value, ...] = (None, True, 0, -1, 1.5, 10**30, "", "x", [], [1], {}, {"a": 1})
PATHS = (
    "corpus/../../escaped",
    "../escaped",
    "/tmp/escaped",  # noqa: S108 - what a hostile difference would name
    "corpus/../schema/labels.yaml",
    "corpus//a",
    "corpus/./a",
    "corpus/.hidden",
    "corpus/articles/",
    "corpus",
    "",
    "elsewhere/a",
    "corpus\\a",
    "corpus/..\\..\\escaped",
    "corpus/a\u0000b",
    "corpus/a\nb",
    "corpus/a\u001b[31m",
    "corpus/a\u0085b",
    "corpus/" + "a" * 250,
    "corpus/" + "a/" * 600 + "b",
    "CORPUS/a",
    "corpus/annotators.yaml/below",
    "corpus/articles",
    "corpus/Annotators.yaml",
)


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of runs would wait for the disk."""
    shared = Path("/dev/shm")  # noqa: S108 - a private folder in it
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder) / "pair"


@pytest.fixture
def pair(memory_folder: Path) -> Pair:
    """Two versions that differ in every way that a difference can express."""
    memory_folder.mkdir(exist_ok=True)
    pair = Pair(memory_folder)
    old, new = pair.folder / "old" / "corpus", pair.new.root / "corpus"
    pair.respan("harbour", "s1", start=4)
    pair.respan("harbour", "s5", label="Words", note="why")
    pair.new.replace("corpus/articles/market.txt", "3", "4")
    pair.new.replace("corpus/articles/market.json", "Made up", "Taken over")
    (new / "links.json").unlink()
    (new / "deep" / "er").mkdir(parents=True)
    (new / "deep" / "er" / "added").write_bytes(b"\xff\x00added")
    (old / "sources" / "bytes").write_bytes(b"\xff\x00old")
    (new / "sources" / "bytes").write_bytes(b"\xfe\x00new")
    (old / "file-then-folder").write_text("a file")
    (new / "file-then-folder").mkdir()
    (new / "file-then-folder" / "file").write_text("in a folder")
    path = new / "annotations" / "gold" / "harbour.json"
    value = json.loads(path.read_text())
    value["relations"] = value["relations"][1:]
    path.write_text(json.dumps(value))
    return pair


def written(pair: Pair) -> dict[str, Value]:
    done = annotate("diff", str(pair.folder / "old"), str(pair.new.root), "--format", "json")
    assert done.exit_code == 0, done.output
    value: dict[str, Value] = json.loads(done.stdout)
    return value


class Applying:
    """Applies differences to one OLD, and says what came of it."""

    def __init__(self, pair: Pair) -> None:
        self.folder = pair.folder
        self.old, self.new = read_files(pair.folder / "old"), read_files(pair.new.root)
        self.copy = self.folder / "copy"
        shutil.copytree(self.folder / "old", self.copy)
        self.siblings = {path.name for path in self.folder.iterdir()} | {"changes.json"}

    def result(self, data: bytes) -> str:
        """Return "exact" or "refused"; fail for anything else."""
        path, out = self.folder / "changes.json", self.folder / "out"
        path.write_bytes(data)
        done = annotate("apply", str(self.folder / "old"), str(path), "--out", str(out))
        in_place = annotate("apply", str(self.copy), str(path), "--write")
        assert (done.exit_code == 0) == (in_place.exit_code == 0), (done.output, in_place.output)
        if done.exit_code == 0:
            assert read_files(out) == self.new == read_files(self.copy)
            shutil.rmtree(out)
            shutil.rmtree(self.copy)
            shutil.copytree(self.folder / "old", self.copy)
        for run in (done, in_place):
            assert run.exit_code in (0, 1, 2), run.output
            assert run.exception is None or isinstance(run.exception, SystemExit)
            assert run.exit_code == 0 or (run.stdout, run.stderr.count("\n") >= 1) == ("", True), run.output
            assert run.exit_code != 2 or run.stderr.count("\n") == 1, run.output
        assert read_files(self.copy) == self.old == read_files(self.folder / "old")
        assert {path.name for path in self.folder.iterdir()} == self.siblings
        return "refused" if done.exit_code else "exact"


def places(value: Value, where: Where = ()) -> Iterator[Where]:
    """Yield the place of each value in the JSON, the whole first."""
    yield where
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        below = places(entry, (*where, key))
        yield from islice(below, 3) if not where and key in NOT_READ else below


def at(value: Value, where: Where) -> Value:
    for key in where:
        value = value[key]
    return value


def damaged(value: Value, where: Where) -> Iterator[Value]:
    """Yield copies of the JSON with one kind of damage each, at a place."""

    def changed(replacement: Value, key: str | int | None = None) -> Value:
        """Return a copy in which another value is at the place, or at a key below it."""
        whole = [copy.deepcopy(value)]
        path: Where = (0, *where) if key is None else (0, *where, key)
        at(whole, path[:-1])[path[-1]] = replacement
        return whole[0]

    here = at(value, where)
    if isinstance(here, dict):
        yield changed({**here, "unknown": 1})
        for key in here:
            rest = {name: entry for name, entry in here.items() if name != key}
            yield changed(rest)
            yield changed({**rest, f"{key}x": here[key]})
            yield changed({**rest, key[1:] + key[:1]: here[key]})
            yield changed({**rest, key.upper(): here[key]})
        yield changed(dict(reversed(here.items())))
        yield changed({})
    elif isinstance(here, list):
        for index, entry in enumerate(here):
            yield changed([*here[:index], *here[index + 1 :]])
            yield changed([*here[: index + 1], entry, *here[index + 1 :]])
            yield changed([*here[:index], *here[index : index + 2][::-1], *here[index + 2 :]])
        yield changed(here[::-1])
        yield changed([])
    elif isinstance(here, str):
        for index in {0, len(here) // 2, len(here) - 1} if here else ():
            letter = chr(ord(here[index]) ^ 1)
            yield changed(here[:index] + letter + here[index + 1 :])
            yield changed(here[:index] + here[index + 1 :])
            yield changed(here[: index + 1] + here[index:])
    elif isinstance(here, int) and not isinstance(here, bool):
        yield from (changed(here + by) for by in (-1, 1, 1000, 2**63, -(2**63)))
    yield from (changed(other) for other in OTHER_TYPES if type(other) is not type(here) or other != here)


def test_every_damage_is_refused_or_harmless(pair: Pair) -> None:
    value, applying = written(pair), Applying(pair)
    assert applying.result(json.dumps(value).encode()) == "exact"
    assert applying.result(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True).encode()) == "exact"
    counts = {"exact": 0, "refused": 0}
    for where in places(value):
        for changed in damaged(value, where):
            data = json.dumps(changed).encode()
            result = applying.result(data)
            counts[result] += 1
            # What is left of a file, a hash or a digest never is enough.
            if result == "exact" and where[:1] == ("files",):
                assert len(changed["files"]) == len(value["files"]), where
    assert counts["refused"] > 1000


def test_difference_that_is_cut_anywhere_is_refused(pair: Pair) -> None:
    data, applying = json.dumps(written(pair)).encode(), Applying(pair)
    for length in range(0, len(data), 97):
        assert applying.result(data[:length]) == "refused"
    for other in (data + b"x", b"\xef\xbb\xbf" + data, data.replace(b"corpus", b"c\xffrpus", 1), data * 2):
        assert applying.result(other) == "refused"


def digest(files: dict[str, bytes]) -> str:
    """The digest as docs/explanation/versioning.md describes it, made by hand."""
    return sha256("".join(f"{sha256(data)}  {file}\n" for file, data in sorted(files.items())).encode())


def test_digest_is_what_sha256sum_gives(pair: Pair) -> None:
    value, applying = written(pair), Applying(pair)
    assert value["digests"] == {"old": digest(applying.old), "new": digest(applying.new)}


@pytest.mark.parametrize("file", PATHS)
def test_hostile_difference_with_a_true_digest_writes_nowhere_else(pair: Pair, file: str) -> None:
    """Whoever makes a difference can make its digest fit, too."""
    value, applying = written(pair), Applying(pair)
    data = b"escaped"
    change = {"file": file, "kind": "other", "old": None, "new": sha256(data), "edits": [[0, 0, "", "escaped"]]}
    value["files"].append(change)
    value["digests"]["new"] = digest({**applying.new, file: data})
    before = sorted(path for path in pair.folder.parent.iterdir())
    assert applying.result(json.dumps(value).encode()) == "refused"
    assert sorted(path for path in pair.folder.parent.iterdir()) == before
    assert not Path("/tmp/escaped").exists()  # noqa: S108 - nobody writes it


@pytest.mark.parametrize("file", ["corpus/straße.txt", "corpus/e\u0301", "corpus/a b", "corpus/a'b", "corpus/a:b"])
def test_unusual_name_is_written(pair: Pair, file: str) -> None:
    path = pair.new.root / file
    path.write_text("unusual")
    assert find_path_problem(file) == ""
    assert Applying(pair).result(json.dumps(written(pair)).encode()) == "exact"


@pytest.mark.parametrize(
    "names", [("corpus/a", "corpus/A"), ("corpus/e\u0301", "corpus/\u00e9"), ("corpus/x", "corpus/X/y")]
)
def test_names_that_some_disks_take_for_one_are_refused(pair: Pair, names: tuple[str, str]) -> None:
    for name in names:
        path = pair.new.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    assert Applying(pair).result(json.dumps(written(pair)).encode()) == "refused"


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\x7fb"])
def test_name_that_apply_would_refuse_is_refused_by_diff(pair: Pair, name: str) -> None:
    (pair.new.root / "corpus" / name).write_text("x")
    done = annotate("diff", str(pair.folder / "old"), str(pair.new.root), "--format", "json")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.output
    assert "has a backslash or a control character in its name; rename it in both versions" in done.stderr


def test_other_old_is_refused_even_where_no_changed_file_differs(pair: Pair) -> None:
    value, applying = written(pair), Applying(pair)
    (pair.folder / "changes.json").write_text(json.dumps(value))
    (applying.copy / "corpus" / "more.txt").write_text("a file more")
    done = annotate("apply", str(applying.copy), str(pair.folder / "changes.json"), "--write")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "has other files than the old version of the difference" in done.stderr


def test_old_format_is_refused_with_the_way_out(pair: Pair) -> None:
    value = written(pair)
    (pair.folder / "changes.json").write_text(json.dumps({**value, "format": 1}))
    done = annotate(
        "apply", str(pair.folder / "old"), str(pair.folder / "changes.json"), "--out", str(pair.folder / "out")
    )
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "has format 1" in done.stderr
    assert "make it again: `annotate diff OLD NEW --format json`" in done.stderr


def test_many_changed_spans_are_applied_in_linear_time(pair: Pair) -> None:
    annotation = pair.new.corpus.read_annotation("gold", "market")
    spans = [msgspec.structs.replace(annotation.spans[0], id=f"s{number}") for number in range(20_000)]
    old = encode_annotation(msgspec.structs.replace(annotation, spans=tuple(spans), relations=()))
    new = encode_annotation(msgspec.structs.replace(annotation, spans=(), relations=()))
    changes = tuple(SpanChange(kinds=("removed",), old=span, new=None) for span in reversed(spans))
    start = time.perf_counter()
    change = FileChange(file="corpus/a", kind="annotation", old=sha256(old), new=sha256(new), spans=changes)
    assert apply_file_change(change, old) == new
    assert time.perf_counter() - start < 5
