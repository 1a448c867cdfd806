"""Counts by incident, for the page: who says how many, as bars from the lower to the upper number on one scale.

Two counts belong to one incident if the text or the corpus says so: one mention (a place, a means) fills a role of
both, or a link covers the words of both. No knowledge of the world is used.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from annotate.inventory import Interval, Inventory, RecordType
from annotate.model import Annotation, Link
from annotate.records import Graph, Mention, Record
from annotate.splits.groups import Bond, groups

SAME_INCIDENT = "same incident"
"""The kind of a link between passages on one incident."""
LEFT, WIDTH = 3.0, 91.0
"""Where 0 is and how wide the scale is, in percent of the drawing; the rest on the right is space for an arrow."""


class Claim(NamedTuple):
    """A count in an article.

    Attributes:
        article_id: The article.
        claimants: The words for who says it; empty if the text itself does.
        anchor: The words of the count.
        low: The lower number; None if the text leaves it open.
        high: The upper number; None if the text leaves it open.
        wording: How the text gives the count, such as `at least`.
        circumstances: The mentions in other roles, which say what the count is about.
    """

    article_id: str
    claimants: tuple[str, ...]
    anchor: Mention
    low: int | None
    high: int | None
    wording: str
    circumstances: tuple[Mention, ...]

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

    @property
    def is_contested(self) -> bool:
        """Whether there are several claimants; the text itself counts as one."""
        return len({claim.claimants for claim in self.claims}) > 1


def find_incidents(
    inventory: Inventory, annotations: Iterable[tuple[str, Annotation]], links: Sequence[Link]
) -> list[Incident]:
    """Group all counts by incident.

    Args:
        inventory: The inventory; it says which records are counts.
        annotations: Article ids with the annotations that have the counts.
        links: The links of the corpus.

    Returns:
        The incidents, those with several claimants first, otherwise in the order of articles and texts.
    """
    claims = [
        claim for article_id, annotation in annotations for claim in _find_claims(inventory, article_id, annotation)
    ]
    incidents = [
        Incident(tuple(dict.fromkeys(mention.text for claim in group for mention in claim.circumstances)), group)
        for group in _group_claims(claims, links)
    ]
    return sorted(incidents, key=lambda incident: not incident.is_contested)


def _find_claims(inventory: Inventory, article_id: str, annotation: Annotation) -> Iterator[Claim]:
    records_by_type = Graph(annotation, inventory).records()
    for record_type in inventory.records.values():
        interval = next((each for each in inventory.intervals if each.label == record_type.anchor), None)
        if interval:
            role = _claimant_role(record_type)
            yield from (_make_claim(article_id, record, interval, role) for record in records_by_type[record_type.name])


def _claimant_role(record_type: RecordType) -> str | None:
    """Return the role of who counts: the one that is filled from an enclosing record, if there is one."""
    return next((name for name, role in record_type.roles.items() if role.enclosing), None)


def _make_claim(article_id: str, record: Record, interval: Interval, claimant_role: str | None) -> Claim:
    anchor = record.anchor
    low, high = (anchor.attributes.get(name) for name in (interval.minimum, interval.maximum))
    others = [filler.mention for role, fillers in record.roles.items() if role != claimant_role for filler in fillers]
    return Claim(
        article_id,
        tuple(filler.mention.text for filler in record.roles[claimant_role]) if claimant_role else (),
        anchor,
        low if isinstance(low, int) else None,
        high if isinstance(high, int) else None,
        str(anchor.attributes.get(interval.wording, "")),
        # A mention within the anchor is what is counted; it says nothing about the incident.
        tuple(mention for mention in others if not (anchor.start <= mention.start and mention.end <= anchor.end)),
    )


def _group_claims(claims: Sequence[Claim], links: Sequence[Link]) -> Iterator[list[Claim]]:
    """Yield the claims that share something, directly or through others, in the order of their first ones."""
    claims_by_key: defaultdict[tuple[str, str | int], list[int]] = defaultdict(list)
    for index, claim in enumerate(claims):
        for mention in claim.circumstances:
            claims_by_key[claim.article_id, mention.id].append(index)
        for number, link in enumerate(links):
            if link.kind == SAME_INCIDENT and any(
                passage.article == claim.article_id
                and passage.start < claim.anchor.end
                and claim.anchor.start < passage.end
                for passage in link.passages
            ):
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
