"""CoNLL with BIO tags: a token a line, its place, and a column of tags for each layer; an empty line ends a paragraph.

A column has one tag a token, so that of spans of one layer that overlap only the outermost are carried; B begins a
span, I goes on with it, O is outside. Tab separated; comments begin with "# ".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.corpus import canonical
from annotate.formats import rules
from annotate.formats.document import Document, Item, Loss, Mark, RawDocument, Unread, name_of
from annotate.formats.ledger import ABOUT, facts, head_lost, metadata_lost, of_spans
from annotate.inventory import Inventory
from annotate.model import Span
from annotate.tokens import OUTSIDE, is_tag, runs

FILE = "corpus.conll"
PLACES = ("START", "END")

LOSSES = {
    **ABOUT,
    "token edge": "the span begins or ends within a token, and a tag belongs to a whole one",
    "nested": "a column has one tag a token: of spans of one layer that overlap, the outermost is carried",
    "ids": "tags have no ids",
    "attributes": "tags have no attributes",
    "notes": "tags have no notes",
    "relations": "tags have no relations",
    "white space": "white space other than one space between tokens, or a line end between paragraphs, becomes that",
}

_TOKEN = re.compile(r"\w+|[^\w\s]")
_KINDS = {"id": "ids", "attribute": "attributes", "note": "notes", "relation": "relations"}

Range = tuple[int, int]


def tokens(text: str) -> list[Range]:
    """Runs of letters, digits and underscores, and every other character that is no white space by itself."""
    return [match.span() for match in _TOKEN.finditer(text)]


def tags(ranges: Sequence[Range], spans: Iterable[Span]) -> tuple[list[str], dict[str, str]]:
    """One tag a token, and the spans that have none: id → reason."""
    first = {start: number for number, (start, _) in enumerate(ranges)}
    last = {end: number for number, (_, end) in enumerate(ranges)}
    column, gone = [OUTSIDE] * len(ranges), {}
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.label, span.id)):
        if span.start not in first or span.end not in last:
            gone[span.id] = "token edge"
            continue
        begin, end = first[span.start], last[span.end] + 1
        if any(tag != OUTSIDE for tag in column[begin:end]):
            gone[span.id] = "nested"
            continue
        column[begin:end] = [f"B-{span.label}", *[f"I-{span.label}"] * (end - begin - 1)]
    return column, gone


def _columns(document: Document, inventory: Inventory) -> tuple[list[Range], list[list[str]], dict[str, str]]:
    ranges = tokens(document.article.text)
    columns, gone = [], {}
    spans = canonical(document.annotation).spans
    for layer in inventory.layers:
        labels = {label.name for label in inventory.labels_of(layer)}
        column, missing = tags(ranges, [span for span in spans if span.label in labels])
        columns.append(column)
        gone.update(missing)
    return ranges, columns, gone


def write(folder: Path, documents: Iterable[Document], inventory: Inventory) -> None:
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.writelines(f"{line}\n" for line in _lines(document, inventory))


def _lines(document: Document, inventory: Inventory) -> Iterator[str]:
    text = document.article.text
    ranges, columns, _ = _columns(document, inventory)
    yield f"# article = {document.article.id}"
    yield f"# columns = {' '.join(('FORM', *PLACES, *inventory.layers))}"
    before = 0
    for (start, end), *row in zip(ranges, *columns, strict=True):
        if "\n" in text[before:start]:
            yield ""
        yield "\t".join((text[start:end], str(start), str(end), *row))
        before = end
    yield ""


def lost(document: Document, inventory: Inventory) -> Iterator[Loss]:
    yield from metadata_lost(document)
    yield from head_lost(document)
    ranges, _, gone = _columns(document, inventory)
    text = document.article.text
    words = [_Token(text[start:end], start, end, "\n" in text[before:start])
             for (_, before), (start, end) in zip([(0, 0), *ranges], ranges, strict=False)]  # fmt: skip
    if _rebuilt(words) != text:
        yield Loss("text", text, "white space")
    yield from (loss for loss in of_spans(document, gone) if loss.kind == "span")
    for kind, what in facts(document):
        if kind in _KINDS:
            yield Loss(kind, what, _KINDS[kind])


class _Token(NamedTuple):
    """A token and its place; `first` in its paragraph."""

    form: str
    start: int
    end: int
    first: bool


def _rebuilt(words: Iterable[_Token]) -> str:
    """The text of tokens: between them one line end at the beginning of a paragraph, and spaces otherwise."""
    parts: list[str] = []
    at = 0
    for form, start, end, first in words:
        gap = start - at
        parts.append("\n" + " " * (gap - 1) if first and gap else " " * gap)
        parts.append(form)
        at = end
    return "".join(parts)


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """The articles of all `.conll` files of a folder: ours, or others' with a token and tags on each line.

    Without comments a file is one article, and a column of tags follows the token; tokens are joined by a space.
    """
    for path in sorted(folder.glob("*.conll")):
        yield from _readable(path)


def _readable(path: Path) -> Iterator[RawDocument]:
    broken, count = _looked_through(path)
    if broken:
        why = "is not UTF-8; convert the file first"
        finding = next(rules.unreadable(path.name, None, why)).at(broken)
        yield RawDocument("", path.name, b"", (), finding, lines=count)
    else:
        yield from _articles(path)


def _looked_through(path: Path) -> tuple[int | None, int]:
    """The first line that is not UTF-8, if there is one, and the number of lines with a token: none is kept."""
    broken, count = None, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            count += bool(line.strip()) and not line.startswith(b"# ")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                broken = broken or number
    return broken, count


def _articles(path: Path) -> Iterator[RawDocument]:
    name, places = name_of(path.stem), False
    lines: list[tuple[int, str]] = []
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
            if line.startswith("# article = "):
                if any(row for _, row in lines):
                    yield _article(path, name, places, lines)
                name, lines = line.removeprefix("# article = ").strip(), []
            elif line.startswith("# columns = "):
                places = tuple(line.split()[4:6]) == PLACES
            elif not line.startswith("# "):
                lines.append((number, line))
    if any(row for _, row in lines):
        yield _article(path, name, places, lines)


def _article(path: Path, name: str, places: bool, lines: list[tuple[int, str]]) -> RawDocument:
    words: list[_Token] = []
    rows: list[tuple[int, list[str]]] = []
    items: list[Item] = []
    first = False
    for number, line in lines:
        if not line.strip():
            first = bool(words)
            continue
        form, *rest = line.split("\t")
        at = words[-1].end + 1 if words else 0
        start, end = (rest.pop(0), rest.pop(0)) if places and len(rest) > 2 else (str(at), str(at + len(form)))
        before = words[-1].end if words else 0
        if not (start.isascii() and start.isdigit() and int(start) >= before and end == str(int(start) + len(form))):
            items.append(Unread(number, f"{start} and {end} are no place of {form!r}"))
        elif not rest or (rows and len(rest) != len(rows[0][1])):
            items.append(Unread(number, f"has {len(rest)} columns of tags"))
        else:
            words.append(_Token(form, int(start), int(end), first))
            rows.append((number, rest))
        first = False
    for column in range(len(rows[0][1]) if rows else 0):
        items += _marks(column, words, [(number, row[column]) for number, row in rows])
    return RawDocument(name, path.name, _rebuilt(words).encode("utf-8"), tuple(items))


def _marks(column: int, words: list[_Token], lines: list[tuple[int, str]]) -> Iterator[Item]:
    """The spans of a column, as `annotate.tokens` reads them; what is no tag is said, and ends a span as O does."""
    for number, tag in lines:
        if not is_tag(tag):
            yield Unread(number, f"{tag!r} is no tag of BIO")
    for run in runs([tag if is_tag(tag) else OUTSIDE for _, tag in lines]):
        line = lines[run.start][0]
        yield Mark(line, f"s{column + 1}-{line}", run.label, ((words[run.start].start, words[run.end - 1].end),))
