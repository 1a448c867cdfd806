"""`annotate studio watch`: show annotators the findings on their labels, in Label Studio and on summary pages."""

import click

from annotate.cli.options import corpus_option, guidelines_option, schema_option
from annotate.cli.studio.common import dir_option, map_option, patience_option, title_option
from annotate.cli.terminal import echo


@click.command("watch")
@corpus_option
@schema_option
@guidelines_option
@title_option
@dir_option
@map_option
@click.option("--once", is_flag=True, help="Poll once and end.")
@click.option(
    "--every",
    type=click.FloatRange(1),
    metavar="SECONDS",
    default=15,
    show_default=True,
    help="Time between two polls.",
)
@patience_option
@click.option(
    "--pages",
    type=click.Path(readable=False),
    help="Folder for the summary pages, a new one or one of this command.  [default: findings in the server's folder]",
)
def watch(
    corpus: str,
    schema: str,
    guidelines: str,
    title: str | None,
    folder: str | None,
    map_: str | None,
    once: bool,
    every: float,
    patience: float | None,
    pages: str | None,
) -> None:
    """Show annotators the findings on their labels, in Label Studio and on summary pages.

    Checks labels that are new or changed, as `annotate check` does, and writes nothing into the corpus. The task shows
    the findings above its text when it is opened again, and their number in the column `findings` of the list of tasks.
    Each annotator has a page with all their findings. They disappear when the labels are fixed.

    In a project that several annotators share, tasks show only numbers. In a project that was made elsewhere, nothing
    is changed, and there are only the pages.

    `annotate studio up` starts it for the server on this machine, with --end-without-server. Start it yourself for
    another server. It runs until it is stopped, also while the server is down.

    Exit code 0: polled once; 2: could not run.

    \b
    annotate studio watch
    annotate studio watch --once --pages /srv/www/findings
    """
    from annotate.labelstudio.location import open_state
    from annotate.service.loop import WatchLoop, WatchRequest

    state = open_state(corpus, folder)
    state.create_folder()
    request = WatchRequest(state, corpus, schema, guidelines, title, map_, pages, patience)
    echo(f"summary pages: {request.pages_folder}")
    WatchLoop(request, lambda line, is_problem: echo(line, err=is_problem)).run(None if once else every)
