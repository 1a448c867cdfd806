"""The relations between mentions of a batch as columns, as `records.Graph.related` has those of one document."""

from typing import NamedTuple

import numpy as np

from annotate.columns import UNKNOWN, Documents, Numbers, allowed, ordered
from annotate.dataset.mentions import Mentions


class Related(NamedTuple):
    """In the order of the annotations; `places` are those of the relations, `heads` and `tails` numbers of mentions."""

    places: Numbers
    labels: Numbers
    heads: Numbers
    tails: Numbers


def related(labels: Documents, mentions: Mentions) -> Related:
    """What the inventory allows, each triple of label and ends once; not what joins pieces."""
    relations, kinds = labels.relations, np.append(labels.spans.labels, UNKNOWN)
    fitting = allowed(labels.inventory)[relations.labels, kinds[relations.heads], kinds[relations.tails]]
    places = np.flatnonzero(fitting)
    heads, tails = mentions.whole[relations.heads[places]], mentions.whole[relations.tails[places]]
    order, same = ordered(heads, tails, relations.labels[places])
    once = np.sort(order[~same])
    return Related(places[once], relations.labels[places[once]], heads[once], tails[once])
