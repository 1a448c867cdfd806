"""`annotate prelabel`: label articles with the baseline of patterns, to start from and to beat."""

from pathlib import Path

import click

import annotate
from annotate.cli.options import FOLDER_TO_WRITE, corpus_argument, schema_option
from annotate.cli.terminal import count_progress
from annotate.util.files import write_atomically


@click.command("prelabel")
@corpus_argument
@schema_option
@click.option(
    "--out",
    required=True,
    type=FOLDER_TO_WRITE,
    help="Folder to write, one file an article; earlier labels there are replaced.",
)
@click.pass_context
def command(ctx: click.Context, corpus: str, schema: str, out: str) -> None:
    """Label every article with the patterns of schema/baseline.yaml.

    It needs no model and does not look at gold. The files have the format of the corpus; their annotator is `baseline`.
    Score them, or push them as predictions.

    Exit code 0: written; 1: written, and some labels break rules of the inventory; 2: could not run.

    \b
    annotate prelabel --out out/baseline
    annotate score corpus/annotations/gold out/baseline
    """
    from annotate import baseline
    from annotate.checks import find_errors
    from annotate.corpus import encode_annotation
    from annotate.outputs import list_sources, listing_marker, output_folder, write_marker

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    tagger = baseline.load_baseline(schema, inventory)
    error_count = span_count = relation_count = 0
    article_ids = store.article_ids()
    sources = list_sources(store, inventory)
    with (
        output_folder(Path(out), listing_marker("annotate prelabel"), sources) as folder,
        count_progress("labelling", len(article_ids)) as progress,
    ):
        for article_id in article_ids:
            text = store.read_text(article_id)
            annotation = tagger.annotate(article_id, text)
            name = f"{article_id}.json"
            for error in find_errors(annotation, text, inventory, str(Path(out) / name)):
                click.echo(f"{error.file}: {error.code} span {error.span}: {error.message}", err=True)
                error_count += 1
            write_atomically(folder / name, encode_annotation(annotation))
            span_count += len(annotation.spans)
            relation_count += len(annotation.relations)
            progress(1)
        write_marker(folder, "annotate prelabel")
    click.echo(f"{len(article_ids)} articles, {span_count} spans, {relation_count} relations written to {out}")
    if error_count:
        ctx.exit(1)
