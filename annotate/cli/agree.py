"""`annotate agree`: how far annotators agree, as tables, JSON, or a page with every disagreement in its text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, grids, out_option, schema_option, terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.agreement.report import Report

FORMATS = ("text", "json", "html")


@click.command("agree")
@corpus_argument
@schema_option
@click.option("--annotators", metavar="ID,ID…", help="Who is compared.  [default: all but gold]")
@click.option("--with-gold", is_flag=True, help="Compare with gold, too.")
@click.option(
    "--units",
    type=click.Choice(("tokens", "characters")),
    default="tokens",
    show_default=True,
    help="What alpha and kappa count.",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="How to report."
)
@out_option
@click.option("--by-article", is_flag=True, help="Show each article, and hold each to --fail-under.")
@click.option(
    "--fail-under",
    "gates",
    multiple=True,
    metavar="LABEL=F1",
    help="Exit with 1 where the overlap F1 of a label is lower; may be repeated.",
)
@click.option("--samples", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@click.option(
    "--gamma", "with_gamma", is_flag=True, help="Compute gamma, too, an article at a time; needs the extra gamma."
)
@click.option("--studio-url", metavar="URL", help="In the page, link each article to its task in Label Studio.")
@click.option(
    "--dir", "studio", default=".studio", show_default=True, type=click.Path(), help="Where `studio pull` keeps tasks."
)
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    schema: str,
    annotators: str | None,
    with_gold: bool,
    units: str,
    format_: str,
    out: str | None,
    by_article: bool,
    gates: tuple[str, ...],
    samples: int,
    seed: int,
    with_gamma: bool,
    studio_url: str | None,
    studio: str,
) -> None:
    """Measure the agreement of annotators on spans, attributes, relations, records and counts.

    Values in brackets are 95 % intervals of a bootstrap over articles, or over paragraphs where articles are few.

    Exit code 0: measured; 1: a label is below --fail-under; 2: could not run.

    \b
    annotate agree
    annotate agree --annotators anna,ben --by-article --fail-under Source=0.7 --fail-under Cue=0.7
    annotate agree --format html --out agreement.html --studio-url http://localhost:8080
    """
    from annotate import inventory
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.study import read_study
    from annotate.corpus import Corpus

    loaded, folder = inventory.load(schema), Corpus(corpus)
    wanted = [_gate(gate, list(loaded.spans)) for gate in gates]
    names = [name.strip() for name in (annotators or "").split(",") if name.strip()]
    study = read_study(folder, loaded, names, with_gold, "tokens" if units == "tokens" else "characters")
    with _working() as step:
        report = measure_agreement(study, samples, seed, step, by_article=by_article or format_ != "text")
    if format_ == "html":
        from annotate.agreement.page import render_page

        shown = render_page(report, study, _task_links(studio_url, studio) if studio_url else None)
    elif format_ == "json":
        import msgspec

        shown = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    else:
        from annotate.agreement.page import describe_report
        from annotate.agreement.tables import tabulate_report

        shown = grids(describe_report(report), tabulate_report(report, by_article), colour=out is None)
    if with_gamma:
        from annotate.agreement.gamma import compute_gammas

        for found in compute_gammas(study, seed):
            value = f"– ({found.note})" if found.value is None else f"{found.value:.3f}"
            click.echo(f"gamma of {found.article}: {value}", err=format_ != "text" or out is not None)
    if out:
        from annotate.util.files import write_report

        write_report(out, shown.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(shown, nl=False)
    missed = [line for label, least in wanted for line in _missed(report, label, least, by_article)]
    for line in missed:
        click.echo(line, err=True)
    if missed:
        ctx.exit(1)


def _gate(gate: str, labels: list[str]) -> tuple[str, float]:
    """The label and the least value of a --fail-under."""
    label, _, least = gate.rpartition("=")
    if label not in labels:
        raise CannotRun("--fail-under", f"{gate!r} names no span label", f"write LABEL=0.7; {', '.join(labels)}")
    try:
        value = float(least)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise CannotRun("--fail-under", f"{least!r} is no number from 0 to 1", f"write {label}=0.7")
    return label, value


def _missed(report: "Report", label: str, least: float, by_article: bool) -> Iterator[str]:
    """What is below a gate; a label that nobody used does not pass, except within one article."""
    overlap = report.label(label).overlap
    if overlap.value is None or overlap.value < least:
        value = overlap.note if overlap.value is None else f"{overlap.value:.3f}"
        yield f"below --fail-under: {label} {value}, not {least:g}"
    for row in report.by_article if by_article else ():
        if row.label == label and row.overlap is not None and row.overlap < least:
            yield f"below --fail-under: {label} in {row.article} {row.overlap:.3f}, not {least:g}"


@contextmanager
def _working() -> Iterator[Callable[[str], None]]:
    """A sign of life on a terminal, which says what is being measured."""
    with terminal(stderr=True).status("measuring") as status:
        yield lambda what: status.update(f"measuring {what}")


def _task_links(url: str, studio: str) -> Callable[[str], str]:
    """Article → address of its task, as far as the last `studio pull` tells; else that of the server."""
    from typing import Any

    from annotate.labelstudio.state import State

    base, state = url.rstrip("/"), State(studio)
    if not base.startswith(("http://", "https://")):
        raise CannotRun("--studio-url", f"{url!r} is no web address", "write http://localhost:8080")

    def link(article: str) -> str:
        tasks = state.read(f"raw/{article}.json", list[dict[str, Any]]) or []
        for task in tasks:
            if isinstance(task.get("id"), int) and isinstance(task.get("project"), int):
                return f"{base}/projects/{task['project']}/data?task={task['id']}"
        return base

    return link
