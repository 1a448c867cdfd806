"""`annotate score`: a system's labels against gold."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, grids, out_option, schema_option, terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.cli.labels import Labelled
    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
    from annotate.scoring.prediction_files import ScoredFile
    from annotate.scoring.score import Scores


@click.command("score")
@click.argument("gold", type=click.Path())
@click.argument("predictions", type=click.Path())
@corpus_option
@schema_option
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
@out_option
@click.option("--samples", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
def command(
    gold: str, predictions: str, corpus: str, schema: str, format_: str, out: str | None, samples: int, seed: int
) -> None:
    """Score a system's labels, PREDICTIONS, against GOLD, on the same texts.

    Both may be a folder of annotation files, as in the corpus; rows of the tables articles or tokens (.parquet,
    .jsonl), or a dataset folder; what `annotate export --format jsonl` wrote; or tokens with BIO tags (.conll), a file
    or a folder of them. An article of GOLD
    without predictions counts as one where nothing was found. Predictions for articles that GOLD does not have are
    left out. Values in brackets are 95 % intervals of a bootstrap.

    Exit code 0: scored; 2: could not run.

    \b
    annotate score corpus/annotations/gold out/baseline
    annotate score dist/dataset out/predicted.jsonl --format json --out score.json
    annotate score corpus/annotations/gold out/predicted.conll
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.scoring.score import score, tabulate_scores

    loaded = inventory.load(schema)
    store = Corpus(corpus) if Path(corpus).is_dir() else None
    gold_labels = sorted(_labels(gold, store, corpus, None, loaded), key=lambda one: one.annotation.article)
    wanted = {one.annotation.article: one for one in gold_labels}
    texts = {name: one.text for name, one in wanted.items()}
    found = {one.annotation.article: one.annotation for one in _labels(predictions, store, corpus, texts, loaded)}
    for article in sorted(found.keys() - wanted.keys()):
        click.echo(f"not scored: {article} has no gold labels", err=True)
    with terminal(stderr=True).status("scoring"):
        against = {name: (one.text, one.annotation) for name, one in wanted.items()}
        scores = score(loaded, against, found, samples, seed)
    if format_ == "json":
        import msgspec

        shown = msgspec.json.format(msgspec.json.encode(scores), indent=2).decode() + "\n"
    else:
        shown = grids(_about(scores), tabulate_scores(scores), colour=out is None)
    if out:
        from annotate.util.files import write_report

        write_report(out, shown.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(shown, nl=False)


def _labels(
    path: str, store: "Corpus | None", corpus: str, texts: dict[str, str] | None, inventory: "Inventory"
) -> "Iterator[ScoredFile]":
    """The annotations that a path stands for; says which annotation files break a rule.

    `texts` are those of the gold labels, None for these themselves, which may bring their texts along.
    Raises CannotRun for names that the inventory does not have.
    """
    from annotate.cli.labels import errors, read_folder
    from annotate.corpus import Corpus
    from annotate.scoring.prediction_files import ScoredFile, list_prediction_files, read_predictions

    ids = set(store.article_ids()) if store else set()

    def text_of(article: str) -> str | None:
        return (texts or {}).get(article) or (store.read_text(article) if store and article in ids else None)

    tables = list_prediction_files(Path(path))
    if tables:
        yield from read_predictions(tables, text_of, inventory, own_texts=texts is None)
        return
    for one in read_folder(path, store or Corpus(corpus)):
        _hold_to(one, inventory)
        faults = errors(one, inventory)
        if faults:
            code, message = faults[0].code, faults[0].message
            click.echo(f"{one.path}: breaks {len(faults)} rules, as {code}: {message}; scored as it is", err=True)
        yield ScoredFile(*one)


def _hold_to(found: "Labelled", inventory: "Inventory") -> None:
    for what, labels, known in (
        ("span label", [span.label for span in found.annotation.spans], [*inventory.spans]),
        ("relation", [relation.label for relation in found.annotation.relations], [*inventory.relations]),
    ):
        for label in labels:
            if label not in known:
                raise CannotRun(found.path, f"no {what} is called {label!r}", f"use one of: {', '.join(known)}")


def _about(scores: "Scores") -> str:
    number = len(scores.articles)
    lines = [f"{number} article{'s' * (number != 1)}; intervals from {scores.sampling.units} {scores.sampling.drawn}"]
    for side, counted in _counted(scores).items():
        if (written := scores.written[side]) != counted:
            lines.append(f"{side}: {written} spans as written, {counted} where the pieces of one span count once")
    if scores.unpredicted:
        lines.append(f"nothing predicted for {', '.join(scores.unpredicted)}")
    return "\n".join(lines)


def _counted(scores: "Scores") -> dict[str, int]:
    """How many spans of each side are scored."""
    return next({"gold": row.gold, "predicted": row.predicted} for row in scores.labels if row.kind == "all")
