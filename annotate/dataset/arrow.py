"""Arrow arrays of the types that features ask for, made from numpy columns, and their buffers as numpy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotate.columns import Attributes, Integers, int_array, positions_with_attributes
from annotate.dataset.features import FLOAT, Feature, arrow_type, attribute_features, ids_by_name
from annotate.inventory import Attribute, Inventory


def to_array(values: Any, feature: Feature) -> pa.Array:
    """Return the values of a column as an array of the feature's type; an array stays as it is."""
    return values if isinstance(values, pa.Array) else pa.array(values, arrow_type(feature))


def struct_array(feature: Feature, columns: Mapping[str, Any]) -> pa.Array:
    """Return a struct column of the columns by name."""
    type_ = arrow_type(feature)
    arrays = [to_array(columns[name], field) for name, field in feature.items()]
    return pa.StructArray.from_arrays(arrays, fields=list(type_))


def list_array(feature: Feature, bounds: Integers, items: pa.Array) -> pa.Array:
    """Return a list column; the list of row `n` has the items from `bounds[n]` to `bounds[n + 1]`."""
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), items, type=arrow_type(feature))


def scatter(values: pa.Array, positions: Integers, size: int) -> pa.Array:
    """Return a column of `size` rows with the values at their positions, and None elsewhere."""
    sources = np.full(size, -1)
    sources[positions] = np.arange(len(positions))
    return values.take(pa.array(sources, mask=sources < 0))


def class_ids(indices: Integers, names: Iterable[str], classes: Sequence[str]) -> pa.Array:
    """Return class ids.

    Args:
        indices: Indices in `names`.
        names: Names of labels.
        classes: Names of classes, in the order of their ids.

    Raises:
        KeyError: An index is `UNKNOWN`, or a name is no class.
    """
    ids = ids_by_name(classes)
    if len(indices) and indices.min() < 0:
        raise KeyError("a label that the inventory does not have")
    return pa.array(np.array([ids[name] for name in names], np.int64)[indices])


def attribute_arrays(
    inventory: Inventory, attributes: Iterable[Attribute], values: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """Return the columns of `attribute_features` for spans: choices as class ids, None where a span has no value.

    Most spans lack most attributes: one pass over the values is much shorter than one pass a column.

    Args:
        inventory: The inventory that numbers the choices.
        attributes: The attributes, a column each.
        values: The attribute values of each span.
    """
    features, positions = attribute_features(inventory, attributes), positions_with_attributes(values)
    filled = [values[position] for position in positions]
    owners = np.repeat(int_array(positions), int_array(list(map(len, filled))))
    names, flat = list(chain.from_iterable(filled)), list(chain.from_iterable(map(dict.values, filled)))
    index = ids_by_name(features)
    indices = np.fromiter(map(index.get, names, repeat(len(index))), np.int64, len(names))
    arrays = {}
    for name, feature in features.items():
        rows = np.flatnonzero(indices == index[name])
        column = [flat[row] for row in rows.tolist()]
        if "names" in feature:
            ids = ids_by_name(feature["names"])
            column = [ids[value] for value in column]
        elif feature == FLOAT:
            column = list(map(float, column))  # Arrow takes only those integers that are exact
        arrays[name] = scatter(pa.array(column, arrow_type(feature)), owners[rows], len(values))
    return arrays


# The functions below look at Arrow's buffers in place: most columns are so short that an Arrow kernel costs more.


def numbers(array: pa.Array, type_: type[np.number[Any]], buffer: int = 1, more: int = 0) -> npt.NDArray[Any]:
    """Return the numbers in a buffer of an array, one a value and `more` after them; any number stands for None."""
    count = len(array) + more
    if not len(array):
        return np.zeros(count, type_)
    return np.frombuffer(array.buffers()[buffer], type_, array.offset + count)[array.offset :]


def offsets(array: pa.Array) -> npt.NDArray[np.int64]:
    """Return where each list or string begins among all values, and where the last one ends."""
    return numbers(array, np.int32, more=1).astype(np.int64)


def validity(array: pa.Array) -> npt.NDArray[np.uint8]:
    """Return a byte for each value: 0 for None, 1 for any other."""
    if not array.null_count:
        return np.ones(len(array), np.uint8)
    first, stop = array.offset, array.offset + len(array)
    bits = np.frombuffer(array.buffers()[0], np.uint8)[first // 8 : -(-stop // 8)]
    return np.unpackbits(bits, bitorder="little")[first % 8 :][: len(array)]


def lengths(array: pa.Array) -> npt.NDArray[Any]:
    """Return the length of each list, or of each string in bytes; 0 for None."""
    sizes = np.diff(offsets(array))
    return sizes * validity(array) if array.null_count else sizes


def struct_parts(array: pa.Array) -> Iterable[pa.Array]:
    """Return the columns of a struct column, in the order of its fields, with None where the struct is None."""
    return array.flatten() if array.null_count else map(array.field, range(array.type.num_fields))
