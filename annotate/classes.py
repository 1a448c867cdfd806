"""Class ids that never shift: `classes.json` beside the inventory, written by `annotate generate`, only ever added to.

An id is a name's place in its list. A name that the inventory drops keeps its place and is called retired; a name that
it gains goes to the end, wherever it stands in `labels.yaml`. The file is committed, so that a diff shows what changed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.files import read_bytes

FILE = "classes.json"
BESIDE = "annotation.schema.json"
"""What `annotate generate` writes with it: where this is, the other has been."""
Lists = dict[str, tuple[str, ...]]


class Classes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names in the order of their ids: of spans, of the spans of each layer, of relations, of each attribute's values.

    `retired` repeats those that the inventory no longer has, for a reader.
    """

    spans: tuple[str, ...]
    layers: Lists
    relations: tuple[str, ...]
    attributes: Lists
    retired: tuple[str, ...] = ()

    def lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each list with its place in the file."""
        yield "spans", self.spans
        yield from ((f"layers.{name}", names) for name, names in self.layers.items())
        yield "relations", self.relations
        yield from ((f"attributes.{name}", names) for name, names in self.attributes.items())


def read(folder: Path) -> Classes | None:
    """The classes of a schema folder, None where it has no file of them. Raises CannotRun for one that is broken."""
    path = folder / FILE
    if not path.is_file():
        return None
    mend = "take back what was committed, then run `annotate generate`"
    try:
        found = msgspec.json.decode(read_bytes(path, mend), type=Classes)
    except msgspec.MsgspecError as error:
        raise CannotRun(path, str(error), mend) from error
    for place, names in found.lists():
        for name in names:
            if names.count(name) > 1:
                raise CannotRun(path, f"{place}: {name!r} stands twice", mend)
    return found


def encode(classes: Classes) -> str:
    return msgspec.json.format(msgspec.json.encode(classes), indent=2).decode() + "\n"


def extended(old: Classes | None, now: Classes) -> Classes:
    """The old lists, each with the names that `now` adds at its end; what `now` lacks is retired."""
    if old is None:
        return now
    before, present = dict(old.lists()), dict(now.lists())

    def grown(place: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*before.get(place, ()), *present.get(place, ()))))

    retired = [
        f"{place}.{name}" for place, names in before.items() for name in names if name not in present.get(place, ())
    ]
    return Classes(
        spans=grown("spans"),
        layers={name: grown(f"layers.{name}") for name in dict.fromkeys((*old.layers, *now.layers))},
        relations=grown("relations"),
        attributes={name: grown(f"attributes.{name}") for name in dict.fromkeys((*old.attributes, *now.attributes))},
        retired=tuple(retired),
    )


class Fault(NamedTuple):
    """What is wrong with the file, and what to do."""

    problem: str
    mend: str


def faults(old: Classes | None, now: Classes, path: Path) -> Iterator[Fault]:
    """Names of the inventory that the file at `path`, read as `old`, lacks; that it is gone, though ids were given."""
    if old is None:
        if path.with_name(BESIDE).is_file():
            mend = "take back what was committed, or if there never was one, run `annotate generate` and commit it"
            yield Fault("is missing, and says by which number a class goes", mend)
        return
    known = dict(old.lists())
    for place, names in now.lists():
        for name in names:
            if name not in known.get(place, ()):
                yield Fault(f"gives {place}.{name} no class id", "run `annotate generate`, and commit it")


def checked(old: Classes | None, now: Classes, path: Path) -> Classes:
    """The ids to use: those of the file, or where there never was one, the places in the inventory.

    Raises CannotRun for the first of its faults.
    """
    for fault in faults(old, now, path):
        raise CannotRun(path, fault.problem, fault.mend)
    return now if old is None else old
