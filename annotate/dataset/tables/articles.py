"""The table `articles`: a row an article, with its text, metadata and gold labels."""

from operator import attrgetter
from typing import Any

from annotate.dataset.arrow import struct_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import (
    ARTICLES,
    FLOAT,
    PROCESSES,
    RANGE,
    STRING,
    TEXT_STATUSES,
    Feature,
    class_label,
    list_of,
)
from annotate.dataset.tables.common import (
    GRAPH_COLUMNS,
    PROVENANCE_COLUMNS,
    graph_columns,
    graph_features,
    provenance_columns,
)
from annotate.dataset.tables.table import TableType
from annotate.inventory import Inventory, MetadataField

COLUMNS = {
    "id": "article id; the other tables name it in `article`",
    "title": "`None`, as other metadata, where the metadata of the article do not state it",
    "language": "of the text, as a BCP 47 tag",
    "author": "as the metadata state it",
    "publisher": "as the metadata state it",
    "date": "of publication, as the metadata state it",
    "rights": "the rights in the text, as the article states them",
    "text": "the article; offsets count its Unicode code points",
    "text_sha256": "of the text in UTF-8",
    "text_status": (
        "whether the text is the one that was labelled, or another copy of the article to which `annotate hydrate` has"
        " fitted the labels"
    ),
    "source": "which characters of which source file the text is",
    **PROVENANCE_COLUMNS,
    "made_from": "the annotators whose labels were adjudicated, promoted or corrected",
    "inventory": "version of the inventory that the labels were last looked at with",
    **GRAPH_COLUMNS,
}

_STRINGS = ("id", "title", "language", "author", "publisher", "date", "rights", "text", "text_sha256")
_SOURCE: Feature = {"file": STRING, "sha256": STRING, **RANGE}


def articles_table(inventory: Inventory) -> TableType:
    """Return the table `articles` of an inventory, with a column for each field of metadata."""
    metadata = inventory.metadata.values()
    features: Feature = {
        **dict.fromkeys(_STRINGS, STRING),
        "text_status": class_label(TEXT_STATUSES),
        **{field.name: FLOAT if field.type == "number" else STRING for field in metadata},
        "source": _SOURCE,
        "annotator": STRING,
        "process": class_label(PROCESSES),
        "made_from": list_of(STRING),
        "inventory": STRING,
        **graph_features(inventory),
    }
    return TableType(
        name=ARTICLES,
        definition="One row an article, with its text and every span and relation.",
        about=(
            "The whole graph: `head` and `tail` of a relation are positions in `spans`. `source` says which"
            " characters of which source file the text is. All tables but `annotations` and `links` are views of this"
            " one."
        ),
        features=features,
        fill=_fill,
        columns={**COLUMNS, **{field.name: _describe_field(field) for field in metadata}},
    )


def _describe_field(field: MetadataField) -> str:
    """Return what a column of metadata holds."""
    kinds = {"choice": f" One of: {', '.join(field.values)}.", "date": " YYYY, YYYY-MM or YYYY-MM-DD."}
    return f"{field.definition}{kinds.get(field.type, '')}"


def _fill(batch: Batch) -> dict[str, Any]:
    articles = batch.articles
    sources = [article.source for article in articles]
    fields = batch.documents.inventory.metadata
    return {
        **{name: list(map(attrgetter(name), articles)) for name in _STRINGS},
        "text_status": [int(article.id in batch.altered) for article in articles],
        **{name: [article.metadata.get(name) for article in articles] for name in fields},
        "source": struct_array(_SOURCE, {name: list(map(attrgetter(name), sources)) for name in _SOURCE}),
        **provenance_columns(batch),
        **graph_columns(batch),
    }
