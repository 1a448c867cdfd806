"""The output of a token classification pipeline of Hugging Face transformers as rows with spans.

For each article, the pipeline gives a list of objects. With an `aggregation_strategy`, an object is a span, with the
label in `entity_group`. Without one, it is a token with its tag in `entity`; tokens that are outside of any span are
left out, and `index` counts all. `word` is what the tokenizer makes of the words: pieces of words may have marks, and
an uncased model has words in lower case and without accents.

Source: documentation of `transformers.TokenClassificationPipeline`.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from annotate.errors import CannotRun
from annotate.formats.placement import OFFSET_UNITS
from annotate.offsets import OffsetTable, trim_range
from annotate.scoring.article_rows import ArticleParts, Row, RowPart, require_number
from annotate.tokens import OUTSIDE, TokenMismatch, find_tagged_spans
from annotate.util.escape import quote

GROUP, TAG = "entity_group", "entity"
_WORD_MARKS = ("##", "Ġ", "▁", "</w>", "@@")
"""What tokenizers put before or after pieces of words."""
_UNKNOWN = ("[UNK]", "<unk>")


def is_pipeline_output(value: Any) -> bool:
    """Return whether a value is a list of the objects that a pipeline gives."""
    is_list = isinstance(value, list) and all(isinstance(entity, dict) for entity in value)
    return is_list and any(GROUP in entity or TAG in entity for entity in value)


def read_pipeline_output(entities: Sequence[Mapping[str, Any]], article_id: str, where: str, text: str) -> ArticleParts:
    """Return the spans of an article.

    Args:
        entities: The objects that the pipeline gave for the article.
        article_id: The article id.
        where: The file and the place in it, for errors.
        text: The text of the article.

    Raises:
        CannotRun: For objects without offsets or labels, offsets at which the text has other words, and tags that are
            not BIO tags.
    """
    spans: list[RowPart] = []
    tokens: list[RowPart] = []
    for index, entity in enumerate(entities):
        place = f"{where}, entity {index}"
        if not isinstance(entity.get(GROUP, entity.get(TAG)), str):
            raise CannotRun(place, f"{GROUP} and {TAG} are missing", "write what the pipeline returns")
        start, end = _require_range(entity, place, text)
        values = {"label": entity.get(GROUP), "start": start, "end": end}
        if GROUP in entity:
            spans.append(RowPart(place, values))
        else:
            tokens.append(RowPart(place, {**values, "tag": entity[TAG], "index": entity.get("index")}))
    return ArticleParts(article_id, where, [*spans, *_join_tokens(tokens, text)])


def _require_range(entity: Row, where: str, text: str) -> tuple[int, int]:
    """Return the range of an object, without white space at its ends, which some tokenizers count as part of a word."""
    if "start" in entity and entity["start"] is None:
        raise CannotRun(where, "start is null", "use a fast tokenizer, which gives offsets")
    start, end = require_number(entity, "start", where), require_number(entity, "end", where)
    word = entity.get("word")
    if not 0 <= start < end <= len(text):
        why = _diagnose(text, start, end, word)
        raise CannotRun(where, f"{start}–{end} is not a range of the text{why}", "count code points from 0")
    if isinstance(word, str) and not _is_word(text[start:end], word):
        why = _diagnose(text, start, end, word)
        problem = f"the text has {quote(text[start:end])} at {start}–{end}, not {quote(word)}{why}"
        raise CannotRun(where, problem, "count code points from 0, in the text of the article as it is")
    return trim_range(text, start, end) if text[start:end].strip() else (start, end)


def _is_word(words: str, word: str) -> bool:
    return any(mark in word for mark in _UNKNOWN) or _squeeze(words) == _squeeze(word)


def _squeeze(words: str) -> str:
    """Return words without white space, marks of pieces, case and accents."""
    for mark in _WORD_MARKS:
        words = words.replace(mark, "")
    letters = unicodedata.normalize("NFKD", words).casefold()
    return "".join(letter for letter in letters if not letter.isspace() and not unicodedata.combining(letter))


def _diagnose(text: str, start: int, end: int, word: object) -> str:
    """Say what wrong offsets may have counted; "" if that is unknown."""
    table = OffsetTable(text)
    for unit, convert in OFFSET_UNITS.items():
        first, last = convert(table, start), convert(table, end)
        if first is not None and last is not None and isinstance(word, str) and _is_word(text[first:last], word):
            return f" (diagnosis: {unit})"
    return ""


def _join_tokens(tokens: list[RowPart], text: str) -> list[RowPart]:
    """Return the spans that the tags of tokens make. A token after one that was left out begins a span."""
    ordered = sorted(tokens, key=lambda token: (token.values["start"], token.values["end"]))
    padded: list[RowPart | None] = []
    for previous, token in pairwise([None, *ordered]):
        if previous is not None and token is not None and not _are_neighbours(previous.values, token.values, text):
            padded.append(None)
        padded.append(token)
    tags = [token.values["tag"] if token else OUTSIDE for token in padded]
    try:
        runs = list(find_tagged_spans(tags))
    except TokenMismatch as error:
        token = padded[error.index]
        where = token.where if token else ""
        raise CannotRun(where, str(error), "write B-LABEL and I-LABEL, or use an aggregation_strategy") from error
    spans: list[RowPart] = []
    for run in runs:
        members = [token for token in padded[run.start : run.end] if token]
        start, end = members[0].values["start"], members[-1].values["end"]
        spans.append(RowPart(members[0].where, {"label": run.label, "start": start, "end": end}))
    return spans


def _are_neighbours(left: Row, right: Row, text: str) -> bool:
    """Return whether no token is between two: by their numbers, or else if only white space is."""
    if type(left["index"]) is int and type(right["index"]) is int:
        return bool(right["index"] == left["index"] + 1)
    return not text[left["end"] : right["start"]].strip()
