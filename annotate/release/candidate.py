"""What may become a release: the corpus in its repository, and all that the rules look at, each computed once.

The dataset of a candidate, built twice: in two folders and two processes, whose hashing starts from other seeds.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate import inventory
from annotate.checks import check
from annotate.checks.splits import leaks
from annotate.comparison.compare import Comparison
from annotate.comparison.sources import CORPUS, SCHEMA, FolderTree, revision, side
from annotate.corpus import Corpus, beside
from annotate.dataset.build import CITATION, build, cited
from annotate.dataset.writer import Manifest
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.offsets import sha256
from annotate.release import changelog
from annotate.release.agreement import tabled
from annotate.release.changelog import Entry
from annotate.release.git import PREFIX, Repository, line
from annotate.release.manifest import FORMAT, ReleaseManifest, decode, manifest_path
from annotate.util.files import parse_yaml, read_bytes
from annotate.util.parallel import processes

if TYPE_CHECKING:
    from annotate.agreement.report import Report

Step = Callable[[str], None]


class Since(NamedTuple):
    """An earlier state, by the version that its changelog named last, and what changed since."""

    version: str | None
    comparison: Comparison


class Candidate:
    """A corpus and the version that it may be released as. `scratch` is a folder for what is built on the way.

    Paths in findings are from `place`, the folder that `corpus/` is in. Raises CannotRun where there is no repository
    or the inventory cannot be loaded.
    """

    def __init__(
        self, version: str, corpus: Corpus, schema: str | Path, scratch: Path, step: Step = lambda what: None
    ) -> None:
        self.version, self.corpus, self.schema, self.scratch, self.step = version, corpus, Path(schema), scratch, step
        self.place = beside(corpus.root)
        self.repository = Repository(self.place, corpus.root)
        self.inventory: Inventory = inventory.load(schema)
        if not self.schema.resolve().is_relative_to(self.place.resolve()):
            raise CannotRun(schema, "is not beside the corpus", "name the folder that is released with it")

    def named(self, path: Path) -> str:
        return path.resolve().relative_to(self.place.resolve()).as_posix()

    @property
    def citation_path(self) -> Path:
        return self.place / CITATION

    @property
    def changelog_path(self) -> Path:
        return self.corpus.root / changelog.FILE

    @cached_property
    def citation(self) -> dict[str, Any]:
        """What CITATION.cff says; empty where there is none or it is no mapping."""
        if not self.citation_path.is_file():
            return {}
        try:
            value = parse_yaml(read_bytes(self.citation_path, "restore it"))
        except ValueError as error:
            raise CannotRun(self.citation_path, str(error), "fix the YAML") from error
        return value if isinstance(value, dict) else {}

    @cached_property
    def entries(self) -> list[Entry]:
        """The changelog of the data, from the top; empty where there is none."""
        path = self.changelog_path
        return changelog.entries(read_bytes(path, "restore it").decode("utf-8", "replace")) if path.is_file() else []

    @property
    def entry(self) -> Entry | None:
        return next((entry for entry in self.entries if entry.version == self.version), None)

    @cached_property
    def last(self) -> str | None:
        """The version released last, but for the one that is being made."""
        others = [version for version in self.repository.versions() if version != self.version]
        return others[-1] if others else None

    @cached_property
    def comparison(self) -> Comparison | None:
        """The last release against what is here, summed up; None for a first release."""
        return self.since(f"refs/tags/{PREFIX}{self.last}").comparison if self.last else None

    def since(self, name: str) -> Since:
        """A revision, or a folder, against what is here, summed up."""
        self.step(f"comparing with {name}")
        now = FolderTree("the corpus", {CORPUS: self.corpus.root, SCHEMA: self.schema})
        corpus, schema = str(self.corpus.root.resolve()), str(self.schema.resolve())
        folder = Path(name).exists()
        with side(name) if folder else revision(name, corpus, schema, self.place) as before:
            found = Comparison(before, now)
            found.summed()
            file = f"{CORPUS}/{changelog.FILE}"
            told = changelog.entries(before.read(file).decode("utf-8", "replace")) if file in before.files() else []
        return Since(told[0].version if told else None, found)

    @cached_property
    def counts(self) -> list[str]:
        """The lines that the changelog must have."""
        if self.comparison is None:
            return changelog.counts_of_first(self.corpus)
        return changelog.counts_of(self.comparison.summary)

    @cached_property
    def findings(self) -> list[Finding]:
        """What the checks of the corpus find, warnings too, and near-duplicates in two splits."""
        self.step("checking the corpus")
        found = list(check(self.corpus, self.inventory))
        return found if any(one.severity == "error" for one in found) else found + leaks(self.corpus)

    @cached_property
    def agreement(self) -> "Report | None":
        from annotate.release.agreement import measured

        self.step("measuring agreement")
        return measured(self.corpus, self.inventory)

    @cached_property
    def built(self) -> "Built":
        """The dataset, built twice."""

        self.step("building the dataset twice")
        return build_twice(self)

    @cached_property
    def paths(self) -> list[str]:
        """The files that a release is made from, as git lists them: corpus, schema, guidelines, citation, licences."""
        wanted = (self.named(self.corpus.root), self.named(self.schema), "guidelines", CITATION, "LICENSE*")
        listed = line(self.place, "ls-files", "-z", "--", *wanted) or ""
        return sorted(name for name in listed.split("\0") if name and (self.place / name).is_file())

    def hashes(self) -> dict[str, str]:
        """Path → SHA-256, as they are on disk, but for the changelog of the data."""
        but = self.named(self.changelog_path)
        return {name: sha256((self.place / name).read_bytes()) for name in self.paths if name != but}

    @cached_property
    def manifest(self) -> ReleaseManifest | None:
        """The manifest in `releases/`; None where there is none yet."""
        path = manifest_path(self.place, self.version)
        return decode(self.named(path), path.read_bytes()) if path.is_file() else None

    def fresh_manifest(self) -> ReleaseManifest:
        return ReleaseManifest(
            format=FORMAT,
            version=self.version,
            inventory=self.inventory.version,
            files=self.hashes(),
            dataset=self.built.manifest,
        )


@contextlib.contextmanager
def candidate(
    version: str, corpus: str | Path, schema: str | Path, step: Step = lambda what: None
) -> Iterator[Candidate]:
    """A candidate with a scratch folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="annotate-release-") as scratch:
        yield Candidate(version, Corpus(corpus), schema, Path(scratch), step)


if TYPE_CHECKING:
    pass


class Built(NamedTuple):
    """Two folders that must be the same, and the manifest of the first."""

    first: Path
    second: Path
    manifest: Manifest


def build_twice(candidate: "Candidate") -> Built:
    """Raises CannotRun where there is nothing to build."""
    first, second = candidate.scratch / "first" / "dataset", candidate.scratch / "second" / "dataset"
    table = tabled(candidate.agreement) if candidate.agreement else None
    corpus, labels, quoted = candidate.corpus, candidate.inventory, cited(candidate.corpus)
    with processes(2) as executor:
        assert executor is not None  # noqa: S101 - there is one for two
        other = executor.submit(build, corpus, labels, second, quoted, table)
        manifest = build(corpus, labels, first, quoted, table)
        other.result()
    return Built(first, second, manifest)
