"""What a difference comes to: counts of gold by label, the articles by what became of them, files by kind."""

import msgspec

from annotate.comparison.model import ColumnChange, FileChange, InventoryChange, RelationChange, SpanChange, SplitMove
from annotate.model import GOLD

TEST = "test"

UNMOVED: frozenset[str] = frozenset({"carried", "note", "words", "id", "renamed"})
"""Kinds of change after which a label says what it said before."""


class LabelCounts(msgspec.Struct, omit_defaults=True):
    """Gold spans, or relations, of one label in articles that have gold in both versions, by kind of change.

    One that changed in two ways counts in both. relabelled counts with the old label, `became` with the new one.
    `arrived` and `gone` came and went with an article's gold file.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    relabelled: int = 0
    became: int = 0
    renamed: int = 0
    attributes: int = 0
    retargeted: int = 0
    note: int = 0
    words: int = 0
    arrived: int = 0
    gone: int = 0

    @property
    def net(self) -> int:
        """How many more there are in the new version, but for names that the inventory changed."""
        return self.added + self.became + self.arrived - self.removed - self.relabelled - self.gone


class Share(msgspec.Struct):
    """How much of what systems are tested on was changed: `moved` of the `of` gold spans and relations of the old test
    split, or of all gold where that has no article; `whole` says which."""

    moved: int = 0
    of: int = 0
    whole: bool = True

    @property
    def value(self) -> float:
        """1 where there was nothing that could have changed, and something did."""
        return self.moved / self.of if self.of else float(self.moved > 0)


class Articles(msgspec.Struct):
    """Ids of articles. `labelled` and `unlabelled`: of both versions, with gold in the new or the old one only."""

    added: list[str] = []
    removed: list[str] = []
    text: list[str] = []
    metadata: list[str] = []
    rights: list[str] = []
    labelled: list[str] = []
    unlabelled: list[str] = []
    corrected: list[str] = []


class Summary(msgspec.Struct):
    """A whole difference in numbers and names; all that `version_needed` looks at."""

    inventory: list[InventoryChange] = []
    columns: list[ColumnChange] = []
    moves: list[SplitMove] = []
    articles: Articles = msgspec.field(default_factory=Articles)
    spans: dict[str, LabelCounts] = {}
    relations: dict[str, LabelCounts] = {}
    annotators: dict[str, int] = {}
    files: dict[str, int] = {}
    share: Share = msgspec.field(default_factory=Share)

    @property
    def files_in_words(self) -> str:
        """How many files of each kind differ, and how."""
        each = ((number, kind.partition(" ")) for kind, number in sorted(self.files.items()))
        return ", ".join(f"{number} {kind[0]} file{'s' * (number > 1)} {kind[2]}" for number, kind in each)

    @property
    def empty(self) -> bool:
        """Whether no file differs."""
        return not self.files


class Summarising:
    """Takes file changes one by one; holds only counts and names.

    `both` are the articles of both versions, `tested` those of the old test split; None: all count.
    """

    def __init__(self, summary: Summary, both: frozenset[str], tested: frozenset[str] | None) -> None:
        self.summary, self._both, self._tested = summary, both, tested

    def add(self, change: FileChange) -> None:
        summary, article = self.summary, change.article
        kind = f"{change.kind} {change.what}"
        summary.files[kind] = summary.files.get(kind, 0) + 1
        if change.kind == "text" and change.what == "changed" and article:
            summary.articles.text.append(article)
        elif change.kind == "metadata" and article:
            self._metadata(change, article)
        elif change.version == GOLD and article:
            self._gold(change, article)
        elif change.version:
            number = len(change.spans) + len(change.relations)
            summary.annotators[change.version] = summary.annotators.get(change.version, 0) + number

    def _metadata(self, change: FileChange, article: str) -> None:
        articles = self.summary.articles
        {"added": articles.added, "removed": articles.removed, "changed": articles.metadata}[change.what].append(
            article
        )
        if change.what == "changed" and any(one.field == "rights" for one in change.fields):
            articles.rights.append(article)

    def _gold(self, change: FileChange, article: str) -> None:
        for spans in change.spans:
            self._count(self.summary.spans, spans, change.what)
        for relations in change.relations:
            self._count(self.summary.relations, relations, change.what)
        articles = self.summary.articles
        if change.what != "changed":
            if article in self._both:
                (articles.labelled if change.what == "added" else articles.unlabelled).append(article)
            return
        kinds = [one.kinds for one in change.spans] + [one.kinds for one in change.relations]
        moved = sum(not UNMOVED.issuperset(each) for each in kinds)
        if change.spans or change.relations:
            articles.corrected.append(article)
        if self._tested is None or article in self._tested:
            self.summary.share.moved += moved

    def _count(self, into: dict[str, LabelCounts], one: SpanChange | RelationChange, what: str) -> None:
        label = one.old.label if one.old else one.new.label if one.new else ""
        counts = into.setdefault(label, LabelCounts())
        if what != "changed":
            counts.arrived += what == "added"
            counts.gone += what == "removed"
            return
        for kind in one.kinds:
            if kind in LabelCounts.__struct_fields__:
                setattr(counts, kind, getattr(counts, kind) + 1)
        if "relabelled" in one.kinds and one.new:
            into.setdefault(one.new.label, LabelCounts()).became += 1
