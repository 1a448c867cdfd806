"""Sum up a difference: counts of gold by label, the articles by what happened to them, and files by kind."""

import msgspec

from annotate.comparison.model import ColumnChange, FileChange, InventoryChange, RelationChange, SpanChange, SplitMove
from annotate.model import GOLD

TEST = "test"
"""The name of the split that systems are tested on."""

_SAME_MEANING: frozenset[str] = frozenset({"carried", "note", "words", "id", "renamed", "extended"})
"""Kinds of change after which a label says what it said before."""


class LabelCounts(msgspec.Struct, omit_defaults=True):
    """Counts of gold spans, or relations, of one label, by kind of change.

    Articles count that have gold in both versions. A span that changed in two ways counts in both. A relabelled span
    counts as `relabelled` with its old label and as `became` with its new one. `arrived` and `gone` count the labels of
    gold files that were added or removed.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    relabelled: int = 0
    became: int = 0
    renamed: int = 0
    attributes: int = 0
    extended: int = 0
    retargeted: int = 0
    note: int = 0
    words: int = 0
    arrived: int = 0
    gone: int = 0

    @property
    def net(self) -> int:
        """How many more there are in the new version, apart from names that the inventory changed."""
        return self.added + self.became + self.arrived - self.removed - self.relabelled - self.gone


class ChangedShare(msgspec.Struct):
    """The share of the labels that systems are tested on which changed.

    Attributes:
        moved: How many of them changed.
        of: How many gold spans and relations the old test split has, or all gold where that split has no article.
        whole: Whether `of` counts all gold.
    """

    moved: int = 0
    of: int = 0
    whole: bool = True

    @property
    def value(self) -> float:
        """The share, from 0 to 1. It is 1 where the total is 0 and something changed."""
        return self.moved / self.of if self.of else float(self.moved > 0)


class ArticleChanges(msgspec.Struct):
    """Ids of articles by what happened to them.

    `labelled` and `unlabelled` are articles of both versions that have gold only in the new or only in the old one.
    """

    added: list[str] = []
    removed: list[str] = []
    text: list[str] = []
    metadata: list[str] = []
    rights: list[str] = []
    labelled: list[str] = []
    unlabelled: list[str] = []
    corrected: list[str] = []


class Summary(msgspec.Struct):
    """A difference in numbers and names. `find_needed_version` looks at nothing else."""

    inventory: list[InventoryChange] = []
    columns: list[ColumnChange] = []
    moves: list[SplitMove] = []
    articles: ArticleChanges = msgspec.field(default_factory=ArticleChanges)
    spans: dict[str, LabelCounts] = {}
    relations: dict[str, LabelCounts] = {}
    annotators: dict[str, int] = {}
    files: dict[str, int] = {}
    share: ChangedShare = msgspec.field(default_factory=ChangedShare)

    @property
    def file_counts(self) -> str:
        """How many files of each kind differ, and how, in words."""
        counts = ((number, kind.partition(" ")) for kind, number in sorted(self.files.items()))
        return ", ".join(f"{number} {kind} file{'s' * (number > 1)} {status}" for number, (kind, _, status) in counts)

    @property
    def is_empty(self) -> bool:
        """Whether no file differs."""
        return not self.files


class SummaryBuilder:
    """Adds file changes to a summary one by one. It keeps only counts and names.

    Args:
        summary: The summary to fill.
        common_ids: Ids of the articles of both versions.
        test_ids: Ids of the articles of the old test split; None where all gold counts.
    """

    def __init__(self, summary: Summary, common_ids: frozenset[str], test_ids: frozenset[str] | None) -> None:
        self.summary, self._common_ids, self._test_ids = summary, common_ids, test_ids

    def add(self, change: FileChange) -> None:
        """Count the change of one file."""
        summary, article_id = self.summary, change.article
        kind = f"{change.kind} {change.status}"
        summary.files[kind] = summary.files.get(kind, 0) + 1
        if change.kind == "text" and change.status == "changed" and article_id:
            summary.articles.text.append(article_id)
        elif change.kind == "metadata" and article_id:
            self._add_metadata(change, article_id)
        elif change.annotation_set == GOLD and article_id:
            self._add_gold(change, article_id)
        elif change.annotation_set:
            number = len(change.spans) + len(change.relations)
            summary.annotators[change.annotation_set] = summary.annotators.get(change.annotation_set, 0) + number

    def _add_metadata(self, change: FileChange, article_id: str) -> None:
        articles = self.summary.articles
        by_status = {"added": articles.added, "removed": articles.removed, "changed": articles.metadata}
        by_status[change.status].append(article_id)
        if change.status == "changed" and any(field.field == "rights" for field in change.fields):
            articles.rights.append(article_id)

    def _add_gold(self, change: FileChange, article_id: str) -> None:
        for span_change in change.spans:
            _count_label(self.summary.spans, span_change, change.status)
        for relation_change in change.relations:
            _count_label(self.summary.relations, relation_change, change.status)
        articles = self.summary.articles
        if change.status != "changed":
            if article_id in self._common_ids:
                (articles.labelled if change.status == "added" else articles.unlabelled).append(article_id)
            return
        changes: tuple[SpanChange | RelationChange, ...] = (*change.spans, *change.relations)
        if any(tuple(label.kinds) != ("extended",) for label in changes):
            articles.corrected.append(article_id)
        if self._test_ids is None or article_id in self._test_ids:
            self.summary.share.moved += sum(not _SAME_MEANING.issuperset(label.kinds) for label in changes)


def _count_label(counts: dict[str, LabelCounts], change: SpanChange | RelationChange, status: str) -> None:
    """Count the change of one span or relation, in a file that was added, removed or changed."""
    label = change.old.label if change.old else change.new.label if change.new else ""
    label_counts = counts.setdefault(label, LabelCounts())
    if status != "changed":
        label_counts.arrived += status == "added"
        label_counts.gone += status == "removed"
        return
    for kind in change.kinds:
        if kind in LabelCounts.__struct_fields__:
            setattr(label_counts, kind, getattr(label_counts, kind) + 1)
    if "relabelled" in change.kinds and change.new:
        counts.setdefault(change.new.label, LabelCounts()).became += 1
