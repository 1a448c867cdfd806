"""The rules of counts read numbers in words."""

import msgspec
import pytest

from annotate.checks.spans import OF_COUNTS
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import AttributeValue, Span
from tests.conftest import BASE

INVENTORY = load_inventory(BASE / "schema")
ANNOTATION = msgspec.structs.replace(Corpus(BASE / "corpus").read_annotation("gold", "harbour"), relations=())


@pytest.mark.parametrize(
    ("text", "number", "problem"),
    [
        ("two dozen crates", 24, ""),
        ("two dozen crates", 2, "the words 'two dozen crates' give 24"),
        ("half a dozen crates", 6, ""),
        ("half a million crates", 500_000, ""),
        ("three score crates", 60, ""),
        ("a couple of crates", 2, ""),
        ("a couple of dozen crates", 24, ""),
        ("both crates", 2, ""),
        ("15 crates, including one box", 15, ""),
        ("15 crates, including one box", 1, ""),
        ("another crate and two boxes", 1, ""),
        ("33 crates", 1, "the words '33 crates' give 33"),
    ],
)
def test_count_words_are_numbers_of_a_count(text: str, number: int, problem: str) -> None:
    attributes: dict[str, AttributeValue] = {"wording": "exact", "least": number, "most": number}
    span = Span(id="s1", label="Load", start=0, end=len(text), text=text, attributes=attributes)
    annotation = msgspec.structs.replace(ANNOTATION, spans=(span,))
    messages = [finding.message for rule in OF_COUNTS for finding in rule.check(annotation, INVENTORY)]
    assert len(messages) == (2 if problem else 0)
    assert all(problem in message for message in messages)
