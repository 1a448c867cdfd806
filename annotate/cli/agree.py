"""`annotate agree`: agreement of annotators as tables, JSON, or a page with each disagreement in its text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, grids, out_option, samples_option, schema_option, seed_option, terminal
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
    help="Exit with 1 if the overlap F1 of a label is lower; may be repeated.",
)
@samples_option
@seed_option
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

    Brackets hold 95 % bootstrap intervals: over articles, or over paragraphs if there are fewer than ten articles.

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

    loaded, store = inventory.load_inventory(schema), Corpus(corpus)
    thresholds = [_parse_threshold(gate, list(loaded.spans)) for gate in gates]
    names = [name.strip() for name in (annotators or "").split(",") if name.strip()]
    study = read_study(store, loaded, names, with_gold, "tokens" if units == "tokens" else "characters")
    with _show_progress() as progress:
        report = measure_agreement(study, samples, seed, progress, by_article=by_article or format_ != "text")
    if format_ == "html":
        from annotate.agreement.page import render_page

        output = render_page(report, study, _link_tasks(studio_url, studio) if studio_url else None)
    elif format_ == "json":
        import msgspec

        output = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    else:
        from annotate.agreement.page import describe_report
        from annotate.agreement.tables import tabulate_report

        output = grids(describe_report(report), tabulate_report(report, by_article), colour=out is None)
    if with_gamma:
        from annotate.agreement.gamma import compute_gammas

        for gamma in compute_gammas(study, seed):
            value = f"– ({gamma.note})" if gamma.value is None else f"{gamma.value:.3f}"
            click.echo(f"gamma of {gamma.article}: {value}", err=format_ != "text" or out is not None)
    if out:
        from annotate.util.files import write_report

        write_report(out, output.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(output, nl=False)
    failures = [line for label, least in thresholds for line in _find_failures(report, label, least, by_article)]
    for line in failures:
        click.echo(line, err=True)
    if failures:
        ctx.exit(1)


def _parse_threshold(gate: str, labels: list[str]) -> tuple[str, float]:
    """Return the label and the least value of a --fail-under."""
    label, _, least = gate.rpartition("=")
    if label not in labels:
        hint = f"write LABEL=0.7 with one of {', '.join(labels)}"
        raise CannotRun("--fail-under", f"{gate!r} does not name a span label", hint)
    try:
        value = float(least)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise CannotRun("--fail-under", f"{least!r} is not a number from 0 to 1", f"write {label}=0.7")
    return label, value


def _find_failures(report: "Report", label: str, least: float, by_article: bool) -> Iterator[str]:
    """Yield what is below a threshold; a label without spans does not pass, except within one article."""
    overlap = report.label(label).overlap
    if overlap.value is None or overlap.value < least:
        value = overlap.note if overlap.value is None else f"{overlap.value:.3f}"
        yield f"below --fail-under: {label} {value}, not {least:g}"
    for row in report.by_article if by_article else ():
        if row.label == label and row.overlap is not None and row.overlap < least:
            yield f"below --fail-under: {label} in {row.article} {row.overlap:.3f}, not {least:g}"


@contextmanager
def _show_progress() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being measured."""
    with terminal(stderr=True).status("measuring") as status:
        yield lambda what: status.update(f"measuring {what}")


def _link_tasks(url: str, studio: str) -> Callable[[str], str]:
    """Return a function from article id to the address of its task after the last `studio pull`, or of the server."""
    from typing import Any

    from annotate.labelstudio.state import State

    base, state = url.rstrip("/"), State(studio)
    if not base.startswith(("http://", "https://")):
        raise CannotRun("--studio-url", f"{url!r} is not a web address", "write http://localhost:8080")

    def link(article: str) -> str:
        tasks = state.read(f"raw/{article}.json", list[dict[str, Any]]) or []
        for task in tasks:
            if isinstance(task.get("id"), int) and isinstance(task.get("project"), int):
                return f"{base}/projects/{task['project']}/data?task={task['id']}"
        return base

    return link
