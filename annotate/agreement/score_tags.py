"""Tokens with BIO tags → annotations, for `annotate score`: rows of the table `tokens`, or lines of CoNLL.

The tokens of an article are laid onto its text, one after the other, so those of any tokenizer will do that leaves no
word out and changes none. Each column of tags gives spans of its own, which may overlap those of another.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.agreement.score import labelled
from annotate.agreement.score_rows import Row, named
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.tags import Misplaced, places, runs, tag_names

ARTICLE, COLUMNS = "# article = ", "# columns = "
PLACES = ["START", "END"]
SAME_TOKENS = "give every token of the article, in its order and as it is written there"


class Stretch(NamedTuple):
    """Tokens that stand together, where each is in the file, and columns of a tag a token."""

    words: list[str]
    at: list[str]
    columns: list[list[str]]


def of_stretches(article: str, stretches: Sequence[Stretch], where: str, text: str, inventory: Inventory) -> Annotation:
    """The spans of an article's stretches, in the order of the text; a span ends with its stretch.

    Raises CannotRun for tokens that are not those of the text, for too few of them, and for unknown labels and tags.
    """
    at = [place for stretch in stretches for place in stretch.at]
    try:
        laid = places(text, (word for stretch in stretches for word in stretch.words))
    except Misplaced as error:
        raise CannotRun(at[error.number] if error.number < len(at) else where, str(error), SAME_TOKENS) from error
    spans: list[Span] = []
    first = 0
    for stretch in stretches:
        for tags in stretch.columns:
            try:
                found = list(runs(tags))
            except Misplaced as error:
                raise CannotRun(stretch.at[error.number], str(error), "write B-label, I-label or O") from error
            for label, begin, end in found:
                named(label, (), inventory.spans, "span label", stretch.at[begin])
                start, stop = laid[first + begin][0], laid[first + end - 1][1]
                name = f"s{len(spans) + 1}"
                spans.append(Span(id=name, label=label, start=start, end=stop, text=text[start:stop]))
        first += len(stretch.words)
    return labelled(article, text, inventory, spans)


def of_rows(rows: Iterable[tuple[str, Row]], inventory: Inventory) -> dict[str, list[Stretch]]:
    """Rows of `tokens`, by article and in the order of `number`: tags as class ids or words, in the layers' columns."""
    found: dict[str, list[tuple[int, Stretch]]] = defaultdict(list)
    for where, row in rows:
        words = row.get("tokens")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise CannotRun(where, "its tokens are no list of words", "write it as a row of the table tokens has it")
        columns = list(_columns(row, len(words), where, inventory))
        number, at = row.get("number"), [f"{where}, token {place}" for place in range(len(words))]
        article = found[str(row.get("article"))]
        article.append((number if isinstance(number, int) else len(article), Stretch(words, at, columns)))
    return {name: [one for _, one in sorted(parts, key=lambda part: part[0])] for name, parts in found.items()}


def _columns(row: Row, length: int, where: str, inventory: Inventory) -> Iterator[list[str]]:
    names = [name for name in row if _layer(name, inventory)]
    if not names:
        raise CannotRun(where, "has no column of tags", f"name one after a layer, as {next(iter(inventory.layers))}_1")
    for name in names:
        tags = row[name]
        if not isinstance(tags, list) or len(tags) != length:
            number = len(tags) if isinstance(tags, list) else "no"
            raise CannotRun(where, f"{name} has {number} tags for {length} tokens", "give each token one")
        classes = tag_names(inventory.classes.layers[str(_layer(name, inventory))])
        yield [_tag(tag, classes, f"{where}, {name}") for tag in tags]


def _layer(column: str, inventory: Inventory) -> str | None:
    found = re.fullmatch(r"(.+)_\d+", column)
    return found[1] if found and found[1] in inventory.layers else None


def _tag(tag: Any, classes: Sequence[str], where: str) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(tag, int) and 0 <= tag < len(classes):
        return classes[tag]
    raise CannotRun(where, f"{tag!r} is no tag", "give its class id, or B-label, I-label or O")


def of_lines(lines: Iterable[str], file: str, article: str) -> dict[str, list[Stretch]]:
    """CoNLL: a token a line, then tabs or spaces and a tag a column; an empty line between sentences is allowed.

    `# article = ID` begins an article, without it all is of `article`. With `# columns = FORM START END …`, or where
    two numbers follow the word, the tags stand behind these. A span may go on over an empty line, as in our export.
    """
    found: dict[str, Stretch] = {}
    here = article
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if line.startswith(ARTICLE):
            here = line.removeprefix(ARTICLE).strip()
        if not line.strip() or line.startswith("# "):
            continue
        where = f"{file}:{number}"
        word, *rest = line.split("\t") if "\t" in line else line.split()
        tags = rest[2:] if len(rest) > 2 and all(one.isdecimal() for one in rest[:2]) else rest
        stretch = found.setdefault(here, Stretch([], [], [[] for _ in tags]))
        if not tags or len(tags) != len(stretch.columns):
            raise CannotRun(where, f"has {len(tags)} columns of tags", "give each token as many as the first")
        stretch.words.append(word)
        stretch.at.append(where)
        for column, tag in zip(stretch.columns, tags, strict=True):
            column.append(tag)
    return {name: [stretch] for name, stretch in found.items()}


def is_tokens(row: Mapping[str, Any]) -> bool:
    return "tokens" in row and "article" in row
