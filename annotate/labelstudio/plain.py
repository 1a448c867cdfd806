"""The fast way from result items to columns of spans and relations, where nothing is out of the ordinary.

Items are decoded into types, which is most of the reading: what is not as a browser or `tasks` writes it (one label a
region, offsets in code points, a relation from left to right) is refused there. The rest (values of the inventory,
words that stand at their offsets, relations between regions that are there) is looked at here. Where either refuses,
`items.Reading` looks at every item and explains; the tests hold the two to the same spans and relations.
"""

from collections.abc import Sequence
from operator import gt
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import msgspec

from annotate.columns import Attributes
from annotate.labelstudio.items import VALUES, Controls

Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Offset: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An object with nothing in it."""


class Base(msgspec.Struct, tag_field="type", gc=False, kw_only=True):
    """What all items may have; a note in `meta` is for the careful way."""

    meta: Nothing | None = None


class OfRegion(Base, gc=False, kw_only=True):
    """A region itself, or an attribute of one: `id` is that of the region."""

    id: Name
    from_name: str
    to_name: Literal["text"]


class Words(msgspec.Struct, gc=False):
    """Where a region is, in code points, half open, what it reads, and its one label."""

    start: Offset
    end: Offset
    text: str
    labels: tuple[Name]


class Region(OfRegion, tag="labels", gc=False, kw_only=True):
    value: Words


class Chosen(msgspec.Struct, gc=False):
    choices: tuple[Name]


class Choice(OfRegion, tag="choices", gc=False, kw_only=True):
    value: Chosen

    @property
    def given(self) -> str:
        return self.value.choices[0]


class Counted(msgspec.Struct, gc=False):
    number: int


class Number(OfRegion, tag="number", gc=False, kw_only=True):
    value: Counted

    @property
    def given(self) -> int:
        return self.value.number


class Written(msgspec.Struct, gc=False):
    text: tuple[Name]


class TextArea(OfRegion, tag="textarea", gc=False, kw_only=True):
    value: Written

    @property
    def given(self) -> str:
        return self.value.text[0]


class Arrow(Base, tag="relation", gc=False, kw_only=True):
    from_id: str
    to_id: str
    direction: Literal["right"]
    labels: tuple[Name]


Item: TypeAlias = Region | Choice | Number | TextArea | Arrow
_KINDS: dict[type, str] = {Choice: "choices", Number: "number", TextArea: "textarea"}
_NONE: Attributes = {}


class Plain(NamedTuple):
    """The columns of one document's spans and relations, as `Gatherer.add_columns` takes them."""

    spans: Sequence[list[Any]]
    relations: Sequence[list[Any]]


def plain(items: Sequence[Item], text: str, controls: Controls) -> Plain | None:
    """The spans and relations of the items of one result, in their order; None where something needs a closer look."""
    regions = [item for item in items if type(item) is Region]
    arrows = [item for item in items if type(item) is Arrow]
    ids = [region.id for region in regions]
    words = [region.value for region in regions]
    names = [one.labels[0] for one in words]
    starts, ends, texts = [one.start for one in words], [one.end for one in words], [one.text for one in words]
    places = {id_: place for place, id_ in enumerate(ids)}
    if (
        len(places) != len(ids)
        or list(map(controls.layer_of.get, names)) != [region.from_name for region in regions]
        or any(map(gt, starts, ends))
        or max(ends, default=0) > len(text)
        or [text[start:end] for start, end in zip(starts, ends, strict=True)] != texts
    ):
        return None
    attributes = [_NONE] * len(ids)
    if len(ids) + len(arrows) < len(items):
        others = [item for item in items if type(item) is not Region and type(item) is not Arrow]
        if not _set(attributes, others, names, places, controls):  # type: ignore[arg-type]
            return None
    labels = list(map(controls.numbers.__getitem__, names))
    ties = [controls.ties.get(arrow.labels[0]) for arrow in arrows]
    heads, tails = [places.get(arrow.from_id) for arrow in arrows], [places.get(arrow.to_id) for arrow in arrows]
    if None in ties or None in heads or None in tails or len(set(zip(ties, heads, tails, strict=True))) < len(arrows):
        return None
    spans = ids, labels, starts, ends, texts, attributes, [""] * len(ids)
    return Plain(spans, (ties, heads, tails, [""] * len(arrows)))


def _set(
    attributes: list[Attributes],
    items: Sequence[Choice | Number | TextArea],
    names: Sequence[str],
    places: dict[str, int],
    controls: Controls,
) -> bool:
    """Put each value to its span; False where one has no place, is not allowed, or stands twice."""
    for item in items:
        control, place = controls.attributes.get(item.from_name), places.get(item.id)
        if control is None or place is None or control[0] != names[place]:
            return False
        attribute, given = control[1], item.given
        if _KINDS[type(item)] != VALUES[attribute.type][0] or (attribute.values and given not in attribute.values):
            return False
        if attribute.name in attributes[place]:
            return False
        attributes[place] = {**attributes[place], attribute.name: given}
    return True
