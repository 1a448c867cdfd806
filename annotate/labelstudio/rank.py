"""Which of several annotations is taken: the ground truth, else the newest, else the one with the highest number."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

TIME_KEYS = ("updated_at", "created_at", "created_ago")
"""The keys of an annotation that may have its time, the best one first."""
_EPOCH, _NO_TIME = datetime(1970, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{1,18}")

Rank: TypeAlias = tuple[bool, datetime, int, str]
"""Whether an annotation is ground truth, its time, its id as a number, and its id; the highest is taken."""


def rank_annotation(is_ground_truth: bool, times: Iterable[object], annotation_id: object) -> Rank:
    """Return the rank of an annotation among those of its task.

    Args:
        is_ground_truth: Whether it is marked as ground truth.
        times: When it was made or changed, the best one first; the first that is a time counts.
        annotation_id: Its id.
    """
    time = next((time for time in map(parse_time, times) if time is not None), _NO_TIME)
    id_ = str(annotation_id)
    return is_ground_truth, time, int(id_) if _NUMBER.fullmatch(id_) else -1, id_


def parse_time(value: object) -> datetime | None:
    """Return a time in ISO 8601 or in seconds since 1970; None for anything else. Without a zone it is UTC."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value.strip())
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=value)
    except (ValueError, OverflowError):
        pass
    return None


def highest_rank(ranks: Sequence[Rank], first: int = 0) -> int | None:
    """Return the index of the highest rank, counted from `first`; None if there are no ranks."""
    return first + ranks.index(max(ranks)) if ranks else None


def rank_entry(entry: Mapping[str, Any]) -> Rank:
    """Return the rank of a raw annotation among those of its task."""
    is_ground_truth = entry.get("ground_truth") is True or entry.get("honeypot") is True
    return rank_annotation(is_ground_truth, [entry.get(key) for key in TIME_KEYS], entry.get("id"))
