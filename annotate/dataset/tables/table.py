"""What a table of the dataset is: its columns, how they are filled, and what is to be said of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from annotate.dataset.features import Feature
from annotate.dataset.plans import Plan

if TYPE_CHECKING:
    from annotate.dataset.documents import Source

Reads = Literal["gold", "annotators", "links"]
"""What a table is made from: gold labels, every annotator's own, or the links between articles."""


class TableType(NamedTuple):
    """`fill` gives the columns of the rows of a batch by name. Where there is none, `items` gives the rows of one
    source and `plan` their columns.

    `columns` says what each of `features` holds, `definition` is one line, `about` a paragraph under it.
    """

    name: str
    definition: str
    features: Feature
    columns: Mapping[str, str]
    items: Callable[[Any], Sequence[Any]] = lambda source: [source]
    plan: Plan = {}  # noqa: RUF012 - a field's default, never written to
    fill: "Callable[[Source], Mapping[str, Any]] | None" = None
    about: str = ""
    reads: Reads = "gold"
