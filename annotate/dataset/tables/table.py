"""What a table of the dataset is: its columns, how they are filled, and what the card says of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from annotate.dataset.features import Feature
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE
from annotate.util.escape import quote

Reads = Literal["gold", "annotators", "links"]
"""What a table is made from: gold labels, every annotator's own, or the links between articles."""


class TableType(NamedTuple):
    """A table of the dataset.

    Attributes:
        name: Name of the table, and of its folder.
        definition: One line for the card.
        features: The columns.
        columns: What each column holds, by its name.
        fill: Returns the columns of a batch's rows by name, given a `Batch`, or links where the table reads those.
        about: A paragraph for the card.
        reads: What `fill` is given.
        cut: Cuts a batch into what `fill` is given part by part, for a table whose rows repeat long texts.
    """

    name: str
    definition: str
    features: Feature
    columns: Mapping[str, str]
    fill: Callable[[Any], Mapping[str, Any]]
    about: str = ""
    reads: Reads = "gold"
    cut: Callable[[Any], Iterable[Any]] | None = None


def merge_columns(location: str, *groups: Feature) -> Feature:
    """Return the columns of all groups.

    Args:
        location: Where the inventory declares them, for the message.
        groups: Columns by name.

    Raises:
        CannotRun: Two columns have one name.
    """
    columns: Feature = {}
    for group in groups:
        for name in group:
            if name in columns:
                raise CannotRun(
                    INVENTORY_FILE,
                    f"{location}: two columns would be called {quote(name)}",
                    "rename the attribute or role",
                )
        columns |= group
    return columns
