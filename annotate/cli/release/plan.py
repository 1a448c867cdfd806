"""`annotate release plan`: the smallest version that the changes allow."""

from typing import TYPE_CHECKING

import click

from annotate.cli.options import corpus_argument, schema_option
from annotate.cli.release.common import show_progress
from annotate.cli.terminal import echo_json, echo_lines
from annotate.errors import CannotRun

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
    """Compute the smallest version that the changes since the last release allow.

    It lists the changes that require this version.

    A release is a tag vX.Y.Z. The first release has the version of the inventory. The rules are in docs/versioning.md.

    Exit code 0: computed; 2: could not run.

    \b
    annotate release plan
    annotate release plan --since v0.1.0 --format json
    annotate release plan --since dist/release/0.1.0
    """
    from annotate.release.candidate import open_candidate
    from annotate.release.plan import plan_first_release, plan_next_release

    with show_progress() as progress, open_candidate("0.0.0", corpus, schema, progress) as candidate:
        if since is not None:
            earlier = candidate.compare_with(since)
            if earlier.version is None:
                raise CannotRun(since, "has no version in its changelog", "name a release")
            release_plan = plan_next_release(earlier.version, earlier.comparison)
        elif candidate.comparison is not None and candidate.last_version is not None:
            release_plan = plan_next_release(candidate.last_version, candidate.comparison)
        else:
            release_plan = plan_first_release(candidate.inventory.version, candidate.counts)
    if format_ == "json":
        import msgspec

        echo_json(msgspec.json.format(msgspec.json.encode(release_plan), indent=2))
    else:
        echo_lines(_describe(release_plan))


def _describe(plan: "Plan") -> list[str]:
    if plan.smallest is None:
        return [f"Nothing changed since {plan.last}; there is nothing to release."]
    if plan.last is None:
        first_line = f"{plan.smallest} is the first release: there is no tag, and the inventory is {plan.smallest}."
    else:
        first_line = f"{plan.smallest} is the smallest version after {plan.last}: a {plan.level} change."
    reasons = sorted(plan.reasons, key=lambda reason: reason.level != plan.level)
    lines = [f"  {reason.code} {reason.level}: {reason.message}" for reason in reasons]
    return [first_line, *lines, *(f"  {count}" for count in plan.counts)]
