"""What a card is made from, and the Markdown that its parts share."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from annotate.dataset.citation import Citation, Licence
from annotate.dataset.counts import Counts
from annotate.dataset.features import Feature
from annotate.dataset.tables.table import TableType
from annotate.dataset.writer import Table
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.splits.groups import Shared

FEW = 10
"""Fewer examples of a label, or articles to test on, than this are named in the card."""

_FIGURE = re.compile(r"[0-9][0-9,.]*")


class Agreement(NamedTuple):
    """How annotators agree, as a table that is ready to be shown; `note` says what was measured and how."""

    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a card is made from.

    `types` are the tables in their order; `tables` has one for each of them and each split, whose `file` is a pattern
    where there are several `files`; `left_out` counts the articles without gold labels or in no split; `text` is
    False where the words of the articles were taken out; `shared` says what binds articles together, None where that
    was not looked at.
    """

    inventory: Inventory
    types: dict[str, TableType]
    tables: tuple[Table, ...]
    counts: Counts
    annotators: dict[str, Annotator]
    corpus: str | None
    pyarrow: str
    left_out: int
    citation: Citation | None
    agreement: Agreement | None
    statement: dict[str, str]
    text: bool = True
    shared: Shared | None = None
    files: tuple[Table, ...] = ()

    @property
    def configs(self) -> dict[str, Feature]:
        """The columns of each table."""
        return {name: table.features for name, table in self.types.items()}

    @property
    def licence(self) -> Licence | None:
        """The licence of the labels, where the citation names one."""
        return self.citation.licence if self.citation else None


def loadable(facts: Facts) -> dict[str, list[Table]]:
    """The tables and splits that `load_dataset` can read: it fails on a split without a row."""
    found: dict[str, list[Table]] = {}
    for table in facts.tables:
        if table.rows:
            found.setdefault(table.config, []).append(table)
    return found


def grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a column of figures stands to the right."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    figures = [all(_FIGURE.fullmatch(row[column]) for row in cells) for column in range(len(head))]
    lines = [head, ["---:" if figure and cells else "---" for figure in figures], *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
