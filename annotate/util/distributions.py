"""Whether another installed distribution has a package called `annotate`, too."""

import os
import sys

OTHER = "annotate"
"""The distribution on PyPI that owns the import name. Ours is contested-claims."""


def find_name_clash() -> str | None:
    """Return one line about another distribution with our import name, or None if there is none.

    Python imports the package that comes first on its path, or, if both are in one folder, a mixture of their files.
    Where the other one wins, this function does not run: that cannot be detected from here.
    """
    if not any(_has_metadata(folder) for folder in sys.path):
        return None
    # Every run of the program asks this, and the import costs 20 ms.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        other = distribution(OTHER)
    except PackageNotFoundError:
        return None
    if not any(file.parts[:1] == ("annotate",) for file in other.files or ()):
        return None
    return (
        f"the distribution {OTHER} {other.version} has a package of the same name, and its files may replace ours; "
        f"remove it with `pip uninstall {OTHER}`, then install contested-claims again"
    )


def _has_metadata(folder: str) -> bool:
    """Return whether a folder of the import path holds the metadata of a version of the other distribution."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 - strings are enough, and cheaper
    except OSError:  # missing, or a zip file
        return False
    return any(name.startswith(f"{OTHER}-") and name.endswith((".dist-info", ".egg-info")) for name in names)
