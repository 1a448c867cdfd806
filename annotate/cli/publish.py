"""`annotate publish`: upload a dataset folder to the Hugging Face Hub, as one commit and a tag."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.options import citation_option, corpus_argument, format_option, schema_option
from annotate.cli.terminal import echo, echo_json, terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.dataset.publication import Change, Step

WRITTEN: "tuple[Change, ...]" = ("new", "changed", "gone")


@click.command("publish")
@corpus_argument
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Dataset repository on the Hub.")
@click.option(
    "--dataset",
    default="dist/dataset",
    show_default=True,
    type=click.Path(file_okay=False),
    help="Folder written by `annotate build`.",
)
@schema_option
@citation_option
@click.option("--plan", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--create", is_flag=True, help="Create the repository if it does not exist.")
@click.option("--private", is_flag=True, help="With --create: make it visible to its owners only.")
@format_option
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    repo: str,
    dataset: str,
    schema: str,
    citation: str | None,
    plan: bool,
    create: bool,
    private: bool,
    format_: str,
) -> None:
    """Upload a built dataset to the Hugging Face Hub as one commit and a tag.

    The commit holds every file that changed, and the tag is the version of the corpus. The token comes from `hf auth
    login` or HF_TOKEN; HF_ENDPOINT names another Hub. The command refuses uncommitted changes, a corpus with errors, a
    folder that differs from what the corpus builds now, a corpus without a version, and a version that is tagged
    already. An interrupted run can be repeated: it does what is left to do.

    Exit code 0: uploaded, or planned without an objection; 1: refused; 2: could not run.

    \b
    annotate publish --repo my-name/my-dataset --plan
    annotate publish --repo my-name/my-dataset --create --private
    annotate publish --repo my-name/my-dataset
    """
    from annotate.corpus import Corpus
    from annotate.dataset import hub
    from annotate.dataset.inputs import corpus_version
    from annotate.dataset.publication import list_files, plan_steps
    from annotate.release.git import last_commit
    from annotate.release.publishable import list_refusals, list_remote_refusals

    folder = Path(dataset)
    version = corpus_version(Corpus(corpus))
    refusals = list(list_refusals(corpus, schema, folder, citation))
    if version is None:
        refusals.append(f"{Path(corpus) / 'CHANGELOG.md'}: names no version; give the release a heading there")
    if refusals and not plan:
        _refuse(ctx, refusals)
    if not plan and not hub.has_token():
        raise CannotRun(repo, "there is no token", "log in with `hf auth login`, or set HF_TOKEN")
    api = hub.connect(progress=sys.stderr.isatty())
    remote = hub.read_repository(api, repo)
    refusals += list_remote_refusals(repo, version, remote, create)
    local = list_files(folder) if folder.is_dir() else []
    steps = plan_steps(local, remote.files if remote else {}, remote.manifest if remote else None)
    if plan:
        _show(repo, version, steps, refusals, format_)
        ctx.exit(1 if refusals else 0)
    if refusals:
        _refuse(ctx, refusals)
    assert version is not None  # noqa: S101 - refused above
    if remote is None:
        hub.create_repository(api, repo, private)
        remote = hub.read_repository(api, repo)
    commit = remote.commit if remote else ""
    if any(step.change in WRITTEN for step in steps):
        message = (
            f"Release {version}",
            f"Built from commit {last_commit(Path(corpus))} of the corpus.",
        )
        commit = hub.commit_steps(api, repo, folder, steps, commit, message)
    try:
        hub.create_tag(api, repo, version, commit)
    except CannotRun as error:
        problem = f"commit {commit} was made, but not its tag {version}: {error.problem}"
        raise CannotRun(repo, problem, f"{error.hint}; publish again, which only sets the tag") from None
    if format_ == "json":
        echo_json(json.dumps({"repo": repo, "version": version, "commit": commit, **_as_data(steps)}, indent=2))
    else:
        echo(f"{repo}: {version} published as commit {commit}; {_summary(steps)}")


def _refuse(ctx: click.Context, refusals: list[str]) -> None:
    for line in refusals:
        echo(f"annotate: {line}", err=True)
    ctx.exit(1)


def _as_data(steps: "list[Step]") -> dict[str, object]:
    return {"files": [step._asdict() for step in steps]}


def _summary(steps: "list[Step]") -> str:
    counts = Counter(step.change for step in steps)
    size = sum(step.bytes for step in steps if step.change in ("new", "changed"))
    order: tuple[Change, ...] = (*WRITTEN, "same", "kept")
    kinds = [f"{counts[change]} {change}" for change in order if counts[change]]
    return f"{', '.join(kinds)}; {size:,} bytes to send"


def _show(repo: str, version: str | None, steps: "list[Step]", refusals: list[str], format_: str) -> None:
    if format_ == "json":
        data = {"repo": repo, "version": version, "refused": refusals, **_as_data(steps)}
        echo_json(json.dumps(data, indent=2, ensure_ascii=False))
        return
    console = terminal()
    for step in steps:
        console.print(f"{step.change:<8}{step.bytes:>12,}  {step.path}")
    console.print(f"{repo}: version and tag {version or 'unknown'}; {_summary(steps)}")
    for line in refusals:
        console.print(f"refused: {line}")
