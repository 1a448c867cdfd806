"""Other formats, in and out: each a module that writes and reads, and declares what it cannot carry."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.formats.document import Format

FORMATS = {"brat": "brat", "xmi": "xmi", "docbin": "docbin", "bio": "conll", "jsonl": "jsonl"}
"""The name of each format, and of its module."""


def format_named(name: str) -> "Format":
    """The module of a format. Raises CannotRun where it needs a library that is not there."""
    try:
        return cast("Format", import_module(f"annotate.formats.{FORMATS[name]}"))
    except ModuleNotFoundError as error:
        hint = "pip install 'contested-claims[formats]'"
        raise CannotRun(f"--format {name}", f"needs the library {error.name}", hint) from error
