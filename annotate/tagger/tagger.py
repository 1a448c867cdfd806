"""A tagger for whole articles: a model for each layer and level of nesting, as the table `tokens` has columns."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from annotate.inventory import Inventory
from annotate.model import Annotation, Article, Span
from annotate.tagger.crf import Crf, train_crf
from annotate.tagger.features import describe_words
from annotate.tagger.lexicon import AttributeLexicon
from annotate.tagger.paragraphs import LabelledText, find_ranges, split_levels, split_paragraphs, tag_tokens

ANNOTATOR = "tagger"
"""The annotator of the labels."""
LEVELS = 3
"""The levels of nesting in a layer."""
MOST_TOKENS = 200_000
"""The tokens that a tagger is trained on, at most: it bounds time and memory."""


class TrainingSet(NamedTuple):
    """Labelled texts to train on.

    Attributes:
        texts: The texts, in the order in which they are learned.
        left_out: The number of those that were left out since there were too many tokens.
        version: A name that changes with the texts and their labels.
    """

    texts: tuple[LabelledText, ...]
    left_out: int
    version: str


def select_training(texts: Iterable[LabelledText], most_tokens: int = MOST_TOKENS) -> TrainingSet:
    """Choose what to train on, and give it a version.

    Args:
        texts: Labelled texts, the most important first.
        most_tokens: The number of tokens at most.
    """
    chosen, left_out, tokens, digest = list[LabelledText](), 0, 0, hashlib.sha256()
    for labelled in texts:
        size = sum(len(paragraph.tokens) for paragraph in split_paragraphs(labelled.text))
        if tokens + size > most_tokens:
            left_out += 1
            continue
        tokens += size
        chosen.append(labelled)
        spans = [
            (span.label, span.start, span.end, sorted(span.attributes.items())) for span in labelled.annotation.spans
        ]
        digest.update(
            repr((labelled.text, sorted(spans, key=repr), sorted(map(repr, labelled.annotation.relations)))).encode(
                "utf-8", "surrogatepass"
            )
        )
    return TrainingSet(tuple(chosen), left_out, digest.hexdigest()[:12])


class ColumnTagger:
    """Tags paragraphs in several columns, with a model for each.

    Args:
        models: Column → the model that `train_columns` returned.
    """

    def __init__(self, models: Mapping[str, bytes]) -> None:
        self._models = {column: Crf(model) for column, model in models.items()}

    def predict(self, words: Sequence[str]) -> dict[str, list[str]]:
        """Return a tag for each word of a paragraph in each column."""
        features = describe_words(words)
        return {column: model.predict(features) for column, model in self._models.items()}


def train_columns(paragraphs: Iterable[tuple[Sequence[str], Mapping[str, Sequence[str]]]]) -> dict[str, bytes]:
    """Train a model for each column of tags.

    Args:
        paragraphs: The words of each paragraph, and a tag for each word in each column. All have the same columns.

    Returns:
        Column → model, without the columns in which no word has a tag.

    Raises:
        CannotRun: CRFsuite is not installed.
    """
    described = [(describe_words(words), columns) for words, columns in paragraphs]
    models = {
        column: train_crf((features, columns[column]) for features, columns in described)
        for column in (described[0][1] if described else ())
    }
    return {column: model for column, model in models.items() if model is not None}


class TrainedTagger:
    """Labels articles as the texts that it was trained on are labelled; it knows spans, and no relations.

    Args:
        training: What to learn from.
        models: The models that `train_tagger` returned for it.
        inventory: The inventory. What it has no label or attribute for is left out.
    """

    def __init__(self, training: TrainingSet, models: Mapping[str, bytes], inventory: Inventory) -> None:
        self._tagger, self._inventory = ColumnTagger(models), inventory
        self._lexicon = AttributeLexicon(span for text in training.texts for span in text.annotation.spans)

    def label(self, article: Article) -> Annotation:
        """Return the labels of an article."""
        ranges = sorted(set(self._find_ranges(article.text)), key=lambda found: (found[1], -found[2], found[0]))
        spans = []
        for number, (label, start, end) in enumerate(ranges, 1):
            words = article.text[start:end]
            attributes = self._lexicon.find(label, words)
            spans.append(Span(id=f"t{number}", label=label, start=start, end=end, text=words, attributes=attributes))
        return Annotation(
            article=article.id,
            annotator=ANNOTATOR,
            process="single pass",
            made_from=(),
            inventory=self._inventory.version,
            text_sha256=article.text_sha256,
            spans=tuple(spans),
            relations=(),
        )

    def _find_ranges(self, text: str) -> Iterator[tuple[str, int, int]]:
        for paragraph in split_paragraphs(text):
            for tags in self._tagger.predict(paragraph.words).values():
                for found in find_ranges(paragraph, tags):
                    if found[0] in self._inventory.spans:
                        yield found


def train_tagger(training: TrainingSet, inventory: Inventory) -> dict[str, bytes]:
    """Train the models of a tagger, in a process of its own if that must not stop others.

    Args:
        training: What to learn from.
        inventory: The inventory, which divides labels into layers.

    Raises:
        CannotRun: CRFsuite is not installed.
    """
    return train_columns(_tag_columns(training, inventory))


def _tag_columns(
    training: TrainingSet, inventory: Inventory
) -> Iterator[tuple[Sequence[str], Mapping[str, Sequence[str]]]]:
    for text, annotation in training.texts:
        spans = {
            layer: [
                span
                for span in annotation.spans
                if span.label in inventory.spans and inventory.spans[span.label].layer == layer
            ]
            for layer in inventory.layers
        }
        for paragraph in split_paragraphs(text):
            columns = {
                f"{layer} {level}": tag_tokens(len(paragraph.tokens), ranges)
                for layer in inventory.layers
                for level, ranges in enumerate(split_levels(paragraph, spans[layer], LEVELS))
            }
            yield paragraph.words, columns
