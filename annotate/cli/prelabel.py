"""`annotate prelabel`: labels by the baseline, to start from and to beat."""

from pathlib import Path

import click

from annotate.cli.output import corpus_argument, schema_option, terminal
from annotate.errors import CannotRun


@click.command("prelabel")
@corpus_argument
@schema_option
@click.option(
    "--out", required=True, type=click.Path(file_okay=False), help="The folder to write to, a file an article."
)
@click.pass_context
def command(ctx: click.Context, corpus: str, schema: str, out: str) -> None:
    """Label every article with the patterns of schema/baseline.yaml.

    It needs no model and does not look at gold.

    The files have the format of the corpus, by the annotator `baseline`: score them, or push them as predictions.

    Exit code 0: written; 1: written, and labels break rules of the inventory; 2: could not run.

    \b
    annotate prelabel --out out/baseline
    annotate score corpus/annotations/gold out/baseline
    """
    from rich.progress import track

    from annotate import baseline, inventory
    from annotate.annotation_files import AnnotationFile
    from annotate.cli.labels import find_errors
    from annotate.corpus import Corpus, encode_annotation
    from annotate.util.files import write_atomically

    loaded, store = inventory.load_inventory(schema), Corpus(corpus)
    made = baseline.load_baseline(schema, loaded)
    console, faults, spans, relations = terminal(stderr=True), 0, 0, 0
    articles = store.article_ids()
    if Path(out).resolve().is_relative_to(store.root.resolve()):
        raise CannotRun(out, "lies in the corpus, whose labels it could overwrite", "choose a folder outside of it")
    for article in track(articles, "labelling", console=console, transient=True, disable=not console.is_terminal):
        annotation = made.annotate(article, store.read_text(article))
        path = Path(out) / f"{article}.json"
        for fault in find_errors(AnnotationFile(path, store.read_text(article), annotation), loaded):
            click.echo(f"{fault.file}: {fault.code} span {fault.span}: {fault.message}", err=True)
            faults += 1
        write_atomically(path, encode_annotation(annotation))
        spans, relations = spans + len(annotation.spans), relations + len(annotation.relations)
    click.echo(f"{len(articles)} articles, {spans} spans, {relations} relations written to {out}")
    if faults:
        ctx.exit(1)
