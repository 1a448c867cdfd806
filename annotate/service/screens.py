"""What annotators have on their screens when they mark a span, and what the page can take in answer.

Label Studio 1.23 asks after a region was drawn, moved or relabelled, and also after one was deleted. It sends all
regions of the page with the same label, in the order in which they were made, but says neither which one changed nor
what else is on the page. The rest is in the draft, which the page saves within five seconds, and in what was answered
since. An undo is seen only in the draft. A region is answered once, so that what an annotator deletes does not come
back.

The page takes every region of an answer at once. It breaks on two things:

- a region with the id of one that it has, so new regions have random ids;
- a relation to a region that was drawn since the page was opened: the page looks for it by its id and the annotation's
  (`deserializeResults` in `stores/Annotation/Annotation.js`), and the id of a drawn region lacks the second part
  (`createResult`). So only relations between two new regions are sent.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import msgspec

from annotate.labelstudio.suggested_regions import PREDICTION, name_region
from annotate.model import Annotation, Relation, Span

Item: TypeAlias = Mapping[str, Any]

DRAFT_DELAY = 8.0
"""Seconds after which a change on a page is in its draft: the page waits five, and the server needs a while."""
MOST_TASKS = 1000
"""Tasks of which the latest changes are remembered."""
MOST_ANSWERED = 100_000
"""Regions that are remembered as answered."""
_ID_BYTES = 5


class Screen(NamedTuple):
    """What is on a page.

    Attributes:
        items: The result items.
        marked: The region that was marked.
    """

    items: list[object]
    marked: Item


class _Change(NamedTuple):
    """What came onto a page, or left it, at a time.

    Attributes:
        since: The time in seconds.
        items: The result items.
        gone: The ids of regions that left the page.
    """

    since: float
    items: list[object]
    gone: frozenset[str] = frozenset()


class ScreenMemory:
    """Remembers which regions were answered, and what changed on pages since their last draft.

    Args:
        now: Returns the time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._guard = now, Lock()
        self._answered = OrderedDict[tuple[object, ...], None]()
        self._changes = OrderedDict[object, list[_Change]]()

    def read(self, task: Item, marked_items: Sequence[object], version: str) -> Screen | None:
        """Return what is on the page that asks; None if no region on it was marked since the last answer.

        Args:
            task: The task with its drafts, annotations and predictions.
            marked_items: The result items that the page sends.
            version: The name of the predictions from which the page may have begun.
        """
        regions = [item for item in marked_items if _is_region(item)]
        saved = find_saved_items(task, {item["id"] for item in regions}, version)
        saved_keys = {_key(item) for item in saved if _is_region(item)}
        task_id, now = _hashable(task.get("id")), self._now()
        with self._guard:
            new = [item for item in regions if (task_id, *_key(item)) not in self._answered]
            marked = next((item for item in reversed(new) if _key(item) not in saved_keys), None)
            self._forget_old(self._answered, MOST_ANSWERED)
            self._answered |= {(task_id, *_key(item)): None for item in regions}
            changes = [change for change in self._changes.pop(task_id, ()) if now - change.since < DRAFT_DELAY]
            earlier = [*saved, *(item for change in changes for item in change.items)]
            gone = _find_gone(earlier, regions).union(*(change.gone for change in changes))
            gone -= {item["id"] for item in regions}
            self._remember(task_id, [*changes, _Change(now, list(marked_items), gone)])
        if marked is None:
            return None
        items: dict[tuple[object, ...], object] = {}
        for item in (*earlier, *marked_items):  # the last one of a region counts
            if isinstance(item, Mapping) and gone.isdisjoint(_ids_of(item)):
                items[_identity(item)] = item
        return Screen(list(items.values()), marked)

    def add(self, task: Item, items: Sequence[object]) -> None:
        """Remember what was answered for a page."""
        task_id = _hashable(task.get("id"))
        with self._guard:
            self._answered |= {(task_id, *_key(item)): None for item in items if _is_region(item)}
            changes = self._changes.pop(task_id, [])
            self._remember(task_id, [*changes, _Change(self._now(), list(items))])

    def _remember(self, task_id: object, changes: list[_Change]) -> None:
        self._changes[task_id] = changes
        self._forget_old(self._changes, MOST_TASKS)

    @staticmethod
    def _forget_old(memory: OrderedDict[Any, Any], most: int) -> None:
        while len(memory) > most:
            memory.popitem(last=False)


def _find_gone(earlier: Iterable[object], regions: Sequence[Item]) -> frozenset[str]:
    """Return the ids of regions that left the page: those with the labels of the regions that it has, and not there."""
    labels = {_labels_of(item) for item in regions}
    return frozenset(item["id"] for item in earlier if _is_region(item) and _labels_of(item) in labels) - {
        item["id"] for item in regions
    }


def find_saved_items(task: Item, region_ids: set[str], version: str) -> list[object]:
    """Return the items of what a page showed when it was last saved, or opened.

    That is the newest draft, which Label Studio sends of the annotator who asks. Without one, it is the annotation that
    has a region of the page. Without that either, the page may have begun from our prediction.

    Args:
        task: The task.
        region_ids: The ids of regions on the page.
        version: The name of our predictions.
    """
    drafts = list(_entries(task, "drafts"))
    if drafts:
        return list(
            max(drafts, key=lambda entry: str(entry.get("updated_at") or entry.get("created_at") or ""))["result"]
        )
    for entry in _entries(task, "annotations"):
        if any(isinstance(item, Mapping) and item.get("id") in region_ids for item in entry["result"]):
            return list(entry["result"])
    predictions = [entry for entry in _entries(task, "predictions") if entry.get("model_version") == version]
    return list(predictions[-1]["result"]) if predictions else []


def make_answer(
    added: Annotation, drawn: Iterable[Span], encode: Callable[[Annotation], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return what an assistant adds as result items that the page can take.

    Args:
        added: The spans and relations to add.
        drawn: The spans on the page.
        encode: Returns the result items of an annotation.

    Returns:
        Items that say that the labels were suggested, and by which annotator. Relations to spans on the page are left
        out.
    """
    drawn_ids = {span.id for span in drawn}
    ids = {
        span.id: name_region(added.annotator, secrets.token_hex(_ID_BYTES))
        for span in added.spans
        if span.id not in drawn_ids
    }
    spans = tuple(msgspec.structs.replace(span, id=ids[span.id]) for span in added.spans if span.id in ids)
    relations = tuple(
        Relation(label=relation.label, head=ids[relation.head], tail=ids[relation.tail])
        for relation in added.relations
        if relation.head in ids and relation.tail in ids
    )
    items = encode(msgspec.structs.replace(added, spans=spans, relations=relations))
    return [item | {"origin": PREDICTION} if _is_region(item) else item for item in items]


def _entries(task: Item, key: str) -> Iterator[Item]:
    entries = task.get(key)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("result"), list):
            yield entry


def _is_region(item: object) -> TypeGuard[Item]:
    return isinstance(item, Mapping) and item.get("type") == "labels" and isinstance(item.get("id"), str)


def _key(item: Item) -> tuple[object, ...]:
    """Return what a region is asked about: its id, range and labels."""
    value = item.get("value")
    value = value if isinstance(value, Mapping) else {}
    return item["id"], _hashable(value.get("start")), _hashable(value.get("end")), _labels_of(item)


def _labels_of(item: Item) -> tuple[object, ...]:
    value = item.get("value")
    labels = value.get("labels") if isinstance(value, Mapping) else None
    return tuple(map(_hashable, labels)) if isinstance(labels, list) else ()


def _ids_of(item: Item) -> list[str]:
    """Return the ids of the regions that an item is of, or that it joins."""
    return [id_ for name in ("id", "from_id", "to_id") if isinstance(id_ := item.get(name), str)]


def _identity(item: Item) -> tuple[object, ...]:
    """Return what an item is of: a region, an attribute of one, or a relation."""
    return tuple(_hashable(item.get(name)) for name in ("type", "id", "from_name", "from_id", "to_id"))


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else repr(value)[:100]
