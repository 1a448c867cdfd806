"""What a conversion is asked to do: one value, which every worker is sent, with a fingerprint of all that matters.

Who the users of a server are, by the files that say so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import msgspec

from annotate.convert.splitter import BLOCK, LARGEST
from annotate.convert.storage import name_of
from annotate.convert.tasks import Fields
from annotate.dataset.features import ARTICLES
from annotate.errors import CannotRun
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.offsets import sha256
from annotate.util.files import parse_yaml, read_bytes

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


T = TypeVar("T")


def read_people(path: Path) -> dict[int, str]:
    """A user's number on the server → pseudonym. Raises CannotRun for a file of another form."""
    return _read(path, dict[int, str], "write a line a user: `7: anna`")


def read_annotators(path: Path) -> dict[str, Annotator]:
    """Pseudonym → what is known of the annotator, from a file as `annotators.yaml` of a corpus."""
    listed = _read(path, dict[str, list[Annotator]], "give a file as a corpus has it, annotators.yaml")
    return {annotator.id: annotator for annotators in listed.values() for annotator in annotators}


def _read(path: Path, type_: type[T], hint: str) -> T:
    try:
        value: Any = parse_yaml(read_bytes(path, "name the file"))
        return msgspec.convert(value, type_, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise CannotRun(path, " ".join(str(error).split()), hint) from error
