"""The tables that the inventory's `records` declare: a row an anchor, a column each attribute, role and view.

Count views: numbers that a named policy reads from an interval and its words, at export; they are never labels.

What a view prefers, the inventory declares: each end is the first that there is of the labelled minimum, the labelled
maximum, and the number that the view gives to words of quantity without one, such as "dozens".
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from annotate.columns import Attributes, Integers
from annotate.dataset.arrow import lists, struct
from annotate.dataset.batch import Source
from annotate.dataset.features import (
    INTEGER,
    PLACE,
    STRING,
    Feature,
    attribute_feature,
    attribute_features,
    classes,
    listed,
)
from annotate.dataset.roles import fillers
from annotate.dataset.tables.common import (
    MENTION_FEATURES,
    PROVENANCE_COLUMNS,
    PROVENANCE_FEATURES,
    TableType,
    distinct,
    of_documents,
)
from annotate.inventory import Attribute, Interval, Inventory, RecordType, View

Number = Callable[[str, Attributes], int | None]
"""From the words and the attributes of a mention."""
_ENDS: Feature = {"minimum": INTEGER, "maximum": INTEGER}


def views_of(inventory: Inventory, label: str) -> Iterator[tuple[Interval, View]]:
    """The views of the intervals on a label."""
    for interval in inventory.intervals:
        if interval.label == label:
            for view in interval.views.values():
                yield interval, view


def view_features(inventory: Inventory, label: str) -> Feature:
    """A view with one number is a column; one with two ends a struct."""
    return {view.name: INTEGER if view.count else _ENDS for _, view in views_of(inventory, label)}


def view_arrays(
    inventory: Inventory, label: str, texts: Sequence[str], attributes: Sequence[Attributes]
) -> dict[str, pa.Array]:
    """The columns of `view_features` for mentions, whose words and attributes are given."""

    def column(number: Number) -> pa.Array:
        return pa.array(map(number, texts, attributes), pa.int64())

    made = {}
    for interval, view in views_of(inventory, label):
        if view.count:
            made[view.name] = column(reader(interval, view, view.count, min))
        else:
            lowest, highest = reader(interval, view, view.minimum, min), reader(interval, view, view.maximum, max)
            made[view.name] = struct(_ENDS, {"minimum": column(lowest), "maximum": column(highest)})
    return made


def view_columns(inventory: Inventory, label: str) -> dict[str, str]:
    return {view.name: f"{view.definition} {view.source}" for _, view in views_of(inventory, label)}


def reader(interval: Interval, view: View, order: Sequence[str], pick: Callable[[list[int]], int]) -> Number:
    """A function from words and attributes to their number; `pick` chooses where words of quantity give several."""
    labelled = {"minimum": interval.minimum, "maximum": interval.maximum}
    values = {" ".join(words.casefold().split()): number for words, number in view.words.items()}
    longest_first = sorted(values, key=len, reverse=True)
    phrases = "|".join(r"\s+".join(map(re.escape, words.split())) for words in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)") if phrases else None

    def words(text: str, attributes: Attributes) -> int | None:
        if pattern is None or attributes.get(interval.wording) not in view.words_for:
            return None
        found = [values[" ".join(phrase.split())] for phrase in pattern.findall(text.casefold())]
        return pick(found) if found else None

    def number(text: str, attributes: Attributes) -> int | None:
        for name in order:
            value = words(text, attributes) if name == "words" else attributes.get(labelled[name])
            if isinstance(value, int):
                return value
        return None

    return number


BETWEEN_FILLERS = "; "
"""What stands between the words of several mentions in one role."""
_FIRST = {
    "id": "article id, slash, span id; unique in the table",
    "article": "id of the article; joins with `id` of `articles`",
    "title": "title of the article, `None` where it has none",
    "span_id": "id of the anchor among the `spans` of its article",
    "text": "the anchor's words; the words of a span in pieces are joined by ` … `",
    "start": "where they start in the article's text, in Unicode code points",
    "end": "where they end, half open: `text[start:end]`",
    "pieces": "start and end of each piece; one, unless the span is interrupted",
}
_PARAGRAPH: Feature = {"text": STRING, **PLACE}


def record(inventory: Inventory, type_: RecordType) -> TableType:
    """Raises CannotRun where two columns would have one name."""
    attributes = inventory.attributes_of(type_.anchor)
    features = _features(inventory, type_, attributes)
    of_roles = {name: [one.name for one in role_attributes(inventory, type_, name)] for name in type_.roles}
    return TableType(
        name=type_.name,
        definition=type_.definition,
        features=features,
        fill=partial(_fill, type_, features, [attribute.name for attribute in attributes], of_roles),
        columns={
            **_FIRST,
            **{attribute.name: attribute.definition for attribute in attributes},
            **view_columns(inventory, type_.anchor),
            **({"label": f"`{type_.classes}` once more, as the class to tell"} if type_.classes else {}),
            **{role: _told(inventory, type_, role) for role in type_.roles},
            **{_words(role): f"the words of `{role}`, joined by `; `" for role in type_.roles},
            "paragraph": "the paragraph in which the anchor stands, and its place in the article",
            **PROVENANCE_COLUMNS,
        },
    )


def _words(role: str) -> str:
    return f"{role}_text"


def _features(inventory: Inventory, type_: RecordType, attributes: Sequence[Attribute]) -> Feature:
    return distinct(
        f"records.{type_.name}",
        {**dict.fromkeys(("id", "article", "title", "span_id"), STRING), **MENTION_FEATURES},
        attribute_features(inventory, attributes),
        view_features(inventory, type_.anchor),
        {"label": attribute_feature(inventory, inventory.attributes[type_.classes])} if type_.classes else {},
        {role: listed(_filler(inventory, type_, role)) for role in type_.roles},
        {_words(role): STRING for role in type_.roles},
        {"paragraph": _PARAGRAPH, **PROVENANCE_FEATURES},
    )


def _fill(
    type_: RecordType,
    features: Feature,
    attributes: Sequence[str],
    of_roles: Mapping[str, Sequence[str]],
    source: Source,
) -> dict[str, pa.Array]:
    """`attributes` and `of_roles` name those of the anchors, and of what fills each role."""
    inventory, mentions, anchors = source.labels.inventory, source.mentions, source.labelled(type_.anchor)
    owners = mentions.owners[anchors]
    common, shown = of_documents(source, owners), source.shown.take(anchors, attributes)
    texts = [source.shown.texts[number] for number in anchors.tolist()]
    given = [source.labels.spans.attributes[place] for place in mentions.firsts[anchors].tolist()]
    columns = {
        **common,
        **shown,
        "span_id": shown["id"],
        "id": pc.binary_join_element_wise(common["article"], shown["id"], "/"),
        **view_arrays(inventory, type_.anchor, texts, given),
        "paragraph": _paragraphs(source, owners, mentions.starts[anchors], mentions.ends[anchors]),
    }
    if type_.classes:
        columns["label"] = shown[type_.classes]
    for name, role in type_.roles.items():
        found = fillers(source, anchors, role)
        inner = source.shown.take(found.mentions, of_roles[name])
        inner["distance"] = pa.array(found.distances)
        inner["through"] = source.shown.ids(found.through)
        columns[name] = lists(features[name], found.bounds, struct(features[name]["feature"], inner))
        columns[_words(name)] = _joined(found.bounds, inner["text"])
    return columns


def _paragraphs(source: Source, owners: Integers, starts: Integers, ends: Integers) -> pa.Array:
    starts, ends = source.texts.paragraphs(owners, starts, ends)
    text = source.texts.stretches(owners, starts, ends)
    return struct(_PARAGRAPH, {"text": text, "start": pa.array(starts), "end": pa.array(ends)})


def _joined(bounds: Integers, texts: pa.Array) -> pa.Array:
    """The words of the fillers of each anchor, None where there are none."""
    words = pc.binary_join(lists(listed(STRING), bounds, texts), BETWEEN_FILLERS)
    return pc.if_else(pc.equal(words, ""), pa.scalar(None, pa.string()), words)


def role_labels(inventory: Inventory, record: RecordType, role: str) -> list[str]:
    """The labels of the spans that may fill a role, in the order of the inventory."""
    given = record.roles[role]
    allowed = set(inventory.relations[given.relation].tail)
    if given.enclosing:
        outer = inventory.records[given.enclosing.record]
        allowed |= set(inventory.relations[outer.roles[given.enclosing.take].relation].tail)
    return [label for label in inventory.spans if label in allowed]


def role_attributes(inventory: Inventory, record: RecordType, role: str) -> list[Attribute]:
    """The attributes of the spans that may fill a role, in the order of the inventory."""
    labels = set(role_labels(inventory, record, role))
    return [attribute for attribute in inventory.attributes.values() if labels & set(attribute.labels)]


def _filler(inventory: Inventory, record: RecordType, role: str) -> Feature:
    labels = role_labels(inventory, record, role)
    columns = {
        "id": STRING,
        **({"label": classes(inventory.classes.spans)} if len(labels) > 1 else {}),
        **MENTION_FEATURES,
        **({"distance": INTEGER, "through": STRING} if record.roles[role].enclosing else {}),
    }
    named = attribute_features(inventory, role_attributes(inventory, record, role))
    return distinct(f"records.{record.name}.roles.{role}", columns, named)


def _told(inventory: Inventory, record: RecordType, name: str) -> str:
    role = record.roles[name]
    meaning = inventory.relations[role.relation].definition
    if role.enclosing:
        around = role.enclosing
        meaning += (
            f" Where there is no such relation: the `{around.take}` of the `{around.record}` whose `{around.within}`"
            " holds the anchor, nearest first; `distance` is 0 for the relation, 1 for the nearest, and so on, and"
            f" `through` the `span_id` in `{around.record}` by which it was found."
        )
    return meaning
