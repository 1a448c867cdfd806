"""The changelog of the data: one entry for each version, with the counts of what changed.

`annotate release cut` drafts an entry; a person completes it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.comparison.summary import LabelCounts, Summary
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.records import Graph
from annotate.release.other_sources import GUIDELINES
from annotate.util.nouns import with_pieces

DRAFT = "<!-- draft: say in words what changed and why, then delete this line -->"
_HEADING = re.compile(r"## +\[?v?(?P<version>\d+\.\d+\.\d+)\]?(?P<rest>.*)")
_DAY = re.compile(r"\((\d{4}-\d{2}-\d{2})\)")
_SPAN_CHANGES = ("added", "removed", "moved", "relabelled", "attributes")
_STATUSES = ("added", "removed", "changed")
_RELATION_CHANGES = ("added", "removed", "relabelled", "retargeted")


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


def draft_entry(text: str, version: str, day: str, counts: Sequence[str]) -> str:
    """Return the changelog with a dated entry for a version that has all the counts.

    What a person wrote stays. Counts are added under a line that marks a draft, which a person deletes.

    Args:
        text: The changelog.
        version: The version of the entry.
        day: The day of the release, YYYY-MM-DD.
        counts: The count lines that the entry must have.

    Returns:
        The new changelog; the same text if the entry is complete already.
    """
    entry = find_entry(parse_changelog(text), version)
    if entry is None:
        return _insert_entry(text, f"## {version} ({day})\n\n{_draft(counts)}\n")
    missing = entry.missing_counts(counts)
    if entry.day and not missing:
        return text
    lines = text.split("\n")
    lines[entry.line - 1] = f"## {version} ({entry.day or day})"
    if missing:
        addition = _bullets(missing) if entry.is_draft else _draft(missing)
        lines[entry.line : entry.line] = ["", *addition.split("\n")]
    return "\n".join(lines)


def _insert_entry(text: str, entry: str) -> str:
    """Put an entry above the others, below the introduction."""
    lines = text.split("\n")
    first = next((index for index, line in enumerate(lines) if line.startswith("## ")), None)
    if first is None:
        return f"{text.rstrip()}\n\n{entry}".lstrip()
    return "\n".join([*lines[:first], *entry.split("\n"), *lines[first:]])


def _draft(counts: Sequence[str]) -> str:
    return f"{DRAFT}\n\n{_bullets(counts)}" if counts else DRAFT


def _bullets(counts: Sequence[str]) -> str:
    return "\n".join(f"- {count}" for count in counts)


def count_changes(summary: Summary, has_pieces: bool = False) -> list[str]:
    """Return the count lines of a difference, one for each kind that has a change.

    Args:
        summary: The difference, which counts each piece of a span.
        has_pieces: Whether some gold span has several pieces, so that the line says what it counts.
    """
    articles = summary.articles
    article_changes = {
        "added": len(articles.added),
        "removed": len(articles.removed),
        "with changed text": len(articles.text),
        "with changed rights": len(articles.rights),
        "moved between splits": len(summary.moves),
    }
    kinds = (
        ("Articles", article_changes),
        ("Pieces of gold spans" if has_pieces else "Gold spans", dict(_total_changes(summary.spans, _SPAN_CHANGES))),
        ("Gold relations", dict(_total_changes(summary.relations, _RELATION_CHANGES))),
        ("Inventory", {"changes": len(summary.inventory)}),
        ("Guidelines", {f"pages {status}": summary.files.get(f"{GUIDELINES} {status}", 0) for status in _STATUSES}),
    )
    lines = [(kind, [f"{count:,} {name}" for name, count in counts.items() if count]) for kind, counts in kinds]
    return [f"{kind}: {', '.join(changes)}." for kind, changes in lines if changes]


def _total_changes(labels: dict[str, LabelCounts], kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Sum the changes over labels; those of an article that was added or removed as a whole count, too."""
    for kind in kinds:
        total = sum(getattr(counts, kind) for counts in labels.values())
        if kind == "added":
            total += sum(counts.arrived for counts in labels.values())
        elif kind == "removed":
            total += sum(counts.gone for counts in labels.values())
        yield ("with other attributes" if kind == "attributes" else kind), total


class ContentCounts(NamedTuple):
    """The size of a corpus: its articles, and its gold spans, their pieces, and relations."""

    articles: int
    spans: int
    pieces: int
    relations: int


def measure_contents(corpus: Corpus, inventory: Inventory) -> ContentCounts:
    """Return the size of a corpus. A span in several pieces counts once, as on the card."""
    spans = pieces = relations = 0
    for annotation in corpus.gold():
        spans += len(Graph(annotation, inventory).mentions)
        pieces += len(annotation.spans)
        relations += len(annotation.relations)
    return ContentCounts(len(corpus.article_ids()), spans, pieces, relations)


def count_contents(counts: ContentCounts) -> list[str]:
    """Return the count lines of a first release: what the corpus contains."""
    spans = with_pieces(f"{counts.spans:,}", counts.spans, counts.pieces)
    return [f"Articles: {counts.articles:,}.", f"Gold spans: {spans}.", f"Gold relations: {counts.relations:,}."]
