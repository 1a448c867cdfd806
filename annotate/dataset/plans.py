"""Plans: how values are taken from a list of items, a column at a time; the features say their types.

A dict a row is several times as slow.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from annotate.dataset.features import Feature, arrow_type
from annotate.dataset.features import numbered as numbered

Values: TypeAlias = Callable[[list[Any]], Any]
"""The values of one column, a list or an Arrow array, from the items of all rows."""


class Each(NamedTuple):
    """A list column: `of` gives the inner items of one item, `plan` their columns, or their values."""

    of: Callable[[Any], Sequence[Any]]
    plan: "Plan | Values"


Plan: TypeAlias = "dict[str, Column]"
Column: TypeAlias = "Values | Each | Plan"

SEVERAL = "*"
"""The place in a plan of a function that gives several columns at once, by name.

Most spans lack most attributes: one pass over what is given is far shorter than one a column.
"""


def arrays(features: Feature, plan: Plan, items: list[Any]) -> list[pa.Array]:
    """The columns of `features`, in their order, as the plan takes them from the items."""
    several = plan[SEVERAL](items) if SEVERAL in plan else {}  # type: ignore[operator]
    return [
        _typed(several[name], arrow_type(feature)) if name in several else _array(feature, plan[name], items)
        for name, feature in features.items()
    ]


def _typed(values: Any, type_: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, type_)


def _array(feature: Feature, column: Column, items: list[Any]) -> pa.Array:
    type_ = arrow_type(feature)
    if isinstance(column, Each):
        groups = [column.of(item) for item in items]
        offsets = pa.array([0, *accumulate(map(len, groups))], pa.int32())
        inner = _array(feature["feature"], column.plan, list(chain.from_iterable(groups)))
        return pa.ListArray.from_arrays(offsets, inner, type=type_)
    if isinstance(column, dict):
        return pa.StructArray.from_arrays(arrays(feature, column, items), fields=list(type_))
    return _typed(column(items), type_)


def on(inner: Callable[[Any], Any], plan: Plan) -> Plan:
    """A plan for items of which the given plan reads a part."""

    def moved(column: Column) -> Column:
        if isinstance(column, Each):
            return Each(lambda item: column.of(inner(item)), column.plan)
        if isinstance(column, dict):
            return on(inner, column)
        return lambda items: column(list(map(inner, items)))

    return {name: moved(column) for name, column in plan.items()}


def each(of: Callable[[Any], Any]) -> Values:
    """A column with one value an item, by a function of the item."""
    return lambda items: list(map(of, items))


def its(path: str) -> Values:
    """A column with one value an item: its attribute, or that of its attribute, as `article.id`."""
    return each(attrgetter(path))
