"""Read result items into columns of spans and relations: the fast path, for results with nothing irregular.

`msgspec` decodes the items into the types of this module, which is most of the work. The types accept what a browser
and `labelstudio.tasks` write: one label a region, offsets in code points, relations with a name, from left to right.
`FastReader` then checks that each label belongs to its layer, each attribute to its region's label, and that relations
connect regions which exist. The prefilter of the checks compares quoted words with the text, looks at values, and finds
duplicates. Whatever either of them rejects goes to the slow path, `results.ResultReader`, which looks at every item and
explains. The fast path is three times as fast (2.9 to 3.1, decoding included, on 200 results of benchmarks/exports.py).
The property test in tests/labelstudio/test_results_fast.py holds the two to the same spans and relations.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import msgspec

from annotate.columns import Attributes, Integers, Relations, Spans, int_array
from annotate.labelstudio.controls import ITEM_TYPES, Controls
from annotate.model import AttributeValue, normal_number

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Offset: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class EmptyObject(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An object without keys."""


class ItemBase(msgspec.Struct, tag_field="type", gc=False, kw_only=True):
    """What every item may have; an item with a note in `meta` goes to the slow path."""

    meta: EmptyObject | None = None


class RegionItemBase(ItemBase, gc=False, kw_only=True):
    """A region or an attribute of one; `id` is the region's. A region within another goes to the slow path."""

    id: Name
    from_name: str
    to_name: str
    parentID: None = None  # noqa: N815 - the name of the field


class RegionValue(msgspec.Struct, gc=False):
    """The offsets of a region in code points, half open, its words, and its one label."""

    start: Offset
    end: Offset
    text: str
    labels: tuple[Name]


class FastRegion(RegionItemBase, tag="labels", gc=False, kw_only=True):
    """A region with its label, made by hand as far as the item says; one of a prediction goes to the slow path."""

    value: RegionValue
    origin: Literal["manual"] | None = None


class ChoiceValue(msgspec.Struct, gc=False):
    """The value of a choice."""

    content: tuple[Name] = msgspec.field(name="choices")


class FastChoice(RegionItemBase, tag="choices", gc=False, kw_only=True):
    """An attribute whose values the inventory lists."""

    value: ChoiceValue


class NumberValue(msgspec.Struct, gc=False):
    """The value of a number."""

    content: int | float = msgspec.field(name="number")


class FastNumber(RegionItemBase, tag="number", gc=False, kw_only=True):
    """An attribute that is an integer or another number."""

    value: NumberValue


class TextValue(msgspec.Struct, gc=False):
    """The value of a text area."""

    content: tuple[Name] = msgspec.field(name="text")


class FastText(RegionItemBase, tag="textarea", gc=False, kw_only=True):
    """An attribute that is free text."""

    value: TextValue


class FastRelation(ItemBase, tag="relation", gc=False, kw_only=True):
    """A relation between two regions."""

    from_id: str
    to_id: str
    direction: Literal["right"]
    labels: tuple[Name]


Item: TypeAlias = FastRegion | FastChoice | FastNumber | FastText | FastRelation
_FAST_ITEMS: dict[str, type] = {"choices": FastChoice, "number": FastNumber, "textarea": FastText}
_NO_ATTRIBUTES: Attributes = {}


class FastColumns(NamedTuple):
    """The spans and relations of many results, concatenated.

    `irregular` has the indices of the results that the slow path has to read; they have no rows here. `choices` counts
    the choice items of each result.
    """

    spans: Spans
    relations: Relations
    irregular: set[int]
    choices: Integers


class FastReader:
    """Read results one by one, and return the spans and relations of all as columns, in the order of the items.

    Offsets and words are not compared with a text. Items are taken apart as soon as they are decoded, while they are in
    the processor's cache: to collect them first and read them later takes half as long again.
    """

    def __init__(self, controls: Controls) -> None:
        self._text_names, self._labels = {controls.text}, _index_labels(controls)
        self._relation_indices, self._attribute_controls = _index_relations(controls), _attribute_controls(controls)
        self._span_bounds, self._relation_bounds, self._choices = [0], [0], list[int]()
        self._ids, self._texts = list[str](), list[str]()
        self._span_labels, self._starts, self._ends = list[int](), list[int](), list[int]()
        self._attributes: list[Attributes] = []
        self._relation_labels, self._heads, self._tails = list[int](), list[int](), list[int]()
        self._irregular = set[int]()

    def add(self, items: Sequence[Item]) -> None:
        """Read the items of one result, or note that it is irregular."""
        try:
            regular = self._append_items(items)
        except KeyError:
            regular = False
        if not regular:
            self._irregular.add(len(self._choices))
            self._choices.append(0)
        self._span_bounds.append(len(self._ids))
        self._relation_bounds.append(len(self._relation_labels))

    def _append_items(self, items: Sequence[Item]) -> bool:
        """Append the items to the columns; return False, or raise KeyError, before any is appended if irregular."""
        regions = [item for item in items if type(item) is FastRegion]
        relations = [item for item in items if type(item) is FastRelation]
        ids = [region.id for region in regions]
        values = [region.value for region in regions]
        labels, relation_indices = self._labels, self._relation_indices
        first = len(self._ids)
        rows = dict(zip(ids, range(first, first + len(ids)), strict=True))
        span_labels = [labels[region.from_name, region.value.labels[0]] for region in regions]
        relation_labels = [relation_indices[relation.labels[0]] for relation in relations]
        heads = [rows[relation.from_id] for relation in relations]
        tails = [rows[relation.to_id] for relation in relations]
        if len(rows) < len(ids) or not {region.to_name for region in regions} <= self._text_names:
            return False
        attributes, attribute_items = [_NO_ATTRIBUTES] * len(ids), list[Item]()
        if len(ids) + len(relations) < len(items):
            # `type`, because `isinstance` takes several times as long here.
            attribute_items = [
                item for item in items if type(item) is not FastRegion and type(item) is not FastRelation
            ]
            if not {item.to_name for item in attribute_items} <= self._text_names:  # type: ignore[union-attr]
                return False
            for item in attribute_items:
                item_type, label_indices, name, mapped, is_number = self._attribute_controls[item.from_name]  # type: ignore[union-attr]
                index, content = rows[item.id] - first, item.value.content  # type: ignore[union-attr]
                previous = attributes[index]
                if type(item) is not item_type or span_labels[index] not in label_indices or name in previous:
                    return False
                value: Any = content[0] if type(content) is tuple else content
                if is_number:
                    value = normal_number(value)
                    if value is None:
                        return False
                elif type(value) is float:
                    return False
                elif mapped:
                    value = mapped.get(value, value)
                attributes[index] = {**previous, name: value} if previous else {name: value}
        self._ids += ids
        self._span_labels += span_labels
        self._starts += [value.start for value in values]
        self._ends += [value.end for value in values]
        self._texts += [value.text for value in values]
        self._attributes += attributes
        self._relation_labels += relation_labels
        self._heads += heads
        self._tails += tails
        self._choices.append(sum([type(item) is FastChoice for item in attribute_items]))
        return True

    def columns(self) -> FastColumns:
        """Return the columns of all results that were added."""
        spans = Spans(
            bounds=int_array(self._span_bounds),
            ids=self._ids,
            labels=int_array(self._span_labels),
            starts=int_array(self._starts),
            ends=int_array(self._ends),
            texts=self._texts,
            attributes=self._attributes,
            notes=[""] * len(self._ids),
        )
        relations = Relations(
            bounds=int_array(self._relation_bounds),
            labels=int_array(self._relation_labels),
            heads=int_array(self._heads),
            tails=int_array(self._tails),
            notes=[""] * len(self._relation_labels),
        )
        return FastColumns(spans, relations, self._irregular, int_array(self._choices))


class _FastControl(NamedTuple):
    """The control of an attribute.

    Attributes:
        item_type: The type of its items.
        label_indices: The indices of the labels that have the attribute.
        name: The name of the attribute.
        values: Value in an item → value in the inventory; values that are the same are not in it.
        is_number: Whether the type of the attribute is number.
    """

    item_type: type
    label_indices: frozenset[int]
    name: str
    values: Mapping[str, AttributeValue]
    is_number: bool


def _index_labels(controls: Controls) -> dict[tuple[str, str], int]:
    """Map each control and label, as items have them, to the index of the label that it becomes, and of no more."""
    indices = {name: index for index, name in enumerate(controls.inventory.spans)}
    return {
        (control, name): indices[entry.label]
        for control, labels in controls.layers.items()
        for name, entry in labels.items()
        if not entry.attributes
    }


def _index_relations(controls: Controls) -> dict[str, int]:
    """Map each label of relations, as items have it, to the index of the relation that it becomes, if not reversed."""
    indices = {name: index for index, name in enumerate(controls.inventory.relations)}
    return {shown: indices[entry.relation] for shown, entry in controls.relations.items() if not entry.reversed}


def _attribute_controls(controls: Controls) -> dict[str, _FastControl]:
    indices = {name: index for index, name in enumerate(controls.inventory.spans)}
    return {
        name: _FastControl(
            _FAST_ITEMS[ITEM_TYPES[control.attribute.type][0]],
            frozenset(indices[label] for label in control.labels),
            control.attribute.name,
            control.values,
            control.attribute.type == "number",
        )
        for name, control in controls.attributes.items()
    }
