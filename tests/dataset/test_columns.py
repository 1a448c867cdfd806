"""What the tables read as columns, of batches of documents, is what the graph of each document says."""

from itertools import pairwise, permutations, product
from typing import Any, TypeAlias

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.columns import gathered
from annotate.dataset.documents import Source
from annotate.dataset.fillers import fillers
from annotate.dataset.holding import holding
from annotate.dataset.rows import TableMaker
from annotate.dataset.tables.relations import NONE
from annotate.model import Annotation, Article, Relation, Span
from annotate.records import Graph, Mention, records_of
from annotate.store import canonical
from tests.dataset.test_rows import ZOO, annotation, article

Documents: TypeAlias = list[tuple[Article, Annotation]]
Shown: TypeAlias = tuple[Any, ...]
SHOWN = ("id", "label", "start", "end", "text", "pieces")


@st.composite
def documents(draw: st.DrawFn) -> Documents:
    """Short texts full of spans, so that many nest, share their places and are joined, in loops as well."""
    made = []
    for number in range(draw(st.integers(0, 3))):
        text = draw(st.text("aé🚢\n", min_size=1, max_size=12))
        spans: list[Span] = []
        for label in draw(st.lists(st.sampled_from(list(ZOO.spans)), max_size=12)):
            start = draw(st.integers(0, len(text) - 1))
            end = draw(st.integers(start + 1, len(text)))
            id_ = f"{draw(st.sampled_from('xyz'))}{len(spans)}"
            spans.append(Span(id=id_, label=label, start=start, end=end, text=text[start:end]))
        fitting = [
            Relation(label=label, head=head.id, tail=tail.id)
            for label, relation in ZOO.relations.items()
            for head in spans
            for tail in spans
            if relation.allows(head.label, tail.label)
        ]
        ends = st.sampled_from([*(span.id for span in spans), "nowhere"])
        others = st.builds(Relation, label=st.sampled_from(list(ZOO.relations)), head=ends, tail=ends)
        relations = draw(st.lists(st.one_of(st.sampled_from(fitting), others) if fitting else others, max_size=16))
        made.append((article(text, f"a{number}"), annotation(text, spans, relations, f"a{number}")))
    return made


def source(batch: Documents) -> Source:
    return Source([one for one, _ in batch], gathered([made for _, made in batch], ZOO))


def shown(mention: Mention) -> Shown:
    pieces = [{"start": start, "end": end} for start, end in mention.pieces]
    return mention.id, ZOO.classes.spans.index(mention.label), mention.start, mention.end, mention.text, pieces


def taken(columns: Source) -> list[Shown]:
    """All mentions of a batch, as `shown` has them."""
    taken = columns.shown.take(np.arange(len(columns.mentions.labels)))
    return list(
        zip(*(taken[name].to_pylist() for name in ("id", "label", "start", "end", "text", "pieces")), strict=True)
    )


@given(documents())
@settings(deadline=None)
def test_records_are_those_of_each_document(batch: Documents) -> None:
    columns = source(batch)
    mentions = taken(columns)
    graphs = [Graph(canonical(made), ZOO) for _, made in batch]
    assert mentions == [shown(mention) for graph in graphs for mention in graph.mentions]
    for name, type_ in ZOO.records.items():
        wanted = [record for graph in graphs for record in records_of(graph, ZOO)[name]]
        anchors = columns.labelled(type_.anchor)
        assert [mentions[anchor] for anchor in anchors] == [shown(record.anchor) for record in wanted]
        for role_name, role in type_.roles.items():
            found = fillers(columns, anchors, role)
            numbers, distances = found.mentions.tolist(), found.distances.tolist()
            pairs = [(mentions[number], distance) for number, distance in zip(numbers, distances, strict=True)]
            assert [pairs[first:last] for first, last in pairwise(found.bounds.tolist())] == [
                [(shown(filler.mention), filler.distance) for filler in record.roles[role_name]] for record in wanted
            ]


def context(text: str, start: int, end: int) -> tuple[int, int]:
    """The lines of a text that hold a stretch of it."""
    behind = text.find("\n", end - 1)
    return text.rfind("\n", 0, start) + 1, len(text) if behind < 0 else behind


def slow_pairs(text: str, graph: Graph) -> list[tuple[str, Mention, Mention, int, int]]:
    """What `relations` shows of a document, negatives as well."""
    related = [(relation.label, head, tail) for relation, head, tail in graph.related]
    joined = {(head.id, tail.id) for _, head, tail in related}
    places = {mention.id: context(text, mention.start, mention.end) for mention in graph.mentions}
    free = [
        (places[head.id], head, tail)
        for head, tail in permutations(graph.mentions, 2)
        if places[head.id] == places[tail.id]
        and (head.id, tail.id) not in joined
        and any(one.allows(head.label, tail.label) for one in ZOO.relations.values() if not one.joins_pieces)
    ]
    unrelated = [(NONE, head, tail) for _, head, tail in sorted(free, key=lambda pair: pair[0])]
    return [
        (label, head, tail, *context(text, min(head.start, tail.start), max(head.end, tail.end)))
        for label, head, tail in related + unrelated
    ]


@given(documents())
@settings(deadline=None)
def test_pairs_are_those_of_each_document(batch: Documents) -> None:
    make = TableMaker(ZOO, ["relations"], negatives=True)
    names = make.tables["relations"].features["label"]["names"]
    rows = make(batch)["relations"].to_pylist()
    wanted = [(one, *pair) for one, made in batch for pair in slow_pairs(one.text, Graph(canonical(made), ZOO))]
    assert len(rows) == len(wanted)
    for row, (one, label, head, tail, start, end) in zip(rows, wanted, strict=True):
        assert (row["article"], names[row["label"]]) == (one.id, label)
        assert row["id"] == f"{one.id}/{head.id} {label} {tail.id}"
        assert row["context"] == {"text": one.text[start:end], "start": start, "end": end}
        for name, mention in (("head", head), ("tail", tail)):
            place = row[name].pop("in_context")
            assert tuple(row[name][key] for key in SHOWN) == shown(mention)
            assert (place["start"] + start, place["end"] + start) == (mention.start, mention.end)


@given(documents(), st.integers(1, 9))
@settings(deadline=None)
def test_what_is_looked_at_in_parts_holds_the_same(batch: Documents, at_once: int) -> None:
    mentions = source(batch).mentions
    everyone = np.arange(len(mentions.labels))
    wanted = [
        (inner, outer)
        for inner, outer in product(everyone.tolist(), repeat=2)
        if mentions.owners[inner] == mentions.owners[outer]
        and all(
            any(first <= start and end <= last for first, last in mentions.extent(outer))
            for start, end in mentions.extent(inner)
        )
    ]
    found = holding(mentions, everyone, everyone, at_once)
    assert list(zip(*(places.tolist() for places in found), strict=True)) == wanted
