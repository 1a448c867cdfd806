"""What a summary says, as tables and as lines, for all forms in which a difference is shown."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.diff.said import Said, of_inventory
from annotate.diff.summary import LabelCounts, Summary
from annotate.diff.versions import Needed, version_needed

MOST_NAMES = 10

_HEADS = {
    "became": "relabelled to",
    "relabelled": "relabelled from",
    "words": "text within",
    "arrived": "came",
    "gone": "went",
}


Cell = str | int | None


class Grid(NamedTuple):
    """A table of numbers; None where there is nothing to count."""

    title: str
    head: list[str]
    rows: list[list[Cell]]


def grids(summary: Summary) -> Iterator[Grid]:
    """Gold by label: spans, then relations; columns in which nothing stands are left out."""
    for title, counts in (("Spans of gold", summary.spans), ("Relations of gold", summary.relations)):
        if counts:
            yield _grid(title, counts)


def _grid(title: str, counts: dict[str, LabelCounts]) -> Grid:
    fields = [name for name in LabelCounts.__struct_fields__ if any(getattr(one, name) for one in counts.values())]
    rows: list[list[Cell]] = [
        [label, *(getattr(one, name) or None for name in fields), one.net] for label, one in sorted(counts.items())
    ]
    if len(rows) > 1:
        sums = [sum(getattr(one, name) for one in counts.values()) for name in fields]
        rows.append(["all", *sums, sum(one.net for one in counts.values())])
    return Grid(title, ["label", *(_HEADS.get(name, name) for name in fields), "net"], rows)


def lines(summary: Summary) -> Iterator[str]:
    """Articles, splits and other files, a line a kind of change."""
    articles = summary.articles
    for what, names in (
        ("articles added", articles.added),
        ("articles removed", articles.removed),
        ("texts changed", articles.text),
        ("metadata changed", articles.metadata),
        ("gold labels for the first time", articles.labelled),
        ("gold labels gone", articles.unlabelled),
        (
            "moved between splits",
            [f"{one.article} ({one.old or 'none'} → {one.new or 'none'})" for one in summary.moves],
        ),
    ):
        if names:
            yield f"{what}: {len(names)} ({listed(names)})"
    if summary.annotators:
        each = ", ".join(f"{name} {number}" for name, number in sorted(summary.annotators.items()))
        yield f"changes to annotators' own labels: {each}"
    if summary.files:
        yield f"files: {summary.files_in_words}"


def listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"{', '.join(names[:MOST_NAMES])}{rest}"


def inventory(summary: Summary) -> Iterator[Said]:
    """The changes of the inventory, then those of the dataset's columns."""
    yield from map(of_inventory, summary.inventory)
    for one in summary.columns:
        sign = {"added": "+", "removed": "-"}.get(one.kind, "~")
        yield Said(sign, "", f"column {one.column}", one.kind, one.old, one.new)  # type: ignore[arg-type]


def cell(value: Cell) -> str:
    """A cell of a table that knows no columns."""
    return "" if value is None else str(value)


def version(summary: Summary) -> tuple[str, Needed]:
    """The version that is needed, in words; and the reasons."""
    needed = version_needed(summary)
    words = {
        "none": "no new version is needed",
        "patch": "a patch version will do",
        "minor": "a minor version is needed",
        "major": "a major version is needed",
    }
    return words[needed.level], needed
