"""Arrow arrays of the types that features ask for, made of columns."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np
import pyarrow as pa

from annotate.columns import Attributes, Numbers, column, having
from annotate.dataset.features import Feature, arrow_type, attribute_features, numbered
from annotate.inventory import Attribute, Inventory


def typed(values: Any, feature: Feature) -> pa.Array:
    """The values of a column, a list or an array already."""
    return values if isinstance(values, pa.Array) else pa.array(values, arrow_type(feature))


def struct(feature: Feature, columns: Mapping[str, Any]) -> pa.Array:
    """A struct of the columns by name."""
    type_ = arrow_type(feature)
    return pa.StructArray.from_arrays([typed(columns[name], one) for name, one in feature.items()], fields=list(type_))


def lists(feature: Feature, bounds: Numbers, inner: pa.Array) -> pa.Array:
    """A list column; the list of row n is from `bounds[n]` to `bounds[n + 1]` of what is in them."""
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), inner, type=arrow_type(feature))


def spread(values: pa.Array, places: Numbers, size: int) -> pa.Array:
    """A column of `size` rows with the values at their places, and None elsewhere."""
    where = np.full(size, -1)
    where[places] = np.arange(len(places))
    return values.take(pa.array(where, mask=where < 0))


def class_ids(numbers: Numbers, names: Iterable[str], classes: Sequence[str]) -> pa.Array:
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
    features, filled = attribute_features(inventory, attributes), having(given)
    some = [given[place] for place in filled]
    owners = np.repeat(column(filled), column(list(map(len, some))))
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
