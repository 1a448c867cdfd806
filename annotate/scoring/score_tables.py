"""The tables of scores, for a terminal and for Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from annotate.agreement.tables import (
    describe_left_out,
    show_name,
    tabulate_attributes,
    tabulate_counts,
    tabulate_records,
    tabulate_roles,
)
from annotate.scoring.score import ARTICLES, RELATIONS, TOKENS, Score, Scores
from annotate.scoring.tallied_measures import RECORD, RELATION
from annotate.util.escape import Markdown
from annotate.util.tables import Cell, Column, Measure, Table, make_table, render_markdown


def tabulate_scores(scores: Scores) -> Iterator[Table]:
    """Yield the tables of scores that have rows; the intervals of precision and recall are left to the JSON."""
    tables = [
        _add_ceiling(_tabulate_spans(scores), scores, [(ARTICLES, row.name, row.kind) for row in scores.labels]),
        _add_ceiling(_tabulate_tokens(scores), scores, [(TOKENS, row.name, row.kind) for row in scores.tokens]),
        _add_ceiling(
            _tabulate_relations(scores), scores, [(RELATIONS, row.name, RELATION) for row in scores.relations]
        ),
        _add_column(tabulate_attributes(scores), "table", [row.table for row in scores.attributes]),
        _add_ceiling(tabulate_records(scores), scores, [(row.table, row.name, RECORD) for row in scores.records]),
        tabulate_roles(scores),
        _add_column(tabulate_counts(scores), "table", [row.table for row in scores.counts]),
    ]
    return (table for table in tables if table.rows)


def render_markdown_scores(about: Iterable[str], tables: Iterable[Table]) -> Markdown:
    """Return tables as Markdown, with all intervals and notes.

    Args:
        about: What was scored, a text a line; it comes first, as a list.
        tables: The tables.
    """
    parts = [Markdown("\n").join(Markdown("- {}").format(line) for line in about)]
    for table in tables:
        parts += [Markdown("## {}").format(table.title), *render_markdown(table)]
    return Markdown("\n\n").join(parts) + Markdown("\n")


def _tabulate_spans(scores: Scores) -> Table:
    return make_table(
        "labels",
        f"Spans (table {ARTICLES})",
        ["label", *scores.annotators, *_BOTH, "exact F1", "partial F1", *_BOTH, "overlap F1"],
        [
            [
                show_name(row.name, row.kind),
                row.gold,
                row.predicted,
                *_list_measures(row.exact),
                row.partial.f1,
                *_list_measures(row.overlap),
            ]
            for row in scores.labels
        ],
        describe_left_out({row.name: row.left_out for row in scores.labels}),
    )


def _tabulate_tokens(scores: Scores) -> Table:
    has_spans = any(row.gold or row.predicted for row in scores.tokens)
    unfit = {row.name: row.unfit for row in scores.tokens if row.kind == "layer" and any(row.unfit.values())}
    return make_table(
        "tokens",
        f"Tags (table {TOKENS})",
        ["column", *scores.annotators, *_BOTH, "entity F1", *_BOTH, "token F1"],
        [
            [
                show_name(row.name, row.kind),
                row.gold,
                row.predicted,
                *_list_measures(row.entities),
                *_list_measures(row.tokens),
            ]
            for row in scores.tokens
            if has_spans
        ],
        [
            f"{name}: without spans that tags do not hold, "
            + ", ".join(f"{number} of {side}" for side, number in sides.items())
            for name, sides in unfit.items()
        ],
    )


def _tabulate_relations(scores: Scores) -> Table:
    return make_table(
        "relations",
        f"Relations (table {RELATIONS})",
        ["relation", *scores.annotators, *_BOTH, "F1", Column("F1, ends matched", hides_interval=True)],
        [[row.name, row.gold, row.predicted, *_list_measures(row.all), row.given_ends] for row in scores.relations],
        describe_left_out({row.name: row.left_out for row in scores.relations}),
    )


_BOTH = Column("P", hides_interval=True), Column("R", hides_interval=True)


def _list_measures(score: Score) -> list[Measure]:
    return [score.precision, score.recall, score.f1]


def _add_ceiling(table: Table, scores: Scores, rows: Sequence[tuple[str, str, str]]) -> Table:
    """Return a table with the ceilings of its rows, which are named by table, name and kind."""
    if not scores.ceiling or not table.rows:
        return table
    ceilings = {(row.table, row.name, row.kind): row for row in scores.ceiling.rows}
    exact = [ceilings[row].exact if row in ceilings else None for row in rows]
    overlap = [ceilings[row].overlap if row in ceilings else None for row in rows]
    if table.name == RELATIONS:
        return _add_column(table, "ceiling", map(Measure, overlap))
    table = _add_column(table, "exact ceiling" if table.name != TOKENS else "ceiling", map(Measure, exact))
    return table if table.name == TOKENS else _add_column(table, "overlap ceiling", map(Measure, overlap))


def _add_column(table: Table, name: str, cells: Iterable[Cell]) -> Table:
    if not table.rows:
        return table
    rows = [[*row, cell] for row, cell in zip(table.rows, cells, strict=True)]
    return table._replace(columns=[*table.columns, Column(name)], rows=rows)
