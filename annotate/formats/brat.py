"""brat standoff, read: a `.txt` and a `.ann` beside it, whose lines are T, E, R, A, M, N, # and *.

The format: https://brat.nlplab.org/standoff.html. brat's own server decodes the text and counts its characters, that
is, code points, a byte order mark and each CR among them; offsets are half open.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.brat_writer import LOSSES, MAP_FILE, lost, write
from annotate.formats.raw import (
    Arrow,
    Event,
    Group,
    Item,
    Mark,
    Normalization,
    Note,
    RawDocument,
    Unread,
    Value,
    name_of,
)
from annotate.inventory import Inventory

__all__ = ["LOSSES", "MAP_FILE", "lost", "parse", "read", "write"]

_SPAN = re.compile(r"(\S+) (-?\d{1,12} -?\d{1,12}(?:;-?\d{1,12} -?\d{1,12})*)\s*")
_VALUE = re.compile(r"(\S+) (\S+)(?: (.*?))?\s*")
_ENTRY = re.compile(r"(\S+) (\S+) (\S+:\S+)\s*")
_NOTE = re.compile(r"(\S+) (\S+)\s*")
_ROLE = re.compile(r"([^\s:]+):([^\s:]+)")
_NUMBERED = re.compile(r"T([0-9]{1,12})")


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """The pairs of files below a folder, in the order of their names; a file without its other half is refused."""
    stems = {path.with_suffix("") for end in ("txt", "ann") for path in folder.rglob(f"*.{end}") if path.is_file()}
    for stem in sorted(stem for stem in stems if not stem.name.startswith(".")):
        yield _pair(folder, stem)


def _pair(folder: Path, stem: Path) -> RawDocument:
    text, labels = stem.with_name(f"{stem.name}.txt"), stem.with_name(f"{stem.name}.ann")
    name = name_of(stem.relative_to(folder).as_posix())
    file = labels.relative_to(folder).as_posix()

    written = labels.read_bytes() if labels.is_file() else None

    def refused(at: str, findings: Iterator[Finding]) -> RawDocument:
        lines = sum(bool(line.strip()) for line in (written or b"").split(b"\n"))
        return RawDocument(name, at, b"", (), next(findings), lines=lines)

    other = text.relative_to(folder).as_posix()
    if not text.is_file():
        return refused(file, rules.text_missing(file, name, text.name))
    if written is None:
        return refused(other, rules.labels_missing(other, name, labels.name))
    data = text.read_bytes()
    try:
        at = other
        data.decode("utf-8")
        at = file
        lines = written.decode("utf-8")
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 at byte {error.start}; convert it first"
        return refused(at, rules.unreadable(at, name, why))
    return RawDocument(name, file, data, tuple(parse(lines)))


def parse(lines: str) -> Iterator[Item]:
    """The items of a `.ann` file, one a line; empty lines are none."""
    for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip():
            yield _item(number, line)


def _item(number: int, line: str) -> Item:
    ref, tab, rest = line.partition("\t")
    ref = ref.strip()
    if not tab or not re.fullmatch(r"[TERAMN#*]\S*", ref):
        return Unread(number, "begins with no id of brat's and a tab")
    data, _, tail = rest.partition("\t")
    item = {
        "T": _mark, "E": _event, "R": _arrow, "A": _value, "M": _value, "N": _normalization, "#": _note, "*": _group,
    }[ref[0]](number, ref, data, tail)  # fmt: skip
    return item or Unread(number, f"{ref} is followed by what no {ref[0]} line has")


def _mark(number: int, ref: str, data: str, tail: str) -> Item | None:
    match = _SPAN.fullmatch(data)
    if not match:
        return None
    ranges = [pair.split(" ") for pair in match[2].split(";")]
    pieces = tuple((int(start), int(end)) for start, end in ranges)
    numbered = _NUMBERED.fullmatch(ref)
    return Mark(number, ref, match[1], pieces, tail, (f"s{numbered[1]}",) if numbered else ())


def _roles(words: str) -> list[tuple[str, str]] | None:
    matches = [_ROLE.fullmatch(word) for word in words.split()]
    roles = [(match[1], match[2]) for match in matches if match]
    return roles if len(roles) == len(matches) else None


def _event(number: int, ref: str, data: str, _: str) -> Item | None:
    roles = _roles(data)
    if not roles:
        return None
    (type_, trigger), *rest = roles
    return Event(number, ref, type_, trigger, tuple(rest))


def _arrow(number: int, ref: str, data: str, _: str) -> Item | None:
    type_, _, words = data.partition(" ")
    roles = _roles(words)
    if not type_ or not roles or len(roles) != 2:
        return None
    if {name for name, _ in roles} == {"Arg1", "Arg2"}:
        roles.sort()
    return Arrow(number, ref, type_, roles[0][1], roles[1][1])


def _value(number: int, ref: str, data: str, _: str) -> Item | None:
    match = _VALUE.fullmatch(data)
    return Value(number, ref, match[2], match[1], match[3] or None) if match else None


def _normalization(number: int, ref: str, data: str, _: str) -> Item | None:
    match = _ENTRY.fullmatch(data)
    return Normalization(number, ref, match[2], match[1], match[3]) if match else None


def _note(number: int, ref: str, data: str, tail: str) -> Item | None:
    match = _NOTE.fullmatch(data)
    return Note(number, ref if len(ref) > 1 else "", match[2], match[1], tail) if match else None


def _group(number: int, _: str, data: str, __: str) -> Item | None:
    type_, *members = data.split()
    return Group(number, type_, tuple(members)) if len(members) > 1 else None
