"""`annotate release plan`: the smallest version that the changes allow."""

from typing import TYPE_CHECKING

import click

from annotate.cli.options import all_option, corpus_argument, schema_option
from annotate.cli.terminal import echo, echo_cut_lines, echo_json, echo_lines, show_steps
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.release.plan import Plan


@click.command("plan")
@corpus_argument
@schema_option
@click.option(
    "--since",
    metavar="REV|FOLDER",
    help="Compare with this revision, released version or folder.  [default: the last release]",
)
@click.option(
    "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to report."
)
@all_option
def plan(corpus: str, schema: str, since: str | None, format_: str, show_all: bool) -> None:
    """Compute the smallest version that the changes since the last release allow.

    It lists the changes that require this version.

    A release has a tag vX.Y.Z, or a committed manifest releases/X.Y.Z.json. Without a tag, the corpus is compared with
    the last commit that changed the manifest. For the first release, the version of the inventory is proposed;
    any other is as good. The rules are in docs/explanation/versioning.md.

    Exit code 0: computed; 2: could not run.

    \b
    annotate release plan
    annotate release plan --since 0.1.0 --format json
    annotate release plan --since dist/release/0.1.0
    """
    from annotate.release.candidate import UNPLANNED, open_candidate
    from annotate.release.plan import plan_first_release, plan_next_release

    with show_steps() as progress, open_candidate(UNPLANNED, corpus, schema, progress) as candidate:
        if since is not None:
            earlier = candidate.compare_with(since)
            if earlier.version is None:
                raise CannotRun(since, "has no version in its changelog", "name a release")
            release_plan = plan_next_release(
                earlier.version, earlier.comparison, candidate.count_difference(earlier.comparison.summary)
            )
        elif candidate.comparison is not None and candidate.last_release is not None:
            last = candidate.last_release
            release_plan = plan_next_release(last.version, candidate.comparison, candidate.counts, last.source)
        else:
            release_plan = plan_first_release(candidate.inventory.version, candidate.counts)
    if format_ == "json":
        import msgspec

        echo_json(msgspec.json.format(msgspec.json.encode(release_plan), indent=2))
    else:
        echo(_summarize(release_plan))
        reasons = sorted(release_plan.reasons, key=lambda reason: reason.level != release_plan.level)
        lines = (f"  {reason.code} {reason.level}: {reason.message}" for reason in reasons)
        echo_cut_lines(lines, "reason", show_all)
        echo_lines(f"  {count}" for count in release_plan.counts)


def _summarize(plan: "Plan") -> str:
    from annotate.comparison.releases import TAG_PREFIX

    is_tagged = plan.source is None or plan.source == f"{TAG_PREFIX}{plan.last}"
    last = plan.last if is_tagged else f"{plan.last} (no tag; the manifest is of commit {plan.source})"
    if plan.smallest is None:
        return f"Nothing changed since {last}; there is nothing to release."
    if plan.last is not None:
        return f"{plan.smallest} is the smallest version after {last}: a {plan.level} change."
    none = "there is no tag and no committed manifest"
    first_line = f"{plan.smallest} is the first release: {none}, and the inventory is {plan.smallest}."
    return f"{first_line} Any other version may be used."
