"""brat standoff, written: `.txt` and `.ann` for each article, the configuration of a brat server, and the map back.

Relations become R lines, not events: each end is a span of its own, with attributes and notes of its own, and a
relation has no words; an E line would tie its arguments to a trigger and could carry no note for each of them. Spans in
pieces become one T line with several ranges where that says the same; `group` decides it.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.formats.brat_config import MAP_FILE, Names, configuration
from annotate.formats.escapes import escaped
from annotate.formats.ledger import ABOUT, head_lost, metadata_lost
from annotate.formats.mapping import NOTE
from annotate.formats.raw import Document, Loss
from annotate.inventory import Inventory
from annotate.model import Annotation, Relation, Span
from annotate.store import canonical

__all__ = ["LOSSES", "MAP_FILE", "group", "lost", "write"]

IDS = "SpanIds"
"""The type of the notes that give the ids of spans, where the numbers of T lines cannot."""

LOSSES = {**ABOUT}


class Group(NamedTuple):
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


def group(annotation: Annotation, joins: str | None) -> tuple[list[Group], list[Relation]]:
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
    chained: dict[str, Group] = {}
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
            chained[first] = Group(tuple(chain))
    joined = {span.id for chain_ in chained.values() for span in chain_.pieces[1:]}
    groups = [chained.get(span.id, Group((span,))) for span in annotation.spans if span.id not in joined]
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


def _numbers(groups: list[Group]) -> list[int]:
    """The numbers of the T lines: those of the spans' ids, s1, s2 …, where all have such, else in the order of text."""
    matches = [re.fullmatch(r"s([1-9][0-9]{0,8})", one.pieces[0].id) for one in groups]
    if all(matches):
        return [int(match[1]) for match in matches if match]
    return list(range(1, len(groups) + 1))
