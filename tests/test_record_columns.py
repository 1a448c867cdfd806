"""The columns of many documents hold exactly what the graph of each document says, for valid and invalid graphs."""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.columns import UNKNOWN, Documents
from annotate.corpus import Corpus, sort_annotation
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article
from annotate.record_columns import Graphs, find_enclosing
from annotate.records import Graph, Mention, Piece
from tests.graphs import CHAINED, CONDITIONAL, TANGLED, ZOO, batches

Batch = list[tuple[Article, Annotation]]


def graphs_of(annotations: Sequence[Annotation], inventory: Inventory) -> Graphs:
    return Graphs(Documents.from_annotations(annotations, inventory).canonical())


def mentions_of(graphs: Graphs) -> list[Mention]:
    """All mentions, as objects; a text is not part of the columns, so that it is built from the spans here."""
    columns, spans, names = graphs.mentions, graphs.documents.spans, list(graphs.documents.inventory.spans)
    ranges = columns.ranges(np.arange(len(columns.labels)))
    mentions = []
    for index, first in enumerate(columns.first_spans.tolist()):
        some = slice(*columns.pieces.bounds[index : index + 2].tolist())
        mentions.append(
            Mention(
                id=spans.ids[first],
                label=names[columns.labels[index]],
                start=int(columns.starts[index]),
                end=int(columns.ends[index]),
                text=" … ".join(spans.texts[position] for position in columns.pieces.spans[some].tolist()),
                pieces=tuple(Piece(start, end) for start, end in ranges[index]),
                attributes=spans.attributes[first],
            )
        )
    return mentions


def require_equal(annotations: Sequence[Annotation], inventory: Inventory) -> None:
    columns = graphs_of(annotations, inventory)
    graphs = [Graph(sort_annotation(annotation), inventory) for annotation in annotations]
    mentions = mentions_of(columns)
    assert mentions == [mention for graph in graphs for mention in graph.mentions]

    labels, related = list(inventory.relations), columns.related
    assert [
        (labels[label], mentions[head], mentions[tail])
        for label, head, tail in zip(related.labels, related.heads, related.tails, strict=True)
    ] == [(relation.label, head, tail) for graph in graphs for relation, head, tail in graph.related]

    records_by_document = [graph.records() for graph in graphs]
    for name, type_ in inventory.records.items():
        records = [record for by_type in records_by_document for record in by_type[name]]
        anchors = columns.mentions_labelled(type_.anchor)
        assert [mentions[anchor] for anchor in anchors] == [record.anchor for record in records]
        for role_name, role in type_.roles.items():
            fillers = columns.fillers(anchors, role)
            rows = [
                (mentions[mention], distance, None if through == UNKNOWN else mentions[through].id)
                for mention, distance, through in zip(
                    fillers.mentions.tolist(), fillers.distances.tolist(), fillers.through.tolist(), strict=True
                )
            ]
            assert [rows[first:stop] for first, stop in pairwise(fillers.bounds.tolist())] == [
                [(filler.mention, filler.distance, filler.through) for filler in record.roles[role_name]]
                for record in records
            ]


@pytest.mark.parametrize("inventory", [ZOO, TANGLED, CONDITIONAL, CHAINED])
@given(batches)
@settings(deadline=None)
def test_columns_equal_the_graph_of_each_document(inventory: Inventory, batch: Batch) -> None:
    require_equal([annotation for _, annotation in batch], inventory)


def test_columns_equal_the_graphs_of_the_corpus(corpus: Corpus, labels: Inventory) -> None:
    annotations = [corpus.read_annotation(GOLD, article_id) for article_id in corpus.annotated_ids(GOLD)]
    require_equal(annotations, labels)


@given(batches, st.integers(1, 9))
@settings(deadline=None)
def test_enclosing_mentions_are_those_that_comparing_every_pair_finds(batch: Batch, pairs_at_once: int) -> None:
    mentions = graphs_of([annotation for _, annotation in batch], ZOO).mentions
    every = np.arange(len(mentions.labels))
    ranges = mentions.ranges(every)
    pairs = [
        (inner, outer)
        for inner, outer in product(every.tolist(), repeat=2)
        if mentions.documents[inner] == mentions.documents[outer]
        and all(
            any(outer_start <= start and end <= outer_end for outer_start, outer_end in ranges[outer])
            for start, end in ranges[inner]
        )
    ]
    positions = find_enclosing(mentions, every, every, pairs_at_once)
    assert list(zip(*(column.tolist() for column in positions), strict=True)) == pairs
