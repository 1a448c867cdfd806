"""The table `relations`: a row a pair of mentions, with the words around; pairs that nothing relates on request."""

from collections.abc import Iterator
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import Integers, allowed_relations
from annotate.dataset.arrow import class_ids, struct
from annotate.dataset.batch import Source
from annotate.dataset.features import PLACE, STRING, Feature, classes
from annotate.dataset.tables.common import (
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    TableType,
    mention_features,
    of_documents,
)
from annotate.inventory import Inventory

NONE = "none"
"""The class of a pair that no relation joins; always class 0, so that asking for negatives changes no id."""
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
_CONTEXT: Feature = {"text": STRING, **PLACE}


class Pairs(NamedTuple):
    """Pairs of mentions, by number; `labels` count the relations of the inventory from 1, and 0 is `NONE`."""

    labels: Integers
    heads: Integers
    tails: Integers
    notes: list[str | None]


def relations(inventory: Inventory, negatives: bool) -> TableType:
    names = [NONE, *inventory.classes.relations]
    end: Feature = {**mention_features(inventory), "in_context": PLACE}
    features: Feature = {
        "id": STRING,
        "article": STRING,
        "label": classes(names),
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
        fill=partial(_fill, features, negatives),
        columns=COLUMNS,
    )


def _fill(features: Feature, negatives: bool, source: Source) -> dict[str, Any]:
    pairs, mentions = _related(source), source.mentions
    if negatives:
        pairs = _together(source, pairs, _unrelated(source, pairs))
    heads, tails, names = pairs.heads, pairs.tails, [NONE, *source.labels.inventory.relations]
    owners = mentions.owners[heads]
    starts, ends = source.texts.paragraphs(
        owners,
        np.minimum(mentions.starts[heads], mentions.starts[tails]),
        np.maximum(mentions.ends[heads], mentions.ends[tails]),
    )
    head, tail = (_end(features[name], source, numbers, starts) for name, numbers in (("head", heads), ("tail", tails)))
    common, labels = of_documents(source, owners), pa.array(names).take(pa.array(pairs.labels))
    ids = (common["article"], "/", head.field("id"), " ", labels, " ", tail.field("id"))
    context = {"text": source.texts.stretches(owners, starts, ends), "start": pa.array(starts), "end": pa.array(ends)}
    return {
        "id": pc.binary_join_element_wise(*ids, ""),
        **common,
        "label": class_ids(pairs.labels, names, features["label"]["names"]),
        "head": head,
        "tail": tail,
        "context": struct(_CONTEXT, context),
        "note": pairs.notes,
    }


def _end(feature: Feature, source: Source, numbers: Integers, origins: Integers) -> pa.Array:
    """Mentions with their places in contexts that start at `origins`."""
    mentions = source.mentions
    places = {"start": mentions.starts[numbers] - origins, "end": mentions.ends[numbers] - origins}
    in_context = struct(PLACE, {name: pa.array(values) for name, values in places.items()})
    return struct(feature, source.shown.take(numbers) | {"in_context": in_context})


def _related(source: Source) -> Pairs:
    found, notes = source.related, source.labels.relations.notes
    return Pairs(found.labels + 1, found.heads, found.tails, [notes[place] or None for place in found.places.tolist()])


def _unrelated(source: Source, related: Pairs) -> Pairs:
    """Pairs within a paragraph that a relation may join and none joins, in the order of the text."""
    fitting: list[list[bool]] = np.logical_or.reduce(allowed_relations(source.labels.inventory)).tolist()
    labels = source.mentions.labels.tolist()
    joined = set(zip(related.heads.tolist(), related.tails.tolist(), strict=True))
    found = [
        (head, tail)
        for together in _by_paragraph(source)
        for head, tail in permutations(together, 2)
        if fitting[labels[head]][labels[tail]] and (head, tail) not in joined
    ]
    heads, tails = np.array(found, np.int64).reshape(-1, 2).T
    return Pairs(np.zeros(len(found), np.int64), heads, tails, [None] * len(found))


def _by_paragraph(source: Source) -> Iterator[list[int]]:
    """The numbers of the mentions of each paragraph, or paragraphs, that hold the same ones."""
    mentions = source.mentions
    owners = mentions.owners
    starts, ends = source.texts.paragraphs(owners, mentions.starts, mentions.ends)
    together: dict[tuple[int, int, int], list[int]] = {}
    for number, place in enumerate(zip(owners.tolist(), starts.tolist(), ends.tolist(), strict=True)):
        together.setdefault(place, []).append(number)
    for place in sorted(together):
        yield together[place]


def _together(source: Source, related: Pairs, unrelated: Pairs) -> Pairs:
    """Both, document by document, the related ones first."""
    labels, heads, tails = (np.concatenate(pair) for pair in zip(related[:3], unrelated[:3], strict=True))
    order = np.argsort(source.mentions.owners[heads], kind="stable")
    notes = related.notes + unrelated.notes
    return Pairs(labels[order], heads[order], tails[order], [notes[place] for place in order.tolist()])
