"""The smallest version that the changes since the last release allow."""

import msgspec

from annotate.comparison.compare import Comparison
from annotate.comparison.semver import Reason, next_version, version_needed
from annotate.release import changelog


class Plan(msgspec.Struct, frozen=True):
    """`smallest` is None where nothing changed; `level` and `reasons` say why it is no smaller."""

    last: str | None
    smallest: str | None
    level: str
    reasons: list[Reason]
    counts: list[str]


def following(last: str, comparison: Comparison) -> Plan:
    """Of what follows on the version `last`."""
    needed = version_needed(comparison.summary)
    smallest = None if needed.level == "none" else next_version(last, needed.level)
    return Plan(last, smallest, needed.level, needed.reasons, changelog.counts_of(comparison.summary))


def first(inventory: str, counts: list[str]) -> Plan:
    """A first release has the version of its inventory (V106)."""
    return Plan(None, inventory, "first", [], counts)
