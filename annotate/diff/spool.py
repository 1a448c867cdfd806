"""The list of changes while what it comes to is not known yet: in memory while it is short, then on disk."""

import tempfile
from typing import IO

IN_MEMORY = 1 << 24
"""Characters that are held."""


def spool() -> IO[str]:
    """A text file to write to, rewind and read; it is gone once it is closed."""
    return tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="")
