"""`annotate score`: a system's labels against gold."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import corpus_option, schema_option, terminal
from annotate.cli.grids import grids

if TYPE_CHECKING:
    from annotate.agreement.score import Scores


@click.command("score")
@click.argument("gold", type=click.Path())
@click.argument("predictions", type=click.Path())
@corpus_option
@schema_option
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
@click.option("--out", type=click.Path(dir_okay=False), help="Write it to a file.")
@click.option("--samples", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
def command(
    gold: str, predictions: str, corpus: str, schema: str, format_: str, out: str | None, samples: int, seed: int
) -> None:
    """Score the annotation files in the folder PREDICTIONS against those in GOLD, on the texts of the corpus.

    An article of GOLD without predictions counts as one where nothing was found. Predictions for articles that GOLD
    does not have are left out. Values in brackets are 95 % intervals of a bootstrap.

    Exit code 0: scored; 2: could not run.

    \b
    annotate score corpus/annotations/gold out/baseline
    annotate score corpus/annotations/gold out/baseline --format json --out score.json
    """
    from annotate import inventory
    from annotate.agreement.score import score, tables
    from annotate.cli.labels import errors, read_folder
    from annotate.store import Corpus

    loaded, store = inventory.load(schema), Corpus(corpus)
    wanted = {entry.annotation.article: (entry.text, entry.annotation) for entry in read_folder(gold, store)}
    found = {entry.annotation.article: entry for entry in read_folder(predictions, store)}
    for article in sorted(found.keys() - wanted.keys()):
        click.echo(f"not scored: {article} has no gold labels", err=True)
    for entry in found.values():
        faults = errors(entry, loaded)
        if faults:
            code, message = faults[0].code, faults[0].message
            click.echo(f"{entry.path}: breaks {len(faults)} rules, as {code}: {message}; scored as it is", err=True)
    with terminal(stderr=True).status("scoring"):
        scores = score(loaded, wanted, {name: entry.annotation for name, entry in found.items()}, samples, seed)
    if format_ == "json":
        import msgspec

        shown = msgspec.json.format(msgspec.json.encode(scores), indent=2).decode() + "\n"
    else:
        shown = grids(_about(scores), tables(scores), colour=out is None)
    if out:
        from annotate.files import write_atomically

        write_atomically(Path(out), shown.encode())
        click.echo(f"written to {out}", err=True)
    else:
        click.echo(shown, nl=False)


def _about(scores: "Scores") -> str:
    number = len(scores.articles)
    lines = [f"{number} article{'s' * (number != 1)}; intervals from {scores.sampling.units} {scores.sampling.drawn}"]
    if scores.unpredicted:
        lines.append(f"nothing predicted for {', '.join(scores.unpredicted)}")
    return "\n".join(lines)
