"""The smallest version that the changes since the last release allow."""

import msgspec

from annotate.comparison.compare import Comparison
from annotate.comparison.semver import Reason, find_needed_version, next_version


class Plan(msgspec.Struct, frozen=True):
    """A version to release, and why it is not smaller.

    Attributes:
        last: The version of the last release; None before the first.
        source: Its tag, or the commit of its manifest if it has no tag; None before the first, and if the user named
            the state to compare with.
        smallest: The smallest version allowed; None if nothing changed.
        level: The level of the changes, or `first`.
        reasons: The rules that ask for a level, and why.
        counts: The count lines of the changelog.
    """

    last: str | None
    smallest: str | None
    level: str
    reasons: list[Reason]
    counts: list[str]
    source: str | None = None


def plan_next_release(last: str, comparison: Comparison, counts: list[str], source: str | None = None) -> Plan:
    """Return the plan of the release after the version `last`, which was found at `source`, with its count lines."""
    needed = find_needed_version(comparison.summary)
    smallest = None if needed.level == "none" else next_version(last, needed.level)
    return Plan(last, smallest, needed.level, needed.reasons, counts, source)


def plan_first_release(inventory_version: str, counts: list[str]) -> Plan:
    """Return the plan of a first release. It proposes the version of the inventory; any other is as good (V106)."""
    return Plan(None, inventory_version, "first", [], counts)
