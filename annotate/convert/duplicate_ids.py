"""Ids that several tasks of an export have, found among millions with eight bytes of hash for each id.

Two ids may share a hash; the caller compares the ids themselves.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

SORTED_AT_ONCE = 1 << 22
"""Number of hashes that are sorted at once, which bounds the memory."""


def hash_ids(ids: Iterable[str]) -> "array[int]":
    """Return 64 bits of hash for each id, in order."""
    digests = (blake2b(id_.encode(), digest_size=8).digest() for id_ in ids)
    return array("Q", [int.from_bytes(digest, "little") for digest in digests])


class IdHashes:
    """The hashes of the ids of all shards, one shard after the other."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._ends = [0]

    def __len__(self) -> int:
        """Return the number of shards."""
        return len(self._ends) - 1

    def add(self, hashes: "array[int]") -> None:
        """Append the hashes of the next shard."""
        self._hashes.extend(hashes)
        self._ends.append(len(self._hashes))

    def of_shard(self, shard: int) -> "array[int]":
        """Return the hashes of a shard, by its index."""
        return self._hashes[self._ends[shard] : self._ends[shard + 1]]

    def find_repeated(self) -> dict[int, set[int]]:
        """Find the hashes that occur more than once.

        Returns:
            Index of each shard with such hashes → those hashes.
        """
        column = pa.Array.from_buffers(pa.uint64(), len(self._hashes), [None, pa.py_buffer(self._hashes)])
        parts = len(column) // SORTED_AT_ONCE + 1
        repeated = {value for part in range(parts) for value in _iterate_repeated(_select_part(column, part, parts))}
        by_shard: dict[int, set[int]] = {}
        is_repeated = pc.is_in(column, pa.array(sorted(repeated), pa.uint64()))
        for index in pc.indices_nonzero(is_repeated).to_pylist():
            by_shard.setdefault(bisect_right(self._ends, index) - 1, set()).add(self._hashes[index])
        return by_shard


def _select_part(column: pa.Array, part: int, parts: int) -> pa.Array:
    """Return the hashes whose upper 32 bits are in one of `parts` ranges of equal size."""
    if parts == 1:
        return column
    low, high = (((1 << 32) * index // parts) << 32 for index in (part, part + 1))
    selected = pc.greater_equal(column, pa.scalar(low, pa.uint64()))
    if part + 1 < parts:
        selected = pc.and_(selected, pc.less(column, pa.scalar(high, pa.uint64())))
    return column.filter(selected)


def _iterate_repeated(hashes: pa.Array) -> Iterator[int]:
    ordered = hashes.take(pc.array_sort_indices(hashes))
    if len(ordered) > 1:
        yield from ordered[1:].filter(pc.equal(ordered[1:], ordered[:-1])).to_pylist()
