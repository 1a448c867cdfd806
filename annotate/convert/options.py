"""What a conversion is asked to do, as one value that is sent to every worker, and the files that name annotators."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec

from annotate.convert.splitter import LARGEST_TASK, SHARD_SIZE
from annotate.convert.storage import public_name
from annotate.dataset.features import ARTICLES
from annotate.dataset.folder import CONVERSION_FORMAT
from annotate.ingest import RIGHTS_NOT_STATED, Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, TaskFields
from annotate.model import Annotator
from annotate.offsets import sha256
from annotate.schemas import convert_value
from annotate.util.files import load_yaml
from annotate.waivers import Waiver

_NUMBER = re.compile(r"[0-9]{1,18}")  # keys of JSON are strings

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class ConversionOptions:
    """The inputs, the output folder and every option of one conversion.

    Attributes:
        inputs: Paths or fsspec addresses of the exports.
        out: Path or fsspec address of the output folder.
        inventory: The labels that the tasks use.
        input_names: What findings and rows call each input; by default the last part of its address.
        label_map: What the names of a labelling config made elsewhere mean; None for the generated config.
        fields: The keys of a task's data that hold the article.
        people: User id on the server, e-mail address or name → pseudonym; the map has further `annotators`.
        annotators: Pseudonym → what is known of the annotator.
        details: Metadata of articles whose tasks give none.
        tables: The tables to write; all but `links` if empty.
        shard_size: Bytes of uncompressed input for each shard.
        largest_task: Most bytes that a task may have.
        fix: Whether to correct the offsets of spans whose words fit at exactly one other position, and to leave out
            white space at their ends.
        search_keys: Whether to look for duplicate keys in every task.
        waivers: The findings on labels and texts that are waived, or have another severity. None of them is over.
    """

    inputs: tuple[str, ...]
    out: str
    inventory: Inventory
    input_names: tuple[str, ...] = ()
    label_map: LabelMap | None = None
    fields: TaskFields = field(default_factory=TaskFields)
    people: Mapping[int | str, str] = field(default_factory=dict)
    annotators: Mapping[str, Annotator] = field(default_factory=dict)
    details: Details = field(default_factory=lambda: Details(rights=RIGHTS_NOT_STATED))
    tables: tuple[str, ...] = ()
    shard_size: int = SHARD_SIZE
    largest_task: int = LARGEST_TASK
    fix: bool = False
    search_keys: bool = False
    waivers: tuple[Waiver, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_names", self.input_names or _short_names(self.inputs))

    def selected_tables(self) -> set[str] | None:
        """Return the tables to write, or None for all; `articles` is always included, since the others refer to it."""
        return {ARTICLES, *self.tables} if self.tables else None

    def pseudonyms(self) -> dict[int | str, str | None]:
        """Return the pseudonym of each user; None for a user whose labels the map leaves out."""
        mapped = self.label_map.annotators if self.label_map else {}
        return {**{_parse_user(name): annotator for name, annotator in mapped.items()}, **self.people}

    def fingerprint(self) -> str:
        """Return a hash that is equal for options that give the same bytes from the same inputs."""
        import pyarrow as pa

        relevant = (
            CONVERSION_FORMAT,
            pa.__version__,
            inventory_sha256(self.inventory),
            self.input_names,
            self.label_map,
            self.fields,
            sorted(self.people.items(), key=lambda entry: (isinstance(entry[0], str), entry[0])),
            sorted(self.annotators.items()),
            self.details,
            sorted(self.tables),
            self.shard_size,
            self.largest_task,
            self.fix,
            self.search_keys,
            *self.waivers,
        )
        return sha256(msgspec.json.encode(relevant))


def inventory_sha256(inventory: Inventory) -> str:
    """Return the hash of an inventory, which does not depend on the folder that it was loaded from."""
    return sha256(msgspec.json.encode(msgspec.structs.replace(inventory, folder="")))


def _short_names(inputs: Sequence[str]) -> tuple[str, ...]:
    """Return the last part of each address, so that rows do not reveal where an export was stored.

    Inputs whose last parts are equal keep their whole address.
    """
    last_parts = [PurePosixPath(public_name(address)).name for address in inputs]
    counts = Counter(last_parts)
    return tuple(
        name if counts[name] == 1 else public_name(address) for name, address in zip(last_parts, inputs, strict=True)
    )


def read_people(path: Path) -> dict[int | str, str]:
    """Read a YAML or JSON file that maps user ids on the server, e-mail addresses or names to pseudonyms.

    Raises:
        CannotRun: If the file cannot be read or has another structure.
    """
    people = _read_mapping(path, dict[int | str, str], "write a line for each user: `7: anna`")
    return {_parse_user(user): pseudonym for user, pseudonym in people.items()}


def _parse_user(name: int | str) -> int | str:
    """Return the number of a user whose name is a number; any other name as it is."""
    return int(name) if isinstance(name, str) and _NUMBER.fullmatch(name) else name


def read_annotators(path: Path) -> dict[str, Annotator]:
    """Read a file with the structure of a corpus's `annotators.yaml`.

    Returns:
        Pseudonym → what is known of the annotator.

    Raises:
        CannotRun: If the file cannot be read or has another structure.
    """
    sections = _read_mapping(path, dict[str, list[Annotator]], "give a file like the annotators.yaml of a corpus")
    return {annotator.id: annotator for annotators in sections.values() for annotator in annotators}


def _read_mapping(path: Path, type_: type[T], hint: str) -> T:
    return convert_value(path, load_yaml(path, "name the file", within=None), type_, hint, strict=False)
