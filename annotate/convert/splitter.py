"""Cuts a stream of bytes into chunks of whole tasks, at places that depend on the bytes alone.

An input is a JSON array of tasks, indented or not; one task on each line; or values one after the other. A chunk ends
at the last end of a task within a block of a given size. The fast path guesses that place from how the first tasks end
and begin, and then proves it: a chunk that begins at a task ends at one if and only if it is the inside of a JSON
array. Nothing in a string can fool this. If no guess can be proved, the slow path counts brackets (`BracketScanner`).
On made-up tasks of 15 KB the fast path is 50 times as fast; tests/convert/test_splitter.py holds the two to the
same tasks.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import msgspec

from annotate.convert import rules
from annotate.convert.shapes import describe_file
from annotate.findings import Problem, Rule

SHARD_SIZE = 8 << 20
"""Default for the bytes of input in a chunk.

With 4, 8, 16 and 64 MiB, 5,000 made-up tasks (75 MB, all six tables, one process, 2 cores at load 15, one run of each)
took 2,262, 1,741, 1,667 and 1,615 µs of processor time a task, and 179, 227, 251 and 344 MB.
"""
LARGEST_TASK = 64 << 20
"""Default for the most bytes of a task."""
QUARANTINED_BYTES = 1 << 16
"""Number of bytes that are quarantined of an input that cannot be divided into tasks."""

_GUESSES = 4
_SAMPLE_TASKS = 6
_SAMPLE_LINES = 20
_AFFIX = 64
_SPACE = b" \t\r\n"
_SPACE_AND_COMMA = _SPACE + b","
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OUTSIDE_STRING = re.compile(rb'["\[\]{}]')
_INSIDE_STRING = re.compile(rb'["\\]')
_QUOTE, _BACKSLASH, _OPENING = ord('"'), ord("\\"), frozenset(b"[{")

Read: TypeAlias = Callable[[int], bytes]
"""Returns at most that many bytes of the input; no bytes only at its end."""
Ranges: TypeAlias = Sequence[tuple[int, int]]
"""Byte ranges `[start, end)` of the tasks in a chunk."""


class Chunk(NamedTuple):
    """Whole tasks as they are in the input.

    Attributes:
        offset: Byte of the input at which the chunk begins.
        lines: Whether there is one task on each line; else the chunk is the inside of an array.
        data: The bytes.
        ranges: The ranges of its tasks, if they are known already.
    """

    offset: int
    lines: bool
    data: bytes
    ranges: Ranges | None = None


class InputProblem(NamedTuple):
    """A finding on the input itself, at byte `offset`; `data` is the beginning of what cannot be divided into tasks."""

    rule: Rule
    problem: Problem
    offset: int
    data: bytes


class BracketScanner:
    """Finds the ends of JSON values by their brackets and quotation marks alone, in blocks of any size.

    What is in a string never counts. What is not valid JSON (NaN, a lone surrogate) does no harm as long as brackets
    and quotation marks are paired.

    Attributes:
        depth: Number of brackets that are open at the end of what was read.
    """

    def __init__(self) -> None:
        self.depth = 0
        self._in_string = False
        self._escaped = False

    def ends(self, block: bytes) -> Iterator[int]:
        """Read the next block and yield the offset after each bracket that closes an outermost one.

        A closing bracket with none open is yielded too and leaves the depth at -1: the enclosing value ends there, and
        the caller stops reading.
        """
        position = 0
        while True:
            if self._escaped:
                if position >= len(block):
                    return
                position += 1
                self._escaped = False
            match = (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(block, position)
            if match is None:
                return
            position, byte = match.end(), block[match.start()]
            if byte == _QUOTE:
                self._in_string = not self._in_string
            elif byte == _BACKSLASH:
                self._escaped = True
            elif byte in _OPENING:
                self.depth += 1
            else:
                self.depth -= 1
                if self.depth <= 0:
                    yield position
                    if self.depth < 0:
                        return

    def first_end(self, block: bytes) -> int:
        """Read the next block and return the first of its `ends`; 0 if there is none."""
        return next(self.ends(block), 0)


def split(read: Read, shard_size: int = SHARD_SIZE, largest_task: int = LARGEST_TASK) -> Iterator[Chunk | InputProblem]:
    """Divide an input into chunks, in order, and report what cannot be divided into tasks.

    The same bytes give the same chunks for the same `shard_size`. Memory is bounded by a few times the larger of the
    two sizes.

    Args:
        read: Reads the input.
        shard_size: Most bytes of a chunk, unless a single task is larger.
        largest_task: Most bytes of a task; a larger one is reported and skipped.
    """
    return _Splitter(read, shard_size, max(largest_task, shard_size)).split()


class _Splitter:
    """The state of `split`: `_buffer` holds what was read and not yet consumed, from byte `_offset` of the input on."""

    def __init__(self, read: Read, block: int, largest: int) -> None:
        self._read, self._block, self._largest = read, block, largest
        self._buffer = b""
        self._offset = 0
        self._at_end = False
        self._boundary: _Boundary | None = None

    def split(self) -> Iterator[Chunk | InputProblem]:
        self._fill(max(self._block, QUARANTINED_BYTES))
        fault = _find_encoding_fault(self._buffer)
        if fault:
            yield self._reject_rest(rules.no_tasks, fault)
            return
        self._consume(len(_BYTE_ORDER_MARK) if self._buffer.startswith(_BYTE_ORDER_MARK) else 0)
        self._skip(_SPACE)
        if not self._buffer:
            yield self._reject_rest(rules.no_tasks, "is empty")
        elif self._buffer.startswith(b"["):
            yield from self._split_arrays()
        elif self._has_task_lines():
            yield from self._split_lines()
        elif not self._buffer.startswith(b"{"):
            yield self._reject_rest(rules.no_tasks, describe_file(self._buffer))
        else:
            yield from self._split_values(in_array=False)

    def _has_task_lines(self) -> bool:
        """Tell whether one of the first lines is a whole task; the very first one may be broken."""
        while b"\n" not in self._buffer and not self._at_end and len(self._buffer) <= self._largest:
            self._fill_more()
        return any(map(_is_task, self._buffer.split(b"\n", _SAMPLE_LINES)[:_SAMPLE_LINES]))

    def _fill(self, size: int) -> None:
        """Read until the buffer has `size` bytes or the input ends."""
        while not self._at_end and len(self._buffer) < size:
            data = self._read(size - len(self._buffer))
            self._at_end = not data
            self._buffer += data

    def _fill_more(self) -> None:
        # Twice as much each time, since the caller looks at the whole buffer again.
        self._fill(2 * len(self._buffer) + self._block)

    def _consume(self, size: int) -> bytes:
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self._offset += size
        return data

    def _skip(self, characters: bytes) -> int:
        """Consume such characters and return the number of commas among them.

        Afterwards the buffer is empty only at the end of the input.
        """
        commas = 0
        while True:
            commas += self._consume(_skip_characters(characters, self._buffer)).count(b",")
            if self._buffer or self._at_end:
                return commas
            self._fill_more()

    def _chunk(self, lines: bool, size: int, ranges: Ranges | None = None) -> Chunk:
        return Chunk(self._offset, lines, self._consume(size), ranges)

    def _report(self, rule: Rule, *arguments: object) -> InputProblem:
        """Return a finding on the current position; nothing is consumed."""
        [problem] = rule.check(*arguments)
        return InputProblem(rule, problem, self._offset, b"")

    def _reject_rest(self, rule: Rule, *arguments: object) -> InputProblem:
        """Consume the rest of the input and return a finding on it."""
        input_problem, data = self._report(rule, *arguments), b""
        while self._buffer:
            data = (data + self._consume(len(self._buffer)))[:QUARANTINED_BYTES]
            self._fill(self._block)
        size, problem = self._offset - input_problem.offset, input_problem.problem
        if size > QUARANTINED_BYTES:
            message = f"{problem.message}; the first {QUARANTINED_BYTES:,} of {size:,} bytes were quarantined"
            problem = replace(problem, message=message)
        return input_problem._replace(data=data, problem=problem)

    def _split_lines(self) -> Iterator[Chunk | InputProblem]:
        while self._buffer:
            self._fill(self._block)
            # A buffer smaller than a block is all that is left, with or without a line end.
            size = len(self._buffer)
            if size >= self._block:
                size = (self._buffer.rfind(b"\n", 0, self._block) + 1) or (self._buffer.find(b"\n") + 1)
            while not size and not self._at_end and len(self._buffer) <= self._largest:
                self._fill_more()
                size = self._buffer.find(b"\n") + 1
            size = size or (len(self._buffer) if self._at_end else 0)
            if 0 < size <= self._largest:
                yield self._chunk(True, size)
            else:
                yield self._skip_large_task(lambda block: block.find(b"\n") + 1)
            self._fill(1)

    def _skip_large_task(self, find_end: Callable[[bytes], int]) -> InputProblem:
        """Consume a task that is too large, without holding it in memory; `find_end` finds its end block by block."""
        start, data = self._offset, self._buffer[:QUARANTINED_BYTES]
        while self._buffer:
            size = find_end(self._buffer)
            self._consume(size or len(self._buffer))
            if size:
                break
            self._fill_more()
        [problem] = rules.task_too_large.check(start, self._offset - start, self._largest)
        return InputProblem(rules.task_too_large, problem, start, data)

    def _split_arrays(self) -> Iterator[Chunk | InputProblem]:
        """Split an array, and others that may follow it."""
        self._consume(1)
        self._skip(_SPACE)
        if self._buffer.startswith(b"]"):
            yield self._report(rules.empty_array)
        yield from self._split_values(in_array=True)
        self._skip(_SPACE)
        while self._buffer.startswith(b"["):
            yield self._report(rules.second_array, self._offset)
            self._consume(1)
            yield from self._split_values(in_array=True)
            self._skip(_SPACE)
        if self._buffer:
            yield self._reject_rest(rules.trailing_data, self._offset)

    def _split_values(self, in_array: bool) -> Iterator[Chunk | InputProblem]:
        """Split values up to the bracket that closes their array or, outside an array, to the end of the input."""
        expected = 0
        while True:
            commas = self._skip(_SPACE_AND_COMMA)
            if in_array and self._buffer and commas != (0 if self._buffer.startswith(b"]") else expected):
                yield self._report(rules.misplaced_comma, self._offset)
            expected = 1
            if not self._buffer:
                if in_array:
                    yield self._report(rules.truncated, self._offset)
                return
            if self._buffer.startswith(b"]"):
                if in_array:
                    self._consume(1)
                else:
                    yield self._reject_rest(rules.trailing_data, self._offset)
                return
            while not (part := self._next_part()):
                self._fill_more()
            if in_array and isinstance(part, Chunk) and _has_misplaced_commas(part):
                yield self._report(rules.misplaced_comma, part.offset)
            yield part
            if isinstance(part, InputProblem) and part.rule is rules.truncated:
                return

    def _next_part(self) -> Chunk | InputProblem | None:
        """Return the next chunk, or a finding in its place; None if more has to be read first."""
        self._fill(self._block)
        cut = self._find_cut_fast()
        if cut:
            return self._chunk(False, cut.size, cut.ranges)
        size = self._find_cut_slow()
        if 0 < size <= self._largest:
            return self._chunk(False, size)
        if self._at_end and not size:
            return self._reject_rest(rules.truncated, self._offset)
        if size or len(self._buffer) > self._largest:
            return self._skip_large_task(BracketScanner().first_end)
        return None

    def _find_cut_fast(self) -> "_CandidateChunk | None":
        """Guess where the last task that ends in the first block ends; None if no guess can be proved."""
        block = memoryview(self._buffer)[: self._block]
        if self._at_end and len(block) == len(self._buffer):
            inside = self._buffer.rstrip(_SPACE)
            if inside.endswith(b"]") and (ranges := _parse_ranges(block[: len(inside) - 1])):
                return _CandidateChunk(len(inside) - 1, ranges)
        self._boundary = boundary = self._boundary or _learn_boundary(self._buffer[: self._block])
        end = len(block)
        for _ in range(_GUESSES):
            position = self._buffer.rfind(boundary.text, 0, end) if boundary else -1
            if not boundary or position < 0:
                break
            size = position + boundary.cut
            if ranges := _parse_ranges(block[:size]):
                return _CandidateChunk(size, ranges)
            end = size
        return None

    def _find_cut_slow(self) -> int:
        """Count brackets to find the same place; in the whole buffer if no task ends in the first block."""
        scanner, size = BracketScanner(), 0
        for end in scanner.ends(self._buffer):
            if scanner.depth < 0:
                return end - 1
            if size and end > self._block:
                break
            size = end
        return size


class _CandidateChunk(NamedTuple):
    """The size of a chunk, and the ranges of its tasks, which prove that it is one."""

    size: int
    ranges: Ranges


class _Boundary(NamedTuple):
    """The bytes that the ends and beginnings of the first tasks have in common; a task ends at `cut` within them."""

    text: bytes
    cut: int


def _learn_boundary(block: bytes) -> _Boundary | None:
    """Return the boundary between the first tasks of a block; None if it has fewer than two."""
    scanner, ends = BracketScanner(), list[int]()
    for end in scanner.ends(block):
        if scanner.depth < 0 or len(ends) > _SAMPLE_TASKS:
            break
        ends.append(end)
    starts = [_skip_characters(_SPACE_AND_COMMA, block, end) for end in ends[:-1]]
    if not starts:
        return None
    between = _common_prefix([block[end:start] for end, start in zip(ends, starts, strict=False)])
    before = _common_prefix([block[max(end - _AFFIX, 0) : end][::-1] for end in ends])[::-1]
    after = _common_prefix([block[start : start + _AFFIX] for start in starts])
    return _Boundary(before + between + after, len(before)) if between and after else None


def task_ranges(chunk: Chunk) -> Ranges:
    """Return the range of each task in a chunk, and of each run of bytes between tasks that is not one."""
    if chunk.lines:
        return list(_line_ranges(chunk.data))
    ranges = _parse_ranges(chunk.data) if chunk.ranges is None else chunk.ranges
    return list(_scan_ranges(chunk.data)) if ranges is None else ranges


def _line_ranges(data: bytes) -> Iterator[tuple[int, int]]:
    position = 0
    # LF alone ends a line: CR is white space, which may occur within one.
    for line in data.split(b"\n"):
        stripped = line.strip(_SPACE)
        if stripped:
            start = position + _skip_characters(_SPACE, line)
            yield start, start + len(stripped)
        position += len(line) + 1


def _parse_ranges(data: bytes | memoryview) -> Ranges | None:
    """Return the ranges of the values in the inside of an array; None if the bytes are not one."""
    array = b"".join((b"[", data, b"]"))
    try:
        values = _array_decoder.decode(array)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    ranges, end = list[tuple[int, int]](), 1
    for value in values:
        start = _skip_characters(_SPACE_AND_COMMA, array, end)
        end = start + memoryview(value).nbytes
        ranges.append((start - 1, end - 1))
    return ranges


def _scan_ranges(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the same for bytes that are not valid JSON, by their brackets; also what is between values."""
    start = 0
    for end in [*BracketScanner().ends(data), len(data)]:
        part = data[start:end]
        stripped = part.strip(_SPACE_AND_COMMA)
        if stripped:
            position = start + part.index(stripped)
            yield position, position + len(stripped)
        start = end


def _has_misplaced_commas(chunk: Chunk) -> bool:
    """Tell whether a chunk that was not proved to be the inside of an array has a comma too many or too few."""
    if chunk.ranges is not None:
        return False
    data, ranges = chunk.data, list(_scan_ranges(chunk.data))
    between = [data[end:start].count(b",") for (_, end), (start, _) in pairwise(ranges)]
    return any(count != 1 for count in between) or b"," in data[ranges[-1][1] :]


def _common_prefix(parts: Sequence[bytes]) -> bytes:
    return os.path.commonprefix(parts) or b""  # noqa: RUF071 - these are not paths


def _skip_characters(characters: bytes, data: bytes, position: int = 0) -> int:
    """Return the first position from `position` on with another character; unlike `lstrip`, this copies nothing."""
    size = len(data)
    while position < size and data[position] in characters:
        position += 1
    return position


class _TaskLine(msgspec.Struct):
    data: msgspec.Raw


_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_line_decoder = msgspec.json.Decoder(_TaskLine)


def _is_task(line: bytes) -> bool:
    try:
        _line_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _find_encoding_fault(data: bytes) -> str | None:
    """Return why a file does not hold JSON in UTF-8; None if it may."""
    if not data.strip(b"\0"):
        return "is empty"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        return "is in UTF-16 or UTF-32"
    return None
