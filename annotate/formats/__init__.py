"""Annotations in other formats: each format is a module that reads and writes it and declares what it cannot carry.

A reader gives a `RawDocument` for each text (`document`). On import, `apply_mapping` turns it into an article and an
annotation, by a map from the labels in the files to the inventory (`annotate.label_map`) and with `placement` for its
offsets; `importer` puts them into a corpus. `file_patterns` finds texts and their labels in a folder, `folder_contents`
what is not read there, and `article_metadata` the metadata of articles in a table. On export, `export` writes
documents, reads them back, and compares the two in a `ledger`; `csv_tables` does the same with tables for spreadsheets.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from annotate.errors import CannotRun

if TYPE_CHECKING:
    from annotate.formats.document import Format, RawDocument
    from annotate.formats.file_patterns import FileLayout
    from annotate.inventory import Inventory
    from annotate.label_map import LabelMap

FORMATS = {"brat": "brat", "xmi": "xmi", "docbin": "docbin", "bio": "conll", "jsonl": "jsonl"}
"""The name of each format, as in `--format`, and of its module in this package."""

CSV = "csv"
"""Tables for spreadsheets; `csv_tables` writes them and `csv_labels` reads them for `annotate import`."""
TOOLS = ("doccano", "prodigy")
"""Tools whose JSON lines have a ready map in `presets`. They are formats of `annotate import` alone."""
LABEL_STUDIO = "labelstudio"
"""Raw exports of Label Studio, a format of `annotate import` alone; its reader is `convert.exported_documents`."""
PRELABEL = "prelabel"
"""Folders that `annotate prelabel` wrote, of `annotate import` alone; `models.prelabel_import` takes them."""
ENDINGS = {
    "brat": (".txt", ".ann", ".a1", ".a2"),
    "xmi": (".xmi",),
    "docbin": (".spacy",),
    "bio": (".conll", ".bio", ".iob", ".iob2"),
    "jsonl": (".jsonl",),
    CSV: ("spans.csv", "relations.csv"),
    LABEL_STUDIO: (".json", ".jsonl"),
    PRELABEL: (".json",),
    "doccano": (".jsonl",),
    "prodigy": (".jsonl",),
}
"""The endings of the files that a reader reads, or of which it says why not."""


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
        name: The name of the format.
        label_map: The map, with what is known of the format.
        read: Reads the documents of a folder; see `document.Format`.
        list_annotators: Returns the names of those who labelled the documents of a folder, where they say it.
        endings: The endings of the files that it reads, or of which it says why not.
        reads_single_files: Whether `read` takes the path of a file, too.
    """

    name: str
    label_map: "LabelMap"
    read: "Callable[[Path, Inventory], Iterator[RawDocument]]"
    list_annotators: Callable[[Path], set[str]] = lambda _: set()
    endings: tuple[str, ...] = ()
    reads_single_files: bool = False


def load_reader(name: str, label_map: "LabelMap", layout: "FileLayout | None" = None) -> FormatReader:
    """Return the reader of a format: one of JSON lines by the map, if the map names their keys, or a tool's.

    Args:
        name: A key of `FORMATS`, or one of `TOOLS`.
        label_map: The map to the inventory.
        layout: Which files are texts and which are labels; for brat only.

    Raises:
        CannotRun: If a library that the format needs is not installed.
    """
    endings = ENDINGS.get(name, ())
    if layout is not None:
        from annotate.formats.brat import BratFiles

        files = BratFiles(layout)
        return FormatReader(name, label_map, files.read, files.list_annotators, (*endings, *layout.endings))
    if name in TOOLS:
        from annotate.label_map import add_defaults

        label_map = add_defaults(label_map, _load_preset(name))
    if name in TOOLS or (name == "jsonl" and label_map.jsonl is not None):
        from annotate.formats.json_rows import JsonRows

        rows = JsonRows(label_map)
        return FormatReader(name, label_map, rows.read, rows.list_annotators, endings)
    module = load_format(name)
    if name == "jsonl":
        from annotate.formats.jsonl import list_annotators

        return FormatReader(name, label_map, module.read, list_annotators, endings)
    return FormatReader(name, label_map, module.read, endings=endings)


def _load_preset(name: str) -> "LabelMap":
    from annotate.label_map import LabelMap
    from annotate.schemas import convert_value
    from annotate.util.files import load_yaml

    path = Path(__file__).with_name("presets") / f"{name}.yaml"
    return convert_value(path, load_yaml(path, "install the package again", within=path.parent), LabelMap)
