"""Annotations in other formats: each format is a module that reads and writes it and declares what it cannot carry.

A reader gives a `RawDocument` for each text (`document`). On import, `apply_mapping` turns it into an article and an
annotation, by a map from the labels in the files to the inventory (`mapping`) and with `placement` for its offsets;
`importer` puts them into a corpus. On export, `export` writes documents, reads them back, and compares the two in a
`ledger`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.formats.document import Format

FORMATS = {"brat": "brat", "xmi": "xmi", "docbin": "docbin", "bio": "conll", "jsonl": "jsonl"}
"""The name of each format, as in `--format`, and of its module in this package."""


def load_format(name: str) -> "Format":
    """Import the module of a format; only then are the libraries loaded that it needs.

    Args:
        name: A key of `FORMATS`.

    Raises:
        CannotRun: If a library that the format needs is not installed.
    """
    try:
        return cast("Format", import_module(f"annotate.formats.{FORMATS[name]}"))
    except ModuleNotFoundError as error:
        hint = "pip install 'contested-claims[formats]'"
        raise CannotRun(f"--format {name}", f"needs the library {error.name}", hint) from error
