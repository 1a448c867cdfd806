"""`annotate studio pull`: labels from a server into the corpus."""

from functools import partial

import click

from annotate.cli.output import corpus_option, schema_option
from annotate.cli.studio.common import connected, dir_option, progress, refusals, title_option


@click.command("pull")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option(
    "--annotator", metavar="ID", help="Who the server's user is, by the id in annotators.yaml; kept for later."
)
@click.option("--user", type=int, help="The server's number of that user, where several are not known yet.")
@click.option(
    "--all", "everything", is_flag=True, help="Pull every task, not just those that changed since the last pull."
)
@click.option(
    "--fix",
    is_flag=True,
    help="Pull every task, and fix offsets whose words stand at one other place that they may mean.",
)
@click.pass_context
def pull(
    ctx: click.Context,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str,
    annotator: str | None,
    user: int | None,
    everything: bool,
    fix: bool,
) -> None:
    """Pull what was submitted into the corpus, one file an annotator and article.

    Only what changed since the last pull is asked for. What cannot be taken is shown and counted, and kept in the
    folder, where `annotate studio status` finds it. Interrupted, it goes on where it stopped when it is run again.

    Exit code 0: pulled; 1: refused, or something is set aside; 2: could not run, or the project is no more, and what
    was fetched of it before is taken.

    \b
    annotate studio pull --annotator anna
    annotate studio pull
    annotate studio pull --all
    annotate studio pull --fix
    """
    from annotate import inventory
    from annotate.corpus import Corpus
    from annotate.labelstudio import config_drift
    from annotate.labelstudio import journal as aside
    from annotate.labelstudio.client import still
    from annotate.labelstudio.journal import Journal, fetch
    from annotate.labelstudio.lock import locked
    from annotate.labelstudio.pull import Taking, name_one_of
    from annotate.labelstudio.push import find, missing
    from annotate.labelstudio.results import Mapper, describe_diagnoses
    from annotate.labelstudio.team import titles
    from annotate.util.files import sweep

    loaded, store = inventory.load(schema), Corpus(corpus)
    mapper = Mapper(loaded, fix_offsets=fix)
    with refusals(ctx), connected(folder) as (studio, state), locked(state, "pull"):
        sweep(store.root)
        server, journal = studio.where.name, Journal(state)
        names = [title] if title else titles(state, server, loaded.title)
        there = {name: find(studio, state, name) for name in names}
        projects = [project for project in there.values() if project]
        gone = [missing(studio, name) for name, project in there.items() if project is None]
        if gone and not (projects or journal.pages()):
            raise gone[0]
        for project in projects:
            by_hand = config_drift.changed(state, server, project, loaded)
            if by_hand:
                click.echo(by_hand, err=True)
        if annotator and user is not None:
            name_one_of(store, state, server, (), annotator, user)
        taking = Taking(store, state, server, mapper, studio.has_task, partial(still, studio))
        with progress("fetching tasks") as report:
            whole = partial(fetch, everything=everything or fix, progress=report, kept=taking.early)
            fetched = sum(sum(whole(studio, journal, project)) for project in projects)
        if annotator and user is None:
            name_one_of(store, state, server, journal.users(server), annotator, user)
        with progress("taking labels") as report:
            done = taking.rest(report)
        left = sum(1 for _ in aside.listed(state))
    for finding in done.findings:
        place = f" span {finding.span}:" if finding.span else ""
        click.echo(f"{finding.file}: {finding.code}{place} {finding.message}", err=True)
    for name in done.written:
        click.echo(f"written: annotations/{name}.json")
    click.echo(f"{len(done.written)} written, {len(done.unchanged)} unchanged, {done.set_aside} items set aside")
    click.echo(f"{fetched} tasks fetched; {describe_diagnoses(mapper.diagnoses)}")
    if left:
        click.echo(f"{left} annotations have something set aside; `annotate studio status` says what", err=True)
    if gone:
        raise gone[0]
    if left:
        ctx.exit(1)
