"""`annotate studio pull`: labels from a server into the corpus."""

import click

from annotate.cli.common import corpus_option, schema_option
from annotate.cli.studio.common import connected, dir_option, fetch, refusals, title_option


@click.command("pull")
@corpus_option
@schema_option
@title_option
@dir_option
@click.option(
    "--annotator", metavar="ID", help="Who the server's user is, by the id in annotators.yaml; kept for later."
)
@click.option("--user", type=int, help="The server's number of that user, where several are not known yet.")
@click.pass_context
def pull(
    ctx: click.Context,
    corpus: str,
    schema: str,
    title: str | None,
    folder: str,
    annotator: str | None,
    user: int | None,
) -> None:
    """Pull what was submitted into the corpus, one file an annotator and article.

    What cannot be taken is shown and counted, and the raw task is kept in the folder.

    Exit code 0: pulled; 1: refused, or something was set aside; 2: could not run.

    \b
    annotate studio pull --annotator anna
    annotate studio pull
    """
    from annotate import inventory
    from annotate.labelstudio.assign import titles
    from annotate.labelstudio.pull import name_user
    from annotate.labelstudio.pull import pull as pull_all
    from annotate.store import Corpus

    loaded, store = inventory.load(schema), Corpus(corpus)
    with refusals(ctx), connected(folder) as (studio, state):
        names = [title] if title else titles(state, studio.where.name, loaded.title)
        raw = [task for name in names for task in fetch(studio, state, name)]
        if annotator:
            name_user(store, state, studio.where.name, raw, annotator, user)
        done = pull_all(store, loaded, state, studio.where.name, raw)
    for finding in done.findings:
        place = f" span {finding.span}:" if finding.span else ""
        click.echo(f"{finding.file}: {finding.code}{place} {finding.message}", err=True)
    for name in done.written:
        click.echo(f"written: annotations/{name}.json")
    click.echo(f"{len(done.written)} written, {len(done.unchanged)} unchanged, {done.set_aside} items set aside")
    if any(finding.severity == "error" for finding in done.findings):
        ctx.exit(1)
