"""`annotate agree`: measure how far annotators agree, as tables, JSON, or a page with every disagreement."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

import annotate
from annotate.cli.options import (
    all_option,
    corpus_argument,
    out_option,
    samples_option,
    schema_option,
    seed_option,
    split_ids,
)
from annotate.cli.terminal import (
    MAX_SHOWN,
    describe_rest,
    echo,
    echo_cut_lines,
    echo_lines,
    format_tables,
    show_steps,
    write_output,
)
from annotate.errors import CannotRun
from annotate.util.escape import escape_json, quote
from annotate.util.suggestions import list_choices

if TYPE_CHECKING:
    from annotate.agreement.attribute_tallies import Missing
    from annotate.agreement.groups import ReportGroup
    from annotate.agreement.study import CorpusStudy
    from annotate.util.tables import Table

BY_ARTICLE = "by-article"
"""The table with rows for each article."""
FORMATS = ("text", "markdown", "csv", "json", "html")


@click.command("agree")
@corpus_argument
@schema_option
@click.option("--annotators", metavar="ID,ID…", help="Annotators to compare.  [default: all but gold]")
@click.option("--with-gold", is_flag=True, help="Compare gold, too.")
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="Labels of a model that the corpus does not have, such as `annotate prelabel --out DIR` writes; repeatable.",
)
@click.option(
    "--include-corrected",
    is_flag=True,
    help="Count labels that began with those of another as independent of them.",
)
@click.option(
    "--units",
    type=click.Choice(("tokens", "characters")),
    default="tokens",
    show_default=True,
    help="Units that alpha and kappa count.",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format."
)
@out_option
@click.option(
    "--missing",
    type=click.Choice(("left-out", "value")),
    default="left-out",
    show_default=True,
    help="What a value of an attribute is that only one annotator has set: missing data, or a difference.",
)
@click.option("--confusion", is_flag=True, help="Show confusion tables of labels and of the values of attributes.")
@click.option("--by-article", is_flag=True, help="Show each article, and apply --fail-under to each.")
@click.option(
    "--by",
    "field",
    metavar="FIELD",
    help="Show the tables for each value of a field, too: split, language, publisher, author, date, or a field of "
    "metadata.",
)
@click.option(
    "--fail-under",
    "gates",
    multiple=True,
    metavar="LABEL=F1",
    help="Exit with 1 if the overlap F1 of a label is lower; repeatable.",
)
@samples_option
@seed_option
@all_option
@click.option("--gamma", "with_gamma", is_flag=True, help="Compute gamma of each article, too; needs the extra gamma.")
@click.option("--studio-url", metavar="URL", help="Link each article of the page to its task in Label Studio.")
@click.option(
    "--dir",
    "studio",
    type=click.Path(),
    help="Folder where `studio pull` keeps tasks.  [default: that of the corpus, in your data directory]",
)
@click.option(
    "--explain",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: _explain(ctx) if value else None,
    help="Say what each column means, with its source, and exit.",
)
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    schema: str,
    annotators: str | None,
    with_gold: bool,
    models: tuple[str, ...],
    include_corrected: bool,
    units: str,
    format_: str,
    out: str | None,
    missing: "Missing",
    confusion: bool,
    by_article: bool,
    field: str | None,
    gates: tuple[str, ...],
    samples: int,
    seed: int,
    show_all: bool,
    with_gamma: bool,
    studio_url: str | None,
    studio: str | None,
) -> None:
    """Measure the agreement of annotators on spans, attributes, relations, records and counts.

    Brackets hold 95 % bootstrap intervals: over articles, or over paragraphs if there are fewer than ten articles.
    Annotations older than a label, an attribute or a relation (`since` in labels.yaml) do not count for it. Labels that
    began with those of another annotator, of gold or of a model do not count as independent of them: they are left out
    where they would be compared.

    If a model is compared with people or gold, two more tables show how far it agrees with each of them, and whether
    people agree more with each other. annotators.yaml says who is a model.

    Exit code 0: measured; 1: a label is below --fail-under; 2: could not run.

    \b
    annotate agree
    annotate agree --explain
    annotate agree --annotators anna,ben --by-article --fail-under PER=0.7 --fail-under LOC=0.7
    annotate agree --model out/model --with-gold
    annotate agree --by language --format markdown
    annotate agree --by split --format csv --out agreement.csv
    annotate agree --format html --out agreement.html --studio-url http://localhost:8080
    """
    from annotate.agreement.groups import measure_groups
    from annotate.agreement.independence import INCLUDE, describe_dependent
    from annotate.agreement.measure import measure_agreement
    from annotate.agreement.model_labels import read_model_labels
    from annotate.agreement.study import read_study

    if field is not None and format_ == "html":
        raise click.UsageError("--by does not go with --format html; use text, markdown, csv or json")
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    thresholds = [_parse_gate(gate, list(inventory.spans)) for gate in gates]
    study = read_study(
        store,
        inventory,
        split_ids(annotators or ""),
        with_gold,
        "tokens" if units == "tokens" else "characters",
        include_corrected=include_corrected,
        models=read_model_labels(store, inventory, models),
    )
    needs_articles = by_article or format_ in ("json", "html")
    with show_steps() as progress:
        report = measure_agreement(study, samples, seed, progress, by_article=needs_articles, missing=missing)
        by_field = (study, report.articles, store, field or "", samples, seed, progress)
        groups = [*measure_groups(*by_field, by_article=needs_articles, missing=missing)] if field else []
    for words in describe_dependent(report.dependent):
        echo(f"not counted: {words}; {INCLUDE} counts them as independent", err=True)
    shown = _Shown(by_article, confusion, is_cut=out is None and not show_all)
    text = _render(report, groups, study, format_, shown, out is None, (studio_url, corpus, studio))
    if with_gamma:
        _show_gamma(study, seed, err=format_ != "text" or out is not None, show_all=show_all)
    write_output(out, text)
    missed = [line for label, least in thresholds for line in _find_missed(report, label, least, by_article)]
    echo_cut_lines(missed, "line", show_all, err=True)
    if missed:
        ctx.exit(1)


class _Shown(NamedTuple):
    """Which tables of a report are shown, and whether those with a row for each article are cut."""

    by_article: bool
    confusion: bool
    is_cut: bool


def _cut_table(table: "Table") -> "Table":
    """Return a table with the rows of the first articles, if it has rows for each article, and how many more have."""
    article_ids = [*dict.fromkeys(str(row[0]) for row in table.rows)] if table.name == BY_ARTICLE else []
    if len(article_ids) <= MAX_SHOWN:
        return table
    shown_ids = {*article_ids[:MAX_SHOWN]}
    rows = [row for row in table.rows if row[0] in shown_ids]
    return table._replace(rows=rows, notes=[*table.notes, describe_rest(len(article_ids) - MAX_SHOWN, "article")])


def _render(
    report: "annotate.Report",
    groups: Sequence["ReportGroup"],
    study: "CorpusStudy",
    format_: str,
    shown: "_Shown",
    colour: bool,
    studio: tuple[str | None, str, str | None],
) -> str | Iterator[str]:
    if format_ == "html":
        from annotate.agreement.page import render_page
        from annotate.labelstudio.task_links import make_task_link

        url, corpus, folder = studio
        store = annotate.Corpus(corpus)
        languages = {article_id: store.read_article(article_id).language for article_id in report.articles}
        return render_page(report, study, make_task_link(url, corpus, folder) if url else None, languages)
    if format_ == "json":
        return _render_json(report, groups)
    from annotate.agreement.groups import ReportGroup
    from annotate.agreement.page import describe_report

    about = describe_report(report)
    tables = [(group, [*_tabulate(group.report, study, shown)]) for group in (ReportGroup(None, None, report), *groups)]
    if format_ == "csv":
        from annotate.agreement.render import render_csv

        return render_csv(tables)
    if format_ == "markdown":
        from annotate.agreement.render import render_markdown_tables

        return render_markdown_tables(about, tables)
    if shown.is_cut:
        tables = [(group, [_cut_table(table) for table in of_group]) for group, of_group in tables]
    parts = [format_tables([about], tables[0][1], colour)]
    parts += [format_tables(["", group.heading, group.about], of_group, colour) for group, of_group in tables[1:]]
    return "".join(parts)


def _render_json(report: "annotate.Report", groups: Sequence["ReportGroup"]) -> str:
    """Return the report as JSON, with the groups in `by` if there are any."""
    import msgspec

    data = msgspec.to_builtins(report)
    if groups:
        data["by"] = [msgspec.to_builtins(group._asdict()) for group in groups]
    return escape_json(msgspec.json.format(msgspec.json.encode(data), indent=2).decode()) + "\n"


def _tabulate(report: "annotate.Report", study: "CorpusStudy", shown: "_Shown") -> Iterator["Table"]:
    """Yield the tables of a report."""
    from annotate.agreement.confusion import confuse_labels, confuse_values, tabulate_confusion
    from annotate.agreement.tables import tabulate_report

    yield from tabulate_report(report, shown.by_article)
    if shown.confusion:
        confusions = (confuse_labels(report, study.inventory), *confuse_values(report, study.inventory))
        yield from (tabulate_confusion(each) for each in confusions if each.values)


def _explain(ctx: click.Context) -> None:
    from annotate.agreement.explanations import explain_columns

    echo_lines(explain_columns())
    ctx.exit()


def _show_gamma(study: "CorpusStudy", seed: int, err: bool, show_all: bool) -> None:
    from annotate.agreement.gamma import compute_gammas

    lines = (
        f"gamma of {gamma.article}: {f'– ({gamma.note})' if gamma.value is None else f'{gamma.value:.3f}'}"
        for gamma in compute_gammas(study, seed)
    )
    echo_cut_lines(lines, "article", show_all, err=err)


def _parse_gate(gate: str, labels: list[str]) -> tuple[str, float]:
    """Return the label and the least value of a --fail-under."""
    label, _, least = gate.rpartition("=")
    if label not in labels:
        hint = f"write LABEL=0.7; {list_choices(labels)}"
        raise CannotRun("--fail-under", f"{quote(gate)} does not name a span label", hint)
    try:
        value = float(least)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise CannotRun("--fail-under", f"{quote(least)} is not a number from 0 to 1", f"write {label}=0.7")
    return label, value


def _find_missed(report: "annotate.Report", label: str, least: float, by_article: bool) -> Iterator[str]:
    """Yield a line for each value below a gate. A label that no annotator used fails it, except in one article."""
    overlap = report.label(label).overlap
    if overlap.value is None or overlap.value < least:
        value = overlap.note if overlap.value is None else f"{overlap.value:.3f}"
        yield f"below --fail-under: {label} {value}, not {least:g}"
    for row in report.by_article if by_article else ():
        if row.label == label and row.overlap is not None and row.overlap < least:
            yield f"below --fail-under: {label} in {row.article} {row.overlap:.3f}, not {least:g}"
