"""Remove names and addresses of people from the server's data, before anything is stored or printed.

Of a person only the server's user id remains, which `people.json` maps to an annotator. The article and the labels stay
as they are.
"""

import re

from annotate.labelstudio.http import JsonObject

PERSONAL_KEYS = frozenset({"email", "first_name", "last_name", "username", "initials", "avatar", "phone"})
"""Keys of a person's data; the key `id` has the user id."""
NAME_KEYS = frozenset({"created_username", "user"})
"""Keys with a person as text: "Name Surname address, 7", or only an address."""
CONTENT_KEYS = frozenset({"data", "result", "meta", "annotations_results", "predictions_results"})
"""Keys of texts and labels, which are left alone."""

# It begins only where a run of such characters does, and never goes back: a long run is read once.
_EMAIL = re.compile(r"(?<![^\s@<>,;:\"'])[^\s@<>,;:\"']++@[^\s@<>,;:\"']++")
_TRAILING_ID = re.compile(r", ?(\d{1,18})\Z")


def remove_personal_data(record: JsonObject) -> JsonObject:
    """Return a task or draft of the server without names and addresses of people."""
    return {
        key: value if key in CONTENT_KEYS else _clean(key, value)
        for key, value in record.items()
        if key not in PERSONAL_KEYS
    }


def _clean(key: str, value: object) -> object:
    if isinstance(value, dict):
        return remove_personal_data(value)
    if isinstance(value, list):
        return [_clean(key, entry) for entry in value]
    if not isinstance(value, str):
        return value
    if key in NAME_KEYS:
        user_id = _TRAILING_ID.search(value)
        return f"user, {user_id[1]}" if user_id else "user"
    return _EMAIL.sub("address", value) if "@" in value else value
