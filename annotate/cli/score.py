"""`annotate score`: score a system's labels against gold, or compare two systems."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

import annotate
from annotate.cli.options import corpus_option, name_schema, out_option, samples_option, seed_option
from annotate.cli.terminal import count_noun, echo, format_tables, show_status, write_output
from annotate.errors import CannotRun
from annotate.util.escape import escape_json

if TYPE_CHECKING:
    from annotate.inventory import Inventory
    from annotate.model import Annotation
    from annotate.scoring.compare import ComparedScores, ComparedSystem
    from annotate.scoring.score import Ceiling
    from annotate.scoring.selection import Pieces

FORMATS = ("text", "markdown", "json")


@click.command("score")
@click.argument("gold", type=click.Path())
@click.argument("predictions", type=click.Path())
@click.option("--compare", "other", type=click.Path(), help="Predictions of another system, to compare with.")
@click.option("--layer", "layers", multiple=True, metavar="LAYER", help="Score only the labels of a layer; repeatable.")
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="Score only a span label; repeatable.")
@click.option(
    "--pieces",
    type=click.Choice(("joined", "separate")),
    default="joined",
    show_default=True,
    help="Whether the pieces of an interrupted span are scored as one span, or each by itself.",
)
@corpus_option
@click.option(
    "--schema",
    type=click.Path(),
    callback=name_schema,
    help="labels.yaml, or the folder that holds it.  [default: that of the dataset GOLD, or schema]",
)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format."
)
@out_option
@samples_option
@seed_option
def command(
    gold: str,
    predictions: str,
    other: str | None,
    layers: tuple[str, ...],
    labels: tuple[str, ...],
    pieces: "Pieces",
    corpus: str,
    schema: str | None,
    format_: str,
    out: str | None,
    samples: int,
    seed: int,
) -> None:
    """Score a system's labels, PREDICTIONS, against GOLD, on the same texts.

    Each may be a folder of annotation files, as in the corpus; a dataset folder; rows of one of its tables (.parquet,
    .jsonl, .json), with offsets or with quoted words; tokens with BIO tags (.conll); the output of a token
    classification pipeline; or a folder that `annotate export` wrote. An article of GOLD without predictions counts as
    one where nothing was found. Predictions for other articles are not scored. Brackets hold 95 % bootstrap intervals.
    Labels older than an attribute or a relation (`since` in labels.yaml) do not count for it. A ceiling is what gold
    itself scores in the form of the predictions, where that form does not hold everything.

    --compare scores a second system, B, against the same gold, and shows how far PREDICTIONS, A, is above it: the
    difference with its interval, the share of bootstrap samples in which A is better, and a p value.

    With --layer or --label, relations, roles and records are scored only if they can be made of the chosen labels.

    A dataset brings its inventory, so it can be scored in any folder. One of a toolkit before 0.2.0 needs --schema.

    Exit code 0: scored; 2: could not run.

    \b
    annotate score corpus/annotations/gold out/baseline
    annotate score dist/dataset out/predicted.jsonl --format json --out score.json
    annotate score corpus/annotations/gold out/predicted.conll --layer attribution
    annotate score corpus/annotations/gold out/pipeline.jsonl --format markdown
    annotate score corpus/annotations/gold out/system-a --compare out/system-b
    """
    import msgspec

    from annotate.scoring.ceiling import measure_ceiling
    from annotate.scoring.compare import compare_systems, tabulate_comparison
    from annotate.scoring.prediction_files import read_scored_labels
    from annotate.scoring.score import score
    from annotate.scoring.score_tables import render_markdown_scores, tabulate_scores
    from annotate.scoring.selection import Selection, select_labels

    inventory = annotate.load_inventory(schema or _find_schema(gold))
    selection = Selection(layers, labels, pieces)
    select_labels(inventory, selection)  # an unknown name is reported before anything is read
    files = read_scored_labels(gold, inventory, corpus, warn=_warn)
    gold_labels = {
        f.annotation.article: (f.text, f.annotation) for f in sorted(files, key=lambda f: f.annotation.article)
    }
    texts = {article_id: text for article_id, (text, _) in gold_labels.items()}
    system = _read_system(predictions, inventory, corpus, texts)
    second = None if other is None else _read_system(other, inventory, corpus, texts)
    result: annotate.Scores | ComparedScores
    with show_status("scoring"):
        ceiling = measure_ceiling(inventory, gold_labels, system.forms, selection)
        if other is None or second is None:
            scores = score(inventory, gold_labels, system.predicted, samples, seed, selection)
            result = scores = msgspec.structs.replace(scores, ceiling=ceiling)
            about, tables = _describe(scores), tabulate_scores(scores)
        else:
            names = predictions, other
            sides = system.predicted, second.predicted
            compared = compare_systems(inventory, gold_labels, *sides, samples, seed, selection, names)
            other_ceiling = measure_ceiling(inventory, gold_labels, second.forms, selection)
            result = compared = compared.with_ceilings(ceiling, other_ceiling)
            about, tables = _describe_comparison(compared, inventory), tabulate_comparison(compared)
    if format_ == "json":
        text = escape_json(msgspec.json.format(msgspec.json.encode(result), indent=2).decode()) + "\n"
    elif format_ == "markdown":
        text = render_markdown_scores(about, tables)
    else:
        text = format_tables(about, tables, colour=out is None)
    write_output(out, text)


class _System(NamedTuple):
    """The predictions of a system, and the form in which those of each article were read, by article id."""

    predicted: "dict[str, Annotation]"
    forms: dict[str, str]


def _read_system(path: str, inventory: "Inventory", corpus: str, texts: Mapping[str, str]) -> _System:
    """Read the predictions of a system; those of articles without gold are named and left out."""
    from annotate.scoring.prediction_files import read_scored_labels

    system = _System({}, {})
    for file in read_scored_labels(path, inventory, corpus, texts, _warn):
        article_id = file.annotation.article
        if article_id in texts:
            system.predicted[article_id], system.forms[article_id] = file.annotation, file.form
        else:
            _warn(f"not scored: {article_id} has no gold labels")
    return system


def _find_schema(gold: str) -> str:
    """Return the schema folder of a dataset, or else the one of the current folder."""
    from annotate.dataset.folder import find_own_schema
    from annotate.inventory import INVENTORY_FILE

    if not Path(gold).exists():
        raise CannotRun(gold, "no such file or folder", "name annotation files, a dataset, or rows of one")
    own = find_own_schema(gold)
    if own is None and not Path("schema", INVENTORY_FILE).is_file():
        hint = f"give the {INVENTORY_FILE} of its version with --schema"
        raise CannotRun(gold, f"comes without {INVENTORY_FILE}, and neither does this folder have one in schema", hint)
    return "schema" if own is None else str(own)


def _warn(message: str) -> None:
    echo(message, err=True)


def _describe(scores: "annotate.Scores") -> list[str]:
    sampling = scores.sampling
    lines = [f"{count_noun(len(scores.articles), 'article')}; intervals from {sampling.units} {sampling.drawn}"]
    row = next(row for row in scores.labels if row.kind == "all")
    for side, scored in (("gold", row.gold), ("predicted", row.predicted)):
        if (written := scores.written[side]) != scored:
            lines.append(f"{side}: {written} spans as written, {scored} where the pieces of one span count once")
    if scores.unpredicted:
        lines.append(f"nothing predicted for {', '.join(scores.unpredicted)}")
    return [*lines, *_describe_ceiling(scores.ceiling)]


def _describe_ceiling(ceiling: "Ceiling | None") -> Iterator[str]:
    if ceiling:
        row = ceiling.overall
        values = ", ".join(
            f"{way} F1 {'undefined' if value is None else f'{value:.2f}'}"
            for way, value in (("exact", row.exact), ("overlap", row.overlap))
        )
        yield f"ceiling of {', '.join(ceiling.forms)}: gold itself, written in this form, has {values} over all labels"


def _describe_comparison(compared: "ComparedScores", inventory: "Inventory") -> list[str]:
    sampling = compared.sampling
    drawn = f"{sampling.samples:,} samples of {sampling.units} {sampling.drawn}"
    lines = [f"{count_noun(len(compared.articles), 'article')}; paired bootstrap, {drawn}"]
    for letter, system in zip("AB", compared.systems, strict=True):
        lines += _describe_system(letter, system, bool(inventory.attributes))
    return lines


def _describe_system(letter: str, system: "ComparedSystem", has_attributes: bool) -> Iterator[str]:
    yield f"{letter}: {system.name}"
    if system.unpredicted:
        yield f"{letter}: nothing predicted for {', '.join(system.unpredicted)}"
    if has_attributes and not system.predicts_attributes:
        yield f"{letter}: predicts no attributes, so attributes and counts are not compared"
    yield from (f"{letter}: {line}" for line in _describe_ceiling(system.ceiling))
