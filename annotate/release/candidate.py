"""A candidate for a release: a corpus in its repository, and what the rules look at, each computed once."""

import contextlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate import inventory
from annotate.changelog import ChangelogEntry, find_entry, parse_changelog
from annotate.checks import check
from annotate.comparison.compare import Comparison
from annotate.comparison.paths import CHANGELOG, CORPUS, SCHEMA
from annotate.comparison.release_manifest import ReleaseManifest, decode_manifest, manifest_path
from annotate.comparison.releases import FOLDER, SUFFIX, Release, ReleaseHistory, keep_versions
from annotate.comparison.semver import parse_version
from annotate.comparison.sources import open_version
from annotate.comparison.summary import Summary
from annotate.comparison.trees import FolderTree, GitTree, Tree, open_revision
from annotate.corpus import CITATION, Corpus, find_parent_folder
from annotate.dataset.build import build
from annotate.dataset.folder import Manifest
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import GOLD
from annotate.offsets import sha256
from annotate.passes import LeftOutPass, list_left_out
from annotate.release.agreement import describe_agreement, measure_gold_agreement
from annotate.release.changelog import count_changes, count_contents, measure_contents
from annotate.release.git import Repository, TreeEntry
from annotate.release.other_sources import GUIDELINES, compare_other_sources, is_other_source, read_other_sources
from annotate.release.sources import SUBMODULE_MODE, is_packable, name_pointer
from annotate.released_files import FORMAT
from annotate.util.files import is_regular, load_yaml, read_bytes, read_bytes_if_present, read_text
from annotate.util.folders import temporary_folder
from annotate.util.parallel import process_pool
from annotate.util.progress import StartStep, ignore_steps

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.dataset.facts import Agreement

UNPLANNED = "0.0.0"
"""The version of a candidate whose version is not chosen yet. All releases are earlier."""


class EarlierState(NamedTuple):
    """An earlier state of the corpus.

    Attributes:
        version: The newest version in its changelog; None if it has none.
        comparison: The earlier state compared with the current one.
        lost_work: The files of annotators' labels that are gone or empty now, and those of decisions that are gone.
    """

    version: str | None
    comparison: Comparison
    lost_work: tuple[str, ...]


class Blob(NamedTuple):
    """What git's object has of a source.

    Attributes:
        sha256: The SHA-256 of its bytes.
        pointer: The program whose pointer it is, in place of the file; None for a file.
    """

    sha256: str
    pointer: str | None


class DatasetPair(NamedTuple):
    """Two builds of one dataset, which must be equal, and the manifest of the first."""

    first: Path
    second: Path
    manifest: Manifest


class Candidate:
    """A corpus and the version that it may be released as.

    Attributes:
        version: The version of the release, or `UNPLANNED`.
        corpus: The corpus.
        schema: The schema folder.
        scratch: A temporary folder for builds.
        progress: Called at the start of each step with its name and its number of articles, or None.
        folder: The folder that contains `corpus/`; paths in findings are relative to it.
        repository: The git repository.
        inventory: The inventory.
        waived: The findings that the corpus waives, as far as they were looked for.
    """

    def __init__(
        self,
        version: str,
        corpus: Corpus,
        schema: str | Path,
        scratch: Path,
        progress: StartStep = ignore_steps,
    ) -> None:
        """Look for the repository and load the inventory.

        Raises:
            CannotRun: There is no repository, the inventory cannot be loaded, or the schema folder is not next to the
                corpus.
        """
        self.version, self.corpus, self.schema = version, corpus, Path(schema)
        self.scratch, self.progress = scratch, progress
        self.waived = list[Finding]()
        self.folder = find_parent_folder(corpus.root)
        self.repository = Repository(self.folder, corpus.root)
        self.inventory: Inventory = inventory.load_inventory(schema)
        if not self.schema.resolve().is_relative_to(self.folder.resolve()):
            raise CannotRun(schema, "is not next to the corpus", "name the schema folder that is released with it")

    def relative_path(self, path: Path) -> str:
        """Return a path from the folder that contains `corpus/`; a link has the path that it has itself.

        Raises:
            CannotRun: A folder in the path is a link that leads elsewhere.
        """
        is_root = path in (self.corpus.root, self.schema)
        target = path.parent.resolve() / path.name if path.is_symlink() and not is_root else path.resolve()
        folder = self.folder.resolve()
        if not target.is_relative_to(folder):
            raise CannotRun(path, "is not next to the corpus", "replace the link that leads there")
        return target.relative_to(folder).as_posix()

    @property
    def citation_path(self) -> Path:
        """The path of CITATION.cff."""
        return self.folder / CITATION

    @property
    def changelog_path(self) -> Path:
        """The path of the changelog of the data."""
        return self.corpus.root / CHANGELOG

    @cached_property
    def citation(self) -> dict[str, Any]:
        """The contents of CITATION.cff; empty if there is no such file or it is not a mapping."""
        if not is_regular(self.citation_path, within=self.folder):  # V205 reports a link
            return {}
        value = load_yaml(self.citation_path, "restore it", within=self.folder)
        return value if isinstance(value, dict) else {}

    @cached_property
    def entries(self) -> list[ChangelogEntry]:
        """The entries of the changelog of the data, from the top; empty if there is no changelog."""
        path = self.changelog_path
        if not path.is_file():
            return []
        return parse_changelog(read_text(path, "restore it", within=path.parent, errors="replace"))

    @property
    def entry(self) -> ChangelogEntry | None:
        """The changelog entry of the version."""
        return find_entry(self.entries, self.version)

    @cached_property
    def releases(self) -> ReleaseHistory:
        """The released versions: those with a tag, and those with a committed manifest."""
        return self.repository.history(self.schema)

    @cached_property
    def other_versions(self) -> list[str]:
        """The released versions other than this one, lowest first."""
        return [version for version in self.releases.versions if version != self.version]

    @cached_property
    def last_release(self) -> Release | None:
        """The release with the highest version below this one; None for a first release.

        Raises:
            CannotRun: Its files are not known: it has no tag, and its manifest is not committed, or was last changed by
                a commit that has another corpus.
        """
        versions = self.other_versions
        if self.version != UNPLANNED:
            manifests = (path.name.removesuffix(SUFFIX) for path in (self.folder / FOLDER).glob(f"*{SUFFIX}"))
            versions = [*versions, *keep_versions(manifests)]
            versions = [version for version in versions if parse_version(version) < parse_version(self.version)]
        return self.releases.find_verified(max(versions, key=parse_version)) if versions else None

    @property
    def last_version(self) -> str | None:
        """The version of the last release."""
        return self.last_release.version if self.last_release else None

    @cached_property
    def last_state(self) -> EarlierState | None:
        """The last release and what differs from it; None for a first release."""
        return self._compare_with_revision(self.last_release.commit) if self.last_release else None

    @property
    def comparison(self) -> Comparison | None:
        """The last release compared with the current state; None for a first release."""
        return self.last_state.comparison if self.last_state else None

    def compare_with(self, name: str) -> EarlierState:
        """Compare a revision, a released version or a folder with the current state, and sum up the differences."""
        if not Path(name).exists():
            return self._compare_with_revision(name)
        with open_version(name) as earlier:
            return self._compare_with_tree(earlier)

    def _compare_with_revision(self, name: str) -> EarlierState:
        corpus, schema = str(self.corpus.root.resolve()), str(self.schema.resolve())
        with open_revision(name, corpus, schema, self.folder) as earlier:
            return self._compare_with_tree(earlier)

    def _compare_with_tree(self, earlier: Tree) -> EarlierState:
        current = FolderTree("the corpus", {CORPUS: self.corpus.root, SCHEMA: self.schema})
        comparison = Comparison(earlier, current, self.progress)
        compare_other_sources(
            comparison.summarize(), self._read_other_sources(earlier), read_other_sources(self.folder)
        )
        file = f"{CORPUS}/{CHANGELOG}"
        text = earlier.read(file).decode("utf-8", "replace") if file in earlier.files() else ""
        entries = parse_changelog(text)
        lost_work = tuple(comparison.list_lost_work())  # read while git's objects are open
        return EarlierState(entries[0].version if entries else None, comparison, lost_work)

    def _read_other_sources(self, earlier: Tree) -> dict[str, bytes]:
        """Return the sources of an earlier state that are in neither the corpus nor the schema folder."""
        if isinstance(earlier, GitTree):
            blobs = self.repository.list_blobs(earlier.commit)
            blobs = {path: blob for path, blob in blobs.items() if is_other_source(path)}
            return dict(zip(blobs, self.repository.read_blobs(list(blobs.values())), strict=True))
        return read_other_sources(find_parent_folder(earlier.roots[CORPUS])) if isinstance(earlier, FolderTree) else {}

    @cached_property
    def counts(self) -> list[str]:
        """The count lines that the changelog entry must have."""
        if self.comparison is None:
            return count_contents(measure_contents(self.corpus, self.inventory))
        return self.count_difference(self.comparison.summary)

    def count_difference(self, summary: Summary) -> list[str]:
        """Return the count lines of the difference from an earlier version."""
        contents = measure_contents(self.corpus, self.inventory)
        return count_changes(summary, has_pieces=contents.spans != contents.pieces)

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings of the corpus checks with warnings, and near-duplicate paragraphs in two splits.

        Those that the corpus waives are put into `waived`.
        """
        progress = self.progress("checking the corpus", len(self.corpus.article_ids()))
        guidelines = self.folder / GUIDELINES
        return list(
            check(
                self.corpus,
                self.inventory,
                progress=progress,
                folders=(guidelines,),
                handle_waived=self.waived.append,
                search_leaks=True,
            )
        )

    @property
    def has_errors(self) -> bool:
        """Whether the corpus checks find an error."""
        return any(finding.is_error for finding in self.findings)

    @cached_property
    def left_out(self) -> tuple[LeftOutPass, ...]:
        """The labels of single annotators that the dataset leaves out, since they have errors."""
        return list_left_out(self.findings)

    @cached_property
    def agreement(self) -> "Report | None":
        """The agreement of annotators on gold; None if no article with gold was labelled by two."""
        self.progress("measuring agreement", None)
        return measure_gold_agreement(self.corpus, self.inventory)

    @cached_property
    def agreement_table(self) -> "Agreement":
        """The agreement as the dataset card shows it."""
        return describe_agreement(self.corpus, self.inventory, self.agreement)

    @cached_property
    def datasets(self) -> DatasetPair:
        """The dataset, built twice: in two folders and two processes with different hash seeds.

        Raises:
            CannotRun: There is nothing to build.
        """
        progress = self.progress("building the dataset twice", len(self.corpus.annotated_ids(GOLD)))
        first, second = self.scratch / "first" / "dataset", self.scratch / "second" / "dataset"
        table, left_out = self.agreement_table, self.left_out
        is_quoted = is_regular(self.citation_path, within=self.folder)  # V205 reports a link
        citation = self.citation_path if is_quoted else None
        with process_pool(2) as executor:
            assert executor is not None  # noqa: S101 - two workers always have an executor
            second_build = executor.submit(
                build, self.corpus, self.inventory, second, citation, table, left_out=left_out
            )
            manifest = build(self.corpus, self.inventory, first, citation, table, left_out=left_out, progress=progress)
            second_build.result()
        return DatasetPair(first, second, manifest)

    @property
    def source_folders(self) -> tuple[str, ...]:
        """The folders that a release is made from, besides CITATION.cff and the licences."""
        return self.relative_path(self.corpus.root), self.relative_path(self.schema), GUIDELINES

    @cached_property
    def source_files(self) -> list[str]:
        """The files that a release is made from, as git's index lists them, and as far as they are on disk."""
        licences = [path.name for path in self.folder.glob("LICENSE*")]
        files = self.repository.list_files([*self.source_folders, CITATION, *licences])
        return sorted(file for file in files if is_regular(self.folder / file, within=self.folder))

    @cached_property
    def uncommitted_files(self) -> list[str]:
        """The files that are not committed, as paths from the top of the repository."""
        return self.repository.uncommitted_files()

    @cached_property
    def tree(self) -> dict[str, TreeEntry]:
        """Path → what git has at the last commit."""
        return {entry.path: entry for entry in self.repository.list_tree(self.repository.head)}

    @cached_property
    def source_entries(self) -> list[TreeEntry]:
        """What git has of the sources at the last commit, sorted by path, whether it can be packed or not."""
        folders = self.source_folders
        return sorted(
            entry
            for path, entry in self.tree.items()
            if path in (CITATION, *folders)
            or path.startswith(("LICENSE", *(f"{folder}/" for folder in folders)))
            or "." in folders
        )

    @cached_property
    def blobs(self) -> dict[str, Blob]:
        """Path → what git's object has of each source that is a file, and of each link."""
        entries = [entry for entry in self.source_entries if entry.mode != SUBMODULE_MODE]
        contents = self.repository.read_blobs([entry.blob for entry in entries])
        return {
            entry.path: Blob(sha256(data), name_pointer(data)) for entry, data in zip(entries, contents, strict=True)
        }

    def read_sources(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and contents of each file of the source archive, sorted, out of git's objects.

        Raises:
            CannotRun: An entry cannot be packed. `release check` reports it first.
        """
        for entry in self.source_entries:
            if not is_packable(entry):
                raise CannotRun(self.folder / entry.path, "cannot be packed", "see `annotate release check`")
        contents = self.repository.read_blobs([entry.blob for entry in self.source_entries])
        yield from zip((entry.path for entry in self.source_entries), contents, strict=True)

    def hash_sources(self) -> dict[str, str]:
        """Return source file → SHA-256, without the changelog of the data.

        A file that is committed has the hash of what git has, which is what the archive holds, even where a filter such
        as Git LFS makes other bytes of it on disk. Any other file is hashed as it is on disk.
        """
        top = self.repository.path_in_git(self.folder)
        prefix = "" if top == "." else f"{top}/"
        changed = {file.removeprefix(prefix) for file in self.uncommitted_files}
        committed = {entry.path for entry in self.source_entries if is_packable(entry)} - changed
        files = sorted(committed.union(self.source_files) - {self.relative_path(self.changelog_path)})
        return {
            file: self.blobs[file].sha256
            if file in committed
            else sha256(read_bytes(self.folder / file, "restore it, or commit that it is gone", within=self.folder))
            for file in files
        }

    @cached_property
    def manifest(self) -> ReleaseManifest | None:
        """The manifest in `releases/`; None if it is not written yet."""
        path = manifest_path(self.folder, self.version)
        data = read_bytes_if_present(path, "restore it", within=self.folder)
        return None if data is None else decode_manifest(self.relative_path(path), data)

    def build_manifest(self) -> ReleaseManifest:
        """Return the manifest that the current files and the dataset give."""
        return ReleaseManifest(
            format=FORMAT,
            version=self.version,
            inventory=self.inventory.version,
            files=self.hash_sources(),
            dataset=self.datasets.manifest,
        )


@contextlib.contextmanager
def open_candidate(
    version: str, corpus: str | Path, schema: str | Path, progress: StartStep = ignore_steps
) -> Iterator[Candidate]:
    """Yield a candidate whose scratch folder is removed afterwards."""
    with temporary_folder("annotate-release-") as scratch:
        yield Candidate(version, Corpus(corpus), schema, scratch, progress)
