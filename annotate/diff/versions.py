"""The version that a difference asks for: the highest level of the rules that have a reason (docs/versioning.md)."""

import re
from typing import NamedTuple

import msgspec

from annotate.diff.summary import Summary
from annotate.diff.version_rules import RULES, Level
from annotate.errors import CannotRun

LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
"""From the lowest to the highest."""

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Reason(msgspec.Struct, frozen=True):
    """Why a level is needed: the code of a rule, its level, and what it found."""

    code: str
    level: Level
    message: str


class Needed(NamedTuple):
    """The smallest level that a difference allows, and every reason, those for the highest level first."""

    level: Level
    reasons: list[Reason]

    @property
    def forcing(self) -> list[Reason]:
        """The reasons without which a smaller version would do."""
        return [reason for reason in self.reasons if reason.level == self.level]


def version_needed(summary: Summary) -> Needed:
    """The smallest version level for a difference, with reasons."""
    found = [Reason(rule.code, rule.level, words) for rule in RULES for words in rule.reasons(summary)]
    found.sort(key=lambda reason: (-LEVELS.index(reason.level), reason.code))
    return Needed(found[0].level if found else "none", found)


def next_version(version: str, level: Level) -> str:
    """The smallest version after `version` of a level. In 0.y.z, major and minor both raise y.

    Raises CannotRun for what is no version of three numbers.
    """
    major, minor, patch = parsed(version)
    if level == "none":
        return version
    if level == "patch":
        return f"{major}.{minor}.{patch + 1}"
    return f"{major + 1}.0.0" if level == "major" and major else f"{major}.{minor + 1}.0"


def parsed(version: str) -> tuple[int, int, int]:
    """The three numbers of a version; raises CannotRun for anything else."""
    match = _VERSION.fullmatch(version)
    if not match:
        raise CannotRun(version, "is no version", "write three numbers with dots between them, as 0.2.0")
    return int(match[1]), int(match[2]), int(match[3])
