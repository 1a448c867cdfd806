"""The prefilter accepts no annotation in which a rule finds something, and almost every clean one."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import prefilter
from annotate.checks.annotations import explain
from annotate.checks.prefilter import Prefilter
from annotate.columns import Documents
from annotate.corpus import Corpus
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.offsets import sha256
from tests.checks.examples import EXAMPLES
from tests.conftest import BASE, ROOT
from tests.names import named_inventory
from tests.operations import LINEAR
from tests.strategies import annotations, texts

INVENTORY = load_inventory(BASE / "schema")
REFERRING = load_inventory(ROOT / "tests" / "invalid" / "R117-within-what-it-means" / "schema")
"""The made-up inventory with denied counts, and with a relation that only points back."""
REFERRING = msgspec.structs.replace(
    REFERRING,
    relations=REFERRING.relations
    | {
        "stands_for": msgspec.structs.replace(
            REFERRING.relations["stands_for"], head=("Load", "Quay"), tail=("Load", "Words")
        )
    },
)
CORPUS = Corpus(BASE / "corpus")
NAMES = CORPUS.annotated_ids("gold")
LABELS = ["Speaker", "Verb", "Words", "Load", "Quay", "Nothing"]
ATTRIBUTES = st.sampled_from(["rank", "least", "most", "wording", "remark", "truth"])
VALUES = st.integers(-1, 9) | st.sampled_from(["master", "exact", "", "range", "denied"])
PIECES = "continues"
WORDS = "one two three four five six seven eight nine ten"


def is_accepted(annotation: Annotation, text: str, inventory: Inventory = INVENTORY) -> bool:
    return bool(Prefilter.of(inventory).accepts(Documents.from_annotations([annotation], inventory), [text])[0])


@st.composite
def altered_annotations(draw: st.DrawFn) -> tuple[Annotation, str]:
    """An annotation of the made-up corpus with some fields, spans and relations changed, and its article's text."""
    name = draw(st.sampled_from(NAMES))
    annotation, text = CORPUS.read_annotation("gold", name), CORPUS.read_text(name)
    spans, relations = list(annotation.spans), list(annotation.relations)
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(spans) - 1))
        start = draw(st.integers(spans[index].start - 2, spans[index].start + 2))
        end = draw(st.integers(spans[index].end - 2, spans[index].end + 2))
        changes: list[dict[str, object]] = [
            {"start": start, "end": end, "text": text[max(start, 0) : max(end, 0)]},
            {"start": start},
            {"label": draw(st.sampled_from(LABELS))},
            {"id": draw(st.sampled_from([spans[0].id, "a b", "", "x" * 101, "s1\n", "é"]))},
            {"text": draw(st.sampled_from(["", " ", "said"]))},
            {"attributes": draw(st.dictionaries(ATTRIBUTES, VALUES, max_size=4))},
            {"attributes": {**spans[index].attributes, "truth": "denied"}},
        ]  # fmt: skip
        spans[index] = msgspec.structs.replace(spans[index], **draw(st.sampled_from(changes)))
    if draw(st.booleans()):
        # A span around the same words as another, or within them, with no relation.
        span = draw(st.sampled_from(spans))
        text_ = draw(st.sampled_from([span.text, span.text.partition(" ")[0]]))
        new = Span(
            id="new", label="Load", start=span.start, end=span.start + len(text_), text=text_,
            attributes={"wording": "vague"},
        )  # fmt: skip
        spans.append(new)
    ids = st.sampled_from([*(span.id for span in spans), "nowhere"])
    labels = st.sampled_from([PIECES, *REFERRING.relations, "nothing"])
    relations += draw(st.lists(st.builds(lambda label, head, tail: Relation(label=label, head=head, tail=tail),
                                         labels, ids, ids), max_size=2))  # fmt: skip
    for items in (spans, relations):
        if items and draw(st.integers(0, 5)) == 0:
            del items[draw(st.integers(0, len(items) - 1))]
    return msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations)), text


@st.composite
def annotations_with_pieces(draw: st.DrawFn) -> Annotation:
    """An annotation of `WORDS` that only relations of pieces can make wrong: any nested, crossing or equal ranges."""
    words = WORDS.split()
    starts = [len(" ".join(words[:index])) + bool(index) for index in range(len(words))]
    drawn = st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from(["Load", "Load", "Load", "Words", "Quay"]))
    spans = []
    for index, (first, more, label) in enumerate(draw(st.lists(drawn, min_size=1, max_size=7))):
        last = min(first + more, 9)
        start, end = starts[first], starts[last] + len(words[last])
        attributes: dict[str, AttributeValue] = {"wording": "vague"} if label == "Load" else {}
        spans.append(
            Span(id=f"s{index}", label=label, start=start, end=end, text=WORDS[start:end], attributes=attributes)
        )
    ids = st.sampled_from([span.id for span in spans])
    relations = [
        Relation(label=PIECES, head=head, tail=tail) for head, tail in draw(st.lists(st.tuples(ids, ids), max_size=4))
    ]
    relations += [
        Relation(label=label, head=head, tail=tail)
        for label in ("lies_at", "stands_for")
        for head, tail in draw(st.lists(st.tuples(ids, ids), max_size=1))
    ]
    return msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]),
        text_sha256=sha256(WORDS),
        spans=tuple(spans),
        relations=tuple(relations),
    )


@st.composite
def annotations_with_references(draw: st.DrawFn) -> Annotation:
    """An annotation of `WORDS` in which only references are wrong, if anything: spans in pieces nest in one another."""
    words = WORDS.split()
    starts = [len(" ".join(words[:index])) + bool(index) for index in range(len(words))]
    ranges = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=2, max_size=5, unique=True))
    lasts = [(first, min(first + more, 9)) for first, more in ranges]
    bounds = sorted({(starts[first], starts[last] + len(words[last])) for first, last in lasts})
    spans = [
        Span(id=f"s{index}", label="Load", start=start, end=end, text=WORDS[start:end], attributes={"wording": "vague"})
        for index, (start, end) in enumerate(bounds)
    ]
    pairs = [(head, tail) for head in spans for tail in spans if head is not tail]
    joins = [(head, tail) for head, tail in pairs if head.start >= tail.end]
    relations = [
        Relation(label=PIECES, head=head.id, tail=tail.id)
        for head, tail in (draw(st.lists(st.sampled_from(joins), max_size=2)) if joins else [])
    ]
    later = {relation.head for relation in relations}
    relations += [
        Relation(label="stands_for", head=head.id, tail=tail.id)
        for head, tail in (draw(st.lists(st.sampled_from(pairs), max_size=2)) if pairs else [])
        if not {head.id, tail.id} & later
    ]
    return msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]),
        text_sha256=sha256(WORDS),
        spans=tuple(spans),
        relations=tuple(relations),
    )


@given(annotations_with_references())
@settings(max_examples=600, deadline=None)
def test_accepts_exactly_the_references_that_the_rules_find_nothing_in(annotation: Annotation) -> None:
    assert is_accepted(annotation, WORDS, REFERRING) == (explain(annotation, WORDS, REFERRING) == [])


@pytest.mark.parametrize("inventory", [INVENTORY, REFERRING], ids=["base", "referring"])
@given(altered_annotations())
@settings(max_examples=600, deadline=None)
def test_accepts_exactly_what_the_rules_find_nothing_in(inventory: Inventory, altered: tuple[Annotation, str]) -> None:
    annotation, text = altered
    assert is_accepted(annotation, text, inventory) == (explain(annotation, text, inventory) == [])


@pytest.mark.parametrize("inventory", [INVENTORY, REFERRING], ids=["base", "referring"])
@given(annotations_with_pieces())
@settings(max_examples=600, deadline=None)
def test_accepts_exactly_the_pieces_that_the_rules_find_nothing_in(
    inventory: Inventory, annotation: Annotation
) -> None:
    assert is_accepted(annotation, WORDS, inventory) == (explain(annotation, WORDS, inventory) == [])


@given(st.lists(annotations_with_pieces(), min_size=2, max_size=4))
@settings(deadline=None)
def test_verdict_does_not_depend_on_the_other_annotations(batch: list[Annotation]) -> None:
    documents = Documents.from_annotations(batch, INVENTORY)
    accepted = Prefilter.of(INVENTORY).accepts(documents, [WORDS] * len(batch)).tolist()
    assert accepted == [is_accepted(annotation, WORDS) for annotation in batch]


@given(st.data())
@settings(deadline=None)
def test_accepts_nothing_wrong_on_texts_of_any_kind(data: st.DataObject) -> None:
    text = data.draw(texts)
    annotation = data.draw(annotations(text))
    if is_accepted(annotation, text):
        assert explain(annotation, text, INVENTORY) == []


@given(st.text(st.sampled_from("中国カーヶไทยກាမアaé한１2 "), min_size=1, max_size=12), st.data())
@settings(max_examples=300, deadline=None)
def test_accepts_exactly_the_word_boundaries_of_the_rules(text: str, data: st.DataObject) -> None:
    """Scripts with and without spaces, side by side."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(id="s1", label="Quay", start=start, end=end, text=text[start:end])
    annotation = msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]), text_sha256=sha256(text), spans=(span,), relations=()
    )
    without_relations = msgspec.structs.replace(INVENTORY, relations={}, records={})
    assert is_accepted(annotation, text, without_relations) == (explain(annotation, text, without_relations) == [])


@pytest.mark.parametrize("example", [path for path in EXAMPLES if path.name[0] in "PR"], ids=lambda path: path.name)
def test_refuses_the_examples_of_each_rule(example: Path) -> None:
    files = list(example.glob("corpus/annotations/*/*.json"))
    assert files
    schema = example / "schema"
    inventory = load_inventory(schema) if schema.is_dir() else INVENTORY
    for path in files:
        annotation = msgspec.json.decode(path.read_bytes(), type=Annotation)
        text = example / "corpus" / "articles" / f"{annotation.article}.txt"
        words = text.read_text("utf-8") if text.is_file() else CORPUS.read_text(annotation.article)
        assert not is_accepted(annotation, words, inventory)


def test_accepts_nine_of_ten_annotations_of_this_corpus() -> None:
    """They have pieces, nested spans and spans on the same words, as real annotations do."""
    corpus, inventory = Corpus(ROOT / "corpus"), load_inventory(ROOT / "schema")
    accepted = [
        is_accepted(corpus.read_annotation(annotation_set, name), corpus.read_text(name), inventory)
        for annotation_set in corpus.annotation_sets()
        for name in corpus.annotated_ids(annotation_set)
    ]
    assert len(accepted) >= 10
    assert sum(accepted) >= 0.9 * len(accepted)


def test_accepts_the_made_up_corpus() -> None:
    annotations_ = [CORPUS.read_annotation("gold", name) for name in NAMES]
    assert any(relation.label == PIECES for annotation in annotations_ for relation in annotation.relations)
    assert all(is_accepted(annotation, CORPUS.read_text(annotation.article)) for annotation in annotations_)


def test_refuses_a_span_without_the_relations_it_needs() -> None:
    text = "The pilot said that the lock held."
    spans = (
        Span(id="a", label="Speaker", start=0, end=9, text="The pilot", attributes={"rank": "hand"}),
        Span(id="b", label="Verb", start=10, end=14, text="said"),
        Span(id="c", label="Words", start=20, end=33, text="the lock held"),
    )
    relations = (Relation(label="speaker", head="b", tail="a"), Relation(label="words", head="b", tail="c"))
    annotation = msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]), text_sha256=sha256(text), spans=spans, relations=relations
    )
    assert is_accepted(annotation, text)
    assert not is_accepted(msgspec.structs.replace(annotation, relations=relations[:1]), text)


@pytest.mark.parametrize("offset", [1 << 63, -(1 << 63) - 1, 1 << 64, 1 << 1000])
@pytest.mark.parametrize("field", ["start", "end"])
def test_refuses_an_offset_beyond_64_bits(field: str, offset: int) -> None:
    annotation, text = CORPUS.read_annotation("gold", NAMES[0]), CORPUS.read_text(NAMES[0])
    far = msgspec.structs.replace(annotation.spans[0], **{field: offset})
    altered = msgspec.structs.replace(annotation, spans=(far, *annotation.spans[1:]))
    batch = Documents.from_annotations([annotation, altered, annotation], INVENTORY)
    assert Prefilter.of(INVENTORY).accepts(batch, [text] * 3).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "change",
    [{"article": "../x"}, {"annotator": ""}, {"made_from": ("a", "a")}, {"inventory": "1"}, {"text_sha256": "0"}],
    ids=lambda change: next(iter(change)),
)
def test_refuses_metadata_that_the_schema_refuses(change: dict[str, object]) -> None:
    annotation = msgspec.structs.replace(CORPUS.read_annotation("gold", NAMES[0]), **change)
    assert not is_accepted(annotation, CORPUS.read_text(NAMES[0]))
    assert explain(annotation, CORPUS.read_text(NAMES[0]), INVENTORY)


@pytest.mark.parametrize(
    ("value", "accepted"),
    [(2.5, True), (3, True), (-7, True), (1e300, True), (3.0, False), (float("nan"), False), (float("inf"), False),
     ("2.5", False), (True, False)],
)  # fmt: skip
def test_numbers_are_accepted_in_canonical_form(value: AttributeValue, accepted: bool) -> None:
    """An equal value that was seen before does not decide."""
    inventory = named_inventory()
    span = Span(id="s1", label="Load", start=0, end=4, text="some", attributes={"wording": "vague", "weight": 3})
    annotation = msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]), text_sha256=sha256("some"), spans=(span,), relations=()
    )
    span = msgspec.structs.replace(span, attributes={"wording": "vague", "weight": value})
    for other, expected in ((annotation, True), (msgspec.structs.replace(annotation, spans=(span,)), accepted)):
        inventory = msgspec.structs.replace(inventory, relations={}, records={})
        assert is_accepted(other, "some", inventory) == expected


def test_only_outer_characters_of_spans_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: 2,000 nested spans took 1.2 GB, four bytes for each character of each of them."""
    encoded: list[int] = []
    encode = prefilter._codes

    def count_and_encode(characters: str) -> prefilter.Codes:
        encoded.append(len(characters))
        return encode(characters)

    monkeypatch.setattr(prefilter, "_codes", count_and_encode)

    def count_encoded(number: int) -> int:
        encoded.clear()
        text = " ".join(["word"] * 2 * number)
        places = [(5 * at, len(text) - 5 * at) for at in range(number)]
        spans = tuple(
            Span(id=f"s{at}", label="Load", start=start, end=end, text=text[start:end])
            for at, (start, end) in enumerate(places)
        )
        annotation = msgspec.structs.replace(CORPUS.read_annotation("gold", NAMES[0]), spans=spans, relations=())
        misplaced = prefilter.misplaced_spans(Documents.from_annotations([annotation], named_inventory()).spans, [text])
        assert not misplaced.any()
        return sum(encoded)

    assert count_encoded(200) <= LINEAR * count_encoded(100)
