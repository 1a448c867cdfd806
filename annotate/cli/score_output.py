"""How scores are printed: as text, as Markdown, or as JSON."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from annotate.cli.terminal import count_noun, format_tables
from annotate.findings import list_names
from annotate.util.escape import escape_json

if TYPE_CHECKING:
    import annotate
    from annotate.scoring.score import Ceiling
    from annotate.util.tables import Table

SCORE_FORMATS = ("text", "markdown", "json")


def render_scores(format_: str, result: object, about: Iterable[str], tables: "Iterable[Table]", colour: bool) -> str:
    """Return scores in a format.

    Args:
        format_: One of `SCORE_FORMATS`.
        result: What the JSON has.
        about: What was scored, a text a line; it comes first in text and Markdown.
        tables: The tables of text and Markdown.
        colour: Whether text may use colour and the width of the terminal.
    """
    import msgspec

    from annotate.scoring.score_tables import render_markdown_scores

    if format_ == "json":
        return escape_json(msgspec.json.format(msgspec.json.encode(result), indent=2).decode()) + "\n"
    if format_ == "markdown":
        return render_markdown_scores(about, tables)
    return format_tables(about, tables, colour=colour)


def describe_scores(scores: "annotate.Scores") -> list[str]:
    """Return what was scored, a text a line."""
    sampling = scores.sampling
    lines = [f"{count_noun(len(scores.articles), 'article')}; intervals from {sampling.units} {sampling.drawn}"]
    row = next(row for row in scores.labels if row.kind == "all")
    for side, scored in (("gold", row.gold), ("predicted", row.predicted)):
        if (written := scores.written[side]) != scored:
            lines.append(f"{side}: {written} spans as written, {scored} where the pieces of one span count once")
    if scores.unpredicted:
        lines.append(f"nothing predicted for {list_names(scores.unpredicted)}")
    return [*lines, *describe_ceiling(scores.ceiling), *(shared.describe() for shared in scores.shared)]


def describe_ceiling(ceiling: "Ceiling | None") -> Iterator[str]:
    """Yield the line about a ceiling, if there is one."""
    if ceiling:
        row = ceiling.overall
        values = ", ".join(
            f"{way} F1 {'undefined' if value is None else f'{value:.2f}'}"
            for way, value in (("exact", row.exact), ("overlap", row.overlap))
        )
        yield f"ceiling of {', '.join(ceiling.forms)}: gold itself, written in this form, has {values} over all labels"
