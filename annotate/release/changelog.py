"""The changelog of the data: an entry a version, with the counts of the difference; drafted here, told by people."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.comparison.summary import LabelCounts, Summary
from annotate.corpus import Corpus

FILE = "CHANGELOG.md"
DRAFT = "<!-- draft: say in words what changed and why, then delete this line -->"
_HEADING = re.compile(r"## +\[?v?(?P<version>\d+\.\d+\.\d+)\]?(?P<rest>.*)")
_DAY = re.compile(r"\((\d{4}-\d{2}-\d{2})\)")
_SPANS = ("added", "removed", "moved", "relabelled", "attributes")
_RELATIONS = ("added", "removed", "relabelled", "retargeted")


class Entry(NamedTuple):
    """One version's part of the changelog; `line` is that of its heading, from 1; `body` all below it."""

    version: str
    line: int
    rest: str
    body: str

    @property
    def day(self) -> str | None:
        """The day of the release, year-month-day in brackets behind the version."""
        found = _DAY.search(self.rest)
        return found[1] if found else None

    @property
    def is_draft(self) -> bool:
        return DRAFT in self.body

    def lacks(self, counts: Sequence[str]) -> list[str]:
        """Those lines of counts that the entry does not have; how they are wrapped does not matter."""
        words = " ".join(self.body.split())
        return [one for one in counts if one not in words]


def entries(text: str) -> list[Entry]:
    """The entries of a changelog, from the top."""
    lines = text.split("\n")
    starts = [(number, found) for number, one in enumerate(lines) if (found := _HEADING.fullmatch(one.rstrip()))]
    ends = [*(number for number, _ in starts), len(lines)][1:]
    return [
        Entry(found["version"], number + 1, found["rest"].strip(), "\n".join(lines[number + 1 : end]).strip("\n"))
        for (number, found), end in zip(starts, ends, strict=True)
    ]


def drafted(text: str, version: str, day: str, counts: Sequence[str]) -> str:
    """The changelog with a dated entry for the version that names the counts; the same where it has one already.

    What was written there by hand stays; what is put in comes with a line to be deleted by whoever has read it.
    """
    found = next((entry for entry in entries(text) if entry.version == version), None)
    if found is None:
        return _with_entry(text, f"## {version} ({day})\n\n{_draft(counts)}\n")
    missing = found.lacks(counts)
    if found.day and not missing:
        return text
    lines = text.split("\n")
    lines[found.line - 1] = f"## {version} ({found.day or day})"
    if missing:
        words = _draft(missing) if not found.is_draft else _listed(missing)
        lines[found.line : found.line] = ["", *words.split("\n")]
    return "\n".join(lines)


def _with_entry(text: str, entry: str) -> str:
    """The newest entry stands above the others, below what the file begins with."""
    lines = text.split("\n")
    at = next((number for number, one in enumerate(lines) if one.startswith("## ")), None)
    if at is None:
        return f"{text.rstrip()}\n\n{entry}".lstrip()
    return "\n".join([*lines[:at], *entry.split("\n"), *lines[at:]])


def _draft(counts: Sequence[str]) -> str:
    return f"{DRAFT}\n\n{_listed(counts)}" if counts else DRAFT


def _listed(counts: Sequence[str]) -> str:
    return "\n".join(f"- {one}" for one in counts)


def counts_of(summary: Summary) -> list[str]:
    """What a difference comes to, a line a kind; only what is not nothing."""
    articles = summary.articles
    of_articles = {
        "added": len(articles.added),
        "removed": len(articles.removed),
        "of another text": len(articles.text),
        "of other rights": len(articles.rights),
        "moved between splits": len(summary.moves),
    }
    lines = (
        ("Articles", of_articles),
        ("Gold spans", dict(_totals(summary.spans, _SPANS))),
        ("Gold relations", dict(_totals(summary.relations, _RELATIONS))),
        ("Inventory", {"changes": len(summary.inventory)}),
    )
    return [f"{what}: {said}." for what, numbers in lines if (said := _said(numbers))]


def _said(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)


def _totals(labels: dict[str, LabelCounts], kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Sums over labels; what came and went with a whole article counts as added and removed."""
    for kind in kinds:
        total = sum(getattr(counts, kind) for counts in labels.values())
        if kind == "added":
            total += sum(counts.arrived for counts in labels.values())
        elif kind == "removed":
            total += sum(counts.gone for counts in labels.values())
        yield ("with other attributes" if kind == "attributes" else kind), total


def counts_of_first(corpus: Corpus) -> list[str]:
    """What a first release holds, in the same lines."""
    spans = relations = 0
    for gold in corpus.gold():
        spans += len(gold.spans)
        relations += len(gold.relations)
    numbers = (("Articles", len(corpus.article_ids())), ("Gold spans", spans), ("Gold relations", relations))
    return [f"{what}: {number:,}." for what, number in numbers]
