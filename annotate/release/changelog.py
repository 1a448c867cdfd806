"""The changelog of the data: one entry for each version, with the counts of what changed.

`annotate release cut` drafts an entry; a person completes it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.changelog import DRAFT, find_entry, parse_changelog
from annotate.comparison.summary import LabelCounts, Summary
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.records import Graph
from annotate.release.other_sources import GUIDELINES
from annotate.util.nouns import with_pieces

_SPAN_CHANGES = ("added", "removed", "moved", "relabelled", "attributes")
_STATUSES = ("added", "removed", "changed")
_RELATION_CHANGES = ("added", "removed", "relabelled", "retargeted")


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
