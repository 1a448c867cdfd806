"""`annotate prelabel`: label articles with the baseline of patterns, to start from and to beat, or with a model."""

from pathlib import Path
from typing import Any

import click

import annotate
from annotate.cli.model_options import list_given, model_options, take_settings
from annotate.cli.options import corpus_argument, guidelines_option, samples_option, schema_option
from annotate.cli.score_output import SCORE_FORMATS
from annotate.cli.terminal import count_progress, echo, echo_lines
from annotate.util.files import write_atomically

_WITHOUT_MODEL = {"corpus", "schema", "out", "articles", "score", "format_", "samples", "time_limit", "model"}
"""The options that do not need --model."""


@click.command("prelabel")
@corpus_argument
@schema_option
@guidelines_option
@click.option("--out", type=click.Path(file_okay=False), help="Folder to write, one file an article.")
@click.option(
    "--articles",
    multiple=True,
    metavar="ID",
    help="Label only these articles, by id or by a pattern such as 'a*'; repeatable.",
)
@click.option(
    "--score", metavar="NAME", help="Print the scores against the labels of NAME in the corpus, such as gold."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(SCORE_FORMATS),
    default="text",
    show_default=True,
    help="Format of --score; --show-prompt has text and json.",
)
@samples_option
@click.option(
    "--time-limit",
    type=click.FloatRange(0.1, 86_400),
    default=10,
    show_default=True,
    help="Seconds of processor time that the patterns may take for an article.",
)
@model_options
@click.option("--plan", is_flag=True, help="Print what would be sent, where to and for how much; send nothing.")
@click.option("--show-prompt", is_flag=True, help="Print the requests of the first round; send nothing.")
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

    Neither looks at gold. The files have the format of the corpus. Score them, or push them as predictions. --score
    also prints the scores, as `annotate score` does; articles that could not be labelled are named, and not scored.

    Exit code 0: written; 1: written, and some labels of the patterns break rules of the inventory, some articles were
    left out, or no label of a model's answers could be taken; 2: could not run.

    \b
    annotate prelabel --out out/baseline --score gold
    annotate prelabel --model NAME --endpoint http://127.0.0.1:8080/v1 --plan
    annotate prelabel --model NAME --endpoint http://127.0.0.1:8080/v1 --out out/model --score gold
    annotate prelabel --settings schema/model-pass.yaml --articles ID --show-prompt
    """
    model, out = options["model"], options["out"]
    sends_nothing = options["forget"] or options["show_prompt"]
    given = list_given(ctx)
    if model is None and not sends_nothing:
        _refuse_options(ctx, [each for each in given if each.name not in _WITHOUT_MODEL], "--model")
    if options["score"] is None:
        needing = [each for each in given if each.name == "samples"]
        needing += [each for each in given if each.name == "format_" and not options["show_prompt"]]
        _refuse_options(ctx, needing, "--score")
    if out is None and not (options["plan"] or sends_nothing):
        raise click.MissingParameter(ctx=ctx, param=next(each for each in ctx.command.params if each.name == "out"))
    if model is None and not sends_nothing:
        ctx.exit(_label_with_patterns(corpus, schema, out, options))
    from annotate.cli import prelabel_model

    del options["time_limit"]
    settings = take_settings(ctx, options)
    run_options = {name: options.pop(name) for name in prelabel_model.PrelabelOptions._fields if name in options}
    model_options = prelabel_model.ModelOptions(corpus, schema, guidelines, settings, **options)
    ctx.exit(prelabel_model.run(prelabel_model.PrelabelOptions(model_options, **run_options)))


def _refuse_options(ctx: click.Context, given: list[click.Parameter], needed: str) -> None:
    """Refuse options without another one that they need."""
    for parameter in given:
        raise click.UsageError(f"{parameter.opts[0]} needs {needed}.", ctx)


def _label_with_patterns(corpus: str, schema: str, out: str, options: dict[str, Any]) -> int:
    """Label with the patterns, and return the exit code."""
    from annotate import baseline
    from annotate.checks import find_errors
    from annotate.cli.prelabel_scores import prepare_scoring
    from annotate.corpus import encode_annotation
    from annotate.outputs import list_sources, listing_marker, output_folder, require_no_other_labels, write_marker

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    article_ids, time_limit = store.select_article_ids(options["articles"]), options["time_limit"]
    scoring = prepare_scoring(store, inventory, options["score"], article_ids)
    tagger = baseline.load_baseline(schema, inventory)
    error_count = file_count = span_count = relation_count = 0
    sources = list_sources(store, inventory)
    with (
        output_folder(Path(out), listing_marker("annotate prelabel"), sources) as folder,
        count_progress("labelling", len(article_ids)) as progress,
    ):
        require_no_other_labels(Path(out), article_ids)
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
    lines = [f"{file_count} articles, {span_count} spans, {relation_count} relations written to {out}"]
    if scoring is None:
        echo_lines(lines)
    else:
        scoring.show(Path(out), lines, options["format_"], options["samples"])
    return 1 if error_count else 0
