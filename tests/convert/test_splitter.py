"""Chunks end at the ends of tasks, whatever the tasks hold and however the file is laid out."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.convert import rules
from annotate.convert.splitter import Chunk, InputProblem, split, task_ranges

TRICKY = ['},{"id":1', "]", '"}]', "\\", '\\"},{', "[{", "é🚢\u0301", "\n", ""]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TRICKY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "a", '},{"id":']), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
exports = st.lists(st.fixed_dictionaries({"id": st.integers(0, 99), "data": values}), min_size=1, max_size=12)


def parts(data: bytes, block: int, largest: int = 1 << 20) -> list[Chunk | InputProblem]:
    return list(split(io.BytesIO(data).read, block, largest))


def tasks(piece: Chunk) -> list[tuple[int, bytes]]:
    """Each task of a piece with its byte in the input."""
    return [(piece.offset + start, piece.data[start:end]) for start, end in task_ranges(piece)]


def read(found: list[Chunk | InputProblem]) -> list[Any]:
    return [json.loads(data) for part in found if isinstance(part, Chunk) for _, data in tasks(part)]


def codes(found: list[Chunk | InputProblem]) -> list[str]:
    return [part.rule.code for part in found if isinstance(part, InputProblem)]


def written(export: list[Any], form: str) -> bytes:
    return {
        "compact": lambda: json.dumps(export, separators=(",", ":"), ensure_ascii=False),
        "indented": lambda: json.dumps(export, indent=2),
        "one a line in an array": lambda: "[\n" + ",\n".join(map(json.dumps, export)) + "\n]\n",
        "lines": lambda: "".join(f"{json.dumps(one)}\n" for one in export),
        "lines without the last end": lambda: "\r\n".join(map(json.dumps, export)),
        "values": lambda: "\n\n".join(json.dumps(one, indent=1) for one in export),
    }[form]().encode()


FORMS = ("compact", "indented", "one a line in an array", "lines", "lines without the last end", "values")


@given(exports, st.sampled_from(FORMS), st.integers(1, 300))
@settings(deadline=None, max_examples=300)
def test_every_task_comes_out_once_and_in_order(export: list[Any], form: str, block: int) -> None:
    data = written(export, form)
    found = parts(data, block)
    assert read(found) == export
    assert codes(found) == []
    for part in found:
        assert isinstance(part, Chunk)
        assert data[part.offset :].startswith(part.data)
        for at, value in tasks(part):
            assert data[at:].startswith(value)


@given(exports, st.sampled_from(FORMS), st.integers(1, 300))
@settings(deadline=None)
def test_both_paths_find_the_same_tasks(export: list[Any], form: str, block: int) -> None:
    data = written(export, form)
    fast = [task for part in parts(data, block) if isinstance(part, Chunk) for task in tasks(part)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("annotate.convert.splitter._Splitter._find_cut_fast", lambda _: None)
        slow = [task for part in parts(data, block) if isinstance(part, Chunk) for task in tasks(part)]
    assert fast == slow


@given(exports, st.integers(1, 300), st.lists(st.integers(1, 40), min_size=1))
@settings(deadline=None)
def test_pieces_do_not_depend_on_how_the_input_is_read(export: list[Any], block: int, sizes: list[int]) -> None:
    data = written(export, "compact")
    stream, rest = io.BytesIO(data), iter(sizes)

    def little(size: int) -> bytes:
        return stream.read(min(size, next(rest, 7)))

    assert list(split(little, block)) == parts(data, block)


@given(exports, st.sampled_from(["compact", "indented"]), st.integers(1, 200), st.data())
@settings(deadline=None, max_examples=200)
def test_truncated_array_gives_whole_tasks_and_a_finding(
    export: list[Any], form: str, block: int, draw: st.DataObject
) -> None:
    data = written(export, form)
    whole = data.rstrip()
    at = draw.draw(st.integers(1, len(whole) - 1))
    found = parts(whole[:at], block)
    assert codes(found)[-1] == rules.truncated.code
    good = read([part for part in found if isinstance(part, Chunk)])
    assert good == export[: len(good)]
    last = [at + len(value) for part in found if isinstance(part, Chunk) for at, value in tasks(part)][-1:]
    rest = whole[:at][last[0] if last else 1 :].lstrip(b", \n")
    assert [part.data for part in found if isinstance(part, InputProblem) and part.data] == [rest] * bool(rest)


@pytest.mark.parametrize(
    ("data", "code", "whole"),
    [
        (b"", "I101", 0),
        (b"  \n", "I101", 0),
        (b"\0\0\0\0", "I101", 0),
        ('[{"id": 1}]'.encode("utf-16"), "I101", 0),
        ('[{"id": 1}]'.encode("utf-16-le"), "I101", 0),
        (b"id,text\n1,a", "I101", 0),
        (b'[{"id": 1}', "I102", 1),
        (b'{"id": 1}{"id":', "I102", 1),
        (b'[{"id": 1}] and more', "I104", 1),
        (b"{\n}\n]", "I104", 1),
        (b'[{"id": 1}][{"id": 2}]', "I105", 2),
        (b"[ ]", "I106", 0),
    ],
)
def test_bad_file_has_a_finding(data: bytes, code: str, whole: int) -> None:
    found = parts(data, 64)
    assert codes(found) == [code]
    [trouble] = [part for part in found if isinstance(part, InputProblem)]
    assert "\n" not in trouble.problem.message
    assert len(read(found)) == whole


def test_byte_order_mark_is_skipped() -> None:
    assert read(parts(b'\xef\xbb\xbf[{"id": 1}]', 64)) == [{"id": 1}]


def huge(closed: str) -> Iterator[bytes]:
    yield b'[{"id": 1},' if closed == "array" else b'{"id": 1}\n'
    yield b'{"id": 2, "data": "' + b"x]}" * 1000 + b'"}'
    yield b',{"id": 3}]' if closed == "array" else b'\n{"id": 3}\n'


@pytest.mark.parametrize("closed", ["array", "lines"])
def test_task_that_is_too_large_is_skipped(closed: str) -> None:
    found = parts(b"".join(huge(closed)), 64, 256)
    assert [value["id"] for value in read(found)] == [1, 3]
    [trouble] = [part for part in found if isinstance(part, InputProblem)]
    assert trouble.rule is rules.task_too_large
    assert 3000 < int(trouble.problem.message.split("has ")[1].split(" ")[0].replace(",", "")) < 3100
    assert trouble.data.startswith(b'{"id": 2')


def test_invalid_value_does_not_affect_its_neighbours() -> None:
    data = b'[{"id": 1}, {"id": NaN}, junk, {"id": 2, "t": "\xff"}, {"id": 3}, 7]'
    [piece] = parts(data, 1000)
    assert isinstance(piece, Chunk)
    assert [value for _, value in tasks(piece)] == [
        b'{"id": 1}', b'{"id": NaN}', b'junk, {"id": 2, "t": "\xff"}', b'{"id": 3}', b"7",
    ]  # fmt: skip


def test_depth_does_not_matter() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    data = b'[{"id": 1}, {"id": 2, "ignored": ' + deep + b'}, {"id": 3}]'
    found = [value for part in parts(data, 1 << 20) if isinstance(part, Chunk) for _, value in tasks(part)]
    assert [len(value) > 1000 for value in found] == [False, True, False]
