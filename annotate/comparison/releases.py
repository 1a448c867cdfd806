"""Find the commit of each released version: its tag, otherwise the last commit that changed its manifest."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from annotate.class_ids import MANIFEST_SUFFIX, RELEASE_TAG_PREFIX, RELEASES_FOLDER
from annotate.comparison.paths import CHANGELOG
from annotate.comparison.semver import parse_version
from annotate.errors import CannotRun
from annotate.offsets import sha256
from annotate.util.git import GitRepository

TAG_PREFIX = RELEASE_TAG_PREFIX
"""A tag is this letter and the version."""
FOLDER, SUFFIX = RELEASES_FOLDER, MANIFEST_SUFFIX
"""The folder of the manifests, next to the corpus, and the ending of a manifest's name after the version."""

_FILE_MODES = frozenset({b"100644", b"100755"})


class Release(NamedTuple):
    """A released version in a git repository.

    Attributes:
        version: The version.
        commit: The hash of the commit that has its files.
        is_tagged: Whether a tag names the commit. Otherwise it is the last one that changed the manifest.
    """

    version: str
    commit: str
    is_tagged: bool

    @property
    def manifest(self) -> str:
        """The path of the manifest from the folder that contains the corpus."""
        return f"{FOLDER}/{self.version}{SUFFIX}"

    @property
    def source(self) -> str:
        """The tag, or the commit, for messages."""
        return f"{TAG_PREFIX}{self.version}" if self.is_tagged else self.commit[:7]


def version_of(name: str) -> str | None:
    """Return the version that a user names, as 0.1.0 or v0.1.0; None if it is another name."""
    return next(keep_versions([name.removeprefix(TAG_PREFIX)]), None)


def keep_versions(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that are versions."""
    for name in names:
        try:
            parse_version(name)
        except CannotRun:
            continue
        yield name


class ReleaseHistory:
    """The released versions of a corpus, as the repository of the corpus has them at its last commit.

    A version is released if a tag names it, or if its manifest is committed. The tag has precedence.
    """

    def __init__(self, repository: GitRepository, corpus: str, schema: str) -> None:
        """Describe the history; git is asked later.

        Args:
            repository: The repository.
            corpus: The path of the corpus folder from the top of the repository.
            schema: The path of the schema folder from there.
        """
        self._git = repository
        parent = PurePosixPath(corpus).parent.as_posix()
        self._prefix = "" if parent == "." else f"{parent}/"
        self._folders = tuple(f"{folder.removeprefix(self._prefix)}/" for folder in (corpus, schema))

    @cached_property
    def tagged_versions(self) -> list[str]:
        """The versions with a tag on an ancestor of the last commit, lowest first."""
        pattern = f"refs/tags/{TAG_PREFIX}*"
        output = self._git.read_text("for-each-ref", "--merged=HEAD", "--format=%(refname:strip=2)", pattern) or ""
        tags = (tag.removeprefix(TAG_PREFIX) for tag in output.split())
        return sorted(keep_versions(tags), key=parse_version)

    @cached_property
    def listed_versions(self) -> list[str]:
        """The versions whose manifest is committed, lowest first."""
        folder = f"{self._prefix}{FOLDER}/"
        output = self._git.read("--literal-pathspecs", "ls-tree", "-z", "--name-only", "--full-tree", "HEAD", folder)
        names = (os.fsdecode(path).removeprefix(folder) for path in (output or b"").split(b"\0"))
        versions = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
        return sorted(keep_versions(versions), key=parse_version)

    @property
    def versions(self) -> list[str]:
        """The released versions, lowest first."""
        return sorted({*self.tagged_versions, *self.listed_versions}, key=parse_version)

    def tagged_commit(self, version: str) -> str | None:
        """Return the commit that the tag of a version points to; None if there is no such tag."""
        tag = f"refs/tags/{TAG_PREFIX}{version}^{{commit}}"
        return self._git.read_text("rev-parse", "--verify", "--quiet", "--end-of-options", tag)

    def find(self, version: str) -> Release | None:
        """Find a released version.

        Returns:
            The release; None if the version has neither a tag nor a manifest that is committed.

        Raises:
            CannotRun: It has no tag, and the clone is shallow, which lacks the commit of the manifest; or its manifest
                is not committed.
        """
        commit = self.tagged_commit(version)
        if commit is not None:
            return Release(version, commit, is_tagged=True)
        path = f"{self._prefix}{FOLDER}/{version}{SUFFIX}"
        if version not in self.listed_versions:
            if os.path.lexists(self._git.top / path):
                problem = f"is not committed, so that no commit is known to be {version}"
                raise CannotRun(path, problem, "commit it, or remove it")
            return None
        if self._git.read_text("rev-parse", "--is-shallow-repository") == "true":
            raise CannotRun(version, "is not in this shallow clone", "run `git fetch --unshallow --tags`")
        commit = self._git.read_text("--literal-pathspecs", "rev-list", "--max-count=1", "HEAD", "--", path)
        return Release(version, commit, is_tagged=False) if commit else None

    def find_verified(self, version: str) -> Release | None:
        """Find a released version whose files are to be read.

        Returns:
            The release; None if the version has neither a tag nor a manifest that is committed.

        Raises:
            CannotRun: As `find` does; or the commit of an untagged release has other files of the corpus or its schema
                than the manifest lists.
        """
        release = self.find(version)
        if release and not release.is_tagged:
            self._require_listed_files(release)
        return release

    def _require_listed_files(self, release: Release) -> None:
        """Raise CannotRun if the corpus and the schema at a commit are not those that the manifest lists."""
        from annotate.comparison.release_manifest import compare_files, decode_manifest

        path, version = self._prefix + release.manifest, release.version
        data = self._git.read("cat-file", "blob", f"{release.commit}:{path}") or b""
        manifest = decode_manifest(f"{release.source}:{path}", data)
        if manifest.version != version:
            raise CannotRun(path, f"has the version {manifest.version}", "restore it, or rename it")
        listed = {name: hash_ for name, hash_ in manifest.files.items() if name.startswith(self._folders)}
        changes = list(compare_files(listed, self._hash_files(release.commit)))
        if changes:
            (name, change), more = changes[0], f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
            problem = f"does not fit {release.source}, the last commit that changed it, where {name} {change}{more}"
            hint = f"tag the commit of the release as {TAG_PREFIX}{version}, or commit the manifest with its files"
            raise CannotRun(path, problem, hint)

    def _hash_files(self, commit: str) -> dict[str, str]:
        """Return the files of the corpus and the schema at a commit: path → SHA-256, without the changelog."""
        blobs = dict[str, str]()
        output = self._git.read("ls-tree", "-r", "-z", "--full-tree", commit) or b""
        for entry in output.split(b"\0"):
            header, tab, name = entry.partition(b"\t")
            path = os.fsdecode(name)
            if not tab or not path.startswith(self._prefix):
                continue
            mode, _, blob = header.split()
            path = path.removeprefix(self._prefix)
            if mode in _FILE_MODES and path.startswith(self._folders) and path != f"{self._folders[0]}{CHANGELOG}":
                blobs[path] = blob.decode()
        with self._git.open_objects() as objects:
            return {path: sha256(objects.read(blob)) for path, blob in blobs.items()}
