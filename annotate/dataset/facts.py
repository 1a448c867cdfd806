"""The facts that the card and `croissant.json` are made from, and the words that both use for columns."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.dataset.citation import Citation, Licence
from annotate.dataset.features import Feature
from annotate.dataset.statistics import Counts
from annotate.dataset.tables.table import TableType
from annotate.dataset.writer import TableFile
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.passes import LeftOutPass
from annotate.redaction.hydrate import Hydration
from annotate.splits.groups import BoundGroups
from annotate.util.escape import Markdown
from annotate.util.tables import Table, render_markdown
from annotate.waivers import Waiver

FEW = 10
"""The card names labels with fewer examples, and splits with fewer articles to test on."""


class AgreementTable(NamedTuple):
    """A table of agreement.

    Attributes:
        note: What was measured, and how; or that agreement is not known, without a table.
        table: The table.
        names: The cells that are names, and are shown as code.
    """

    note: Markdown
    table: Table | None = None
    names: Collection[str] = ()


class Agreement(NamedTuple):
    """How annotators agree, as tables to show.

    Attributes:
        tables: The tables: that of labels comes first, and the others are there if the inventory has such things.
    """

    tables: Sequence[AgreementTable]

    def render(self) -> Markdown:
        """Return the notes and tables as Markdown."""
        parts = list[Markdown]()
        for each in self.tables:
            parts += [each.note, *(render_markdown(each.table, each.names) if each.table else [])]
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
        hydration: How the texts differ from those that were labelled, None where they do not.
        passes_left_out: The labels of single annotators that were left out of the tables, since they have errors.
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
    hydration: Hydration | None = None
    passes_left_out: tuple[LeftOutPass, ...] = ()

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


def list_annotators(facts: Facts) -> list[str]:
    """Return the pseudonyms of those who labelled or adjudicated and of whom there is a record, in their order."""
    return sorted({*facts.counts.labelled, *facts.counts.adjudicated} & set(facts.annotators))


def is_by_models_alone(facts: Facts) -> bool:
    """Return whether all who labelled or adjudicated are known to be models."""
    names = {*facts.counts.labelled, *facts.counts.adjudicated}
    return bool(names) and all(name in facts.annotators and facts.annotators[name].kind == "model" for name in names)


def is_version_cited(facts: Facts) -> bool:
    """Return whether CITATION.cff is about this version: it names it, or one of the two names no version."""
    cited = facts.citation.version if facts.citation else None
    return cited is None or facts.corpus is None or cited == facts.corpus


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
