"""Count views: numbers that a named policy reads from an interval and its words, at export; they are never labels.

What a view prefers, the inventory declares: each end is the first that there is of the labelled minimum, the labelled
maximum, and the number that the view gives to words of quantity without one, such as "dozens".
"""

import re
from collections.abc import Callable, Iterator, Sequence

from annotate.dataset.features import INTEGER, Feature
from annotate.dataset.plans import Plan, each
from annotate.inventory import Interval, Inventory, View
from annotate.records import Mention

Number = Callable[[Mention], int | None]


def views_of(inventory: Inventory, label: str) -> Iterator[tuple[Interval, View]]:
    """The views of the intervals on a label."""
    for interval in inventory.intervals:
        if interval.label == label:
            for view in interval.views.values():
                yield interval, view


def view_features(inventory: Inventory, label: str) -> Feature:
    """A view with one number is a column; one with two ends a struct."""
    return {
        view.name: INTEGER if view.count else {"minimum": INTEGER, "maximum": INTEGER}
        for _, view in views_of(inventory, label)
    }


def view_plan(inventory: Inventory, label: str) -> Plan:
    """Fills the columns of `view_features` from mentions."""
    plan: Plan = {}
    for interval, view in views_of(inventory, label):
        if view.count:
            plan[view.name] = each(reader(interval, view, view.count, min))
        else:
            plan[view.name] = {
                "minimum": each(reader(interval, view, view.minimum, min)),
                "maximum": each(reader(interval, view, view.maximum, max)),
            }
    return plan


def view_columns(inventory: Inventory, label: str) -> dict[str, str]:
    return {view.name: f"{view.definition} {view.source}" for _, view in views_of(inventory, label)}


def reader(interval: Interval, view: View, order: Sequence[str], pick: Callable[[list[int]], int]) -> Number:
    """A function from a mention to its number; `pick` chooses where words of quantity give several."""
    labelled = {"minimum": interval.minimum, "maximum": interval.maximum}
    values = {" ".join(words.casefold().split()): number for words, number in view.words.items()}
    longest_first = sorted(values, key=len, reverse=True)
    phrases = "|".join(r"\s+".join(map(re.escape, words.split())) for words in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if phrases else None

    def words(mention: Mention) -> int | None:
        if pattern is None or mention.attributes.get(interval.wording) not in view.words_for:
            return None
        found = [values[" ".join(phrase.split())] for phrase in pattern.findall(mention.text.casefold())]
        return pick(found) if found else None

    def number(mention: Mention) -> int | None:
        for name in order:
            value = words(mention) if name == "words" else mention.attributes.get(labelled[name])
            if isinstance(value, int):
                return value
        return None

    return number
