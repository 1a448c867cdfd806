"""Columns that several tables share: spans, relations, mentions, attributes, who labelled."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import pyarrow as pa

from annotate.columns import Attributes, owners
from annotate.dataset.arrays import class_ids, lists, spread, struct
from annotate.dataset.documents import Source
from annotate.dataset.features import (
    INTEGER,
    PLACE,
    PROCESSES,
    STRING,
    Feature,
    arrow_type,
    attribute_feature,
    classes,
    listed,
)
from annotate.dataset.plans import SEVERAL, Each, Plan, each, its, numbered
from annotate.errors import CannotRun
from annotate.inventory import FILE, Attribute, Inventory
from annotate.model import AttributeValue

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


def attribute_arrays(
    inventory: Inventory, attributes: Iterable[Attribute], given: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """The columns of `attribute_features` for spans: choices as class ids, None for what is not given.

    Most spans lack most attributes: one pass over what is given is far shorter than one a column.
    """
    features = attribute_features(inventory, attributes)
    places: dict[str, list[int]] = {name: [] for name in features}
    values: dict[str, list[AttributeValue]] = {name: [] for name in features}
    for place, attributes_ in enumerate(given):
        for name, value in attributes_.items():
            if name in places:
                places[name].append(place)
                values[name].append(value)
    arrays = {}
    for name, feature in features.items():
        found = values[name]
        if "names" in feature:
            ids = numbered(feature["names"])
            found = [ids[value] for value in found]
        arrays[name] = spread(pa.array(found, arrow_type(feature)), places[name], len(given))
    return arrays


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


def graph(source: Source) -> dict[str, pa.Array]:
    """The columns `spans` and `relations`."""
    spans, relations, inventory = source.labels.spans, source.labels.relations, source.labels.inventory
    features = graph_features(inventory)
    ids = pa.array(spans.ids, pa.string())
    span = {
        "id": ids,
        "label": class_ids(spans.labels, inventory.spans, inventory.classes.spans),
        "start": pa.array(spans.starts),
        "end": pa.array(spans.ends),
        "text": pa.array(spans.texts, pa.string()),
        "note": pa.array([note or None for note in spans.notes], pa.string()),
    }
    if inventory.attributes:
        named = attribute_arrays(inventory, inventory.attributes.values(), spans.attributes)
        span["attributes"] = struct(features["spans"]["feature"]["attributes"], named)
    first = spans.bounds[owners(relations.bounds)]
    relation = {
        "label": class_ids(relations.labels, inventory.relations, inventory.classes.relations),
        "head": pa.array(relations.heads - first),
        "tail": pa.array(relations.tails - first),
        "head_id": ids.take(pa.array(relations.heads)),
        "tail_id": ids.take(pa.array(relations.tails)),
        "note": pa.array([note or None for note in relations.notes], pa.string()),
    }
    return {
        "spans": lists(features["spans"], spans.bounds, struct(features["spans"]["feature"], span)),
        "relations": lists(features["relations"], relations.bounds, struct(features["relations"]["feature"], relation)),
    }


def who(source: Source) -> dict[str, list[Any]]:
    """Who labelled each document, how, and with which inventory."""
    heads = source.labels.heads
    return {
        "annotator": [head.annotator for head in heads],
        "process": [_PROCESS[head.process] for head in heads],
        "made_from": [head.made_from for head in heads],
        "inventory": [head.inventory for head in heads],
    }
