"""CoNLL with BIO tags: a token on each line, with its offsets and a column of tags for each layer.

An empty line ends a paragraph. Columns are separated by tabs; comments begin with "# ". A column has one tag for each
token: B begins a span, I continues it, O is outside. Of overlapping spans in one layer, only the outermost has tags.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from annotate.corpus import sort_annotation
from annotate.formats import rules
from annotate.formats.document import (
    Item,
    LabelledArticle,
    Loss,
    RawDocument,
    SpanItem,
    UnreadableItem,
    article_id_from,
    refused_document,
)
from annotate.formats.ledger import METADATA_LOSSES, list_facts, metadata_losses, span_losses
from annotate.inventory import Inventory
from annotate.model import Span
from annotate.tokens import OUTSIDE, find_tagged_spans, is_tag, tokenize
from annotate.util.escape import quote, shorten
from annotate.util.files import open_raw
from annotate.util.folders import find_files

FILE = "corpus.conll"
OFFSETS = ("START", "END")

LOSSES = {
    **METADATA_LOSSES,
    "token edge": "the span begins or ends within a token, and a tag belongs to a whole one",
    "nested": "a column has one tag for each token; of overlapping spans in one layer, the outermost is kept",
    "ids": "tags have no ids",
    "attributes": "tags have no attributes",
    "notes": "tags have no notes",
    "relations": "tags have no relations",
    "white space": "white space between tokens becomes spaces, and a line end between paragraphs",
}

_MOST_DIGITS = 12
"""Digits of an offset. Python does not convert thousands of digits."""
_REASONS = {"id": "ids", "attribute": "attributes", "note": "notes", "relation": "relations"}


class _Token(NamedTuple):
    """A token and its offsets; `is_first` in its paragraph."""

    form: str
    start: int
    end: int
    is_first: bool


def _tokens(text: str) -> Iterator[_Token]:
    previous_end = 0
    for start, end in tokenize(text):
        yield _Token(text[start:end], start, end, "\n" in text[previous_end:start])
        previous_end = end


def tag_tokens(ranges: Sequence[tuple[int, int]], spans: Iterable[Span]) -> tuple[list[str], dict[str, str]]:
    """Tag the tokens of a text with the spans of one layer.

    Args:
        ranges: Ranges `[start, end)` of the tokens, in code points.
        spans: The spans.

    Returns:
        A tag for each token, and the id of each span without tags → the reason, a key of `LOSSES`.
    """
    first = {start: index for index, (start, _) in enumerate(ranges)}
    last = {end: index for index, (_, end) in enumerate(ranges)}
    tags, lost = [OUTSIDE] * len(ranges), {}
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.label, span.id)):
        if span.start not in first or span.end not in last:
            lost[span.id] = "token edge"
            continue
        begin, end = first[span.start], last[span.end] + 1
        if any(tag != OUTSIDE for tag in tags[begin:end]):
            lost[span.id] = "nested"
            continue
        tags[begin:end] = [f"B-{span.label}", *[f"I-{span.label}"] * (end - begin - 1)]
    return tags, lost


def _tag_layers(
    document: LabelledArticle, tokens: Sequence[_Token], inventory: Inventory
) -> tuple[list[list[str]], dict[str, str]]:
    """Return the tags of each layer, and the spans without tags."""
    ranges = [(token.start, token.end) for token in tokens]
    columns, lost = [], {}
    spans = sort_annotation(document.annotation).spans
    for layer in inventory.layers:
        labels = {label.name for label in inventory.labels_of(layer)}
        tags, lost_of_layer = tag_tokens(ranges, [span for span in spans if span.label in labels])
        columns.append(tags)
        lost.update(lost_of_layer)
    return columns, lost


def write(folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
    """Write all documents into one file."""
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            file.writelines(f"{line}\n" for line in _lines(document, inventory))


def _lines(document: LabelledArticle, inventory: Inventory) -> Iterator[str]:
    tokens = list(_tokens(document.article.text))
    columns, _ = _tag_layers(document, tokens, inventory)
    yield f"# article = {document.article.id}"
    yield f"# columns = {' '.join(('FORM', *OFFSETS, *inventory.layers))}"
    for token, *tags in zip(tokens, *columns, strict=True):
        if token.is_first:
            yield ""
        yield "\t".join((token.form, str(token.start), str(token.end), *tags))
    yield ""


def list_losses(document: LabelledArticle, inventory: Inventory) -> Iterator[Loss]:
    """List metadata, everything but spans, spans without tags, and a text whose white space changes."""
    yield from metadata_losses(document)
    text = document.article.text
    tokens = list(_tokens(text))
    _, lost = _tag_layers(document, tokens, inventory)
    if _join_tokens(tokens) != text:
        yield Loss("text", text, "white space")
    yield from (loss for loss in span_losses(document, lost) if loss.kind == "span")
    for kind, what in list_facts(document):
        if kind in _REASONS:
            yield Loss(kind, what, _REASONS[kind])


def _join_tokens(tokens: Iterable[_Token]) -> str:
    """Return the text of tokens: with a line end before a paragraph, and spaces elsewhere."""
    parts: list[str] = []
    previous_end = 0
    for form, start, end, is_first in tokens:
        gap = start - previous_end
        parts += ["\n" + " " * (gap - 1) if is_first and gap else " " * gap, form]
        previous_end = end
    return "".join(parts)


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the articles of all `.conll` files of a folder, as `write` makes them or with tokens and tags only.

    A file without comments is one article; a column of tags follows the token, and tokens are joined by spaces.
    """
    for path in find_files(folder, ".conll"):
        broken_line, lines = _check_encoding(path)
        if broken_line:
            why = "is not UTF-8; convert the file first"
            yield refused_document("", path.name, next(rules.unreadable(path.name, None, why)).at(broken_line), lines)
        else:
            yield from _read_articles(path)


def _check_encoding(path: Path) -> tuple[int | None, int]:
    """Return the first line that is not UTF-8, if there is one, and the number of lines with a token."""
    broken_line, count = None, 0
    with open_raw(str(path), within=path.parent) as file:
        for number, line in enumerate(file, 1):
            count += bool(line.strip()) and not line.startswith(b"# ")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                broken_line = broken_line or number
    return broken_line, count


def _read_articles(path: Path) -> Iterator[RawDocument]:
    article_id, has_offsets = article_id_from(path.stem), False
    lines: list[tuple[int, str]] = []
    with TextIOWrapper(open_raw(str(path), within=path.parent), "utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
            if line.startswith("# article = "):
                if any(text for _, text in lines):
                    yield _read_article(path, article_id, has_offsets, lines)
                article_id, lines = line.removeprefix("# article = ").strip(), []
            elif line.startswith("# columns = "):
                has_offsets = tuple(line.split()[4:6]) == OFFSETS
            elif not line.startswith("# "):
                lines.append((number, line))
    if any(text for _, text in lines):
        yield _read_article(path, article_id, has_offsets, lines)


def _read_article(path: Path, article_id: str, has_offsets: bool, lines: list[tuple[int, str]]) -> RawDocument:
    tokens: list[_Token] = []
    rows: list[tuple[int, list[str]]] = []
    items: list[Item] = []
    is_first = False
    for number, line in lines:
        if not line.strip():
            is_first = bool(tokens)
            continue
        form, *tags = line.split("\t")
        previous_end = tokens[-1].end if tokens else 0
        position = previous_end + 1 if tokens else 0
        start, end = str(position), str(position + len(form))
        if has_offsets and len(tags) > 2:
            start, end, *tags = tags
        is_offset = start.isascii() and start.isdigit() and len(start) <= _MOST_DIGITS and int(start) >= previous_end
        if not (is_offset and end == str(int(start) + len(form))):
            problem = f"{shorten(start)} and {shorten(end)} are not the offsets of {quote(form)}"
            items.append(UnreadableItem(number, problem))
        elif not tags or (rows and len(tags) != len(rows[0][1])):
            items.append(UnreadableItem(number, f"has {len(tags)} columns of tags"))
        else:
            tokens.append(_Token(form, int(start), int(end), is_first))
            rows.append((number, tags))
        is_first = False
    for column in range(len(rows[0][1]) if rows else 0):
        items += _spans_of_column(column, tokens, [(number, tags[column]) for number, tags in rows])
    return RawDocument(article_id, path.name, _join_tokens(tokens).encode("utf-8"), tuple(items))


def _spans_of_column(column: int, tokens: list[_Token], lines: list[tuple[int, str]]) -> Iterator[Item]:
    """Yield the spans of a column; what is not a tag is reported, and ends a span as O does."""
    for number, tag in lines:
        if not is_tag(tag):
            yield UnreadableItem(number, f"{tag!r} is not a BIO tag")
    for run in find_tagged_spans([tag if is_tag(tag) else OUTSIDE for _, tag in lines]):
        line = lines[run.start][0]
        pieces = ((tokens[run.start].start, tokens[run.end - 1].end),)
        yield SpanItem(line, f"s{column + 1}-{line}", run.label, pieces)
