"""What several commands share: their options, and how they speak to a terminal."""

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console

Command = Callable[..., Any]

corpus_argument = click.argument("corpus", default="corpus", type=click.Path(), required=False)
corpus_option = click.option(
    "--corpus", default="corpus", show_default=True, type=click.Path(), help="The corpus folder."
)
schema_option = click.option(
    "--schema", default="schema", show_default=True, type=click.Path(), help="The folder that holds labels.yaml."
)
guidelines_option = click.option(
    "--guidelines",
    default="guidelines",
    show_default=True,
    type=click.Path(),
    help="The folder of the guidelines, in Markdown.",
)


def terminal(stderr: bool = False) -> Console:
    """A console that wraps nothing when its output is no terminal, so that scripts can read it."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = Console(stderr=stderr, highlight=False, width=10_000, soft_wrap=True)
    return console
