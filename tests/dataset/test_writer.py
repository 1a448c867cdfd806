"""Parquet and the folder: equal rows give equal bytes, a write is complete or does not happen, other files stay."""

import errno
import hashlib
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.columns import Integers
from annotate.dataset import writer
from annotate.dataset.features import INTEGER, RANGE, STRING, Feature, arrow_schema, arrow_type, class_label, list_of
from annotate.dataset.folder import CARD, FORMAT, MANIFEST, Manifest, dataset_folder, encode_manifest
from annotate.dataset.logical_hash import LogicalHash, logical_sha256
from annotate.dataset.writer import TableWriter
from annotate.errors import CannotRun

FEATURES = {"id": STRING, "number": INTEGER, "places": list_of(RANGE)}


def rows(count: int, first: int = 0) -> pa.Table:
    made: list[dict[str, Any]] = [
        {
            "id": None if number % 5 == 0 else f"é{number}",
            "number": None if number % 3 == 0 else number,
            "places": [{"start": at, "end": None} for at in range(number % 4)],
        }
        for number in range(first, first + count)
    ]
    return pa.Table.from_pylist(made, arrow_schema(FEATURES))


def written(folder: Path, *parts: pa.Table) -> writer.TableFile:
    one = TableWriter(folder, "things", "train", FEATURES)
    for part in parts:
        one.add(part)
    return one.finish()


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP", 10)


@pytest.mark.usefixtures("small_groups")
def test_bytes_do_not_depend_on_how_rows_are_handed_in(tmp_path: Path) -> None:
    whole = written(tmp_path / "a", rows(37))
    parts = written(tmp_path / "b", rows(4), rows(25, 4), rows(0), rows(8, 29))
    assert whole == parts
    assert (tmp_path / "a" / whole.file).read_bytes() == (tmp_path / "b" / parts.file).read_bytes()
    file = pq.ParquetFile(tmp_path / "a" / whole.file)
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [10, 10, 10, 7]
    assert file.read().equals(rows(37))
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_a_row_group_ends_where_its_texts_are_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: 2,000 rows of long texts were in memory at once."""
    monkeypatch.setattr(writer, "GROUP_BYTES", 12)
    features: Feature = {"id": STRING, "context": {"text": STRING}}
    values = [{"id": "i", "context": {"text": "é" * length}} for length in (1, 1, 2, 0, 9, 1, 5, 2, 0)]
    table = pa.Table.from_pylist(values, arrow_schema(features))
    files = list[writer.TableFile]()
    for cuts in ([0, 9], [0, 2, 3, 3, 8, 9], list(range(10))):
        table_writer = TableWriter(tmp_path / f"{len(cuts)}", "things", "train", features)
        for first, stop in pairwise(cuts):
            table_writer.add(table[first:stop])
        files.append(table_writer.finish())
    assert files == [files[0]] * 3
    metadata = pq.ParquetFile(tmp_path / "2" / files[0].file).metadata
    # The bytes of the rows are 3, 3, 5, 1, 19, 3, 11, 5 and 1.
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [4, 1, 2, 2]


def test_texts_are_counted_only_near_the_bound_of_a_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, count_bytes = list[int](), writer._count_bytes

    def count(table: pa.Table) -> Integers:
        counted.append(len(table))
        return count_bytes(table)

    monkeypatch.setattr(writer, "_count_bytes", count)
    written(tmp_path / "far", rows(37), rows(12, 37))
    assert not counted
    monkeypatch.setattr(writer, "GROUP_BYTES", rows(37).nbytes + 1)
    written(tmp_path / "near", rows(37), rows(12, 37))
    assert counted == [37, 12]


def test_each_column_is_written_in_its_own_way(tmp_path: Path) -> None:
    """Words and ids as they are, other strings and class ids by dictionary, numbers as differences."""
    features = {
        "id": STRING,
        "title": STRING,
        "text": STRING,
        "number": INTEGER,
        "spans": list_of({"text": STRING, "label": class_label("ab")}),
        "relations": list_of({"head_id": STRING}),
    }
    one = TableWriter(tmp_path, "things", "train", features)
    row = {"id": "a", "title": "t", "text": "é", "number": 7}
    row |= {"spans": [{"text": "é", "label": 1}], "relations": [{"head_id": "s1"}]}
    one.add(pa.Table.from_pylist([row] * 3, arrow_schema(features)))
    group = pq.ParquetFile(tmp_path / one.finish().file).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    assert {column.path_in_schema: (set(column.encodings) - {"RLE"}, column.is_stats_set) for column in columns} == {
        "id": ({"PLAIN"}, True),
        "title": ({"PLAIN", "RLE_DICTIONARY"}, True),
        "text": ({"PLAIN"}, True),
        "number": ({"DELTA_BINARY_PACKED"}, True),
        "spans.list.element.text": ({"PLAIN"}, False),
        "spans.list.element.label": ({"PLAIN", "RLE_DICTIONARY"}, False),
        "relations.list.element.head_id": ({"PLAIN"}, False),
    }
    assert all(column.has_offset_index for column in columns)


def test_a_table_without_rows_keeps_its_types(tmp_path: Path) -> None:
    empty = written(tmp_path)
    assert (empty.rows, empty.columns) == (0, 3)
    table = pq.read_table(tmp_path / empty.file)
    assert table.schema.equals(arrow_schema(FEATURES))
    assert table.schema.metadata == arrow_schema(FEATURES).metadata


def test_the_logical_hash_is_of_the_values_alone(tmp_path: Path) -> None:
    ours = written(tmp_path, rows(37))
    other = tmp_path / "other.parquet"
    pq.write_table(rows(37), other, row_group_size=7, compression="snappy", use_dictionary=False, version="1.0")
    assert logical_sha256(other) == logical_sha256(tmp_path / ours.file) == ours.logical_sha256


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([{"id": "ab"}, {"id": "c"}], [{"id": "a"}, {"id": "bc"}]),
        ([{"id": None}], [{"id": ""}]),
        ([{"number": None}], [{"number": 0}]),
        ([{"places": None}], [{"places": []}]),
        ([{"places": [{"start": 1}]}, {"places": []}], [{"places": []}, {"places": [{"start": 1}]}]),
        ([{"places": [None]}], [{"places": [{"start": None}]}]),
        ([{"number": 1}, {"number": 2}], [{"number": 2}, {"number": 1}]),
    ],
)
def test_other_values_have_another_logical_hash(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    def hashed(made: list[dict[str, Any]]) -> str:
        found = LogicalHash()
        found.update(pa.Table.from_pylist(made, arrow_schema(FEATURES)))
        return found.hexdigest()

    assert hashed(one) != hashed(other)
    assert hashed(one) == hashed(one)


def test_the_logical_hash_reads_slices_as_it_reads_wholes() -> None:
    whole, sliced = LogicalHash(), LogicalHash()
    whole.update(rows(20, 5))
    sliced.update(rows(40)[5:18])
    sliced.update(rows(40)[18:25])
    assert whole.hexdigest() == sliced.hexdigest()


NESTED = list_of({"text": STRING, "numbers": list_of(INTEGER), "inner": {"places": list_of(RANGE)}})
NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
PLACES = st.none() | st.lists(st.none() | st.fixed_dictionaries({"start": NUMBERS, "end": NUMBERS}), max_size=3)
PARTS = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
        "numbers": st.none() | st.lists(NUMBERS, max_size=3),
        "inner": st.none() | st.fixed_dictionaries({"places": PLACES}),
    }
)


def streams(path: str, feature: Feature, values: list[Any], into: dict[str, bytes]) -> None:
    """The bytes that the docstring of `hashing` speaks of, made the slow way."""

    def integers(numbers: Iterable[int]) -> bytes:
        return b"".join(number.to_bytes(8, "little", signed=True) for number in numbers)

    into[f"{path} valid"] = bytes(value is not None for value in values)
    if feature.get("_type") == "List":
        into[f"{path} length"] = integers(len(value or ()) for value in values)
        streams(f"{path}[]", feature["feature"], [one for value in values for one in value or ()], into)
    elif feature == STRING:
        words = [(value or "").encode() for value in values]
        into[f"{path} length"], into[f"{path} value"] = integers(map(len, words)), b"".join(words)
    elif feature == INTEGER:
        into[f"{path} value"] = integers(value or 0 for value in values)
    else:
        for name, part in feature.items():
            streams(f"{path}.{name}", part, [value and value[name] for value in values], into)


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.none() | PARTS, max_size=3), max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_the_logical_hash_is_what_its_docstring_says(values: list[Any], first: int, cut: int) -> None:
    table = pa.table({"all": pa.array(values, arrow_type(NESTED))})
    found = LogicalHash()
    for part in (table[first : first + cut], table[first + cut :]):
        found.update(part)
    expected: dict[str, bytes] = {}
    streams("all", NESTED, values[first:], expected)
    lines = sorted(f"{name} {hashlib.sha256(data).hexdigest()}\n" for name, data in expected.items())
    assert found.hexdigest() == hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize(
    "parts",
    [
        [[0, 0], [0]],
        [[0, 0], [0, 1], [0]],
        [[0], [None], [0]],
        [[None], [0, 0], []],
        [[], [5], [0] * 300_000],
        [[0] * 300_000, [2**56 + 1]],
    ],
)
def test_runs_of_equal_bytes_are_hashed_as_any_others(parts: list[list[int | None]]) -> None:
    """Runs that have just been counted are hashed where they end; two columns share the hash of a run."""
    found = LogicalHash()
    for part in parts:
        found.update(pa.table({name: pa.array(part, pa.int64()) for name in ("a", "b")}))
    lines = []
    for name in ("a", "b"):
        expected: dict[str, bytes] = {}
        streams(name, INTEGER, [value for part in parts for value in part], expected)
        lines += [f"{path} {hashlib.sha256(data).hexdigest()}\n" for path, data in expected.items()]
    assert found.hexdigest() == hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def test_the_logical_hash_is_pinned() -> None:
    """The hash is published with releases: a change here breaks every published one."""
    found = LogicalHash()
    found.update(rows(20))
    assert found.hexdigest() == "b05a3a4e4cf451a2169d903abd8b42d5a77a5456439be6f58ea87f08ae62aa60"


def ours(folder: Path) -> None:
    (folder / CARD).write_text("card")
    manifest = Manifest(
        format=FORMAT,
        title="t",
        corpus=None,
        inventory="1.0.0",
        inventory_sha256="",
        pyarrow="",
        articles=0,
        card_sha256="",
        tables=(written(folder, rows(3)),),
    )
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("before", ["missing", "empty", "ours"])
def test_a_folder_takes_the_place_of_nothing_or_of_one_of_ours(tmp_path: Path, before: str) -> None:
    out = tmp_path / "deep" / "out"
    if before != "missing":
        out.mkdir(parents=True)
    if before == "ours":
        ours(out)
    with dataset_folder(out) as folder:
        (folder / "new").write_text("new")
    assert left(out) == ["new"]
    assert left(out.parent) == ["out"]
    assert out.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("before", ["file", "other", "no manifest of ours", "more than ours"])
def test_a_folder_of_others_is_refused_and_kept(tmp_path: Path, before: str) -> None:
    out = tmp_path / "out"
    if before == "file":
        out.write_text("precious")
    else:
        out.mkdir()
        if before == "more than ours":
            ours(out)
        (out / (MANIFEST if before == "no manifest of ours" else "precious.txt")).write_text("{}")
    with pytest.raises(CannotRun, match="choose another folder"), dataset_folder(out):
        raise AssertionError
    assert left(tmp_path) == ["out"]
    assert out.is_file() or len(left(out)) >= 1


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError, CannotRun("a", "b", "c")])
@pytest.mark.parametrize("before", [False, True])
def test_an_interrupted_build_keeps_the_old_folder(
    tmp_path: Path, interruption: type[BaseException] | BaseException, before: bool
) -> None:
    out = tmp_path / "out"
    if before:
        out.mkdir()
        ours(out)
    kept = left(tmp_path), left(out) if before else []

    def build() -> None:
        with dataset_folder(out) as folder:
            (folder / "half").write_text("half")
            raise interruption

    with pytest.raises((KeyboardInterrupt, RuntimeError, CannotRun)):
        build()
    assert (left(tmp_path), left(out) if before else []) == kept


def test_a_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    ours(out)
    before = left(out)
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(CannotRun, match="input/output error"), dataset_folder(out):
        pass
    assert left(out) == before
    assert left(tmp_path) == ["out"]


def test_a_disk_that_cannot_be_written_to_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def readonly(**_: object) -> str:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", readonly)
    with pytest.raises(CannotRun) as caught, dataset_folder(tmp_path / "out"):
        raise AssertionError
    expected = "cannot be written: read-only file system; free space or choose another folder with --out"
    assert str(caught.value).endswith(expected)
    assert "\n" not in str(caught.value)
