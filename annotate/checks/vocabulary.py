"""P2, R101: the vocabulary of the inventory. The JSON Schema generated from it finds what breaks these rules."""

from collections.abc import Iterable, Iterator
from typing import Any

from annotate.annotation_schema import UNKNOWN_ATTRIBUTE, UNKNOWN_LABEL, UNKNOWN_RELATION, UNKNOWN_VALUE
from annotate.findings import Problem, Rule, rule
from annotate.schemas import Fault
from annotate.versions import is_older

_UNKNOWN_NAMES = (UNKNOWN_LABEL, UNKNOWN_ATTRIBUTE, UNKNOWN_VALUE, UNKNOWN_RELATION)
_IF_RENAMED = "if labels.yaml has a new name for it, restore the old one there and rename it with `annotate migrate`"


def problems(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """Yield each fault as a problem, with the id of the span that it is in.

    Unknown names that are alike are a group, since a name that was changed in labels.yaml alone is in many files.
    """
    for fault in faults:
        words, group = f"{fault.message}; {fault.hint}", ""
        if fault.rule in _UNKNOWN_NAMES and fault.keyword in ("enum", "additionalProperties"):
            name = f"{fault.path[-1]}: " if fault.rule == UNKNOWN_VALUE else ""
            group = f"{name}{words}; {_IF_RENAMED}"
        span = _span_of(fault, value)
        quoted = span.get("text")
        attribute = fault.missing if fault.missing is not None else str(fault.path[-1]) if fault.path else ""
        yield Problem(
            f"{fault.location}: {words}",
            span=str(span["id"]) if "id" in span else None,
            line=fault.line,
            group=group,
            details={"attribute": attribute},
            words=quoted if isinstance(quoted, str) else "",
        )


def _span_of(fault: Fault, value: Any) -> dict[str, Any]:
    """Return the span that a fault is in, as parsed; empty if it is in none."""
    if len(fault.path) < 2 or fault.path[0] != "spans":
        return {}
    entry = value["spans"][fault.path[1]]
    return entry if isinstance(entry, dict) else {}


@rule("P201", advice="These words have a label that does not exist any more. Delete it, and label the words again.")
def unknown_label(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The label of a span is in the inventory.

    Why: an undefined label cannot be checked or compared, and has no column.
    Fails: `"label": "Speaker"` where the inventory has no Speaker.
    Passes: a label of labels.yaml, spelt as it is there.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P202", advice="‘{attribute}’ does not belong to the label {label}. Delete the label, and label the words again.")
def unknown_attribute(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """A span has only attributes that the inventory gives to its label.

    Why: any other attribute has no column, and most often belongs to another span.
    Fails: an attribute of counts on a span that names a place.
    Passes: the attributes that the guideline of the label lists.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P203", advice="The answer to ‘{attribute}’ is not one that can be given. Answer again.")
def unknown_value(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The value of an attribute is one of its choices, or has its type.

    Why: classes are counted by their values; a misspelt value would be a class of its own.
    Fails: `"outcome": "dead"` where the choices are killed, injured and missing; a count of -1 or "ten".
    Passes: `"outcome": "killed"`; a count of 10.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


@rule("P204", advice="This {label} has no answer to ‘{attribute}’. Choose one.")
def missing_attribute(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """A span has every attribute that its label requires.

    Why: a missing class looks like a decision that was never made.
    Fails: a span without `kind`, where its label requires `kind`; a file made with inventory 0.1.0, where 0.2.0 added a
    required attribute.
    Passes: the same span with a `kind`; if the text leaves it open, choose the value that says so.
    Guideline: how-to-label.md
    """
    yield from problems((_explain_addition(fault, value.get("inventory")) for fault in faults), value)


def _explain_addition(fault: Fault, made_with: object) -> Fault:
    """Return a fault with the version since when the attribute is required, and what to do in an earlier file."""
    if fault.since is None:
        return fault
    reason = "so that labels made before it lack it"
    if isinstance(made_with, str) and is_older(made_with, fault.since):
        migration = f"run `annotate migrate` with the migration to {fault.since}, or label it"
        reason = f"and this file was made with {made_with}: {migration}"
    return fault._replace(hint=f"{fault.hint}; required since inventory {fault.since}, {reason}")


@rule("R101", advice="A relation has a name that does not exist any more. Delete it, and draw it again.")
def unknown_relation(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The label of a relation is in the inventory.

    Why: the ends of an undefined relation cannot be checked, and it fills no role of a record.
    Fails: `"label": "said_by"` where the inventory has no said_by.
    Passes: a relation of labels.yaml, spelt as it is there.
    Guideline: how-to-label.md
    """
    yield from problems(faults, value)


RULES: tuple[Rule, ...] = (unknown_label, unknown_attribute, unknown_value, missing_attribute, unknown_relation)
