"""The table `links`: passages that tell of one incident, repeat one text, or dispute one another."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np

from annotate.dataset.arrow import list_array, struct_array
from annotate.dataset.features import RANGE, STRING, Feature, class_label, ids_by_name, list_of
from annotate.dataset.tables.table import TableType
from annotate.model import Link

KINDS: tuple[str, ...] = get_args(get_type_hints(Link)["kind"])
_KIND_IDS = ids_by_name(KINDS)
_PASSAGE: Feature = {"article": STRING, "title": STRING, **RANGE, "text": STRING}
_FEATURES: Feature = {"id": STRING, "kind": class_label(KINDS), "passages": list_of(_PASSAGE), "note": STRING}


class LinkRow(NamedTuple):
    """A link, and the titles of its articles by id."""

    link: Link
    titles: Mapping[str, str | None]

    @property
    def id(self) -> str:
        """Kind and passages: the id stays when other links come or go."""
        passages = (f"{passage.article}:{passage.start}-{passage.end}" for passage in self.link.passages)
        return f"{self.link.kind}: {', '.join(passages)}"


def links_table() -> TableType:
    """Return the table `links`."""
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
    passages = [passage for row in rows for passage in row.link.passages]
    columns = {
        "article": [passage.article for passage in passages],
        "title": [row.titles.get(passage.article) for row in rows for passage in row.link.passages],
        "start": [passage.start for passage in passages],
        "end": [passage.end for passage in passages],
        "text": [passage.text for passage in passages],
    }
    bounds = np.cumsum([0, *(len(row.link.passages) for row in rows)])
    return {
        "id": [row.id for row in rows],
        "kind": [_KIND_IDS[row.link.kind] for row in rows],
        "passages": list_array(_FEATURES["passages"], bounds, struct_array(_PASSAGE, columns)),
        "note": [row.link.note or None for row in rows],
    }
