"""The annotations of a raw task: where a task lists them, and who made them."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Entry: TypeAlias = Mapping[str, Any]
"""A raw annotation, prediction or draft of a task."""
ANNOTATION_KEYS = ("annotations", "completions")
"""The keys of a task that list its annotations; servers before Label Studio 1.0 and Annotation Lab write the second."""
TRAILING_ID = re.compile(r", (\d{1,18})\Z")
"""The id of a user at the end of a text that names the user."""


def user_of(entry: Entry) -> int | str | None:
    """Return the user who made an annotation: the id on the server, else an e-mail address or name; None if not given.

    Annotation Lab writes a name, and some servers an address without an id.
    """
    user = entry.get("completed_by")
    if isinstance(user, dict):
        user = next((user[key] for key in ("id", "email", "username") if isinstance(user.get(key), int | str)), None)
    if user is None:
        user = entry.get("created_username")
        if isinstance(user, str) and (match := TRAILING_ID.search(user)):
            return int(match[1])
    return user if isinstance(user, int | str) and user != "" else None
