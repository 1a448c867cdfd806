"""The rules of spans: counts read numbers in words, and events on one word are told apart by their relations."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks.spans import OF_COUNTS, same_span_twice
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from tests.conftest import BASE
from tests.operations import LINEAR, count_calls

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


def find_repeated(annotation: Annotation) -> list[str]:
    """The definition of P105: spans are told apart as long as their relations lead to spans that are told apart."""
    kinds: dict[str, object] = {span.id: (span.label, span.start, span.end) for span in annotation.spans}
    for _ in annotation.spans:
        ends: dict[str, set[object]] = {id_: set() for id_ in kinds}
        for relation in annotation.relations:
            if relation.head in kinds and relation.tail in kinds:
                ends[relation.head].add((relation.label, "tail", kinds[relation.tail]))
                ends[relation.tail].add((relation.label, "head", kinds[relation.head]))
        numbers: dict[object, int] = {}
        kinds = {id_: numbers.setdefault((kind, frozenset(ends[id_])), len(numbers)) for id_, kind in kinds.items()}
    first: dict[object, str] = {}
    places = [(span, (span.label, span.start, span.end, kinds[span.id])) for span in annotation.spans]
    return [span.id for span, place in places if first.setdefault(place, span.id) != span.id]


def make_graph(places: list[tuple[str, str, int]], relations: list[tuple[str, int, int]]) -> Annotation:
    spans = tuple(Span(id=id_, label=label, start=0, end=end, text="a" * end) for id_, label, end in places)
    ends = tuple(Relation(label=label, head=f"s{head}", tail=f"s{tail}") for label, head, tail in relations)
    return msgspec.structs.replace(ANNOTATION, spans=spans, relations=ends)


NUMBERS = st.integers(0, 7)


@given(
    st.lists(st.tuples(NUMBERS.map("s{}".format), st.sampled_from("TU"), st.integers(1, 2)), max_size=9),
    st.lists(st.tuples(st.sampled_from("rq"), NUMBERS, NUMBERS), max_size=14),
)
@settings(deadline=None)
def test_spans_are_told_apart_by_what_their_relations_lead_to(
    places: list[tuple[str, str, int]], relations: list[tuple[str, int, int]]
) -> None:
    annotation = make_graph(places, relations)
    assert [problem.span for problem in same_span_twice.check(annotation)] == find_repeated(annotation)


@pytest.mark.parametrize("hub", [False, True])
def test_a_chain_on_the_same_words_takes_linear_time(hub: bool) -> None:
    """Twice as long a chain needs twice as many rounds; a span that all others lead to changes in each."""

    def calls(size: int) -> int:
        chain = [("r", number, number + 1) for number in range(size - 1)]
        to_hub = [("q", number, size - 1) for number in range(size)] if hub else []
        annotation = make_graph([(f"s{number}", "T", 1) for number in range(size)], chain + to_hub)
        assert not list(same_span_twice.check(annotation))
        return count_calls(lambda: list(same_span_twice.check(annotation)))

    assert calls(800) <= LINEAR * calls(400)
