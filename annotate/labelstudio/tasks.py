"""The corpus as Label Studio tasks: one task an article, with annotations as predictions that one can start from."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from annotate.inventory import Inventory
from annotate.labelstudio.config import TEXT, control_name
from annotate.model import Annotation, Article, AttributeValue, Span

Item = dict[str, Any]


class Prediction(NamedTuple):
    """An annotation to show, under the name that the server lists it by."""

    version: str
    annotation: Annotation


def version_name(version: str, annotation: Annotation) -> str:
    """The name of an annotation on the server: its folder (gold, or an annotator) and its inventory's version."""
    return f"{version} {annotation.inventory}"


def task(article: Article, predictions: Iterable[Prediction], inventory: Inventory) -> dict[str, Any]:
    """An article as a task, with each annotation as a prediction."""
    return {"data": data(article), "predictions": [prediction(entry, inventory) for entry in predictions]}


def data(article: Article) -> dict[str, str]:
    """What a task holds of an article; the hash shows later whether the text is still the same."""
    return {
        TEXT: article.text,
        "article": article.id,
        "title": article.title or article.id,
        "text_sha256": article.text_sha256,
        "language": article.language,
    }


def prediction(entry: Prediction, inventory: Inventory) -> dict[str, Any]:
    return {"model_version": entry.version, "result": result(entry.annotation, inventory)}


def result(annotation: Annotation, inventory: Inventory) -> list[Item]:
    """The result items of an annotation: each span, its attributes after it, then the relations.

    A span's attributes share its id and repeat its place, as the browser writes them. The note of a relation is kept by
    the server, and dropped by the browser when somebody submits.
    """
    items: list[Item] = []
    for span in annotation.spans:
        items.append(_region(span, inventory))
        items += [_attribute(span, name, value, inventory) for name, value in span.attributes.items()]
    for relation in annotation.relations:
        item = {
            "type": "relation",
            "from_id": relation.head,
            "to_id": relation.tail,
            "direction": "right",
            "labels": [inventory.relations[relation.label].words],
        }
        items.append(item | _meta(relation.note))
    return items


def _place(span: Span) -> Item:
    return {"start": span.start, "end": span.end, "text": span.text}


def _meta(note: str) -> Item:
    return {"meta": {"text": [note]}} if note else {}


def _region(span: Span, inventory: Inventory) -> Item:
    return {
        "id": span.id,
        "from_name": inventory.spans[span.label].layer,
        "to_name": TEXT,
        "type": "labels",
        "value": {**_place(span), "labels": [span.label]},
    } | _meta(span.note)


def _attribute(span: Span, name: str, value: AttributeValue, inventory: Inventory) -> Item:
    shapes: dict[str, tuple[str, Item]] = {
        "choice": ("choices", {"choices": [value]}),
        "integer": ("number", {"number": value}),
        "text": ("textarea", {TEXT: [value]}),  # takes the place of the quoted words: both are called text
    }
    kind, content = shapes[inventory.attributes[name].type]
    return {
        "id": span.id,
        "from_name": control_name(span.label, name),
        "to_name": TEXT,
        "type": kind,
        "value": {**_place(span), **content},
    } | _meta(span.note)
