"""Exports documents: writes them, reads them back, and moves the folder to its place if no undeclared fact was lost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.formats import load_format
from annotate.formats.apply_mapping import map_document
from annotate.formats.document import AnnotationOrigin, Format, LabelledArticle, Loss, RawDocument
from annotate.formats.ledger import NO_SOURCE, Ledger, encode_ledger
from annotate.formats.parts import Part, cut_parts
from annotate.ingest import Details
from annotate.inventory import Inventory
from annotate.label_map import LabelMap, identity_map, load_map
from annotate.outputs import output_folder
from annotate.util.escape import quote
from annotate.util.files import write_atomically
from annotate.util.parallel import count_cores, count_workers, map_in_order, process_pool, with_rare_garbage_collection
from annotate.util.progress import StartStep, ignore_steps

LedgerType = TypeVar("LedgerType", bound=Ledger)

CERTIFICATE = "certificate.json"
ENOUGH = 2
"""The number of parts for which another process pays."""
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


class DocumentReader(NamedTuple):
    """Reads one annotation set of a corpus, with its articles; can be sent to another process.

    Attributes:
        corpus: The corpus.
        annotation_set: Gold, or an annotator's id.
        inventory: The inventory of the labels.
    """

    corpus: Corpus
    annotation_set: str
    inventory: Inventory

    def read(self, article_id: str) -> LabelledArticle:
        """Return a document.

        Raises:
            CannotRun: If it cannot be read, or its labels do not fit the inventory or the text.
        """
        annotation = self.corpus.read_annotation(self.annotation_set, article_id)
        document = LabelledArticle(self.corpus.read_article(article_id), annotation)
        require_exportable(document, self.inventory)
        return document

    def count_bytes(self, article_id: str) -> int:
        """Return the number of bytes of the text and the labels of an article; `read` reports what is missing."""
        size = 0
        for path in (self.corpus.text_path(article_id), self.corpus.annotation_path(self.annotation_set, article_id)):
            with suppress(OSError):
                size += path.lstat().st_size
        return size


def export_documents(
    name: str,
    out: Path,
    article_ids: Sequence[str],
    reader: DocumentReader,
    sources: Iterable[Path] = (),
    progress: StartStep = ignore_steps,
) -> Ledger:
    """Write documents into a new folder, with the certificate beside them.

    Args:
        name: The name of the format.
        out: The folder.
        article_ids: The ids of the articles, sorted.
        reader: Reads each of them.
        sources: Folders that must neither contain the export nor be inside it.
        progress: Called at the start of the step with its name and its number of articles.

    Returns:
        The ledger. The folder is created only if it is clean.

    Raises:
        CannotRun: If the folder exists and is not empty, or cannot be created, or the format cannot hold something.
    """
    ledger, export = Ledger(format=name, annotator=reader.annotation_set), partial(_export_part, name, reader)
    return export_parts(out, article_ids, reader, export, load_format(name).join, ledger, sources, progress)


def _export_part(name: str, reader: DocumentReader, part: Part) -> Ledger:
    documents = list(map(reader.read, part.article_ids))
    part.folder.mkdir()
    return export_part(load_format(name), name, part.folder, documents, reader.inventory, reader.annotation_set)


def export_part(
    format_: Format,
    name: str,
    folder: Path,
    documents: Sequence[LabelledArticle],
    inventory: Inventory,
    annotator: str,
) -> Ledger:
    """Write documents into an empty folder, read them back, and compare them with what was written.

    Args:
        format_: The module of the format.
        name: The name of the format.
        folder: The folder.
        documents: The documents, in the order of their ids.
        inventory: The inventory of the labels.
        annotator: Whose labels they are.
    """
    losses = list[list[Loss]]()

    def list_documents() -> Iterator[LabelledArticle]:
        for document in documents:
            yield document
            losses.append(list(format_.list_losses(document, inventory)))  # while its tokens are still there

    format_.write(folder, list_documents(), inventory)
    ledger = Ledger(format=name, annotator=annotator)
    map_file = folder / "map.yaml"
    label_map = load_map(map_file, inventory) if map_file.exists() else identity_map(inventory)
    reader = format_.read(folder, inventory)
    raw = next(reader, None)
    for document, declared in zip(documents, losses, strict=True):
        while raw is not None and raw.article_id < document.article.id:
            raw = next(reader, None)
        read = None
        if raw is not None and raw.article_id == document.article.id:
            read = _restore(raw, label_map, inventory)
            raw = next(reader, None)
        ledger.add(document, read, declared)
    ledger.explain(format_.LOSSES)
    return ledger


def export_parts(
    out: Path,
    article_ids: Sequence[str],
    reader: DocumentReader,
    export: Callable[[Part], LedgerType],
    join: Callable[[Path, Path, Inventory], None],
    ledger: LedgerType,
    sources: Iterable[Path] = (),
    progress: StartStep = ignore_steps,
) -> LedgerType:
    """Write a new folder and its certificate, unless something was lost that is not declared.

    The number of processes, one for each core, affects neither the files nor the ledger. If the run before was killed
    when it had written this very export, the same files replace it.

    Args:
        out: The folder.
        article_ids: The ids of the articles, sorted.
        reader: Reads each of them.
        export: Writes a part, reads it back, and returns its ledger; can be sent to another process.
        join: Adds the files of a part to a folder, as `Format.join` does.
        ledger: The ledger of all, still empty.
        sources: Folders that must neither contain the export nor be inside it.
        progress: Called at the start of the step with its name and its number of articles.

    Returns:
        The ledger. The folder is created only if it is clean.

    Raises:
        CannotRun: If the folder exists and is not empty, or cannot be created.
    """
    with suppress(_LossyExport), output_folder(out, sources=sources) as folder:
        parts = list(cut_parts(folder, article_ids, reader.count_bytes))
        workers = count_workers(len(parts), ENOUGH, count_cores())
        advance = progress("exporting", len(article_ids))
        work = partial(_collect_rarely, export)
        with process_pool(workers) as executor, closing(map_in_order(executor, work, parts, workers)) as ledgers:
            for part, of_part in zip(parts, ledgers, strict=True):
                join(folder, part.folder, reader.inventory)
                part.folder.rmdir()
                ledger.merge(of_part)
                advance(len(part.article_ids))
        if not ledger.clean:
            raise _LossyExport
        write_atomically(folder / CERTIFICATE, encode_ledger(ledger))
    return ledger


def _collect_rarely(export: Callable[[Part], LedgerType], part: Part) -> LedgerType:
    """Export a part with few runs of the garbage collector, which finds next to nothing in documents."""
    with with_rare_garbage_collection():
        return export(part)


class _LossyExport(Exception):  # noqa: N818 - it keeps the folder from being written and is no error
    """An export lost something that its format does not declare."""


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
