"""A stream of bytes → pieces of whole tasks, cut where the input says, however it is read or compressed.

An input is a JSON array of tasks, indented or not; a task a line; or values one after the other. A piece is cut at the
last end of a task within a block of so many bytes. Where that is, is guessed from how the first tasks end and begin,
and proved: as a piece begins at a task, it ends at one if and only if it is the inside of a JSON array. Nothing that
stands in a string can fool this. Where no guess can be proved, brackets are counted.

Where JSON values end, found by their brackets and quotation marks alone, in blocks of any size.

Slow and unerring: what stands in a string never counts, and what is no JSON (NaN, a lone surrogate) does not confuse it
as long as brackets and quotation marks are paired. The splitter turns to it where the fast way does not work.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec

from annotate.convert import rules
from annotate.findings import Problem, Rule

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


BLOCK = 3 << 20
"""Bytes of input a piece, by default."""
LARGEST = 64 << 20
"""Bytes that a task may have, by default."""
KEPT = 1 << 16
"""Bytes of what cannot be divided into tasks that are kept with its finding."""

_GUESSES = 4
_LEARNT = 6
_LOOKED_AT = 20
_AFFIX = 64
_SPACE = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"

_values = msgspec.json.Decoder(list[msgspec.Raw])


class _Line(msgspec.Struct):
    data: msgspec.Raw


_line = msgspec.json.Decoder(_Line)

Read: TypeAlias = Callable[[int], bytes]
"""Gives at most so many bytes of the input, none only at its end."""


class Piece(NamedTuple):
    """Whole tasks as they stand in the input from byte `offset` on: one a line, or the inside of an array.

    `places` are those of its tasks, from and to which of its bytes, where the proof that it is whole has found them.
    """

    offset: int
    lines: bool
    data: bytes
    places: Sequence[tuple[int, int]] | None = None


class Trouble(NamedTuple):
    """A part of the input that cannot be told apart into tasks, from byte `offset` on; `data` is its beginning."""

    rule: Rule
    problem: Problem
    offset: int
    data: bytes


Part: TypeAlias = Piece | Trouble


def split(read: Read, block: int = BLOCK, largest: int = LARGEST) -> Iterator[Part]:
    """The pieces of an input, in order, and what holds no tasks.

    The same bytes give the same pieces with the same `block`. Memory stays below a few times the larger of `block` and
    `largest`.
    """
    return _Splitter(read, block, max(largest, block)).parts()


class _Splitter:
    """`_buffer` holds what was read and not given out; it begins at byte `_offset` of the input."""

    def __init__(self, read: Read, block: int, largest: int) -> None:
        self._read, self._block, self._largest = read, block, largest
        self._buffer = b""
        self._offset = 0
        self._ended = False
        self._sign: Sign | None = None

    def parts(self) -> Iterator[Part]:
        self._fill(max(self._block, KEPT))
        foreign = _foreign(self._buffer)
        if foreign:
            yield self._rest(rules.no_tasks, foreign)
            return
        self._take(len(_MARK) if self._buffer.startswith(_MARK) else 0)
        self._skip(_SPACE)
        if not self._buffer:
            yield self._rest(rules.no_tasks, "is empty")
        elif self._buffer.startswith(b"["):
            yield from self._arrays()
        elif self._has_lines():
            yield from self._lines()
        elif not self._buffer.startswith(b"{"):
            yield self._rest(rules.no_tasks, "begins neither with a task nor with an array")
        else:
            yield from self._inside(closed=False)

    def _has_lines(self) -> bool:
        """Whether one of the first lines is a task by itself; the very first one may be broken."""
        while b"\n" not in self._buffer and not self._ended and len(self._buffer) <= self._largest:
            self._more()
        return any(_is(_line, line) for line in self._buffer.split(b"\n", _LOOKED_AT)[:_LOOKED_AT])

    def _fill(self, size: int) -> None:
        """Have `size` bytes in the buffer, or all that are left."""
        while not self._ended and len(self._buffer) < size:
            more = self._read(size - len(self._buffer))
            self._ended = not more
            self._buffer += more

    def _more(self) -> None:
        # Twice as much each time: what is there is looked at again from its beginning.
        self._fill(2 * len(self._buffer) + self._block)

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self._offset += size
        return taken

    def _skip(self, characters: bytes) -> None:
        """Drop such characters from the front; afterwards the buffer is empty only at the end of the input."""
        while True:
            self._take(_first_but(characters, self._buffer))
            if self._buffer or self._ended:
                return
            self._more()

    def _commas(self) -> int:
        """Drop white space and commas from the front; how many commas there were."""
        count = 0
        while True:
            count += self._take(_first_but(_SPACE + b",", self._buffer)).count(b",")
            if self._buffer or self._ended:
                return count
            self._more()

    def _piece(self, lines: bool, size: int) -> Piece:
        return Piece(self._offset, lines, self._take(size))

    def _note(self, rule: Rule, *nouns: object) -> Trouble:
        """A finding on this place, with nothing taken away."""
        [problem] = rule.check(*nouns)
        return Trouble(rule, problem, self._offset, b"")

    def _rest(self, rule: Rule, *nouns: object) -> Trouble:
        """A finding on all that is left of the input, of which the beginning is kept."""
        trouble, kept = self._note(rule, *nouns), b""
        while self._buffer:
            kept = (kept + self._take(len(self._buffer)))[:KEPT]
            self._fill(self._block)
        if self._offset - trouble.offset <= KEPT:
            return trouble._replace(data=kept)
        told = f"{trouble.problem.message}; of {self._offset - trouble.offset:,} bytes the first {KEPT:,} are kept"
        return trouble._replace(data=kept, problem=replace(trouble.problem, message=told))

    def _lines(self) -> Iterator[Part]:
        while self._buffer:
            self._fill(self._block)
            # Less than a block is all that is left, whether or not its last line is ended.
            size = len(self._buffer)
            if size >= self._block:
                size = (self._buffer.rfind(b"\n", 0, self._block) + 1) or (self._buffer.find(b"\n") + 1)
            while not size and not self._ended and len(self._buffer) <= self._largest:
                self._more()
                size = self._buffer.find(b"\n") + 1
            size = size or (len(self._buffer) if self._ended else 0)
            if 0 < size <= self._largest:
                yield self._piece(True, size)
            else:
                yield self._passed_over(lambda block: block.find(b"\n") + 1)
            self._fill(1)

    def _passed_over(self, end: Callable[[bytes], int]) -> Trouble:
        """A task that is too large: it is read up to its end, which `end` finds block by block, and not kept."""
        start, kept = self._offset, self._buffer[:KEPT]
        while self._buffer:
            size = end(self._buffer)
            self._take(size or len(self._buffer))
            if size:
                break
            self._more()
        [problem] = rules.too_large.check(start, self._offset - start, self._largest)
        return Trouble(rules.too_large, problem, start, kept)

    def _arrays(self) -> Iterator[Part]:
        """An array, and what may stand behind it."""
        self._take(1)
        self._skip(_SPACE)
        if self._buffer.startswith(b"]"):
            yield self._note(rules.empty_array)
        yield from self._inside(closed=True)
        self._skip(_SPACE)
        while self._buffer.startswith(b"["):
            yield self._note(rules.another_array, self._offset)
            self._take(1)
            yield from self._inside(closed=True)
            self._skip(_SPACE)
        if self._buffer:
            yield self._rest(rules.behind_the_end, self._offset)

    def _inside(self, closed: bool) -> Iterator[Part]:
        """Values up to the bracket that closes their array or, if not `closed`, up to the end of the input."""
        expected = 0
        while True:
            commas = self._commas()
            if closed and self._buffer and commas != (0 if self._buffer.startswith(b"]") else expected):
                yield self._note(rules.comma_astray, self._offset)
            expected = 1
            if not self._buffer:
                if closed:
                    yield self._note(rules.broken_off, self._offset)
                return
            if self._buffer.startswith(b"]"):
                if closed:
                    self._take(1)
                else:
                    yield self._rest(rules.behind_the_end, self._offset)
                return
            while not (part := self._values()):
                self._more()
            if closed and isinstance(part, Piece) and _commas_astray(part):
                yield self._note(rules.comma_astray, part.offset)
            yield part
            if isinstance(part, Trouble) and part.rule is rules.broken_off:
                return

    def _values(self) -> Part | None:
        """The next piece, or what is told in its place; None where more has to be read first."""
        self._fill(self._block)
        guess = self._guessed()
        if guess:
            return self._piece(False, guess.size)._replace(places=guess.places)
        size = self._counted()
        if 0 < size <= self._largest:
            return self._piece(False, size)
        if self._ended and not size:
            return self._rest(rules.broken_off, self._offset)
        if size or len(self._buffer) > self._largest:
            return self._passed_over(Scanner().first_end)
        return None

    def _guessed(self) -> "Guess | None":
        """Where the last task that ends in the first block ends, if a guess can be proved."""
        block = memoryview(self._buffer)[: self._block]
        if self._ended and len(block) == len(self._buffer):
            inside = self._buffer.rstrip(_SPACE)
            if inside.endswith(b"]") and (places := _places(block[: len(inside) - 1])):
                return Guess(len(inside) - 1, places)
        self._sign = sign = self._sign or _learnt(self._buffer[: self._block])
        end = len(block)
        for _ in range(_GUESSES):
            found = self._buffer.rfind(sign.words, 0, end) if sign else -1
            if not sign or found < 0:
                break
            size = found + sign.cut
            if places := _places(block[:size]):
                return Guess(size, places)
            end = size
        return None

    def _counted(self) -> int:
        """The same, by counting brackets, and in all that was read where no task ends in the first block."""
        scanner, size = Scanner(), 0
        for end in scanner.ends(self._buffer):
            if scanner.depth < 0:
                return end - 1
            if size and end > self._block:
                break
            size = end
        return size


class Guess(NamedTuple):
    """The size of a piece, and the places of its tasks, which prove it."""

    size: int
    places: Sequence[tuple[int, int]]


class Sign(NamedTuple):
    """How one task ends and the next begins, as far as the first ones have it in common; a task ends behind `cut`."""

    words: bytes
    cut: int


def _learnt(block: bytes) -> Sign | None:
    """The sign of the first tasks of a block; None where it has fewer than two."""
    scanner, ends = Scanner(), list[int]()
    for end in scanner.ends(block):
        if scanner.depth < 0 or len(ends) > _LEARNT:
            break
        ends.append(end)
    starts = [_first_but(_SPACE + b",", block, end) for end in ends[:-1]]
    if not starts:
        return None
    between = _common([block[end:start] for end, start in zip(ends, starts, strict=False)])
    before = _common([block[max(end - _AFFIX, 0) : end][::-1] for end in ends])[::-1]
    behind = _common([block[start : start + _AFFIX] for start in starts])
    return Sign(before + between + behind, len(before)) if between and behind else None


def places_of(piece: Piece) -> Sequence[tuple[int, int]]:
    """From and to which of its bytes each value of a piece stands, and what stands between values."""
    if piece.lines:
        return list(_lines_of(piece.data))
    places = _places(piece.data) if piece.places is None else piece.places
    return list(_pulled_apart(piece.data)) if places is None else places


def _lines_of(data: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    # At LF alone: CR is white space, which may stand within a line.
    for line in data.split(b"\n"):
        inner = line.strip(_SPACE)
        if inner:
            start = at + _first_but(_SPACE, line)
            yield start, start + len(inner)
        at += len(line) + 1


def _pulled_apart(data: bytes) -> Iterator[tuple[int, int]]:
    """The values of a piece that is no JSON: what stands between brackets, and what stands between those."""
    scanner, start = Scanner(), 0
    for end in [*scanner.ends(data), len(data)]:
        part = data[start:end]
        inner = part.strip(_SPACE + b",")
        if inner:
            begin = start + part.index(inner)
            yield begin, begin + len(inner)
        start = end


def _commas_astray(piece: Piece) -> bool:
    """Whether a piece that was not proved to be the inside of an array has a comma too many or too few."""
    if piece.places is not None:
        return False
    data, places = piece.data, list(_pulled_apart(piece.data))
    between = [data[end:start].count(b",") for (_, end), (start, _) in pairwise(places)]
    return any(count != 1 for count in between) or b"," in data[places[-1][1] :]


def _first_but(characters: bytes, data: bytes, at: int = 0) -> int:
    """The first place from `at` on where none of the characters stands; a copy of what is behind would cost more."""
    size = len(data)
    while at < size and data[at] in characters:
        at += 1
    return at


def _common(parts: Sequence[bytes]) -> bytes:
    """The bytes with which all parts begin."""
    low, high = min(parts), max(parts)
    size = next((place for place, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low))
    return low[:size]


def _places(data: bytes | memoryview) -> Sequence[tuple[int, int]] | None:
    """The places of the values of the inside of an array; None where it is none."""
    whole = b"".join((b"[", data, b"]"))
    try:
        values = _values.decode(whole)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    places, at = list[tuple[int, int]](), 1
    for value in values:
        start = _first_but(_SPACE + b",", whole, at)
        at = start + memoryview(value).nbytes
        places.append((start - 1, at - 1))
    return places


def _is(decoder: msgspec.json.Decoder[Any], data: bytes) -> bool:
    """Whether bytes are JSON of the decoder's type."""
    try:
        decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _foreign(data: bytes) -> str | None:
    """What a file is that holds no JSON in UTF-8; None where it may."""
    if not data.strip(b"\0"):
        return "is empty"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        return "is in UTF-16 or UTF-32"
    return None
