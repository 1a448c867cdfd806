"""The order of inventory versions: which of two is the earlier one, and what an annotation was asked for."""

import re

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
