"""Spans that belong to a marked one: a model for each relation and end, which sees the words from the marked span.

For each relation, side and label that labelled texts have, a conditional random field learns where in the paragraph of
a span the span at the other end is. It sees the words, and where they are from the marked span: inside, before or
after, how far, and how many sentence ends and quotation marks are between.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Span
from annotate.tagger.crf import Crf, train_crf
from annotate.tagger.features import QUOTATION_MARKS, Features, describe_words
from annotate.tagger.lexicon import AttributeLexicon
from annotate.tagger.paragraphs import Paragraph, find_ranges, split_paragraphs, tag_tokens
from annotate.tagger.tagger import TrainingSet

_SENTENCE_ENDS = frozenset(".!?…。！？")
_DISTANCES = (1, 2, 3, 5, 8, 13, 21, 34)
"""Upper bounds of the classes of distances, in tokens."""


class Role(NamedTuple):
    """An end of a relation from a marked span.

    Attributes:
        marked: The label of the marked span.
        relation: The relation.
        end: The end of the relation that the other span is.
        label: The label of the other span.
    """

    marked: str
    relation: str
    end: Literal["head", "tail"]
    label: str


class RelatedSpan(NamedTuple):
    """A span that belongs to a marked one: its role, code points `[start, end)` in the text, and attributes."""

    role: Role
    start: int
    end: int
    attributes: dict[str, AttributeValue]


RoleModels: TypeAlias = Mapping[Role, bytes]


class RelatedSpanFinder:
    """Finds the spans that belong to a marked one.

    Args:
        training: What to learn from.
        models: The models that `train_roles` returned for it.
    """

    def __init__(self, training: TrainingSet, models: RoleModels) -> None:
        self._models: dict[str, dict[Role, Crf]] = defaultdict(dict)
        for role, model in models.items():
            self._models[role.marked][role] = Crf(model)
        self._lexicon = AttributeLexicon(span for text in training.texts for span in text.annotation.spans)

    def find(self, text: str, marked: Span) -> list[RelatedSpan]:
        """Return the spans in the paragraph of a marked one that belong to it."""
        paragraph, tokens = _find_paragraph(split_paragraphs(text), marked)
        if paragraph is None or marked.label not in self._models:
            return []
        features = _describe(paragraph, *tokens)
        return [
            RelatedSpan(role, start, end, self._lexicon.find(label, text[start:end]))
            for role, model in self._models[marked.label].items()
            for label, start, end in find_ranges(paragraph, model.predict(features))
        ]


def train_roles(training: TrainingSet, inventory: Inventory) -> dict[Role, bytes]:
    """Train a model for each role that the labelled texts have.

    Args:
        training: What to learn from.
        inventory: The inventory; what it does not have is not learned.

    Raises:
        CannotRun: CRFsuite is not installed.
    """
    sequences: dict[Role, list[tuple[Sequence[Features], list[str]]]] = defaultdict(list)
    roles = {role for labelled in training.texts for role, _, _ in _list_fillers(labelled.annotation, inventory)}
    for text, annotation in training.texts:
        paragraphs = split_paragraphs(text)
        fillers: dict[tuple[Role, str], list[Span]] = defaultdict(list)
        for role, marked, filler in _list_fillers(annotation, inventory):
            fillers[role, marked.id].append(filler)
        for marked in annotation.spans:
            paragraph, tokens = _find_paragraph(paragraphs, marked)
            if paragraph is None:
                continue
            features = _describe(paragraph, *tokens)
            for role in sorted(role for role in roles if role.marked == marked.label):
                tags = tag_tokens(len(paragraph.tokens), _list_ranges(paragraph, fillers[role, marked.id]))
                sequences[role].append((features, tags))
    models = {role: train_crf(sequences[role]) for role in sorted(sequences)}
    return {role: model for role, model in models.items() if model is not None}


def _list_fillers(annotation: Annotation, inventory: Inventory) -> Iterator[tuple[Role, Span, Span]]:
    """Yield each relation from both of its ends: the role, the span at this end, and the one at the other."""
    spans = {span.id: span for span in annotation.spans}
    for relation in annotation.relations:
        head, tail, label = spans.get(relation.head), spans.get(relation.tail), inventory.relations.get(relation.label)
        if head and tail and label and not label.joins_pieces and label.allows(head.label, tail.label):
            yield Role(head.label, relation.label, "tail", tail.label), head, tail
            yield Role(tail.label, relation.label, "head", head.label), tail, head


def _list_ranges(paragraph: Paragraph, spans: Iterable[Span]) -> Iterator[tuple[str, int, int]]:
    reached = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        tokens = paragraph.find_tokens(span.start, span.end)
        if tokens and tokens[0] >= reached:
            yield span.label, *tokens
            reached = tokens[1]


def _find_paragraph(paragraphs: Iterable[Paragraph], span: Span) -> tuple[Paragraph | None, tuple[int, int]]:
    for paragraph in paragraphs:
        if paragraph.start <= span.start and span.end <= paragraph.end:
            tokens = paragraph.find_tokens(span.start, span.end)
            return (paragraph, tokens) if tokens else (None, (0, 0))
    return None, (0, 0)


def _describe(paragraph: Paragraph, first: int, last: int) -> list[Features]:
    """Return the features of the words of a paragraph as they are seen from the marked tokens `[first, last)`."""
    described = describe_words(paragraph.words)
    marked = " ".join(paragraph.words[first:last]).lower()
    for indices, side in ((range(first - 1, -1, -1), "before"), (range(last, len(described)), "after")):
        ends = quotes = 0
        for distance, index in enumerate(indices, 1):
            word = paragraph.words[index]
            between = f"{side} {min(ends, 2)}"
            described[index] |= {
                "side": side,
                "between": between,
                "from": f"{side} {next((most for most in _DISTANCES if distance <= most), 'far')}",
                "marked": f"{marked} {between}",
                "quotes": f"{between} {quotes % 2} {described[index]['quoted']}",
                "form from": f"{described[index]['form']} {between}",
                "word from": f"{described[index]['word']} {between}",
            }
            ends += word in _SENTENCE_ENDS
            quotes += word in QUOTATION_MARKS
    for index in range(first, last):
        described[index] |= {"side": "inside"}
    return described
