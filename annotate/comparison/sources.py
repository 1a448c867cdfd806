"""Open a version of a corpus by the name that a user gives it: a folder, a release, or a git revision."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from annotate.comparison.archives import ARCHIVES, DEFAULT_BOUNDS, ArchiveBounds, unpack_archive
from annotate.comparison.paths import CORPUS, SCHEMA
from annotate.comparison.trees import FolderTree, Tree, open_revision
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE


@contextlib.contextmanager
def open_version(
    name: str, corpus: str = CORPUS, schema: str = SCHEMA, bounds: ArchiveBounds = DEFAULT_BOUNDS
) -> Iterator[Tree]:
    """Open the files of a version, while the context lasts.

    A path on disk takes precedence over a revision, and a revision over a released version. A corpus folder has its
    schema next to it, otherwise in the folder `schema` of the current folder. A folder that holds both, and a revision,
    have them at the paths `corpus` and `schema`. A release is a source archive, or a folder that holds exactly one.

    Args:
        name: A corpus folder, a folder that holds one, a release, a git revision, or a released version (0.1.0).
        corpus: The path of the corpus folder.
        schema: The path of the schema folder.
        bounds: What an archive may hold.

    Raises:
        CannotRun: The name is none of these, or cannot be read.
    """
    path = Path(name)
    if path.is_dir():
        archives = [entry for entry in sorted(path.iterdir()) if entry.name.endswith(ARCHIVES)]
        if roots := _find_roots(path, corpus, schema):
            yield FolderTree(name, roots)
        elif len(archives) == 1:
            yield from _open_archive(archives[0], name, bounds)
        else:
            raise CannotRun(path, "is neither a corpus folder nor a release", _suggest(path, archives))
    elif path.is_file():
        if not name.endswith(ARCHIVES):
            hint = f"name a folder, or a file that ends in {', '.join(ARCHIVES)}"
            raise CannotRun(path, "is not a source archive", hint)
        yield from _open_archive(path, name, bounds)
    else:
        with open_revision(name, corpus, schema) as tree:
            yield tree


def _suggest(path: Path, archives: list[Path]) -> str:
    if archives:
        return f"name one of its {len(archives)} archives"
    if any(path.glob("**/*.parquet")):
        return "it holds only the tables of a dataset: name the source archive of its release"
    return "name a folder with articles/, or one with corpus/ and schema/"


def _find_roots(path: Path, corpus: str, schema: str) -> dict[str, Path] | None:
    """Find the corpus and schema folders that a folder stands for."""
    if (path / corpus / "articles").is_dir() and (path / schema / INVENTORY_FILE).is_file():
        return {CORPUS: path / corpus, SCHEMA: path / schema}
    if not (path / "articles").is_dir():
        return None
    sibling = path.resolve().parent / schema
    return {CORPUS: path, SCHEMA: sibling if (sibling / INVENTORY_FILE).is_file() else Path(schema)}


def _open_archive(path: Path, name: str, bounds: ArchiveBounds) -> Iterator[Tree]:
    with unpack_archive(path, bounds) as folder:
        candidates = sorted(folder.glob(f"**/{CORPUS}/articles/"), key=lambda candidate: len(candidate.parts))
        roots = _find_roots(candidates[0].parent.parent, CORPUS, SCHEMA) if candidates else None
        if roots is None:
            raise CannotRun(path, f"holds no {CORPUS}/ and {SCHEMA}/", "name the source archive of a release")
        yield FolderTree(name, roots, is_temporary=True)
