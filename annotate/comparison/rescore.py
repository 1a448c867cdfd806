"""Saved predictions scored against the gold of two versions: what moved, and through which changes of gold.

Only articles with gold and one text in both versions are scored, so that the two scores are of the same predictions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from annotate.agreement.matching import Matching, list_mentions, match_by_overlap, match_exactly
from annotate.comparison import match
from annotate.comparison.compare import Comparison
from annotate.comparison.match import as_they_are
from annotate.comparison.model import SpanChange
from annotate.comparison.render import Cell, Grid
from annotate.comparison.sources import CORPUS, Tree
from annotate.corpus import decode_annotation
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.records import Graph
from annotate.scoring.score import Scores, score

UNCHANGED = "not changed"
"""Gold spans that are what they were, but whose prediction was taken by another span, or set free by one."""


class Moved(msgspec.Struct, frozen=True):
    """F1 on both versions; None where there is nothing to score. `of` is `span` or `relation`."""

    name: str
    of: str
    exact: tuple[float | None, float | None]
    overlap: tuple[float | None, float | None]


class Through(msgspec.Struct, frozen=True):
    """Gold spans of one label that changed in one way: how many there are, and how many of them were found, in both
    versions. A label that changed counts with the old name before and the new one after."""

    label: str
    change: str
    gold: tuple[int, int]
    exact: tuple[int, int]
    overlap: tuple[int, int]


class Rescored(msgspec.Struct, frozen=True):
    """`left_out` says of each article with predictions why it was not scored."""

    articles: list[str]
    left_out: dict[str, str]
    scores: list[Moved]
    through: list[Through]


def rescore(comparison: Comparison, predictions: Mapping[str, Annotation]) -> Rescored:
    """Score predictions, by article id, against both versions. Raises CannotRun where none can be scored."""
    articles, left_out = [], {}
    golds: tuple[dict[str, tuple[str, Annotation]], ...] = ({}, {})
    for article, predicted in sorted(predictions.items()):
        found = [_labelled(tree, files, article) for tree, files in comparison.versions]
        why = _unfit(found, predicted)
        if why:
            left_out[article] = why
            continue
        articles.append(article)
        for gold, side in zip(golds, found, strict=True):
            if side:
                gold[article] = side
    if not articles:
        why = next(iter(left_out.values()), "there are none")
        raise CannotRun("predictions", f"no article can be scored: {why}", "predict articles that both versions have")
    taken = {article: predictions[article] for article in articles}
    scores = [score(inventory, gold, taken, 0) for inventory, gold in zip(comparison.inventories, golds, strict=True)]
    return Rescored(articles, left_out, list(_moved(*scores)), list(_through(comparison, golds, taken)))


def _labelled(tree: Tree, files: Mapping[str, str], article: str) -> tuple[str, Annotation] | None:
    """The text and the gold of an article; None where the version has not both."""
    text, gold = f"{CORPUS}/articles/{article}.txt", f"{CORPUS}/annotations/{GOLD}/{article}.json"
    if text not in files or gold not in files:
        return None
    return tree.read(text).decode("utf-8", "replace"), decode_annotation(Path(f"{tree.name}:{gold}"), tree.read(gold))


def _unfit(found: list[tuple[str, Annotation] | None], predicted: Annotation) -> str | None:
    old, new = found
    if old is None or new is None:
        return f"the {'old' if old is None else 'new'} version has no gold of it"
    if old[0] != new[0]:
        return "its text changed"
    if predicted.text_sha256 != sha256(new[0]):
        return "the predictions were made on another text"
    return None


def _moved(old: Scores, new: Scores) -> Iterator[Moved]:
    """Every label, layer and relation whose F1 differs, and that of all labels."""
    before, after = ({(row.kind, row.name): row for row in side.labels} for side in (old, new))
    for key in dict.fromkeys((*before, *after)):
        sides = [before.get(key), after.get(key)]
        exact_f1 = [side.exact.f1.value if side else None for side in sides]
        overlap_f1 = [side.overlap.f1.value if side else None for side in sides]
        if key[0] == "all" or exact_f1[0] != exact_f1[1] or overlap_f1[0] != overlap_f1[1]:
            yield Moved(key[1], f"spans ({key[0]})", (exact_f1[0], exact_f1[1]), (overlap_f1[0], overlap_f1[1]))
    ours, theirs = ({row.name: row.all.f1.value for row in side.relations} for side in (old, new))
    for name in dict.fromkeys((*ours, *theirs)):
        if ours.get(name) != theirs.get(name):
            yield Moved(name, "relations", (None, None), (ours.get(name), theirs.get(name)))


class _Found:
    """Which gold spans of a version the predictions found, by id: exactly, and by overlap."""

    def __init__(self, gold: Annotation, predicted: Annotation, inventory: Inventory) -> None:
        first, second = (list_mentions(Graph(annotation, inventory), inventory) for annotation in (gold, predicted))
        self.all = first
        self.exact, self.overlap = _ids(match_exactly(first, second)), _ids(match_by_overlap(first, second))


def _ids(matching: Matching) -> set[str]:
    return {one.id for one, _ in matching.pairs}


def _through(
    comparison: Comparison, golds: tuple[Mapping[str, tuple[str, Annotation]], ...], predicted: Mapping[str, Annotation]
) -> Iterator[Through]:
    """What each kind of change did, label by label; kinds that moved nothing are left out."""
    counts: Counter[tuple[tuple[str, str], str, int]] = Counter()
    renamed = comparison.renamed.labels
    for article, prediction in predicted.items():
        old, new = (gold[article][1] for gold in golds)
        found = [_Found(one, prediction, inv) for one, inv in zip((old, new), comparison.inventories, strict=True)]
        changes = list(match.changes(match.match(old.spans, new.spans, as_they_are, renamed), as_they_are, renamed))
        for side, known in enumerate(found):
            why = _kinds(changes, side)
            for one in known.all:
                pieces = ((one.label, *piece) for piece in one.pieces)
                key = one.label, next((why[piece] for piece in pieces if piece in why), UNCHANGED)
                counts[key, "gold", side] += 1
                counts[key, "exact", side] += one.id in known.exact
                counts[key, "overlap", side] += one.id in known.overlap

    def both(key: tuple[str, str], what: str) -> tuple[int, int]:
        return counts[key, what, 0], counts[key, what, 1]

    for key in sorted({entry[0] for entry in counts}, key=lambda pair: (pair[0], pair[1] == UNCHANGED, pair[1])):
        made = Through(*key, both(key, "gold"), both(key, "exact"), both(key, "overlap"))
        if any(one != other for one, other in (made.gold, made.exact, made.overlap)):
            yield made


def _kinds(changes: list[SpanChange], side: int) -> dict[tuple[str, int, int], str]:
    """Label and place of a span of one side → how it changed, in words."""
    pairs = (((one.old, one.new)[side], ", ".join(one.kinds)) for one in changes)
    return {(span.label, span.start, span.end): kinds for span, kinds in pairs if span}


def grids(rescored: Rescored) -> Iterator[Grid]:
    """The tables of what moved, for people."""
    number = len(rescored.articles)
    title = f"Predictions on {number} article{'s' * (number != 1)}, scored on both versions"
    rows: list[list[Cell]] = [[one.name, one.of, _scores(one.exact), _scores(one.overlap)] for one in rescored.scores]
    yield Grid(title, ["label", "of", "exact F1", "overlap F1"], rows)
    if rescored.through:
        counts: list[list[Cell]] = [
            [one.label, one.change, *map(_counts, (one.gold, one.exact, one.overlap))] for one in rescored.through
        ]
        yield Grid("Through which changes", ["label", "change", "gold", "found exactly", "by overlap"], counts)


def _scores(values: tuple[float | None, float | None]) -> str:
    """Both F1, and by how much it moved; the exact ends of relations are not scored."""
    old, new = ("–" if value is None else f"{value:.2f}" for value in values)
    if values[0] is None or values[1] is None:
        return "" if values == (None, None) else f"{old} → {new}"
    return f"{old} → {new} ({values[1] - values[0]:+.2f})"


def _counts(values: tuple[int, int]) -> str:
    return f"{values[0]} → {values[1]}"


def notes(rescored: Rescored) -> Iterator[str]:
    """What was not scored, and why."""
    return (f"not scored: {article}, as {why}" for article, why in rescored.left_out.items())
