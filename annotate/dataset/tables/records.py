"""The tables that the inventory's `records` declare: a row an anchor, a column each attribute, view and role."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import Integers
from annotate.dataset.arrow import list_array, struct_array
from annotate.dataset.batch import Batch
from annotate.dataset.features import (
    INTEGER,
    RANGE,
    STRING,
    Feature,
    attribute_feature,
    attribute_features,
    class_label,
    list_of,
)
from annotate.dataset.tables.common import (
    MENTION_FEATURES,
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    describe_condition,
    document_columns,
    join_condition,
)
from annotate.dataset.tables.table import TableType, merge_columns
from annotate.dataset.tables.views import view_arrays, view_columns, view_features
from annotate.dataset.texts import cut_ranges
from annotate.inventory import Attribute, Enclosing, Inventory, RecordType, Role
from annotate.records import FILLER_SEPARATOR

_ANCHOR_COLUMNS = {
    "id": "article id, slash, span id; unique in the table",
    "article": "id of the article; joins with `id` of `articles`",
    "title": "title of the article, `None` where it has none",
    "span_id": "id of the anchor among the `spans` of its article",
    "text": "the anchor's words; the words of a span in pieces are joined by ` … `",
    "start": "where they start in the article's text, in Unicode code points",
    "end": "where they end, half open: `text[start:end]`",
    "pieces": "start and end of each piece; one, unless the span is interrupted",
}
_PARAGRAPH: Feature = {"text": STRING, **RANGE}


def records_table(inventory: Inventory, type_: RecordType) -> TableType:
    """Return the table of one type of record.

    Raises:
        CannotRun: Two columns have one name.
    """
    attributes = inventory.attributes_of(type_.anchor)
    features = _features(inventory, type_, attributes)
    attributes_of_roles = {
        name: [attribute.name for attribute in role_attributes(inventory, type_, name)] for name in type_.roles
    }
    return TableType(
        name=type_.name,
        definition=type_.definition,
        features=features,
        fill=partial(_fill, type_, features, [attribute.name for attribute in attributes], attributes_of_roles),
        cut=partial(_cut, type_),
        columns={
            **_ANCHOR_COLUMNS,
            **{attribute.name: attribute.definition for attribute in attributes},
            **view_columns(inventory, type_.anchor),
            **({"label": f"`{type_.classes}` once more, as the class to tell"} if type_.classes else {}),
            **{role: _describe_role(inventory, type_, role) for role in type_.roles},
            **{text_column(role): f"the words of `{role}`, joined by `; `" for role in type_.roles},
            "paragraph": "the paragraph in which the anchor stands, and its place in the article",
            **PROVENANCE_COLUMNS,
        },
    )


def text_column(role: str) -> str:
    """Return the name of the column with the words of a role."""
    return f"{role}_text"


def _features(inventory: Inventory, type_: RecordType, attributes: Sequence[Attribute]) -> Feature:
    return merge_columns(
        f"records.{type_.name}",
        {**dict.fromkeys(("id", "article", "title", "span_id"), STRING), **MENTION_FEATURES},
        attribute_features(inventory, attributes),
        view_features(inventory, type_.anchor),
        {"label": attribute_feature(inventory, inventory.attributes[type_.classes])} if type_.classes else {},
        {role: list_of(_filler_feature(inventory, type_, role)) for role in type_.roles},
        {text_column(role): STRING for role in type_.roles},
        {"paragraph": _PARAGRAPH, **PROVENANCE_FEATURES},
    )


def _cut(type_: RecordType, batch: Batch) -> Iterator[tuple[Batch, Integers]]:
    """Yield the anchors of a batch in parts: many anchors may be in one long paragraph, which each row repeats."""
    mentions, anchors = batch.graphs.mentions, batch.graphs.mentions_labelled(type_.anchor)
    paragraphs = batch.texts.paragraphs(mentions.documents[anchors], mentions.starts[anchors], mentions.ends[anchors])
    for part in cut_ranges(*paragraphs):
        yield batch, anchors[part]


def _fill(
    type_: RecordType,
    features: Feature,
    attributes: Sequence[str],
    attributes_of_roles: Mapping[str, Sequence[str]],
    part: tuple[Batch, Integers],
) -> dict[str, pa.Array]:
    batch, anchors = part
    inventory, graphs = batch.documents.inventory, batch.graphs
    mentions = graphs.mentions
    documents = mentions.documents[anchors]
    common, anchor_columns = document_columns(batch, documents), batch.mention_columns(anchors, attributes)
    texts = [batch.mention_texts[index] for index in anchors.tolist()]
    values = [batch.documents.spans.attributes[position] for position in mentions.first_spans[anchors].tolist()]
    columns = {
        **common,
        **anchor_columns,
        "span_id": anchor_columns["id"],
        "id": pc.binary_join_element_wise(common["article"], anchor_columns["id"], "/"),
        **view_arrays(inventory, type_.anchor, texts, values),
        "paragraph": _paragraphs(batch, documents, mentions.starts[anchors], mentions.ends[anchors]),
    }
    if type_.classes:
        columns["label"] = anchor_columns[type_.classes]
    for name, role in type_.roles.items():
        fillers = graphs.fillers(anchors, role)
        filler_columns = batch.mention_columns(fillers.mentions, attributes_of_roles[name])
        filler_columns["distance"] = pa.array(fillers.distances)
        filler_columns["through"] = batch.mention_ids(fillers.through)
        columns[name] = list_array(
            features[name], fillers.bounds, struct_array(features[name]["feature"], filler_columns)
        )
        columns[text_column(name)] = _join_texts(fillers.bounds, filler_columns["text"])
    return columns


def _paragraphs(batch: Batch, documents: Integers, starts: Integers, ends: Integers) -> pa.Array:
    starts, ends = batch.texts.paragraphs(documents, starts, ends)
    text = batch.texts.slices(documents, starts, ends)
    return struct_array(_PARAGRAPH, {"text": text, "start": pa.array(starts), "end": pa.array(ends)})


def _join_texts(bounds: Integers, texts: pa.Array) -> pa.Array:
    """Return the words of each anchor's fillers, None where there are none."""
    joined = pc.binary_join(list_array(list_of(STRING), bounds, texts), FILLER_SEPARATOR)
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def role_labels(inventory: Inventory, record: RecordType, role: str) -> list[str]:
    """Return the labels of the spans that may fill a role, in the order of the inventory."""
    rule = record.roles[role]
    allowed = _related_labels(inventory, rule)
    if rule.enclosing:
        allowed |= _related_labels(inventory, inventory.records[rule.enclosing.record].roles[rule.enclosing.take])
    return [label for label in inventory.spans if label in allowed]


def _related_labels(inventory: Inventory, role: Role) -> set[str]:
    """Return the labels of the spans that may fill a role through its relation."""
    # With `follow`, a tail of the role's own relation fills it only if it is one that the other relation can lead to.
    relation = role.follow or role.relation
    return set(inventory.relations[relation].tail) if relation else set()


def role_attributes(inventory: Inventory, record: RecordType, role: str) -> list[Attribute]:
    """Return the attributes of the spans that may fill a role, in the order of the inventory."""
    labels = set(role_labels(inventory, record, role))
    return [attribute for attribute in inventory.attributes.values() if labels & set(attribute.labels)]


def _filler_feature(inventory: Inventory, record: RecordType, role: str) -> Feature:
    labels = role_labels(inventory, record, role)
    columns = {
        "id": STRING,
        **({"label": class_label(inventory.class_ids.spans)} if len(labels) > 1 else {}),
        **MENTION_FEATURES,
        **({"distance": INTEGER, "through": STRING} if record.roles[role].has_distance else {}),
    }
    attributes = attribute_features(inventory, role_attributes(inventory, record, role))
    return merge_columns(f"records.{record.name}.roles.{role}", columns, attributes)


def _describe_role(inventory: Inventory, record: RecordType, name: str) -> str:
    role = record.roles[name]
    meaning = inventory.relations[role.relation].definition if role.relation else ""
    if role.enclosing:
        meaning += _describe_enclosing(role.enclosing, has_relation=role.relation is not None)
    if role.follow:
        meaning += (
            f" Where `{role.follow}` leads on from there: what it leads to, with a `distance` of 1, and `through` is"
            " the id of the span that stands for it. Without it: the span itself, with a `distance` of 0, if it is a"
            f" {' or '.join(inventory.relations[role.follow].tail)}."
        )
    return meaning + describe_condition(role.when)


def _describe_enclosing(rule: Enclosing, *, has_relation: bool) -> str:
    those, zero = f"`{rule.take}` of the `{rule.record}`", ""
    if has_relation:
        those, zero = f" Where there is no such relation: the {those}", "0 for the relation, "
    else:
        those = f"The {those}"
    where = f", and where {join_condition(rule.where)}" if rule.where else ""
    words = (
        f"{those} whose `{rule.within}` holds the anchor or is it{where}, nearest first; `distance` is {zero}1 for the"
        f" nearest, and so on, and `through` the `span_id` in `{rule.record}` by which it was found."
    )
    if rule.passes_on:
        words += (
            " Farther out than the nearest: only those where"
            f" {join_condition(rule.passes_on)}, up to the first other one."
        )
    return words
