"""The table `tokens`: a row a paragraph, its tokens with their ranges, and BIO tags for each layer.

A row is a paragraph, not an article: a model can read it at once, and spans rarely cross paragraphs; a sentence would
have to be guessed. A layer has `LEVELS` columns of tags, whatever the data: where spans of a layer overlap, the one
that starts first, or is longer, takes the lower level. Spans that tags cannot express are in `unfit`.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import document_indices
from annotate.dataset.arrow import class_ids, list_array, struct_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import INTEGER, RANGE, STRING, Feature, class_label, list_of
from annotate.dataset.tables.common import PROVENANCE_COLUMNS, PROVENANCE_FEATURES, document_columns
from annotate.dataset.tables.table import TableType, merge_columns
from annotate.dataset.tagging import LEVELS, REASONS, Tagger, UnfitSpans, tag_columns
from annotate.dataset.tokens import Tokenizer, find_paragraphs
from annotate.inventory import Inventory
from annotate.tokens import list_tags

TOKENS = "tokens"


def column_name(layer: str, level: int) -> str:
    """Return the name of the column with the tags of a layer at a level, which counts from 1."""
    return f"{layer}_{level}"


def tokens_table(inventory: Inventory) -> TableType:
    """Return the table `tokens` of an inventory."""
    layers = {name: inventory.class_ids.layers[name] for name in inventory.layers}
    levels = range(1, LEVELS + 1)
    tags = {
        column_name(layer, level): list_of(class_label(list_tags(labels)))
        for layer, labels in layers.items()
        for level in levels
    }
    unfit: Feature = {
        "id": STRING,
        "label": class_label(inventory.class_ids.spans),
        **RANGE,
        "text": STRING,
        "reason": class_label(REASONS),
    }
    features = merge_columns(
        TOKENS,
        {"id": STRING, "article": STRING, "number": INTEGER, **RANGE, "text": STRING},
        {"tokens": list_of(STRING), "starts": list_of(INTEGER), "ends": list_of(INTEGER)},
        tags,
        {"unfit": list_of(unfit), **PROVENANCE_FEATURES},
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
        fill=_Filler(features, list(tags), Tagger(inventory, layers)),
        columns={
            "id": "article id, slash, number of the paragraph; unique in the table",
            "article": "id of the article; joins with `id` of `articles`",
            "number": "place of the paragraph among those of its article, from 0",
            "start": "where it starts in the article's text, in Unicode code points",
            "end": "where it ends, half open: `text[start:end]`",
            "text": "the paragraph",
            "tokens": "words, signs, and each letter of a script without spaces, such as Chinese or Thai, by itself",
            "starts": "where each token starts in the article's text",
            "ends": "where it ends, half open",
            **{
                column_name(layer, level): f"tags of the layer {inventory.layers[layer].title}, level {level}"
                for layer in layers
                for level in levels
            },
            "unfit": "spans that the tags do not say as they are, and why",
            **PROVENANCE_COLUMNS,
        },
    )


class _Filler:
    """Makes the columns of a batch; what the tokenizer has learnt of characters serves the next batch."""

    def __init__(self, features: Feature, tags: list[str], tagger: Tagger) -> None:
        self._features, self._tags, self._tagger = features, tags, tagger
        self._tokenize = Tokenizer()

    def __call__(self, batch: Batch) -> dict[str, Any]:
        paragraphs = find_paragraphs(batch.articles, self._tokenize)
        tagged, unfit = self._tagger(batch.documents, paragraphs)
        documents, token_bounds = document_indices(paragraphs.bounds), paragraphs.token_bounds
        common, numbers = document_columns(batch, documents), np.arange(len(documents)) - paragraphs.bounds[documents]
        shift = np.repeat(paragraphs.starts - paragraphs.bases, np.diff(token_bounds))
        items = {
            "tokens": paragraphs.tokens.words,
            "starts": pa.array(paragraphs.tokens.starts + shift),
            "ends": pa.array(paragraphs.tokens.ends + shift),
        }
        for name, values in zip(self._tags, tag_columns(tagged, len(self._tags), len(shift)), strict=True):
            items[name] = pa.array(values)
        return {
            **common,
            "id": pc.binary_join_element_wise(common["article"], pa.array(numbers).cast(pa.string()), "/"),
            "number": pa.array(numbers),
            "start": pa.array(paragraphs.starts),
            "end": pa.array(paragraphs.ends),
            "text": paragraphs.texts,
            **{name: list_array(self._features[name], token_bounds, values) for name, values in items.items()},
            "unfit": self._unfit_column(batch, unfit),
        }

    def _unfit_column(self, batch: Batch, unfit: UnfitSpans) -> pa.Array:
        inventory, spans, positions = batch.documents.inventory, batch.documents.spans, pa.array(unfit.spans)
        feature = self._features["unfit"]
        columns = {
            "id": batch.span_ids.take(positions),
            "label": class_ids(spans.labels, inventory.spans, inventory.class_ids.spans).take(positions),
            "start": pa.array(spans.starts[unfit.spans]),
            "end": pa.array(spans.ends[unfit.spans]),
            "text": batch.span_texts.take(positions),
            "reason": pa.array(unfit.reasons),
        }
        return list_array(feature, unfit.bounds, struct_array(feature["feature"], columns))
