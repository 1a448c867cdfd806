"""The rules of spans: counts read numbers in words, and events on one word are told apart by their relations."""

import msgspec
import pytest

from annotate.checks.spans import OF_COUNTS, same_span_twice
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
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


def make_events(*relations: tuple[str, str, str], words: str = "fed stop go") -> Annotation:
    """Make an annotation with two events a word, such as s1 and s2 on the first one, and relations between them."""
    spans, start = list[Span](), 0
    for number, word in enumerate(words.split()):
        for copy in (1, 2):
            id_ = f"s{2 * number + copy}"
            spans.append(Span(id=id_, label="Load", start=start, end=start + len(word), text=word))
        start += len(word) + 1
    arrows = tuple(Relation(label=label, head=head, tail=tail) for label, head, tail in relations)
    return msgspec.structs.replace(ANNOTATION, spans=tuple(spans), relations=arrows)


@pytest.mark.parametrize(
    ("relations", "repeated"),
    [
        ([], ["s2", "s4", "s6"]),
        ([("theme", "s1", "s3")], ["s6"]),
        ([("theme", "s1", "s3"), ("theme", "s2", "s4")], ["s2", "s4", "s6"]),
        ([("theme", "s1", "s3"), ("cause", "s2", "s3")], ["s6"]),
        # Nested events: s3 and s4 differ by their participants, and through them so do s1 and s2.
        ([("theme", "s1", "s3"), ("theme", "s2", "s4"), ("theme", "s3", "s5"), ("cause", "s4", "s5")], []),
        ([("theme", "s1", "s3"), ("theme", "s2", "s4"), ("theme", "s3", "s5"), ("theme", "s4", "s6")],
         ["s2", "s4", "s6"]),
        ([("theme", "s1", "s2")], ["s4", "s6"]),
        ([("theme", "s1", "nowhere")], ["s2", "s4", "s6"]),
    ],
)  # fmt: skip
def test_two_events_on_one_word_are_told_apart_by_their_relations(
    relations: list[tuple[str, str, str]], repeated: list[str]
) -> None:
    assert [problem.span for problem in same_span_twice.check(make_events(*relations))] == repeated


def test_a_third_event_repeats_the_one_that_it_equals() -> None:
    annotation = make_events(("theme", "s1", "s3"), ("cause", "s2", "s3"), words="fed stop")
    third = msgspec.structs.replace(annotation.spans[0], id="s9")
    relations = (*annotation.relations, Relation(label="cause", head="s9", tail="s3"))
    spans = tuple(span for span in annotation.spans if span.id != "s4")
    problems = list(
        same_span_twice.check(msgspec.structs.replace(annotation, spans=(*spans, third), relations=relations))
    )
    assert [(problem.span, problem.message) for problem in problems] == [
        ("s9", "repeats Load 'fed' at [0, 3), with the same relations; keep one of the two")
    ]
