"""The inputs → numbered pieces, planned from their unpacked bytes alone: the same whoever works on them."""

from collections.abc import Callable, Iterator

from annotate.bulk import rules
from annotate.bulk.inputs import Unpacked, changed, opened, packed, version_of
from annotate.bulk.order import Order
from annotate.bulk.shard import Job
from annotate.bulk.splitter import Read, Trouble, split

Troubled = Callable[[str, Trouble], None]
"""Takes the name of an input, and a part of it that holds no tasks."""


def jobs(order: Order, troubled: Troubled, here: bool = False) -> Iterator[tuple[Job, bytes]]:
    """Every piece of every input as a job, in order, with its bytes; `here` if this process does them all.

    Raises CannotRun where an input cannot be read, or was changed meanwhile.
    """
    number = 0
    for address, name in zip(order.inputs, order.names, strict=True):
        before = version_of(address)
        with opened(address) as read:
            stream = _Stream(read)
            for part in split(stream, order.block, order.largest):
                if isinstance(part, Trouble):
                    troubled(name, part)
                    continue
                data = part.data if here or packed(address) else None
                size = len(part.data)
                yield Job(number, name, address, part.offset, size, part.lines, data, {}, part.places), part.data
                number += 1
        if stream.broken:
            [problem] = rules.packing_broken.check(stream.broken)
            troubled(name, Trouble(rules.packing_broken, problem, stream.size, b""))
        if version_of(address) != before:
            raise changed(address)


class _Stream:
    """Reads an input to its end, or to where it cannot be unpacked any further; `broken` says why, `size` how far."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.broken: str | None = None
        self.size = 0

    def __call__(self, size: int) -> bytes:
        if self.broken is not None:
            return b""
        try:
            data = self._read(size)
        except Unpacked as error:
            self.broken = str(error) or type(error).__name__
            return b""
        self.size += len(data)
        return data
