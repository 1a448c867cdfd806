"""What a card is made from, and the Markdown that its parts share."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from annotate.dataset.citation import Citation
from annotate.dataset.counts import Counts
from annotate.dataset.features import Feature
from annotate.dataset.writer import Table
from annotate.inventory import Inventory
from annotate.model import Annotator

LICENCE = "cc-by-4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
"""The licence of labels and guidelines; the articles' texts have rights of their own."""


class Agreement(NamedTuple):
    """How annotators agree, as a table that is ready to be shown; `note` says what was measured and how."""

    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a card is made from.

    `configs` maps a table to its columns; `left_out` counts the articles without gold labels or in no split.
    """

    inventory: Inventory
    configs: dict[str, Feature]
    tables: tuple[Table, ...]
    counts: Counts
    annotators: dict[str, Annotator]
    corpus: str | None
    pyarrow: str
    left_out: int
    citation: Citation | None
    agreement: Agreement | None
    statement: dict[str, str]


def loadable(facts: Facts) -> dict[str, list[Table]]:
    """The tables and splits that `load_dataset` can read: it fails on a split without a row."""
    found: dict[str, list[Table]] = {}
    for table in facts.tables:
        if table.rows:
            found.setdefault(table.config, []).append(table)
    return found


def grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
