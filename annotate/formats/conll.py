"""CoNLL with BIO tags: a token on each line, with its offsets and a column of tags for each layer.

An empty line ends a paragraph. Columns are separated by tabs; comments begin with "# ". A column has one tag for each
token: B begins a span, I continues it, O is outside. Of overlapping spans in one layer, only the outermost has tags.

`read_articles` is the one reader of such files, for `annotate import` and `annotate score`. It also reads the files of
others: separated by spaces, with other columns, with tags of IOB1, BIOES or BILOU, and with `-DOCSTART-` before each
document. There, an empty line ends a sentence, and a span with it, as in the evaluation script of the CoNLL shared
tasks (conlleval).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from annotate.corpus import sort_annotation
from annotate.formats import ENDINGS, rules
from annotate.formats.document import (
    AttributeItem,
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
from annotate.formats.parts import append_file
from annotate.ingest import make_source_name
from annotate.inventory import Inventory
from annotate.model import Span
from annotate.tokens import OUTSIDE, find_tagged_spans, is_tag, tokenize
from annotate.util.escape import quote, shorten
from annotate.util.files import open_raw
from annotate.util.folders import find_files

FILE = "corpus.conll"
SUFFIXES = ENDINGS["bio"]
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

_COMMENT, _ARTICLE, _COLUMNS = "# ", "# article = ", "# columns = "
_DOCUMENT_START = "-DOCSTART-"
_DOCUMENT_NAME = re.compile("# (?:newdoc(?: id)?|document_id)(?: = (.*))?")
"""How CoNLL-U and HIPE begin a document."""
_PLACEHOLDERS = frozenset(("", "_", "-", "*", "-X-"))
"""Values of a column that say nothing."""
_MOST_DIGITS = 12
"""Digits of an offset. Python does not convert thousands of digits."""
_WIDEST_GAP = 100_000
"""Code points between two tokens. A wrong offset must not fill the memory with white space."""
_REASONS = {"id": "ids", "attribute": "attributes", "note": "notes", "relation": "relations"}


class _Token(NamedTuple):
    """A token and its offsets; `is_first` in its paragraph."""

    form: str
    start: int
    end: int
    is_first: bool


@lru_cache(maxsize=1)
def _list_tokens(text: str) -> tuple[_Token, ...]:
    """Return the tokens of a text, which is asked for again when its losses are listed."""
    ranges = tokenize(text)
    ends = (0, *(end for _, end in ranges))
    return tuple(
        _Token(text[start:end], start, end, "\n" in text[previous_end:start])
        for (start, end), previous_end in zip(ranges, ends, strict=False)
    )


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


def join(folder: Path, part: Path, _: Inventory) -> None:
    """Append the lines of a part."""
    append_file(folder, part, FILE)


def _lines(document: LabelledArticle, inventory: Inventory) -> Iterator[str]:
    tokens = _list_tokens(document.article.text)
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
    tokens = _list_tokens(text)
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


class ConllRow(NamedTuple):
    """A line with a token.

    Attributes:
        line: The number of the line.
        form: The token.
        offsets: Its start and end as they are written; None if the file has none.
        tags: A tag for each column of tags; not all of them need be valid.
        is_first: Whether an empty line precedes it.
    """

    line: int
    form: str
    offsets: tuple[str, str] | None
    tags: tuple[str, ...]
    is_first: bool


class OtherColumn(NamedTuple):
    """A column without tags: its number, counted from 1, its first line, and the first of its values."""

    number: int
    line: int
    example: str


class ConllArticle(NamedTuple):
    """The lines of one article.

    Attributes:
        article_id: The article id.
        rows: Its tokens, all with the same number of tags.
        problems: The lines that are no tokens, comments or empty lines.
        other_columns: Columns whose values are not tags. Those with placeholders alone, such as `-X-`, are left out.
        is_own: Whether this toolkit wrote the file; then a span may continue after an empty line.
    """

    article_id: str
    rows: tuple[ConllRow, ...]
    problems: tuple[UnreadableItem, ...]
    other_columns: tuple[OtherColumn, ...]
    is_own: bool

    def sequences(self) -> Iterator[tuple[ConllRow, ...]]:
        """Yield the sequences of rows that no span leaves: the sentences, or the whole article in files of our own."""
        first = 0
        for index, row in enumerate(self.rows):
            if index and row.is_first and not self.is_own:
                yield self.rows[first:index]
                first = index
        if self.rows:
            yield self.rows[first:]


def read_articles(lines: Iterable[str], article_id: str) -> Iterator[ConllArticle]:
    """Read the articles of a CoNLL file, one at a time.

    A line is a token and its columns, separated by tabs or else by spaces. `# article = ID`, `# newdoc id = ID`,
    `# document_id = ID` and `-DOCSTART-` begin an article. The second article after the same ID, or of a file without
    one, has the id `ID-2`.

    Args:
        lines: The lines, with or without their line ends.
        article_id: The id of the article before the first `# article = ID`.
    """
    pending: list[tuple[int, str]] = []
    is_own, is_first, count = False, True, 0

    def finish() -> Iterator[ConllArticle]:
        nonlocal count, is_first
        article = _parse_article(article_id, pending, is_own, not is_own and is_first)
        pending.clear()
        if article.rows or article.problems:
            is_first = False
            count += 1
            yield article if count == 1 else article._replace(article_id=article_id_from(f"{article_id}-{count}"))

    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if line.startswith(_ARTICLE):
            yield from finish()
            article_id, count = line.removeprefix(_ARTICLE).strip(), 0
        elif not is_own and (name := _DOCUMENT_NAME.fullmatch(line)):
            if not (is_first and _have_only_header(pending)):
                yield from finish()
            if name[1] and (name_id := article_id_from(name[1].strip())):
                article_id, count = name_id, 0
        elif line.startswith(_COLUMNS):
            is_own = tuple(line.split()[4:6]) == OFFSETS
        elif line.startswith(_DOCUMENT_START) and not is_own and line.split()[0] == _DOCUMENT_START:
            yield from finish()
        else:
            pending.append((number, line))
    yield from finish()


def _parse_article(
    article_id: str, lines: Sequence[tuple[int, str]], is_own: bool, may_have_header: bool
) -> ConllArticle:
    fields_of = {number: _split_line(line) for number, line in lines}
    regular = [(number, line) for number, line in lines if not line.startswith(_COMMENT)]
    widths = Counter(len(fields_of[number]) for number, _ in regular if len(fields_of[number]) > 1)
    width = widths.most_common(1)[0][0] if widths else 2
    has_comments = is_own or any("\t" in line for _, line in regular)
    full = [fields for number, _ in regular if len(fields := fields_of[number]) in (0, width)]
    full = [fields for fields in full if not fields or fields[0] == "#" or not fields[0].startswith("#")]
    form = int(not is_own and width > 2 and _are_numbered(full))
    has_offsets = is_own or (width > 3 and not form and all(_are_offsets(*fields[:3]) for fields in full if fields))
    first_tag = form + (3 if has_offsets else 1)
    rows: list[ConllRow] = []
    problems: list[UnreadableItem] = []
    is_first = False
    for number, line in lines:
        fields = fields_of[number]
        if not fields:
            is_first = bool(rows)
        elif (form and fields[0].startswith("#")) or (
            line.startswith(_COMMENT) and (has_comments or len(fields) != width or not is_tag(fields[-1]))
        ):
            continue
        elif len(fields) == width and not fields[form]:
            problems.append(UnreadableItem(number, "has no token"))
        elif len(fields) != width or width <= first_tag:
            problems.append(UnreadableItem(number, f"has {max(len(fields) - first_tag, 0)} columns of tags"))
        else:
            offsets = (fields[1], fields[2]) if has_offsets else None
            rows.append(ConllRow(number, fields[form], offsets, tuple(fields[first_tag:]), is_first))
            is_first = False
    tagged, others = _classify_columns(rows, first_tag)
    have_tags = any(is_tag(row.tags[column]) for row in rows[1:] for column in tagged)
    if may_have_header and have_tags and _is_header(rows[0].tags):
        problems.append(UnreadableItem(rows.pop(0).line, "names the columns; put '# ' before it"))
        tagged, others = _classify_columns(rows, first_tag)
    if rows and len(tagged) < len(rows[0].tags):
        rows = [row._replace(tags=tuple(row.tags[column] for column in tagged)) for row in rows]
    return ConllArticle(article_id, tuple(rows), tuple(problems), tuple(others), is_own)


def _split_line(line: str) -> list[str]:
    """Return the columns of a line. A token may be any other white space than a tab or space."""
    if "\t" not in line:
        return [field for field in line.split(" ") if field]
    form, *fields = line.rstrip(" \t").split("\t") if line.strip(" \t") else [""]
    return [form, *(field.strip(" ") for field in fields)] if form or fields else []


def _are_numbered(lines: Iterable[list[str]]) -> bool:
    """Return whether the tokens of each sentence are numbered 1, 2, 3 … in the first column."""
    expected = last = 0
    for fields in lines:
        expected = expected + 1 if fields else 0
        last = max(last, expected)
        if fields and fields[0] != str(expected):
            return False
    return last > 1


def _is_header(fields: Sequence[str]) -> bool:
    """Return whether columns have their names in a line: several, all different, and none a tag or a placeholder."""
    are_names = len(fields) > 1 and len(set(fields)) == len(fields) and not _PLACEHOLDERS & set(fields)
    return are_names and not any(map(is_tag, fields))


def _have_only_header(lines: Iterable[tuple[int, str]]) -> bool:
    """Return whether lines before the first document are comments, and perhaps one that names the columns."""
    fields = [_split_line(line) for _, line in lines if line.strip() and not line.startswith(_COMMENT)]
    return not fields or (len(fields) == 1 and _is_header(fields[0][1:]))


def _are_offsets(form: str, start: str, end: str) -> bool:
    are_numbers = all(offset.isascii() and offset.isdigit() and len(offset) <= _MOST_DIGITS for offset in (start, end))
    return are_numbers and int(end) == int(start) + len(form)


def _classify_columns(rows: Sequence[ConllRow], first_tag: int) -> tuple[list[int], list[OtherColumn]]:
    """Return the columns of tags, and the columns of something else.

    Most values of a column of tags are tags. In the last column, one is enough, so that what is wrong in it is found.
    """
    tagged: list[int] = []
    others: list[OtherColumn] = []
    width = len(rows[0].tags) if rows else 0
    for column in range(width):
        count = sum(is_tag(row.tags[column]) for row in rows)
        is_last = column == width - 1
        if count * 2 > len(rows) or (is_last and (count or not tagged)):
            tagged.append(column)
            continue
        examples = ((row.line, row.tags[column]) for row in rows if row.tags[column] not in _PLACEHOLDERS)
        for line, example in islice(examples, 1):
            others.append(OtherColumn(first_tag + column + 1, line, example))
    return tagged, others


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """Read the articles of all CoNLL files of a folder, as `write` makes them or with tokens and tags only.

    Tokens without offsets are joined by spaces.
    """
    for path in find_files(folder, SUFFIXES):
        broken_line, count = _check_encoding(path)
        if broken_line:
            why = "is not UTF-8; convert the file first"
            yield refused_document("", path.name, next(rules.unreadable(path.name, None, why)).at(broken_line), count)
            continue
        with TextIOWrapper(open_raw(str(path), within=path.parent), "utf-8", newline="\n") as file:
            for article in read_articles(file, article_id_from(path.stem)):
                yield _make_document(path, article)


def _check_encoding(path: Path) -> tuple[int | None, int]:
    """Return the first line that is not UTF-8, if there is one, and the number of lines with a token."""
    broken_line, count = None, 0
    with open_raw(str(path), within=path.parent) as file:
        for number, line in enumerate(file, 1):
            count += bool(line.strip()) and not line.startswith((_COMMENT.encode(), _DOCUMENT_START.encode()))
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                broken_line = broken_line or number
    return broken_line, count


def _make_document(path: Path, article: ConllArticle) -> RawDocument:
    tokens: dict[int, _Token] = {}
    rows: list[ConllRow] = []
    items: list[Item] = list(article.problems)
    previous_end, is_first = 0, False
    for row in article.rows:
        is_first = bool(tokens) and (is_first or row.is_first)
        position = previous_end + 1 if tokens else 0
        start, end = row.offsets or (str(position), str(position + len(row.form)))
        if _are_offsets(row.form, start, end) and 0 <= int(start) - previous_end <= _WIDEST_GAP:
            tokens[row.line] = _Token(row.form, int(start), int(end), is_first)
            rows.append(row if row.is_first == is_first else row._replace(is_first=is_first))
            previous_end, is_first = int(end), False
        else:
            problem = f"{shorten(start)} and {shorten(end)} are not the offsets of {quote(row.form)}"
            items.append(UnreadableItem(row.line, problem))
    for column in article.other_columns:
        name = f"column {column.number}"
        items.append(AttributeItem(column.line, "", name, name, column.example))
    width = len(rows[0].tags) if rows else 0
    for column_index in range(width):
        for sequence in article._replace(rows=tuple(rows)).sequences():
            items += _spans_of_column(column_index, sequence, tokens)
    text, first_id = _join_tokens(tokens.values()).encode("utf-8"), article_id_from(path.stem)
    is_named_after_file = f"{article.article_id}-".startswith(f"{first_id}-")
    source_name = ""
    if is_named_after_file:
        source_name = make_source_name(f"{path.stem}{article.article_id.removeprefix(first_id)}")
    return RawDocument(article.article_id, path.name, text, tuple(items), source_name=source_name)


def _spans_of_column(column: int, rows: Sequence[ConllRow], tokens: Mapping[int, _Token]) -> Iterator[Item]:
    """Yield the spans of a column; what is not a tag is reported, and ends a span as O does."""
    tags = [row.tags[column] for row in rows]
    for row, tag in zip(rows, tags, strict=True):
        if not is_tag(tag):
            yield UnreadableItem(row.line, f"{quote(tag)} is not a BIO tag")
    for run in find_tagged_spans([tag if is_tag(tag) else OUTSIDE for tag in tags]):
        line = rows[run.start].line
        pieces = ((tokens[line].start, tokens[rows[run.end - 1].line].end),)
        yield SpanItem(line, f"s{column + 1}-{line}", run.label, pieces)
