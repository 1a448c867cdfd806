"""How an annotation began: with the bare text, or with labels that someone else or a model had made.

The server says it of each annotation: `parent_prediction` and `parent_annotation` are what the annotator started from,
and each region has an `origin`. The parents refer to other entries of the same task. The server forgets a parent that
is deleted; the origins of regions remain. The ids of regions that were suggested meanwhile say by whom.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from annotate.labelstudio.entries import ANNOTATION_KEYS, Entry, user_of
from annotate.labelstudio.suggested_regions import find_suggester
from annotate.model import LABEL_ORIGINS, LONGEST_WORK, Annotation, Process, is_article_id
from annotate.util.escape import quote

MANUAL = LABEL_ORIGINS[0]
"""The origin of a region that was made by hand."""
_Start: TypeAlias = tuple[Process, tuple[str, ...], str]
"""Process, `made_from`, and what is not known."""
_BARE: _Start = ("single pass", (), "")
_DIGITS = 1
"""Decimal places that are kept of a number of seconds."""


class Beginning(NamedTuple):
    """What a server says of how an annotation began, and how long the work took.

    Attributes:
        process: `corrected` if the annotator began with labels, otherwise `single pass`.
        made_from: The names of what the annotator began with, and of who suggested regions meanwhile; empty if the
            text was bare, or if that is not known.
        lead_time: The seconds of work; None if the server does not say.
        origins: The number of regions by origin; empty if all are manual.
        unknown: What is not known of the labels that the annotator began with, in words; "" if all is known.
        unreadable: The fields that cannot be read, as name and value.
    """

    process: Process = "single pass"
    made_from: tuple[str, ...] = ()
    lead_time: float | None = None
    origins: Mapping[str, int] = {}
    unknown: str = ""
    unreadable: tuple[tuple[str, object], ...] = ()

    def apply(self, annotation: Annotation) -> Annotation:
        """Return an annotation with this beginning."""
        return msgspec.structs.replace(
            annotation,
            process=self.process,
            made_from=self.made_from,
            lead_time=self.lead_time,
            origins=dict(self.origins),
        )


class BeginningReader:
    """Read how the annotations of a task began.

    Args:
        task: The raw task, which lists the predictions and annotations that may be parents of others.
        name_of: Returns the name of the annotator that a user is; see `user_of`.
    """

    def __init__(self, task: Entry, name_of: Callable[[int | str | None], str]) -> None:
        self._name_of = name_of
        self._predictions = _index_by_id(task, ("predictions",))
        self._annotations = _index_by_id(task, ANNOTATION_KEYS)
        self._starts: dict[int, _Start] = {}

    def read(self, entry: Entry) -> Beginning:
        """Return how an annotation of the task began."""
        unreadable: list[tuple[str, object]] = []
        raw_time = entry.get("lead_time")
        lead_time = read_lead_time(raw_time)
        if raw_time is not None and lead_time is None:
            unreadable.append(("lead_time", raw_time))
        origins: Counter[str] = Counter()
        suggesters: dict[str | None, None] = {}
        for region_id, origin in _iterate_origins(entry):
            if isinstance(origin, str) and origin in LABEL_ORIGINS:
                origins[origin] += 1
                if origin != MANUAL:
                    suggesters[find_suggester(region_id)] = None
            else:
                unreadable.append(("origin", origin))
        if origins.keys() <= {MANUAL}:
            origins.clear()
        process, made_from, unknown = self._find_start(entry)
        if origins and process == "single pass":
            process, unknown = "corrected", "a prediction, which the server does not name" if None in suggesters else ""
        if process == "corrected":
            made_from += tuple(sorted(name for name in suggesters if name is not None and name not in made_from))
        counts = {name: origins[name] for name in LABEL_ORIGINS if name in origins}
        return Beginning(process, made_from, lead_time, counts, unknown, tuple(unreadable))

    def _find_start(self, entry: Entry) -> _Start:
        """Return what the parents say. A copy of one's own annotation began as that annotation did."""
        user, path = user_of(entry), list[int]()
        start = self._starts.get(id(entry))
        while start is None:
            path.append(id(entry))
            self._starts[id(entry)] = _BARE  # what a circle of parents leads to
            if (prediction_id := entry.get("parent_prediction")) is not None:
                start = _name_prediction(_find(self._predictions, prediction_id) or _copied_prediction(entry))
            elif (annotation_id := entry.get("parent_annotation")) is None:
                start = _BARE
            elif (parent := _find(self._annotations, annotation_id)) is None:
                start = "corrected", (), "another annotation that the server has no more"
            elif (author := user_of(parent)) is None or author != user:
                start = "corrected", (self._name_of(author),), ""
            else:
                entry = parent
                start = self._starts.get(id(entry))
        self._starts.update(dict.fromkeys(path, start))
        return start


def read_lead_time(value: object) -> float | None:
    """Return a number of seconds as it is stored, in tenths; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_time = 0 <= value <= LONGEST_WORK and math.isfinite(value)
    return round(float(value), _DIGITS) if is_time else None


def _iterate_origins(entry: Entry) -> Iterator[tuple[object, object]]:
    """Yield the id and the origin of each region; items without an origin are not asked."""
    items = entry.get("result")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == "labels" and item.get("origin") is not None:
            yield item.get("id"), item["origin"]


def _name_prediction(prediction: Entry | None) -> _Start:
    """Return the maker of a prediction by its name; see `tasks.prediction_name`."""
    if prediction is None:
        return "corrected", (), "a prediction that the server has no more"
    version = prediction.get("model_version")
    maker = version.partition(" ")[0] if isinstance(version, str) else ""
    if not is_article_id(maker):
        return "corrected", (), f"the prediction {quote(version)}, whose name does not begin with an annotator's id"
    return "corrected", (maker,), ""


def _copied_prediction(entry: Entry) -> Entry | None:
    """Return the copy of its parent prediction that an annotation of an export may have."""
    prediction = entry.get("prediction")
    is_parent = isinstance(prediction, dict) and prediction.get("id") == entry.get("parent_prediction")
    return prediction if is_parent else None


def _index_by_id(task: Entry, keys: Iterable[str]) -> dict[int | str, Entry]:
    """Return the entries in some lists of a task by their ids."""
    lists = (entries for key in keys if isinstance(entries := task.get(key), list))
    return {
        entry["id"]: entry
        for entries in lists
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), int | str)
    }


def _find(index: Mapping[int | str, Entry], id_: object) -> Entry | None:
    return index.get(id_) if isinstance(id_, int | str) else None
