"""What of a labelling config is in use on a server, counted, before a change of the config takes it away.

Submitted and skipped annotations, drafts of all users, and predictions count: the server silently orphans any of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from annotate.labelstudio.config import Vocabulary
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.results import ENTRY_KINDS, iterate_entries

RELATION_CONTROL = ""
"""What stands for the control of relations, which has no name."""

Usage: TypeAlias = dict[str, Counter[str]]
"""A name that is in use, as `Vocabulary.lost` writes it → the number of uses by kind of entry."""


def used_names(items: object) -> Iterator[tuple[str, str | None]]:
    """Yield what each result item needs of a config: its control with None, and its control with each value.

    A relation yields `RELATION_CONTROL` with each of its labels.
    """
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        if item.get("type") == "relation":
            labels = item.get("labels")
            for label in labels if isinstance(labels, list) else []:
                if isinstance(label, str):
                    yield RELATION_CONTROL, label
            continue
        control, value = item.get("from_name"), item.get("value")
        if not isinstance(control, str):
            continue
        yield control, None
        values = value.get(str(item.get("type"))) if isinstance(value, dict) else None
        if item.get("type") in ("labels", "choices") and isinstance(values, list):
            yield from ((control, name) for name in values if isinstance(name, str))


def count_lost(old: Vocabulary, new: Vocabulary, tasks: Iterable[JsonObject]) -> Usage:
    """Count the uses of what the old config has and the new one lacks."""
    lost_controls = {name for name, tag in old.controls.items() if new.controls.get(name) != tag}
    usage: Usage = {}
    for task in tasks:
        for kind, entry in iterate_entries(task):
            for control, value in used_names(entry.get("result")):
                name = _lost_name(control, value, old, new, lost_controls)
                if name:
                    usage.setdefault(name, Counter())[kind] += 1
    return dict(sorted(usage.items()))


def _lost_name(
    control: str, value: str | None, old: Vocabulary, new: Vocabulary, lost_controls: set[str]
) -> str | None:
    if control == RELATION_CONTROL:
        return f"relation {value}" if value in old.relations - new.relations else None
    if value is None:
        return control if control in lost_controls else None
    is_lost = (control, value) in old.values - new.values and control not in lost_controls
    return f"{control}: {value}" if is_lost else None


def describe_usage(usage: Usage) -> str:
    """Return the counts in one line: `Speaker.rank: hand (2 in annotations, 1 in drafts)`."""
    return "; ".join(
        f"{name} ({', '.join(f'{counts[kind]} in {key}' for kind, key in ENTRY_KINDS.items() if counts[kind])})"
        for name, counts in usage.items()
    )
