"""Spans of gold and of a system as tags of tokens, for measures that taggers are compared by.

Both sides are tagged as the table `tokens` is: each paragraph by itself, with columns of tags for each layer. So a
column of the two sides gives what an evaluation of tag sequences gives for it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.study import ComparedArticle, Study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.columns import Documents, document_indices
from annotate.dataset.tables.tokens import column_name
from annotate.dataset.tagging import LEVELS, TaggedSpans, Tagger
from annotate.dataset.tokens import Paragraphs, Tokenizer, find_paragraphs
from annotate.inventory import Inventory
from annotate.model import Annotation, Article, SourceRange, Span

BATCH = 100
"""Number of articles that are tagged at once."""
ALL_LAYERS = "all layers"

TokenRange = tuple[str, int, int]
"""Label, first token, last token."""


class TagTallies(NamedTuple):
    """The counts of a column of tags, of all columns of a layer, or of all columns.

    Attributes:
        name: The column, the layer, or `ALL_LAYERS`.
        kind: `column`, `layer` or `all`.
        entities: The spans that the tags give: both sides have one if its label and its tokens are the same.
        tokens: The labels of tokens; a token of two spans with one label has it once.
        unfit: By side, the number of spans that no column of tags holds.
    """

    name: str
    kind: str
    entities: Tally
    tokens: Tally
    unfit: Counter[str]


def make_bare_article(article_id: str, text: str, language: str = "") -> Article:
    """Return an article of which nothing but the text and its language is known."""
    source = SourceRange(file="", sha256="", start=0, end=0)
    return Article(
        id=article_id,
        title=None,
        language=language,
        author=None,
        publisher=None,
        date=None,
        rights="",
        source=source,
        text_sha256="",
        text=text,
    )


def tally_tags(study: Study) -> list[TagTallies]:
    """Count tags of the first two annotators of a study: of each layer, its columns with tags, and all layers.

    Spans with labels that are newer than an annotation do not count.
    """
    inventory = study.inventory
    layers = list(inventory.layers)
    rows: dict[tuple[str, int], TagTallies] = {}
    for layer in layers:
        rows[layer, 0] = TagTallies(layer, "layer", Tally(), Tally(), Counter())
        for level in range(1, LEVELS + 1):
            rows[layer, level] = TagTallies(column_name(layer, level), "column", Tally(), Tally(), Counter())
    total = TagTallies(ALL_LAYERS, "all", Tally(), Tally(), Counter())
    tagger = _SideTagger(inventory)
    for first in range(0, len(study.articles), BATCH):
        articles = study.articles[first : first + BATCH]
        sides = tagger.tag(articles, study)
        for side, (_, unfit) in zip((FIRST, SECOND), sides, strict=True):
            for layer, number in unfit.items():
                rows[layer, 0].unfit[side] += number
                total.unfit[side] += number
        columns = [side for side, _ in sides]
        for paragraph in sorted({key for side in columns for key in side}):
            pairs = [side.get(paragraph, {}) for side in columns]
            for layer in layers:
                levels = [[pair.get((layer, level), []) for pair in pairs] for level in range(1, LEVELS + 1)]
                for level, (gold, predicted) in enumerate(levels, 1):
                    if gold or predicted:
                        _add(rows[layer, level], paragraph, gold, predicted)
                gold, predicted = ([each for level in levels for each in level[side]] for side in range(2))
                for row in (rows[layer, 0], total):
                    _add(row, paragraph, gold, predicted)
    return [row for row in rows.values() if row.kind == "layer" or row.entities.paragraphs] + [total]


def _add(row: TagTallies, paragraph: ParagraphKey, gold: Sequence[TokenRange], predicted: Sequence[TokenRange]) -> None:
    both = (Counter(gold) & Counter(predicted)).total()
    row.entities.add(paragraph, {BOTH: both, FIRST: len(gold), SECOND: len(predicted)})
    in_gold, in_predicted = (
        {(label, token) for label, first, last in side for token in range(first, last + 1)}
        for side in (gold, predicted)
    )
    row.tokens.add(paragraph, {BOTH: len(in_gold & in_predicted), FIRST: len(in_gold), SECOND: len(in_predicted)})


SideTags = Mapping[ParagraphKey, Mapping[tuple[str, int], list[TokenRange]]]
"""Paragraph → layer and level → the spans of the column there."""


class _SideTagger:
    """Tags the two sides of articles.

    Args:
        inventory: The inventory.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._layers = list(inventory.layers)
        self._classes = {name: inventory.class_ids.layers[name] for name in self._layers}
        self._tagger = Tagger(inventory, self._classes)
        self._tokenize = Tokenizer()

    def tag(self, articles: Sequence[ComparedArticle], study: Study) -> list[tuple[SideTags, Counter[str]]]:
        """Return the tags of each side, and its number of spans by layer that tags do not hold."""
        paragraphs = find_paragraphs(
            [make_bare_article(article.id, article.text) for article in articles], self._tokenize
        )
        sides = []
        for side in range(2):
            annotations = [self._list_spans(article, side, study) for article in articles]
            spans = Counter(
                self._inventory.spans[span.label].layer for annotation in annotations for span in annotation.spans
            )
            documents = Documents.from_annotations(map(_drop_empty, annotations), self._inventory).canonical()
            tagged, _ = self._tagger(documents, paragraphs)
            columns = Counter(self._layers[column // LEVELS] for column in tagged.columns.tolist())
            sides.append((self._group(tagged, paragraphs, articles), spans - columns))
        return sides

    def _list_spans(self, article: ComparedArticle, side: int, study: Study) -> Annotation:
        """Return an annotation with nothing but spans; each piece is one."""
        asked = study.asked_labels(study.inventory.spans, article.annotations)
        annotation = article.annotations[side]
        spans = [
            Span(id=mention.id, label=mention.label, start=start, end=end, text="")
            for mention in annotation.mentions
            if mention.label in asked
            for start, end in mention.pieces
        ]
        return Annotation(
            article=article.id,
            annotator=annotation.annotator,
            process="single pass",
            made_from=(),
            inventory=annotation.version,
            text_sha256="",
            spans=tuple(spans),
            relations=(),
        )

    def _group(self, tagged: TaggedSpans, paragraphs: Paragraphs, articles: Sequence[ComparedArticle]) -> SideTags:
        rows = np.searchsorted(paragraphs.token_bounds, tagged.first, "right") - 1
        by_paragraph: defaultdict[ParagraphKey, defaultdict[tuple[str, int], list[TokenRange]]]
        by_paragraph = defaultdict(lambda: defaultdict(list))
        values = (document_indices(paragraphs.bounds)[rows], paragraphs.starts[rows], *tagged)
        for document, start, column, first, last, tag in zip(*(each.tolist() for each in values), strict=True):
            layer = self._layers[column // LEVELS]
            label = self._classes[layer][(tag - 1) // 2]
            paragraph = articles[document].find_paragraph_at(start)
            by_paragraph[paragraph][layer, column % LEVELS + 1].append((label, first, last))
        return by_paragraph


def _drop_empty(annotation: Annotation) -> Annotation:
    """Return an annotation without empty spans, which may lie at the edges of two tokens and cover neither."""
    return msgspec.structs.replace(annotation, spans=tuple(span for span in annotation.spans if span.start < span.end))
