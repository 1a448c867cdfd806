"""The dataset of a candidate, built twice: in two folders and two processes, whose hashing starts from other seeds."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from annotate.dataset.build import build
from annotate.dataset.inputs import cited
from annotate.dataset.writer import Manifest
from annotate.executors import processes
from annotate.release.figures import tabled

if TYPE_CHECKING:
    from annotate.release.candidate import Candidate


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
