"""Columns that several tables share: spans, relations, mentions, who labelled.

What a table of the dataset is: its columns, how they are filled, and what is to be said of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from annotate.columns import Integers, document_indices
from annotate.dataset.arrow import class_ids, lists, struct, typed
from annotate.dataset.batch import Source
from annotate.dataset.features import (
    INTEGER,
    PLACE,
    PROCESSES,
    STRING,
    Feature,
    attribute_features,
    classes,
    listed,
    numbered,
)
from annotate.errors import CannotRun
from annotate.inventory import INVENTORY_FILE, Inventory

MENTION_FEATURES: Feature = {"text": STRING, **PLACE, "pieces": listed(PLACE)}


def mention_features(inventory: Inventory) -> Feature:
    """The columns that any mention has: id, label, words, place."""
    return {"id": STRING, "label": classes(inventory.classes.spans), **MENTION_FEATURES}


PROVENANCE_FEATURES: Feature = {"annotator": STRING, "process": classes(PROCESSES)}
_PROCESS = numbered(PROCESSES)


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
                raise CannotRun(
                    INVENTORY_FILE, f"{place}: two columns would be called {name!r}", "rename the attribute or role"
                )
        columns |= group
    return columns


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
    features, ids = graph_features(inventory), source.spans.ids
    span = {
        "id": ids,
        "label": class_ids(spans.labels, inventory.spans, inventory.classes.spans),
        "start": pa.array(spans.starts),
        "end": pa.array(spans.ends),
        "text": source.spans.texts,
        "note": pa.array([note or None for note in spans.notes], pa.string()),
    }
    if inventory.attributes:
        span["attributes"] = struct(features["spans"]["feature"]["attributes"], source.spans.attributes)
    first = spans.bounds[document_indices(relations.bounds)]
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
    heads = source.labels.meta
    return {
        "annotator": [head.annotator for head in heads],
        "process": [_PROCESS[head.process] for head in heads],
        "made_from": [head.made_from for head in heads],
        "inventory": [head.inventory for head in heads],
    }


def of_documents(source: Source, numbers: Integers) -> dict[str, pa.Array]:
    """Id and title of its article, who labelled it and how, for rows of documents by number."""
    known = who(source)
    columns = {
        "article": pa.array([article.id for article in source.articles], pa.string()),
        "title": pa.array([article.title for article in source.articles], pa.string()),
        **{name: typed(known[name], feature) for name, feature in PROVENANCE_FEATURES.items()},
    }
    places = pa.array(numbers)
    return {name: column.take(places) for name, column in columns.items()}


Reads = Literal["gold", "annotators", "links"]
"""What a table is made from: gold labels, every annotator's own, or the links between articles."""


class TableType(NamedTuple):
    """`fill` gives the columns of the rows of a batch by name: of a `Source`, or of links where it reads those.

    `columns` says what each of `features` holds, `definition` is one line, `about` a paragraph under it.
    """

    name: str
    definition: str
    features: Feature
    columns: Mapping[str, str]
    fill: Callable[[Any], Mapping[str, Any]]
    about: str = ""
    reads: Reads = "gold"
