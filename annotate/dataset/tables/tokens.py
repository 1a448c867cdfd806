"""The table `tokens`: a row a paragraph, its tokens with their places, and BIO tags for each layer.

A paragraph, not an article, is a row: it is what a model can read at once, and spans that cross paragraphs are rare; a
sentence would have to be guessed. A layer has `LEVELS` columns of tags, whatever the data: where spans of a layer
overlap, the one that starts first, or is longer, takes the lower level. What tags cannot say is in `unfit`.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import document_indices
from annotate.dataset.arrow import class_ids, lists, struct
from annotate.dataset.batch import Source
from annotate.dataset.features import INTEGER, PLACE, STRING, Feature, classes, listed
from annotate.dataset.tables.common import PROVENANCE_COLUMNS, PROVENANCE_FEATURES, TableType, distinct, of_documents
from annotate.dataset.tokens import LEVELS, REASONS, Tagger, Tokenizer, Unfit, paragraphs, tag_columns
from annotate.inventory import Inventory
from annotate.tokens import list_tags

TOKENS = "tokens"


def column(layer: str, level: int) -> str:
    return f"{layer}_{level}"


def tokens(inventory: Inventory) -> TableType:
    layers = {name: inventory.classes.layers[name] for name in inventory.layers}
    levels = range(1, LEVELS + 1)
    tagged = {column(layer, level): listed(classes(list_tags(layers[layer]))) for layer in layers for level in levels}
    unfit: Feature = {
        "id": STRING,
        "label": classes(inventory.classes.spans),
        **PLACE,
        "text": STRING,
        "reason": classes(REASONS),
    }
    features = distinct(
        TOKENS,
        {"id": STRING, "article": STRING, "number": INTEGER, **PLACE, "text": STRING},
        {"tokens": listed(STRING), "starts": listed(INTEGER), "ends": listed(INTEGER)},
        tagged,
        {"unfit": listed(unfit), **PROVENANCE_FEATURES},
    )
    return TableType(
        name=TOKENS,
        definition="One row a paragraph: its tokens, and for each layer BIO tags.",
        about=(
            f"Where spans of a layer overlap, the one that starts first, or is longer, is in column 1, the next in 2,"
            f" up to {LEVELS}. `unfit` lists what the tags do not say as it is: a span with an edge within a token, one"
            " that no column has room for, one over several paragraphs; and each later piece of an interrupted span,"
            " whose tags do not tell that it goes on."
        ),
        features=features,
        fill=_Filler(features, list(tagged), Tagger(inventory, layers)),
        columns={
            "id": "article id, slash, number of the paragraph; unique in the table",
            "article": "id of the article; joins with `id` of `articles`",
            "number": "place of the paragraph among those of its article, from 0",
            "start": "where it starts in the article's text, in Unicode code points",
            "end": "where it ends, half open: `text[start:end]`",
            "text": "the paragraph",
            "tokens": "words and signs, split at white space and around every sign",
            "starts": "where each token starts in the article's text",
            "ends": "where it ends, half open",
            **{
                column(layer, level): f"tags of the layer {inventory.layers[layer].title}, level {level}"
                for layer in layers
                for level in levels
            },
            "unfit": "spans that the tags do not say as they are, and why",
            **PROVENANCE_COLUMNS,
        },
    )


class _Filler:
    """Makes the columns of a batch; what is learnt of characters in one serves the next."""

    def __init__(self, features: Feature, tagged: list[str], tagger: Tagger) -> None:
        self._features, self._tagged, self._tagger = features, tagged, tagger
        self._tokenize = Tokenizer()

    def __call__(self, source: Source) -> dict[str, Any]:
        rows = paragraphs(source.articles, self._tokenize)
        marks, unfit = self._tagger(source.labels, rows)
        owner, token_bounds = document_indices(rows.bounds), rows.token_bounds
        given, numbers = of_documents(source, owner), np.arange(len(owner)) - rows.bounds[owner]
        shift = np.repeat(rows.starts - rows.at, np.diff(token_bounds))
        flat = {
            "tokens": rows.tokens.words,
            "starts": pa.array(rows.tokens.starts + shift),
            "ends": pa.array(rows.tokens.ends + shift),
        }
        for name, values in zip(self._tagged, tag_columns(marks, len(self._tagged), len(shift)), strict=True):
            flat[name] = pa.array(values)
        return {
            **given,
            "id": pc.binary_join_element_wise(given["article"], pa.array(numbers).cast(pa.string()), "/"),
            "number": pa.array(numbers),
            "start": pa.array(rows.starts),
            "end": pa.array(rows.ends),
            "text": rows.texts,
            **{name: lists(self._features[name], token_bounds, inner) for name, inner in flat.items()},
            "unfit": self._unfit(source, unfit),
        }

    def _unfit(self, source: Source, unfit: Unfit) -> pa.Array:
        inventory, spans, places = source.labels.inventory, source.labels.spans, pa.array(unfit.spans)
        feature = self._features["unfit"]
        values = {
            "id": source.spans.ids.take(places),
            "label": class_ids(spans.labels, inventory.spans, inventory.classes.spans).take(places),
            "start": pa.array(spans.starts[unfit.spans]),
            "end": pa.array(spans.ends[unfit.spans]),
            "text": source.spans.texts.take(places),
            "reason": pa.array(unfit.reasons),
        }
        return lists(feature, unfit.bounds, struct(feature["feature"], values))
