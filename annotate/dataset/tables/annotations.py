"""The table `annotations`: a row an article and annotator, with that annotator's own labels, for work on disagreement.

Gold is not among them: it is in `articles`, and would count an annotator's labels twice.
"""

from typing import get_args, get_type_hints

from annotate.dataset.documents import Document
from annotate.dataset.features import PROCESSES, STRING, Feature, classes, listed
from annotate.dataset.plans import Plan, each, its, numbered
from annotate.dataset.tables.parts import GRAPH_COLUMNS, PROVENANCE_COLUMNS, graph_features, graph_plan
from annotate.dataset.tables.table import TableType
from annotate.inventory import Inventory
from annotate.model import Annotator

KINDS: tuple[str, ...] = get_args(get_type_hints(Annotator)["kind"])
_KIND, _PROCESS = numbered(KINDS), numbered(PROCESSES)
COLUMNS = {
    "id": "article id, slash, annotator; unique in the table",
    "article": "id of the article; joins with `id` of `articles`, and is in the same split",
    "title": "title of the article, `None` where it has none",
    "kind": "what that annotator is: a person, or a model",
    **PROVENANCE_COLUMNS,
    "made_from": "the annotators whose labels were adjudicated; empty for a single pass",
    "inventory": "version of the inventory that the labels were made with",
    "text": "the article, as in `articles`",
    "text_sha256": "of the text that the labels were made on",
    **GRAPH_COLUMNS,
}


def annotations(inventory: Inventory) -> TableType:
    features: Feature = {
        **dict.fromkeys(("id", "article", "title", "annotator"), STRING),
        "kind": classes(KINDS),
        "process": classes(PROCESSES),
        "made_from": listed(STRING),
        **dict.fromkeys(("inventory", "text", "text_sha256"), STRING),
        **graph_features(inventory),
    }
    plan: Plan = {
        "id": each(lambda document: f"{document.article.id}/{document.annotation.annotator}"),
        "article": its("article.id"),
        "title": its("article.title"),
        "annotator": its("annotation.annotator"),
        "kind": each(lambda document: _KIND.get(document.kind)),
        "process": each(lambda document: _PROCESS[document.annotation.process]),
        "made_from": its("annotation.made_from"),
        "inventory": its("annotation.inventory"),
        "text": its("article.text"),
        "text_sha256": its("annotation.text_sha256"),
        **graph_plan(inventory),
    }
    return TableType(
        name="annotations",
        definition="One row an article and annotator: that annotator's own labels, before adjudication.",
        about=("For work on disagreement. Gold is not among these rows, so that nobody's labels count twice."),
        features=features,
        items=_rows,
        plan=plan,
        columns=COLUMNS,
        reads="annotators",
    )


def _rows(document: Document) -> list[Document]:
    return [document]
