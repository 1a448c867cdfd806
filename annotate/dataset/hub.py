"""The Hugging Face Hub: what a repository holds, and a release as one commit and its tag.

The token is left to `huggingface_hub` (HF_TOKEN, or a login): it is read there and passed to nothing else. Nor are the
library's messages passed on: a failure is described by its status alone.
"""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from annotate.dataset.folder import MANIFEST, Manifest, read_manifest
from annotate.dataset.publication import File, Step
from annotate.errors import CannotRun
from annotate.util.folders import temporary_folder

if TYPE_CHECKING:
    from huggingface_hub import HfApi

REPO_TYPE = "dataset"
_ERRORS = {
    401: ("does not accept the token", "log in with `hf auth login` or set HF_TOKEN, and check the repository's name"),
    403: ("does not allow this", "ask for write access, or use a token that has it"),
    404: ("has no such repository", "check its name, or create it with --create"),
    409: ("reports a conflict with what exists there", "see --plan"),
    412: ("reports that the repository has just changed", "see --plan, then publish again"),
}


class RemoteState(NamedTuple):
    """What a repository holds.

    Attributes:
        commit: Id of the newest commit.
        files: The files by path.
        tags: Names of the tags.
        manifest: Manifest of the release in it, None where there is none.
    """

    commit: str
    files: dict[str, File]
    tags: frozenset[str]
    manifest: Manifest | None


def connect(progress: bool) -> "HfApi":
    """Return the API of the Hub, or of what HF_ENDPOINT names.

    Args:
        progress: Whether the library shows progress bars; its messages are never shown.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils.logging import set_verbosity
    from huggingface_hub.utils.tqdm import disable_progress_bars

    set_verbosity(logging.ERROR)
    if not progress:
        disable_progress_bars()
    return HfApi()


def has_token() -> bool:
    """Return whether the library has a token."""
    from huggingface_hub import get_token

    return get_token() is not None


def read_repository(api: "HfApi", repo: str) -> RemoteState | None:
    """Return what a repository holds; None if there is no such repository.

    Raises:
        CannotRun: The Hub cannot be reached, or refuses.
    """
    from huggingface_hub import RepoFile
    from huggingface_hub.errors import HfHubHTTPError

    with translate_errors(repo):
        try:
            commit = api.dataset_info(repo).sha or ""
        except HfHubHTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise
        tree = api.list_repo_tree(repo, recursive=True, repo_type=REPO_TYPE, revision=commit)
        files = {
            entry.path: File(entry.path, entry.size, frozenset((entry.lfs.sha256 if entry.lfs else entry.blob_id,)))
            for entry in tree
            if isinstance(entry, RepoFile)
        }
        tags = frozenset(tag.name for tag in api.list_repo_refs(repo, repo_type=REPO_TYPE).tags)
        manifest = None
        if MANIFEST in files:
            with temporary_folder() as folder:
                api.hf_hub_download(repo, MANIFEST, repo_type=REPO_TYPE, revision=commit, local_dir=folder)
                manifest = read_manifest(folder)
        return RemoteState(commit, files, tags, manifest)


def create_repository(api: "HfApi", repo: str, private: bool) -> None:
    """Create an empty repository.

    Raises:
        CannotRun: The Hub cannot be reached, or refuses.
    """
    with translate_errors(repo):
        api.create_repo(repo, repo_type=REPO_TYPE, private=private)


def commit_steps(
    api: "HfApi", repo: str, folder: Path, steps: list[Step], parent: str, message: tuple[str, str]
) -> str:
    """Make one commit of all steps, and return its id.

    A failure before the commit leaves the repository as it was: files that were sent by then belong to no commit.

    Args:
        api: The Hub.
        repo: The repository.
        folder: The dataset folder.
        steps: What to do.
        parent: Id of the newest commit, on top of which alone the commit is made.
        message: Title and description.

    Raises:
        CannotRun: The Hub cannot be reached, or refuses.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationDelete(step.path)
        if step.change == "gone"
        else CommitOperationAdd(step.path, str(folder / step.path))
        for step in steps
        if step.change in ("new", "changed", "gone")
    ]
    title, description = message
    with translate_errors(repo):
        info = api.create_commit(
            repo,
            operations,
            commit_message=title,
            commit_description=description,
            repo_type=REPO_TYPE,
            parent_commit=parent or None,
        )
        return str(info.oid)


def create_tag(api: "HfApi", repo: str, version: str, commit: str) -> None:
    """Tag a commit.

    Raises:
        CannotRun: The Hub cannot be reached, or refuses.
    """
    with translate_errors(repo):
        api.create_tag(repo, tag=version, revision=commit, repo_type=REPO_TYPE)


@contextlib.contextmanager
def translate_errors(repo: str) -> Iterator[None]:
    """Raise CannotRun for what the library raises, by status: its own messages may quote signed addresses."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.errors import HTTPError as AnyHTTPError  # type: ignore[attr-defined]

    network_errors = (ConnectionError, LocalEntryNotFoundError, AnyHTTPError)

    try:
        yield
    except HFValidationError:
        raise CannotRun(repo, "not the name of a repository", "write OWNER/NAME") from None
    except (*network_errors, RuntimeError, ValueError) as raised:
        error = raised.__cause__ if isinstance(raised, RuntimeError) else raised
        response = error.response if isinstance(error, HfHubHTTPError) else None
        if response is None and isinstance(error, network_errors):
            raise CannotRun(repo, "cannot be reached", "check the network and HF_ENDPOINT, then try again") from None
        if response is None:
            problem = f"sent an unexpected answer ({type(raised).__name__})"
            raise CannotRun(repo, problem, "check HF_ENDPOINT, then try again") from None
        problem, hint = _ERRORS.get(response.status_code, ("failed", "try again later"))
        raise CannotRun(repo, f"the Hub {problem} (HTTP {response.status_code})", hint) from None
