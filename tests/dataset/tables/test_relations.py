"""The table `relations`: every relation of the gold labels once, true of the text; negatives are what none joins."""

from itertools import permutations

import pytest
from hypothesis import given, settings

from annotate.class_ids import NONE
from annotate.corpus import Corpus, sort_annotation
from annotate.dataset.table_builder import TableBuilder
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article
from annotate.records import Graph, Mention
from tests.dataset.helpers import build_rows
from tests.graphs import ZOO, batches


@pytest.mark.parametrize("negatives", [False, True])
def test_every_relation_is_a_row_once(corpus: Corpus, labels: Inventory, negatives: bool) -> None:
    builder = TableBuilder(labels, ["relations"], negatives)
    names = builder.tables["relations"].features["label"]["names"]
    for article in corpus.articles():
        gold = corpus.read_annotation(GOLD, article.id)
        rows = build_rows(builder, [(article, gold)])["relations"].to_pylist()
        graph = Graph(gold, labels)
        wanted = {(relation.label, head.id, tail.id) for relation, head, tail in graph.related}
        found = [(names[row["label"]], row["head"]["id"], row["tail"]["id"]) for row in rows]
        assert sorted(one for one in found if one[0] != "none") == sorted(wanted)
        assert len({row["id"] for row in rows}) == len(rows)
        joined = {(head, tail) for _, head, tail in wanted}
        none = {(head, tail) for label, head, tail in found if label == "none"}
        assert bool(none) == negatives
        assert not none & joined
        whole = {mention.id: mention for mention in graph.mentions}
        for head, tail in none:
            assert any(
                relation.allows(whole[head].label, whole[tail].label)
                for relation in labels.relations.values()
                if not relation.joins_pieces
            )


def test_mentions_are_at_the_offsets_of_their_row(corpus: Corpus, labels: Inventory) -> None:
    builder = TableBuilder(labels, ["relations"], negatives=True)
    for article in corpus.articles():
        for row in build_rows(builder, [(article, corpus.read_annotation(GOLD, article.id))])["relations"].to_pylist():
            context = row["context"]
            assert article.text[context["start"] : context["end"]] == context["text"]
            for end in (row["head"], row["tail"]):
                inside = end["in_context"]
                assert context["text"][inside["start"] : inside["end"]] == article.text[end["start"] : end["end"]]


def test_negatives_change_no_class_id(labels: Inventory) -> None:
    without, with_ = (TableBuilder(labels, ["relations"], negatives) for negatives in (False, True))
    assert without.tables["relations"].features == with_.tables["relations"].features
    assert without.tables["relations"].features["label"]["names"][0] == "none"


def context_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the lines of a text that hold a range of it."""
    stop = text.find("\n", end - 1)
    return text.rfind("\n", 0, start) + 1, len(text) if stop < 0 else stop


def pairs_by_hand(text: str, graph: Graph) -> list[tuple[str, Mention, Mention, int, int]]:
    """Return label, head, tail and context of every row of a document, negatives as well."""
    related = [(relation.label, head, tail) for relation, head, tail in graph.related]
    joined = {(head.id, tail.id) for _, head, tail in related}
    contexts = {mention.id: context_of(text, mention.start, mention.end) for mention in graph.mentions}
    unjoined = [
        (contexts[head.id], head, tail)
        for head, tail in permutations(graph.mentions, 2)
        if contexts[head.id] == contexts[tail.id]
        and (head.id, tail.id) not in joined
        and any(
            relation.allows(head.label, tail.label) for relation in ZOO.relations.values() if not relation.joins_pieces
        )
    ]
    unrelated = [(NONE, head, tail) for _, head, tail in sorted(unjoined, key=lambda pair: pair[0])]
    return [
        (label, head, tail, *context_of(text, min(head.start, tail.start), max(head.end, tail.end)))
        for label, head, tail in related + unrelated
    ]


@given(batches)
@settings(deadline=None)
def test_rows_are_the_pairs_of_each_document(batch: list[tuple[Article, Annotation]]) -> None:
    builder = TableBuilder(ZOO, ["relations"], negatives=True)
    names = builder.tables["relations"].features["label"]["names"]
    rows = build_rows(builder, batch)["relations"].to_pylist()
    pairs = [
        (article, *pair)
        for article, annotation in batch
        for pair in pairs_by_hand(article.text, Graph(sort_annotation(annotation), ZOO))
    ]
    assert len(rows) == len(pairs)
    for row, (article, label, head, tail, start, end) in zip(rows, pairs, strict=True):
        assert (row["article"], names[row["label"]]) == (article.id, label)
        assert row["id"] == f"{article.id}/{head.id} {label} {tail.id}"
        assert row["context"] == {"text": article.text[start:end], "start": start, "end": end}
        for name, mention in (("head", head), ("tail", tail)):
            in_context = row[name].pop("in_context")
            assert row[name] == {
                "id": mention.id,
                "label": ZOO.class_ids.spans.index(mention.label),
                "start": mention.start,
                "end": mention.end,
                "text": mention.text,
                "pieces": [{"start": piece.start, "end": piece.end} for piece in mention.pieces],
            }
            assert (in_context["start"] + start, in_context["end"] + start) == (mention.start, mention.end)
