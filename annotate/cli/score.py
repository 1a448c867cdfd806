"""`annotate score`: a system's labels against gold."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_option, grids, out_option, samples_option, schema_option, seed_option, terminal

if TYPE_CHECKING:
    from annotate.annotation_files import AnnotationFile
    from annotate.corpus import Corpus
    from annotate.inventory import Inventory
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
@samples_option
@seed_option
def command(
    gold: str, predictions: str, corpus: str, schema: str, format_: str, out: str | None, samples: int, seed: int
) -> None:
    """Score a system's labels, PREDICTIONS, against GOLD, on the same texts.

    Each may be a folder of annotation files, as in the corpus; rows of the tables articles or tokens (.parquet,
    .jsonl), or a dataset folder; the output of `annotate export --format jsonl`; or tokens with BIO tags (.conll), a
    file or a folder of them. An article of GOLD without predictions counts as one in which nothing was found.
    Predictions for articles without GOLD are left out. Brackets hold 95 % bootstrap intervals.

    Exit code 0: scored; 2: could not run.

    \b
    annotate score corpus/annotations/gold out/baseline
    annotate score dist/dataset out/predicted.jsonl --format json --out score.json
    annotate score corpus/annotations/gold out/predicted.conll
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.scoring.score import score, tabulate_scores

    loaded = inventory.load_inventory(schema)
    store = Corpus(corpus) if Path(corpus).is_dir() else None
    files = _read_labels(gold, store, corpus, None, loaded)
    by_article = {file.annotation.article: file for file in sorted(files, key=lambda file: file.annotation.article)}
    texts = {article_id: file.text for article_id, file in by_article.items()}
    predicted = {
        file.annotation.article: file.annotation for file in _read_labels(predictions, store, corpus, texts, loaded)
    }
    for article_id in sorted(predicted.keys() - by_article.keys()):
        click.echo(f"not scored: {article_id} has no gold labels", err=True)
    with terminal(stderr=True).status("scoring"):
        expected = {article_id: (file.text, file.annotation) for article_id, file in by_article.items()}
        scores = score(loaded, expected, predicted, samples, seed)
    if format_ == "json":
        import msgspec

        output = msgspec.json.format(msgspec.json.encode(scores), indent=2).decode() + "\n"
    else:
        output = grids(_describe_scores(scores), tabulate_scores(scores), colour=out is None)
    if out:
        from annotate.util.files import write_report

        write_report(out, output.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(output, nl=False)


def _read_labels(
    path: str, store: "Corpus | None", corpus: str, texts: dict[str, str] | None, inventory: "Inventory"
) -> "Iterator[AnnotationFile]":
    """Yield the annotations that a path names, and report annotation files that break a rule.

    Args:
        path: GOLD or PREDICTIONS.
        store: The corpus, if there is one.
        corpus: Its folder.
        texts: The texts of the gold labels by article id; None for gold itself, whose rows may have their own texts.
        inventory: The inventory.
    """
    from annotate.annotation_files import read_annotation_folder
    from annotate.cli.labels import find_errors
    from annotate.corpus import Corpus
    from annotate.scoring.prediction_files import list_prediction_files, read_predictions, require_labels

    article_ids = set(store.article_ids()) if store else set()

    def find_text(article_id: str) -> str | None:
        if texts and article_id in texts:
            return texts[article_id]
        return store.read_text(article_id) if store and article_id in article_ids else None

    files = list_prediction_files(Path(path))
    if files:
        yield from read_predictions(files, find_text, inventory, own_texts=texts is None)
        return
    for file in read_annotation_folder(path, store or Corpus(corpus)):
        require_labels(file, inventory)
        errors = find_errors(file, inventory)
        if errors:
            first = f"{errors[0].code}: {errors[0].message}"
            click.echo(f"{file.path}: breaks {len(errors)} rules, such as {first}; scored as it is", err=True)
        yield file


def _describe_scores(scores: "Scores") -> str:
    number = len(scores.articles)
    lines = [f"{number} article{'s' * (number != 1)}; intervals from {scores.sampling.units} {scores.sampling.drawn}"]
    total = next(row for row in scores.labels if row.kind == "all")
    for side, counted in (("gold", total.gold), ("predicted", total.predicted)):
        if (written := scores.written[side]) != counted:
            lines.append(f"{side}: {written} spans as written, {counted} where the pieces of one span count once")
    if scores.unpredicted:
        lines.append(f"nothing predicted for {', '.join(scores.unpredicted)}")
    return "\n".join(lines)
