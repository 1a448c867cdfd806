"""`annotate score`: score a system's labels against gold."""

from pathlib import Path

import click

import annotate
from annotate.cli.options import corpus_option, format_option, name_schema, out_option, samples_option, seed_option
from annotate.cli.terminal import echo, format_tables, show_status, write_output
from annotate.errors import CannotRun
from annotate.util.escape import escape_json


@click.command("score")
@click.argument("gold", type=click.Path())
@click.argument("predictions", type=click.Path())
@corpus_option
@click.option(
    "--schema",
    type=click.Path(),
    callback=name_schema,
    help="labels.yaml, or the folder that holds it.  [default: that of the dataset GOLD, or schema]",
)
@format_option
@out_option
@samples_option
@seed_option
def command(
    gold: str, predictions: str, corpus: str, schema: str | None, format_: str, out: str | None, samples: int, seed: int
) -> None:
    """Score a system's labels, PREDICTIONS, against GOLD, on the same texts.

    Each may be a folder of annotation files, as in the corpus; a dataset folder; rows of one of its tables (.parquet,
    .jsonl, .json), with offsets or with quoted words; tokens with BIO tags (.conll); the output of a token
    classification pipeline; or a folder that `annotate export` wrote. An article of GOLD without predictions counts as
    one where nothing was found. Predictions for other articles are not scored. Brackets hold 95 % bootstrap intervals.
    Labels older than an attribute or a relation (`since` in labels.yaml) do not count for it.

    A dataset brings its inventory, so it can be scored in any folder. One of a toolkit before 0.2.0 needs --schema.

    Exit code 0: scored; 2: could not run.

    \b
    annotate score corpus/annotations/gold out/baseline
    annotate score dist/dataset out/predicted.jsonl --format json --out score.json
    annotate score corpus/annotations/gold out/predicted.conll
    annotate score corpus/annotations/gold out/pipeline.jsonl
    """
    from annotate.scoring.prediction_files import read_scored_labels
    from annotate.scoring.score import score, tabulate_scores

    inventory = annotate.load_inventory(schema or _find_schema(gold))
    files = read_scored_labels(gold, inventory, corpus, warn=_warn)
    gold_labels = {
        f.annotation.article: (f.text, f.annotation) for f in sorted(files, key=lambda f: f.annotation.article)
    }
    texts = {article_id: text for article_id, (text, _) in gold_labels.items()}
    predicted_files = read_scored_labels(predictions, inventory, corpus, texts, _warn)
    predicted = {file.annotation.article: file.annotation for file in predicted_files}
    for article_id in sorted(predicted.keys() - gold_labels.keys()):
        _warn(f"not scored: {article_id} has no gold labels")
    with show_status("scoring"):
        scores = score(inventory, gold_labels, predicted, samples, seed)
    if format_ == "json":
        import msgspec

        text = escape_json(msgspec.json.format(msgspec.json.encode(scores), indent=2).decode()) + "\n"
    else:
        text = format_tables(_describe(scores), tabulate_scores(scores), colour=out is None)
    write_output(out, text)


def _find_schema(gold: str) -> str:
    """Return the schema folder of a dataset, or else the one of the current folder."""
    from annotate.dataset.folder import find_own_schema
    from annotate.inventory import INVENTORY_FILE

    own = find_own_schema(gold)
    if own is None and not Path("schema", INVENTORY_FILE).is_file():
        hint = f"give the {INVENTORY_FILE} of its version with --schema"
        raise CannotRun(gold, f"comes without {INVENTORY_FILE}, and neither does this folder have one in schema", hint)
    return "schema" if own is None else str(own)


def _warn(message: str) -> None:
    echo(message, err=True)


def _describe(scores: "annotate.Scores") -> list[str]:
    number = len(scores.articles)
    lines = [f"{number} article{'s' * (number != 1)}; intervals from {scores.sampling.units} {scores.sampling.drawn}"]
    row = next(row for row in scores.labels if row.kind == "all")
    for side, scored in (("gold", row.gold), ("predicted", row.predicted)):
        if (written := scores.written[side]) != scored:
            lines.append(f"{side}: {written} spans as written, {scored} where the pieces of one span count once")
    if scores.unpredicted:
        lines.append(f"nothing predicted for {', '.join(scores.unpredicted)}")
    return lines
