"""JSON lines: an article and one annotator's labels of it on each line, as the corpus has them. Nothing is lost."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from annotate.formats import rules
from annotate.formats.document import Arrow, Document, Head, Item, Loss, Mark, Note, RawDocument, Value
from annotate.formats.mapping import NOTE
from annotate.inventory import Inventory
from annotate.model import Annotation, Article

FILE = "annotations.jsonl"

LOSSES: dict[str, str] = {}


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line."""

    article: Article
    annotation: Annotation


def write(folder: Path, documents: Iterable[Document], _: Inventory) -> None:
    with (folder / FILE).open("wb") as file:
        file.writelines(msgspec.json.encode(Row(*document)) + b"\n" for document in documents)


def lost(_: Document, __: Inventory) -> Iterator[Loss]:
    return iter(())


def read(folder: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
    """The lines of all `.jsonl` files of a folder; findings name the line."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(path.name, number, line)


def _row(file: str, number: int, line: bytes) -> RawDocument:
    try:
        row = msgspec.json.decode(line, type=Row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = f"is no article with its annotation: {error}; fix the line"
        finding = next(rules.unreadable(f"{file}", None, why)).at(number)
        return RawDocument("", file, b"", (), finding)
    annotation, article = row.annotation, row.article
    head = Head(annotation.annotator, annotation.process, annotation.made_from, annotation.inventory)
    details = {name: getattr(article, name) for name in Article.__struct_fields__}
    for name in ("id", "text", "text_sha256"):
        del details[name]
    items = tuple(items_of(annotation, number))
    return RawDocument(article.id, file, article.text.encode("utf-8"), items, None, head, details)


def items_of(annotation: Annotation, line: int | None) -> Iterator[Item]:
    """What an annotation of ours says, as items."""
    for span in annotation.spans:
        yield Mark(line, span.id, span.label, ((span.start, span.end),), span.text, (span.id,))
        for name, value in span.attributes.items():
            yield Value(line, "", span.id, name, value)
        if span.note:
            yield Note(line, "", span.id, NOTE, span.note)
    for number, relation in enumerate(annotation.relations):
        ref = f"relation {number}"
        yield Arrow(line, ref, relation.label, relation.head, relation.tail)
        if relation.note:
            yield Note(line, "", ref, NOTE, relation.note)
