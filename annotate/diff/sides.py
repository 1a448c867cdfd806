"""What a user names as a version → its files: a corpus folder, a folder that holds one, a release, a git revision."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from annotate.diff.archive import ARCHIVES, unpacked
from annotate.diff.git import revision
from annotate.diff.trees import CORPUS, SCHEMA, FolderTree, Tree
from annotate.errors import CannotRun
from annotate.inventory import FILE


@contextlib.contextmanager
def side(name: str, corpus: str = CORPUS, schema: str = SCHEMA) -> Iterator[Tree]:
    """The version called `name`, while the context lasts.

    What is on disk goes before a revision. A corpus folder has its schema beside it, else in the folder `schema` from
    here. In a folder that holds both, or at a revision, they are at the paths `corpus` and `schema`. A release is a
    source archive, or a folder with just one. Raises CannotRun for anything else.
    """
    path = Path(name)
    if path.is_dir():
        archives = [one for one in sorted(path.iterdir()) if one.name.endswith(ARCHIVES)]
        if roots := _roots(path, corpus, schema):
            yield FolderTree(name, roots)
        elif len(archives) == 1:
            yield from _of_archive(archives[0], name)
        else:
            raise CannotRun(path, "is neither a corpus folder nor a release", _mend(path, archives))
    elif path.is_file():
        if not name.endswith(ARCHIVES):
            raise CannotRun(
                path, "is no source archive", f"name a folder, or a file that ends in {', '.join(ARCHIVES)}"
            )
        yield from _of_archive(path, name)
    else:
        with revision(name, corpus, schema) as found:
            yield found


def _mend(path: Path, archives: list[Path]) -> str:
    if archives:
        return f"name one of its {len(archives)} archives"
    if any(path.glob("**/*.parquet")):
        return "it has a dataset's tables only: name the source archive of its release"
    return "name a folder with articles/, or one with corpus/ and schema/"


def _roots(path: Path, corpus: str, schema: str) -> dict[str, Path] | None:
    if (path / corpus / "articles").is_dir() and (path / schema / FILE).is_file():
        return {CORPUS: path / corpus, SCHEMA: path / schema}
    if not (path / "articles").is_dir():
        return None
    beside = path.resolve().parent / schema
    return {CORPUS: path, SCHEMA: beside if (beside / FILE).is_file() else Path(schema)}


def _of_archive(path: Path, name: str) -> Iterator[Tree]:
    with unpacked(path) as folder:
        found = sorted(folder.glob(f"**/{CORPUS}/articles/"), key=lambda one: len(one.parts))
        roots = _roots(found[0].parent.parent, CORPUS, SCHEMA) if found else None
        if roots is None:
            raise CannotRun(path, f"holds no {CORPUS}/ and {SCHEMA}/", "name the source archive of a release")
        yield FolderTree(name, roots, lasting=False)
