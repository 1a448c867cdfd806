"""What the checks call errors is taken out, and nothing else."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import find_errors
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.models.error_removal import remove_errors
from annotate.offsets import sha256
from tests.conftest import BASE

INVENTORY = load_inventory(BASE / "schema")
TEXT = "The master said so and a hand added more."
WORDS = ["The master", "said", "so", "a hand", "added", "more", " so", "sai"]


def make_annotation(spans: list[Span], relations: list[Relation]) -> Annotation:
    return Annotation(
        article="a",
        annotator="model",
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=sha256(TEXT),
        spans=tuple(spans),
        relations=tuple(relations),
    )


def make_span(id_: str, label: str, words: str, **attributes: AttributeValue) -> Span:
    start = TEXT.index(words)
    return Span(id=id_, label=label, start=start, end=start + len(words), text=words, attributes=attributes)


MASTER = make_span("s1", "Speaker", "The master", rank="master")
SAID, SO = make_span("s2", "Verb", "said"), make_span("s3", "Words", "so")
SPEAKER, SO_SAID = Relation(label="speaker", head="s2", tail="s1"), Relation(label="words", head="s2", tail="s3")


@pytest.mark.parametrize(
    ("spans", "relations", "removed"),
    [
        ([], [], []),
        ([], [Relation(label="speaker", head="s1", tail="s2")], ["R103"]),
        ([], [Relation(label="words", head="s2", tail="s2")], ["R110"]),
        ([], [SO_SAID], ["R109"]),
        ([make_span("s4", "Verb", "added")], [], ["R105"]),
        ([make_span("s4", "Words", "more")], [Relation(label="continues", head="s3", tail="s4")], ["R113", "R107"]),
        ([make_span("s4", "Quay", "more")], [], ["R116"]),
        ([make_span("s4", "Load", "more", wording="any")], [], ["P203"]),
    ],
)
def test_only_what_is_wrong_is_taken_out(spans: list[Span], relations: list[Relation], removed: list[str]) -> None:
    annotation = make_annotation([MASTER, SAID, SO, *spans], [SPEAKER, SO_SAID, *relations])
    cleaned = remove_errors(annotation, TEXT, INVENTORY)
    assert cleaned.annotation == make_annotation([MASTER, SAID, SO], [SPEAKER, SO_SAID])
    assert [label.finding.code for label in cleaned.removed] == removed


def test_gold_stays_as_it_is() -> None:
    corpus = Corpus(BASE / "corpus")
    for gold in corpus.gold():
        cleaned = remove_errors(gold, corpus.read_text(gold.article), INVENTORY)
        assert (cleaned.annotation, cleaned.removed) == (gold, [])


@st.composite
def wrong_annotations(draw: st.DrawFn) -> Annotation:
    labels = st.sampled_from(["Speaker", "Verb", "Words", "Load", "Quay", "Boat"])
    attributes = st.dictionaries(
        st.sampled_from(["rank", "wording", "least"]), st.sampled_from(["hand", "vague", 3, 0])
    )
    spans = [
        msgspec.structs.replace(
            make_span(f"s{number}", draw(labels), draw(st.sampled_from(WORDS))), attributes=draw(attributes)
        )
        for number in range(draw(st.integers(1, 8)))
    ]
    ids = st.sampled_from([span.id for span in spans])
    names = st.sampled_from([*INVENTORY.relations, "owns"])
    relation = st.builds(lambda *ends: Relation(label=ends[0], head=ends[1], tail=ends[2]), names, ids, ids)
    relations = draw(st.lists(relation, max_size=12))
    return make_annotation(spans, relations)


@settings(max_examples=300, deadline=None)
@given(wrong_annotations())
def test_nothing_wrong_stays_and_nothing_is_lost(annotation: Annotation) -> None:
    cleaned = remove_errors(annotation, TEXT, INVENTORY)
    assert find_errors(cleaned.annotation, TEXT, INVENTORY) == []
    removed = [each.label for each in cleaned.removed]
    spans = [*cleaned.annotation.spans, *(label for label in removed if isinstance(label, Span))]
    assert sorted(span.id for span in spans) == sorted(span.id for span in annotation.spans)
    relations = [*cleaned.annotation.relations, *(label for label in removed if isinstance(label, Relation))]
    assert sorted(map(repr, relations)) == sorted(map(repr, annotation.relations))
