"""The corpus as Label Studio tasks: one task for each article, with annotations as predictions to start from."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from annotate.inventory import Inventory
from annotate.labelstudio.config import DIFFERENCES, NOTICE, TEXT, control_name
from annotate.model import Annotation, Article, AttributeValue, Span

FINDINGS = "findings"
"""The key of a task's data with the number of findings on its labels."""
RUNNING_KEYS = frozenset((NOTICE, FINDINGS))
"""Keys of a task's data that change while annotators work: a push adds them where they are missing."""
Item: TypeAlias = dict[str, Any]
"""A result item: a region, an attribute of a region, or a relation."""


class Prediction(NamedTuple):
    """An annotation to show, and the name under which the server lists it."""

    name: str
    annotation: Annotation


class DifferenceChoice(NamedTuple):
    """A difference that an adjudicator may tick as decided: the id that the server stores, and the text of the tick."""

    id: str
    text: str


def prediction_name(annotation_set: str, version: str) -> str:
    """Return the name of an annotation on the server.

    A project shows the predictions of one name, so that it does not depend on the versions of single annotations.

    Args:
        annotation_set: Gold, or the annotator.
        version: The version of the inventory of the labelling config.
    """
    return f"{annotation_set} {version}"


def task(
    article: Article,
    predictions: Iterable[Prediction],
    inventory: Inventory,
    notice: str = "",
    differences: Sequence[DifferenceChoice] | None = None,
) -> dict[str, Any]:
    """Return an article as a task, with predictions; see `task_data` for the rest."""
    return {
        "data": task_data(article, notice, differences),
        "predictions": [encode_prediction(prediction, inventory) for prediction in predictions],
    }


def task_data(
    article: Article, notice: str = "", differences: Sequence[DifferenceChoice] | None = None
) -> dict[str, Any]:
    """Return the data of an article's task; the hash later shows whether the text is still the same.

    Args:
        article: The article.
        notice: The notice above its text, as HTML.
        differences: What an adjudicator may tick as decided; None unless the project is for adjudication.
    """
    data = {
        TEXT: article.text,
        "article": article.id,
        "title": article.title or article.id,
        "text_sha256": article.text_sha256,
        "language": article.language,
        NOTICE: notice,
        FINDINGS: 0,
    }
    choices = None if differences is None else [{"value": each.text, "alias": each.id} for each in differences]
    return data if choices is None else data | {DIFFERENCES: choices}


def encode_prediction(prediction: Prediction, inventory: Inventory) -> dict[str, Any]:
    """Return a prediction as the server takes it."""
    return {"model_version": prediction.name, "result": result_items(prediction.annotation, inventory)}


def result_items(annotation: Annotation, inventory: Inventory) -> list[Item]:
    """Return the result items of an annotation: each span, followed by its attributes, then the relations.

    As in the browser's own items, a span's attributes have its id, offsets and text. The server keeps the note of a
    relation; the browser drops it on submission.
    """
    items: list[Item] = []
    for span in annotation.spans:
        items.append(_region_item(span, inventory))
        items += [_attribute_item(span, name, value, inventory) for name, value in span.attributes.items()]
    for relation in annotation.relations:
        item = {
            "type": "relation",
            "from_id": relation.head,
            "to_id": relation.tail,
            "direction": "right",
            "labels": [inventory.relations[relation.label].display_name],
        }
        items.append(item | _meta(relation.note))
    return items


def _offsets(span: Span) -> Item:
    return {"start": span.start, "end": span.end, "text": span.text}


def _meta(note: str) -> Item:
    return {"meta": {"text": [note]}} if note else {}


def _region_item(span: Span, inventory: Inventory) -> Item:
    return {
        "id": span.id,
        "from_name": inventory.spans[span.label].layer,
        "to_name": TEXT,
        "type": "labels",
        "value": {**_offsets(span), "labels": [span.label]},
    } | _meta(span.note)


def attribute_content(attribute_type: str, value: AttributeValue) -> tuple[str, Item]:
    """Return the type of the item of an attribute, and what its value holds besides offsets and text.

    Args:
        attribute_type: `choice`, `integer`, `number` or `text`.
        value: The value of the attribute.
    """
    shapes: dict[str, tuple[str, Item]] = {
        "choice": ("choices", {"choices": [value]}),
        "integer": ("number", {"number": value}),
        "number": ("number", {"number": value}),
        "text": ("textarea", {TEXT: [value]}),  # replaces the quoted words, which have the same key
    }
    return shapes[attribute_type]


def _attribute_item(span: Span, name: str, value: AttributeValue, inventory: Inventory) -> Item:
    item_type, content = attribute_content(inventory.attributes[name].type, value)
    return {
        "id": span.id,
        "from_name": control_name(span.label, name),
        "to_name": TEXT,
        "type": item_type,
        "value": {**_offsets(span), **content},
    } | _meta(span.note)
