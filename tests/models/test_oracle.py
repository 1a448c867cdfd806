"""All of gold comes back whole from a model that answers with gold, and nothing else, in both forms of answers."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import find_errors
from annotate.corpus import Corpus, sort_annotation
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, Article, AttributeValue, Relation, Span
from annotate.models.error_removal import remove_errors
from annotate.models.labeller import PromptedLabelling
from annotate.models.prompts import ANSWER_MODES, AnswerMode, list_paragraphs, write_prompt
from annotate.offsets import sha256
from annotate.tokens import tokenize
from tests.conftest import BASE
from tests.models.articles import make_article
from tests.models.oracle import Oracle, Order, label_article

INVENTORY = load_inventory(BASE / "schema")
REFERRING = msgspec.structs.replace(
    INVENTORY,
    relations={
        **INVENTORY.relations,
        "reported_by": msgspec.structs.replace(INVENTORY.relations["reported_by"], refers=True),
    },
)
"""An inventory with a relation that may lead to another paragraph."""


def describe_labels(annotation: Annotation) -> tuple[Counter[object], Counter[object]]:
    """Return the spans and the relations of an annotation as counts, with places for ids."""
    places = {
        span.id: (span.label, span.start, span.end, tuple(sorted(span.attributes.items()))) for span in annotation.spans
    }
    spans = Counter[object](places.values())
    return spans, Counter((each.label, places[each.head], places[each.tail]) for each in annotation.relations)


@pytest.mark.parametrize("mode", ANSWER_MODES)
@pytest.mark.parametrize(("order", "seed"), [("text", None), ("labels", 1), ("text", 2)])
@pytest.mark.parametrize("name", ["base", "own"])
def test_gold_of_a_corpus_comes_back_whole(
    name: str, order: Order, seed: int | None, mode: AnswerMode, corpus: Corpus, labels: Inventory
) -> None:
    source, inventory = (Corpus(BASE / "corpus"), INVENTORY) if name == "base" else (corpus, labels)
    oracle = Oracle(inventory, mode, order, seed)
    labelling = PromptedLabelling(write_prompt(inventory, {}, mode=mode), "model")
    spans = relations = 0
    for gold in source.gold():
        article = source.read_article(gold.article)
        oracle.learn(article, gold)
        result = label_article(labelling, article, lambda request: oracle.answer(request.chat))
        assert result.quarantined == []
        assert [finding for finding in result.findings if finding.severity == "error"] == []
        assert describe_labels(result.annotation) == describe_labels(gold)
        assert (result.repaired, result.aligned) == (0, {})
        assert sort_annotation(result.annotation) == result.annotation
        spans += len(result.annotation.spans)
        relations += len(result.annotation.relations)
    counts = [(len(gold.spans), len(gold.relations)) for gold in source.gold()]
    assert (spans, relations) == (sum(each[0] for each in counts), sum(each[1] for each in counts))
    assert spans > 10


# Few words, so that they recur and nest; several scripts, marks, signs of the tagged form, and fences.
words = st.sampled_from(
    [
        "he",
        "he",
        "said",
        "the",
        "é",
        "שלום",
        "「说」",
        "人",
        "🚢",
        "e\u0301",
        "“x”",
        "<b>",
        "&amp;",
        '"',
        "```",
        "<#spans>",
        ".",
    ]
)
paragraphs = st.lists(words, min_size=3, max_size=9).map(" ".join)
article_texts = st.lists(paragraphs, min_size=1, max_size=3).map("\n\n".join)


@st.composite
def golds(draw: st.DrawFn) -> tuple[Article, Annotation]:
    """An article with labels that the checks accept: any tokens, spans in pieces, and any relations."""
    text = draw(article_texts)
    spans: list[Span] = []
    for start, end in list_paragraphs(text):
        edges = [(start + first, start + last) for first, last in tokenize(text[start:end])]
        if not edges:
            continue
        offsets = st.integers(0, len(edges) - 1)
        for _ in range(draw(st.integers(2, 6))):
            first, last = sorted(draw(st.tuples(offsets, offsets)))
            label = draw(st.sampled_from(["Verb", "Words", "Load", "Quay", "Speaker"]))
            place = edges[first][0], edges[last][1]
            if (label, *place) not in {(span.label, span.start, span.end) for span in spans}:
                spans.append(make_span(f"s{len(spans)}", label, *place, text, draw))
    relations = draw_relations(draw, spans, text)
    annotation = Annotation(
        article="a",
        annotator="anna",
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=sha256(text),
        spans=tuple(spans),
        relations=tuple(relations),
    )
    return make_article(text), remove_errors(annotation, text, REFERRING).annotation


def make_span(id_: str, label: str, start: int, end: int, text: str, draw: st.DrawFn) -> Span:
    attributes: dict[str, AttributeValue] = {}
    if label == "Speaker":
        attributes["rank"] = draw(st.sampled_from(["master", "hand", "other"]))
    if label == "Load":
        attributes["wording"] = "vague"
    if label == "Quay" and draw(st.booleans()):
        attributes["remark"] = draw(st.sampled_from(['"<&>"', "it's &quot; so", "é 人", "a/", "/"]))
    return Span(id=id_, label=label, start=start, end=end, text=text[start:end], attributes=attributes)


def draw_relations(draw: st.DrawFn, spans: list[Span], text: str) -> list[Relation]:
    """Draw a head for most spans that can be tails: in their paragraph, or anywhere if the relation refers."""
    paragraphs = {span.id: text.count("\n", 0, span.start) for span in spans}
    relations: list[Relation] = []
    for label in REFERRING.relations.values():
        for tail in spans:
            heads = [
                head.id
                for head in spans
                if label.allows(head.label, tail.label)
                and (label.refers or paragraphs[head.id] == paragraphs[tail.id])
                and (head.start >= tail.end if label.joins_pieces else head is not tail)
            ]
            is_drawn = draw(st.integers(0, 3)) > 0
            if heads and is_drawn:
                relations.append(Relation(label=label.name, head=draw(st.sampled_from(heads)), tail=tail.id))
    return relations


@settings(max_examples=150, deadline=None)
@given(golds(), st.sampled_from(ANSWER_MODES), st.sampled_from(["text", "labels"]), st.none() | st.integers(0, 9))
def test_generated_labels_come_back_whole(
    case: tuple[Article, Annotation], mode: AnswerMode, order: Order, seed: int | None
) -> None:
    article, gold = case
    oracle = Oracle(REFERRING, mode, order, seed)
    oracle.learn(article, gold)
    labelling = PromptedLabelling(write_prompt(REFERRING, {}, mode=mode), "model")
    result = label_article(labelling, article, lambda request: oracle.answer(request.chat))
    assert result.quarantined == []
    assert describe_labels(result.annotation) == describe_labels(gold)
    assert find_errors(result.annotation, article.text, REFERRING) == []
