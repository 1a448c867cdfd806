"""The command line: one thin file a command, which parses its arguments, calls the library and shows the result.

Exit codes: 0 success, 1 findings or a refusal, 2 the command could not run, 129 the terminal was closed (SIGHUP), 130
interrupted (SIGINT), 141 the output was closed (SIGPIPE), 143 terminated (SIGTERM).
"""

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from annotate.cli.lazy_group import Entry, LazyGroup
from annotate.cli.terminal import echo, show_usage_error
from annotate.errors import CannotRun, Refused, describe_os_error
from annotate.util.distributions import find_name_clash
from annotate.util.startup import block_pandas, forget_current_folder, keep_freed_memory
from annotate.util.termination import (
    TerminationRequest,
    exit_at_once,
    handle_termination,
    ignore_termination,
    is_terminating,
)

SECTIONS = {
    "Make a corpus": {
        "init": Entry(
            "annotate.cli.init:command",
            "Lay out an empty corpus in FOLDER, with an inventory to begin with or one of yours.",
        ),
        "add": Entry("annotate.cli.add:command", "Add FILES to a corpus as articles."),
        "generate": Entry(
            "annotate.cli.generate:command", "Write the JSON Schemas and the guidelines' tables from labels.yaml."
        ),
        "migrate": Entry(
            "annotate.cli.migrate:command",
            "Rename, merge, split, drop and add labels, attributes, values and relations as FILE says.",
        ),
        "import": Entry(
            "annotate.cli.import_:command", "Import the texts and labels of FOLDER as the work of their annotators."
        ),
        "split": Entry("annotate.cli.split:command", "Propose a split for every article that is not in one yet."),
    },
    "Label it": {
        "studio": Entry(
            "annotate.cli.studio:command", "Label in Label Studio: start a server, push the corpus, pull the labels."
        ),
        "prelabel": Entry(
            "annotate.cli.prelabel:command",
            "Label every article with the patterns of schema/baseline.yaml, or with a language model.",
        ),
        "adjudicate": Entry(
            "annotate.cli.adjudicate:command", "Decide between the labels of several annotators, and make gold."
        ),
        "reviewed": Entry(
            "annotate.cli.reviewed:command",
            "Say that a person has read the labels of each ARTICLE again, and that they follow labels.yaml.",
        ),
    },
    "Check and measure it": {
        "check": Entry("annotate.cli.check:command", "Check every file of a corpus, then the corpus as a whole."),
        "rules": Entry("annotate.cli.rules:command", "List the rules, or explain the rule CODE."),
        "coverage": Entry(
            "annotate.cli.coverage:command", "Show the gold labels of each sentence, or why it has none."
        ),
        "doubts": Entry(
            "annotate.cli.doubts:command",
            "List the notes that annotators wrote on spans and relations, each with its page of the guidelines.",
        ),
        "agree": Entry(
            "annotate.cli.agree:command",
            "Measure the agreement of annotators on spans, attributes, relations, records and counts.",
        ),
        "score": Entry(
            "annotate.cli.score:command", "Score a system's labels, PREDICTIONS, against GOLD, on the same texts."
        ),
    },
    "Ship it": {
        "build": Entry(
            "annotate.cli.build:command", "Check a corpus, then write its dataset: Parquet tables, card, manifest."
        ),
        "convert": Entry(
            "annotate.cli.convert:command", "Convert Label Studio exports (raw JSON) of any size to a dataset."
        ),
        "hydrate": Entry(
            "annotate.cli.hydrate:command", "Restore the texts of a dataset made with `build --without-text`."
        ),
        "export": Entry(
            "annotate.cli.export:command", "Write the labels of one annotator, with their texts, in another format."
        ),
        "diff": Entry(
            "annotate.cli.diff:command",
            "Show what changed from OLD to NEW: counts by label, every change, and the version number that is needed.",
        ),
        "apply": Entry(
            "annotate.cli.apply:command",
            "Turn OLD into NEW with a DIFFERENCE written by `annotate diff OLD NEW --format json`.",
        ),
        "release": Entry("annotate.cli.release:command", "Release a corpus: plan its version, check it and cut it."),
        "publish": Entry(
            "annotate.cli.publish:command", "Upload a built dataset to the Hugging Face Hub as one commit and a tag."
        ),
    },
}


class _Program(LazyGroup):
    """The group of all commands. An error that keeps a command from running is one line on standard error.

    Several faults of one input are a line each.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CannotRun as error:
            for line in error.lines:
                echo(f"annotate: {line}", err=True)
            ctx.exit(1 if isinstance(error, Refused) else 2)
        except BrokenPipeError:
            # Click would exit with 1, the code of findings.
            ctx.exit(128 + signal.SIGPIPE)


@click.group(
    cls=_Program,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="contested-claims")
def cli() -> None:
    """Make, check and ship a corpus of articles labelled with spans and relations.

    \b
    A first corpus:    annotate init my-corpus && cd my-corpus && annotate check
    Label it:          annotate studio up && annotate studio push
    Ship it:           annotate build --out dist/dataset
    """


def main() -> None:
    """Run the command line as a program, and exit with its exit code."""
    handle_termination()
    forget_current_folder()
    block_pandas()
    keep_freed_memory()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the parent process closed it: it wants no output
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - open until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be UTF-8
    try:
        if clash := find_name_clash():
            echo(f"annotate: {clash}", err=True)
        code = _run()
        sys.stdout.flush()
    except OSError as error:
        code = 128 + signal.SIGPIPE if isinstance(error, BrokenPipeError) else _report_failed_output(error)
        # Python would try to flush the rest at exit, and fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    ignore_termination()
    if is_terminating():
        exit_at_once(code)
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code. Raise OSError where the output itself cannot be written."""
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        show_usage_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        echo("Aborted!", err=True)
        declined = isinstance(error, click.Abort) and not isinstance(error.__cause__, KeyboardInterrupt)
        return 1 if declined else 128 + signal.SIGINT
    except TerminationRequest as request:
        notes = "".join(f"; {note}" for note in getattr(request, "__notes__", ()))
        echo(f"annotate: stopped by {request.signal.name}{notes}", err=True)
        return 128 + request.signal
    return code if isinstance(code, int) else 0


def _report_failed_output(error: OSError) -> int:
    where = error.filename or "standard output"
    echo(f"annotate: {where}: {describe_os_error(error)}; correct that, and run the command again", err=True)
    return 2
