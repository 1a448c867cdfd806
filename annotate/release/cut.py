"""Cut a release in two steps: prepare the files that a person commits, then build the folder and make the tag.

Each run continues from what it finds, so that an interrupted run is run again. The tag is made last: if it exists,
everything else does.
"""

import contextlib
import fcntl
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.comparison.release_manifest import encode_manifest, manifest_path
from annotate.comparison.releases import FOLDER
from annotate.corpus import CITATION
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding
from annotate.release.bundle import SUMS, write_bundle
from annotate.release.candidate import Candidate, open_candidate
from annotate.release.changelog import draft_entry
from annotate.release.git import Repository
from annotate.release.rules import (
    RULES,
    check_candidate,
    counts_not_named,
    manifest_stale,
    not_told,
    pointer_in_place_of_file,
    report_uncommitted,
    source_not_packable,
    table_does_not_load,
    tree_not_clean,
    versions_disagree,
)
from annotate.util.files import (
    PART_SUFFIX,
    FileToWrite,
    read_bytes,
    read_bytes_if_present,
    refuse_links,
    remove_leftovers,
    remove_part,
    require_unchanged,
    write_atomically,
)
from annotate.util.lock import writing_to
from annotate.util.progress import StartStep, ignore_steps

LOCK = "annotate-release.lock"

_AFTER_PREPARING = (versions_disagree, not_told, counts_not_named, tree_not_clean, manifest_stale)
"""Rules on what `cut` prepares, and on what a person does with it."""
_REBUILDING = (source_not_packable, pointer_in_place_of_file, tree_not_clean, manifest_stale)
"""Rules on what enters the folder of a release whose tag exists."""
_LAST = (table_does_not_load,)
"""Slow rules, checked only if no other rule refuses the release."""
_FIRST = tuple(rule for rule in RULES if rule not in (*_AFTER_PREPARING, *_LAST))


class CutOptions(NamedTuple):
    """What to release.

    Attributes:
        version: The version.
        corpus: The corpus folder.
        schema: The schema folder.
        out: The folder to write.
        day: The day of the release, YYYY-MM-DD.
        text: Include the texts of the articles.
        sign: Sign the tag.
    """

    version: str
    corpus: Path
    schema: Path
    out: Path
    day: str
    text: bool = True
    sign: bool = False


class CutResult(NamedTuple):
    """How far a run came: it was refused, it prepared files, or it made the release.

    Attributes:
        refused: The findings that refuse the release.
        prepared: The files that were written and wait for a person, relative to the folder that contains `corpus/`.
        drafted: Whether the changelog entry is a draft that a person must complete.
        sums_sha256: The SHA-256 of SHA256SUMS; empty unless the release was made.
        warnings: The findings that do not refuse the release.
        waived: The findings that the corpus waives.
    """

    refused: tuple[Finding, ...] = ()
    prepared: tuple[str, ...] = ()
    drafted: bool = False
    sums_sha256: str = ""
    warnings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()


def cut_release(options: CutOptions, progress: StartStep = ignore_steps) -> CutResult:
    """Do the next step of a release.

    Args:
        options: What to release.
        progress: Called at the start of each step with its name and its number of articles, or None.

    Returns:
        How far the run came.

    Raises:
        CannotRun: git would see the folder to write, another release is being cut, or a file cannot be written.
        Refused: A file was changed by another program meanwhile. Nothing is written.
    """
    version = options.version
    with (
        writing_to(*([options.corpus] if options.corpus.is_dir() else [])),
        open_candidate(version, options.corpus, options.schema, progress) as candidate,
        _lock(candidate.repository),
    ):
        _remove_leftovers(candidate)
        if not candidate.repository.is_ignored(options.out):
            hint = "add it to .gitignore, or choose another folder with --out"
            raise CannotRun(options.out, "is not ignored by git", hint)
        if candidate.releases.tagged_commit(version) == candidate.repository.head:
            # The release exists; only its folder is built again.
            if refused := _split(check_candidate(candidate, _REBUILDING)).errors:
                return CutResult(refused=refused)
            return CutResult(sums_sha256=write_bundle(candidate, options.out, options.text))
        refused, warnings = _split((*check_candidate(candidate, _FIRST), *_unrelated_changes(candidate)))
        waived = tuple(candidate.waived)
        if refused:
            return CutResult(refused=refused, warnings=warnings, waived=waived)
        if result := _prepare(candidate, options, progress):
            return result._replace(warnings=warnings, waived=waived)
        for rules in (_AFTER_PREPARING, _LAST):
            if refused := _split(check_candidate(candidate, rules)).errors:
                return CutResult(refused=refused, warnings=warnings, waived=waived)
        sums_sha256 = write_bundle(candidate, options.out, options.text)
        progress("making the tag", None)
        body = candidate.entry.body if candidate.entry else ""
        message = f"{candidate.inventory.title} {version}\n\n{body}\n\n{SUMS} has the SHA-256 {sums_sha256}\n"
        candidate.repository.create_tag(version, message, options.sign)
        return CutResult(sums_sha256=sums_sha256, warnings=warnings, waived=waived)


class _SplitFindings(NamedTuple):
    """Findings that refuse a release, and those that do not."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def _split(findings: Iterable[Finding]) -> _SplitFindings:
    errors, warnings = list[Finding](), list[Finding]()
    for finding in findings:
        (errors if finding.is_error else warnings).append(finding)
    return _SplitFindings(tuple(errors), tuple(warnings))


@contextlib.contextmanager
def _lock(repository: Repository) -> Iterator[None]:
    """Let only one process cut a release in a repository. The system releases the lock of a killed process."""
    with (repository.git_folder / LOCK).open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            problem, hint = "another release is being cut", "wait for its end, then run it again"
            raise CannotRun(repository.corpus, problem, hint) from None
        yield


def _remove_leftovers(candidate: Candidate) -> None:
    """Remove the temporary files of a killed run outside the corpus folder."""
    remove_leftovers(candidate.folder / FOLDER)
    # The copy of the old contents is a temporary file, too, and has one while it is written.
    for path in candidate.folder.glob(f".*{CITATION}.*{PART_SUFFIX}"):
        remove_part(path)


def _unrelated_changes(candidate: Candidate) -> Iterator[Finding]:
    """Yield the findings of uncommitted changes in files that `cut` does not write."""
    version, repository = candidate.version, candidate.repository
    paths = candidate.citation_path, candidate.changelog_path, manifest_path(candidate.folder, version)
    own = set(map(repository.path_in_git, paths))
    unrelated = [file for file in repository.uncommitted_files() if file not in own]
    return (tree_not_clean.finding("", None, problem) for problem in report_uncommitted(unrelated))


def _prepare(candidate: Candidate, options: CutOptions, progress: StartStep) -> CutResult | None:
    """Write the files that are not as they should be, or none of them if an error occurs.

    Returns:
        The files that were written; None if all are as they should be.
    """
    edits = FileEdits()
    try:
        dated_files = _dated_files(candidate, options.day)
        require_unchanged(dated_files)
        for file in dated_files:
            edits.write(file)
        # The dataset card quotes these files, so that the manifest needs a candidate that reads them again.
        reread = open_candidate(options.version, options.corpus, options.schema, progress)
        with reread if edits.paths else contextlib.nullcontext(candidate) as prepared:
            path = manifest_path(prepared.folder, prepared.version)
            old = read_bytes_if_present(path, "restore it", within=candidate.folder)
            manifest = encode_manifest(prepared.build_manifest())
            edits.write(FileToWrite(path, manifest, within=candidate.folder, old=old))
            drafted = prepared.entry is not None and prepared.entry.is_draft
    except BaseException:
        edits.undo()
        raise
    edits.keep()
    if not edits.paths:
        return None
    return CutResult(prepared=tuple(map(candidate.relative_path, edits.paths)), drafted=drafted)


def _dated_files(candidate: Candidate, day: str) -> list[FileToWrite]:
    """Return CITATION.cff and the changelog of the data with the version, the day and the counts of the release."""
    day = (candidate.entry and candidate.entry.day) or day
    citation, changelog = candidate.citation_path, candidate.changelog_path
    files = list[FileToWrite]()
    if citation.is_file():
        old = read_bytes(citation, "restore it", within=candidate.folder)
        text = _date_citation(old.decode("utf-8"), candidate.version, day)
        files.append(FileToWrite(citation, text.encode(), within=candidate.folder, old=old))
    entries = candidate.corpus.read_file_if_present(changelog)
    text = "# Changes of the data\n" if entries is None else entries.decode("utf-8")
    text = draft_entry(text, candidate.version, day, candidate.counts)
    return [*files, candidate.corpus.prepare_file(changelog, text.encode(), entries)]


def _date_citation(text: str, version: str, day: str) -> str:
    """Return CITATION.cff with version and day; comments and order stay."""
    for key, line in (("version", f"version: {version}"), ("date-released", f'date-released: "{day}"')):
        text, count = re.subn(rf"^{key}:.*$", line, text, count=1, flags=re.MULTILINE)
        if not count:
            text = f"{text.rstrip()}\n{line}\n"
    return text


class FileEdits:
    """Files written one by one, each atomically, which can all be put back.

    The old contents are first copied next to each file, so that putting them back needs no space on a full disk. The
    next run removes the copies of a killed run.
    """

    def __init__(self) -> None:
        """Begin without an edit."""
        self._copies: dict[Path, Path | None] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were written."""
        return tuple(self._copies)

    def write(self, file: FileToWrite) -> None:
        """Write a file unless it has these contents.

        Raises:
            CannotRun: The file cannot be written, or is behind a link.
            Refused: It was changed since it was read.
        """
        path, within = file.path, file.within or file.path.parent
        refuse_links(path, within)
        current = read_bytes_if_present(path, "restore it", within=within)
        if current == file.data:
            return
        require_unchanged([file])
        copy = path.with_name(f".{path.name}.original{PART_SUFFIX}") if current is not None else None
        if copy and current is not None:
            write_atomically(copy, current)
        self._copies[path] = copy
        try:
            write_atomically(*file._replace(old=current))
        except Refused:
            # The file is not the one that was copied, and must not be put back.
            del self._copies[path]
            if copy:
                copy.unlink()
            raise

    def undo(self) -> None:
        """Put back the old contents of all files; remove the files that are new."""
        for path, copy in self._copies.items():
            if copy:
                copy.replace(path)
            elif path.exists():
                path.unlink()

    def keep(self) -> None:
        """Remove the copies of the old contents."""
        for copy in filter(None, self._copies.values()):
            copy.unlink()
