"""Parquet that a stranger wrote: names and text that are not UTF-8, damage, and pipes; each is one line."""

import ast
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.dataset.logical_hash import logical_sha256
from annotate.util.parquet import BrokenParquet, list_values, read_metadata, read_row_groups, read_rows
from tests.conftest import ROOT


def latin(*values: bytes) -> pa.Array:
    """Return a column of text whose bytes no one has looked at."""
    data = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), data.buffers())


def write_table(path: Path, columns: dict[str, pa.Array], name: tuple[bytes, bytes] | None = None) -> Path:
    """Write a table; `name` replaces bytes by others of the same length."""
    pq.write_table(pa.table(columns), path)
    if name:
        data = path.read_bytes()
        assert name[0] in data
        path.write_bytes(data.replace(*name))
    return path


def reason(path: Path) -> str:
    """Return why a file cannot be read, which is the same for rows and for row groups."""
    with pytest.raises(BrokenParquet) as rows:
        list(read_rows(path, within=path.parent))
    with pytest.raises(BrokenParquet) as groups:
        list(read_row_groups(path, within=path.parent))
    with pytest.raises(BrokenParquet):
        logical_sha256(path)
    assert str(rows.value) == str(groups.value)
    return str(rows.value)


def test_rows_are_those_of_the_table(tmp_path: Path) -> None:
    columns = {"id": pa.array(["a", None]), "spans": pa.array([[{"start": 1}], []])}
    path = write_table(tmp_path / "a.parquet", columns)
    assert list(read_rows(path, within=None)) == list(enumerate(pa.table(columns).to_pylist()))


VALUE_TYPES = st.recursive(
    st.sampled_from([pa.string(), pa.int8(), pa.int64(), pa.uint64(), pa.float64(), pa.bool_(), pa.null()]),
    lambda types: (
        types.map(pa.list_)
        | st.lists(types, min_size=1, max_size=3).map(
            lambda each: pa.struct([(f"c{number}", type_) for number, type_ in enumerate(each)])
        )
    ),
    max_leaves=6,
)


def values_of(type_: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_list(type_):
        values: st.SearchStrategy[Any] = st.lists(values_of(type_.value_type), max_size=3)
    elif pa.types.is_struct(type_):
        values = st.fixed_dictionaries({field.name: values_of(field.type) for field in type_})
    elif pa.types.is_string(type_):
        values = st.text(max_size=4)
    elif pa.types.is_floating(type_):
        values = st.floats(allow_nan=False)
    elif pa.types.is_boolean(type_):
        values = st.booleans()
    else:
        values = st.integers(0, 127) if pa.types.is_integer(type_) else st.none()
    return st.none() | values


@settings(deadline=None)
@given(st.data())
def test_columns_have_the_values_of_to_pylist(data: st.DataObject) -> None:
    type_ = data.draw(VALUE_TYPES)
    array = pa.array(data.draw(st.lists(values_of(type_), max_size=5)), type_)
    part = array[data.draw(st.integers(0, len(array))) :]
    assert list_values(part) == part.to_pylist()


def test_objects_with_two_fields_of_one_name_are_refused(tmp_path: Path) -> None:
    words = pa.StructArray.from_arrays([pa.array(["a"]), pa.array(["b"])], ["word", "word"])
    path = write_table(tmp_path / "a.parquet", {"spans": words})
    with pytest.raises(BrokenParquet):
        list(read_rows(path, within=None))


def test_text_that_is_not_utf8_names_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"id": pa.array(["a"] * 1500), "text": latin(*[b"ok"] * 1200, b"caf\xe9 au", *[b"ok"] * 299)}
    pq.write_table(pa.table(columns), path, row_group_size=500)
    assert reason(path) == "row 1200, column 'text' is not UTF-8 at byte 3"


def test_text_within_lists_and_objects_is_looked_at(tmp_path: Path) -> None:
    words = pa.ListArray.from_arrays([0, 1, 2], latin(b"ok", b"\xff"))
    path = write_table(tmp_path / "a.parquet", {"spans": pa.StructArray.from_arrays([words], ["words"])})
    assert reason(path) == "row 1, column 'spans' is not UTF-8 at byte 0"


@pytest.mark.parametrize("is_nested", [False, True])
def test_name_that_is_not_utf8_is_shown(tmp_path: Path, is_nested: bool) -> None:
    column = pa.array(["b"])
    columns = {"s": pa.StructArray.from_arrays([column], ["textname"])} if is_nested else {"textname": column}
    path = write_table(tmp_path / "a.parquet", columns, (b"textname", b"text\xffame"))
    assert "the name of column" in reason(path)
    assert r"text\xffame" in reason(path)
    with pytest.raises(BrokenParquet):
        read_metadata(path, within=None)


def test_two_columns_with_one_name_are_refused(tmp_path: Path) -> None:
    """A row could hold only one of the two values."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"]), path)
    assert reason(path) == "two columns are called 'id'"
    inner = pa.StructArray.from_arrays([pa.array(["a"]), pa.array(["b"])], ["x", "x"])
    write_table(path, {"spans": inner})
    with pytest.raises(BrokenParquet, match="row 0, column 'spans' cannot be read: "):
        list(read_rows(path, within=None))


def test_value_that_python_does_not_have_names_row_and_column(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.parquet", {"day": pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32())})
    with pytest.raises(BrokenParquet, match="row 1, column 'day' cannot be read: "):
        list(read_rows(path, within=None))


def test_pipes_and_links_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    with pytest.raises(OSError, match="is not a regular file"):
        list(read_rows(tmp_path / "a.parquet", within=None))
    write_table(tmp_path / "b.parquet", {"id": pa.array(["a"])})
    (tmp_path / "c.parquet").symlink_to("b.parquet")
    with pytest.raises(OSError, match="link"):
        list(read_rows(tmp_path / "c.parquet", within=tmp_path))


def test_no_other_module_opens_parquet() -> None:
    """pyarrow raises what no caller expects; see `annotate/util/parquet.py`."""
    calls = {"ParquetFile", "ParquetDataset", "read_table", "read_schema", "read_metadata", "read_pandas"}
    users = set()
    for path in sorted((ROOT / "annotate").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in calls
                and ast.unparse(node.value) in ("pq", "pa.parquet")
            ):
                users.add(path.relative_to(ROOT).as_posix())
    assert users == {"annotate/util/parquet.py"}
