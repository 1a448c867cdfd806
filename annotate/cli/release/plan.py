"""`annotate release plan`: the smallest version that the changes allow."""

from typing import TYPE_CHECKING

import click

from annotate.cli.output import corpus_argument, schema_option
from annotate.cli.release.common import working

if TYPE_CHECKING:
    from annotate.release.plan import Plan


@click.command("plan")
@corpus_argument
@schema_option
@click.option("--since", metavar="REV|FOLDER", help="Compare with this.  [default: the last release's tag]")
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
def plan(corpus: str, schema: str, since: str | None, format_: str) -> None:
    """Compute the smallest version that the changes since the last release allow, and say which changes force it.

    A release is a tag vX.Y.Z. Where there is none, the first release has the version of the inventory. The rules are
    in docs/versioning.md.

    Exit code 0: computed; 2: could not run.

    \b
    annotate release plan
    annotate release plan --since v0.1.0 --format json
    annotate release plan --since dist/release/0.1.0
    """
    import msgspec

    from annotate.errors import CannotRun
    from annotate.release.candidate import candidate
    from annotate.release.plan import first, following

    with working() as step, candidate("0.0.0", corpus, schema, step) as one:
        if since is not None:
            before = one.since(since)
            if before.version is None:
                raise CannotRun(since, "names no version in its changelog", "name a release")
            found = following(before.version, before.comparison)
        elif one.comparison is not None and one.last is not None:
            found = following(one.last, one.comparison)
        else:
            found = first(one.inventory.version, one.counts)
    click.echo(
        msgspec.json.format(msgspec.json.encode(found), indent=2).decode() if format_ == "json" else _text(found)
    )


def _text(plan: "Plan") -> str:
    if plan.smallest is None:
        return f"Nothing changed since {plan.last}; there is nothing to release."
    if plan.last is None:
        head = [f"{plan.smallest} is the first release: no tag is there, and the inventory is {plan.smallest}."]
    else:
        head = [f"{plan.smallest} is the smallest version after {plan.last}: a {plan.level} change."]
    forcing = [one for one in plan.reasons if one.level == plan.level]
    rest = [one for one in plan.reasons if one.level != plan.level]
    lines = [f"  {one.code} {one.level}: {one.message}" for one in (*forcing, *rest)]
    return "\n".join([*head, *lines, *(f"  {count}" for count in plan.counts)])
