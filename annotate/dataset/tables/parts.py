"""Columns that several tables share: spans, relations, mentions, attributes, who labelled."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from annotate.dataset.documents import Document
from annotate.dataset.features import INTEGER, PLACE, PROCESSES, STRING, Feature, attribute_feature, classes, listed
from annotate.dataset.plans import SEVERAL, Each, Plan, each, its, numbered
from annotate.errors import CannotRun
from annotate.inventory import FILE, Attribute, Inventory
from annotate.model import AttributeValue, Relation

MENTION_FEATURES: Feature = {"text": STRING, **PLACE, "pieces": listed(PLACE)}


def mention_features(inventory: Inventory) -> Feature:
    """The columns that any mention has: id, label, words, place."""
    return {"id": STRING, "label": classes(inventory.classes.spans), **MENTION_FEATURES}


def mention_plan(inventory: Inventory) -> Plan:
    """Fills them from mentions."""
    ids = numbered(inventory.classes.spans)
    return {
        "id": its("id"),
        "label": each(lambda mention: ids[mention.label]),
        "text": its("text"),
        "start": its("start"),
        "end": its("end"),
        "pieces": Each(
            attrgetter("pieces"),
            {"start": lambda pieces: [start for start, _ in pieces], "end": lambda pieces: [end for _, end in pieces]},
        ),
    }


PROVENANCE_FEATURES: Feature = {"annotator": STRING, "process": classes(PROCESSES)}
_PROCESS = numbered(PROCESSES)


def provenance_plan() -> Plan:
    """Who labelled and how, of items that have a `document`."""
    return {
        "annotator": its("document.annotation.annotator"),
        "process": each(lambda row: _PROCESS[row.document.annotation.process]),
    }


PROVENANCE_COLUMNS = {
    "annotator": "who labelled it, by pseudonym",
    "process": "labelled once (single pass), or settled from several annotators' labels (adjudicated)",
}


def distinct(place: str, *groups: Feature) -> Feature:
    """The columns of all groups; raises CannotRun where two would have one name."""
    columns: Feature = {}
    for group in groups:
        for name in group:
            if name in columns:
                raise CannotRun(FILE, f"{place}: two columns would be called {name!r}", "rename the attribute or role")
        columns |= group
    return columns


def attribute_features(inventory: Inventory, attributes: Iterable[Attribute]) -> Feature:
    return {attribute.name: attribute_feature(inventory, attribute) for attribute in attributes}


def attribute_plan(inventory: Inventory, attributes: Iterable[Attribute]) -> Plan:
    """Columns of spans or mentions: choices as class ids, None for what is not given."""
    ids: dict[str, dict[AttributeValue, int]] = {
        attribute.name: numbered(attribute_feature(inventory, attribute).get("names", ())) for attribute in attributes
    }

    def values(spans: list[Any]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {name: [None] * len(spans) for name in ids}
        for place, span in enumerate(spans):
            for name, value in span.attributes.items():
                if name in columns:
                    columns[name][place] = ids[name][value] if ids[name] else value
        return columns

    return {SEVERAL: values}


def graph_features(inventory: Inventory) -> Feature:
    """The columns `spans` and `relations`: the whole graph of an annotation."""
    attributes = attribute_features(inventory, inventory.attributes.values())
    span = {
        "id": STRING,
        "label": classes(inventory.classes.spans),
        **PLACE,
        "text": STRING,
        # A struct without fields is no Parquet.
        **({"attributes": attributes} if attributes else {}),
        "note": STRING,
    }
    relation = {
        "label": classes(inventory.classes.relations),
        "head": INTEGER,
        "tail": INTEGER,
        "head_id": STRING,
        "tail_id": STRING,
        "note": STRING,
    }
    return {"spans": listed(span), "relations": listed(relation)}


GRAPH_COLUMNS = {
    "spans": "every span, in the order of the text; `text` repeats the words at `[start, end)`",
    "relations": "every relation; `head` and `tail` are positions in `spans`",
}


def graph_plan(inventory: Inventory) -> Plan:
    """Fills `spans` and `relations` from documents."""
    features = graph_features(inventory)
    span_ids = numbered(features["spans"]["feature"]["label"]["names"])
    relation_ids = numbered(features["relations"]["feature"]["label"]["names"])
    span: Plan = {
        "id": its("id"),
        "label": lambda spans: [span_ids[span.label] for span in spans],
        "start": its("start"),
        "end": its("end"),
        "text": its("text"),
        "attributes": attribute_plan(inventory, inventory.attributes.values()),
        "note": each(lambda span: span.note or None),
    }

    def arrows(document: Document) -> list[tuple[Relation, int | None, int | None]]:
        get = document.places.get
        return [(relation, get(relation.head), get(relation.tail)) for relation in document.annotation.relations]

    relation: Plan = {
        "label": lambda arrows: [relation_ids[relation.label] for relation, _, _ in arrows],
        "head": lambda arrows: [head for _, head, _ in arrows],
        "tail": lambda arrows: [tail for _, _, tail in arrows],
        "head_id": lambda arrows: [relation.head for relation, _, _ in arrows],
        "tail_id": lambda arrows: [relation.tail for relation, _, _ in arrows],
        "note": lambda arrows: [relation.note or None for relation, _, _ in arrows],
    }
    return {
        "spans": Each(lambda document: document.annotation.spans, span),
        "relations": Each(arrows, relation),
    }
