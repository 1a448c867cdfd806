"""Exports documents: writes them, reads them back, and moves the folder to its place if no undeclared fact was lost."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.formats.apply_mapping import map_document
from annotate.formats.document import AnnotationOrigin, Format, LabelledArticle, RawDocument
from annotate.formats.ledger import NO_SOURCE, Ledger, encode_ledger
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map, load_map
from annotate.outputs import output_folder
from annotate.util.escape import quote
from annotate.util.files import write_atomically

LedgerType = TypeVar("LedgerType", bound=Ledger)

CERTIFICATE = "certificate.json"
_NO_ORIGIN = AnnotationOrigin("", "single pass", (), "")
_NO_DETAILS: dict[str, Any] = {
    "title": None,
    "language": "",
    "author": None,
    "publisher": None,
    "date": None,
    "rights": "",
    "metadata": {},
    "source": NO_SOURCE,
}
"""The fields of an article that a format does not say."""


def export_documents(
    format_: Format,
    name: str,
    out: Path,
    documents: Callable[[], Iterable[LabelledArticle]],
    inventory: Inventory,
    annotator: str,
    sources: Iterable[Path] = (),
) -> Ledger:
    """Write documents into a new folder, with the certificate beside them.

    The folder is created only if the ledger is clean. If the run before was killed when it had written this very
    export, the same files replace it.

    Args:
        format_: The module of the format.
        name: The name of the format.
        out: The folder.
        documents: Gives the documents in the order of their ids. It is called twice: to write them, and to compare them
            with what was read back.
        inventory: The inventory of the labels.
        annotator: Whose labels they are.
        sources: Folders that must neither contain the export nor be inside it.

    Returns:
        The ledger.

    Raises:
        CannotRun: If the folder exists and is not empty, or cannot be created.
    """

    def write(folder: Path) -> Ledger:
        format_.write(folder, documents(), inventory)
        return compare_with_export(format_, name, folder, documents(), inventory, annotator)

    return write_certified(out, sources, write)


def write_certified(out: Path, sources: Iterable[Path], write: Callable[[Path], LedgerType]) -> LedgerType:
    """Write a new folder and its certificate, unless something was lost that is not declared.

    Args:
        out: The folder.
        sources: Folders that must neither contain the export nor be inside it.
        write: Writes the export into an empty folder, reads it back, and returns the ledger.

    Returns:
        The ledger. The folder is created only if it is clean.

    Raises:
        CannotRun: If the folder exists and is not empty, or cannot be created.
    """
    with suppress(_LossyExport), output_folder(out, sources=sources) as folder:
        ledger = write(folder)
        if not ledger.clean:
            raise _LossyExport
        write_atomically(folder / CERTIFICATE, encode_ledger(ledger))
    return ledger


class _LossyExport(Exception):  # noqa: N818 - it keeps the folder from being written and is no error
    """An export lost something that its format does not declare."""


def compare_with_export(
    format_: Format, name: str, folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory, annotator: str
) -> Ledger:
    """Read an export back, document by document, and compare it with what was exported."""
    ledger = Ledger(format=name, annotator=annotator)
    map_file = folder / "map.yaml"
    label_map = load_map(map_file, inventory) if map_file.exists() else identity_map(inventory)
    reader = format_.read(folder, inventory)
    raw = next(reader, None)
    for document in documents:
        while raw is not None and raw.article_id < document.article.id:
            raw = next(reader, None)
        read = None
        if raw is not None and raw.article_id == document.article.id:
            read = _restore(raw, label_map, inventory)
            raw = next(reader, None)
        ledger.add(document, read, format_.list_losses(document, inventory))
    ledger.explain(format_.LOSSES)
    return ledger


def _restore(raw: RawDocument, label_map: LabelMap, inventory: Inventory) -> LabelledArticle | None:
    """Return a document as it was read, with nothing in the fields that the format does not say."""
    mapped = map_document(raw, label_map, inventory, raw.origin or _NO_ORIGIN, Details())
    if mapped.intake is None or mapped.annotation is None:
        return None
    (article,) = mapped.intake.articles
    return LabelledArticle(msgspec.structs.replace(article, **{**_NO_DETAILS, **raw.details}), mapped.annotation)


def require_exportable(document: LabelledArticle, inventory: Inventory) -> None:
    """Check that labels fit the inventory and the text; other labels would be lost silently.

    Raises:
        CannotRun: If they do not.
    """
    article, annotation = document
    where = f"annotations of {article.id} by {annotation.annotator}"
    hint = "`annotate check` says what is wrong"
    spans = {span.id: span for span in annotation.spans}
    if len(spans) != len(annotation.spans):
        raise CannotRun(where, "two spans have the same id", hint)
    if annotation.text_sha256 != article.text_sha256:
        raise CannotRun(where, "were made on another text", hint)
    for span in annotation.spans:
        if not 0 <= span.start < span.end <= len(article.text) or article.text[span.start : span.end] != span.text:
            raise CannotRun(where, f"the words of span {span.id} are not at its offsets", hint)
        if span.label not in inventory.spans:
            raise CannotRun(where, f"span {span.id} has the unknown label {quote(span.label)}", hint)
        attributes = {attribute.name: attribute for attribute in inventory.attributes_of(span.label)}
        for name, value in span.attributes.items():
            attribute = attributes.get(name)
            if attribute is None:
                raise CannotRun(where, f"span {span.id} has the attribute {quote(name)}, which its label has not", hint)
            if not attribute.allows(value):
                raise CannotRun(where, f"span {span.id} has the unknown value {quote(value)} of {name}", hint)
    for relation in annotation.relations:
        if relation.label not in inventory.relations:
            raise CannotRun(where, f"unknown relation {quote(relation.label)}", hint)
        if not {relation.head, relation.tail} <= spans.keys():
            raise CannotRun(where, f"a relation {relation.label} has an end that does not exist", hint)
