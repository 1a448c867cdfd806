"""How the C library keeps memory, for processes that take and give back megabytes many times a second."""

import ctypes

KEPT = 16 << 20
"""Bytes that were given back and are kept, to be taken again."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The parameters by which glibc's `mallopt` knows them (malloc.h)."""


def keep_freed() -> None:
    """Let glibc keep what is given back; nothing elsewhere.

    Unasked, it returns large blocks to the system at once, which fills each with zeros before it gives it out again: a
    twentieth of the time of `convert`. The most memory that a process ever has does not change by this.
    """
    try:
        set_ = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
        set_(parameter, KEPT)
