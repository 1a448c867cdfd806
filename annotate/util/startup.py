"""Settings of a process of ours, made before it does anything else. This module imports nothing heavy."""

import sys

KEPT_MEMORY = 16 << 20
"""Bytes of freed memory that glibc keeps for later."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt` (malloc.h)."""


def keep_freed_memory() -> None:
    """Make glibc keep freed memory. Without glibc, do nothing.

    By default glibc returns large blocks to the system at once, and the system fills each with zeros before it hands
    the block out again. That is a twentieth of the time of `convert`. The peak memory of the process stays the same.
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
        mallopt(parameter, KEPT_MEMORY)


class _PandasBlocker:
    """An import hook that hides pandas. pyarrow imports it with the first list: 50 MB and half a second."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def block_pandas() -> None:
    """Hide pandas from this process. Only for processes of our own: pyarrow no longer finds it afterwards."""
    sys.meta_path.insert(0, _PandasBlocker())
