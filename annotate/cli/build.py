"""`annotate build`: a corpus that passes its checks → the folder of its dataset."""

import json
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, counting, render, schema_option, terminal, workers_option

if TYPE_CHECKING:
    from annotate.dataset.folder import Manifest


@click.command("build")
@corpus_argument
@click.option(
    "--out", required=True, type=click.Path(), help="The folder to write; a dataset of ours there is replaced."
)
@schema_option
@click.option(
    "--citation",
    type=click.Path(dir_okay=False),
    help="The CITATION.cff that the card quotes.  [default: the one beside the corpus folder, if there is one]",
)
@click.option(
    "--config", "configs", multiple=True, metavar="TABLE", help="Only this table, beside articles; may be repeated."
)
@click.option("--negatives", is_flag=True, help="In relations, also pairs of a paragraph that nothing relates.")
@click.option(
    "--without-text", is_flag=True, help="Leave out all words of the articles; `annotate hydrate` puts them back."
)
@workers_option
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    out: str,
    schema: str,
    citation: str | None,
    configs: tuple[str, ...],
    negatives: bool,
    without_text: bool,
    workers: int | None,
    format_: str,
) -> None:
    """Check a corpus, then write its dataset: Parquet tables, card, manifest.

    The folder is written completely or not at all: one Parquet file or more for each table and split, a card, and a
    manifest with the hash of every file.

    Exit code 0: written; 1: nothing was written, because the checks found errors, or because class ids of the existing
    dataset would change; 2: could not run.

    \b
    annotate build --out dist/dataset
    annotate build --without-text --out dist/open
    annotate build large-corpus --out dist/large --workers 8
    annotate build --out dist/pairs --config relations --negatives
    annotate build my-corpus --schema my-schema --out dist/dataset --format json
    python -c 'from datasets import load_dataset; print(load_dataset("dist/dataset"))'
    """
    from annotate import inventory
    from annotate.checks import ARTICLES_PER_WORKER, CATALOGUE, check
    from annotate.checks.splits import find_leaks
    from annotate.corpus import Corpus
    from annotate.dataset.build import build
    from annotate.dataset.citation import find_citation
    from annotate.dataset.inputs import skeleton_header
    from annotate.dataset.tables import select_tables
    from annotate.model import GOLD
    from annotate.release.agreement import gold_agreement
    from annotate.util.parallel import count_cores, count_workers

    loaded, folder = inventory.load_inventory(schema), Corpus(corpus)
    select_tables(loaded, configs)  # before the checks, which take a while
    articles = len(folder.article_ids())
    with counting("checking", articles) as told:
        findings = list(
            check(folder, loaded, workers or count_workers(articles, ARTICLES_PER_WORKER, count_cores()), told)
        )
    errors = [finding for finding in findings if finding.severity == "error"] or find_leaks(folder)
    if errors:
        click.echo(render(errors, format_, folder.root, CATALOGUE, f"{corpus}; nothing was written"))
        ctx.exit(1)
    quoted = find_citation(folder, citation)
    with counting("building", len(folder.annotated_ids(GOLD))) as told:
        manifest = build(
            folder,
            loaded,
            out,
            quoted,
            gold_agreement(folder, loaded),
            tables=configs,
            negatives=negatives,
            skeleton=skeleton_header(folder, schema, quoted, configs, negatives) if without_text else None,
            workers=workers or count_cores(),
            progress=told,
        )
    if format_ == "json":
        click.echo(json.dumps(_as_data(manifest, out), indent=2, ensure_ascii=False))
    else:
        _show(manifest, out)


def _as_data(manifest: "Manifest", out: str) -> dict[str, object]:
    import msgspec

    data: dict[str, object] = msgspec.to_builtins(manifest)
    return {"folder": out, **data}


def _show(manifest: "Manifest", out: str) -> None:
    from rich import box
    from rich.table import Table

    from annotate.dataset.writer import totals

    table = Table(box=box.SIMPLE_HEAD, title=f"{manifest.title} {manifest.corpus or ''}".strip(), title_justify="left")
    table.add_column("table")
    table.add_column("split")
    for name in ("rows", "columns", "bytes"):
        table.add_column(name, justify="right")
    for part in totals(manifest.tables):
        table.add_row(part.config, part.split, f"{part.rows:,}", f"{part.columns:,}", f"{part.bytes:,}")
    console = terminal()
    console.print(table)
    if manifest.unfit:
        unfit = ", ".join(f"{reason} {number:,}" for reason, number in manifest.unfit.items())
        console.print(f"Spans that BIO tags cannot say as they are (tokens, column unfit): {unfit}", soft_wrap=True)
    console.print(f"Written to {out}", soft_wrap=True)
