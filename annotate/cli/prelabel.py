"""`annotate prelabel`: label articles with the baseline of patterns, to start from and to beat."""

from pathlib import Path

import click

import annotate
from annotate.cli.options import corpus_argument, schema_option
from annotate.cli.terminal import count_progress
from annotate.errors import CannotRun, describe_os_error
from annotate.util.files import write_atomically
from annotate.util.lock import writing_to


@click.command("prelabel")
@corpus_argument
@schema_option
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Folder to write, one file an article.")
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

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    tagger = baseline.load_baseline(schema, inventory)
    error_count = span_count = relation_count = 0
    article_ids = store.article_ids()
    if Path(out).resolve().is_relative_to(store.root.resolve()):
        raise CannotRun(out, "is inside the corpus, whose labels it could overwrite", "choose a folder outside it")
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        problem = f"cannot be written: {describe_os_error(failure)}"
        raise CannotRun(out, problem, "make room or choose another folder") from failure
    with writing_to(out), count_progress("labelling", len(article_ids)) as progress:
        for article_id in article_ids:
            text = store.read_text(article_id)
            annotation = tagger.annotate(article_id, text)
            path = Path(out) / f"{article_id}.json"
            for error in find_errors(annotation, text, inventory, str(path)):
                click.echo(f"{error.file}: {error.code} span {error.span}: {error.message}", err=True)
                error_count += 1
            write_atomically(path, encode_annotation(annotation))
            span_count += len(annotation.spans)
            relation_count += len(annotation.relations)
            progress(1)
    click.echo(f"{len(article_ids)} articles, {span_count} spans, {relation_count} relations written to {out}")
    if error_count:
        ctx.exit(1)
