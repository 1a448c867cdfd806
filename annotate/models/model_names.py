"""The names of models as the public may read them: without the folders of the machine that they run on."""

import re

_PATH = re.compile(r"(?:[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]*+://)")
"""The beginning of a path or an address. `owner/name` is the name of a model."""
_SEPARATOR = re.compile(r"[/\\]")


def remove_path(name: str) -> str:
    """Return the name of a model; of a path or an address, the last part that is not empty.

    Servers that load a file of weights name the model after its path.

    Args:
        name: The name, as the user or the endpoint gives it.
    """
    if not _PATH.match(name) and "\\" not in name:
        return name
    parts = [part for part in _SEPARATOR.split(name) if part.strip()]
    return parts[-1] if parts else "unnamed"
