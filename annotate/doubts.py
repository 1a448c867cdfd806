"""Doubts: the notes that annotators write on spans and relations, each with its page of the guidelines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.util.progress import StartStep, count_items, ignore_steps
from annotate.util.tables import Row, Table, make_table

Order = Literal["label", "article"]
COLUMNS = ("label", "article", "annotator", "words", "note", "guideline")


class Doubt(NamedTuple):
    """A note on a span or relation.

    Attributes:
        label: The label of the span or relation.
        article: The article.
        annotator: The annotator; gold for a note of gold.
        words: The words of the span, or of both ends of the relation.
        note: The note.
        guideline: The page of the guidelines on the label; empty if the inventory does not have the label.
        start: Where the words are in the text, in code points.
    """

    label: str
    article: str
    annotator: str
    words: str
    note: str
    guideline: str
    start: int


def find_doubts(
    corpus: Corpus, inventory: Inventory, annotation_sets: Iterable[str], start_step: StartStep = ignore_steps
) -> Iterator[Doubt]:
    """Yield the notes of annotations.

    Args:
        corpus: The corpus.
        inventory: The inventory, which names the pages of the guidelines.
        annotation_sets: The annotators, or gold.
        start_step: Starts a step of the progress.

    Raises:
        CannotRun: An annotation cannot be read.
    """
    pairs = [(name, article_id) for name in annotation_sets for article_id in corpus.annotated_ids(name)]
    for name, article_id in count_items(pairs, start_step("reading notes", len(pairs))):
        annotation = corpus.read_annotation(name, article_id)
        spans = {span.id: span for span in annotation.spans}
        for span in annotation.spans:
            if span.note:
                label = inventory.spans.get(span.label)
                page = label.guideline if label else ""
                yield Doubt(span.label, article_id, name, span.text, span.note, page, span.start)
        for relation in annotation.relations:
            if relation.note:
                ends = [spans[end] for end in (relation.head, relation.tail) if end in spans]
                words, start = " → ".join(end.text for end in ends), ends[0].start if ends else 0
                kind = inventory.relations.get(relation.label)
                page = kind.guideline if kind else ""
                yield Doubt(relation.label, article_id, name, words, relation.note, page, start)


def sort_doubts(doubts: Iterable[Doubt], inventory: Inventory, order: Order) -> list[Doubt]:
    """Sort doubts by label, as the inventory has them, or by article, in the order of the text."""
    positions = {name: position for position, name in enumerate((*inventory.spans, *inventory.relations))}

    def position(doubt: Doubt) -> tuple[int, str]:
        return positions.get(doubt.label, len(positions)), doubt.label

    if order == "label":
        return sorted(doubts, key=lambda doubt: (position(doubt), doubt.article, doubt.start, doubt.annotator))
    return sorted(doubts, key=lambda doubt: (doubt.article, doubt.start, position(doubt), doubt.annotator))


def tabulate_doubts(doubts: Sequence[Doubt]) -> Table:
    """Tabulate doubts, a row each."""
    rows: list[Row] = [[getattr(doubt, column) for column in COLUMNS] for doubt in doubts]
    return make_table("doubts", "Doubts", COLUMNS, rows)
