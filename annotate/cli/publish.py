"""`annotate publish`: upload a dataset folder to the Hugging Face Hub, as one commit and a tag."""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.options import citation_option, corpus_argument, format_option, schema_option
from annotate.cli.terminal import terminal
from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.corpus import Corpus
    from annotate.dataset.hub import RemoteState
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
    from annotate.release.git import git_text

    folder = Path(dataset)
    version = corpus_version(Corpus(corpus))
    refusals = list(_refusals(corpus, schema, folder, citation))
    if version is None:
        refusals.append(f"{Path(corpus) / 'CHANGELOG.md'}: names no version; give the release a heading there")
    if refusals and not plan:
        _refuse(ctx, refusals)
    if not plan and not hub.has_token():
        raise CannotRun(repo, "there is no token", "log in with `hf auth login`, or set HF_TOKEN")
    api = hub.connect(progress=sys.stderr.isatty())
    remote = hub.read_repository(api, repo)
    refusals += _remote_refusals(repo, version, remote, create)
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
            f"Built from commit {git_text(Path(corpus), 'rev-parse', 'HEAD')} of the corpus.",
        )
        commit = hub.commit_steps(api, repo, folder, steps, commit, message)
    try:
        hub.create_tag(api, repo, version, commit)
    except CannotRun as error:
        problem = f"commit {commit} was made, but not its tag {version}: {error.problem}"
        raise CannotRun(repo, problem, f"{error.hint}; publish again, which only sets the tag") from None
    if format_ == "json":
        click.echo(json.dumps({"repo": repo, "version": version, "commit": commit, **_as_data(steps)}, indent=2))
    else:
        click.echo(f"{repo}: {version} published as commit {commit}; {_summary(steps)}")


def _refuse(ctx: click.Context, refusals: list[str]) -> None:
    for line in refusals:
        click.echo(f"annotate: {line}", err=True)
    ctx.exit(1)


def _refusals(corpus: str, schema: str, dataset: Path, citation: str | None) -> Iterator[str]:
    """Yield each reason why the corpus or the folder cannot be published, in one line."""
    from annotate import inventory
    from annotate.checks import check
    from annotate.checks.splits import find_leaks
    from annotate.corpus import Corpus
    from annotate.dataset.citation import find_citation
    from annotate.dataset.publication import explain_stale
    from annotate.release.git import uncommitted_files

    loaded, folder = inventory.load_inventory(schema), Corpus(corpus)
    errors = sum(finding.severity == "error" for finding in check(folder, loaded)) or len(find_leaks(folder))
    changed = uncommitted_files(folder.root)
    if changed is None:
        yield f"{corpus}: is not in a git repository with a commit; commit the corpus first"
    elif changed:
        first, number = changed[0], len(changed)
        yield f"{corpus}: the git tree has {number} change{'s' * (number > 1)}, the first in {first}; commit them"
    if errors:
        yield f"{corpus}: {errors} error{'s' * (errors > 1)}; see `annotate check`"
        return
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Path(temporary) / "dataset"
        _rebuild(folder, schema, dataset, find_citation(folder, citation), fresh)
        reason = explain_stale(dataset, fresh)
    if reason:
        yield f"{dataset}: {reason}; run `annotate build --out {dataset}`"


def _rebuild(corpus: "Corpus", schema: str, dataset: Path, citation: Path | None, fresh: Path) -> None:
    """Build the corpus into `fresh` as `dataset` was built: its tables, with negatives or not, with text or not."""
    from annotate import inventory
    from annotate.dataset.build import build
    from annotate.dataset.folder import read_manifest
    from annotate.dataset.inputs import skeleton_header
    from annotate.dataset.redact import SKELETON
    from annotate.dataset.tables import select_tables
    from annotate.redaction.skeleton import parse_skeleton
    from annotate.release.agreement import gold_agreement

    loaded, manifest, path = inventory.load_inventory(schema), read_manifest(dataset), dataset / SKELETON
    selected = set(select_tables(loaded)).intersection(table.config for table in manifest.tables) if manifest else ()
    negatives = manifest.negatives if manifest else False
    skeleton = None
    if path.is_file():
        tables = parse_skeleton(str(path), path.read_bytes()).header.tables
        skeleton = skeleton_header(corpus, schema, citation, tables, negatives)
    build(
        corpus,
        loaded,
        fresh,
        citation,
        gold_agreement(corpus, loaded),
        tables=selected,
        negatives=negatives,
        skeleton=skeleton,
    )


def _remote_refusals(repo: str, version: str | None, remote: "RemoteState | None", create: bool) -> Iterator[str]:
    """Yield each reason why the repository does not accept this release."""
    if remote is None:
        if not create:
            yield f"{repo}: no such repository, or none that you may see; create it with --create"
        return
    if version in remote.tags:
        yield f"{repo}: the tag {version} exists; a release never changes, so raise the version"
    foreign = [path for path in remote.files if path != ".gitattributes"]
    if foreign and remote.manifest is None:
        yield f"{repo}: holds {foreign[0]} but no release of this toolkit; choose another repository"


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
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    console = terminal()
    for step in steps:
        console.print(f"{step.change:<8}{step.bytes:>12,}  {step.path}", markup=False)
    console.print(f"{repo}: version and tag {version or 'unknown'}; {_summary(steps)}", markup=False)
    for line in refusals:
        console.print(f"refused: {line}", markup=False)
