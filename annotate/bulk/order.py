"""What a conversion is asked to do: one value, which every worker is sent, with a fingerprint of all that matters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import msgspec

from annotate.bulk.inputs import name_of
from annotate.bulk.splitter import BLOCK, LARGEST
from annotate.bulk.taking import Fields
from annotate.dataset.features import ARTICLES
from annotate.intake import Details
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.offsets import sha256

FORMAT = "annotate conversion 1"
"""Changes when the same order would give other bytes."""


@dataclass(frozen=True, eq=False)
class Order:
    """`inputs` are the addresses of the exports, `names` what findings and rows call them; `out` is a folder.

    `people` maps a user's number on the server to a pseudonym, `annotators` a pseudonym to what is known of it.
    `tables` chooses among the tables, all but `links` where it is empty. `block` is the bytes of input a shard,
    `largest` what a task may have; `fix` puts spans whose offsets can mean one other place there, `search_keys` looks
    for keys that stand twice in every task.
    """

    inputs: tuple[str, ...]
    out: str
    inventory: Inventory
    names: tuple[str, ...] = ()
    fields: Fields = field(default_factory=Fields)
    people: Mapping[int, str] = field(default_factory=dict)
    annotators: Mapping[str, Annotator] = field(default_factory=dict)
    details: Details = field(default_factory=Details)
    tables: tuple[str, ...] = ()
    block: int = BLOCK
    largest: int = LARGEST
    fix: bool = False
    search_keys: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", self.names or _named(self.inputs))

    def chosen(self) -> set[str] | None:
        """The tables to write; `articles` is always among them, as the others refer to it. None: all."""
        return {ARTICLES, *self.tables} if self.tables else None

    def fingerprint(self) -> str:
        """The same for orders that give the same bytes from the same inputs."""
        import pyarrow as pa

        matters = (
            *(
                FORMAT,
                pa.__version__,
                inventory_sha256(self.inventory),
                self.names,
                self.fields,
                sorted(self.people.items()),
            ),
            *(sorted(self.annotators.items()), self.details, sorted(self.tables)),
            *(self.block, self.largest, self.fix, self.search_keys),
        )
        return sha256(msgspec.json.encode(matters))


def inventory_sha256(inventory: Inventory) -> str:
    """The same wherever it was loaded from."""
    return sha256(msgspec.json.encode(msgspec.structs.replace(inventory, folder="")))


def _named(inputs: Sequence[str]) -> tuple[str, ...]:
    """The last part of each address, so that rows do not tell where an export lay; the whole where two would be one."""
    last = [PurePosixPath(name_of(address)).name for address in inputs]
    several = Counter(last)
    return tuple(name if several[name] == 1 else name_of(address) for name, address in zip(last, inputs, strict=True))
