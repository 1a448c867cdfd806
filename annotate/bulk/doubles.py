"""Ids that two tasks have, found among millions by a hash of eight bytes each, and then made sure of by the ids."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

AT_ONCE = 1 << 24
"""Hashes that are sorted at once; what sorting takes beside them is some 24 bytes each."""


def hashes(ids: Iterable[str]) -> "array[int]":
    """64 bits of each id, in order."""
    return array("Q", [int.from_bytes(blake2b(one.encode(), digest_size=8).digest(), "little") for one in ids])


def repeated(shards: Sequence["array[int]"]) -> dict[int, set[int]]:
    """The shards in which a hash stands that stands more than once, with those hashes."""
    found: set[int] = set()
    columns = [_arrow(one) for one in shards]
    parts = sum(map(len, columns)) // AT_ONCE + 1
    for part in range(parts):
        found |= set(_repeated(_part(columns, part, parts)))
    if not found:
        return {}
    wanted = pa.array(sorted(found), pa.uint64())
    there = {number: column.filter(pc.is_in(column, wanted)).to_pylist() for number, column in enumerate(columns)}
    return {number: set(inside) for number, inside in there.items() if inside}


def _arrow(numbers: "array[int]") -> pa.Array:
    return pa.Array.from_buffers(pa.uint64(), len(numbers), [None, pa.py_buffer(numbers)])


def _part(columns: Sequence[pa.Array], part: int, parts: int) -> pa.Array:
    """The hashes whose upper 32 bits fall to one of so many parts."""
    if parts == 1:
        return pa.concat_arrays(columns) if columns else pa.array([], pa.uint64())
    bounds = [((1 << 32) * place // parts) << 32 for place in (part, part + 1)]
    return pa.concat_arrays([column.filter(_between(column, *bounds)) for column in columns])


def _between(column: pa.Array, low: int, high: int) -> pa.Array:
    above = pc.greater_equal(column, pa.scalar(low, pa.uint64()))
    return above if high > 0xFFFFFFFFFFFFFFFF else pc.and_(above, pc.less(column, pa.scalar(high, pa.uint64())))


def _repeated(numbers: pa.Array) -> Iterator[int]:
    ordered = numbers.take(pc.array_sort_indices(numbers))
    if len(ordered) > 1:
        yield from ordered[1:].filter(pc.equal(ordered[1:], ordered[:-1])).to_pylist()
