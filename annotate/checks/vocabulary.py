"""P2, R1: the words of the inventory. The generated JSON Schema holds them, so that nothing says them twice."""

from collections.abc import Iterable, Iterator
from typing import Any

from annotate.findings import Problem, Rule, rule
from annotate.schemas import Fault


def problems(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """Faults as problems, each at its span's id where it lies in a span."""
    for fault in faults:
        yield Problem(f"{fault.place}: {fault.message}; {fault.hint}", span=_span_of(fault, value), line=fault.line)


def _span_of(fault: Fault, value: Any) -> str | None:
    if len(fault.path) < 2 or fault.path[0] != "spans":
        return None
    entry = value["spans"][fault.path[1]]
    return str(entry["id"]) if isinstance(entry, dict) and "id" in entry else None


@rule("P201")
def unknown_label(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The label of a span is in the inventory.

    Why: a label that nothing defines cannot be checked, compared or given a column.
    Fails: `"label": "Speaker"` where the inventory has no Speaker.
    Passes: a label of labels.yaml, written as it is there.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P202")
def unknown_attribute(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """An attribute of a span is one that the inventory gives to its label.

    Why: it would have no column, and most often it belongs to another span.
    Fails: an attribute for counts on a span that names a place.
    Passes: the attributes that the label's page in the guidelines lists.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P203")
def unknown_value(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The value of an attribute is one of its choices, or of its type.

    Why: classes are counted by their values; a misspelt one is a class of its own.
    Fails: `"outcome": "dead"` where the choices are killed, injured and missing; a count of -1 or "ten".
    Passes: `"outcome": "killed"`; a count of 10.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P204")
def missing_attribute(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """A span has every attribute that its label requires.

    Why: an empty class reads like a decision that nobody made.
    Fails: a span of a label whose `kind` is required, without `kind`.
    Passes: the same span with `kind` chosen; where the text leaves it open there is a value that says so.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("R101")
def unknown_relation(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The label of a relation is in the inventory.

    Why: a relation that nothing defines has no ends to be checked and no role in a record.
    Fails: `"label": "said_by"` where the inventory has no said_by.
    Passes: a relation of labels.yaml, written as it is there.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


RULES: tuple[Rule, ...] = (unknown_label, unknown_attribute, unknown_value, missing_attribute, unknown_relation)
