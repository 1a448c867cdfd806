"""The table `annotations`: a row an article and annotator, with that annotator's own labels, to study disagreement.

Gold is left out: it is in `articles`, and would count an annotator's labels twice.
"""

from typing import Any, get_args, get_type_hints

from annotate.dataset.batch import Batch
from annotate.dataset.features import FLOAT, PROCESSES, STRING, Feature, class_label, ids_by_name, list_of
from annotate.dataset.tables.common import (
    GRAPH_COLUMNS,
    PROVENANCE_COLUMNS,
    graph_columns,
    graph_features,
    provenance_columns,
)
from annotate.dataset.tables.table import TableType
from annotate.inventory import Inventory
from annotate.model import Annotator

KINDS: tuple[str, ...] = get_args(get_type_hints(Annotator)["kind"])
_KIND_IDS = ids_by_name(KINDS)
COLUMNS = {
    "id": "article id, slash, annotator; unique in the table",
    "article": "id of the article; joins with `id` of `articles`, and is in the same split",
    "title": "title of the article, `None` where it has none",
    "kind": "what that annotator is: a person, or a model",
    "model": "name and version of the model, `None` for a person, and where it is not known",
    "prompt_sha256": ("of what is the same in all requests to the model, `None` where no run of it is recorded"),
    **PROVENANCE_COLUMNS,
    "made_from": (
        "whose labels a corrected pass began with: gold, a model or another annotator; empty for a single pass, and"
        " where that is not known"
    ),
    "lead_time": "seconds that the annotator worked on the article, `None` where that is not known",
    "inventory": "version of the inventory that the labels were last looked at with",
    "text": "the article, as in `articles`",
    "text_sha256": "of the text that the labels were made on",
    **GRAPH_COLUMNS,
}


def annotations_table(inventory: Inventory) -> TableType:
    """Return the table `annotations` of an inventory."""
    features: Feature = {
        **dict.fromkeys(("id", "article", "title", "annotator"), STRING),
        "kind": class_label(KINDS),
        **dict.fromkeys(("model", "prompt_sha256"), STRING),
        "process": class_label(PROCESSES),
        "made_from": list_of(STRING),
        "lead_time": FLOAT,
        **dict.fromkeys(("inventory", "text", "text_sha256"), STRING),
        **graph_features(inventory),
    }
    return TableType(
        name="annotations",
        definition="One row an article and annotator: that annotator's own labels, as they were made.",
        about=("For work on disagreement. Gold is not among these rows, so that nobody's labels count twice."),
        features=features,
        fill=_fill,
        columns=COLUMNS,
        reads="annotators",
    )


def _fill(batch: Batch) -> dict[str, Any]:
    articles, meta, annotators = batch.articles, batch.documents.meta, batch.annotators
    return {
        **provenance_columns(batch),
        "id": [f"{document.article_id}/{document.annotator}" for document in meta],
        "article": [article.id for article in articles],
        "title": [article.title for article in articles],
        "lead_time": [document.lead_time for document in meta],
        "kind": [_KIND_IDS[annotator.kind] if annotator else None for annotator in annotators],
        "model": [annotator.model if annotator else None for annotator in annotators],
        "prompt_sha256": [
            annotator.run.prompt_sha256 if annotator and annotator.run else None for annotator in annotators
        ],
        "text": [article.text for article in articles],
        "text_sha256": [document.text_sha256 for document in meta],
        **graph_columns(batch),
    }
