"""An export: written, read back, compared, and put in its place only if nothing undeclared was lost."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.formats import mapping
from annotate.formats.apply_mapping import convert
from annotate.formats.document import Document, Format, Head, RawDocument
from annotate.formats.ledger import NOWHERE, Ledger, encode
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.util.files import write_atomically

CERTIFICATE = "certificate.json"
NOBODY = Head("", "single pass", (), "")
UNKNOWN = {
    "title": None,
    "language": "",
    "author": None,
    "publisher": None,
    "date": None,
    "rights": "",
    "source": NOWHERE,
}
"""The fields of an article of which a format says nothing."""


def export(
    format_: Format,
    name: str,
    out: Path,
    documents: Callable[[], Iterable[Document]],
    inventory: Inventory,
    annotator: str,
) -> Ledger:
    """Write documents, in the order of their ids, into a new folder; the ledger of it, which is written beside them.

    `documents` is called twice: to write, and to compare with what was read back. The folder comes to be only if the
    ledger is clean. Raises CannotRun for a folder that is there already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CannotRun(out, "is there already and not empty", "name a new folder with --out")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made: {describe_os_error(error)}"
        raise CannotRun(out, problem, "name another folder with --out") from error
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        folder = Path(scratch) / "export"
        folder.mkdir()
        format_.write(folder, documents(), inventory)
        ledger = compared(format_, name, folder, documents(), inventory, annotator)
        if ledger.clean:
            write_atomically(folder / CERTIFICATE, encode(ledger))
            if out.exists():
                out.rmdir()
            shutil.move(folder, out)
    return ledger


def compared(
    format_: Format, name: str, folder: Path, documents: Iterable[Document], inventory: Inventory, annotator: str
) -> Ledger:
    """Read an export back, document by document, and compare it with what was exported."""
    ledger = Ledger(format=name, annotator=annotator)
    own_map = folder / "map.yaml"
    map_ = mapping.load(own_map, inventory) if own_map.exists() else mapping.identity(inventory)
    read = format_.read(folder, inventory)
    raw = next(read, None)
    for document in documents:
        while raw is not None and raw.name < document.article.id:
            raw = next(read, None)
        back = None
        if raw is not None and raw.name == document.article.id:
            back = _document(raw, map_, inventory)
            raw = next(read, None)
        ledger.add(document, back, format_.lost(document, inventory))
    ledger.explain(format_.LOSSES)
    return ledger


def _document(raw: RawDocument, map_: mapping.Map, inventory: Inventory) -> Document | None:
    """What was read, with nothing in the fields of which the format says nothing."""
    result = convert(raw, map_, inventory, raw.head or NOBODY, Details())
    if result.intake is None or result.annotation is None:
        return None
    (article,) = result.intake.articles
    said = {**UNKNOWN, **raw.details}
    return Document(msgspec.structs.replace(article, **said), result.annotation)
