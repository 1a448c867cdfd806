"""The facts that the card and `croissant.json` are made from, and the words that both use for columns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.dataset.citation import Citation, Licence
from annotate.dataset.features import Feature
from annotate.dataset.statistics import Counts
from annotate.dataset.tables.table import TableType
from annotate.dataset.writer import TableFile
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.splits.groups import BoundGroups
from annotate.util.escape import Markdown, markdown_table
from annotate.waivers import Waiver

FEW = 10
"""The card names labels with fewer examples, and splits with fewer articles to test on."""


class AgreementTable(NamedTuple):
    """A table of agreement.

    Attributes:
        note: What was measured, and how; or that agreement is not known, without rows.
        header: Names of the columns.
        rows: Cells; those that are not `Markdown` are escaped there.
    """

    note: Markdown
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


class Agreement(NamedTuple):
    """How annotators agree, as tables to show.

    Attributes:
        labels: Agreement on spans, by label.
        attributes: Agreement on attributes, the weakest first; None if there are none.
    """

    labels: AgreementTable
    attributes: AgreementTable | None = None

    @property
    def tables(self) -> list[AgreementTable]:
        """The tables that there are."""
        return [self.labels] if self.attributes is None else [self.labels, self.attributes]

    def render(self) -> Markdown:
        """Return the notes and tables as Markdown."""
        parts = list[Markdown]()
        for table in self.tables:
            parts += [table.note, *([markdown_table(table.header, table.rows)] if table.rows else [])]
        return Markdown("\n\n").join(parts)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a card is made from.

    Attributes:
        inventory: The inventory.
        types: The tables by name, in their order.
        tables: The files of each table and split as one; `file` is a pattern where there are several.
        counts: Counts of articles, labels and rows.
        annotators: The annotators by pseudonym.
        corpus: Version of the corpus, None where its changelog names none.
        pyarrow: Version of pyarrow.
        left_out: Number of articles without gold labels, or in no split.
        citation: What CITATION.cff says, None where there is none.
        agreement: How annotators agree, None where this was not measured.
        statement: The data statement, heading to text.
        hub_metadata: The fields of the card's YAML that the data statement gives.
        text: False where the words of the articles were left out.
        shared: Which articles share incidents or paragraphs, None where this was not examined.
        files: Every Parquet file.
        waivers: The findings that the corpus accepts, and why.
    """

    inventory: Inventory
    types: dict[str, TableType]
    tables: tuple[TableFile, ...]
    counts: Counts
    annotators: dict[str, Annotator]
    corpus: str | None
    pyarrow: str
    left_out: int
    citation: Citation | None
    agreement: Agreement | None
    statement: dict[str, str]
    hub_metadata: dict[str, list[str]] = {}
    text: bool = True
    shared: BoundGroups | None = None
    files: tuple[TableFile, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def configs(self) -> dict[str, Feature]:
        """The columns of each table."""
        return {name: table.features for name, table in self.types.items()}

    @property
    def licence(self) -> Licence | None:
        """The licence of the labels, where the citation names one."""
        return self.citation.licence if self.citation else None


def loadable_tables(facts: Facts) -> dict[str, list[TableFile]]:
    """Return the splits of each table that `load_dataset` can read; it fails on a split without a row."""
    splits: dict[str, list[TableFile]] = {}
    for table in facts.tables:
        if table.rows:
            splits.setdefault(table.config, []).append(table)
    return splits


def count_noun(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural but for 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def describe_columns(table: TableType) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of each column of a table."""
    for name, feature in table.features.items():
        yield name, type_name(feature), table.columns[name]


def type_name(feature: Feature) -> str:
    """Return the type of a column, short enough for a table."""
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "ClassLabel":
        return f"ClassLabel ({len(feature['names'])})"
    if kind == "List":
        return f"List of {type_name(feature['feature'])}"
    return "struct"
