"""Everything that `annotate agree` says, as plain data: one row a label, attribute, relation, record and count."""

import msgspec

from annotate.agreement.bootstrap import LEVEL, Measure


class Pairwise(msgspec.Struct, frozen=True):
    """F1 of two annotators; for two in all, the same as the row's."""

    first: str
    second: str
    exact: float | None
    overlap: float | None


class LabelRow(msgspec.Struct, frozen=True):
    """Spans of one label, of a layer, or of all labels. `exact` and `overlap` are F1 over all pairs of annotators.

    `exact_mean` and `overlap_mean` are means of the pairs that have a value, where `pairs` are more than one.
    """

    name: str
    kind: str
    spans: dict[str, int]
    exact: Measure
    overlap: Measure
    alpha: Measure
    unitizing: Measure
    kappa: Measure
    pairs: list[Pairwise]
    exact_mean: float | None
    overlap_mean: float | None


class AttributeRow(msgspec.Struct, frozen=True):
    """One attribute, on `matched` pairs of spans. `values`: what the first has, what the second has, how often."""

    name: str
    labels: tuple[str, ...]
    matched: int
    share: Measure
    alpha: Measure
    kappa: Measure
    values: list[tuple[str | int, str | int, int]]


class RelationRow(msgspec.Struct, frozen=True):
    """One relation; `same`, `retargeted`, `alone` and `loose` as in `relations.Arrows`, over all pairs."""

    name: str
    relations: dict[str, int]
    given_ends: Measure
    all: Measure
    same: int
    retargeted: int
    alone: dict[str, int]
    loose: int


class CountRow(msgspec.Struct, frozen=True):
    """Counts as intervals, on `matched` pairs of spans: mean distance, and shares equal and compatible."""

    label: str
    matched: int
    distance: Measure
    equal: Measure
    compatible: Measure


class RoleRow(msgspec.Struct, frozen=True):
    """One role of aligned records: fillers by place, by overlap, and PARC's share of characters."""

    name: str
    exact: Measure
    overlap: Measure
    characters: Measure


class RecordRow(msgspec.Struct, frozen=True):
    """One type of record. `agr` is the mean of the two directed agreements on which records there are."""

    name: str
    anchor: str
    records: dict[str, int]
    anchors: Measure
    aligned: Measure
    agr: Measure
    full_exact: Measure
    full_overlap: Measure
    roles: list[RoleRow]


class ArticleRow(msgspec.Struct, frozen=True):
    """One label in one article; a label that nobody has there has no row."""

    article: str
    label: str
    spans: dict[str, int]
    exact: float | None
    overlap: float | None
    alpha: float | None
    unitizing: float | None


class Confused(msgspec.Struct, frozen=True):
    """How many spans have these two labels from two annotators; None: no span there."""

    first: str | None
    second: str | None
    spans: int


class Sampling(msgspec.Struct, frozen=True):
    """How the intervals were made: units of this kind drawn anew so many times."""

    drawn: str
    units: int
    samples: int
    seed: int
    level: float = LEVEL


class Report(msgspec.Struct, frozen=True):
    """Agreement of some annotators; `articles` are those compared, with who labelled them, `alone` the others."""

    annotators: tuple[str, ...]
    units: str
    articles: dict[str, list[str]]
    alone: list[str]
    sampling: Sampling
    labels: list[LabelRow]
    attributes: list[AttributeRow]
    relations: list[RelationRow]
    records: list[RecordRow]
    counts: list[CountRow]
    confusion: list[Confused]
    by_article: list[ArticleRow]

    def label(self, name: str) -> LabelRow:
        """The row of a span label; raises KeyError."""
        for row in self.labels:
            if row.kind == "label" and row.name == name:
                return row
        raise KeyError(name)
