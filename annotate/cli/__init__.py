"""The command line: one thin file a command group, which parses, calls and renders.

Commands are imported when they are asked for, and import what is heavy inside themselves, so that `--help` is quick.
Exit codes: 0 all is well, 1 findings or refused, 2 could not run; 130 and 141 as shells have them, for a command that
was interrupted and for one whose reader has gone.
"""

import io
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.util.parallel import block_pandas, keep_freed_memory

SECTIONS = {
    "Make a corpus": {
        "init": "annotate.cli.init",
        "add": "annotate.cli.add",
        "generate": "annotate.cli.generate",
        "import": "annotate.cli.import_",
        "split": "annotate.cli.split",
    },
    "Label it": {
        "studio": "annotate.cli.studio",
        "prelabel": "annotate.cli.prelabel",
        "adjudicate": "annotate.cli.adjudicate",
    },
    "Check and measure it": {
        "check": "annotate.cli.check",
        "rules": "annotate.cli.rules",
        "coverage": "annotate.cli.coverage",
        "agree": "annotate.cli.agree",
        "score": "annotate.cli.score",
    },
    "Ship it": {
        "build": "annotate.cli.build",
        "convert": "annotate.cli.convert",
        "hydrate": "annotate.cli.hydrate",
        "export": "annotate.cli.export",
        "diff": "annotate.cli.diff",
        "apply": "annotate.cli.apply",
        "release": "annotate.cli.release",
        "publish": "annotate.cli.publish",
    },
}
COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}
WHOLE = 200  # characters: longer than any command's first sentence


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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their sections, each with its first sentence, whole."""
        for title, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, command.get_short_help_str(WHOLE)) for name, command in commands if command])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what keeps it from running is one line on standard error, and exit code 2, or 1 if refused."""
        try:
            return super().invoke(ctx)
        except CannotRun as error:
            click.echo(f"annotate: {error}", err=True)
            ctx.exit(1 if isinstance(error, Refused) else 2)
        except BrokenPipeError:
            # Click would end it with the exit code of findings.
            ctx.exit(128 + signal.SIGPIPE)


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
    """Run the command line as a program, and end it with its exit code."""
    block_pandas()
    keep_freed_memory()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this, who wants nothing of it
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name need not be UTF-8
    try:
        code = _run()
        sys.stdout.flush()
    except OSError as error:
        code = 128 + signal.SIGPIPE if isinstance(error, BrokenPipeError) else _unwritten(error)
        # What is still waiting to be written would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run() -> int:
    """Run the command; its exit code. Raises OSError where no command has said anything of it, as the output fails."""
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("Aborted!", err=True)
        asked = isinstance(error, click.Abort) and not isinstance(error.__cause__, KeyboardInterrupt)
        return 1 if asked else 128 + signal.SIGINT
    return code if isinstance(code, int) else 0


def _unwritten(error: OSError) -> int:
    place = error.filename or "standard output"
    click.echo(f"annotate: {place}: {describe_os_error(error)}; see to it, and run again", err=True)
    return 2
