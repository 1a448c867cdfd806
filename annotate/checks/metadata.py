"""M1: the metadata of articles. The JSON Schema that is generated from the inventory finds what breaks these rules."""

from collections.abc import Iterable, Iterator
from typing import Any

from annotate.checks.vocabulary import problems
from annotate.findings import Problem, Rule, rule
from annotate.schemas import Fault


@rule("M101")
def undeclared_field(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The metadata of an article have only fields that the inventory declares.

    Why: a field that is not declared has no type and no column; most often its name is misspelt.
    Fails: `"metadata": {"yaer": "2017"}` where the inventory declares `year`.
    Passes: a field of the section `metadata` of labels.yaml, spelt as it is there.
    """
    yield from problems(faults, value)


@rule("M102")
def unfit_value(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """The value of a field of metadata is one of its choices, or has its type.

    Why: articles are selected and balanced by these values; a misspelt choice would be a group of its own, and a date
    in another form would be sorted as text.
    Fails: `"year": "30.06.2017"` for a date; `"seats": "12"` for a number.
    Passes: `"year": "2017"`, `"year": "2017-06"` or `"year": "2017-06-30"`; `"seats": 12`.
    """
    yield from problems(faults, value)


@rule("M103")
def missing_field(faults: Iterable[Fault], value: Any) -> Iterator[Problem]:
    """An article has a value for each field of metadata that the inventory requires.

    Why: what is compared by the field leaves out an article without it, and nobody sees that.
    Fails: an article without `party`, where the inventory requires `party`.
    Passes: the same article with a `party`; `annotate add --table` fills in many at once.
    """
    yield from problems(faults, value)


RULES: tuple[Rule, ...] = (undeclared_field, unfit_value, missing_field)
