"""`annotate prelabel`: label articles with the baseline of patterns, to start from and to beat."""

from pathlib import Path

import click

import annotate
from annotate.cli.options import corpus_argument, schema_option
from annotate.cli.terminal import count_progress, echo
from annotate.util.files import write_atomically


@click.command("prelabel")
@corpus_argument
@schema_option
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Folder to write, one file an article.")
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 86_400),
    default=10,
    show_default=True,
    help="Seconds of processor time that the patterns may take for an article.",
)
@click.pass_context
def command(ctx: click.Context, corpus: str, schema: str, out: str, time_limit: float) -> None:
    """Label every article with the patterns of schema/baseline.yaml.

    It needs no model and does not look at gold. The files have the format of the corpus; their annotator is `baseline`.
    Score them, or push them as predictions. An article for which a pattern takes too long is reported (B101) and gets
    no file.

    Exit code 0: written; 1: written, and some labels break rules of the inventory or an article took too long; 2: could
    not run.

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
    error_count = file_count = span_count = relation_count = 0
    article_ids = store.article_ids()
    sources = list_sources(store, inventory)
    with (
        output_folder(Path(out), listing_marker("annotate prelabel"), sources) as folder,
        count_progress("labelling", len(article_ids)) as progress,
    ):
        for article_id in article_ids:
            text = store.read_text(article_id)
            path = Path(out) / f"{article_id}.json"
            try:
                annotation = tagger.annotate(article_id, text, time_limit)
            except baseline.PatternTooSlow as slow:
                for finding in baseline.too_slow(str(path), article_id, slow.expression, time_limit):
                    echo(f"{finding.file}: {finding.code}: {finding.message}", err=True)
                error_count += 1
                progress(1)
                continue
            for error in find_errors(annotation, text, inventory, str(path)):
                echo(f"{error.file}: {error.code} span {error.span}: {error.message}", err=True)
                error_count += 1
            write_atomically(folder / path.name, encode_annotation(annotation))
            file_count += 1
            span_count += len(annotation.spans)
            relation_count += len(annotation.relations)
            progress(1)
        write_marker(folder, "annotate prelabel")
    echo(f"{file_count} articles, {span_count} spans, {relation_count} relations written to {out}")
    if error_count:
        ctx.exit(1)
