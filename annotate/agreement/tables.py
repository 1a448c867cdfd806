"""The tables of a report, for a terminal and for a page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from annotate.agreement.report import ALL, AttributeRow, CountRow, RecordRow, Report
from annotate.inventory import Inventory
from annotate.util.nouns import count_noun
from annotate.util.tables import Cell, Column, Header, Row, Table, format_value, make_table


class Measurements(Protocol):
    """What a report of agreement and the scores of a system have in common."""

    @property
    def annotators(self) -> tuple[str, ...]:
        """The annotators, or the two sides."""
        ...

    @property
    def attributes(self) -> Sequence[AttributeRow]:
        """A row for each attribute."""
        ...

    @property
    def records(self) -> Sequence[RecordRow]:
        """A row for each type of record."""
        ...

    @property
    def counts(self) -> Sequence[CountRow]:
        """A row for each label with counts."""
        ...


SHARED_NOTE = "shared: articles where one was made from the labels of the other, or both from the same; F1 is too high"
UNITIZING_NOTE = "unitizing alpha (uα): in each row, equal to alpha in two decimals"


def tabulate_report(report: Report, by_article: bool = False) -> Iterator[Table]:
    """Yield the tables of a report that have rows; `by_article` adds the table with a row an article and label.

    The tables of spans have a column for unitizing alpha only if it is another figure than alpha in some row.
    """
    tables = [
        _tabulate_labels(report),
        _tabulate_pairs(report),
        _tabulate_kinds(report),
        _tabulate_gaps(report),
        tabulate_attributes(report),
        _tabulate_relations(report),
        tabulate_records(report),
        tabulate_roles(report),
        tabulate_counts(report),
    ]
    if by_article:
        tables.append(_tabulate_articles(report))
    return (table for table in tables if table.rows)


def _is_unitizing_told_apart(values: Iterable[tuple[float | None, float | None]]) -> bool:
    """Return whether alpha and unitizing alpha, of a row each, differ in the decimals that are shown."""
    return any(
        alpha is not None and unitizing is not None and format_value(alpha) != format_value(unitizing)
        for alpha, unitizing in values
    )


def _tabulate_labels(report: Report) -> Table:
    has_unitizing = _is_unitizing_told_apart((row.alpha.value, row.unitizing.value) for row in report.labels)
    columns: list[Header] = [
        "label",
        *report.annotators,
        "exact F1",
        "overlap F1",
        "alpha",
        *(["uα"] if has_unitizing else []),
        Column("kappa", hides_interval=True),
    ]
    rows: list[Row] = [
        [
            show_name(row.name, row.kind),
            *row.spans.values(),
            row.exact,
            row.overlap,
            row.alpha,
            *([row.unitizing] if has_unitizing else []),
            row.kappa,
        ]
        for row in report.labels
    ]
    notes = describe_left_out({row.name: row.left_out for row in report.labels})
    if not has_unitizing and any(row.unitizing.value is not None for row in report.labels):
        notes.append(UNITIZING_NOTE)
    return make_table("labels", "Spans", columns, rows, notes)


def describe_left_out(left_out: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a note for each name that the inventory added after some annotations; they do not count for it.

    Args:
        left_out: Name → the number of older annotations by annotator.
    """
    return [
        f"{name}: without {' and '.join(_describe_articles(counts))}, labelled before the inventory had it"
        for name, counts in left_out.items()
        if counts
    ]


def _describe_articles(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield the number of articles of each annotator; the noun is with the first."""
    for index, (annotator, count) in enumerate(counts.items()):
        yield f"{count if index else count_noun(count, 'article')} of {annotator}"


def show_forms(table: Table, inventory: Inventory) -> Table:
    """Return a table with labels, attributes and relations as people see them, with the ids of those that differ."""
    forms = {
        "label": {name: label.display_name for name, label in inventory.spans.items()},
        "attribute": {name: attribute.display_name for name, attribute in inventory.attributes.items()},
        "relation": {name: relation.display_name for name, relation in inventory.relations.items()},
    }
    forms["of"] = forms["anchor"] = forms["counts of"] = forms["label"]

    def show(column: str, cell: Cell) -> Cell:
        if column not in forms or not isinstance(cell, str):
            return cell
        names = cell.split(", ") if column == "of" else [cell]
        return ", ".join(show_form(name, forms[column].get(name, name)) for name in names)

    columns = [column.name for column in table.columns]
    return table._replace(
        rows=[[show(column, cell) for column, cell in zip(columns, row, strict=True)] for row in table.rows]
    )


def show_form(name: str, shown: str) -> str:
    """Return what people see of a name, with the name in brackets where it differs."""
    return name if name == shown else f"{shown} ({name})"


def show_name(name: str, kind: str) -> str:
    """Return the name by which a row about a label, a layer or all labels is shown."""
    return f"{name} (layer)" if kind == "layer" else name


def _tabulate_pairs(report: Report) -> Table:
    """Tabulate F1 over all labels of each pair of annotators, and the mean of the pairs, if there are several."""
    row = next(row for row in report.labels if row.name == ALL)
    rows: list[Row] = [[f"{pair.first}, {pair.second}", pair.exact, pair.overlap] for pair in row.pairs]
    if len(rows) > 1:
        rows.append(["mean of the pairs", row.exact_mean, row.overlap_mean])
    else:
        rows.clear()
    return make_table("pairs", "Pairs of annotators, all labels", ["pair", "exact F1", "overlap F1"], rows)


def _tabulate_kinds(report: Report) -> Table:
    """Tabulate the agreement of models with gold and people, and of these with each other."""
    has_shared = any(row.shared for row in report.kind_pairs)
    columns: list[Header] = ["pair", "kinds", "articles", *(["shared"] if has_shared else []), "exact F1", "overlap F1"]
    rows: list[Row] = [
        [
            f"{row.first}, {row.second}" if row.first != row.second else row.first,
            f"{row.kinds[0]}, {row.kinds[1]}",
            row.articles,
            *([row.shared] if has_shared else []),
            row.exact,
            row.overlap,
        ]
        for row in report.kind_pairs
    ]
    notes = [SHARED_NOTE] if has_shared else []
    return make_table("kinds", "Models, people and gold, all labels", columns, rows, notes)


def _tabulate_gaps(report: Report) -> Table:
    """Tabulate how far models are from people, next to people from each other."""
    columns: list[Header] = ["model", "articles", "F1", "with people", "among people", "difference", "p"]
    rows: list[Row] = [
        [row.model, row.articles, row.measure, row.with_people, row.among_people, row.difference, row.p]
        for row in report.model_gaps
    ]
    return make_table("gaps", "Models with people, next to people among themselves", columns, rows)


def tabulate_attributes(measurements: Measurements) -> Table:
    """Tabulate the attributes of matched spans, in the order of the inventory."""
    has_missing = any(row.one_only for row in measurements.attributes)
    columns: list[Header] = [
        "attribute",
        "of",
        "scale",
        "spans",
        *(["one only"] if has_missing else []),
        "equal",
        "alpha",
        Column("kappa", hides_interval=True),
        *(["alpha, set"] if has_missing else []),
    ]
    rows: list[Row] = [
        [
            row.name,
            ", ".join(row.labels),
            row.scale,
            row.matched,
            *([row.one_only] if has_missing else []),
            row.share,
            row.alpha,
            row.kappa,
            # Without a value, all are set, or none: there is nothing to say.
            *([row.is_set if row.is_set.value is not None else ""] if has_missing else []),
        ]
        for row in measurements.attributes
    ]
    notes = describe_left_out({row.name: row.left_out for row in measurements.attributes})
    return make_table("attributes", "Attributes, given a matched span", columns, rows, notes)


def sort_weakest_first(rows: Iterable[AttributeRow]) -> list[AttributeRow]:
    """Return the rows of attributes, the weakest first; those without any alpha come last.

    A row is as weak as the lower of its alphas: that of the values and, where one annotator alone has set a value, that
    of whether there is one.
    """

    def find_weakest(row: AttributeRow) -> tuple[bool, float]:
        alphas = [row.alpha.value, *([row.is_set.value] if row.one_only else [])]
        defined = [value for value in alphas if value is not None]
        return not defined, min(defined, default=0)

    return sorted(rows, key=find_weakest)


def _tabulate_relations(report: Report) -> Table:
    alone = [f"only {name}" for name in report.annotators]
    columns: list[Header] = ["relation", *report.annotators, "same", "retargeted", *alone, "loose", "F1, ends matched"]
    rows: list[Row] = [
        [
            row.name,
            *row.relations.values(),
            row.same,
            row.retargeted,
            *row.alone.values(),
            row.loose,
            row.given_ends,
            row.all,
        ]
        for row in report.relations
    ]
    has_loose = any(row.loose for row in report.relations)
    notes = ["loose: one end is a span that the other does not have"] if has_loose else []
    notes += describe_left_out({row.name: row.left_out for row in report.relations})
    return make_table("relations", "Relations", [*columns, Column("F1, all", hides_interval=True)], rows, notes)


def tabulate_records(measurements: Measurements) -> Table:
    """Tabulate whole records."""
    plain = [Column(name, hides_interval=True) for name in ("anchor exact", "agr", "all exact")]
    columns: list[Header] = [
        "record",
        "anchor",
        *measurements.annotators,
        plain[0],
        "anchor overlap",
        *plain[1:],
        "all overlap",
    ]
    rows: list[Row] = [
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
        for row in measurements.records
    ]
    return make_table("records", "Whole records", columns, rows)


def tabulate_roles(measurements: Measurements) -> Table:
    """Tabulate the roles of aligned records."""
    rows: list[Row] = [
        [f"{record.name}.{role.name}", role.exact, role.overlap, role.characters]
        for record in measurements.records
        for role in record.roles
    ]
    columns: list[Header] = ["role", "exact F1", "overlap F1", "agr of characters"]
    notes = describe_left_out(
        {f"{record.name}.{role.name}": role.left_out for record in measurements.records for role in record.roles}
    )
    return make_table("roles", "Roles of aligned records", columns, rows, notes)


def tabulate_counts(measurements: Measurements) -> Table:
    """Tabulate the counts of matched spans."""
    columns: list[Header] = ["counts of", "spans", Column("distance", low_is_good=True), "equal", "compatible"]
    rows: list[Row] = [[row.label, row.matched, row.distance, row.equal, row.compatible] for row in measurements.counts]
    notes = describe_left_out({f"counts of {row.label}": row.left_out for row in measurements.counts})
    return make_table("counts", "Counts as intervals, given a matched span", columns, rows, notes)


def _tabulate_articles(report: Report) -> Table:
    has_unitizing = _is_unitizing_told_apart((row.alpha, row.unitizing) for row in report.by_article)
    columns: list[Header] = ["article", "label", *report.annotators, "exact F1", "overlap F1", "alpha"]
    rows: list[Row] = [
        [
            row.article,
            row.label,
            *(row.spans.get(name, "") for name in report.annotators),
            row.exact,
            row.overlap,
            row.alpha,
            *([row.unitizing] if has_unitizing else []),
        ]
        for row in report.by_article
    ]
    return make_table("by-article", "By article", [*columns, *(["uα"] if has_unitizing else [])], rows)
