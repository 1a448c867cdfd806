"""The table `links`: passages that tell of one incident, repeat one text, or dispute one another."""

from collections.abc import Mapping
from typing import NamedTuple, get_args, get_type_hints

from annotate.dataset.features import PLACE, STRING, Feature, classes, listed
from annotate.dataset.plans import Each, Plan, each, its, numbered
from annotate.dataset.tables.table import TableType
from annotate.model import Link

KINDS: tuple[str, ...] = get_args(get_type_hints(Link)["kind"])
_KIND = numbered(KINDS)


class LinkRow(NamedTuple):
    """A link, with the titles of its articles by id."""

    link: Link
    titles: Mapping[str, str | None]

    @property
    def id(self) -> str:
        """Made of what it links, so that it stays when other links come or go."""
        places = (f"{one.article}:{one.start}-{one.end}" for one in self.link.passages)
        return f"{self.link.kind}: {', '.join(places)}"


def links() -> TableType:
    passage: Feature = {"article": STRING, "title": STRING, **PLACE, "text": STRING}
    features: Feature = {"id": STRING, "kind": classes(KINDS), "passages": listed(passage), "note": STRING}
    passages: Plan = {
        "article": lambda pairs: [one.article for one, _ in pairs],
        "title": lambda pairs: [titles.get(one.article) for one, titles in pairs],
        "start": lambda pairs: [one.start for one, _ in pairs],
        "end": lambda pairs: [one.end for one, _ in pairs],
        "text": lambda pairs: [one.text for one, _ in pairs],
    }
    return TableType(
        name="links",
        definition="One row a link between passages that tell of the same thing.",
        about=(
            "A link is in the split of its articles; where they are in several, in the one that is held out furthest"
            " (test, then validation), so that training rows quote no other split."
        ),
        features=features,
        items=lambda row: [row],
        plan={
            "id": its("id"),
            "kind": each(lambda row: _KIND[row.link.kind]),
            "passages": Each(lambda row: [(one, row.titles) for one in row.link.passages], passages),
            "note": each(lambda row: row.link.note or None),
        },
        columns={
            "id": "kind and places of the passages; unique in the table",
            "kind": "same incident, one text repeated, or one that disputes the other",
            "passages": "where they stand: article, title, and `text` at `[start, end)`",
            "note": "what ties them",
        },
        reads="links",
    )
