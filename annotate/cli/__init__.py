"""The command line: one thin file a command group, which parses, calls and renders.

Commands are imported when they are asked for, and import what is heavy inside themselves, so that `--help` is quick.
Exit codes: 0 all is well, 1 findings or refused, 2 could not run.
"""

from importlib import import_module
from typing import Any

import click

from annotate.errors import CannotRun

COMMANDS = {
    "init": "annotate.cli.init",
    "add": "annotate.cli.add",
    "check": "annotate.cli.check",
    "rules": "annotate.cli.rules",
    "adjudicate": "annotate.cli.adjudicate",
    "coverage": "annotate.cli.coverage",
    "agree": "annotate.cli.agree",
    "prelabel": "annotate.cli.prelabel",
    "score": "annotate.cli.score",
    "split": "annotate.cli.split",
    "diff": "annotate.cli.diff",
    "apply": "annotate.cli.apply",
    "build": "annotate.cli.build",
    "convert": "annotate.cli.convert",
    "hydrate": "annotate.cli.hydrate",
    "publish": "annotate.cli.publish",
    "release": "annotate.cli.release",
    "export": "annotate.cli.export",
    "import": "annotate.cli.import_",
    "studio": "annotate.cli.studio",
    "generate": "annotate.cli.generate",
}


class LazyGroup(click.Group):
    """A group that imports a command's module, and takes its `command`, when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what keeps it from running is one line on standard error, and exit code 2."""
        try:
            return super().invoke(ctx)
        except CannotRun as error:
            click.echo(f"annotate: {error}", err=True)
            ctx.exit(2)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="contested-claims")
def cli() -> None:
    """Make, check and ship a corpus of articles labelled with spans and relations.

    \b
    A first corpus:    annotate init my-corpus && cd my-corpus && annotate check
    Label it:          annotate studio up && annotate studio push
    Ship it:           annotate build --out dist/dataset
    """


def main() -> None:
    """Run the command line as a program."""
    cli()
