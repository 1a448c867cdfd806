"""Counts by incident: who says how many, a bar from the lower to the upper number, on one scale for the whole page.

Two counts are of one incident where the text or the corpus says so: one mention fills a role of each (one place, one
means), or a link holds the words of both. Nothing is inferred from the world.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from annotate.inventory import Interval, Inventory, RecordType
from annotate.model import Annotation, Link
from annotate.records import Mention, Record, records
from annotate.splits.groups import Bond, groups

SAME = "same incident"
UNSAID = "the text itself"
FIRST, WIDTH = 3.0, 91.0
"""Where 0 lies, and how wide the scale is, in percent of the drawing; on its right is room for an arrow."""
Labelled = tuple[str, Annotation]


class Claim(NamedTuple):
    """A count of one article: who says it, its words, and how they give it; `about` are the mentions in other roles."""

    article: str
    who: tuple[str, ...]
    anchor: Mention
    low: int | None
    high: int | None
    wording: str
    about: tuple[Mention, ...]


class Incident(NamedTuple):
    """Claims that share something; `words` say what they are about."""

    words: tuple[str, ...]
    claims: list[Claim]

    @property
    def contested(self) -> bool:
        """Whether several who are named, or the text and somebody, count here."""
        return len({claim.who for claim in self.claims}) > 1


def incidents(inventory: Inventory, labelled: Iterable[Labelled], links: Sequence[Link]) -> list[Incident]:
    """The incidents of all counts, those with several claimants first, else in the order of articles and texts."""
    claims: list[Claim] = []
    for article, annotation in labelled:
        claims += _claims(inventory, article, annotation)
    found = [_incident(group) for group in _groups(claims, links)]
    return sorted(found, key=lambda one: not one.contested)


def _claims(inventory: Inventory, article: str, annotation: Annotation) -> Iterator[Claim]:
    made = records(annotation, inventory)
    for type_ in inventory.records.values():
        interval = next((one for one in inventory.intervals if one.label == type_.anchor), None)
        if interval:
            who = _claimant(type_)
            yield from (_claim(article, record, interval, who) for record in made[type_.name])


def _claimant(type_: RecordType) -> str | None:
    """The role that says who counts: the one that is filled from around, where the inventory has such a role."""
    return next((name for name, role in type_.roles.items() if role.enclosing), None)


def _claim(article: str, record: Record, interval: Interval, who: str | None) -> Claim:
    anchor = record.anchor
    low, high = (anchor.attributes.get(name) for name in (interval.minimum, interval.maximum))
    about = [one.mention for name, fillers in record.roles.items() if name != who for one in fillers]
    return Claim(
        article,
        tuple(one.mention.text for one in record.roles[who]) if who else (),
        anchor,
        low if isinstance(low, int) else None,
        high if isinstance(high, int) else None,
        str(anchor.attributes.get(interval.wording, "")),
        # What is within the anchor is counted there; it says nothing of the incident.
        tuple(one for one in about if not (anchor.start <= one.start and one.end <= anchor.end)),
    )


def _groups(claims: Sequence[Claim], links: Sequence[Link]) -> Iterator[list[Claim]]:
    """The claims with what they share, directly or through others; in the order of their first."""
    keys: defaultdict[tuple[str, str | int], list[int]] = defaultdict(list)
    for number, claim in enumerate(claims):
        for mention in claim.about:
            keys[claim.article, mention.id].append(number)
        for place, link in enumerate(links):
            if link.kind == SAME and any(
                passage.article == claim.article
                and passage.start < claim.anchor.end
                and claim.anchor.start < passage.end
                for passage in link.passages
            ):
                keys["", place].append(number)
    bonds = [
        Bond(first=_name(one), second=_name(other), why="")
        for numbers in keys.values()
        for one, other in pairwise(numbers)
    ]
    for group in groups(map(_name, range(len(claims))), bonds):
        yield [claims[int(name)] for name in group]


def _name(number: int) -> str:
    """A number as `groups` sorts it."""
    return f"{number:012}"


def _incident(claims: list[Claim]) -> Incident:
    words = dict.fromkeys(mention.text for claim in claims for mention in claim.about)
    return Incident(tuple(words), claims)


def drawn(found: Sequence[Incident], titles: Mapping[str, str]) -> Iterator[str]:
    """The incidents as HTML, bars as SVG that grows with the page; `titles` are those of the articles."""
    top = max((max(claim.low or 0, claim.high or 0) for one in found for claim in one.claims), default=0)
    scale = Scale(max(top, 10))
    for incident in found:
        words = " · ".join(map(escape, incident.words)) or "nothing said of where, when or how"
        several = ' <span class="several">several claimants</span>' if incident.contested else ""
        where = " · ".join(escape(titles[name]) for name in dict.fromkeys(claim.article for claim in incident.claims))
        yield f'<section class="incident"><h3>{words}{several}<br><small>{where}</small></h3>\n'
        yield from (_row(claim, scale) for claim in incident.claims)
        yield f'<div class="bar axis">{scale.axis()}</div></section>\n'


def _row(claim: Claim, scale: "Scale") -> str:
    number = _number(claim)
    said = f"{'; '.join(claim.who) or UNSAID}: {claim.anchor.text}, {number}"
    who = "; ".join(map(escape, claim.who)) or f"<i>{UNSAID}</i>"
    return (
        f'<div class="claim"><p><b>{who}</b> <q>{escape(claim.anchor.text)}</q></p>\n<div class="bar">'
        f'{scale.bar(claim.low, claim.high, said)}<span class="figure">{escape(number)}</span></div></div>\n'
    )


def _number(claim: Claim) -> str:
    """How the words give the count, and its numbers: "at least 50", "range 2 to 3", "vague, no number"."""
    ends = [f"{end:,}" for end in dict.fromkeys((claim.low, claim.high)) if end is not None]
    return f"{claim.wording} {' to '.join(ends)}".strip() if ends else f"{claim.wording}, no number".strip(", ")


class Scale:
    """From 0 to `top` and what rounds it up, by the logarithm of the number and one: 3 and 300 can both be seen."""

    def __init__(self, top: int) -> None:
        power = 10 ** math.floor(math.log10(top))
        self._top = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= top)

    def _at(self, value: int) -> float:
        return FIRST + WIDTH * math.log1p(min(value, self._top)) / math.log1p(self._top)

    def bar(self, low: int | None, high: int | None, said: str) -> str:
        """A dot for one number, a bar for two; where an end is open, a broken line with an arrow to it."""
        start = f'<svg role="img" aria-label="{escape(said)}" height="18">'
        if low is None and high is None:
            return f'{start}<line class="none" x1="{FIRST}%" x2="{FIRST + WIDTH}%" y1="9" y2="9"/></svg>'
        first, last = (FIRST if low is None else self._at(low)), (FIRST + WIDTH if high is None else self._at(high))
        kind = "range" if low is not None and high is not None else "open"
        parts = [f'<line class="{kind}" x1="{first:.2f}%" x2="{last:.2f}%" y1="9" y2="9"/>']
        if high is None:
            parts.append(f'<svg x="{last:.2f}%" overflow="visible"><path d="M0 3 L9 9 L0 15 z"/></svg>')
        ends = sorted({end for end in (low, high) if end is not None})
        parts += [f'<circle cx="{self._at(end):.2f}%" cy="9" r="5"/>' for end in ends]
        return f"{start}{''.join(parts)}</svg>"

    def axis(self) -> str:
        """Powers of ten and the top."""
        ticks = [0, *(10**power for power in range(int(math.log10(self._top)) + 1))]
        if self._top > 2 * ticks[-1]:
            ticks.append(self._top)
        marks = "".join(
            f'<line x1="{self._at(tick):.2f}%" x2="{self._at(tick):.2f}%" y1="0" y2="5"/>'
            f'<text x="{self._at(tick):.2f}%" y="17" text-anchor="middle">{tick:,}</text>'
            for tick in ticks
        )
        return f'<svg aria-hidden="true" height="20">{marks}</svg>'
