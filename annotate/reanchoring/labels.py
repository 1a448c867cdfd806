"""Labels on the corrected text of an article: result items of the server, and annotations of the corpus."""

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from annotate.labelstudio.config import TEXT
from annotate.model import Annotation, Relation, Span
from annotate.offsets import OffsetTable, ResolvedOffsets, resolve_offsets
from annotate.reanchoring.ranges import Misfit, RangeMover


class LabelMove(NamedTuple):
    """What becomes of a label that does not only move.

    Attributes:
        label: Its label, or several, separated by commas.
        words: Its words in the old text.
        new_words: Its words in the new text; None if it does not fit.
        reason: Why it does not fit.
        relations: The number of relations that go with it.
    """

    label: str
    words: str
    new_words: str | None = None
    reason: str = ""
    relations: int = 0


class MovedItems(NamedTuple):
    """Result items on the new text.

    Attributes:
        items: The items.
        dropped: Those of labels that do not fit, with their attributes and relations.
        moved: The number of labels that moved with their words.
        reworded: The labels that took new words.
        unfit: The labels that do not fit.
        unplaced: The number of labels whose words are not at their offsets of the old text. They are left as they are.
    """

    items: Any
    dropped: list[Any]
    moved: int
    reworded: list[LabelMove]
    unfit: list[LabelMove]
    unplaced: int


class MovedAnnotation(NamedTuple):
    """An annotation on the new text, and what was left out of it: spans and relations; see `MovedItems`."""

    annotation: Annotation
    dropped: list[Span | Relation]
    moved: int
    reworded: list[LabelMove]
    unfit: list[LabelMove]


def move_items(items: object, mover: RangeMover, *, keep_unfit: bool = False) -> MovedItems:
    """Move the result items of an annotation, draft or prediction.

    Args:
        items: The items as the server has them; whatever cannot be read is left as it is.
        mover: Moves ranges of their text.
        keep_unfit: Leave items of labels that do not fit as they are, in place of dropping them.
    """
    entries = items if isinstance(items, list) else []
    places: dict[str, ResolvedOffsets] = {}
    raw_offsets: dict[str, tuple[object, object]] = {}
    labels: dict[str, list[str]] = {}
    unplaced = set[str]()
    table = OffsetTable(mover.old)
    for item in entries:
        region_id = _region_id(item)
        if region_id is None or item.get("type") != "labels":
            continue
        names = item["value"].get("labels")
        labels.setdefault(region_id, []).extend(map(str, names) if isinstance(names, list) else ())
        resolved = _resolve(item["value"], table)
        if resolved is None:
            unplaced.add(region_id)
        elif region_id not in places:
            places[region_id], raw_offsets[region_id] = resolved, _raw_offsets(item)
    relations = Counter(end for item in entries for end in _ends(item))
    targets = {region_id: mover.move(place.start, place.end) for region_id, place in places.items()}
    misfits = {region_id for region_id, target in targets.items() if isinstance(target, Misfit)}
    reworded, unfit, moved = list[LabelMove](), list[LabelMove](), 0
    for region_id, target in targets.items():
        place = places[region_id]
        change = LabelMove(", ".join(labels[region_id]), mover.old[place.start : place.end])
        if isinstance(target, Misfit):
            unfit.append(change._replace(reason=target.reason, relations=relations[region_id]))
        elif target.is_reworded:
            reworded.append(change._replace(new_words=mover.new[target.start : target.end]))
        else:
            moved += 1
    kept, dropped = list[Any](), list[Any]()
    for item in entries:
        region_id = _region_id(item)
        if not keep_unfit and (region_id in misfits or misfits & _ends(item)):
            dropped.append(item)
            continue
        place_now = targets.get(region_id or "")
        is_elsewhere = region_id in unplaced or raw_offsets.get(region_id or "") != _raw_offsets(item)
        if place_now is None or isinstance(place_now, Misfit) or is_elsewhere:
            kept.append(item)
            continue
        value = item["value"] | {"start": place_now.start, "end": place_now.end}
        if isinstance(value.get(TEXT), str):
            value[TEXT] = mover.new[place_now.start : place_now.end]
        kept.append(item | {"value": value})
    return MovedItems(kept if isinstance(items, list) else items, dropped, moved, reworded, unfit, len(unplaced))


def _region_id(item: object) -> str | None:
    """Return the id of the region that an item is, or is about."""
    if not isinstance(item, dict) or not isinstance(item.get("value"), dict):
        return None
    region_id = item.get("id")
    return region_id if isinstance(region_id, str) and region_id else None


def _raw_offsets(item: Any) -> tuple[object, object]:
    return (item["value"].get("start"), item["value"].get("end")) if _region_id(item) is not None else (None, None)


def _ends(item: object) -> set[str]:
    """Return the ids of the regions that an item connects; none unless it is a relation."""
    if not isinstance(item, dict) or item.get("type") != "relation":
        return set()
    return {end for end in (item.get("from_id"), item.get("to_id")) if isinstance(end, str)}


def _resolve(value: dict[str, Any], table: OffsetTable) -> ResolvedOffsets | None:
    """Return the range of a region in code points; None if its words are not there."""
    start, end, words = value.get("start"), value.get("end"), value.get(TEXT)
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        return None
    resolved = resolve_offsets(table, start, end, words if isinstance(words, str) else table.text[start:end])
    return resolved if isinstance(resolved, ResolvedOffsets) and resolved.start < resolved.end else None


def move_annotation(annotation: Annotation, mover: RangeMover, text_sha256: str) -> MovedAnnotation:
    """Move an annotation of the corpus; labels that do not fit are left out, with their relations.

    Args:
        annotation: The annotation.
        mover: Moves ranges of its text.
        text_sha256: The hash of the new text.
    """
    spans, misfits = list[Span](), dict[str, LabelMove]()
    reworded, moved = list[LabelMove](), 0
    for span in annotation.spans:
        target: Any = Misfit("its words are not at its offsets")
        if mover.old[span.start : span.end] == span.text:
            target = mover.move(span.start, span.end)
        if isinstance(target, Misfit):
            misfits[span.id] = LabelMove(span.label, span.text, reason=target.reason)
            continue
        words = mover.new[target.start : target.end]
        spans.append(msgspec.structs.replace(span, start=target.start, end=target.end, text=words))
        if target.is_reworded:
            reworded.append(LabelMove(span.label, span.text, words))
        else:
            moved += 1
    lost = Counter(end for relation in annotation.relations for end in {relation.head, relation.tail})
    unfit = [change._replace(relations=lost[span_id]) for span_id, change in misfits.items()]
    relations, dropped = list[Relation](), list[Span | Relation]()
    dropped += [span for span in annotation.spans if span.id in misfits]
    for relation in annotation.relations:
        (dropped if misfits.keys() & {relation.head, relation.tail} else relations).append(relation)
    new = msgspec.structs.replace(annotation, text_sha256=text_sha256, spans=tuple(spans), relations=tuple(relations))
    return MovedAnnotation(new, dropped, moved, reworded, unfit)
