"""The Hugging Face Hub: what a repository holds, and a release as one commit and its tag.

The token is the library's own affair (HF_TOKEN, or a login); it is read there and handed to nobody. Nor are the
library's messages passed on: what failed is said by its status alone.

What a release would change: the files of a dataset folder against those that a repository holds.
"""

import contextlib
import filecmp
import hashlib
import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from annotate.dataset.redact import SKELETON
from annotate.dataset.writer import CARD, CROISSANT, MANIFEST, Manifest, read_manifest
from annotate.errors import CannotRun
from annotate.offsets import sha256

Change = Literal["new", "changed", "same", "gone", "kept"]
"""`gone`: an earlier release put it there and this one does not have it. `kept`: somebody else put it there."""


class File(NamedTuple):
    """A file by its path in the folder; `hashes` are those it may be known by: SHA-256, and git's of a blob."""

    path: str
    bytes: int
    hashes: frozenset[str]


class Step(NamedTuple):
    path: str
    bytes: int
    change: Change


def local_files(folder: Path) -> list[File]:
    """The files of a dataset folder, in the order of their paths."""
    return [
        _file(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _file(name: str, data: bytes) -> File:
    # Git's name for a blob, by which the Hub knows small files; nothing is kept secret by it.
    blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
    return File(name, len(data), frozenset((sha256(data), blob)))


def steps(local: Iterable[File], there: Mapping[str, File], before: Manifest | None) -> list[Step]:
    """What to do for each file; `before` is the manifest of the release that is there, which says what was ours."""
    ours = {one.path: one for one in local}
    found = [
        Step(path, one.bytes, "same" if path in there and one.hashes & there[path].hashes else _change(path, there))
        for path, one in ours.items()
    ]
    made = {CARD, CROISSANT, MANIFEST, SKELETON, *(table.file for table in before.tables)} if before else set()
    rest = [
        Step(path, one.bytes, "gone" if path in made else "kept") for path, one in there.items() if path not in ours
    ]
    return sorted(found + rest)


def _change(path: str, there: Mapping[str, File]) -> Change:
    return "changed" if path in there else "new"


def stale(folder: Path, fresh: Path) -> str | None:
    """Why a dataset folder is not what was built just now into `fresh`; None if it is, byte for byte."""
    if not folder.is_dir():
        return "is not there"
    if read_manifest(folder) is None:
        return "is no dataset folder that `annotate build` made"
    have, want = (
        {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} for root in (folder, fresh)
    )
    for name in sorted(have | want):
        if name not in want:
            return f"holds {name}, which the corpus does not build now"
        if name not in have:
            return f"lacks {name}"
        if not filecmp.cmp(folder / name, fresh / name, shallow=False):
            return f"is not what the corpus builds now: {name} differs"
    return None


if TYPE_CHECKING:
    from huggingface_hub import HfApi

KIND = "dataset"
_MENDS = {
    401: ("does not know you", "log in with `hf auth login` or set HF_TOKEN, and look at the repository's name"),
    403: ("does not let you do this", "ask for the right to write there, or use a token that has it"),
    404: ("has no such repository", "look at its name, or make it with --create"),
    409: ("says that something is there already", "look with --plan"),
    412: ("was changed by somebody else just now", "look with --plan, then publish again"),
}


class There(NamedTuple):
    """What a repository holds: its newest commit, its files, its tags, and the manifest of the release in it."""

    head: str
    files: dict[str, File]
    tags: frozenset[str]
    manifest: Manifest | None


def connect(progress: bool) -> "HfApi":
    """The Hub, or whatever HF_ENDPOINT names; the library is quiet but for its progress bars."""
    from huggingface_hub import HfApi
    from huggingface_hub.utils.logging import set_verbosity
    from huggingface_hub.utils.tqdm import disable_progress_bars

    set_verbosity(logging.ERROR)
    if not progress:
        disable_progress_bars()
    return HfApi()


def has_token() -> bool:
    from huggingface_hub import get_token

    return get_token() is not None


def look(api: "HfApi", repo: str) -> There | None:
    """What the repository holds; None where there is no such repository. Raises CannotRun."""
    from huggingface_hub import RepoFile
    from huggingface_hub.errors import HfHubHTTPError

    with _plainly(repo):
        try:
            head = api.dataset_info(repo).sha or ""
        except HfHubHTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise
        tree = api.list_repo_tree(repo, recursive=True, repo_type=KIND, revision=head)
        files = {
            one.path: File(one.path, one.size, frozenset((one.lfs.sha256 if one.lfs else one.blob_id,)))
            for one in tree
            if isinstance(one, RepoFile)
        }
        tags = frozenset(tag.name for tag in api.list_repo_refs(repo, repo_type=KIND).tags)
        manifest = None
        if MANIFEST in files:
            with tempfile.TemporaryDirectory() as folder:
                api.hf_hub_download(repo, MANIFEST, repo_type=KIND, revision=head, local_dir=folder)
                manifest = read_manifest(Path(folder))
        return There(head, files, tags, manifest)


def create(api: "HfApi", repo: str, private: bool) -> None:
    """Make an empty repository. Raises CannotRun."""
    with _plainly(repo):
        api.create_repo(repo, repo_type=KIND, private=private)


def commit(api: "HfApi", repo: str, folder: Path, steps: list[Step], head: str, words: tuple[str, str]) -> str:
    """Make one commit of all steps on top of `head`, and return its id; `words` are its title and description.

    What fails before the commit leaves the repository as it was: files that were sent by then belong to no commit.
    Raises CannotRun.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationDelete(step.path)
        if step.change == "gone"
        else CommitOperationAdd(step.path, str(folder / step.path))
        for step in steps
        if step.change in ("new", "changed", "gone")
    ]
    title, description = words
    with _plainly(repo):
        made = api.create_commit(
            repo,
            operations,
            commit_message=title,
            commit_description=description,
            repo_type=KIND,
            parent_commit=head or None,
        )
        return str(made.oid)


def tag(api: "HfApi", repo: str, version: str, revision: str) -> None:
    """Tag a commit. Raises CannotRun."""
    with _plainly(repo):
        api.create_tag(repo, tag=version, revision=revision, repo_type=KIND)


@contextlib.contextmanager
def _plainly(repo: str) -> Iterator[None]:
    """Turn what the library raises into CannotRun, by status; its own words may quote addresses that are signed."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.errors import HTTPError as AnyHTTPError  # type: ignore[attr-defined]

    unreached = (ConnectionError, LocalEntryNotFoundError, AnyHTTPError)

    try:
        yield
    except HFValidationError:
        raise CannotRun(repo, "is no name of a repository", "name it owner/name") from None
    except (*unreached, RuntimeError, ValueError) as raised:
        error = raised.__cause__ if isinstance(raised, RuntimeError) else raised
        response = error.response if isinstance(error, HfHubHTTPError) else None
        if response is None and isinstance(error, unreached):
            raise CannotRun(
                repo, "cannot be reached", "look at the network and at HF_ENDPOINT, then try again"
            ) from None
        if response is None:
            problem = f"gave an answer that makes no sense ({type(raised).__name__})"
            raise CannotRun(repo, problem, "look at HF_ENDPOINT, then try again") from None
        problem, hint = _MENDS.get(response.status_code, ("failed", "try again later"))
        raise CannotRun(repo, f"the Hub {problem} (HTTP {response.status_code})", hint) from None
