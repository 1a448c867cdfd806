"""Counts by incident, for the page: who claims how many, as bars from the lower to the upper number on one scale.

Only what is claimed has a bar. Who denies harm, and harm that is neither claimed nor denied, is listed below in words.
Who disputes a count that another claims is named with that count.
Two counts belong to one incident if the text or the corpus says so: one mention (a place, a means) fills a role of
both, or a link covers the words of both. No knowledge of the world is used.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from annotate.inventory import Interval, Inventory, Role, meets_condition
from annotate.model import Annotation, AttributeValue, Link
from annotate.records import Graph, Mention, Record
from annotate.splits.groups import Bond, groups

SAME_INCIDENT = "same incident"
"""The kind of a link between passages on one incident."""
LEFT, WIDTH = 3.0, 91.0
"""Where 0 is and how wide the scale is, in percent of the drawing; the rest on the right is space for an arrow."""


Standing = Literal["claimed", "denied", "open"]
"""How a source stands to the harm that it counts; open: neither claimed nor denied."""


class Claim(NamedTuple):
    """A count in an article.

    Attributes:
        article_id: The article.
        standing: How the sources stand to it.
        value: The attribute values that say so, in words; empty if the inventory has no conditions.
        sources: The words for who says it: the nearest sources, whose claim or denial it is. Empty if the text itself
            says it, or if the nearest source is not named.
        relays: The words for who passes on what others say, nearest first.
        disputes: For each role of those who dispute the count, its name in words and the words for who they are.
        anchor: The words of the count.
        low: The lower number; None if the text leaves it open.
        high: The upper number; None if the text leaves it open.
        wording: How the text gives the count, such as `at least`.
        circumstances: The mentions in other roles, which say what the count is about.
    """

    article_id: str
    standing: Standing
    value: str
    sources: tuple[str, ...]
    relays: tuple[str, ...]
    disputes: tuple[str, ...]
    anchor: Mention
    low: int | None
    high: int | None
    wording: str
    circumstances: tuple[Mention, ...]

    @property
    def source_text(self) -> str:
        """The words for who says it."""
        if self.sources:
            return "; ".join(self.sources)
        return "a source without a name" if self.relays else "the text itself"

    @property
    def counts(self) -> list[int]:
        """The different numbers of the claim, the lower one first."""
        return [count for count in dict.fromkeys((self.low, self.high)) if count is not None]

    @property
    def count_text(self) -> str:
        """The wording and the numbers: "at least 50", "range 2 to 3", "vague, no number"."""
        if not self.counts:
            return f"{self.wording}, no number".strip(", ")
        return f"{self.wording} {' to '.join(f'{count:,}' for count in self.counts)}".strip()


class Incident(NamedTuple):
    """Claims about one incident.

    Attributes:
        words: The words that say what it is about.
        claims: The claims, in the order of articles and texts.
    """

    words: tuple[str, ...]
    claims: list[Claim]

    def claims_that_are(self, *standings: Standing) -> list[Claim]:
        """Return the claims that are claimed, denied or open, in their order."""
        return [claim for claim in self.claims if claim.standing in standings]

    @property
    def has_several_claimants(self) -> bool:
        """Whether there are several claimants; the text itself counts as one."""
        return len({claim.source_text for claim in self.claims_that_are("claimed")}) > 1

    @property
    def is_disputed(self) -> bool:
        """Whether somebody disputes what another claims."""
        return any(claim.disputes for claim in self.claims_that_are("claimed"))

    @property
    def is_contested(self) -> bool:
        """Whether there are several claimants, or one who denies or disputes."""
        return self.has_several_claimants or self.is_disputed or bool(self.claims_that_are("denied"))


def find_incidents(
    inventory: Inventory, annotations: Iterable[tuple[str, Annotation]], links: Sequence[Link]
) -> list[Incident]:
    """Group all counts by incident.

    Args:
        inventory: The inventory; it says which records are counts, and which roles are those of claimants. Counts
            without such roles are left out.
        annotations: Article ids with the annotations that have the counts.
        links: The links of the corpus.

    Returns:
        The incidents, the contested ones first, otherwise in the order of articles and texts.
    """
    claims = [
        claim for article_id, annotation in annotations for claim in _find_claims(inventory, article_id, annotation)
    ]
    incidents = [
        Incident(tuple(dict.fromkeys(mention.text for claim in group for mention in claim.circumstances)), group)
        for group in _group_claims(claims, links)
    ]
    return sorted(incidents, key=lambda incident: not incident.is_contested)


def tells_disputes(inventory: Inventory) -> bool:
    """Return whether the inventory names roles of those who dispute counts."""
    return any(interval.disputants for interval in inventory.intervals)


def _find_claims(inventory: Inventory, article_id: str, annotation: Annotation) -> Iterator[Claim]:
    records_by_type = Graph(annotation, inventory).records()
    for record_type in inventory.records.values():
        interval = next((each for each in inventory.intervals if each.label == record_type.anchor), None)
        if interval and interval.claimants:
            counting = {name: record_type.roles[name] for name in interval.claimants if name in record_type.roles}
            disputing = [name for name in interval.disputants if name in record_type.roles]
            for record in records_by_type[record_type.name]:
                yield _make_claim(article_id, record, interval, counting, disputing)


def _make_claim(
    article_id: str, record: Record, interval: Interval, source_roles: Mapping[str, Role], disputing: Iterable[str]
) -> Claim:
    anchor = record.anchor
    low, high = (anchor.attributes.get(name) for name in (interval.minimum, interval.maximum))
    sources = [filler for role in source_roles for filler in record.roles[role]]
    # Whoever denies by the word that introduces the count is said to deny it, and not to dispute it as well.
    nearest = {filler.mention.id for filler in sources if filler.distance <= 1}
    disputants = {
        role: [filler.mention.text for filler in record.roles[role] if filler.mention.id not in nearest]
        for role in disputing
    }
    others = [
        filler.mention
        for role, fillers in record.roles.items()
        if role not in source_roles and role not in disputants
        for filler in fillers
    ]
    conditions = [interval.denied, *(role.when for role in source_roles.values())]
    names = dict.fromkeys(name for condition in conditions for name in condition)
    return Claim(
        article_id,
        _find_standing(anchor, interval, source_roles),
        ", ".join(str(anchor.attributes[name]) for name in names if name in anchor.attributes),
        tuple(filler.mention.text for filler in sources if filler.distance <= 1),
        tuple(filler.mention.text for filler in sources if filler.distance > 1),
        tuple(f"{role.replace('_', ' ')} {'; '.join(words)}" for role, words in disputants.items() if words),
        anchor,
        low if isinstance(low, int) else None,
        high if isinstance(high, int) else None,
        str(anchor.attributes.get(interval.wording, "")),
        # A mention within the anchor is what is counted; it says nothing about the incident.
        tuple(mention for mention in others if not (anchor.start <= mention.start and mention.end <= anchor.end)),
    )


def _find_standing(anchor: Mention, interval: Interval, source_roles: Mapping[str, Role]) -> Standing:
    if interval.denies(anchor.attributes):
        return "denied"
    claimed = next((role.when for role in source_roles.values()), {})
    return "claimed" if meets_condition(anchor.attributes, claimed) else "open"


def _group_claims(claims: Sequence[Claim], links: Sequence[Link]) -> Iterator[list[Claim]]:
    """Yield the claims that share something, directly or through others, in the order of their first ones."""
    claims_by_key: defaultdict[tuple[str, AttributeValue], list[int]] = defaultdict(list)
    for index, claim in enumerate(claims):
        for mention in claim.circumstances:
            claims_by_key[claim.article_id, mention.id].append(index)
    for index, number in sorted(_find_linked(claims, links)):
        claims_by_key["", number].append(index)
    # `groups` sorts names, so that the names of claims have as many digits as each other.
    names = [f"{index:012}" for index in range(len(claims))]
    bonds = [
        Bond(first=names[left], second=names[right], why="")
        for indices in claims_by_key.values()
        for left, right in pairwise(indices)
    ]
    for group in groups(names, bonds):
        yield [claims[int(name)] for name in group]


def _find_linked(claims: Sequence[Claim], links: Sequence[Link]) -> Iterator[tuple[int, int]]:
    """Yield the index of each claim with that of each link that covers words of it; one sweep over each text."""
    passages: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for number, link in enumerate(links):
        for passage in link.passages if link.kind == SAME_INCIDENT else ():
            passages[passage.article].append((passage.start, passage.end, number))
    by_article: defaultdict[str, list[int]] = defaultdict(list)
    for index, claim in enumerate(claims):
        if claim.article_id in passages:
            by_article[claim.article_id].append(index)
    for article_id, indices in by_article.items():
        upcoming, opened = sorted(passages[article_id], reverse=True), list[tuple[int, int, int]]()
        for index in sorted(indices, key=lambda index: claims[index].anchor.start):
            anchor = claims[index].anchor
            while upcoming and upcoming[-1][0] < anchor.end:
                opened.append(upcoming.pop())
            opened = [passage for passage in opened if passage[1] > anchor.start]
            for number in {number for start, _, number in opened if start < anchor.end}:
                yield index, number


class Bar(NamedTuple):
    """A claim as a bar; positions are in percent of the drawing.

    Attributes:
        kind: `range` from number to number, `open` if an end is open, `none` without a number.
        start: Where the line starts.
        end: Where the line ends.
        dots: Where the numbers are.
        has_arrow: Whether the upper end is open.
    """

    kind: str
    start: float
    end: float
    dots: list[float]
    has_arrow: bool


class Scale:
    """A logarithmic scale from 0 to a round number, on which 3 and 300 can both be read.

    The position of a number is that of log(1 + number), so that 0 has one.
    """

    def __init__(self, counts: Iterable[int]) -> None:
        """Make a scale on which all counts have a place; it goes to at least 10."""
        highest = max([*counts, 10])
        power = 10 ** math.floor(math.log10(highest))
        self._top = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= highest)

    def position(self, count: int) -> float:
        """Return the position of a number, in percent of the drawing."""
        return LEFT + WIDTH * math.log1p(min(count, self._top)) / math.log1p(self._top)

    def bar(self, low: int | None, high: int | None) -> Bar:
        """Return a dot for one number, a bar for two, an open line where an end is open."""
        start = LEFT if low is None else self.position(low)
        end = LEFT + WIDTH if high is None else self.position(high)
        dots = [self.position(count) for count in sorted({count for count in (low, high) if count is not None})]
        if not dots:
            return Bar("none", start, end, dots, has_arrow=False)
        return Bar("open" if low is None or high is None else "range", start, end, dots, has_arrow=high is None)

    def ticks(self) -> list[int]:
        """Return the numbers to write on the axis: 0, powers of ten, and the top."""
        ticks = [0, *(10**power for power in range(int(math.log10(self._top)) + 1))]
        return [*ticks, self._top] if self._top > 2 * ticks[-1] else ticks
