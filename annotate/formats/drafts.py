"""Spans on their way from a file to an annotation, before their ids and the pieces that they are in are settled."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from annotate.formats.raw import Mark, Pieces
from annotate.inventory import Inventory
from annotate.model import AttributeValue, Relation, Span


class Draft:
    """A span with its label; its pieces lie in the article. What the file says goes before what the map adds."""

    def __init__(self, mark: Mark, label: str, pieces: Pieces, defaults: dict[str, AttributeValue]) -> None:
        self.mark, self.label, self.pieces, self.defaults = mark, label, pieces, defaults
        self.said: dict[str, AttributeValue] = {}
        self.ids: tuple[str, ...] = mark.ids
        self.note = ""

    def names(self, taken: set[str]) -> tuple[str, ...]:
        """The ids of the pieces: those that the file gives, or made of the first so that none is taken twice."""
        if len(self.ids) == len(self.pieces):
            return self.ids
        first = self.ids[0] if self.ids else self.mark.ref
        return (first, *(_free(f"{first}-{number}", taken) for number in range(2, len(self.pieces) + 1)))

    def spans(self, names: Sequence[str], text: str, inventory: Inventory) -> list[Span]:
        """A span for each piece: all have the attributes, the first has the note."""
        values = {**self.defaults, **self.said}
        attributes = {one.name: values[one.name] for one in inventory.attributes_of(self.label) if one.name in values}
        return [
            Span(
                id=name,
                label=self.label,
                start=start,
                end=end,
                text=text[start:end],
                attributes=attributes,
                note="" if number else self.note,
            )
            for number, (name, (start, end)) in enumerate(zip(names, self.pieces, strict=True))
        ]


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "-"
    return name


def built(
    drafts: Mapping[str, Draft],
    arrows: Sequence[tuple[str, Relation]],
    notes: Mapping[str, str],
    text: str,
    inventory: Inventory,
) -> tuple[tuple[Span, ...], tuple[Relation, ...]]:
    """The spans of drafts, each after its ref, and relations between their first pieces and between pieces.

    An arrow is a relation between refs, with its own, under which `notes` has its note.
    """
    spans: list[Span] = []
    relations: list[Relation] = []
    first: dict[str, str] = {}
    taken = {name for draft in drafts.values() for name in (draft.ids or (draft.mark.ref,))}
    for ref, draft in drafts.items():
        names = draft.names(taken)
        taken.update(names)
        first[ref] = names[0]
        spans += draft.spans(names, text, inventory)
        if inventory.pieces:
            pairs = pairwise(names)
            relations += [Relation(label=inventory.pieces, head=later, tail=earlier) for earlier, later in pairs]
    for ref, arrow in arrows:
        note = notes.get(ref, "") if ref else ""
        relations.append(Relation(label=arrow.label, head=first[arrow.head], tail=first[arrow.tail], note=note))
    return tuple(spans), tuple(relations)
