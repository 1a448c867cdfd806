"""`annotate score`: score a system's labels against gold, or compare two systems."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

import annotate
from annotate.cli.options import all_option, corpus_option, name_schema, out_option, samples_option, seed_option
from annotate.cli.score_output import SCORE_FORMATS, describe_ceiling, describe_scores, render_scores
from annotate.cli.terminal import count_noun, echo_cut, show_steps, write_output
from annotate.errors import CannotRun
from annotate.findings import list_names
from annotate.util.progress import count_items

if TYPE_CHECKING:
    from annotate.inventory import Inventory
    from annotate.model import Annotation
    from annotate.scoring.compare import ComparedScores, ComparedSystem
    from annotate.scoring.selection import Pieces
    from annotate.util.parallel import LazyPool
    from annotate.util.progress import StartStep


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
    "--format", "format_", type=click.Choice(SCORE_FORMATS), default="text", show_default=True, help="Output format."
)
@out_option
@samples_option
@seed_option
@all_option
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
    show_all: bool,
) -> None:
    """Score a system's labels, PREDICTIONS, against GOLD, on the same texts.

    Each may be a folder of annotation files, as in the corpus; a dataset folder; rows of one of its tables (.parquet,
    .jsonl, .json), with offsets or with quoted words; tokens with BIO tags (.conll); the output of a token
    classification pipeline; or a folder that `annotate export` wrote. An article of GOLD without predictions counts as
    one where nothing was found. Predictions for other articles are not scored. Brackets hold 95 % bootstrap intervals.
    Labels older than an attribute or a relation (`since` in labels.yaml) do not count for it. A ceiling is what gold
    itself scores in the form of the predictions, where that form does not hold everything. If gold was made from the
    labels that are scored, or from labels of annotators who were shown them, the output says that scores are too high.

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
    from annotate.scoring.packed_annotations import PackedAnnotations, PackedGold
    from annotate.scoring.prediction_files import read_scored_labels
    from annotate.scoring.score import score
    from annotate.scoring.score_tables import tabulate_scores
    from annotate.scoring.selection import Selection, select_labels
    from annotate.scoring.shared_labels import find_shared_labels
    from annotate.util.parallel import lazy_pool

    inventory = annotate.load_inventory(schema or _find_schema(gold))
    selection = Selection(layers, labels, pieces)
    select_labels(inventory, selection)  # an unknown name is reported before anything is read
    store = annotate.Corpus(corpus) if Path(corpus).is_dir() else None
    result: annotate.Scores | ComparedScores
    with echo_cut("message", show_all, err=True) as warn, show_steps() as progress, lazy_pool() as pool:
        files = count_items(
            read_scored_labels(gold, inventory, corpus, warn=warn, pool=pool), progress("reading gold labels", None)
        )
        gold_annotations, texts = PackedAnnotations(), dict[str, str]()
        for file in files:
            gold_annotations.packed[file.article], texts[file.article] = file.packed, file.text
        texts = dict(sorted(texts.items()))
        gold_labels = PackedGold(texts, gold_annotations)
        reader = _SystemReader(inventory, corpus, texts, warn, progress, pool)
        system = reader.read(predictions)
        second = None if other is None else reader.read(other)
        progress("scoring", None)
        ceiling = measure_ceiling(inventory, gold_labels, system.forms, selection, pool)
        if other is None or second is None:
            scores = score(inventory, gold_labels, system.predicted, samples, seed, selection, pool)
            shared = find_shared_labels(gold_labels, system.predicted, store)
            result = scores = msgspec.structs.replace(scores, ceiling=ceiling, shared=shared)
            about, tables = describe_scores(scores), tabulate_scores(scores)
        else:
            names = predictions, other
            sides = system.predicted, second.predicted
            compared = compare_systems(inventory, gold_labels, *sides, samples, seed, selection, names, pool)
            other_ceiling = measure_ceiling(inventory, gold_labels, second.forms, selection, pool)
            compared = compared.with_ceilings(ceiling, other_ceiling)
            shared_by_both = (find_shared_labels(gold_labels, side, store) for side in sides)
            result = compared = compared.with_shared(*shared_by_both)
            about, tables = _describe_comparison(compared, inventory), tabulate_comparison(compared)
    write_output(out, render_scores(format_, result, about, tables, colour=out is None))


class _System(NamedTuple):
    """The predictions of a system, and the form in which those of each article were read, by article id."""

    predicted: "Mapping[str, Annotation]"
    forms: dict[str, str]


class _SystemReader(NamedTuple):
    """Reads the predictions of systems on the articles of gold.

    Attributes:
        inventory: The inventory of the labels.
        corpus: The corpus folder.
        texts: The texts of gold by article id.
        warn: Takes what is not as it should be.
        progress: Called at the start of each step.
        pool: The processes that read annotation files.
    """

    inventory: "Inventory"
    corpus: str
    texts: Mapping[str, str]
    warn: Callable[[str], None]
    progress: "StartStep"
    pool: "LazyPool"

    def read(self, path: str) -> _System:
        """Read the predictions of a system; those of articles without gold are named and left out."""
        from annotate.scoring.packed_annotations import PackedAnnotations
        from annotate.scoring.prediction_files import read_scored_labels

        predicted, forms = PackedAnnotations(), dict[str, str]()
        files = read_scored_labels(path, self.inventory, self.corpus, self.texts, self.warn, self.pool)
        for file in count_items(files, self.progress("reading predictions", len(self.texts))):
            if file.article in self.texts:
                predicted.packed[file.article], forms[file.article] = file.packed, file.form
            else:
                self.warn(f"not scored: {file.article} has no gold labels")
        return _System(predicted, forms)


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
        yield f"{letter}: nothing predicted for {list_names(system.unpredicted)}"
    if has_attributes and not system.predicts_attributes:
        yield f"{letter}: predicts no attributes, so attributes and counts are not compared"
    yield from (f"{letter}: {line}" for line in describe_ceiling(system.ceiling))
    yield from (f"{letter}: {shared.describe()}" for shared in system.shared)
