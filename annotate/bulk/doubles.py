"""Ids that two tasks have, found among millions by a hash of eight bytes each, and then made sure of by the ids."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

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
