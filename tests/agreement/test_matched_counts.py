"""Counts of matched spans by label and paragraph, equal to those of adding each pair and each span by itself."""

from hypothesis import given
from hypothesis import strategies as st

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.matched_counts import HALF, count_matched
from annotate.agreement.study import make_study
from annotate.agreement.tally import IN_BOTH, Tally
from annotate.inventory import load_inventory
from annotate.model import Annotation
from annotate.records import Mention
from tests.conftest import BASE
from tests.strategies import annotations, texts

INVENTORY = load_inventory(BASE / "schema")


@given(st.data())
def test_counts_are_those_of_single_spans(data: st.DataObject) -> None:
    text = data.draw(texts)
    left: Annotation = data.draw(annotations(text))
    right: Annotation = data.draw(annotations(text))
    (comparison,) = make_study(INVENTORY, [("a", text, {"anna": left, "ben": right})]).comparisons()
    find = comparison.article.find_paragraph_at
    for matching in (comparison.exact, comparison.overlap):
        counts = count_matched(matching, find)
        for label in {mention.label for each in (comparison.first, comparison.second) for mention in each.mentions}:
            single, partial = Tally(), Tally()
            for pair in matching.pairs:
                if pair[0].label == label:
                    paragraph = find(min(mention.start for mention in pair))
                    single.add(paragraph, IN_BOTH)
                    partial.add(paragraph, IN_BOTH if pair[0].pieces == pair[1].pieces else {**IN_BOTH, BOTH: HALF})
            alone: tuple[tuple[str, list[Mention]], ...]
            alone = (FIRST, matching.first_only), (SECOND, matching.second_only)
            for side, mentions in alone:
                for mention in mentions:
                    if mention.label == label:
                        for tally in (single, partial):
                            tally.add(find(mention.start), {side: 1})
            for expected, columns in (
                (single, counts[label].columns),
                (partial, counts[label].partial_columns),
            ):
                together = Tally()
                together.add_columns(columns)
                assert together.paragraphs == expected.paragraphs
        assert counts.keys() == {
            mention.label for each in (comparison.first, comparison.second) for mention in each.mentions
        }


@given(st.data())
def test_relations_are_those_of_the_graph_in_the_order_of_the_text(data: st.DataObject) -> None:
    text = data.draw(texts)
    drawn: Annotation = data.draw(annotations(text))
    (article,) = make_study(INVENTORY, [("a", text, {"anna": drawn, "ben": drawn})]).articles
    annotation = article.annotations[0]
    for label in INVENTORY.relations.values():
        if not label.joins_pieces:
            heads = [mention for mention in annotation.mentions if mention.label in label.head]
            expected = [(head, tail) for head in heads for tail in annotation.graph.tails(label.name, head)]
            assert annotation.relations.get(label.name, []) == expected
