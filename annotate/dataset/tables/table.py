"""What a table of the dataset is: its columns, how they are filled, and what is to be said of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from annotate.dataset.features import Feature
from annotate.dataset.plans import Plan

if TYPE_CHECKING:
    from annotate.dataset.mentions import Mentions

Reads = Literal["gold", "annotators", "links"]
"""What a table is made from: gold labels, every annotator's own, or the links between articles."""


class TableType(NamedTuple):
    """`items` gives the rows of one source, `plan` their columns, for the mentions of their batch if it shows any.

    `columns` says what each of `features` holds, `definition` is one line, `about` a paragraph under it.
    """

    name: str
    definition: str
    features: Feature
    items: Callable[[Any], Sequence[Any]]
    plan: "Plan | Callable[[Mentions], Plan]"
    columns: Mapping[str, str]
    about: str = ""
    reads: Reads = "gold"
