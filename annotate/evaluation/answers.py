"""Answers of a model: JSON with spans that quote their words, and relations that name spans by id.

An answer becomes a row of the table `articles` with quotes in place of offsets, as `annotate score` reads it. Models
make mistakes that a program does not make, so that an item that cannot be read is left out and reported, where
`annotate score` refuses a file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.evaluation.prompt import list_paragraphs
from annotate.formats.json_rows import decode_json
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.quotes import QuotedText
from annotate.scoring.article_rows import ArticleParts, RowPart, find_invalid_parts
from annotate.util.escape import quote

_FENCE = "```"


class ParsedAnswer(NamedTuple):
    """An answer that was read.

    Attributes:
        row: The row of the table `articles`: `id`, `spans`, `relations`.
        is_readable: Whether the answer has a JSON object. The row of another has no labels.
        problems: Why items and values were left out, one message each.
    """

    row: dict[str, Any]
    is_readable: bool
    problems: list[str]


def write_answer(annotation: Annotation, text: str) -> str:
    """Return the answer that gives an annotation, as a model would write it.

    Args:
        annotation: The annotation.
        text: The text that it was made on.
    """
    quoted, paragraphs = QuotedText(text), list_paragraphs(text)
    spans = []
    for span in annotation.spans:
        scope = next((each for each in paragraphs if _contains(each, span.start, span.end)), None)
        spans.append(
            {
                "id": span.id,
                "label": span.label,
                "paragraph": paragraphs.index(scope) + 1 if scope else None,
                "quote": text[span.start : span.end],
                "occurrence": quoted.find_occurrence(span.start, span.end, scope),
                "attributes": span.attributes,
            }
        )
    relations = [{"label": each.label, "head": each.head, "tail": each.tail} for each in annotation.relations]
    return json.dumps({"spans": spans, "relations": relations}, ensure_ascii=False)


def parse_answer(answer: str, article_id: str, text: str, inventory: Inventory) -> ParsedAnswer:
    """Read the answer of a model.

    Args:
        answer: What the model wrote: a JSON object, perhaps in a fenced code block, perhaps with words around it.
        article_id: The article id.
        text: The text of the article.
        inventory: The inventory.

    Returns:
        A row that `annotate score` reads without an error. A quote that the text does not have is in it: it counts as a
        wrong prediction.
    """
    value = find_json_object(answer)
    if value is None:
        return ParsedAnswer({"id": article_id, "spans": [], "relations": []}, False, [])
    problems: list[str] = []
    paragraphs = list_paragraphs(text)
    spans = list(_read_spans(value, paragraphs, inventory, problems))
    relations = [
        {
            "label": relation.get("label"),
            "head_id": read_id(relation.get("head")),
            "tail_id": read_id(relation.get("tail")),
        }
        for relation in _list_items(value, "relations", problems)
    ]
    parts = ArticleParts(
        article_id,
        article_id,
        [RowPart(f"span {quote(span['id'])}", span) for span in spans],
        [RowPart(f"relation {index}", relation) for index, relation in enumerate(relations)],
    )
    invalid = find_invalid_parts(parts, text, inventory)
    problems += [f"{error.where}: {error.problem}" for _, error in invalid]
    left_out = {id(part.values) for part, _ in invalid}
    row = {
        "id": article_id,
        "spans": [span for span in spans if id(span) not in left_out],
        "relations": [relation for relation in relations if id(relation) not in left_out],
    }
    return ParsedAnswer(row, True, problems)


def _contains(outer: tuple[int, int], start: int, end: int) -> bool:
    return outer[0] <= start and end <= outer[1]


def find_json_object(answer: str) -> dict[str, Any] | None:
    """Return the JSON object of an answer; None if it has none.

    Args:
        answer: What a model wrote. The object may be in a fenced code block, or have words around it.
    """
    fenced = [block.partition("\n")[2] for block in answer.split(_FENCE)[1::2]]
    braces = answer[answer.find("{") : answer.rfind("}") + 1]
    for candidate in (answer, *fenced, braces):
        try:
            value = decode_json(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _list_items(value: Mapping[str, Any], name: str, problems: list[str]) -> Iterator[dict[str, Any]]:
    items = value.get(name) or []
    if not isinstance(items, list):
        problems.append(f"{name} is not a list")
        return
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield item
        else:
            problems.append(f"{name}, item {index}: is not an object")


def _read_spans(
    value: Mapping[str, Any], paragraphs: Sequence[tuple[int, int]], inventory: Inventory, problems: list[str]
) -> Iterator[dict[str, Any]]:
    ids = set[str]()
    for index, item in enumerate(_list_items(value, "spans", problems)):
        id_ = read_id(item.get("id"))
        if not isinstance(id_, str) or id_ in ids:
            problems.append(f"span {index}: its id {quote(item.get('id'))} is missing, or another span has it")
            continue
        ids.add(id_)
        span = {
            "id": id_,
            "label": item.get("label"),
            "quote": item.get("quote") or "",
            "occurrence": item.get("occurrence"),
        }
        number = item.get("paragraph")
        if type(number) is int and 1 <= number <= len(paragraphs):
            span["scope"] = list(paragraphs[number - 1])
        span["attributes"] = dict(_read_attributes(item.get("attributes"), id_, inventory, problems))
        yield span


def _read_attributes(
    values: object, id_: str, inventory: Inventory, problems: list[str]
) -> Iterator[tuple[str, object]]:
    if not isinstance(values, dict | None):
        problems.append(f"span {quote(id_)}: attributes is not an object")
        return
    for name, value in (values or {}).items():
        attribute = inventory.attributes.get(name)
        if attribute and attribute.allows(value):
            yield name, value
        elif value is not None:
            problem = f"{quote(value)} is not a value of it" if attribute else "is unknown"
            problems.append(f"span {quote(id_)}: attribute {quote(name)}: {problem}")


def read_id(value: object) -> object:
    """Return an id of an answer as text; some models write numbers."""
    return str(value) if type(value) is int else value
