"""What several commands share: their options, and how they speak to a terminal.

Findings, rendered: for a terminal, as JSON, as GitHub annotations, as SARIF.

Tables of agreement and of scores, for a terminal or a file.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
from rich.console import Console

from annotate.findings import Finding, Rule
from annotate.util.escape import escape_terminal, escape_workflow

Command = Callable[..., Any]

corpus_argument = click.argument("corpus", default="corpus", type=click.Path(), required=False)
corpus_option = click.option(
    "--corpus", default="corpus", show_default=True, type=click.Path(), help="The corpus folder."
)
schema_option = click.option(
    "--schema", default="schema", show_default=True, type=click.Path(), help="The folder that holds labels.yaml."
)
guidelines_option = click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="The folder of the guidelines, in Markdown.",
)

out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False),
    callback=lambda _ctx, _parameter, value: None if value == "-" else value,
    help="Write it to a file; - is standard output.",
)
samples_option = click.option(
    "--samples",
    type=click.IntRange(0, 100_000),
    default=1000,
    show_default=True,
    help="Number of bootstrap samples.",
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap.")
workers_option = click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes; any number gives the same.  [default: one a core, fewer where there is little to do]",
)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program with the exit code of findings."""
        raise BrokenPipeError


def terminal(stderr: bool = False) -> Console:
    """A console that wraps nothing when its output is no terminal, so that scripts can read it."""
    console = _Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = _Console(stderr=stderr, highlight=False, width=10_000, soft_wrap=True)
    return console


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal that moves on by what it is told was done; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = terminal(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task(what, total=total)
        yield lambda done: bar.advance(line, done)


FORMATS = ("text", "json", "github", "sarif")


def render(
    findings: Sequence[Finding],
    format_: str,
    root: Path,
    catalogue: Iterable[Rule],
    checked: str = "",
    fixable: bool = True,
) -> str:
    """The findings as one text of the given format, without a line end; `root` is the folder their files are in.

    `checked` says, in the text format, what was looked at.
    """
    findings = [_shown(finding) for finding in findings]
    if format_ == "text":
        return _text(findings, root, escape_terminal(checked), fixable)
    return {"json": _json, "github": _github, "sarif": _sarif}[format_](findings, root, catalogue)


def _shown(finding: Finding) -> Finding:
    """The finding with all of it visible but the file, whose bytes a URI needs."""
    article, span = (text and escape_terminal(text) for text in (finding.article, finding.span))
    return replace(finding, message=escape_terminal(finding.message), article=article, span=span)


def _path(finding: Finding, root: Path) -> str:
    # A file beside the corpus is named from the folder that holds both.
    return Path(os.path.normpath(root / finding.file)).as_posix()


def _where(finding: Finding, root: Path) -> str:
    return escape_terminal(_path(finding, root))


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _text(findings: Sequence[Finding], root: Path, checked: str, fixable: bool) -> str:
    lines = []
    for finding in findings:
        place = f":{finding.line}" if finding.line else ""
        colour = "red" if finding.severity == "error" else "yellow"
        code = click.style(finding.code, fg=colour, bold=True)
        span = f"span {finding.span}: " if finding.span else ""
        lines.append(f"{click.style(_where(finding, root) + place, bold=True)}: {code} {span}{finding.message}")
    about = f" in {checked}" if checked else ""
    if not findings:
        return click.style("No findings", fg="green", bold=True) + about + "."
    codes = ", ".join(f"{code} × {number}" for code, number in Counter(f.code for f in findings).most_common())
    lines.append(f"{counted(len(findings), 'finding')}{about}: {codes}.")
    lines.append(f"`annotate rules {findings[0].code}` explains a code.")
    fixes = sum(finding.fix is not None for finding in findings)
    if fixes and fixable:
        lines[-1] += f" `annotate check --fix` fixes {fixes} of them."
    return "\n".join(lines)


def as_data(finding: Finding, root: Path) -> dict[str, Any]:
    """A finding as plain data, for JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": _where(finding, root),
        "line": finding.line,
        "article": finding.article,
        "span": finding.span,
        "message": finding.message,
        "fixable": finding.fix is not None,
    }


def _json(findings: Sequence[Finding], root: Path, _: Iterable[Rule]) -> str:
    return json.dumps([as_data(finding, root) for finding in findings], indent=2, ensure_ascii=False)


def _github(findings: Sequence[Finding], root: Path, _: Iterable[Rule]) -> str:
    def line(finding: Finding) -> str:
        place = f",line={finding.line}" if finding.line else ""
        span = f"span {finding.span}: " if finding.span else ""
        file = escape_workflow(_where(finding, root), is_property=True)
        return (
            f"::{finding.severity} file={file}{place},title={finding.code}::{escape_workflow(span + finding.message)}"
        )

    return "\n".join(map(line, findings))


def _sarif(findings: Sequence[Finding], root: Path, catalogue: Iterable[Rule]) -> str:
    """SARIF 2.1.0, OASIS."""

    def result(finding: Finding) -> dict[str, Any]:
        location: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(_path(finding, root)))}}
        if finding.line:
            location["region"] = {"startLine": finding.line}
        return {
            "ruleId": finding.code,
            "level": finding.severity,
            "message": {"text": f"span {finding.span}: {finding.message}" if finding.span else finding.message},
            "locations": [{"physicalLocation": location}],
        }

    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.documentation},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in catalogue
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "annotate", "rules": rules}}, "results": [result(f) for f in findings]}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


if TYPE_CHECKING:
    from annotate.util.tables import Cell, Column, Table


def grids(about: str, tables: Iterable["Table"], colour: bool) -> str:
    """What the tables are about, then each with its notes; `colour` where it goes to a terminal."""
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    here = terminal()
    onto = here.is_terminal and colour
    console = Console(file=StringIO(), highlight=False, force_terminal=onto, width=here.width if onto else 10_000)
    console.print(about, soft_wrap=True, markup=False)
    for table in tables:
        grid = Grid(box=box.SIMPLE_HEAD, title=table.title, title_justify="left", title_style="bold")
        for number, column in enumerate(table.columns):
            grid.add_column(escape(column.name), justify="left" if table.is_text(number) else "right")
        for row in table.rows:
            grid.add_row(*(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)))
        console.print(grid)
        for note in table.notes:
            console.print(f"  {note}", style="dim", soft_wrap=True, markup=False)
    file = console.file
    assert isinstance(file, StringIO)  # noqa: S101
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _cell(cell: "Cell", column: "Column") -> str:
    from rich.markup import escape

    if isinstance(cell, str | int):
        return escape(str(cell))
    if not cell.interval_text or column.hides_interval:
        return cell.value_text
    return f"{cell.value_text} [dim]\\{cell.interval_text}[/dim]"
