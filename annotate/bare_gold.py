"""Whether gold was made of bare passes: labels of annotators who were shown the text, and no labels of others.

Labels that are shown pull annotators towards them, so that gold made of such passes is nearer to their maker than it
should be. A model that labelled the bare text made a bare pass, too.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.model import GOLD, LABEL_ORIGINS, Annotation, is_article_id
from annotate.util.typed_values import decode_as

TRAIN = "train"
"""The split on which nothing is evaluated."""
_MANUAL = LABEL_ORIGINS[0]


class LabelOrigin(NamedTuple):
    """How the labels of an annotation set in one article came about.

    Attributes:
        annotator: The annotator, or the adjudicator.
        process: How they were made, as in `Annotation`.
        made_from: The annotation sets that they were made from.
        has_predictions: Whether a span came from a prediction that was shown, as it was or changed.
    """

    annotator: str
    process: str
    made_from: tuple[str, ...]
    has_predictions: bool = False

    @property
    def was_shown_labels(self) -> bool:
        """Whether the annotator began with labels. Adjudicated and promoted labels are made of passes instead."""
        is_own = self.process in ("single pass", "corrected")
        return self.process == "corrected" or self.has_predictions or (is_own and bool(self.made_from))


class AnnotationHead(msgspec.Struct, frozen=True):
    """What an annotation says of itself, without its labels, which are read over in a quarter of the time.

    The fields are as in `Annotation`.
    """

    annotator: str
    process: str
    made_from: tuple[str, ...]
    origins: dict[str, int] = {}


class UnprovenLabels(NamedTuple):
    """Labels behind gold that are not a bare pass, or of which nothing shows that they are one.

    Attributes:
        annotation_set: Whose labels these are; `GOLD` for gold itself.
        why: They began with labels that were shown; the corpus does not have them (absent); they were decided between
            passes and name none (empty); or they were made from themselves, directly or not (circular).
        shown: The annotation sets that the annotator was shown, directly; empty if they are not known.
    """

    annotation_set: str
    why: Literal["shown", "absent", "empty", "circular"]
    shown: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return in words why gold was not made of bare passes."""
        whose = GOLD if self.annotation_set == GOLD else f"the labels of {self.annotation_set}"
        if self.why == "absent":
            return f"the corpus lacks {whose}, so that nothing shows how they were made"
        if self.why == "empty":
            return f"{whose} name no pass that they were made from"
        if self.why == "circular":
            return f"{whose} were made from themselves"
        if self.shown:
            return f"{whose} began with those of {', '.join(self.shown)}"
        return f"{whose} began with labels whose maker is not known"


def describe_origin(annotation: Annotation | AnnotationHead) -> LabelOrigin:
    """Return how the labels of an annotation came about."""
    has_predictions = any(count and name != _MANUAL for name, count in annotation.origins.items())
    return LabelOrigin(annotation.annotator, annotation.process, tuple(annotation.made_from), has_predictions)


def find_unproven(gold: LabelOrigin, find_origin: Callable[[str], LabelOrigin | None]) -> list[UnprovenLabels]:
    """Return the labels behind gold that are not shown to be bare passes; none if all of them are.

    Gold that is itself a single pass is bare if it says so, and if the pass that its annotator has in the corpus is.

    Args:
        gold: How gold came about.
        find_origin: Returns how the labels of an annotation set in the same article came about; None if there are none.

    Returns:
        Each once, in the order in which they are reached.
    """
    unproven = list[UnprovenLabels]()
    origins: dict[str, LabelOrigin | None] = {GOLD: gold}
    parents = dict[str, tuple[str, ...]]()
    pending = [GOLD]
    for name in pending:  # grows while it is read
        origin = origins[name]
        parents[name] = ()
        if origin is None:
            unproven.append(UnprovenLabels(name, "absent"))
        elif origin.was_shown_labels:
            unproven.append(UnprovenLabels(name, "shown", origin.made_from))
        elif origin.process == "single pass":
            if name == GOLD and find_origin(origin.annotator) is not None:
                parents[name] = (origin.annotator,)
        elif origin.made_from:
            parents[name] = origin.made_from
        else:
            unproven.append(UnprovenLabels(name, "empty"))
        for parent in parents[name]:
            if parent not in origins:
                origins[parent] = find_origin(parent)
                pending.append(parent)
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        unproven.append(UnprovenLabels(error.args[1][0], "circular"))
    return unproven


def list_evaluated(splits: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return article id → split, for the articles that systems are evaluated on: those of all splits but `train`.

    Args:
        splits: Split → article ids. Without splits, nothing is evaluated.
    """
    return {article_id: split for split, ids in splits.items() if split != TRAIN for article_id in ids}


def list_unproven(corpus: Corpus, golds: Mapping[str, LabelOrigin]) -> list[str]:
    """Return a line for each evaluated article whose gold is not shown to be made of bare passes, as C124 reports it.

    Commands that make gold print these lines, so that nobody adjudicates in vain.

    Args:
        corpus: The corpus, which has the labels that gold is made of.
        golds: Article id → how its gold comes about, which may not be written yet.
    """
    evaluated, lines = list_evaluated(corpus.splits()), list[str]()
    for article_id, gold in golds.items():
        unproven = find_unproven(gold, partial(find_origin, corpus, article_id)) if article_id in evaluated else []
        if unproven:
            why = "; ".join(each.describe() for each in unproven)
            split = evaluated[article_id]
            lines.append(f"{article_id} is in the split {split}, and its gold is not made of bare passes: {why} (C124)")
    return lines


def find_origin(corpus: Corpus, article_id: str, annotation_set: str) -> LabelOrigin | None:
    """Return how the labels of an annotation set in an article came about; None if none can be read."""
    if not is_article_id(annotation_set):
        return None
    try:
        data = corpus.read_file_if_present(corpus.annotation_path(annotation_set, article_id))
        return None if data is None else describe_origin(decode_as(data, AnnotationHead))
    except (CannotRun, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
