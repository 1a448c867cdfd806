"""The table `relations`: every relation of the gold labels once, true of the text; negatives are what none joins."""

import pytest

from annotate.corpus import Corpus
from annotate.dataset.shards import TableMaker
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.records import Graph


@pytest.mark.parametrize("negatives", [False, True])
def test_every_relation_is_a_row_once(corpus: Corpus, labels: Inventory, negatives: bool) -> None:
    make = TableMaker(labels, ["relations"], negatives)
    names = make.tables["relations"].features["label"]["names"]
    for article in corpus.articles():
        gold = corpus.read_annotation(GOLD, article.id)
        rows = make([(article, gold)])["relations"].to_pylist()
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


def test_mentions_stand_where_the_row_says(corpus: Corpus, labels: Inventory) -> None:
    make = TableMaker(labels, ["relations"], negatives=True)
    for article in corpus.articles():
        for row in make([(article, corpus.read_annotation(GOLD, article.id))])["relations"].to_pylist():
            context = row["context"]
            assert article.text[context["start"] : context["end"]] == context["text"]
            for end in (row["head"], row["tail"]):
                inside = end["in_context"]
                assert context["text"][inside["start"] : inside["end"]] == article.text[end["start"] : end["end"]]


def test_negatives_change_no_class_id(labels: Inventory) -> None:
    without, with_ = (TableMaker(labels, ["relations"], negatives) for negatives in (False, True))
    assert without.tables["relations"].features == with_.tables["relations"].features
    assert without.tables["relations"].features["label"]["names"][0] == "none"
