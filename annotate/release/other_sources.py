"""The sources of a release that are in neither the corpus nor the schema folder: guidelines, licences, CITATION.cff.

`annotate diff` does not compare them. A release does, since its archive has them: a change of the guidelines alone is a
reason for a new version.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from annotate.comparison.summary import Summary
from annotate.corpus import CITATION
from annotate.util.files import is_regular, read_bytes
from annotate.util.folders import find_files

GUIDELINES = "guidelines"
"""The folder of the guidelines, next to the corpus folder."""
_LICENCE = "LICENSE"
_DATED_BY_CUT = re.compile(rb"^(version|date-released):.*$\n?", re.MULTILINE)
"""The lines of CITATION.cff that `annotate release cut` writes; they change with every release."""


def is_other_source(path: str) -> bool:
    """Tell whether a path, from the folder that contains `corpus/`, is one of the other sources."""
    folder, *below = path.split("/")
    if below:
        return folder == GUIDELINES and not any(name.startswith(".") for name in below)
    return path == CITATION or path.startswith(_LICENCE)


def read_other_sources(folder: Path) -> dict[str, bytes]:
    """Return the other sources in the folder that contains `corpus/`, by path; links are left out.

    Raises:
        CannotRun: If one cannot be read.
    """
    paths = [*find_files(folder / GUIDELINES, "", below=True), folder / CITATION, *folder.glob(f"{_LICENCE}*")]
    named = {path.relative_to(folder).as_posix(): path for path in paths if is_regular(path, within=folder)}
    return {
        name: read_bytes(path, "restore it", within=folder) for name, path in named.items() if is_other_source(name)
    }


def compare_other_sources(summary: Summary, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    """Count the other sources that differ in the files of a summary, by kind and by what happened to them.

    The version and the day in CITATION.cff do not count.
    """
    for path in sorted(old.keys() | new.keys()):
        before, after = _undated(path, old.get(path)), _undated(path, new.get(path))
        if before != after:
            status = "added" if before is None else "removed" if after is None else "changed"
            kind = f"{_kind(path)} {status}"
            summary.files[kind] = summary.files.get(kind, 0) + 1


def _kind(path: str) -> str:
    if path.startswith(f"{GUIDELINES}/"):
        return GUIDELINES
    return "citation" if path == CITATION else "licence"


def _undated(path: str, data: bytes | None) -> bytes | None:
    return _DATED_BY_CUT.sub(b"", data) if data is not None and path == CITATION else data
