"""`annotate build`: check a corpus and write its dataset."""

import json

import click

import annotate
from annotate.cli.findings_output import finding_to_dict, show_findings, show_waived
from annotate.cli.options import (
    FOLDER_TO_WRITE,
    all_option,
    citation_option,
    corpus_argument,
    findings_format_option,
    schema_option,
    workers_option,
)
from annotate.cli.terminal import count_noun, echo, echo_cut_lines, echo_json, make_grid, show_steps, terminal


@click.command("build")
@corpus_argument
@click.option(
    "--out", required=True, type=FOLDER_TO_WRITE, help="Folder to write; an earlier dataset there is replaced."
)
@schema_option
@citation_option
@click.option(
    "--config", "tables", multiple=True, metavar="TABLE", help="Write only `articles` and this table; repeatable."
)
@click.option("--negatives", is_flag=True, help="Add the unrelated pairs of each paragraph to the table `relations`.")
@click.option(
    "--without-text", is_flag=True, help="Leave out the words of the articles; `annotate hydrate` restores them."
)
@click.option(
    "--eval",
    "evaluation",
    is_flag=True,
    help="Write eval.yaml, too, which the Hub reads of a repository on its list of benchmarks.",
)
@workers_option
@findings_format_option
@all_option
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    out: str,
    schema: str,
    citation: str | None,
    tables: tuple[str, ...],
    negatives: bool,
    without_text: bool,
    evaluation: bool,
    workers: int | None,
    format_: str,
    show_all: bool,
) -> None:
    """Check a corpus, then write its dataset: Parquet tables, card, manifest.

    The tables have the gold labels; without any gold, the labels of each article that one annotator has labelled.

    The folder is written completely or not at all: one Parquet file or more for each table and split, a card, the
    inventory, the guidelines next to the corpus, and a manifest with the hash of every file. Without texts, pages of
    the guidelines that quote an article are left out.

    Labels of a single annotator that have errors are left out of the tables. The card and the manifest name them.

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
    if evaluation and without_text:
        raise click.UsageError("--eval needs the texts; leave out --without-text")
    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    waived = list[annotate.Finding]()
    try:
        with show_steps() as progress:
            manifest = annotate.build(
                store,
                inventory,
                out,
                tables=tables,
                negatives=negatives,
                citation=citation,
                without_text=without_text,
                evaluation=evaluation,
                schema=schema,
                workers=workers,
                progress=progress,
                handle_waived=waived.append,
            )
    except annotate.ChecksFailed as failure:
        subject = f"{corpus}; nothing was written"
        rules = annotate.list_rules()
        show_findings(failure.findings, format_, store.root, rules, subject, waived=waived, show_all=show_all)
        ctx.exit(1)
    if format_ == "json":
        import msgspec

        data = {"folder": out, **msgspec.to_builtins(manifest)}
        if waived:
            data["waived"] = [finding_to_dict(finding, store.root) for finding in waived]
        echo_json(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _show_manifest(manifest, out)
        _show_left_out(manifest)
        _show_missing_gold(store)
        show_waived(waived)


def _show_left_out(manifest: "annotate.Manifest") -> None:
    """Name the labels that the tables lack because they have errors."""
    left_out = manifest.passes_left_out
    lines = (
        f"left out: the labels of {each.annotator} for {each.article} ({', '.join(each.codes)})" for each in left_out
    )
    echo_cut_lines(lines, "annotation", remedy="the manifest lists them", err=True)
    if left_out:
        echo("The tables lack labels that have errors. `annotate check` lists the errors.", err=True)


def _show_missing_gold(corpus: "annotate.Corpus") -> None:
    """Say whose labels the tables have if the corpus has no gold."""
    from annotate.dataset.inputs import singly_labelled
    from annotate.model import GOLD

    if corpus.annotated_ids(GOLD):
        return
    left_out = len(corpus.article_ids()) - len(singly_labelled(corpus))
    echo("There is no gold: the tables have the labels of each article that one annotator has labelled.", err=True)
    if left_out:
        echo(f"{count_noun(left_out, 'article')} left out, which several annotators or none have labelled.", err=True)
    echo("Next: adjudicate, or promote labels to gold with `annotate adjudicate promote`.", err=True)


def _show_manifest(manifest: "annotate.Manifest", out: str) -> None:
    from annotate.dataset.writer import totals

    grid = make_grid(
        f"{manifest.title} {manifest.corpus or ''}".strip(),
        [("table", "left"), ("split", "left"), ("rows", "right"), ("columns", "right"), ("bytes", "right")],
        (
            (part.config, part.split, f"{part.rows:,}", f"{part.columns:,}", f"{part.bytes:,}")
            for part in totals(manifest.tables)
        ),
    )
    console = terminal()
    console.print(grid)
    if manifest.unfit:
        counts = ", ".join(f"{reason} {number:,}" for reason, number in manifest.unfit.items())
        console.print(f"Spans that BIO tags cannot represent (table tokens, column unfit): {counts}", soft_wrap=True)
    if manifest.pages_left_out:
        pages = count_noun(manifest.pages_left_out, "page")
        console.print(f"Left out of the guidelines: {pages}, with words of articles", soft_wrap=True)
    console.print(f"Written to {out}", soft_wrap=True)
