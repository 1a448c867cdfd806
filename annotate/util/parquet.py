"""Read Parquet files, which may come from a stranger: the only module that opens one.

pyarrow does not look at the names of columns and at the text in them before it converts them, and raises exceptions of
many kinds. Here, each becomes `BrokenParquet`, which says the row and the column.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.util.escape import quote, shorten
from annotate.util.files import open_raw

_LONGEST_REASON = 200
_ROWS_AT_ONCE = 1000


class BrokenParquet(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """A file is not Parquet, or holds what cannot be read.

    Attributes:
        place: The row and the column, as in "row 3, column 'text'"; empty for the whole file.
        problem: What is wrong.
    """

    def __init__(self, place: str, problem: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place} {problem}" if place else problem)


def read_rows(path: str | Path, *, within: str | Path | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a file.

    Args:
        path: The file.
        within: The folder below which no link is followed, or None; see `annotate.util.files.read_raw`.

    Yields:
        The number of each row, from 0, and its values by column.

    Raises:
        OSError: If the file cannot be opened.
        BrokenParquet: If it cannot be read.
    """
    with _open(path, within) as file:
        first = 0
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            columns = [
                _convert_column(name, column, first)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            for index in range(batch.num_rows):
                row = {name: column[index] for name, column in zip(batch.schema.names, columns, strict=True)}
                yield first + index, row
            first += batch.num_rows


def read_row_groups(path: str | Path, *, within: str | Path | None) -> Iterator[pa.Table]:
    """Yield a table without rows, and then the row groups of a file; all text in them is UTF-8.

    Raises:
        OSError: If the file cannot be opened.
        BrokenParquet: If it cannot be read.
    """
    with _open(path, within) as file:
        yield file.schema_arrow.empty_table()
        first = 0
        for index in range(file.num_row_groups):
            table = file.read_row_group(index)
            _require_valid(table, first)
            first += table.num_rows
            yield table


def read_metadata(path: str | Path, *, within: str | Path | None) -> dict[bytes, bytes]:
    """Return the metadata of the schema of a file.

    Raises:
        OSError: If the file cannot be opened.
        BrokenParquet: If it cannot be read.
    """
    with _open(path, within) as file:
        return dict(file.schema_arrow.metadata or {})


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Turn any exception of pyarrow into BrokenParquet."""
    try:
        yield
    except BrokenParquet:
        raise
    # A damaged file raises errors of any kind: of pyarrow, of Python's decoders, of its numbers and dates.
    except Exception as error:
        raise BrokenParquet("", _explain(error, "is not Parquet")) from error


@contextmanager
def _open(path: str | Path, within: str | Path | None) -> Iterator[pq.ParquetFile]:
    with open_raw(str(path), within=within) as raw, reporting_errors():
        try:
            file = pq.ParquetFile(raw)
        except UnicodeDecodeError as error:
            raise BrokenParquet("", f"the name of column {quote(error.object)} is not UTF-8") from error
        names = _list_names(file.schema_arrow)
        if repeated := next((name for name, count in Counter(names).items() if count > 1), None):
            raise BrokenParquet("", f"two columns are called {quote(repeated)}")
        yield file


def _list_names(schema: pa.Schema) -> list[str]:
    """Return the names of the columns, each of which may be the bytes of any program."""
    names: list[str] = []
    for index in range(len(schema)):
        try:
            names.append(schema.field(index).name)
        except UnicodeDecodeError as error:
            raise BrokenParquet("", f"the name of column {quote(error.object)} is not UTF-8") from error
    return names


def _require_valid(table: pa.Table, first: int) -> None:
    """Check the text in a table, whose rows are counted from `first`."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        for name, column in zip(table.column_names, table.columns, strict=True):
            _convert_column(name, column, first)
        raise


def _convert_column(name: str, column: Any, first: int) -> list[Any]:
    """Convert a column to Python's values; `first` is the number of its first row."""
    try:
        return list_values(column)
    except Exception:
        for index, value in enumerate(column):
            try:
                value.as_py()
            except Exception as error:
                raise BrokenParquet(
                    f"row {first + index}, column {quote(name)}", _explain(error, "cannot be read")
                ) from error
        raise


def list_values(array: Any) -> list[Any]:
    """Return what `to_pylist` of an array does, a column of values at a time.

    For the table `articles`, that takes a quarter of the time.
    """
    if not isinstance(array, pa.Array) or not len(array):
        return list(array.to_pylist())
    type_ = array.type
    if pa.types.is_struct(type_) and 0 < type_.num_fields == len({field.name for field in type_}):
        names = [field.name for field in type_]
        columns = map(list_values, array.flatten())
        values: list[Any] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    elif pa.types.is_list(type_):
        offsets = array.offsets.to_pylist()
        items = list_values(array.values.slice(offsets[0], offsets[-1] - offsets[0]))
        values = [items[start - offsets[0] : end - offsets[0]] for start, end in pairwise(offsets)]
    elif pa.types.is_string(type_) and not array.null_count:
        return list(array.to_numpy(zero_copy_only=False).tolist())
    elif pa.types.is_integer(type_):
        values = (array.fill_null(0) if array.null_count else array).to_numpy(zero_copy_only=False).tolist()
    else:
        return list(array.to_pylist())
    if array.null_count:
        return [
            value if is_valid else None for value, is_valid in zip(values, array.is_valid().to_pylist(), strict=True)
        ]
    return values


def _explain(error: Exception, problem: str) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 at byte {error.start}"
    return f"{problem}: {shorten(' '.join(str(error).split()) or type(error).__name__, _LONGEST_REASON)}"
