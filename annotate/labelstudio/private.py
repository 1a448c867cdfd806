"""Tasks without the people in them: names and addresses go at the boundary, before anything is kept or said.

Of a person the number stays, by which `people.json` knows them. What was labelled, and the article, stay as they are.
"""

import re
from typing import Any

PERSON = frozenset({"email", "first_name", "last_name", "username", "initials", "avatar", "phone"})
"""Keys of what the server says of a person; their number is under `id`."""
NAMED = frozenset({"created_username", "user"})
"""Keys with a person in words: "Name Surname address, 7" or an address alone."""
CONTENT = frozenset({"data", "result", "meta", "annotations_results", "predictions_results"})
"""Keys of what was written or labelled, which is not ours to change."""

_ADDRESS = re.compile(r"[^\s@<>,;:\"']+@[^\s@<>,;:\"']+")
_NUMBER = re.compile(r", ?(\d+)$")


def nameless(task: dict[str, Any]) -> dict[str, Any]:
    """A task or a draft, as the server gave it, without names and addresses of people; the same if it has none."""
    return {key: value if key in CONTENT else _nameless(key, value) for key, value in task.items() if key not in PERSON}


def _nameless(key: str, value: object) -> object:
    if isinstance(value, dict):
        return nameless(value)
    if isinstance(value, list):
        return [_nameless(key, entry) for entry in value]
    if not isinstance(value, str):
        return value
    if key in NAMED:
        number = _NUMBER.search(value)
        return f"user, {number[1]}" if number else "user"
    return _ADDRESS.sub("address", value) if "@" in value else value
