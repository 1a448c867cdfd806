"""Count views: numbers that a named policy reads from an interval and its words, at export; they are never labels.

What a view prefers, the inventory declares: each end is the first that there is of the labelled minimum, the labelled
maximum, and the number that the view gives to words of quantity without one, such as "dozens".
"""

import re
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from annotate.columns import Attributes
from annotate.dataset.arrays import struct
from annotate.dataset.features import INTEGER, Feature
from annotate.inventory import Interval, Inventory, View

Number = Callable[[str, Attributes], int | None]
"""From the words and the attributes of a mention."""
_ENDS: Feature = {"minimum": INTEGER, "maximum": INTEGER}


def views_of(inventory: Inventory, label: str) -> Iterator[tuple[Interval, View]]:
    """The views of the intervals on a label."""
    for interval in inventory.intervals:
        if interval.label == label:
            for view in interval.views.values():
                yield interval, view


def view_features(inventory: Inventory, label: str) -> Feature:
    """A view with one number is a column; one with two ends a struct."""
    return {view.name: INTEGER if view.count else _ENDS for _, view in views_of(inventory, label)}


def view_arrays(
    inventory: Inventory, label: str, texts: Sequence[str], attributes: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """The columns of `view_features` for mentions, whose words and attributes are given."""

    def column(number: Number) -> pa.Array:
        return pa.array(map(number, texts, attributes), pa.int64())

    made = {}
    for interval, view in views_of(inventory, label):
        if view.count:
            made[view.name] = column(reader(interval, view, view.count, min))
        else:
            lowest, highest = reader(interval, view, view.minimum, min), reader(interval, view, view.maximum, max)
            made[view.name] = struct(_ENDS, {"minimum": column(lowest), "maximum": column(highest)})
    return made


def view_columns(inventory: Inventory, label: str) -> dict[str, str]:
    return {view.name: f"{view.definition} {view.source}" for _, view in views_of(inventory, label)}


def reader(interval: Interval, view: View, order: Sequence[str], pick: Callable[[list[int]], int]) -> Number:
    """A function from words and attributes to their number; `pick` chooses where words of quantity give several."""
    labelled = {"minimum": interval.minimum, "maximum": interval.maximum}
    values = {" ".join(words.casefold().split()): number for words, number in view.words.items()}
    longest_first = sorted(values, key=len, reverse=True)
    phrases = "|".join(r"\s+".join(map(re.escape, words.split())) for words in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if phrases else None

    def words(text: str, attributes: Attributes) -> int | None:
        if pattern is None or attributes.get(interval.wording) not in view.words_for:
            return None
        found = [values[" ".join(phrase.split())] for phrase in pattern.findall(text.casefold())]
        return pick(found) if found else None

    def number(text: str, attributes: Attributes) -> int | None:
        for name in order:
            value = words(text, attributes) if name == "words" else attributes.get(labelled[name])
            if isinstance(value, int):
                return value
        return None

    return number
