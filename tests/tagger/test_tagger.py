"""A tagger learns spans with their levels and attributes; the same texts give the same models."""

import builtins
from typing import Any

import msgspec
import pytest
from hypothesis import given

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Article, SourceRange, Span
from annotate.offsets import sha256
from annotate.tagger.crf import Crf, train_crf
from annotate.tagger.features import describe_words
from annotate.tagger.paragraphs import LabelledText, find_ranges, split_levels, split_paragraphs, tag_tokens
from annotate.tagger.tagger import ANNOTATOR, TrainedTagger, TrainingSet, select_training, train_tagger
from tests import strategies
from tests.conftest import Project
from tests.labelled_quays import label_quay, label_quays


def make_article(text: str, article_id: str = "new") -> Article:
    return Article(
        id=article_id,
        title=None,
        language="en",
        author=None,
        publisher=None,
        date=None,
        rights="",
        source=SourceRange(file="new.txt", sha256=sha256(text), start=0, end=len(text)),
        text_sha256=sha256(text),
        text=text,
    )


def train(texts: list[LabelledText], inventory: Inventory) -> TrainedTagger:
    training = select_training(texts)
    return TrainedTagger(training, train_tagger(training, inventory), inventory)


def test_spans_are_learned_with_their_attributes(project: Project) -> None:
    text = "A hand said 9 crates 🚢 lie at Far Quay."
    made = train(label_quays(), project.inventory).label(make_article(text))
    assert [(span.label, span.text, span.attributes) for span in made.spans] == [
        ("Speaker", "A hand", {"rank": "hand"}),
        ("Verb", "said", {}),
        ("Words", "9 crates 🚢 lie at Far Quay", {}),
    ]
    assert all(text[span.start : span.end] == span.text for span in made.spans)
    assert (made.annotator, made.process, made.relations, made.text_sha256) == (
        ANNOTATOR,
        "single pass",
        (),
        sha256(text),
    )


def test_nested_spans_have_models_of_their_own(project: Project) -> None:
    texts = []
    for text, annotation in label_quays():
        outer = [
            Span(id=f"o{span.id}", label="Words", start=span.start - len("said "), end=span.end, text="")
            for span in annotation.spans
            if span.label == "Words"
        ]
        texts.append(LabelledText(text, msgspec.structs.replace(annotation, spans=(*annotation.spans, *outer))))
    made = train(texts, project.inventory).label(make_article("A hand said 9 crates lie at Far Quay."))
    assert {(span.label, span.text) for span in made.spans} == {
        ("Speaker", "A hand"),
        ("Words", "said 9 crates lie at Far Quay"),
        ("Verb", "said"),
        ("Words", "9 crates lie at Far Quay"),
    }


def test_the_same_texts_give_the_same_models(project: Project) -> None:
    first, second = (train_tagger(select_training(label_quays()), project.inventory) for _ in range(2))
    assert first == second
    assert set(first) == {"speech 0"}


def test_nothing_is_learned_from_nothing(project: Project) -> None:
    bare = [LabelledText(text, msgspec.structs.replace(made, spans=(), relations=())) for text, made in label_quays()]
    for texts in ([], bare):
        tagger = train(texts, project.inventory)
        assert tagger.label(make_article("A hand said 9 crates lie at Far Quay.")).spans == ()


def test_labels_that_the_inventory_lacks_are_not_learned(project: Project) -> None:
    inventory = project.inventory
    fewer = msgspec.structs.replace(inventory, spans={name: inventory.spans[name] for name in ("Verb", "Words")})
    made = train(label_quays(), fewer).label(make_article("A hand said 9 crates lie at Far Quay."))
    assert [span.label for span in made.spans] == ["Verb", "Words"]


def test_the_version_is_that_of_texts_and_labels() -> None:
    def version(texts: list[LabelledText]) -> str:
        return select_training(texts).version

    texts = label_quays()
    assert version(texts) == version(label_quays())
    shorter = msgspec.structs.replace(texts[0].annotation, spans=texts[0].annotation.spans[1:])
    valued = [msgspec.structs.replace(span, attributes={"rank": "other"}) for span in texts[0].annotation.spans]
    others = [
        texts[1:],
        [LabelledText(texts[0].text, shorter), *texts[1:]],
        [LabelledText(texts[0].text, msgspec.structs.replace(texts[0].annotation, spans=tuple(valued))), *texts[1:]],
        [LabelledText(texts[0].text, msgspec.structs.replace(texts[0].annotation, relations=())), *texts[1:]],
    ]
    assert len({version(texts), *map(version, others)}) == 5


def test_training_is_bounded() -> None:
    """What does not fit is counted, and a shorter text that fits is still taken."""
    long = label_quay("long", "Very very very long and old", 7)
    size = sum(len(paragraph.tokens) for paragraph in split_paragraphs(label_quays()[0].text))
    training = select_training([label_quays()[0], long, label_quays()[1]], 2 * size)
    assert [labelled.annotation.article for labelled in training.texts] == ["quay-0", "quay-1"]
    assert training.left_out == 1


def test_a_model_outlives_what_it_was_made_of() -> None:
    """CRFsuite keeps the address of a model and not the model, so that another one could take its place."""
    words = ["A", "hand", "said", "so"]
    features, tags = describe_words(words), ["B-Speaker", "I-Speaker", "B-Verb", "O"]
    models = [Crf(bytes(bytearray(train_crf([(features, tags)] * 3) or b""))) for _ in range(3)]
    spam = [bytes([number % 256]) * 4000 for number in range(2000)]
    assert [model.predict(features) for model in models] == [tags] * 3
    assert len(spam) == 2000


def test_a_missing_library_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "pycrfsuite":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(CannotRun) as caught:
        train_crf([])
    hint = "a trained tagger needs it: pip install 'contested-claims[tagger]'"
    assert str(caught.value) == f"python-crfsuite: is not installed; {hint}"


@given(strategies.texts.flatmap(lambda text: strategies.annotations(text).map(lambda made: (text, made))))
def test_tags_give_back_the_spans(pair: tuple[str, Any]) -> None:
    """All spans whose ends are those of tokens come back from the tags of their levels, unless there are too many."""
    text, annotation = pair
    levels = len(annotation.spans)
    for paragraph in split_paragraphs(text):
        assert [text[start:end] for start, end in paragraph.tokens] == list(paragraph.words)
        expected = sorted(
            (span.label, span.start, span.end)
            for span in annotation.spans
            if paragraph.start <= span.start
            and span.end <= paragraph.end
            and span.start in {start for start, _ in paragraph.tokens}
            and span.end in {end for _, end in paragraph.tokens}
            and span.start < span.end
        )
        found = [
            found
            for ranges in split_levels(paragraph, annotation.spans, levels)
            for found in find_ranges(paragraph, tag_tokens(len(paragraph.tokens), ranges))
        ]
        assert sorted(found) == expected


def test_training_sets_compare_by_value() -> None:
    assert isinstance(select_training([]), TrainingSet)
    assert select_training([]).texts == ()
