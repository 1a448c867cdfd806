"""`annotate studio`: everything about Label Studio, one file a command.

A command's module is imported when the command runs; the table below has what `annotate studio --help` shows.
"""

from importlib import import_module
from typing import NamedTuple

import click


class LazyCommand(NamedTuple):
    """A command: the module of this package that has it, under the command's name, and its summary for the list."""

    module: str
    summary: str


COMMANDS = {
    "up": LazyCommand("server", "Start a server on this machine, for this machine only."),
    "down": LazyCommand("server", "Stop the server that `up` started; its data remain."),
    "push": LazyCommand("push", "Push articles, gold labels and guidelines to the server."),
    "pull": LazyCommand("pull", "Pull what was submitted into the corpus, one file for each annotator and article."),
    "compare": LazyCommand("compare", "Compare everything on the server with the corpus: texts, spans and relations."),
    "status": LazyCommand("status", "Show the server, its projects, the progress of each annotator, and problems."),
    "people": LazyCommand("people", "List the annotators on the server, or create users for them."),
    "assign": LazyCommand("people", 'Create a project for each annotator, "TITLE: ID".'),
    "adjudicate": LazyCommand("adjudicate", 'Adjudicate in Label Studio, in a project "TITLE: adjudication".'),
    "migrate": LazyCommand("migrate", "Rename, merge, split and drop labels, attributes, values and relations."),
    "config": LazyCommand("config", "Print the labelling config of the inventory."),
}


class StudioGroup(click.Group):
    """The group of the commands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none with this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name].module}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])


@click.group("studio", cls=StudioGroup)
def command() -> None:
    """Label in Label Studio: start a server, push the corpus, pull the labels.

    The commands use the server of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY if both are set, else the one that
    `annotate studio up` starts on this machine.

    \b
    annotate studio up && annotate studio push
    annotate studio pull --annotator ID
    annotate studio down
    """
