"""Arguments and options that several commands share."""

import click

STUDIO_FOLDER = ".studio"
"""Default folder of the state of Label Studio; here, since options must not import the package that reads it."""

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
FOLDER_TO_WRITE = click.Path(readable=False)
"""An output folder. `annotate.outputs` decides whether it may be written, with a message of one line."""
FILE_TO_WRITE = click.Path(readable=False)
"""An output file; see `check_report`."""


def check_report(_ctx: click.Context, _parameter: click.Parameter, path: str | None) -> str | None:
    """Refuse a link and a folder before the work begins.

    Raises:
        CannotRun: If no report can be written there.
    """
    from annotate.util.files import is_regular_report

    if path is not None:
        is_regular_report(path)
    return path


out_option = click.option(
    "--out",
    type=FILE_TO_WRITE,
    callback=lambda ctx, parameter, value: None if value == "-" else check_report(ctx, parameter, value),
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
