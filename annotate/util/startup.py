"""Settings of a process of ours, made before it does anything else. This module imports nothing heavy."""

import os
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


def unblock_pandas() -> None:
    """Let this process import pandas again, for a library that needs it."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _PandasBlocker)]


def safe_search_path() -> list[str]:
    """Return Python's search path without the current folder, where a file may come from a stranger.

    An entry for the current folder stays if this package is there, if packages are installed there, or if PYTHONPATH
    names it by its absolute path.
    """
    import site

    here = os.path.realpath(".")
    trusted = {os.path.dirname(os.path.dirname(os.path.dirname(__file__))), os.path.dirname(os.__file__)}  # noqa: PTH120
    trusted.update(os.environ.get("PYTHONPATH", "").split(os.pathsep), site.getsitepackages())
    if site.ENABLE_USER_SITE:
        trusted.add(site.getusersitepackages())
    keep = here in {os.path.realpath(entry) for entry in trusted if os.path.isabs(entry)}  # noqa: PTH117
    return [entry for entry in sys.path if os.path.isabs(entry) and (keep or os.path.realpath(entry) != here)]  # noqa: PTH117


def forget_current_folder() -> None:
    """Remove the current folder from this process's search path. `python -m` and `python -c` put it first."""
    sys.path[:] = safe_search_path()
