"""Read the configuration that a draft is made from."""

from pathlib import Path

from annotate.errors import CannotRun
from annotate.util.files import is_regular, open_raw, reporting_read_errors

_LARGEST = 4_000_000
"""Bytes of a configuration."""
_NEIGHBOURS = ("visual.conf", "tools.conf", "kb_shortcuts.conf")


def read_configuration(path: str) -> str:
    """Read a configuration that the user named.

    Raises:
        CannotRun: If it cannot be read, is too large, or is not UTF-8.
    """
    with reporting_read_errors(path, "name a file that can be read"), open_raw(path, within=None) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise CannotRun(path, f"is larger than {_LARGEST:,} bytes", "name the configuration itself")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotRun(path, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error


def list_unread_neighbours(path: str) -> list[Path]:
    """Return the other configuration files of brat in the folder of an `annotation.conf`."""
    folder = Path(path).parent
    return [folder / name for name in _NEIGHBOURS if is_regular(folder / name, within=folder)]
