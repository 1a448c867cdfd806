"""Score saved predictions against the gold of two versions: what moved, and through which changes of gold.

Only articles are scored that have gold and the same text in both versions, so that both scores are of the same
predictions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from annotate.agreement.matching import list_mentions, match_by_overlap, match_exactly
from annotate.comparison.compare import Comparison
from annotate.comparison.match_spans import keep_range, list_span_changes, match_spans
from annotate.comparison.model import SpanChange
from annotate.comparison.paths import CORPUS
from annotate.comparison.trees import Tree
from annotate.corpus import decode_annotation
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.records import Graph
from annotate.scoring.score import Scores, score
from annotate.util.tables import Table, make_table

UNCHANGED = "not changed"
"""Gold spans that did not change themselves, but whose prediction was taken or released by another span."""


class ScoreChange(msgspec.Struct, frozen=True):
    """F1 on both versions; None where there is nothing to score.

    Attributes:
        name: The label, layer or relation.
        of: "spans (label)", "spans (layer)", "spans (all)" or "relations".
    """

    name: str
    of: str
    exact: tuple[float | None, float | None]
    overlap: tuple[float | None, float | None]


class ChangeEffect(msgspec.Struct, frozen=True):
    """Gold spans of one label that changed in one way: how many there are, and how many predictions found.

    Each pair is the old and the new version. A relabelled span counts with its old label in the old version, and with
    its new label in the new one.
    """

    label: str
    change: str
    gold: tuple[int, int]
    exact: tuple[int, int]
    overlap: tuple[int, int]


class Rescoring(msgspec.Struct, frozen=True):
    """The result of `rescore`.

    Attributes:
        articles: Ids of the articles that were scored.
        left_out: Ids of the articles with predictions that were not scored, with the reason.
        scores: The scores that differ.
        through: The changes of gold that moved them.
    """

    articles: list[str]
    left_out: dict[str, str]
    scores: list[ScoreChange]
    through: list[ChangeEffect]


def rescore(comparison: Comparison, predictions: Mapping[str, Annotation]) -> Rescoring:
    """Score predictions against both versions.

    Args:
        comparison: The two versions.
        predictions: Annotations by article id.

    Raises:
        CannotRun: No article can be scored.
    """
    left_out: dict[str, str] = {}
    old_gold: dict[str, tuple[str, Annotation]] = {}
    new_gold: dict[str, tuple[str, Annotation]] = {}
    for article_id, predicted in sorted(predictions.items()):
        old, new = (_read_gold(tree, files, article_id) for tree, files in comparison.versions)
        if old is None or new is None:
            left_out[article_id] = f"the {'old' if old is None else 'new'} version has no gold for it"
        elif old[0] != new[0]:
            left_out[article_id] = "its text changed"
        elif predicted.text_sha256 != sha256(new[0]):
            left_out[article_id] = "the predictions were made on another text"
        else:
            old_gold[article_id], new_gold[article_id] = old, new
    if not old_gold:
        reason = next(iter(left_out.values()), "there are none")
        problem = f"no article can be scored: {reason}"
        raise CannotRun("predictions", problem, "predict articles that both versions have")
    scored = {article_id: predictions[article_id] for article_id in old_gold}
    golds = old_gold, new_gold
    scores = [score(inventory, gold, scored, 0) for inventory, gold in zip(comparison.inventories, golds, strict=True)]
    effects = _count_effects(comparison, old_gold, new_gold, scored)
    return Rescoring(list(scored), left_out, list(_list_score_changes(*scores)), list(effects))


def _read_gold(tree: Tree, files: Mapping[str, str], article_id: str) -> tuple[str, Annotation] | None:
    """Read the text and the gold of an article; None where the version does not have both."""
    text, gold = f"{CORPUS}/articles/{article_id}.txt", f"{CORPUS}/annotations/{GOLD}/{article_id}.json"
    if text not in files or gold not in files:
        return None
    return tree.read(text).decode("utf-8", "replace"), decode_annotation(Path(f"{tree.name}:{gold}"), tree.read(gold))


def _list_score_changes(old: Scores, new: Scores) -> Iterator[ScoreChange]:
    """Yield every label, layer and relation whose F1 differs, and always the row of all labels."""
    before, after = ({(row.kind, row.name): row for row in scores.labels} for scores in (old, new))
    for kind, name in dict.fromkeys((*before, *after)):
        rows = [before.get((kind, name)), after.get((kind, name))]
        exact_f1 = [row.exact.f1.value if row else None for row in rows]
        overlap_f1 = [row.overlap.f1.value if row else None for row in rows]
        if kind == "all" or exact_f1[0] != exact_f1[1] or overlap_f1[0] != overlap_f1[1]:
            yield ScoreChange(name, f"spans ({kind})", (exact_f1[0], exact_f1[1]), (overlap_f1[0], overlap_f1[1]))
    old_relations, new_relations = ({row.name: row.all.f1.value for row in s.relations} for s in (old, new))
    for name in dict.fromkeys((*old_relations, *new_relations)):
        relation_f1 = old_relations.get(name), new_relations.get(name)
        if relation_f1[0] != relation_f1[1]:
            yield ScoreChange(name, "relations", (None, None), relation_f1)


def _count_effects(
    comparison: Comparison,
    old_gold: Mapping[str, tuple[str, Annotation]],
    new_gold: Mapping[str, tuple[str, Annotation]],
    predictions: Mapping[str, Annotation],
) -> Iterator[ChangeEffect]:
    """Count what each kind of change did, label by label. Kinds that moved nothing are left out."""
    counts: Counter[tuple[tuple[str, str], str, int]] = Counter()
    renamed = comparison.names.spans
    for article_id, predicted in predictions.items():
        old, new = old_gold[article_id][1], new_gold[article_id][1]
        match = match_spans(old.spans, new.spans, keep_range, renamed)
        changes = list(list_span_changes(match, keep_range, renamed, comparison.names.added_attributes))
        for version, (gold, inventory) in enumerate(zip((old, new), comparison.inventories, strict=True)):
            _count_version(counts, version, gold, predicted, inventory, _index_kinds(changes, version))

    def both(key: tuple[str, str], measure: str) -> tuple[int, int]:
        return counts[key, measure, 0], counts[key, measure, 1]

    for key in sorted({entry[0] for entry in counts}, key=lambda pair: (pair[0], pair[1] == UNCHANGED, pair[1])):
        effect = ChangeEffect(*key, both(key, "gold"), both(key, "exact"), both(key, "overlap"))
        if any(before != after for before, after in (effect.gold, effect.exact, effect.overlap)):
            yield effect


def _count_version(
    counts: Counter[tuple[tuple[str, str], str, int]],
    version: int,
    gold: Annotation,
    predicted: Annotation,
    inventory: Inventory,
    kinds: dict[tuple[str, int, int], str],
) -> None:
    """Count the gold spans of one version, 0 the old and 1 the new one, and those that the predictions found."""
    gold_mentions, predicted_mentions = (list_mentions(Graph(a, inventory), inventory) for a in (gold, predicted))
    exact_ids = {left.id for left, _ in match_exactly(gold_mentions, predicted_mentions).pairs}
    overlap_ids = {left.id for left, _ in match_by_overlap(gold_mentions, predicted_mentions).pairs}
    for mention in gold_mentions:
        pieces = ((mention.label, *piece) for piece in mention.pieces)
        key = mention.label, next((kinds[piece] for piece in pieces if piece in kinds), UNCHANGED)
        counts[key, "gold", version] += 1
        counts[key, "exact", version] += mention.id in exact_ids
        counts[key, "overlap", version] += mention.id in overlap_ids


def _index_kinds(changes: list[SpanChange], version: int) -> dict[tuple[str, int, int], str]:
    """Map label, start and end of a span of one version to the kinds of its change, in words."""
    pairs = (((change.old, change.new)[version], ", ".join(change.kinds)) for change in changes)
    return {(span.label, span.start, span.end): kinds for span, kinds in pairs if span}


def tabulate_rescoring(rescoring: Rescoring) -> Iterator[Table]:
    """Yield the tables of what moved, for people."""
    number = len(rescoring.articles)
    title = f"Predictions on {number} article{'s' * (number != 1)}, scored on both versions"
    scores = [[row.name, row.of, _format_f1(row.exact), _format_f1(row.overlap)] for row in rescoring.scores]
    yield make_table("rescored", title, ["label", "of", "exact F1", "overlap F1"], scores)
    if rescoring.through:
        effects = [
            [row.label, row.change, *map(_format_counts, (row.gold, row.exact, row.overlap))]
            for row in rescoring.through
        ]
        header = ["label", "change", "gold", "found exactly", "by overlap"]
        yield make_table("through", "Through which changes", header, effects)


def _format_f1(values: tuple[float | None, float | None]) -> str:
    """Format both F1 and the difference. Relations have no exact F1."""
    if values == (None, None):
        return ""
    old, new = ("–" if value is None else f"{value:.2f}" for value in values)
    if values[0] is None or values[1] is None:
        return f"{old} → {new}"
    return f"{old} → {new} ({values[1] - values[0]:+.2f})"


def _format_counts(values: tuple[int, int]) -> str:
    return f"{values[0]} → {values[1]}"


def list_unscored(rescoring: Rescoring) -> Iterator[str]:
    """Yield one line for each article that was not scored, with the reason."""
    return (f"not scored: {article_id}: {reason}" for article_id, reason in rescoring.left_out.items())
