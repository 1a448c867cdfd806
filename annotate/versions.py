"""The order of inventory versions: which of two is the earlier one, and what an annotation was asked for."""

import re
from collections.abc import Mapping

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_VersionKey = tuple[tuple[int, str], ...]


def is_version(text: str) -> bool:
    """Return whether a text is a version: three numbers with dots between them."""
    return _VERSION.fullmatch(text) is not None


def version_key(version: str) -> _VersionKey:
    """Return a key that sorts versions: each number by its length, then by its digits.

    The numbers are not converted, since those of an annotation file may have any number of digits.

    Args:
        version: Numbers with dots between them.
    """
    return tuple((len(digits), digits) for number in version.split(".") for digits in (number.lstrip("0"),))


def is_older(version: str, other: str | None) -> bool:
    """Return whether a version comes before another one; False without another one.

    An annotation whose version is older than the `since` of an attribute, label or relation was never reviewed for it.
    """
    return other is not None and version_key(version) < version_key(other)


def same_major(version: str, other: str) -> bool:
    """Return whether two versions have the same first number."""
    return version_key(version)[0] == version_key(other)[0]


def latest(*versions: str | None) -> str | None:
    """Return the latest of the versions that there are; None if there is none."""
    return max((version for version in versions if version is not None), key=version_key, default=None)


def describe_asked(since: str | None, articles: Mapping[str, int]) -> str:
    """Return in how many articles something that a version added was looked for; empty if in all.

    Args:
        since: The version of the inventory that added it; None is the first one.
        articles: The number of articles by the version of their labels.
    """
    asked = sum(number for version, number in articles.items() if not is_older(version, since))
    total = sum(articles.values())
    return "" if asked == total else f"looked for in {asked:,} of {total:,} article{'s' * (total != 1)}"


def describe_versions(version: str, articles: Mapping[str, int]) -> str:
    """Return which inventory labels follow, and with which versions they were last looked at if that differs.

    Args:
        version: The version of the inventory.
        articles: The number of articles by the version of their labels.
    """
    if articles.keys() <= {version}:
        return f"inventory {version}"
    counts = ", ".join(
        f"{made_with} ({articles[made_with]:,} article{'s' if articles[made_with] != 1 else ''})"
        for made_with in sorted(articles, key=version_key)
    )
    return f"inventory {version}, last looked at with {counts}"
