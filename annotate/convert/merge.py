"""The records of all shards → the card, the list of shards, and the manifest; one record in memory at a time.

Ids that two tasks have, found among millions by a hash of eight bytes each, and then made sure of by the ids.
"""

import hashlib
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from annotate.convert.options import FORMAT, Order, inventory_sha256
from annotate.convert.rules import RULES
from annotate.convert.shard import SPLIT, WORK, Shard, table_name
from annotate.convert.storage import Output
from annotate.dataset.card import card
from annotate.dataset.facts import Facts
from annotate.dataset.statistics import Counts
from annotate.dataset.tables import tables
from annotate.dataset.writer import CARD, MANIFEST, Table, Total
from annotate.offsets import sha256

SHARDS = "shards.jsonl"


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest: what was made of which exports.

    `tables` has a table's shards as one: `file` is their pattern, each hash that of the shards' own hashes, a line
    each. `set_aside` and `warnings` count tasks by code, `troubles` what is wrong with inputs as files. `shards_sha256`
    is that of the file that lists the shards. `fingerprint` is that of the order, and says what may be resumed.
    """

    format: str = FORMAT
    title: str
    inventory: str
    inventory_sha256: str
    pyarrow: str
    fingerprint: str
    inputs: tuple[str, ...]
    tasks: int
    articles: int
    unlabelled: int
    aside: int
    set_aside: dict[str, int]
    warnings: dict[str, int]
    troubles: dict[str, int]
    shards: int
    shards_sha256: str
    tables: tuple[Table, ...]
    card_sha256: str | None

    @property
    def clean(self) -> bool:
        """Whether all was taken, and there was something to take."""
        errors = {rule.code for rule in RULES if rule.severity == "error"}
        return not self.aside and errors.isdisjoint(self.troubles) and self.articles > 0


def merge(order: Order, output: Output, records: Iterable[Shard], troubles: Mapping[str, int]) -> Conversion:
    """Write the card, if there is an article, the list of shards and, last, the manifest."""
    types = {name: table for name, table in tables(order.inventory, order.chosen()).items() if name != "links"}
    sums = {config: Total(config, SPLIT, table_name(config, "*")) for config in types}
    counts, total = Counts(), _Total()
    with output.workspace(WORK) as folder:
        path = folder / SHARDS
        with path.open("wb") as file:
            for shard in records:
                counts.merge(Counts.of_data(shard.counts))
                total.add(shard)
                for table in shard.tables:
                    sums[table.config].add(table)
                file.write(_line(shard))
        listed = _hashed(path)
        output.put(path, SHARDS)
    facts = Facts(
        inventory=order.inventory,
        types=types,
        tables=tuple(one.table() for one in sums.values()),
        counts=counts,
        annotators=dict(order.annotators),
        corpus=None,
        pyarrow=pa.__version__,
        left_out=total.unlabelled,
        citation=None,
        agreement=None,
        statement={},
    )
    articles = counts.articles.total()
    readme = card(facts).encode() if articles else None
    conversion = Conversion(
        title=order.inventory.title,
        inventory=order.inventory.version,
        inventory_sha256=inventory_sha256(order.inventory),
        pyarrow=pa.__version__,
        fingerprint=order.fingerprint(),
        inputs=order.names,
        tasks=total.tasks,
        articles=articles,
        unlabelled=total.unlabelled,
        aside=total.aside,
        set_aside=dict(sorted(total.set_aside.items())),
        warnings=dict(sorted(total.warnings.items())),
        troubles=dict(sorted(troubles.items())),
        shards=total.shards,
        shards_sha256=listed,
        tables=facts.tables,
        card_sha256=sha256(readme) if readme else None,
    )
    if readme:
        output.write(CARD, readme)
    output.write(MANIFEST, msgspec.json.format(msgspec.json.encode(conversion), indent=2) + b"\n")
    return conversion


class _Total:
    def __init__(self) -> None:
        self.shards = self.tasks = self.aside = self.unlabelled = 0
        self.set_aside: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()

    def add(self, shard: Shard) -> None:
        self.shards += 1
        self.tasks += shard.tasks
        self.aside += shard.aside
        self.unlabelled += shard.unlabelled
        self.set_aside.update(shard.set_aside)
        self.warnings.update(shard.warnings)


def read_manifest(output: Output) -> Conversion | None:
    """The manifest of a folder that was converted into; None if it has none of ours."""
    data = output.read(MANIFEST)
    try:
        found = msgspec.json.decode(data or b"", type=Conversion)
    except msgspec.MsgspecError:
        return None
    return found if found.format == FORMAT else None


def _line(shard: Shard) -> bytes:
    """A shard as the list names it: without what only merging needs."""
    known = {key: value for key, value in _fields(shard) if key not in ("counts", "articles")}
    return msgspec.json.encode(known | {"articles": len(shard.articles)}) + b"\n"


def _fields(shard: Shard) -> Iterator[tuple[str, object]]:
    return ((name, getattr(shard, name)) for name in shard.__struct_fields__)


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


AT_ONCE = 1 << 22
"""Hashes that are sorted at once."""


def hashes(ids: Iterable[str]) -> "array[int]":
    """64 bits of each id, in order."""
    return array("Q", [int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), "little") for one in ids])


class Hashes:
    """The hashes of the ids of all shards, one after the other: eight bytes an id."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._ends = [0]

    def __len__(self) -> int:
        """The number of shards."""
        return len(self._ends) - 1

    def add(self, shard: "array[int]") -> None:
        self._numbers.extend(shard)
        self._ends.append(len(self._numbers))

    def of(self, shard: int) -> "array[int]":
        return self._numbers[self._ends[shard] : self._ends[shard + 1]]

    def repeated(self) -> dict[int, set[int]]:
        """The shards in which a hash stands that stands more than once, with those hashes."""
        column = pa.Array.from_buffers(pa.uint64(), len(self._numbers), [None, pa.py_buffer(self._numbers)])
        parts, several = len(column) // AT_ONCE + 1, set[int]()
        for part in range(parts):
            several |= set(_repeated(_part(column, part, parts)))
        found: dict[int, set[int]] = {}
        for place in pc.indices_nonzero(pc.is_in(column, pa.array(sorted(several), pa.uint64()))).to_pylist():
            found.setdefault(bisect_right(self._ends, place) - 1, set()).add(self._numbers[place])
        return found


def _part(column: pa.Array, part: int, parts: int) -> pa.Array:
    """The hashes whose upper 32 bits fall to one of so many parts."""
    if parts == 1:
        return column
    low, high = (((1 << 32) * place // parts) << 32 for place in (part, part + 1))
    above = pc.greater_equal(column, pa.scalar(low, pa.uint64()))
    if part + 1 < parts:
        above = pc.and_(above, pc.less(column, pa.scalar(high, pa.uint64())))
    return column.filter(above)


def _repeated(numbers: pa.Array) -> Iterator[int]:
    ordered = numbers.take(pc.array_sort_indices(numbers))
    if len(ordered) > 1:
        yield from ordered[1:].filter(pc.equal(ordered[1:], ordered[:-1])).to_pylist()
