"""A report → tables: what a terminal and a page both show, with no word yet on how they look."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from annotate.agreement.bootstrap import Measure
from annotate.agreement.report import ALL, AttributeRow, CountRow, RecordRow, Report

Cell = str | int | float | Measure | None
"""A word, a number of things, a value without an interval (None: there is none), or a measure."""


class Column(NamedTuple):
    """`low_is_good` for distances; `plain` for a measure whose interval is left to the JSON."""

    name: str
    low_is_good: bool = False
    plain: bool = False


class Compared(Protocol):
    """What a report and a score have in common."""

    @property
    def annotators(self) -> tuple[str, ...]: ...
    @property
    def attributes(self) -> list[AttributeRow]: ...
    @property
    def records(self) -> list[RecordRow]: ...
    @property
    def counts(self) -> list[CountRow]: ...


class Table(NamedTuple):
    name: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str]


def shown(value: float) -> str:
    """A value with two decimals, and no minus before a zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def tables(report: Report, by_article: bool = False) -> Iterator[Table]:
    """The tables of a report; those with no row are left out."""
    made = [_labels(report), _pairs(report), attributes(report), _relations(report)]
    made += [records(report), roles(report), counts(report)]
    if by_article:
        made.append(_by_article(report))
    return (one for one in made if one.rows)


def table(
    name: str, title: str, columns: Iterable[str | Column], rows: Iterable[Sequence[Cell]], more: Iterable[str] = ()
) -> Table:
    made = [column if isinstance(column, Column) else Column(column) for column in columns]
    listed = [list(row) for row in rows]
    return Table(name, title, made, listed, [*_notes(listed), *more])


def _notes(rows: list[list[Cell]]) -> Iterator[str]:
    """Why values or intervals are missing, each reason once with the rows that it is true of."""
    why: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        for cell in row:
            if isinstance(cell, Measure) and cell.note:
                why[cell.note][str(row[0])] = None
    for note, names in why.items():
        if note.startswith("defined for"):
            continue  # as the heads of columns say
        yield f"{'' if note.startswith('no interval') else '– '}{note}: {', '.join(names)}"


def _labels(report: Report) -> Table:
    rows: list[list[Cell]] = [
        [
            row.name if row.kind != "layer" else f"{row.name} (layer)",
            *row.spans.values(),
            row.exact,
            row.overlap,
            row.alpha,
            row.unitizing,
            row.kappa,
        ]
        for row in report.labels
    ]
    heads: list[str | Column] = [
        *report.annotators,
        "exact F1",
        "overlap F1",
        "alpha",
        "uα",
        Column("kappa", plain=True),
    ]
    return table("labels", "Spans", ["label", *heads], rows)


def _pairs(report: Report) -> Table:
    """For more than two annotators: F1 over all labels of each pair, and the mean of the pairs."""
    row = next(row for row in report.labels if row.name == ALL)
    rows: list[list[Cell]] = [[f"{pair.first}, {pair.second}", pair.exact, pair.overlap] for pair in row.pairs]
    rows.append(["mean of the pairs", row.exact_mean, row.overlap_mean])
    return table(
        "pairs", "Pairs of annotators, all labels", ["pair", "exact F1", "overlap F1"], rows if len(rows) > 2 else []
    )


def attributes(report: Compared) -> Table:
    rows: list[list[Cell]] = [
        [row.name, ", ".join(row.labels), row.matched, row.share, row.alpha, row.kappa] for row in report.attributes
    ]
    heads: list[str | Column] = ["attribute", "of", "spans", "equal", "alpha", Column("kappa", plain=True)]
    return table("attributes", "Attributes, given a matched span", heads, rows)


def _relations(report: Report) -> Table:
    rows: list[list[Cell]] = [
        [
            row.name,
            *row.relations.values(),
            row.same,
            row.retargeted,
            *row.alone.values(),
            row.loose,
            row.given_ends,
            Measure(row.all.value, note=row.all.note),
        ]
        for row in report.relations
    ]
    heads: list[str | Column] = [
        "relation",
        *report.annotators,
        "same",
        "retargeted",
        *(f"only {name}" for name in report.annotators),
    ]
    more = ["loose: one end is a span that the other has not" if any(row.loose for row in report.relations) else ""]
    return table("relations", "Relations", [*heads, "loose", "F1, ends matched", "F1, all"], rows, filter(None, more))


def records(report: Compared) -> Table:
    rows: list[list[Cell]] = [
        [
            row.name,
            row.anchor,
            *row.records.values(),
            row.anchors,
            row.aligned,
            row.agr,
            row.full_exact,
            row.full_overlap,
        ]
        for row in report.records
    ]
    heads: list[str | Column] = [
        "record",
        "anchor",
        *report.annotators,
        Column("anchor exact", plain=True),
        "anchor overlap",
    ]
    return table(
        "records",
        "Whole records",
        [*heads, Column("agr", plain=True), Column("all exact", plain=True), "all overlap"],
        rows,
    )


def roles(report: Compared) -> Table:
    rows: list[list[Cell]] = [
        [f"{record.name}.{role.name}", role.exact, role.overlap, role.characters]
        for record in report.records
        for role in record.roles
    ]
    heads: list[str | Column] = ["role", "exact F1", "overlap F1", "agr of characters"]
    return table("roles", "Roles of aligned records", heads, rows)


def counts(report: Compared) -> Table:
    rows: list[list[Cell]] = [
        [row.label, row.matched, row.distance, row.equal, row.compatible] for row in report.counts
    ]
    heads: list[str | Column] = ["counts of", "spans", Column("distance", low_is_good=True), "equal", "compatible"]
    return table("counts", "Counts as intervals, given a matched span", heads, rows)


def _by_article(report: Report) -> Table:
    rows: list[list[Cell]] = [
        [
            row.article,
            row.label,
            *(row.spans.get(name, "") for name in report.annotators),
            row.exact,
            row.overlap,
            row.alpha,
            row.unitizing,
        ]
        for row in report.by_article
    ]
    heads: list[str | Column] = ["article", "label", *report.annotators, "exact F1", "overlap F1", "alpha", "uα"]
    return table("by-article", "By article", heads, rows)
