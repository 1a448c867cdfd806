"""Decide whether a dataset may be published: the reasons on this machine, and those in the repository on the Hub."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from annotate.checks import check
from annotate.corpus import Corpus
from annotate.dataset.citation import find_citation
from annotate.dataset.publication import explain_stale
from annotate.inventory import load_inventory
from annotate.passes import list_left_out
from annotate.release.git import uncommitted_files
from annotate.release.rebuild import rebuild_dataset
from annotate.util.folders import temporary_folder

if TYPE_CHECKING:
    from annotate.dataset.hub import RemoteState


def list_refusals(corpus: str, schema: str, dataset: Path, citation: str | None) -> Iterator[str]:
    """Yield each reason why the corpus or the dataset folder cannot be published, in one line.

    Args:
        corpus: The corpus folder, as the messages name it.
        schema: The folder of the inventory.
        dataset: The folder that `annotate build` wrote.
        citation: The CITATION.cff that it was built with; None for the one next to the corpus folder.
    """
    inventory, store = load_inventory(schema), Corpus(corpus)
    findings = list(check(store, inventory, search_leaks=True))
    errors = sum(finding.is_error for finding in findings)
    changed = uncommitted_files(store.root)
    if changed is None:
        yield f"{corpus}: is not in a git repository with a commit; commit the corpus first"
    elif changed:
        first, number = changed[0], len(changed)
        yield f"{corpus}: the git tree has {number} change{'s' * (number > 1)}, the first in {first}; commit them"
    if errors:
        yield f"{corpus}: {errors} error{'s' * (errors > 1)}; see `annotate check`"
        return
    with temporary_folder() as folder:
        fresh = folder / "dataset"
        rebuild_dataset(store, schema, dataset, find_citation(store, citation), fresh, list_left_out(findings))
        reason = explain_stale(dataset, fresh)
    if reason:
        yield f"{dataset}: {reason}; run `annotate build --out {dataset}`"


def list_remote_refusals(repo: str, version: str | None, remote: "RemoteState | None", create: bool) -> Iterator[str]:
    """Yield each reason why the repository does not accept a release, in one line.

    Args:
        repo: The name of the repository, OWNER/NAME.
        version: The version of the corpus.
        remote: What the repository holds; None if it does not exist.
        create: Whether a missing repository is created.
    """
    if remote is None:
        if not create:
            yield f"{repo}: no such repository, or none that you may see; create it with --create"
        return
    if version in remote.tags:
        yield f"{repo}: the tag {version} exists; a release never changes, so raise the version"
    foreign = [path for path in remote.files if path != ".gitattributes"]
    if foreign and remote.manifest is None:
        yield f"{repo}: holds {foreign[0]} but no release of this toolkit; choose another repository"
