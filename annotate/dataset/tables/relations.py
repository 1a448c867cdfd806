"""The table `relations`: a row a pair of mentions, with the words around; on request, also unrelated pairs."""

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.class_ids import NONE
from annotate.columns import Integers, allowed_relations
from annotate.dataset.arrow import class_ids, struct_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import RANGE, STRING, Feature, class_label
from annotate.dataset.tables.common import (
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    document_columns,
    mention_features,
)
from annotate.dataset.tables.table import TableType
from annotate.dataset.texts import cut_ranges
from annotate.inventory import Inventory

COLUMNS = {
    "id": "article id, slash, head, label, tail; unique in the table",
    "article": "id of the article; joins with `id` of `articles`",
    "label": "the relation from `head` to `tail`; `none` only where the dataset was built with negatives",
    "head": "the mention that the relation starts from; `in_context` is its place in `context.text`",
    "tail": "the mention that it leads to, in the same form",
    "context": "the paragraph, or paragraphs, that hold both, and their place in the article",
    "note": "why, where a decision needed a reason",
    **PROVENANCE_COLUMNS,
}
_CONTEXT: Feature = {"text": STRING, **RANGE}


class Pairs(NamedTuple):
    """Pairs of mentions by index; `labels` count the relations of the inventory from 1, and 0 is `NONE`."""

    labels: Integers
    heads: Integers
    tails: Integers
    notes: list[str | None]


def relations_table(inventory: Inventory, negatives: bool) -> TableType:
    """Return the table `relations` of an inventory.

    Args:
        inventory: The inventory.
        negatives: Whether the rows have pairs of a paragraph that a relation may join and none joins.
    """
    end: Feature = {**mention_features(inventory), "in_context": RANGE}
    features: Feature = {
        "id": STRING,
        "article": STRING,
        "label": class_label(inventory.class_ids.relations),
        "head": end,
        "tail": end,
        "context": _CONTEXT,
        "note": STRING,
        **PROVENANCE_FEATURES,
    }
    return TableType(
        name="relations",
        definition="One row a relation: the two mentions and the words around them.",
        about=(
            "The relation that joins the pieces of a span is no row: a mention has all its pieces. "
            + (
                "Negatives are among the rows: every pair of mentions in one paragraph that the inventory lets some"
                " relation join, and none does."
                if negatives
                else "Pairs without a relation are not among the rows; `annotate build --negatives` adds them."
            )
        ),
        features=features,
        fill=partial(_fill, features),
        columns=COLUMNS,
        cut=partial(_cut, negatives),
    )


def _cut(negatives: bool, batch: Batch) -> Iterator[tuple[Batch, Pairs]]:
    """Yield the pairs of a batch in parts: many relations of one article may each have most of it around."""
    pairs = _related_pairs(batch)
    if negatives:
        pairs = _merge_by_document(batch, pairs, _unrelated_pairs(batch, pairs))
    for part in cut_ranges(*_find_contexts(batch, pairs)):
        yield batch, Pairs(pairs.labels[part], pairs.heads[part], pairs.tails[part], pairs.notes[part])


def _find_contexts(batch: Batch, pairs: Pairs) -> tuple[Integers, Integers]:
    """Return starts and ends of the paragraphs that hold both mentions of each pair."""
    mentions, heads, tails = batch.graphs.mentions, pairs.heads, pairs.tails
    return batch.texts.paragraphs(
        mentions.documents[heads],
        np.minimum(mentions.starts[heads], mentions.starts[tails]),
        np.maximum(mentions.ends[heads], mentions.ends[tails]),
    )


def _fill(features: Feature, part: tuple[Batch, Pairs]) -> dict[str, Any]:
    batch, pairs = part
    heads, tails, names = pairs.heads, pairs.tails, [NONE, *batch.documents.inventory.relations]
    documents = batch.graphs.mentions.documents[heads]
    starts, ends = _find_contexts(batch, pairs)
    head, tail = (
        _mentions_in_context(features[name], batch, indices, starts)
        for name, indices in (("head", heads), ("tail", tails))
    )
    common, labels = document_columns(batch, documents), pa.array(names).take(pa.array(pairs.labels))
    ids = (common["article"], "/", head.field("id"), " ", labels, " ", tail.field("id"))
    context = {
        "text": batch.texts.slices(documents, starts, ends),
        "start": pa.array(starts),
        "end": pa.array(ends),
    }
    return {
        "id": pc.binary_join_element_wise(*ids, ""),
        **common,
        "label": class_ids(pairs.labels, names, features["label"]["names"]),
        "head": head,
        "tail": tail,
        "context": struct_array(_CONTEXT, context),
        "note": pairs.notes,
    }


def _mentions_in_context(feature: Feature, batch: Batch, indices: Integers, origins: Integers) -> pa.Array:
    """Return mentions with their ranges in contexts that start at `origins`."""
    mentions = batch.graphs.mentions
    ranges = {"start": mentions.starts[indices] - origins, "end": mentions.ends[indices] - origins}
    in_context = struct_array(RANGE, {name: pa.array(values) for name, values in ranges.items()})
    return struct_array(feature, batch.mention_columns(indices) | {"in_context": in_context})


def _related_pairs(batch: Batch) -> Pairs:
    related, notes = batch.graphs.related, batch.documents.relations.notes
    return Pairs(
        related.labels + 1,
        related.heads,
        related.tails,
        [notes[position] or None for position in related.positions.tolist()],
    )


def _unrelated_pairs(batch: Batch, related: Pairs) -> Pairs:
    """Return the pairs of a paragraph that a relation may join and none joins, in the order of the text."""
    may_join: list[list[bool]] = np.logical_or.reduce(allowed_relations(batch.documents.inventory)).tolist()
    labels = batch.graphs.mentions.labels.tolist()
    joined = set(zip(related.heads.tolist(), related.tails.tolist(), strict=True))
    pairs = [
        (head, tail)
        for mentions in _mentions_by_paragraph(batch)
        for head, tail in permutations(mentions, 2)
        if may_join[labels[head]][labels[tail]] and (head, tail) not in joined
    ]
    heads, tails = np.array(pairs, np.int64).reshape(-1, 2).T
    return Pairs(np.zeros(len(pairs), np.int64), heads, tails, [None] * len(pairs))


def _mentions_by_paragraph(batch: Batch) -> Iterator[list[int]]:
    """Yield the indices of the mentions that are in the same paragraph, or in the same several paragraphs."""
    mentions = batch.graphs.mentions
    starts, ends = batch.texts.paragraphs(mentions.documents, mentions.starts, mentions.ends)
    by_paragraph: dict[tuple[int, int, int], list[int]] = {}
    for index, key in enumerate(zip(mentions.documents.tolist(), starts.tolist(), ends.tolist(), strict=True)):
        by_paragraph.setdefault(key, []).append(index)
    for key in sorted(by_paragraph):
        yield by_paragraph[key]


def _merge_by_document(batch: Batch, related: Pairs, unrelated: Pairs) -> Pairs:
    """Return both, document by document, the related ones first."""
    labels, heads, tails = (np.concatenate(columns) for columns in zip(related[:3], unrelated[:3], strict=True))
    order = np.argsort(batch.graphs.mentions.documents[heads], kind="stable")
    notes = related.notes + unrelated.notes
    return Pairs(labels[order], heads[order], tails[order], [notes[index] for index in order.tolist()])
