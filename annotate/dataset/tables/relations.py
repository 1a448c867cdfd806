"""The table `relations`: a row a pair of mentions, with the words around; pairs that nothing relates on request."""

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from annotate.dataset.documents import Document
from annotate.dataset.features import PLACE, STRING, Feature, arrow_type, classes
from annotate.dataset.plans import SEVERAL, Plan, each, its, numbered
from annotate.dataset.tables.parts import (
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    mention_features,
    provenance_plan,
)
from annotate.dataset.tables.table import TableType
from annotate.inventory import Inventory
from annotate.records import Mention

if TYPE_CHECKING:
    from annotate.dataset.mentions import Mentions

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


class Pair(NamedTuple):
    """Two mentions, and the range `[start, end)` of the paragraphs that hold both."""

    document: Document
    label: str
    head: Mention
    tail: Mention
    note: str
    start: int
    end: int


def relations(inventory: Inventory, negatives: bool) -> TableType:
    names = [NONE, *inventory.classes.relations]
    ids = numbered(names)
    shown: Feature = {**mention_features(inventory), "in_context": PLACE}
    features: Feature = {
        "id": STRING,
        "article": STRING,
        "label": classes(names),
        "head": shown,
        "tail": shown,
        "context": {"text": STRING, **PLACE},
        "note": STRING,
        **PROVENANCE_FEATURES,
    }

    def plan(mentions: "Mentions") -> Plan:
        def end(which: str) -> Plan:
            def several(pairs: list[Pair]) -> dict[str, pa.Array]:
                columns = mentions.take([pair.document.numbers[getattr(pair, which).id] for pair in pairs])
                origin = pa.array([pair.start for pair in pairs], pa.int64())
                relative = [pc.subtract(columns[name], origin) for name in PLACE]
                return columns | {"in_context": pa.StructArray.from_arrays(relative, fields=list(arrow_type(PLACE)))}

            return {SEVERAL: several}

        return {
            "id": each(lambda pair: f"{pair.document.article.id}/{pair.head.id} {pair.label} {pair.tail.id}"),
            "article": its("document.article.id"),
            "label": each(lambda pair: ids[pair.label]),
            "head": end("head"),
            "tail": end("tail"),
            "context": {
                "text": each(lambda pair: pair.document.article.text[pair.start : pair.end]),
                "start": its("start"),
                "end": its("end"),
            },
            "note": each(lambda pair: pair.note or None),
            **provenance_plan(),
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
        items=lambda document: [*_related(document), *(_unrelated(document, inventory) if negatives else ())],
        plan=plan,
        columns=COLUMNS,
    )


def _related(document: Document) -> Iterator[Pair]:
    for relation, head, tail in document.graph.related:
        around = document.paragraph(min(head.start, tail.start), max(head.end, tail.end))
        yield Pair(document, relation.label, head, tail, relation.note, *around)


def _unrelated(document: Document, inventory: Inventory) -> Iterator[Pair]:
    """Pairs within a paragraph that a relation may join and none joins, in the order of the text."""
    allowed = {
        (head, tail)
        for relation in inventory.relations.values()
        if not relation.joins_pieces
        for head in relation.head
        for tail in relation.tail
    }
    joined = {(head.id, tail.id) for _, head, tail in document.graph.related}
    together: dict[tuple[int, int], list[Mention]] = {}
    for mention in document.graph.mentions:
        together.setdefault(document.paragraph(mention.start, mention.end), []).append(mention)
    for (start, end), mentions in sorted(together.items()):
        for head, tail in permutations(mentions, 2):
            if (head.label, tail.label) in allowed and (head.id, tail.id) not in joined:
                yield Pair(document, NONE, head, tail, "", start, end)
