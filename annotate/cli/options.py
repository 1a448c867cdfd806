"""Arguments and options that several commands share."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from annotate.util.escape import quote

F = TypeVar("F", bound=Callable[..., Any])
FILES_OPTION = "--files"


class FilesCommand(click.Command):
    """A command whose option `--files` takes all words up to the next option, as pre-commit and xargs give them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of a command line."""
        words, is_list = list[str](), False
        for index, word in enumerate(args):
            if is_list and not word.startswith("-"):
                words += [FILES_OPTION] if args[index - 1] != FILES_OPTION else []
            else:
                is_list = word == FILES_OPTION
            words.append(word)
        return super().parse_args(ctx, words)


corpus_argument = click.argument("corpus", default="corpus", type=click.Path(), required=False)
corpus_option = click.option("--corpus", default="corpus", show_default=True, type=click.Path(), help="Corpus folder.")


def name_schema(_ctx: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Return the schema folder that `--schema` names, by its path or by that of its `labels.yaml`."""
    if path is None or path == parameter.default:  # `--help` of a subcommand comes by here, and imports nothing
        return path
    from annotate.inventory import name_schema_folder

    return str(name_schema_folder(path))


schema_option = click.option(
    "--schema",
    default="schema",
    show_default=True,
    type=click.Path(),
    callback=name_schema,
    help="labels.yaml, or the folder that holds it.",
)
guidelines_option = click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="Folder of the guidelines, in Markdown.",
)
language_option = click.option(
    "--language", help="Language of the texts, as in BCP 47.  [default: the language of labels.yaml]"
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
FINDINGS_FORMATS = ("text", "json", "github")
"""Formats of the output of a command that has findings and more. `github` has findings as workflow commands."""
findings_format_option = click.option(
    "--format", "format_", type=click.Choice(FINDINGS_FORMATS), default="text", show_default=True, help="Output format."
)
text_or_github_option = click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "github")),
    default="text",
    show_default=True,
    help="How to print findings.",
)
all_option = click.option("--all", "show_all", is_flag=True, help="Show every line, without cutting long lists.")
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


_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?(k|M|G|T)?B?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _parse_size(_ctx: click.Context, _parameter: click.Parameter, value: str) -> int:
    """Return the number of bytes of a size with a unit or without: 500MB, 2.5 GB, 1000000."""
    match = _SIZE.fullmatch(value.strip())
    size = round(float(match[1]) * _UNITS[(match[2] or "").lower()]) if match else 0
    if not size:
        raise click.BadParameter(f"{quote(value)} is not a size; write a number and a unit, as in 500MB or 2GB")
    return size


def archive_options(function: F) -> F:
    """Add the options that bound what an archive may hold: `max_unpacked`, `max_members`, `max_ratio`."""
    for option in (
        click.option(
            "--max-ratio",
            type=click.IntRange(1),
            default=200,
            show_default=True,
            help="Bytes that a larger archive may unpack to, for each of its own.",
        ),
        click.option(
            "--max-members",
            type=click.IntRange(1),
            default=500_000,
            show_default=True,
            help="Files and folders that an archive may hold.",
        ),
        click.option(
            "--max-unpacked",
            callback=_parse_size,
            metavar="SIZE",
            default="2GB",
            show_default=True,
            help="Bytes that an archive may unpack to, as in 500MB.",
        ),
    ):
        function = option(function)
    return function
