"""The table `articles`: a row an article, with its text, its metadata and its gold labels."""

from annotate.dataset.documents import Document
from annotate.dataset.features import ARTICLES, PLACE, PROCESSES, STRING, Feature, classes, listed
from annotate.dataset.plans import Plan, each, its, numbered, on
from annotate.dataset.tables.parts import GRAPH_COLUMNS, PROVENANCE_COLUMNS, graph_features, graph_plan
from annotate.dataset.tables.table import TableType
from annotate.inventory import Inventory

COLUMNS = {
    "id": "article id; the other tables name it in `article`",
    "title": "`None`, as other metadata, where the text does not say",
    "language": "of the text, as a BCP 47 tag",
    "author": "as the text gives it",
    "publisher": "as the text gives it",
    "date": "of publication, as the text gives it",
    "rights": "whose the text is",
    "text": "the article; offsets count its Unicode code points",
    "text_sha256": "of the text in UTF-8",
    "source": "which characters of which source file the text is",
    **PROVENANCE_COLUMNS,
    "made_from": "the annotators whose labels were adjudicated",
    "inventory": "version of the inventory that the labels were made with",
    **GRAPH_COLUMNS,
}

_WORDS = ("id", "title", "language", "author", "publisher", "date", "rights", "text", "text_sha256")
_PROCESS = numbered(PROCESSES)
_ARTICLE: Plan = {
    "id": its("id"),
    "title": its("title"),
    "language": its("language"),
    "author": its("author"),
    "publisher": its("publisher"),
    "date": its("date"),
    "rights": its("rights"),
    "text": its("text"),
    "text_sha256": each(lambda article: article.text_sha256),
    "source": {
        "file": its("source.file"),
        "sha256": its("source.sha256"),
        "start": its("source.start"),
        "end": its("source.end"),
    },
}


def articles(inventory: Inventory) -> TableType:
    features: Feature = {
        **dict.fromkeys(_WORDS, STRING),
        "source": {"file": STRING, "sha256": STRING, **PLACE},
        "annotator": STRING,
        "process": classes(PROCESSES),
        "made_from": listed(STRING),
        "inventory": STRING,
        **graph_features(inventory),
    }
    plan: Plan = {
        **on(lambda document: document.article, _ARTICLE),
        "annotator": its("annotation.annotator"),
        "process": each(lambda document: _PROCESS[document.annotation.process]),
        "made_from": its("annotation.made_from"),
        "inventory": its("annotation.inventory"),
        **graph_plan(inventory),
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
        items=_rows,
        plan=plan,
        columns=COLUMNS,
    )


def _rows(document: Document) -> list[Document]:
    return [document]
