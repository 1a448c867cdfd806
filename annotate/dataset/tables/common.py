"""Columns that several tables share: the graph of an annotation, mentions, and who labelled."""

from typing import Any

import pyarrow as pa

from annotate.columns import Integers, document_indices
from annotate.dataset.arrow import class_ids, list_array, struct_array, to_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import (
    INTEGER,
    PROCESSES,
    RANGE,
    STRING,
    Feature,
    attribute_features,
    class_label,
    ids_by_name,
    list_of,
)
from annotate.inventory import Condition, Inventory

MENTION_FEATURES: Feature = {"text": STRING, **RANGE, "pieces": list_of(RANGE)}
PROVENANCE_FEATURES: Feature = {"annotator": STRING, "process": class_label(PROCESSES)}
PROVENANCE_COLUMNS = {
    "annotator": "who labelled it, by pseudonym",
    "process": (
        "labelled once (single pass), settled from several annotators' labels (adjudicated), one annotator's labels"
        " taken as they are (promoted), or labelled by one who began with labels of someone else or a model (corrected)"
    ),
}
GRAPH_COLUMNS = {
    "spans": "every span, in the order of the text; `text` repeats the words at `[start, end)`",
    "relations": "every relation; `head` and `tail` are positions in `spans`",
}
_PROCESS_IDS = ids_by_name(PROCESSES)


def mention_features(inventory: Inventory) -> Feature:
    """Return the columns that every mention has: id, label, words and range."""
    return {"id": STRING, "label": class_label(inventory.class_ids.spans), **MENTION_FEATURES}


def graph_features(inventory: Inventory) -> Feature:
    """Return the types of the columns `spans` and `relations`: the whole graph of an annotation."""
    attributes = attribute_features(inventory, inventory.attributes.values())
    span = {
        "id": STRING,
        "label": class_label(inventory.class_ids.spans),
        **RANGE,
        "text": STRING,
        # Parquet has no struct without fields.
        **({"attributes": attributes} if attributes else {}),
        "note": STRING,
    }
    relation = {
        "label": class_label(inventory.class_ids.relations),
        "head": INTEGER,
        "tail": INTEGER,
        "head_id": STRING,
        "tail_id": STRING,
        "note": STRING,
    }
    return {"spans": list_of(span), "relations": list_of(relation)}


def graph_columns(batch: Batch) -> dict[str, pa.Array]:
    """Return the columns `spans` and `relations`, a row a document; they are made once a batch."""
    if batch.graph_columns is None:
        batch.graph_columns = _make_graph_columns(batch)
    return batch.graph_columns


def _make_graph_columns(batch: Batch) -> dict[str, pa.Array]:
    documents = batch.documents
    spans, relations, inventory = documents.spans, documents.relations, documents.inventory
    features = graph_features(inventory)
    span = {
        "id": batch.span_ids,
        "label": class_ids(spans.labels, inventory.spans, inventory.class_ids.spans),
        "start": pa.array(spans.starts),
        "end": pa.array(spans.ends),
        "text": batch.span_texts,
        "note": _notes(spans.notes),
    }
    if inventory.attributes:
        span["attributes"] = struct_array(features["spans"]["feature"]["attributes"], batch.span_attributes)
    first = spans.bounds[document_indices(relations.bounds)]
    relation = {
        "label": class_ids(relations.labels, inventory.relations, inventory.class_ids.relations),
        "head": pa.array(relations.heads - first),
        "tail": pa.array(relations.tails - first),
        "head_id": batch.span_ids.take(pa.array(relations.heads)),
        "tail_id": batch.span_ids.take(pa.array(relations.tails)),
        "note": _notes(relations.notes),
    }
    return {
        name: list_array(features[name], bounds, struct_array(features[name]["feature"], columns))
        for name, bounds, columns in (("spans", spans.bounds, span), ("relations", relations.bounds, relation))
    }


def _notes(notes: list[str]) -> pa.Array:
    return pa.array([note or None for note in notes], pa.string())


def provenance_columns(batch: Batch) -> dict[str, list[Any]]:
    """Return who labelled each document, how, and with which inventory."""
    meta = batch.documents.meta
    return {
        "annotator": [document.annotator for document in meta],
        "process": [_PROCESS_IDS[document.process] for document in meta],
        "made_from": [document.made_from for document in meta],
        "inventory": [document.inventory for document in meta],
    }


def document_columns(batch: Batch, documents: Integers) -> dict[str, pa.Array]:
    """Return id and title of the article, who labelled it and how, for a row a document index."""
    provenance = provenance_columns(batch)
    columns = {
        "article": pa.array([article.id for article in batch.articles], pa.string()),
        "title": pa.array([article.title for article in batch.articles], pa.string()),
        **{name: to_array(provenance[name], feature) for name, feature in PROVENANCE_FEATURES.items()},
    }
    indices = pa.array(documents)
    return {name: column.take(indices) for name, column in columns.items()}


def describe_condition(condition: Condition) -> str:
    """Return a sentence, after a space, that says when a column is filled; nothing if it always may be."""
    if not condition:
        return ""
    return f" Empty unless {join_condition(condition)}."


def join_condition(condition: Condition) -> str:
    """Return a condition in words, such as "`mood` is `calm` or `wild` and `size` is `big`"."""
    parts = (f"`{name}` is {' or '.join(f'`{value}`' for value in values)}" for name, values in condition.items())
    return " and ".join(parts)
