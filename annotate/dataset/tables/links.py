"""The table `links`: passages that tell of one incident, repeat one text, or dispute one another."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np

from annotate.dataset.arrow import lists, struct
from annotate.dataset.features import PLACE, STRING, Feature, classes, listed, numbered
from annotate.dataset.tables.common import TableType
from annotate.model import Link

KINDS: tuple[str, ...] = get_args(get_type_hints(Link)["kind"])
_KIND = numbered(KINDS)
_PASSAGE: Feature = {"article": STRING, "title": STRING, **PLACE, "text": STRING}
_FEATURES: Feature = {"id": STRING, "kind": classes(KINDS), "passages": listed(_PASSAGE), "note": STRING}


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
    return TableType(
        name="links",
        definition="One row a link between passages that tell of the same thing.",
        about=(
            "A link is in the split of its articles; where they are in several, in the one that is held out furthest"
            " (test, then validation), so that training rows quote no other split."
        ),
        features=_FEATURES,
        fill=_fill,
        columns={
            "id": "kind and places of the passages; unique in the table",
            "kind": "same incident, one text repeated, or one that disputes the other",
            "passages": "where they stand: article, title, and `text` at `[start, end)`",
            "note": "what ties them",
        },
        reads="links",
    )


def _fill(rows: Sequence[LinkRow]) -> dict[str, Any]:
    passages = [(one, row.titles) for row in rows for one in row.link.passages]
    columns = {
        "article": [one.article for one, _ in passages],
        "title": [titles.get(one.article) for one, titles in passages],
        "start": [one.start for one, _ in passages],
        "end": [one.end for one, _ in passages],
        "text": [one.text for one, _ in passages],
    }
    bounds = np.cumsum([0, *(len(row.link.passages) for row in rows)])
    return {
        "id": [row.id for row in rows],
        "kind": [_KIND[row.link.kind] for row in rows],
        "passages": lists(_FEATURES["passages"], bounds, struct(_PASSAGE, columns)),
        "note": [row.link.note or None for row in rows],
    }
