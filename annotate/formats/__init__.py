"""Annotations in other formats: each format is a module that reads and writes it and declares what it cannot carry.

A reader gives a `RawDocument` for each text (`document`). On import, `apply_mapping` turns it into an article and an
annotation, by a map from the labels in the files to the inventory (`annotate.label_map`) and with `placement` for its
offsets; `importer` puts them into a corpus. On export, `export` writes documents, reads them back, and compares the two
in a `ledger`.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.formats.document import Format, RawDocument
    from annotate.inventory import Inventory
    from annotate.label_map import LabelMap

FORMATS = {"brat": "brat", "xmi": "xmi", "docbin": "docbin", "bio": "conll", "jsonl": "jsonl"}
"""The name of each format, as in `--format`, and of its module in this package."""

TOOLS = ("doccano", "prodigy")
"""Tools whose JSON lines have a ready map in `presets`. They are formats of `annotate import` alone."""


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


class FormatReader(NamedTuple):
    """What reads the files of a format for `annotate import`.

    Attributes:
        label_map: The map, with what is known of the format.
        read: Reads the documents of a folder; see `document.Format`.
        list_annotators: Returns the names of those who labelled the documents of a folder, where they say it.
    """

    label_map: "LabelMap"
    read: "Callable[[Path, Inventory], Iterator[RawDocument]]"
    list_annotators: Callable[[Path], set[str]] = lambda _: set()


def load_reader(name: str, label_map: "LabelMap") -> FormatReader:
    """Return the reader of a format: one of JSON lines by the map, if the map names their keys, or a tool's.

    Args:
        name: A key of `FORMATS`, or one of `TOOLS`.
        label_map: The map to the inventory.

    Raises:
        CannotRun: If a library that the format needs is not installed.
    """
    if name in TOOLS:
        from annotate.label_map import add_defaults

        label_map = add_defaults(label_map, _load_preset(name))
    if name in TOOLS or (name == "jsonl" and label_map.jsonl is not None):
        from annotate.formats.json_rows import JsonRows

        rows = JsonRows(label_map)
        return FormatReader(label_map, rows.read, rows.list_annotators)
    module = load_format(name)
    if name == "jsonl":
        from annotate.formats.jsonl import list_annotators

        return FormatReader(label_map, module.read, list_annotators)
    return FormatReader(label_map, module.read)


def _load_preset(name: str) -> "LabelMap":
    from annotate.label_map import LabelMap
    from annotate.schemas import convert_value
    from annotate.util.files import load_yaml

    path = Path(__file__).with_name("presets") / f"{name}.yaml"
    return convert_value(path, load_yaml(path, "install the package again", within=path.parent), LabelMap)
