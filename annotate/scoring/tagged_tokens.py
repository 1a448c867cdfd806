"""Tokens with BIO tags as annotations: rows of the table `tokens`, or lines of CoNLL.

The tokens of an article are aligned to its text one after the other, so the tokens of any tokenizer will do that
leaves no word out and changes none. Each column of tags gives spans of its own, which may overlap those of another.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from annotate.errors import CannotRun
from annotate.formats.conll import read_articles
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.scoring.article_rows import Row, resolve_class
from annotate.scoring.score_counts import make_prediction
from annotate.tokens import TokenMismatch, align_words, find_tagged_spans, list_tags
from annotate.util.escape import quote


class TaggedTokens(NamedTuple):
    """A sequence of tokens with their tags.

    Attributes:
        tokens: The tokens.
        locations: The file and the place in it of each token, for errors.
        columns: Columns of tags, each with a tag a token.
    """

    tokens: list[str]
    locations: list[str]
    columns: list[list[str]]


def convert_tagged_tokens(
    article_id: str, sequences: Sequence[TaggedTokens], where: str, text: str, inventory: Inventory
) -> Annotation:
    """Convert the tagged tokens of an article to an annotation.

    Args:
        article_id: The article id.
        sequences: The sequences of the article in the order of the text; a span ends with its sequence.
        where: The file and the article, for errors.
        text: The text of the article.
        inventory: The inventory.

    Raises:
        CannotRun: For tokens that are not those of the text, missing tokens, and unknown labels and tags.
    """
    locations = [location for sequence in sequences for location in sequence.locations]
    try:
        ranges = align_words(text, (token for sequence in sequences for token in sequence.tokens))
    except TokenMismatch as error:
        location = locations[error.index] if error.index < len(locations) else where
        hint = "give every token of the article, in its order and as it is written there"
        raise CannotRun(location, str(error), hint) from error
    spans: list[Span] = []
    offset = 0
    for sequence in sequences:
        for tags in sequence.columns:
            for label, first, end in _read_runs(tags, sequence.locations):
                resolve_class(label, (), inventory.spans, "span label", sequence.locations[first])
                start, stop = ranges[offset + first][0], ranges[offset + end - 1][1]
                id_ = f"s{len(spans) + 1}"
                spans.append(Span(id=id_, label=label, start=start, end=stop, text=text[start:stop]))
        offset += len(sequence.tokens)
    return make_prediction(article_id, text, inventory, spans)


def _read_runs(tags: Sequence[str], locations: Sequence[str]) -> list[tuple[str, int, int]]:
    try:
        return list(find_tagged_spans(tags))
    except TokenMismatch as error:
        raise CannotRun(locations[error.index], str(error), "write B-LABEL, I-LABEL or O") from error


def group_token_rows(rows: Iterable[tuple[str, Row]], inventory: Inventory) -> dict[str, list[TaggedTokens]]:
    """Group rows of the table `tokens` by article, each group in the order of `number`.

    Args:
        rows: The rows with their files and indices. Tags are class ids or words, in columns named after layers.
        inventory: The inventory.

    Returns:
        The sequences of each article, by article id.

    Raises:
        CannotRun: A row is not one of the table.
    """
    by_article: dict[str, list[tuple[int, TaggedTokens]]] = defaultdict(list)
    for where, row in rows:
        tokens = row.get("tokens")
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise CannotRun(where, "tokens is not a list of words", "write it as in a row of the table tokens")
        columns = list(_read_columns(row, len(tokens), where, inventory))
        locations = [f"{where}, token {index}" for index in range(len(tokens))]
        sequences, number = by_article[str(row.get("article"))], row.get("number")
        order = number if isinstance(number, int) else len(sequences)
        sequences.append((order, TaggedTokens(tokens, locations, columns)))
    return {
        article_id: [sequence for _, sequence in sorted(sequences, key=lambda entry: entry[0])]
        for article_id, sequences in by_article.items()
    }


def _read_columns(row: Row, length: int, where: str, inventory: Inventory) -> Iterator[list[str]]:
    layers = {name: layer for name in row if (layer := _find_layer(name, inventory))}
    if not layers:
        example = f"{next(iter(inventory.layers))}_1"
        raise CannotRun(where, "has no column of tags", f"name a column after a layer, such as {example}")
    for name, layer in layers.items():
        tags = row[name]
        if not isinstance(tags, list) or len(tags) != length:
            number = len(tags) if isinstance(tags, list) else "no"
            raise CannotRun(where, f"{name} has {number} tags for {length} tokens", "give each token one tag")
        classes = list_tags(inventory.class_ids.layers[layer])
        yield [_resolve_tag(tag, classes, f"{where}, {name}") for tag in tags]


def _find_layer(column: str, inventory: Inventory) -> str | None:
    match = re.fullmatch(r"(.+)_\d+", column)
    return match[1] if match and match[1] in inventory.layers else None


def _resolve_tag(tag: Any, classes: Sequence[str], where: str) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(tag, int) and 0 <= tag < len(classes):
        return classes[tag]
    raise CannotRun(where, f"unknown tag {quote(tag)}", "write its class id, or B-LABEL, I-LABEL or O")


def group_conll_lines(lines: Iterable[str], file: str, article_id: str) -> dict[str, list[TaggedTokens]]:
    """Group lines of CoNLL by article; `annotate.formats.conll.read_articles` reads them. Offsets are ignored.

    Args:
        lines: The lines.
        file: The name of the file, for errors.
        article_id: The article id of lines before the first `# article = ID`.

    Returns:
        The sequences of each article, by article id.

    Raises:
        CannotRun: A line is not one of CoNLL, or has more or fewer tags than others of its article.
    """
    by_article: dict[str, list[TaggedTokens]] = {}
    for article in read_articles(lines, article_id):
        for line, why in article.problems:
            raise CannotRun(f"{file}:{line}", why, "give each token as many tags as the others")
        sequences = by_article.setdefault(article.article_id, [])
        for rows in article.sequences():
            columns = [list(column) for column in zip(*(row.tags for row in rows), strict=True)]
            locations = [f"{file}:{row.line}" for row in rows]
            sequences.append(TaggedTokens([row.form for row in rows], locations, columns))
    return by_article
