"""The fast way from result items to columns of spans and relations, where nothing is out of the ordinary.

Items are decoded into types, which is most of the reading: what is not as a browser or `tasks` writes it (one label a
region, offsets in code points, a relation from left to right) is refused there. The rest (labels of
their layer, attributes of their region, relations between regions that are there) is looked at here; words, values and
what stands twice are left to the gate of the checks. Where one of them refuses,
`items.Reading` looks at every item and explains; the tests hold the two to the same spans and relations.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec

from annotate.columns import Attributes, Numbers, Relations, Spans, column
from annotate.labelstudio.results import VALUES, Controls

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
    given: tuple[Name] = msgspec.field(name="choices")


class Choice(OfRegion, tag="choices", gc=False, kw_only=True):
    value: Chosen


class Counted(msgspec.Struct, gc=False):
    given: int = msgspec.field(name="number")


class Number(OfRegion, tag="number", gc=False, kw_only=True):
    value: Counted


class Written(msgspec.Struct, gc=False):
    given: tuple[Name] = msgspec.field(name="text")


class TextArea(OfRegion, tag="textarea", gc=False, kw_only=True):
    value: Written


class Arrow(Base, tag="relation", gc=False, kw_only=True):
    from_id: str
    to_id: str
    direction: Literal["right"]
    labels: tuple[Name]


Item: TypeAlias = Region | Choice | Number | TextArea | Arrow
_TYPES: dict[str, type] = {"choices": Choice, "number": Number, "textarea": TextArea}
_NONE: Attributes = {}


class Plain(NamedTuple):
    """The columns of many results, one behind the other.

    `odd` has the numbers of those that need a closer look, which have none. `choices` counts the items of
    each result that name one.
    """

    spans: Spans
    relations: Relations
    odd: set[int]
    choices: Numbers


class PlainColumns:
    """Takes results one by one, and gives the columns of all: the spans and relations of their items, in their order.

    That offsets and words fit a text is left to whoever has it. What an item holds is taken out of it at once, while
    the processor has it at hand: to gather items first, and look at all of them later, takes half as long again.
    """

    def __init__(self, controls: Controls) -> None:
        self._layer_of, self._numbers, self._number_of_tie = controls.layer_of, controls.numbers, controls.ties
        self._controls = _controls(controls)
        self._bounds, self._ties_bounds, self._choices = [0], [0], list[int]()
        self._ids, self._texts = list[str](), list[str]()
        self._labels, self._starts, self._ends = list[int](), list[int](), list[int]()
        self._attributes: list[Attributes] = []
        self._ties, self._heads, self._tails = list[int](), list[int](), list[int]()
        self._odd = set[int]()

    def add(self, items: Sequence[Item]) -> None:
        """Take the items of one result."""
        try:
            plain = self._taken(items)
        except KeyError:
            plain = False
        if not plain:
            self._odd.add(len(self._choices))
            self._choices.append(0)
        self._bounds.append(len(self._ids))
        self._ties_bounds.append(len(self._ties))

    def _taken(self, items: Sequence[Item]) -> bool:
        """Whether nothing stood against taking them; KeyError for what is not known, before anything is taken."""
        regions = [item for item in items if type(item) is Region]
        arrows = [item for item in items if type(item) is Arrow]
        ids = [region.id for region in regions]
        words = [region.value for region in regions]
        names = [one.labels[0] for one in words]
        layer_of, number, number_of_tie = self._layer_of, self._numbers, self._number_of_tie
        first = len(self._ids)
        places = dict(zip(ids, range(first, first + len(ids)), strict=True))
        labels = [number[name] for name in names]
        ties = [number_of_tie[arrow.labels[0]] for arrow in arrows]
        heads = [places[arrow.from_id] for arrow in arrows]
        tails = [places[arrow.to_id] for arrow in arrows]
        if len(places) < len(ids) or [region.from_name for region in regions] != [layer_of[name] for name in names]:
            return False
        attributes, others = [_NONE] * len(ids), list[Item]()
        if len(ids) + len(arrows) < len(items):
            # `type`, as `isinstance` takes several times as long here.
            others = [item for item in items if type(item) is not Region and type(item) is not Arrow]
            for item in others:
                type_, label, name = self._controls[item.from_name]  # type: ignore[union-attr]
                place, given = places[item.id] - first, item.value.given  # type: ignore[union-attr]
                before = attributes[place]
                if type(item) is not type_ or label != names[place] or name in before:
                    return False
                value = given if type(given) is int else given[0]  # type: ignore[index]
                attributes[place] = {**before, name: value} if before else {name: value}
        self._ids += ids
        self._labels += labels
        self._starts += [one.start for one in words]
        self._ends += [one.end for one in words]
        self._texts += [one.text for one in words]
        self._attributes += attributes
        self._ties += ties
        self._heads += heads
        self._tails += tails
        self._choices.append(sum([type(item) is Choice for item in others]))
        return True

    def columns(self) -> Plain:
        """The columns of all results that were taken."""
        spans = Spans(
            bounds=column(self._bounds),
            ids=self._ids,
            labels=column(self._labels),
            starts=column(self._starts),
            ends=column(self._ends),
            texts=self._texts,
            attributes=self._attributes,
            notes=[""] * len(self._ids),
        )
        relations = Relations(
            bounds=column(self._ties_bounds),
            labels=column(self._ties),
            heads=column(self._heads),
            tails=column(self._tails),
            notes=[""] * len(self._ties),
        )
        return Plain(spans, relations, self._odd, column(self._choices))


class _Control(NamedTuple):
    """What the items of a control for an attribute are: their type, of spans with which label; the attribute's name."""

    type: type
    label: str
    name: str


def _controls(controls: Controls) -> dict[str, _Control]:
    """The controls of attributes by name."""
    return {
        name: _Control(_TYPES[VALUES[attribute.type][0]], label, attribute.name)
        for name, (label, attribute) in controls.attributes.items()
    }
