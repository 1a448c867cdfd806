"""brat standoff, read: a `.txt` and a `.ann` beside it, whose lines are T, E, R, A, M, N, # and *.

The format: https://brat.nlplab.org/standoff.html. brat's own server decodes the text and counts its characters, that
is, code points, a byte order mark and each CR among them; offsets are half open.

What a brat server needs beside the files, made from the inventory: annotation.conf and visual.conf; and the map.

brat standoff, written: `.txt` and `.ann` for each article, the configuration of a brat server, and the map back.

Relations become R lines, not events: each end is a span of its own, with attributes and notes of its own, and a
relation has no words; an E line would tie its arguments to a trigger and could carry no note for each of them. Spans in
pieces become one T line with several ranges where that says the same; `group` decides it.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from annotate.corpus import canonical
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.document import (
    Arrow,
    Document,
    Event,
    Group,
    Item,
    Loss,
    Mark,
    Normalization,
    Note,
    RawDocument,
    Unread,
    Value,
    escaped,
    name_of,
)
from annotate.formats.ledger import ABOUT, head_lost, metadata_lost
from annotate.formats.mapping import NOTE
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.util.html import legible_on

MAP_FILE = "map.yaml"


class Names:
    """How values of attributes are written on a line: brat separates by space, comma and bar, so words lose theirs.

    Keeps the numbers that were written, since brat lists the values of an attribute.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.values: dict[str, dict[str, str]] = {}
        """Attribute → written value → the inventory's."""
        self.numbers: dict[str, set[int]] = {}
        for name, attribute in inventory.attributes.items():
            written: dict[str, str] = {}
            for value in attribute.values:
                word = re.sub(r"[^\w.+-]", "_", value, flags=re.ASCII)
                while word in written:
                    word += "_"
                written[word] = value
            self.values[name] = written
            if attribute.type == "integer":
                self.numbers[name] = set()
        self._words = {name: {value: word for word, value in known.items()} for name, known in self.values.items()}

    def value(self, name: str, value: AttributeValue) -> str:
        if isinstance(value, int):
            self.numbers.setdefault(name, set()).add(value)
            return str(value)
        return self._words[name][value]


def configuration(inventory: Inventory, names: Names, ids: str) -> dict[str, str]:
    """File name → text."""
    return {
        "annotation.conf": _annotation_conf(inventory, names),
        "visual.conf": _visual_conf(inventory),
        MAP_FILE: _map(inventory, names, ids),
    }


def _annotation_conf(inventory: Inventory, names: Names) -> str:
    lines = ["[entities]", *inventory.spans, "", "[relations]"]
    for relation in inventory.relations.values():
        if relation.joins_pieces:
            lines += [f"{relation.name}\tArg1:{label}, Arg2:{label}" for label in inventory.spans]
        else:
            lines.append(f"{relation.name}\tArg1:{'|'.join(relation.head)}, Arg2:{'|'.join(relation.tail)}")
    lines += ["<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>", "", "[events]", "", "[attributes]"]
    for name, attribute in inventory.attributes.items():
        values = [*names.values[name], *map(str, sorted(names.numbers.get(name, ())))]
        if values:
            lines.append(f"{name}\tArg:{'|'.join(attribute.labels)}, Value:{'|'.join(values)}")
    return "".join(f"{line}\n" for line in lines)


def _visual_conf(inventory: Inventory) -> str:
    lines = ["[labels]"]
    lines += [f"{name} | {label.name.replace('_', ' ')}" for name, label in inventory.spans.items()]
    lines += [f"{name} | {name.replace('_', ' ')}" for name in (*inventory.relations, *inventory.attributes)]
    lines += ["", "[drawing]", "SPAN_DEFAULT\tfgColor:black, bgColor:lightgreen, borderColor:darken"]
    lines += ["ARC_DEFAULT\tcolor:black, arrowHead:triangle-5", "ATTRIBUTE_DEFAULT\tglyph:*"]
    for name, label in inventory.spans.items():
        lines.append(f"{name}\tfgColor:{legible_on(label.color)}, bgColor:{label.color}")
    return "".join(f"{line}\n" for line in lines)


def _map(inventory: Inventory, names: Names, ids: str) -> str:
    """The map with which `annotate import` reads the export back."""
    texts = [name for name, attribute in inventory.attributes.items() if attribute.type == "text"]
    attributes = {
        name: {"attribute": name} | ({"values": renamed} if (renamed := _renamed(names.values[name])) else {})
        for name in inventory.attributes
        if name not in texts
    }
    notes: dict[str, dict[str, str]] = {NOTE: {"to": "note"}, ids: {"to": "ids"}}
    notes |= {name: {"to": "attribute", "attribute": name} for name in texts}
    value = {
        "spans": {name: {"label": name} for name in inventory.spans},
        "relations": {name: {"relation": name} for name in inventory.relations},
        "attributes": attributes,
        "notes": notes,
        "escaped": True,
    }
    return "# The map back to the inventory, for `annotate import --format brat`.\n" + yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True
    )


def _renamed(values: dict[str, str]) -> dict[str, str]:
    return {word: value for word, value in values.items() if word != value}


IDS = "SpanIds"
"""The type of the notes that give the ids of spans, where the numbers of T lines cannot."""

LOSSES = {**ABOUT}


class SpanPieces(NamedTuple):
    """A span: its pieces, the first first."""

    pieces: tuple[Span, ...]


def write(folder: Path, documents: Iterable[Document], inventory: Inventory) -> None:
    """A `.txt` and a `.ann` for each document; then the configuration, which lists the numbers that were used."""
    names = Names(inventory)
    for article, annotation in documents:
        (folder / f"{article.id}.txt").write_bytes(article.text.encode("utf-8"))
        lines = "".join(f"{line}\n" for line in _lines(annotation, inventory, names))
        (folder / f"{article.id}.ann").write_bytes(lines.encode("utf-8"))
    for file, text in configuration(inventory, names, IDS).items():
        (folder / file).write_bytes(text.encode("utf-8"))


def lost(document: Document, _: Inventory) -> Iterator[Loss]:
    yield from metadata_lost(document)
    yield from head_lost(document)


def group(annotation: Annotation, joins: str | None) -> tuple[list[SpanPieces], list[Relation]]:
    """The spans, pieces joined, and the relations that are left.

    Pieces are joined where a reader can take them apart again into the same: they stand in a row in the order of the
    text, each joined to the one before it and to nothing else, with the same label and attributes, and notes and
    relations on the first alone.
    """
    spans = {span.id: span for span in annotation.spans}
    joining = [relation for relation in annotation.relations if relation.label == joins]
    after = {relation.tail: relation for relation in joining}
    plain = [relation for relation in annotation.relations if relation.label != joins]
    busy = {end for relation in plain for end in (relation.head, relation.tail)}
    tails, heads = [one.tail for one in joining], [one.head for one in joining]
    firsts = [name for name in after if name not in heads]
    chained: dict[str, SpanPieces] = {}
    for first in firsts:
        chain: list[Span] = [spans[first]]
        links: list[Relation] = []
        while chain[-1].id in after and len(links) < len(joining):
            links.append(after[chain[-1].id])
            chain.append(spans[links[-1].head])
        later = chain[1:]
        if (
            all(tails.count(link.tail) == heads.count(link.head) == 1 and not link.note for link in links)
            and all(one.end <= two.start for one, two in zip(chain, later, strict=False))
            and all(span.label == chain[0].label and span.attributes == chain[0].attributes for span in later)
            and not any(span.note or span.id in busy for span in later)
        ):
            chained[first] = SpanPieces(tuple(chain))
    joined = {span.id for chain_ in chained.values() for span in chain_.pieces[1:]}
    groups = [chained.get(span.id, SpanPieces((span,))) for span in annotation.spans if span.id not in joined]
    return groups, [one for one in annotation.relations if one.label != joins or one.head not in joined]


def _lines(annotation: Annotation, inventory: Inventory, names: Names) -> Iterator[str]:
    groups, relations = group(canonical(annotation), inventory.pieces)
    numbers = _numbers(groups)
    refs = {one.pieces[0].id: f"T{number}" for one, number in zip(groups, numbers, strict=True)}
    notes: list[tuple[str, str, str]] = []
    attributes: list[tuple[str, str, str]] = []
    for (pieces,) in groups:
        first, ref = pieces[0], refs[pieces[0].id]
        places = ";".join(f"{piece.start} {piece.end}" for piece in pieces)
        words = re.sub(r"\s", " ", " ".join(piece.text for piece in pieces))
        yield f"{ref}\t{first.label} {places}\t{words}"
        ids = [piece.id for piece in pieces]
        if ids != [f"s{ref[1:]}"]:
            notes.append((IDS, ref, " ".join(ids)))
        for name, value in first.attributes.items():
            if inventory.attributes[name].type == "text":
                notes.append((name, ref, str(value)))
            else:
                attributes.append((name, ref, names.value(name, value)))
        if first.note:
            notes.append((NOTE, ref, first.note))
    for number, relation in enumerate(relations, 1):
        yield f"R{number}\t{relation.label} Arg1:{refs[relation.head]} Arg2:{refs[relation.tail]}"
        if relation.note:
            notes.append((NOTE, f"R{number}", relation.note))
    for number, (name, ref, value) in enumerate(attributes, 1):
        yield f"A{number}\t{name} {ref} {value}"
    for number, (type_, ref, text) in enumerate(notes, 1):
        yield f"#{number}\t{type_} {ref}\t{escaped(text)}"


def _numbers(groups: list[SpanPieces]) -> list[int]:
    """The numbers of the T lines: those of the spans' ids, s1, s2 …, where all have such, else in the order of text."""
    matches = [re.fullmatch(r"s([1-9][0-9]{0,8})", one.pieces[0].id) for one in groups]
    if all(matches):
        return [int(match[1]) for match in matches if match]
    return list(range(1, len(groups) + 1))


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
