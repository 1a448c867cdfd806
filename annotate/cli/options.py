"""Arguments and options that several commands share."""

import click

corpus_argument = click.argument("corpus", default="corpus", type=click.Path(), required=False)
corpus_option = click.option("--corpus", default="corpus", show_default=True, type=click.Path(), help="Corpus folder.")
schema_option = click.option(
    "--schema", default="schema", show_default=True, type=click.Path(), help="Folder that holds labels.yaml."
)
guidelines_option = click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="Folder of the guidelines, in Markdown.",
)
out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False),
    callback=lambda _ctx, _parameter, value: None if value == "-" else value,
    help="File to write; - is standard output.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of worker processes; does not affect the output.  [default: one for each core, fewer for little work]",
)
format_option = click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="Output format."
)
citation_option = click.option(
    "--citation",
    type=click.Path(dir_okay=False),
    help="CITATION.cff that the card quotes.  [default: the one next to the corpus folder, if there is one]",
)
samples_option = click.option(
    "--samples",
    type=click.IntRange(0, 100_000),
    default=1000,
    show_default=True,
    help="Number of bootstrap samples; 0 for no intervals.",
)
seed_option = click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap.")


def split_ids(value: str) -> list[str]:
    """Return the ids of an option that takes a list separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()]
