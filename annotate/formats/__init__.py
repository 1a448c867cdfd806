"""Other formats, in and out: each a module that writes and reads, and declares what it cannot carry."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.formats.raw import Format

FORMATS = ("brat", "xmi", "docbin", "bio", "jsonl")


def format_named(name: str) -> "Format":
    """The module of a format. Raises CannotRun where it needs a library that is not there."""
    try:
        return cast("Format", import_module(f"annotate.formats.{name}"))
    except ModuleNotFoundError as error:
        mend = "pip install 'contested-claims[formats]'"
        raise CannotRun(f"--format {name}", f"needs the library {error.name}", mend) from error
