"""brat standoff: a `.txt` file for each article, and an `.ann` file whose lines are T, E, R, A, M, N, # and *.

BioNLP has two files for the lines: `.a1` and `.a2`. The ids of both are one series.

The format: https://brat.nlplab.org/standoff.html. brat's own server decodes the text and counts its code points,
including a byte order mark and each CR; ranges are half open.

Relations are written as R lines, not as events: each end is a span with attributes and notes of its own, and a relation
has no words. An E line would tie its arguments to a trigger and could carry no note for each of them. Spans in pieces
are written as one T line with several ranges if a reader can restore the pieces from it; see `join_pieces`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from annotate.corpus import sort_annotation
from annotate.findings import Rule
from annotate.formats import ENDINGS, rules
from annotate.formats.brat_config import ANNOTATION_CONF, IDS_TYPE, ValueNames, configuration
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    EquivalenceItem,
    EventItem,
    Item,
    LabelledArticle,
    LaterFile,
    Loss,
    NormalizationItem,
    NoteItem,
    RawDocument,
    RelationItem,
    SpanItem,
    UnreadableItem,
    article_id_from,
    explain_encoding,
    refused_document,
)
from annotate.formats.escapes import escape_line
from annotate.formats.file_patterns import FileGroup, FileLayout, FolderFiles, make_layout
from annotate.formats.ledger import METADATA_LOSSES, metadata_losses
from annotate.formats.parts import move_files
from annotate.ingest import make_source_name
from annotate.inventory import Inventory
from annotate.label_map import NOTE_TYPE
from annotate.model import Annotation, Relation, Span
from annotate.util.escape import quote
from annotate.util.files import read_bytes
from annotate.util.folders import find_files

LOSSES = {**METADATA_LOSSES}

_RESTORE = "make it a file that can be read"
_NUMBERED_ID = re.compile(r"s([1-9][0-9]{0,8})")
_REF = re.compile(r"[TERAMN#*]\S*")
_KINDS_WITH_WORDS = "TN#"
"""The kinds of lines with words after the fields: those of a span, the name of an entry, a note."""
# The fields have no white space at their end. No pattern goes back over what a part of it has matched.
_SPAN = re.compile(r"(\S++) (-?\d{1,12} -?\d{1,12}(?:;-?\d{1,12} -?\d{1,12})*)")
_ATTRIBUTE = re.compile(r"(\S++) (\S++)(?: (.*))?")
_NORMALIZATION = re.compile(r"(\S++) (\S++) (\S[^\s:]*+:\S++)")
_NOTE = re.compile(r"(\S++) (\S++)")
_ROLE = re.compile(r"([^\s:]+):([^\s:]+)")
_NUMBERED_REF = re.compile(r"T([0-9]{1,12})")


def write(folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
    """Write two files for each document; then the configuration, which lists the numbers that were used."""
    names = ValueNames(inventory)
    for article, annotation in documents:
        (folder / f"{article.id}.txt").write_bytes(article.text.encode("utf-8"))
        lines = "".join(f"{line}\n" for line in _lines(annotation, inventory, names))
        (folder / f"{article.id}.ann").write_bytes(lines.encode("utf-8"))
    for file, text in configuration(inventory, names).items():
        (folder / file).write_bytes(text.encode("utf-8"))


def join(folder: Path, part: Path, inventory: Inventory) -> None:
    """Move the files of a part; the configuration lists the numbers of all."""
    names = ValueNames(inventory)
    for path in (folder / ANNOTATION_CONF, part / ANNOTATION_CONF):
        if path.exists():
            names.read_numbers(read_bytes(path, _RESTORE, within=path.parent).decode("utf-8"))
    move_files(folder, part)
    (folder / ANNOTATION_CONF).write_bytes(configuration(inventory, names)[ANNOTATION_CONF].encode("utf-8"))


def list_losses(document: LabelledArticle, _: Inventory) -> Iterator[Loss]:
    """List metadata; everything else is carried."""
    return metadata_losses(document)


def join_pieces(annotation: Annotation, pieces: str | None) -> tuple[list[Sequence[Span]], list[Relation]]:
    """Join the pieces of spans if a reader can take them apart again into the same pieces.

    This requires that they are in the order of the text, each related to the one before it and to no other, with the
    same label and attributes, and that only the first one has notes and other relations.

    Args:
        annotation: The annotation.
        pieces: The name of the relation that joins pieces, if the inventory has one.

    Returns:
        The spans, each as its pieces, and the relations that remain.
    """
    spans = {span.id: span for span in annotation.spans}
    joining = [relation for relation in annotation.relations if relation.label == pieces]
    next_relation = {relation.tail: relation for relation in joining}
    tails, heads = (Counter(getattr(relation, end) for relation in joining) for end in ("tail", "head"))
    related = {
        end for relation in annotation.relations if relation.label != pieces for end in (relation.head, relation.tail)
    }
    joined: dict[str, Sequence[Span]] = {}
    for first in next_relation.keys() - heads.keys():
        chain, relations = [spans[first]], list[Relation]()
        while chain[-1].id in next_relation and len(relations) < len(joining):
            relations.append(next_relation[chain[-1].id])
            chain.append(spans[relations[-1].head])
        later = chain[1:]
        if (
            all(tails[relation.tail] == heads[relation.head] == 1 and not relation.note for relation in relations)
            and all(left.end <= right.start for left, right in pairwise(chain))
            and all(span.label == chain[0].label and span.attributes == chain[0].attributes for span in later)
            and not any(span.note or span.id in related for span in later)
        ):
            joined[first] = chain
    inner = {span.id for chain in joined.values() for span in chain[1:]}
    groups = [joined.get(span.id, (span,)) for span in annotation.spans if span.id not in inner]
    return groups, [
        relation for relation in annotation.relations if relation.label != pieces or relation.head not in inner
    ]


def _lines(annotation: Annotation, inventory: Inventory, names: ValueNames) -> Iterator[str]:
    groups, relations = join_pieces(sort_annotation(annotation), inventory.pieces)
    refs = {pieces[0].id: f"T{number}" for pieces, number in zip(groups, _number_spans(groups), strict=True)}
    notes: list[tuple[str, str, str]] = []
    attributes: list[tuple[str, str, str]] = []
    for pieces in groups:
        first, ref = pieces[0], refs[pieces[0].id]
        ranges = ";".join(f"{piece.start} {piece.end}" for piece in pieces)
        words = re.sub(r"\s", " ", " ".join(piece.text for piece in pieces))
        yield f"{ref}\t{first.label} {ranges}\t{words}"
        ids = [piece.id for piece in pieces]
        if ids != [f"s{ref[1:]}"]:
            notes.append((IDS_TYPE, ref, " ".join(ids)))
        for name, value in first.attributes.items():
            if inventory.attributes[name].type == "text":
                notes.append((name, ref, str(value)))
            else:
                attributes.append((name, ref, names.name_value(name, value)))
        if first.note:
            notes.append((NOTE_TYPE, ref, first.note))
    for number, relation in enumerate(relations, 1):
        yield f"R{number}\t{relation.label} Arg1:{refs[relation.head]} Arg2:{refs[relation.tail]}"
        if relation.note:
            notes.append((NOTE_TYPE, f"R{number}", relation.note))
    for number, (name, ref, value) in enumerate(attributes, 1):
        yield f"A{number}\t{name} {ref} {value}"
    for number, (type_, ref, text) in enumerate(notes, 1):
        yield f"#{number}\t{type_} {ref}\t{escape_line(text)}"


def _number_spans(groups: Sequence[Sequence[Span]]) -> list[int]:
    """Return the numbers of the T lines: those of the ids if they are s1, s2 …, else in the order of the text."""
    matches = [_NUMBERED_ID.fullmatch(pieces[0].id) for pieces in groups]
    if all(matches):
        return [int(match[1]) for match in matches if match]
    return list(range(1, len(groups) + 1))


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the texts in a folder and all below it, with their labels; see `read_files`."""
    return read_files(folder, make_layout(None, ()))


def read_files(folder: Path, layout: FileLayout) -> Iterator[RawDocument]:
    """Read the texts in a folder and all below it, with the labels of each annotator.

    A text without labels, labels without a text, and a file that is neither is a refused document.

    Args:
        folder: The folder.
        layout: Which files are texts and which are labels.
    """
    files = _arrange(folder, layout)
    for path, other in files.unmatched:
        why = f"takes the same place as {other}" if other else "matches neither --texts nor --labels"
        finding = next(rules.unmatched_file(path, None, f"{why}; change the pattern, or move the file away"))
        yield refused_document("", path, finding, _count_lines(_read(folder, path)))
    for group in files.groups:
        yield _read_group(folder, group)


class BratFiles(NamedTuple):
    """The files of folders with a layout of their own."""

    layout: FileLayout

    def read(self, folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
        """Read the texts in a folder and all below it, with the labels of each annotator; see `read_files`."""
        return read_files(folder, self.layout)

    def list_annotators(self, folder: Path) -> set[str]:
        """Return the names of the annotators in the paths of a folder."""
        return {group.fields.annotator for group in _arrange(folder, self.layout).groups} - {""}


def _arrange(folder: Path, layout: FileLayout) -> FolderFiles:
    paths = [path.relative_to(folder).as_posix() for path in find_files(folder, "", below=True)]
    return layout.arrange(paths, ENDINGS["brat"])


def _read(folder: Path, path: str) -> bytes:
    return read_bytes(folder / path, _RESTORE, within=folder)


def _count_lines(data: bytes) -> int:
    return sum(bool(line.strip()) for line in data.split(b"\n"))


def _read_group(folder: Path, group: FileGroup) -> RawDocument:
    name, annotator = group.fields.name, group.fields.annotator
    article_id = article_id_from(name)
    labels = {path: _read(folder, path) for path in group.labels}
    first = next(iter(labels), group.text or "")

    def refuse(rule: Rule, file: str, *arguments: object) -> RawDocument:
        lines = sum(map(_count_lines, labels.values()))
        return refused_document(article_id, file, next(rule(file, article_id, *arguments)), lines)

    if group.text is None:
        return refuse(rules.text_missing, first, group.missing)
    if group.ambiguous:
        why = f"has labels in {' and in '.join(labels)}; say with --labels which of them to import"
        return refuse(rules.unmatched_file, group.text, why)
    if group.missing:
        return refuse(rules.labels_missing, first, group.missing)
    items: list[Item] = []
    later_files: list[LaterFile] = []
    line_count = 0
    for path, data in labels.items():
        try:
            lines = data.decode("utf-8")
        except UnicodeDecodeError as error:
            return refuse(rules.unreadable, path, explain_encoding(data, error))
        if path != first:
            later_files.append(LaterFile(path, line_count))
        items += parse(lines, line_count + 1)
        line_count += lines.count("\n") + 1
    text = _read(folder, group.text)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return refuse(rules.unreadable, group.text, explain_encoding(text, error))
    return RawDocument(
        article_id,
        first,
        text,
        tuple(items),
        origin=AnnotationOrigin(annotator, "single pass", (), "") if annotator else None,
        source_name=make_source_name(name, PurePosixPath(group.text).suffix),
        text_file=group.text,
        later_files=tuple(later_files),
    )


def parse(lines: str, first: int = 1) -> Iterator[Item]:
    """Parse the lines of a file of labels; empty lines are skipped.

    Args:
        lines: The contents of the file.
        first: The number of its first line.
    """
    for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), first):
        line = line.removesuffix("\r")
        if line.strip():
            yield _parse_line(number, line)


def _parse_line(number: int, line: str) -> Item:
    ref, tab, rest = line.partition("\t")
    ref = ref.strip()
    if not tab or not _REF.fullmatch(ref):
        return UnreadableItem(number, "does not begin with an id of brat and a tab")
    fields, _, tail = rest.partition("\t")
    if tail.strip() and ref[0] not in _KINDS_WITH_WORDS:
        return UnreadableItem(number, f"{ref} has more than the fields of a {ref[0]} line: {quote(tail)}")
    item = _parse_fields(number, ref, fields, tail)
    return item or UnreadableItem(number, f"{ref} is not followed by the fields of a {ref[0]} line")


def _parse_fields(number: int, ref: str, fields: str, tail: str) -> Item | None:
    """Parse a line by its kind.

    Args:
        number: The number of the line.
        ref: The id at its beginning, whose first character is the kind.
        fields: What is between the first and the second tab.
        tail: What follows the second tab.
    """
    fields = fields.rstrip()
    match ref[0]:
        case "T":
            if match := _SPAN.fullmatch(fields):
                ranges = [pair.split(" ") for pair in match[2].split(";")]
                pieces = tuple((int(start), int(end)) for start, end in ranges)
                numbered = _NUMBERED_REF.fullmatch(ref)
                return SpanItem(number, ref, match[1], pieces, tail, (f"s{numbered[1]}",) if numbered else ())
        case "E":
            if roles := _parse_roles(fields):
                (type_, trigger), *others = roles
                return EventItem(number, ref, type_, trigger, tuple(others))
        case "R":
            type_, _, words = fields.partition(" ")
            ends = _parse_roles(words)
            if type_ and ends and len(ends) == 2:
                if {name for name, _ in ends} == {"Arg1", "Arg2"}:
                    ends.sort()
                return RelationItem(number, ref, type_, ends[0][1], ends[1][1])
        case "A" | "M":
            if match := _ATTRIBUTE.fullmatch(fields):
                return AttributeItem(number, ref, match[2], match[1], match[3] or None)
        case "N":
            if match := _NORMALIZATION.fullmatch(fields):
                return NormalizationItem(number, ref, match[2], match[1], match[3])
        case "#":
            if match := _NOTE.fullmatch(fields):
                return NoteItem(number, ref if len(ref) > 1 else "", match[2], match[1], tail)
        case "*":
            type_, *members = fields.split() or [""]
            if len(members) > 1:
                return EquivalenceItem(number, type_, tuple(members))
    return None


def _parse_roles(words: str) -> list[tuple[str, str]] | None:
    matches = [_ROLE.fullmatch(word) for word in words.split()]
    roles = [(match[1], match[2]) for match in matches if match]
    return roles if len(roles) == len(matches) else None
