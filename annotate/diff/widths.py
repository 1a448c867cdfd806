"""Whether a field of the inventory allows less than it did, or only more."""

from typing import Any, Literal

Width = Literal["narrowed", "widened"]

LABELS = frozenset({"labels", "head", "tail"})
BOUNDS = frozenset({"per_head", "per_tail"})


def width(field: str, old: Any, new: Any) -> Width | None:
    """narrowed, where something that was allowed is not any more; widened otherwise; None for other fields."""
    if field in LABELS:
        return _labels(set(old or ()), set(new or ()), any_without=field != "labels")
    if field in BOUNDS:
        return _bounds(old or {}, new or {})
    if field == "required":
        return "narrowed" if new else "widened"
    if field == "classes" and None in (old, new):  # a column of its own, which comes or goes
        return "narrowed" if new is None else "widened"
    if isinstance(old, dict) and isinstance(new, dict) and old.items() <= new.items():
        return "widened"  # readings or numbers of more words, with those of the others as they were
    return None


def _labels(old: set[str], new: set[str], any_without: bool) -> Width:
    """Ends without labels allow any."""
    if any_without and not new:
        return "widened"
    if any_without and not old:
        return "narrowed"
    return "narrowed" if old - new else "widened"


def _bounds(old: dict[str, Any], new: dict[str, Any]) -> Width:
    least, most = (old.get("least", 0), new.get("least", 0)), (old.get("most"), new.get("most"))
    fewer = most[1] is not None and (most[0] is None or most[1] < most[0])
    return "narrowed" if least[1] > least[0] or fewer else "widened"
