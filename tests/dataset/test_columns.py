"""What the tables read as columns, of batches of documents, is what the graph of each document says."""

from itertools import pairwise, permutations, product
from random import Random
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.columns import Documents
from annotate.corpus import sort_annotation
from annotate.dataset.batch import Source
from annotate.dataset.roles import fillers, holding
from annotate.dataset.shards import TableMaker
from annotate.dataset.tables.relations import NONE
from annotate.inventory import Enclosing, Inventory, Role
from annotate.model import Annotation, Article, Relation, Span
from annotate.records import Graph, Mention, records_of
from tests.dataset.test_rows import ZOO, annotation, article

Batch: TypeAlias = list[tuple[Article, Annotation]]
Shown: TypeAlias = tuple[Any, ...]
SHOWN = ("id", "label", "start", "end", "text", "pieces")


def _tangled() -> Inventory:
    """An inventory whose records may hold their own anchors, and be around themselves."""
    words = msgspec.structs.replace(ZOO.relations["words"], tail=("Words", "Verb"))
    around = Enclosing(record="sayings", within="words", take="keeper")
    sayings = msgspec.structs.replace(
        ZOO.records["sayings"],
        roles={"keeper": Role(relation="keeper", enclosing=around), "words": Role(relation="words")},
    )
    return msgspec.structs.replace(
        ZOO, relations={**ZOO.relations, "words": words}, records={**ZOO.records, "sayings": sayings}
    )


TANGLED = _tangled()


def document(chance: Random, name: str) -> tuple[Article, Annotation]:
    """A short text full of spans, so that many nest, share their places and are joined, in loops as well."""
    text = "".join(chance.choices("aé🚢\n", (4, 2, 2, 1), k=chance.randrange(2, 12)))
    spans = []
    for number in range(chance.randrange(24)):
        start, end = sorted(chance.sample(range(len(text) + 1), 2))
        # Not in the order of the text, as ids may be.
        id_ = f"{chance.choice('xyz')}{number}"
        label = chance.choice(list(ZOO.spans)[: chance.choice((4, 5))])
        spans.append(Span(id=id_, label=label, start=start, end=end, text=text[start:end]))
    often = {
        label: chance.choice((0, 0.06) if relation.joins_pieces else (0.02, 0.3))
        for label, relation in TANGLED.relations.items()
    }
    ids = ["nowhere", *(span.id for span in spans)]
    relations = [
        Relation(label=label, head=head.id, tail=tail.id)
        for label, relation in TANGLED.relations.items()
        for head, tail in product(spans, repeat=2)
        if chance.random() < often[label] and relation.allows(head.label, tail.label)
    ]
    relations += chance.sample(relations, len(relations) // 8)
    relations += [
        Relation(label=chance.choice(list(ZOO.relations)), head=chance.choice(ids), tail=chance.choice(ids))
        for _ in range(chance.randrange(3))
    ]
    chance.shuffle(relations)
    return article(text, name), annotation(text, spans, relations, name)


def made_by(seed: int) -> Batch:
    """Made by a seed: values that are drawn one by one are too often the simplest for graphs as dense as these."""
    chance = Random(seed)  # noqa: S311 - no secret
    return [document(chance, f"a{number}") for number in range(chance.randrange(6))]


documents = st.integers(0, 2**32).map(made_by)


def source(batch: Batch, inventory: Inventory) -> Source:
    return Source([one for one, _ in batch], Documents.from_annotations([made for _, made in batch], inventory))


def shown(mention: Mention) -> Shown:
    pieces = [{"start": start, "end": end} for start, end in mention.pieces]
    return mention.id, ZOO.classes.spans.index(mention.label), mention.start, mention.end, mention.text, pieces


def taken(columns: Source) -> list[Shown]:
    """All mentions of a batch, as `shown` has them."""
    taken = columns.shown.take(np.arange(len(columns.mentions.labels)))
    return list(
        zip(*(taken[name].to_pylist() for name in ("id", "label", "start", "end", "text", "pieces")), strict=True)
    )


@pytest.mark.parametrize("inventory", [ZOO, TANGLED])
@given(documents)
@settings(deadline=None)
def test_records_are_those_of_each_document(inventory: Inventory, batch: Batch) -> None:
    columns = source(batch, inventory)
    mentions = taken(columns)
    graphs = [Graph(sort_annotation(made), inventory) for _, made in batch]
    assert mentions == [shown(mention) for graph in graphs for mention in graph.mentions]
    for name, type_ in inventory.records.items():
        wanted = [record for graph in graphs for record in records_of(graph, inventory)[name]]
        anchors = columns.labelled(type_.anchor)
        assert [mentions[anchor] for anchor in anchors] == [shown(record.anchor) for record in wanted]
        for role_name, role in type_.roles.items():
            found = fillers(columns, anchors, role)
            through = columns.shown.ids(found.through).to_pylist()
            pairs = list(zip(map(mentions.__getitem__, found.mentions), found.distances.tolist(), through, strict=True))
            assert [pairs[first:last] for first, last in pairwise(found.bounds.tolist())] == [
                [(shown(one.mention), one.distance, one.through) for one in record.roles[role_name]]
                for record in wanted
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


@given(documents)
@settings(deadline=None)
def test_pairs_are_those_of_each_document(batch: Batch) -> None:
    make = TableMaker(ZOO, ["relations"], negatives=True)
    names = make.tables["relations"].features["label"]["names"]
    rows = make(batch)["relations"].to_pylist()
    wanted = [(one, *pair) for one, made in batch for pair in slow_pairs(one.text, Graph(sort_annotation(made), ZOO))]
    assert len(rows) == len(wanted)
    for row, (one, label, head, tail, start, end) in zip(rows, wanted, strict=True):
        assert (row["article"], names[row["label"]]) == (one.id, label)
        assert row["id"] == f"{one.id}/{head.id} {label} {tail.id}"
        assert row["context"] == {"text": one.text[start:end], "start": start, "end": end}
        for name, mention in (("head", head), ("tail", tail)):
            place = row[name].pop("in_context")
            assert tuple(row[name][key] for key in SHOWN) == shown(mention)
            assert (place["start"] + start, place["end"] + start) == (mention.start, mention.end)


@given(documents, st.integers(1, 9))
@settings(deadline=None)
def test_what_is_looked_at_in_parts_holds_the_same(batch: Batch, at_once: int) -> None:
    mentions = source(batch, ZOO).mentions
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
