"""Where JSON values end, found by their brackets and quotation marks alone, in blocks of any size.

Slow and unerring: what stands in a string never counts, and what is no JSON (NaN, a lone surrogate) does not confuse it
as long as brackets and quotation marks are paired. The splitter turns to it where the fast way does not work.
"""

import re
from collections.abc import Iterator

_OUTSIDE = re.compile(rb'["\[\]{}]')
_INSIDE = re.compile(rb'["\\]')

QUOTE, BACKSLASH = ord('"'), ord("\\")
OPENING, CLOSING = frozenset(b"[{"), frozenset(b"]}")


class Scanner:
    """Reads blocks of bytes one after the other; `depth` is that of the brackets open at the end of what was read."""

    def __init__(self) -> None:
        self.depth = 0
        self._in_string = False
        self._escaped = False

    def ends(self, block: bytes, start: int = 0) -> Iterator[int]:
        """The offset behind each bracket of the block, read from `start`, that closes the outermost one.

        A closing bracket with none open is given too, and leaves the depth at -1: there the enclosing value ends, and
        the caller stops reading.
        """
        at = start
        while True:
            if self._escaped:
                if at >= len(block):
                    return
                at += 1
                self._escaped = False
            found = (_INSIDE if self._in_string else _OUTSIDE).search(block, at)
            if found is None:
                return
            at, byte = found.end(), block[found.start()]
            if byte == QUOTE:
                self._in_string = not self._in_string
            elif byte == BACKSLASH:
                self._escaped = True
            elif byte in OPENING:
                self.depth += 1
            else:
                self.depth -= 1
                if self.depth <= 0:
                    yield at
                    if self.depth < 0:
                        return

    def first_end(self, block: bytes) -> int:
        """The first of `ends`; 0 where the block has none."""
        return next(self.ends(block), 0)
