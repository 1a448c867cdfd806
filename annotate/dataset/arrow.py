"""Arrow arrays of the types that features ask for, made of columns.

What Arrow arrays hold, seen by numpy where it lies: most columns are so short that a kernel of Arrow costs more.

The logical hash of a table: over its values alone, whatever wrote, divided or compressed them.

A table is taken apart into its leaf columns. For each there are up to three streams of bytes, one entry a value:
`valid` (a byte: 1, or 0 for None), `length` (of a list, or of a string in bytes of UTF-8; a little-endian int64) and
`value` (integers as little-endian int64, 0 for None; strings as UTF-8, one after the other). The logical hash is the
SHA-256 of the lines `path stream sha256`, sorted, each with LF; a path is column names joined by dots, with `[]` for
what is in a list.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotate.columns import Attributes, Integers, int_array, positions_with_attributes
from annotate.dataset.features import Feature, arrow_type, attribute_features, numbered
from annotate.inventory import Attribute, Inventory


def typed(values: Any, feature: Feature) -> pa.Array:
    """The values of a column, a list or an array already."""
    return values if isinstance(values, pa.Array) else pa.array(values, arrow_type(feature))


def struct(feature: Feature, columns: Mapping[str, Any]) -> pa.Array:
    """A struct of the columns by name."""
    type_ = arrow_type(feature)
    return pa.StructArray.from_arrays([typed(columns[name], one) for name, one in feature.items()], fields=list(type_))


def lists(feature: Feature, bounds: Integers, inner: pa.Array) -> pa.Array:
    """A list column; the list of row n is from `bounds[n]` to `bounds[n + 1]` of what is in them."""
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), inner, type=arrow_type(feature))


def spread(values: pa.Array, places: Integers, size: int) -> pa.Array:
    """A column of `size` rows with the values at their places, and None elsewhere."""
    where = np.full(size, -1)
    where[places] = np.arange(len(places))
    return values.take(pa.array(where, mask=where < 0))


def class_ids(numbers: Integers, names: Iterable[str], classes: Sequence[str]) -> pa.Array:
    """The ids among `classes` of names by their number; raises KeyError for one that is not known."""
    ids = {name: number for number, name in enumerate(classes)}
    if len(numbers) and numbers.min() < 0:
        raise KeyError("a label that the inventory does not have")
    return pa.array(np.array([ids[name] for name in names], np.int64)[numbers])


def attribute_arrays(
    inventory: Inventory, attributes: Iterable[Attribute], given: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """The columns of `attribute_features` for spans: choices as class ids, None for what is not given.

    Most spans lack most attributes: one pass over what is given is far shorter than one a column.
    """
    features, filled = attribute_features(inventory, attributes), positions_with_attributes(given)
    some = [given[place] for place in filled]
    owners = np.repeat(int_array(filled), int_array(list(map(len, some))))
    names, values = list(chain.from_iterable(some)), list(chain.from_iterable(map(dict.values, some)))
    number = numbered(features)
    numbers = np.fromiter(map(number.get, names, repeat(len(number))), np.int64, len(names))
    arrays = {}
    for name, feature in features.items():
        places = np.flatnonzero(numbers == number[name])
        found = [values[place] for place in places.tolist()]
        if "names" in feature:
            ids = numbered(feature["names"])
            found = [ids[value] for value in found]
        arrays[name] = spread(pa.array(found, arrow_type(feature)), owners[places], len(given))
    return arrays


def numbers(array: pa.Array, type_: type[np.integer[Any]], buffer: int = 1, more: int = 0) -> npt.NDArray[Any]:
    """The numbers of a buffer for this array, one a value and so many `more`; what stands for None may be any."""
    count = len(array) + more
    if not len(array):
        return np.zeros(count, type_)
    return np.frombuffer(array.buffers()[buffer], type_, array.offset + count)[array.offset :]


def ends(array: pa.Array) -> npt.NDArray[np.int64]:
    """Where each list or string begins among all values, and where the last one ends."""
    return numbers(array, np.int32, more=1).astype(np.int64)


def valid(array: pa.Array) -> npt.NDArray[np.uint8]:
    """A byte for each value: 0 for None, 1 for any other."""
    if not array.null_count:
        return np.ones(len(array), np.uint8)
    first, behind = array.offset, array.offset + len(array)
    bits = np.frombuffer(array.buffers()[0], np.uint8)[first // 8 : -(-behind // 8)]
    return np.unpackbits(bits, bitorder="little")[first % 8 :][: len(array)]


def lengths(array: pa.Array) -> npt.NDArray[Any]:
    """Of each list or string; 0 for None."""
    return np.diff(ends(array)) * valid(array)


class LogicalHash:
    """Takes a table in any number of parts; many rows at once cost less, as each leaf column has a cost of its own."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)

    def update(self, table: pa.Table) -> None:
        for name, chunked in zip(table.column_names, table.columns, strict=True):
            for chunk in chunked.chunks:
                self._take(name, chunk)

    def _take(self, path: str, array: pa.Array) -> None:
        streams, type_ = self._streams, array.type
        streams[f"{path} valid"].update(valid(array).data)
        if pa.types.is_struct(type_):
            parts = array.flatten() if array.null_count else map(array.field, range(type_.num_fields))
            for field, part in zip(type_, parts, strict=True):
                self._take(f"{path}.{field.name}", part)
        elif pa.types.is_list(type_):
            streams[f"{path} length"].update(lengths(array).data)
            places = ends(array)
            self._take(f"{path}[]", array.flatten() if array.null_count else array.values[places[0] : places[-1]])
        elif pa.types.is_string(type_):
            streams[f"{path} length"].update(lengths(array).data)
            words = array.drop_null() if array.null_count else array
            places = ends(words)
            streams[f"{path} value"].update(memoryview(words.buffers()[2] or b"")[places[0] : places[-1]])
        else:
            values = numbers(pc.cast(array, pa.int64()), np.int64)
            streams[f"{path} value"].update((values * valid(array) if array.null_count else values).data)

    def hexdigest(self) -> str:
        lines = sorted(f"{name} {digest.hexdigest()}\n" for name, digest in self._streams.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def logical_sha256(path: str | Path) -> str:
    """The logical hash of a Parquet file, read a row group at a time."""
    file, found = pq.ParquetFile(path), LogicalHash()
    found.update(file.schema_arrow.empty_table())
    for group in range(file.num_row_groups):
        found.update(file.read_row_group(group))
    return found.hexdigest()
