"""Confusion: how often two annotators gave a span two labels, or an attribute two values."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from annotate.agreement.attribute_tallies import ValuePair
from annotate.agreement.report import AttributeRow, Report
from annotate.inventory import Attribute, Inventory
from annotate.model import AttributeValue
from annotate.util.tables import NO_VALUE, Header, Row, Table, make_table

MAX_VALUES = 12
"""The most different numbers or texts that an attribute can have to be shown as a table."""


class Confusion(NamedTuple):
    """Numbers of spans by the value of the first annotator (row) and of the second (column).

    Attributes:
        name: An identifier, unique on a page.
        title: The heading.
        sides: The first and the second annotator.
        values: The labels or values that occur, in the order of the inventory. The last is None if some span has no
            counterpart, or no value.
        spans: The numbers, by the two values.
        attribute: The attribute whose values they are; None for labels.
    """

    name: str
    title: str
    sides: tuple[str, str]
    values: list[AttributeValue | None]
    spans: Mapping[ValuePair, int]
    attribute: str | None = None

    @property
    def most(self) -> int:
        """The highest of the numbers."""
        return max(self.spans.values(), default=0)


def confuse_labels(report: Report, inventory: Inventory) -> Confusion:
    """Return the confusion of labels; None stands for no span."""
    spans: dict[ValuePair, int] = {(row.first, row.second): row.spans for row in report.confusion}
    labels: list[AttributeValue | None] = [name for name in inventory.spans if any(name in pair for pair in spans)]
    return Confusion("confusion", "Confusion of labels", _name_sides(report), [*labels, None] if labels else [], spans)


def confuse_values(report: Report, inventory: Inventory) -> Iterator[Confusion]:
    """Yield the confusion of the values of each attribute that matched spans have; None stands for no value.

    Attributes with many different numbers or texts are left out; the JSON has their values.
    """
    for row in report.attributes:
        values = _order_values(row, inventory.attributes[row.name])
        if values is not None:
            spans = {(first, second): number for first, second, number in row.values}
            yield Confusion(
                f"confusion-{row.name}", f"Confusion of {row.name}", _name_sides(report), values, spans, row.name
            )


def tabulate_confusion(confusion: Confusion) -> Table:
    """Return a confusion as a table of numbers."""
    first, second = confusion.sides
    columns: list[Header] = ["", *(show_value(value) for value in confusion.values)]
    rows: list[Row] = [
        [show_value(row), *(confusion.spans.get((row, column), 0) for column in confusion.values)]
        for row in confusion.values
    ]
    return make_table(confusion.name, confusion.title, columns, rows, [f"rows: {first}; columns: {second}"])


def show_value(value: AttributeValue | None) -> str:
    """Return a value as tables show it."""
    return NO_VALUE if value is None else str(value)


def _name_sides(report: Report) -> tuple[str, str]:
    """Return the names of the two annotators; with more, each pair has a first and a second one."""
    if len(report.annotators) == 2:
        return report.annotators[0], report.annotators[1]
    return "first of a pair", "second of a pair"


def _order_values(row: AttributeRow, attribute: Attribute) -> list[AttributeValue | None] | None:
    """Return the values that occur, in order, the missing one last; None for no values, or too many."""
    pairs: list[ValuePair] = [(first, second) for first, second, _ in row.values]
    present = {value for pair in pairs for value in pair if value is not None}
    if not present or (attribute.type != "choice" and len(present) > MAX_VALUES):
        return None
    in_order = [value for value in attribute.values if value in present]
    # Values that the inventory does not have, which `annotate check` reports, come last.
    rest = sorted(present.difference(in_order), key=lambda value: (isinstance(value, str), value))
    return [*in_order, *rest, *([None] if any(None in pair for pair in pairs) else [])]
