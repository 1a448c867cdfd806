"""What a table of the dataset is: its columns, how they are filled, and what is to be said of them."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from annotate.dataset.features import Feature

Reads = Literal["gold", "annotators", "links"]
"""What a table is made from: gold labels, every annotator's own, or the links between articles."""


class TableType(NamedTuple):
    """`fill` gives the columns of the rows of a batch by name: of a `Source`, or of links where it reads those.

    `columns` says what each of `features` holds, `definition` is one line, `about` a paragraph under it.
    """

    name: str
    definition: str
    features: Feature
    columns: Mapping[str, str]
    fill: Callable[[Any], Mapping[str, Any]]
    about: str = ""
    reads: Reads = "gold"
