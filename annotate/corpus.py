"""`corpus/` ↔ the model: where each file is, its canonical bytes, and reading and writing them side by side.

Canonical JSON: keys in the order of the model, one span or relation a line, spans by place, LF at the end. Loading a
canonical file and saving it gives the same bytes.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.model import GOLD, Annotation, Annotator, Article, Coverage, Links, Relation, SourceFile, Span
from annotate.schemas import convert_value
from annotate.util.files import (
    FileToWrite,
    decode_yaml,
    list_folders,
    list_names,
    load_yaml,
    read_bytes,
    read_bytes_if_present,
    reporting_read_errors,
    walk_files,
    write_atomically,
)

T = TypeVar("T")

_CHECK = "`annotate check` says what is wrong with it"
_READABLE = "make it a folder that can be read"


def span_sort_key(span: Span) -> tuple[int, int, str, str]:
    """The canonical order of spans: start, end, label, id."""
    return span.start, span.end, span.label, span.id


def sort_annotation(annotation: Annotation) -> Annotation:
    """The same annotation with spans by place, and relations by the place of their head, then of their tail."""
    spans = sorted(annotation.spans, key=span_sort_key)
    place = {span.id: number for number, span in enumerate(spans)}

    def relation_order(relation: Relation) -> tuple[int, int, str]:
        return place.get(relation.head, -1), place.get(relation.tail, -1), relation.label

    relations = sorted(annotation.relations, key=relation_order)
    return msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations))


def _lines(value: Any, line: bytes) -> bytes:
    """A list of structs with one a line; anything else on one line. `line` is the value as `msgspec` encodes it."""
    if not line.startswith((b"[", b"{")):
        return line
    line = msgspec.json.format(line, indent=0)
    if not isinstance(value, list | tuple) or not value or isinstance(value[0], str):
        return line
    # All in one go. What is looked for is no part of a string: a quote in one has a backslash before it, and the quote
    # that ends one has no letter behind it. Nor is it within an item: no item has a list of structs of its own type.
    between = b'}, {"%b": ' % value[0].__struct_fields__[0].encode()
    return b"[\n" + line[1:-1].replace(between, between.replace(b" ", b"\n", 1)) + b"\n]"


_encoder = msgspec.json.Encoder()


def _encode(noun: msgspec.Struct, but: str = "") -> bytes:
    """The fields of a noun, one a line or list; `but` is left out."""
    names, form = _form(type(noun), but)
    values = [getattr(noun, name) for name in names]
    # An encoded value has no line end of its own.
    lines = _encoder.encode_lines(values).split(b"\n")
    return form % tuple(map(_lines, values, lines))


@cache
def _form(type_: type[msgspec.Struct], but: str) -> tuple[tuple[str, ...], bytes]:
    """The fields of a noun, and the bytes around their values."""
    names = tuple(name for name in type_.__struct_fields__ if name != but)
    return names, b"{\n" + b",\n".join(b'"%b": %%b' % name.encode() for name in names) + b"\n}\n"


def encode_annotation(annotation: Annotation) -> bytes:
    return encode_sorted_annotation(sort_annotation(annotation))


def encode_sorted_annotation(annotation: Annotation) -> bytes:
    """The bytes of an annotation whose spans and relations are in canonical order as they are."""
    return _encode(annotation)


def decode_annotation(path: Path, data: bytes) -> Annotation:
    """The annotation of a file's bytes; `path` is what an error names."""
    return _decoded(path, data, Annotation)


def encode_article(article: Article) -> bytes:
    """The metadata's bytes; the text has a file of its own."""
    return _encode(article, but="text")


def encode_source(source: SourceFile) -> bytes:
    return _encode(source)


def encode_coverage(coverage: Coverage) -> bytes:
    return _encode(coverage)


def encode_links(links: Links) -> bytes:
    return _encode(links)


def find_parent_folder(folder: Path) -> Path:
    """The folder that a folder is in, as it was named where that leads there, so that messages say what was typed."""
    named = folder / ".." if folder.name in ("", "..") else folder.parent
    real = folder.resolve().parent
    return named if named.resolve() == real else real


def _is_corpus(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in ("annotators.yaml", "articles", "sources"))


class Corpus:
    """A corpus folder. Paths are made from names that were found in it or for which `is_article_id` is true."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        with reporting_read_errors(self.root, "name a corpus folder"):
            there = self.root.is_dir()
        if not there:
            raise CannotRun(self.root, "no such folder", "name a corpus folder, or lay one out with `annotate init`")

    def expect(self) -> None:
        """Raises CannotRun for a folder that has nothing of a corpus, such as the one that a corpus is in."""
        if _is_corpus(self.root):
            return
        inner = self.root / "corpus"
        hint = f"name {inner}" if _is_corpus(inner) else "name a corpus folder, or lay one out with `annotate init`"
        raise CannotRun(self.root, "is no corpus: it has neither annotators.yaml nor articles nor sources", hint)

    def text_path(self, article: str) -> Path:
        return self.root / "articles" / f"{article}.txt"

    def article_path(self, article: str) -> Path:
        return self.root / "articles" / f"{article}.json"

    def annotation_path(self, version: str, article: str) -> Path:
        return self.root / "annotations" / version / f"{article}.json"

    def source_path(self, file: str) -> Path:
        return self.root / "sources" / file

    def source_record_path(self, file: str) -> Path:
        return self.root / "sources" / f"{file}.json"

    def coverage_path(self, article: str) -> Path:
        return self.root / "coverage" / f"{article}.json"

    def adjudication_path(self, article: str) -> Path:
        return self.root / "adjudication" / f"{article}.yaml"

    @property
    def links_path(self) -> Path:
        return self.root / "links.json"

    @property
    def statement_path(self) -> Path:
        return self.root / "statement.yaml"

    @property
    def release_path(self) -> Path:
        return self.root / "release.yaml"

    @property
    def annotators_path(self) -> Path:
        return self.root / "annotators.yaml"

    def article_ids(self) -> list[str]:
        return self._names("articles", ".json")

    def text_ids(self) -> list[str]:
        return self._names("articles", ".txt")

    def versions(self) -> list[str]:
        """The folders of annotations: annotators, and gold."""
        folder = f"{self.root}/annotations"
        with reporting_read_errors(folder, _READABLE):
            return list_folders(folder)

    def labelled_by(self, names: Iterable[str]) -> list[str]:
        """Annotators, each once; raises CannotRun, naming those who have, for one who has labelled nothing."""
        wanted, known = list(dict.fromkeys(names)), self.versions()
        for name in wanted:
            if name not in known:
                hint = f"take of: {', '.join(known)}" if known else "nobody has labelled yet"
                raise CannotRun(self.root / "annotations", f"has no labels by {name!r}", hint)
        return wanted

    def annotated_ids(self, version: str) -> list[str]:
        return self._names(f"annotations/{version}", ".json")

    def covered_ids(self) -> list[str]:
        return self._names("coverage", ".json")

    def source_files(self) -> list[str]:
        """The names of the source files that have a record beside them, or are one's subject."""
        return self._names("sources", ".json")

    def _names(self, folder: str, ending: str) -> list[str]:
        """The names of the files in a folder; one that stands in several folders is one string in memory."""
        path = f"{self.root}/{folder}"
        with reporting_read_errors(path, _READABLE):
            return [sys.intern(name) for name in list_names(path, ending)]

    def files(self) -> Iterator[str]:
        """The paths of all files, from the folder on, also hidden ones, in no order."""
        with reporting_read_errors(self.root, _READABLE):
            yield from walk_files(str(self.root))

    def splits(self) -> dict[str, list[str]]:
        """Split → article ids, in the order of the files' lines."""
        return {
            name: read_bytes(f"{self.root}/splits/{name}.txt", "restore the list").decode("utf-8", "replace").split()
            for name in sorted(self._names("splits", ".txt"), key="{}.txt".format)
        }

    def read_text(self, article: str) -> str:
        path = f"{self.root}/articles/{article}.txt"
        try:
            return read_bytes(path, _CHECK).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CannotRun(Path(path), f"is not UTF-8 (byte {error.start})", _CHECK) from error

    def read_article(self, article: str) -> Article:
        path = f"{self.root}/articles/{article}.json"
        fields = _decoded(path, read_bytes(path, _CHECK), dict[str, Any])
        return convert_value(path, {**fields, "text": self.read_text(article)}, Article, _CHECK)

    def read_annotation(self, version: str, article: str) -> Annotation:
        path = f"{self.root}/annotations/{version}/{article}.json"
        return _decoded(path, read_bytes(path, _CHECK), Annotation)

    def find_annotation(self, version: str, article: str) -> Annotation | None:
        """The same; None where the article has no such labels."""
        path = f"{self.root}/annotations/{version}/{article}.json"
        data = read_bytes_if_present(path, _CHECK)
        return None if data is None else _decoded(path, data, Annotation)

    def read_source(self, file: str) -> SourceFile:
        return _decode(self.source_record_path(file), SourceFile)

    def read_coverage(self, article: str) -> Coverage:
        return _decode(self.coverage_path(article), Coverage)

    def read_links(self) -> Links:
        """The links between passages; none where the corpus has no file of them."""
        data = read_bytes_if_present(self.links_path, _CHECK)
        return Links(links=()) if data is None else _decoded(self.links_path, data, Links)

    def read_statement(self) -> dict[str, str]:
        """The data statement, heading → text; empty where the corpus has none."""
        path = self.statement_path
        data = read_bytes_if_present(path, _CHECK)
        return {} if data is None else convert_value(path, decode_yaml(path, data), dict[str, str], _CHECK)

    def read_annotators(self) -> dict[str, Annotator]:
        """Annotators by id."""
        path = self.annotators_path
        value = load_yaml(path, _CHECK)
        entries = value.get("annotators", []) if isinstance(value, dict) else []
        return {annotator.id: annotator for annotator in convert_value(path, entries, list[Annotator], _CHECK)}

    def articles(self) -> Iterator[Article]:
        return (self.read_article(article) for article in self.article_ids())

    def gold(self) -> Iterator[Annotation]:
        return (self.read_annotation(GOLD, article) for article in self.annotated_ids(GOLD))

    def files_of_article(self, article: Article) -> list[FileToWrite]:
        """Text and metadata; the metadata last, so that an article without a text never shows."""
        text = FileToWrite(self.text_path(article.id), article.text.encode("utf-8"))
        return [text, FileToWrite(self.article_path(article.id), encode_article(article))]

    def write_article(self, article: Article) -> None:
        for file in self.files_of_article(article):
            write_atomically(*file)

    def write_annotation(self, version: str, annotation: Annotation) -> None:
        write_atomically(self.annotation_path(version, annotation.article), encode_annotation(annotation))

    def write_coverage(self, coverage: Coverage) -> None:
        write_atomically(self.coverage_path(coverage.article), encode_coverage(coverage))

    def write_links(self, links: Links) -> None:
        write_atomically(self.links_path, encode_links(links))

    def files_of_source(self, source: SourceFile, data: bytes) -> list[FileToWrite]:
        """A source file and its record; the record last."""
        record = FileToWrite(self.source_record_path(source.file), encode_source(source))
        return [FileToWrite(self.source_path(source.file), data), record]

    def write_source(self, source: SourceFile, data: bytes) -> None:
        for file in self.files_of_source(source, data):
            write_atomically(*file)

    def write_source_record(self, source: SourceFile) -> None:
        write_atomically(self.source_record_path(source.file), encode_source(source))


def _decode(path: Path, type_: type[T]) -> T:
    return _decoded(path, read_bytes(path, _CHECK), type_)


def _decoded(path: str | Path, data: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(Path(path), f"cannot be read: {error}", _CHECK) from error
