"""Records: pieces are joined, roles filled, enclosing spans found; no graph makes them fail or loop."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import inventory
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.records import PIECE_SEPARATOR, Graph, Piece, Record
from tests.graphs import CONDITIONAL

ZOO = inventory.load_inventory(Path(__file__).parent / "dataset" / "zoo")
TEXT = "".join(chr(ord("a") + number % 26) for number in range(200))


def annotation(spans: Mapping[str, tuple[str, int, int]], *relations: tuple[str, str, str]) -> Annotation:
    """Spans by id as (label, start, end); relations as (label, head, tail)."""
    return Annotation(
        article="a",
        annotator="k",
        process="single pass",
        made_from=(),
        inventory=ZOO.version,
        text_sha256="0" * 64,
        spans=tuple(
            Span(id=id_, label=label, start=start, end=end, text=TEXT[start:end])
            for id_, (label, start, end) in spans.items()
        ),
        relations=tuple(Relation(label=label, head=head, tail=tail) for label, head, tail in relations),
    )


def role(record: Record, name: str) -> list[tuple[str, int]]:
    return [(filler.mention.id, filler.distance) for filler in record.roles[name]]


def one(found: dict[str, list[Record]], type_: str) -> Record:
    (record,) = found[type_]
    return record


def test_roles_are_filled_through_their_relations_in_the_order_of_the_text() -> None:
    spans = {"v": ("Verb", 5, 8), "k2": ("Keeper", 30, 34), "k1": ("Keeper", 0, 4), "w": ("Words", 10, 20)}
    made = annotation(spans, ("keeper", "v", "k2"), ("keeper", "v", "k1"), ("words", "v", "w"))
    saying = one(Graph(made, ZOO).records(), "sayings")
    assert role(saying, "keeper") == [("k1", 0), ("k2", 0)]
    assert role(saying, "words") == [("w", 0)]
    assert [record.anchor.id for record in Graph(made, ZOO).records()["tastes"]] == ["k1", "k2"]


def test_an_anchor_with_no_relation_has_empty_roles() -> None:
    saying = one(Graph(annotation({"v": ("Verb", 5, 8)}), ZOO).records(), "sayings")
    assert saying.roles == {"keeper": (), "words": ()}


def test_every_record_type_is_there_even_without_a_record() -> None:
    assert Graph(annotation({}), ZOO).records() == {"sayings": [], "animals": [], "tastes": []}


def test_a_span_in_pieces_is_one_mention_with_the_relations_of_all_its_pieces() -> None:
    spans = {
        "late": ("Verb", 20, 24),
        "first": ("Verb", 2, 6),
        "mid": ("Verb", 10, 13),
        "k": ("Keeper", 0, 1),
        "w": ("Words", 30, 40),
    }
    made = annotation(
        spans, ("more", "mid", "first"), ("more", "late", "mid"), ("keeper", "late", "k"), ("words", "first", "w")
    )
    saying = one(Graph(made, ZOO).records(), "sayings")
    assert saying.anchor.id == "first"
    assert saying.anchor.pieces == (Piece(2, 6), Piece(10, 13), Piece(20, 24))
    assert (saying.anchor.start, saying.anchor.end) == (2, 24)
    assert saying.anchor.text == PIECE_SEPARATOR.join([TEXT[2:6], TEXT[10:13], TEXT[20:24]])
    assert role(saying, "keeper") == [("k", 0)]
    assert role(saying, "words") == [("w", 0)]


def test_a_relation_to_a_later_piece_leads_to_the_whole() -> None:
    spans = {"v": ("Verb", 0, 3), "w1": ("Words", 10, 15), "w2": ("Words", 20, 25)}
    made = annotation(spans, ("more", "w2", "w1"), ("words", "v", "w2"), ("words", "v", "w1"))
    (filler,) = one(Graph(made, ZOO).records(), "sayings").roles["words"]
    assert filler.mention.id == "w1"
    assert filler.mention.pieces == (Piece(10, 15), Piece(20, 25))


def nested(*relations: tuple[str, str, str]) -> Annotation:
    """An animal in the words of one keeper, which are in the words of another."""
    spans = {
        "outer keeper": ("Keeper", 0, 5),
        "outer verb": ("Verb", 6, 9),
        "outer words": ("Words", 10, 100),
        "inner keeper": ("Keeper", 12, 16),
        "inner verb": ("Verb", 18, 22),
        "inner words": ("Words", 24, 80),
        "animal": ("Animal", 30, 40),
    }
    made = [
        ("keeper", "outer verb", "outer keeper"),
        ("words", "outer verb", "outer words"),
        ("words", "inner verb", "inner words"),
    ]
    return annotation(spans, *made, *relations)


def test_a_role_is_filled_from_enclosing_spans_nearest_first() -> None:
    animal = one(Graph(nested(("keeper", "inner verb", "inner keeper")), ZOO).records(), "animals")
    assert role(animal, "seer") == [("inner keeper", 1), ("outer keeper", 2)]


def test_a_relation_takes_precedence_over_enclosing_spans() -> None:
    made = nested(("keeper", "inner verb", "inner keeper"), ("seen_by", "animal", "outer keeper"))
    assert role(one(Graph(made, ZOO).records(), "animals"), "seer") == [("outer keeper", 0)]


def test_words_without_a_speaker_count_in_the_distance() -> None:
    assert role(one(Graph(nested(), ZOO).records(), "animals"), "seer") == [("outer keeper", 2)]


def test_a_filler_is_listed_once_with_its_nearest_distance() -> None:
    animal = one(Graph(nested(("keeper", "inner verb", "outer keeper")), ZOO).records(), "animals")
    assert role(animal, "seer") == [("outer keeper", 1)]


def test_words_of_the_same_extent_share_a_distance() -> None:
    spans = {
        "k1": ("Keeper", 0, 2),
        "k2": ("Keeper", 3, 5),
        "v1": ("Verb", 6, 7),
        "v2": ("Verb", 7, 8),
        "w1": ("Words", 10, 30),
        "w2": ("Words", 10, 30),
        "animal": ("Animal", 12, 15),
    }
    said = [("keeper", f"v{n}", f"k{n}") for n in (1, 2)] + [("words", f"v{n}", f"w{n}") for n in (1, 2)]
    assert role(one(Graph(annotation(spans, *said), ZOO).records(), "animals"), "seer") == [("k1", 1), ("k2", 1)]


@pytest.mark.parametrize(
    ("animal", "held"), [((12, 15), True), ((32, 35), True), ((22, 24), False), ((18, 32), False), ((10, 20), True)]
)
def test_any_piece_of_the_words_may_hold_the_anchor(animal: tuple[int, int], held: bool) -> None:
    spans = {
        "k": ("Keeper", 0, 2),
        "v": ("Verb", 22, 25),
        "w1": ("Words", 10, 20),
        "w2": ("Words", 30, 40),
        "animal": ("Animal", *animal),
    }
    made = annotation(spans, ("more", "w2", "w1"), ("words", "v", "w1"), ("keeper", "v", "k"))
    assert role(one(Graph(made, ZOO).records(), "animals"), "seer") == ([("k", 1)] if held else [])


def test_an_anchor_in_pieces_must_be_held_whole() -> None:
    spans = {
        "k": ("Keeper", 0, 2),
        "v": ("Verb", 3, 5),
        "w": ("Words", 10, 20),
        "in": ("Animal", 12, 15),
        "out": ("Animal", 30, 35),
    }
    said = [("words", "v", "w"), ("keeper", "v", "k"), ("more", "out", "in")]
    assert role(one(Graph(annotation(spans, *said), ZOO).records(), "animals"), "seer") == []


def test_loops_dangling_ends_and_forbidden_ends_do_no_harm() -> None:
    spans = {"v": ("Verb", 0, 3), "a": ("Words", 10, 15), "b": ("Words", 20, 25), "animal": ("Animal", 30, 33)}
    made = annotation(
        spans,
        ("more", "a", "b"),
        ("more", "b", "a"),
        ("more", "a", "a"),
        ("more", "v", "a"),
        ("more", "animal", "nowhere"),
        ("words", "v", "nowhere"),
        ("keeper", "nowhere", "v"),
        ("words", "v", "b"),
        ("words", "v", "animal"),
        ("no such label", "v", "a"),
        ("coloured", "animal", "animal"),
    )
    found = Graph(made, ZOO).records()
    assert role(one(found, "sayings"), "words") == [("a", 0)]
    assert role(one(found, "animals"), "colour") == []


@pytest.mark.parametrize(
    ("attributes", "seer", "liked"),
    [({}, [], []), ({"mood": "calm"}, [("k", 0)], []), ({"mood": "wild"}, [], [("other", 1)])],
)
def test_a_role_is_filled_only_for_anchors_that_meet_its_condition(
    attributes: dict[str, AttributeValue], seer: list[tuple[str, int]], liked: list[tuple[str, int]]
) -> None:
    spans = {"k": ("Keeper", 0, 2), "animal": ("Animal", 5, 9), "other": ("Animal", 10, 14)}
    made = annotation(spans, ("seen_by", "animal", "k"), ("likes", "k", "other"))
    with_values = [msgspec.structs.replace(span, attributes=attributes) for span in made.spans]
    made = msgspec.structs.replace(made, spans=tuple(with_values))
    record = Graph(made, CONDITIONAL).records()["animals"][0]
    assert (role(record, "seer"), role(record, "liked")) == (seer, liked)


def test_a_condition_of_several_attributes_asks_for_all_of_them() -> None:
    condition = {"mood": ("calm", "wild"), "size": ("big",)}
    assert inventory.meets_condition({"mood": "wild", "size": "big", "legs": 4}, condition)
    assert not inventory.meets_condition({"mood": "wild", "size": "small"}, condition)
    assert not inventory.meets_condition({"mood": "wild"}, condition)
    assert inventory.meets_condition({}, {})


def liked_by(*relations: tuple[str, str, str]) -> list[tuple[str, int, str | None]]:
    """What fills the role of a keeper that follows `coloured` from what the keeper likes."""
    spans = {
        "k": ("Keeper", 0, 2),
        "horse": ("Animal", 4, 9),
        "pony": ("Animal", 10, 14),
        "red": ("Colour", 20, 23),
        "blue": ("Colour", 16, 19),
    }
    record = one(Graph(annotation(spans, *relations), CONDITIONAL).records(), "tastes")
    return [(filler.mention.id, filler.distance, filler.through) for filler in record.roles["liked"]]


def test_a_relation_is_followed_to_what_a_tail_stands_for() -> None:
    likes = ("likes", "k", "horse")
    assert liked_by(likes, ("coloured", "horse", "red")) == [("red", 1, "horse")]
    assert liked_by(likes, ("coloured", "horse", "red"), ("coloured", "horse", "blue")) == [
        ("blue", 1, "horse"),
        ("red", 1, "horse"),
    ]
    # A horse with no colour is not what the relation leads to; a colour is.
    assert liked_by(likes) == []
    assert liked_by(likes, ("likes", "k", "red")) == [("red", 0, None)]


def test_a_mention_that_is_found_twice_is_listed_at_its_least_distance_through_the_first() -> None:
    likes = (("likes", "k", "pony"), ("likes", "k", "horse"))
    coloured = (("coloured", "pony", "red"), ("coloured", "horse", "red"), ("coloured", "horse", "blue"))
    assert liked_by(*likes, *coloured) == [("blue", 1, "horse"), ("red", 1, "horse")]
    assert liked_by(*likes, *coloured, ("likes", "k", "red")) == [("red", 0, None), ("blue", 1, "horse")]


LABELS = list(ZOO.spans)
graphs = st.lists(
    st.tuples(st.sampled_from(LABELS), st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=14
).flatmap(
    lambda spans: st.tuples(
        st.just(spans),
        st.lists(
            st.tuples(st.sampled_from(list(ZOO.relations)), st.integers(-1, len(spans)), st.integers(-1, len(spans))),
            max_size=30,
        ),
    )
)


@given(graphs)
def test_any_graph_gives_each_anchor_once_and_only_true_holders(
    graph: tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]],
) -> None:
    spans, relations = graph
    made = annotation(
        {f"s{number}": (label, start, start + length) for number, (label, start, length) in enumerate(spans)},
        *((label, f"s{head}", f"s{tail}") for label, head, tail in relations),
    )
    found = Graph(made, ZOO).records()
    by_id = {span.id: span for span in made.spans}
    for name, type_ in ZOO.records.items():
        anchors = [record.anchor for record in found[name]]
        assert all(earlier.start <= later.start for earlier, later in pairwise(anchors))
        pieces = sorted(piece for anchor in anchors for piece in anchor.pieces)
        assert pieces == sorted((span.start, span.end) for span in made.spans if span.label == type_.anchor)
        for record in found[name]:
            assert list(record.roles) == list(type_.roles)
            for fillers in record.roles.values():
                assert len({filler.mention.id for filler in fillers}) == len(fillers)
                assert [filler.distance for filler in fillers] == sorted(filler.distance for filler in fillers)
                assert len({filler.distance == 0 for filler in fillers}) <= 1
                assert all((filler.through is None) == (filler.distance == 0) for filler in fillers)
                assert all(by_id[filler.mention.id].start == filler.mention.start for filler in fillers)


@given(graphs, st.randoms())
def test_the_order_of_spans_and_relations_does_not_matter(
    graph: tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]], random: object
) -> None:
    spans, relations = graph
    named = [(f"s{number}", (label, start, start + length)) for number, (label, start, length) in enumerate(spans)]
    arrows = [(label, f"s{head}", f"s{tail}") for label, head, tail in relations]
    straight = Graph(annotation(dict(named), *arrows), ZOO).records()
    random.shuffle(named)  # type: ignore[attr-defined]
    random.shuffle(arrows)  # type: ignore[attr-defined]
    assert Graph(annotation(dict(named), *arrows), ZOO).records() == straight


def slow_seers(made: Annotation, zoo: Inventory, anchor: Span) -> set[str]:
    """Return the speakers of the words around an anchor by comparing every pair, for graphs without pieces."""
    ends = [(relation.label, relation.head, relation.tail) for relation in made.relations]
    own = {tail for label, head, tail in ends if label == "seen_by" and head == anchor.id}
    if own:
        return own
    by_id = {span.id: span for span in made.spans}
    return {
        keeper
        for label, verb, words in ends
        if label == "words" and by_id[words].start <= anchor.start and anchor.end <= by_id[words].end
        for other, head, keeper in ends
        if other == "keeper" and head == verb
    }


@given(graphs)
def test_the_sweep_finds_what_looking_at_every_pair_finds(
    graph: tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]],
) -> None:
    spans, relations = graph
    named = {f"s{number}": (label, start, start + length) for number, (label, start, length) in enumerate(spans)}
    arrows = [
        (label, f"s{head}", f"s{tail}")
        for label, head, tail in relations
        if label != "more"
        and 0 <= head < len(spans)
        and 0 <= tail < len(spans)
        and ZOO.relations[label].allows(spans[head][0], spans[tail][0])
    ]
    made = annotation(named, *arrows)
    by_id = {span.id: span for span in made.spans}
    for record in Graph(made, ZOO).records()["animals"]:
        assert {name for name, _ in role(record, "seer")} == slow_seers(made, ZOO, by_id[record.anchor.id])
