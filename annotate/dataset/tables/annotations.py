"""The table `annotations`: a row an article and annotator, with that annotator's own labels, for work on disagreement.

Gold is not among them: it is in `articles`, and would count an annotator's labels twice.
"""

from typing import Any, get_args, get_type_hints

from annotate.dataset.batch import Source
from annotate.dataset.features import PROCESSES, STRING, Feature, classes, listed, numbered
from annotate.dataset.tables.common import GRAPH_COLUMNS, PROVENANCE_COLUMNS, TableType, graph, graph_features, who
from annotate.inventory import Inventory
from annotate.model import Annotator

KINDS: tuple[str, ...] = get_args(get_type_hints(Annotator)["kind"])
_KIND = numbered(KINDS)
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
    return TableType(
        name="annotations",
        definition="One row an article and annotator: that annotator's own labels, as they were made.",
        about=("For work on disagreement. Gold is not among these rows, so that nobody's labels count twice."),
        features=features,
        fill=_fill,
        columns=COLUMNS,
        reads="annotators",
    )


def _fill(source: Source) -> dict[str, Any]:
    articles, meta = source.articles, source.labels.meta
    return {
        **who(source),
        "id": [f"{one.article_id}/{one.annotator}" for one in meta],
        "article": [article.id for article in articles],
        "title": [article.title for article in articles],
        "kind": [_KIND.get(kind) for kind in source.kinds],
        "text": [article.text for article in articles],
        "text_sha256": [one.text_sha256 for one in meta],
        **graph(source),
    }
