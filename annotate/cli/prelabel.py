"""`annotate prelabel`: label articles with the baseline of patterns, to start from and to beat, or with a model."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

import annotate
from annotate.cli.options import corpus_argument, guidelines_option, schema_option
from annotate.cli.terminal import count_progress, echo
from annotate.util.files import write_atomically


def _parse_temperature(ctx: click.Context, parameter: click.Parameter, value: Any) -> float | None:
    """Return a temperature; None for `none`, which leaves it to the endpoint."""
    if value == "none":
        return None
    return float(click.FloatRange(0, 2)(value, parameter, ctx))


@click.command("prelabel")
@corpus_argument
@schema_option
@guidelines_option
@click.option("--out", type=click.Path(file_okay=False), help="Folder to write, one file an article.")
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 86_400),
    default=10,
    show_default=True,
    help="Seconds of processor time that the patterns may take for an article.",
)
@click.option("--model", help="Label with this language model, by its name at the endpoint.")
@click.option(
    "--endpoint",
    help="Address of the model, such as http://127.0.0.1:8080/v1.  [default: ANNOTATE_MODEL_URL or OPENAI_BASE_URL]",
)
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False),
    help="File with the key to the endpoint, with mode 0600.  [default: the key is in ANNOTATE_MODEL_KEY]",
)
@click.option("--insecure-http", is_flag=True, help="Send texts and key without encryption to another machine.")
@click.option("--annotator", help="Pseudonym of the model.  [default: made of its name]")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Requests in flight at once."
)
@click.option("--max-requests", type=click.IntRange(0), help="Most requests to send, repeated ones included.")
@click.option("--max-cost", type=click.FloatRange(0), help="Most that the answers may cost; needs --prices.")
@click.option(
    "--prices",
    type=click.Path(dir_okay=False),
    help="Price table in YAML: `currency`, and `models` with `input`, `output` and `cached` for a million tokens.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=120,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option(
    "--temperature",
    callback=_parse_temperature,
    metavar="FLOAT|none",
    default="0",
    show_default=True,
    help="Chance in the answers; `none` leaves it to the endpoint.",
)
@click.option("--seed", type=int, help="Seed of the answers, if the endpoint knows one.")
@click.option(
    "--answers",
    type=click.Choice(("json", "tags")),
    default="json",
    show_default=True,
    help="Form of the answers: JSON with quotes, or the text with tags.",
)
@click.option(
    "--guideline-tokens",
    type=click.IntRange(0),
    default=12_000,
    show_default=True,
    help="Most tokens of the guidelines in each request; --plan says what they leave out.",
)
@click.option("--max-tokens", type=click.IntRange(1), help="Most tokens of an answer.  [default: the endpoint's limit]")
@click.option("--plan", is_flag=True, help="Print what would be sent, where to and for how much; send nothing.")
@click.option("--yes", is_flag=True, help="Send the texts to a new host without asking.")
@click.option(
    "--forget",
    is_flag=True,
    help="Delete the answers that are kept of the model, or of all models without --model; send nothing.",
)
@click.pass_context
def command(ctx: click.Context, /, corpus: str, schema: str, guidelines: str, **options: Any) -> None:
    """Label every article with the patterns of schema/baseline.yaml, or with a language model.

    The patterns need no model. Their annotator is `baseline`. An article for which a pattern takes too long is reported
    (B101) and gets no file.

    With --model, a language model labels the articles by the inventory and the guidelines, over an endpoint that speaks
    `/v1/chat/completions`. The first run to a host asks before it sends a text; the loopback interface needs no
    consent. Each answer is kept in your data directory, so that a run that was stopped sends no request twice. OUT gets
    a folder `record` with how the labels were made, and with the parts of answers that were not taken.

    Neither looks at gold. The files have the format of the corpus. Score them, or push them as predictions.

    Exit code 0: written; 1: written, and some labels of the patterns break rules of the inventory, or some articles
    were left out; 2: could not run.

    \b
    annotate prelabel --out out/baseline
    annotate score corpus/annotations/gold out/baseline
    annotate prelabel --model NAME --endpoint http://127.0.0.1:8080/v1 --plan
    """
    model, out = options["model"], options["out"]
    if model is None and not options["forget"]:
        _refuse_model_options(ctx)
    if out is None and not (options["plan"] or options["forget"]):
        raise click.MissingParameter(ctx=ctx, param=next(each for each in ctx.command.params if each.name == "out"))
    if model is None and not options["forget"]:
        ctx.exit(_label_with_patterns(corpus, schema, out, options["time_limit"]))
    from annotate.cli import prelabel_model

    del options["time_limit"]
    ctx.exit(prelabel_model.run(prelabel_model.ModelOptions(corpus, schema, guidelines, **options)))


def _refuse_model_options(ctx: click.Context) -> None:
    """Refuse options that say something about a model where none is named."""
    common = {"corpus", "schema", "out", "time_limit", "model"}
    for parameter in ctx.command.params:
        name = str(parameter.name)
        if name not in common and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{parameter.opts[0]} needs --model.", ctx)


def _label_with_patterns(corpus: str, schema: str, out: str, time_limit: float) -> int:
    """Label with the patterns, and return the exit code."""
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
    return 1 if error_count else 0
