"""Spans of gold and of a system as tags of tokens, for measures that taggers are compared by.

Both sides are tagged as the table `tokens` is: each paragraph by itself, with columns of tags for each layer. So a
column of the two sides gives what an evaluation of tag sequences gives for it.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from annotate.agreement.coefficients import BOTH, FIRST, SECOND
from annotate.agreement.study import ComparedArticle, Study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.columns import Documents, Integers, Relations, Spans, document_indices, expand_ranges, sort_rows
from annotate.dataset.tables.tokens import column_name
from annotate.dataset.tagging import LEVELS, Tagger
from annotate.dataset.tokens import Paragraphs, Tokenizer, find_paragraphs
from annotate.inventory import Inventory
from annotate.model import Article, SourceRange
from annotate.scoring.score_counts import TagTallies

ALL_LAYERS = "all layers"
_SIDES = (BOTH, FIRST, SECOND)
_ANY = np.iinfo(np.int64).max


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


class TagCounter:
    """Counts tags of gold and of a system; it learns how characters are tokenized once for all articles.

    Args:
        inventory: The inventory.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._layers = list(inventory.layers)
        self._labels = {name: index for index, name in enumerate(inventory.spans)}
        self._layer_of = {name: self._layers.index(label.layer) for name, label in inventory.spans.items()}
        self._tagger = Tagger(inventory, {name: inventory.class_ids.layers[name] for name in self._layers})
        self._tokenize = Tokenizer()

    def tally(self, study: Study) -> dict[tuple[str, str], TagTallies]:
        """Count tags of the first two annotators of a study, which are in memory at once.

        Spans with labels that are newer than an annotation do not count.

        Returns:
            Name and kind → counts: of each layer (`layer`), each of its columns of tags (`column`), and all (`all`).
        """
        columns = [_make_tallies() for _ in range(LEVELS * len(self._layers))]
        layers, total = [_make_tallies() for _ in self._layers], _make_tallies()
        if study.articles:
            articles = [make_bare_article(article.id, article.text) for article in study.articles]
            paragraphs = find_paragraphs(articles, self._tokenize)
            keys = _find_keys(study.articles, paragraphs)
            asked = [study.asked_labels(self._labels, article.annotations) for article in study.articles]
            gold, predicted = (self._tag(study.articles, side, asked, paragraphs) for side in range(2))
            for side, (_, unfit) in ((FIRST, gold), (SECOND, predicted)):
                for layer, number in unfit.items():
                    layers[layer].unfit[side] += number
                    total.unfit[side] += number
            _count(gold.rows, predicted.rows, keys, [[column] for column in columns])
            _count(gold.rows.by_layer(), predicted.rows.by_layer(), keys, [[layer, total] for layer in layers])
        rows: dict[tuple[str, str], TagTallies] = {}
        for index, name in enumerate(self._layers):
            rows[name, "layer"] = layers[index]
            for level in range(LEVELS):
                rows[column_name(name, level + 1), "column"] = columns[LEVELS * index + level]
        rows[ALL_LAYERS, "all"] = total
        return rows

    def _tag(
        self,
        articles: Sequence[ComparedArticle],
        side: int,
        asked: Sequence[Collection[str]],
        paragraphs: Paragraphs,
    ) -> "_TaggedSide":
        """Return the tags of one side, and its number of spans by layer that tags do not hold; each piece is a span."""
        pieces, bounds, by_layer = list[tuple[int, int, int]](), [0], Counter[int]()
        for article, labels in zip(articles, asked, strict=True):
            for mention in article.annotations[side].mentions:
                if mention.label in labels:
                    by_layer[self._layer_of[mention.label]] += len(mention.pieces)
                    # An empty span may lie at the edges of two tokens, and covers neither.
                    label = self._labels[mention.label]
                    pieces += [(label, start, end) for start, end in mention.pieces if start < end]
            bounds.append(len(pieces))
        tagged, _ = self._tagger(_make_documents(self._inventory, bounds, pieces), paragraphs)
        fit = Counter((tagged.columns // LEVELS).tolist())
        rows = np.searchsorted(paragraphs.token_bounds, tagged.first, "right") - 1
        return _TaggedSide(_Rows(tagged.columns, rows, tagged.tags, tagged.first, tagged.last), by_layer - fit)


class _Rows(NamedTuple):
    """The tagged spans of one side, as columns.

    Attributes:
        groups: The column of tags of each, counted through the levels of each layer; or its layer.
        paragraphs: Its paragraph.
        tags: The tag of its first token, which says its label within a layer.
        first: Its first token.
        last: Its last token, included.
    """

    groups: Integers
    paragraphs: Integers
    tags: Integers
    first: Integers
    last: Integers

    def by_layer(self) -> "_Rows":
        """Return the spans of all columns of a layer as one group."""
        return self._replace(groups=self.groups // LEVELS)

    def list_tokens(self) -> "_Rows":
        """Return a row for each token of each span."""
        span, token = expand_ranges(self.first, self.last + 1)
        return _Rows(self.groups[span], self.paragraphs[span], self.tags[span], token, token)


class _TaggedSide(NamedTuple):
    """The tags of one side, and its number of spans by layer that tags do not hold."""

    rows: _Rows
    unfit: Counter[int]


def _make_tallies() -> TagTallies:
    return TagTallies(Tally(), Tally(), Counter())


def _find_keys(articles: Sequence[ComparedArticle], paragraphs: Paragraphs) -> list[ParagraphKey]:
    """Return the key of each paragraph."""
    documents = document_indices(paragraphs.bounds).tolist()
    return [
        articles[document].find_key_at(start)
        for document, start in zip(documents, paragraphs.starts.tolist(), strict=True)
    ]


def _make_documents(inventory: Inventory, bounds: Sequence[int], pieces: Sequence[tuple[int, int, int]]) -> Documents:
    """Return documents with nothing but spans, given by label, start and end.

    Spans are in no canonical order: two with one label, start and end have the same tags, whichever comes first.
    """
    labels, starts, ends = np.array(pieces, np.int64).reshape(-1, 3).T
    nothing = [""] * len(pieces)
    spans = Spans(np.array(bounds, np.int64), nothing, labels, starts, ends, nothing, [{}] * len(pieces), nothing)
    none = np.zeros(0, np.int64)
    return Documents(inventory, [], spans, Relations(np.zeros(len(bounds), np.int64), none, none, none, []))


def _count(
    gold: _Rows, predicted: _Rows, keys: Sequence[ParagraphKey], tallies: Sequence[Collection[TagTallies]]
) -> None:
    """Add the counts of tagged spans, and of their tokens, to the tallies of each group."""
    for is_tokens, sides in enumerate(((gold, predicted), (gold.list_tokens(), predicted.list_tokens()))):
        for group, paragraph, *numbers in _count_equal(*sides, most=1 if is_tokens else _ANY):
            for each in tallies[group]:
                (each.tokens if is_tokens else each.entities).add_numbers(keys[paragraph], _SIDES, numbers)


def _count_equal(gold: _Rows, predicted: _Rows, most: int) -> list[list[int]]:
    """Count equal rows of two sides.

    Args:
        gold: The rows of gold.
        predicted: The rows of the system.
        most: How often equal rows of a side count at most.

    Returns:
        Group, paragraph, and the numbers of both, of gold and of the system, for each group and paragraph with rows.
    """
    rows = [np.concatenate(columns) for columns in zip(gold, predicted, strict=True)]
    order, same = sort_rows(*rows)
    if not len(order):
        return []
    distinct, is_gold = np.cumsum(~same) - 1, order < len(gold.groups)
    sides = [np.minimum(np.bincount(distinct[side], minlength=distinct[-1] + 1), most) for side in (is_gold, ~is_gold)]
    groups, paragraphs = (column[order][~same] for column in rows[:2])
    starts = np.flatnonzero(np.append(True, (np.diff(groups) != 0) | (np.diff(paragraphs) != 0)))
    numbers = [np.add.reduceat(each, starts) for each in (np.minimum(*sides), *sides)]
    counted: list[list[int]] = np.stack([groups[starts], paragraphs[starts], *numbers], axis=1).tolist()
    return counted
