"""Count views: columns with the numbers that a named policy reads from an interval and its words.

The numbers are made at export and are never labels. The inventory declares what a view prefers: each end is the first
that there is of the labelled minimum, the labelled maximum, and the number that the view gives to words of quantity
without one, such as "dozens". A view with a condition has no number for the spans that do not meet it.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from annotate.columns import Attributes
from annotate.dataset.arrow import struct_array
from annotate.dataset.features import INTEGER, Feature
from annotate.dataset.tables.common import describe_condition
from annotate.inventory import Interval, Inventory, View, meets_condition

ReadNumber = Callable[[str, Attributes], int | None]
"""From the words and the attributes of a mention to a number."""
_ENDS: Feature = {"minimum": INTEGER, "maximum": INTEGER}


def views_of(inventory: Inventory, label: str) -> Iterator[tuple[Interval, View]]:
    """Yield the views of the intervals on a label."""
    for interval in inventory.intervals:
        if interval.label == label:
            for view in interval.views.values():
                yield interval, view


def view_features(inventory: Inventory, label: str) -> Feature:
    """Return the columns of a label's views: an integer for a view with one number, a struct for one with two ends."""
    return {view.name: INTEGER if view.count else _ENDS for _, view in views_of(inventory, label)}


def view_columns(inventory: Inventory, label: str) -> dict[str, str]:
    """Return what each column of `view_features` holds, for the card."""
    return {
        view.name: f"{view.definition} {view.source}{describe_condition(view.when)}"
        for _, view in views_of(inventory, label)
    }


def view_arrays(
    inventory: Inventory, label: str, texts: Sequence[str], attributes: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """Return the columns of `view_features` for mentions, given their words and attributes."""

    def column(read_number: ReadNumber) -> pa.Array:
        return pa.array(map(read_number, texts, attributes), pa.int64())

    arrays = {}
    for interval, view in views_of(inventory, label):
        if view.count:
            arrays[view.name] = column(number_reader(interval, view, view.count, min))
        else:
            minimum = number_reader(interval, view, view.minimum, min)
            maximum = number_reader(interval, view, view.maximum, max)
            arrays[view.name] = struct_array(_ENDS, {"minimum": column(minimum), "maximum": column(maximum)})
    return arrays


def number_reader(interval: Interval, view: View, order: Sequence[str], pick: Callable[[list[int]], int]) -> ReadNumber:
    """Return a function from the words and attributes of a mention to its number; None if it does not meet `view.when`.

    Args:
        interval: The interval that names the attributes.
        view: The view that gives numbers to words.
        order: What to prefer, of `minimum`, `maximum` and `words`.
        pick: Chooses where the words give several numbers.
    """
    labelled = {"minimum": interval.minimum, "maximum": interval.maximum}
    values = {" ".join(words.casefold().split()): number for words, number in view.words.items()}
    longest_first = sorted(values, key=len, reverse=True)
    phrases = "|".join(r"\s+".join(map(re.escape, words.split())) for words in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if phrases else None

    def from_words(text: str, attributes: Attributes) -> int | None:
        if pattern is None or attributes.get(interval.wording) not in view.words_for:
            return None
        numbers = [values[" ".join(phrase.split())] for phrase in pattern.findall(text.casefold())]
        return pick(numbers) if numbers else None

    def read_number(text: str, attributes: Attributes) -> int | None:
        if not meets_condition(attributes, view.when):
            return None
        for name in order:
            value = from_words(text, attributes) if name == "words" else attributes.get(labelled[name])
            if isinstance(value, int):
                return value
        return None

    return read_number
