"""The entries of a changelog, one for each version."""

import re
from collections.abc import Sequence
from typing import NamedTuple

DRAFT = "<!-- draft: say in words what changed and why, then delete this line -->"
_HEADING = re.compile(r"## +\[?v?(?P<version>\d+\.\d+\.\d++)\]?(?P<rest>.*)")
_DAY = re.compile(r"\((\d{4}-\d{2}-\d{2})\)")


class ChangelogEntry(NamedTuple):
    """The entry of one version.

    Attributes:
        version: The version in the heading.
        line: The line of the heading, from 1.
        rest: What follows the version in the heading.
        body: The lines below the heading.
    """

    version: str
    line: int
    rest: str
    body: str

    @property
    def day(self) -> str | None:
        """The day of the release, YYYY-MM-DD, from the brackets after the version."""
        match = _DAY.search(self.rest)
        return match[1] if match else None

    @property
    def is_draft(self) -> bool:
        """Whether the line that marks a draft is still in the entry."""
        return DRAFT in self.body

    def missing_counts(self, counts: Sequence[str]) -> list[str]:
        """Return the count lines that the entry lacks; line breaks within a count do not matter."""
        words = " ".join(self.body.split())
        return [count for count in counts if count not in words]


def parse_changelog(text: str) -> list[ChangelogEntry]:
    """Return the entries of a changelog, from the top."""
    lines = text.split("\n")
    headings = [(index, match) for index, line in enumerate(lines) if (match := _HEADING.fullmatch(line.rstrip()))]
    ends = [*(index for index, _ in headings), len(lines)][1:]
    return [
        ChangelogEntry(
            match["version"], index + 1, match["rest"].strip(), "\n".join(lines[index + 1 : end]).strip("\n")
        )
        for (index, match), end in zip(headings, ends, strict=True)
    ]


def find_entry(entries: Sequence[ChangelogEntry], version: str) -> ChangelogEntry | None:
    """Return the first entry of a version; None if there is none."""
    return next((entry for entry in entries if entry.version == version), None)
