"""A corpus folder: where each file is, its canonical bytes, and how it is read and written.

Canonical JSON has the keys in the order of the model, a span or relation a line, the spans by position, and LF as line
end. Reading a canonical file and writing it again gives the same bytes.
"""

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.model import (
    GOLD,
    Annotation,
    Annotator,
    Article,
    AttributeValue,
    Coverage,
    Links,
    MetadataValue,
    Relation,
    SourceFile,
    Span,
    find_value_types,
    is_article_id,
    normal_number,
)
from annotate.schemas import convert_value, require_valid
from annotate.util.escape import quote
from annotate.util.files import (
    LINK,
    FileToWrite,
    decode_yaml,
    read_bytes,
    read_bytes_if_present,
    reporting_read_errors,
    write_atomically,
)
from annotate.util.folders import FolderEntry, list_folders, list_names, walk_entries
from annotate.util.suggestions import list_choices, suggest
from annotate.util.typed_values import decode_as
from annotate.versions import latest, version_key

CITATION = "CITATION.cff"
"""The file, next to the corpus folder, that says how to cite the corpus."""
T = TypeVar("T")

GUIDELINES = "guidelines"
"""The folder of the guidelines, next to that of the corpus."""
_CHECK = "`annotate check` lists what is wrong with it"
_READABLE = "make it a readable folder"


def span_sort_key(span: Span) -> tuple[int, int, str, str]:
    """Return the key of the canonical order of spans: start, end, label, id."""
    return span.start, span.end, span.label, span.id


def sort_annotation(annotation: Annotation) -> Annotation:
    """Put the spans and relations of an annotation into canonical order, and its numbers into canonical form.

    Spans are sorted by `span_sort_key`, relations by the position of their head, then of their tail, then by label. A
    relation whose end is not a span comes first. Numbers are in the form of `model.normal_number`.
    """
    annotation = normalize_numbers(annotation)
    spans = sorted(annotation.spans, key=span_sort_key)
    positions = {span.id: position for position, span in enumerate(spans)}

    def relation_sort_key(relation: Relation) -> tuple[int, int, str]:
        return positions.get(relation.head, -1), positions.get(relation.tail, -1), relation.label

    relations = sorted(annotation.relations, key=relation_sort_key)
    return msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations))


def normalize_numbers(annotation: Annotation) -> Annotation:
    """Return an annotation whose attributes have numbers in canonical form, such as 2 for 2.0."""
    if float not in find_value_types(annotation):
        return annotation
    return msgspec.structs.replace(annotation, spans=tuple(map(_normalize_span, annotation.spans)))


def _normalize_span(span: Span) -> Span:
    attributes: dict[str, AttributeValue] = {}
    for name, value in span.attributes.items():
        number = normal_number(value) if isinstance(value, float) else value
        attributes[name] = value if number is None else number
    return msgspec.structs.replace(span, attributes=attributes)


def keep_version(annotation: Annotation, old: Annotation) -> Annotation:
    """Return an annotation with the inventory version of an old one that has the same spans and relations.

    The version says under which inventory someone last looked at the labels, which writing them again does not change.
    """
    new, old = sort_annotation(annotation), sort_annotation(old)
    is_equal = (new.spans, new.relations) == (old.spans, old.relations)
    return msgspec.structs.replace(annotation, inventory=old.inventory) if is_equal else annotation


def set_gold_version(gold: Annotation, parents: Sequence[Annotation], old: Annotation | None) -> Annotation:
    """Return gold with the inventory version that its labels were looked at with.

    Args:
        gold: Gold that was made from the labels of others, with the version that its adjudicator saw.
        parents: Those labels. Gold was looked at with no later version than the oldest of them: what they agree on
            nobody decided again, and it may be a default.
        old: The gold of the article in the corpus. If it has the same labels, its version is kept if it is later, since
            a person may have reviewed it.
    """
    version = min((gold.inventory, *(parent.inventory for parent in parents)), key=version_key)
    dated = msgspec.structs.replace(gold, inventory=version)
    return (
        msgspec.structs.replace(dated, inventory=latest(version, keep_version(dated, old).inventory)) if old else dated
    )


def _break_lines(value: Any, encoded: bytes) -> bytes:
    """Put each struct of a list on its own line, and anything else on one line.

    Args:
        value: The value of a field.
        encoded: The value as `msgspec` encodes it.
    """
    if not encoded.startswith((b"[", b"{")):
        return encoded
    encoded = msgspec.json.format(encoded, indent=0)
    if not isinstance(value, list | tuple) or not value or isinstance(value[0], str):
        return encoded
    # One replacement for the whole list is fast. The separator cannot be inside a string: there a quotation mark has a
    # backslash before it, and no letter follows the mark that ends a string. Nor can it be inside an item, since no
    # item has a list of structs of its own type.
    separator = b'}, {"%b": ' % value[0].__struct_fields__[0].encode()
    return b"[\n" + encoded[1:-1].replace(separator, separator.replace(b" ", b"\n", 1)) + b"\n]"


_encoder = msgspec.json.Encoder()


def _encode(struct: msgspec.Struct, *omit: str) -> bytes:
    """Encode a struct as canonical JSON, without the fields `omit`."""
    names, template = _make_template(type(struct), omit)
    values = [getattr(struct, name) for name in names]
    # An encoded value has no line end of its own.
    lines = _encoder.encode_lines(values).split(b"\n")
    return template % tuple(map(_break_lines, values, lines))


@cache
def _make_template(type_: type[msgspec.Struct], omit: tuple[str, ...]) -> tuple[tuple[str, ...], bytes]:
    """Return the names of a type's fields, and the bytes around their values."""
    names = tuple(name for name in type_.__struct_fields__ if name not in omit)
    return names, b"{\n" + b",\n".join(b'"%b": %%b' % name.encode() for name in names) + b"\n}\n"


def encode_annotation(annotation: Annotation) -> bytes:
    """Return the canonical bytes of an annotation."""
    return encode_sorted_annotation(sort_annotation(annotation))


def encode_sorted_annotation(annotation: Annotation) -> bytes:
    """Return the canonical bytes of an annotation whose spans and relations are in canonical order already.

    Fields that have nothing to say are left out.
    """
    unset = [name for name in ("lead_time", "origins") if getattr(annotation, name) in (None, {})]
    return _encode(annotation, *unset)


def decode_annotation(path: str | Path, data: bytes) -> Annotation:
    """Decode the bytes of an annotation file.

    Args:
        path: The file that an error names.
        data: Its bytes.

    Raises:
        CannotRun: If the bytes are not an annotation.
    """
    return normalize_numbers(_decode(path, data, Annotation))


def encode_article(article: Article) -> bytes:
    """Return the canonical bytes of an article's metadata; the text has its own file.

    The fields of `metadata` are sorted by name. Without any, the field is left out.
    """
    if not article.metadata:
        return _encode(article, "text", "metadata")
    return _encode(normalize_metadata(article), "text")


def normalize_metadata(article: Article) -> Article:
    """Return an article whose metadata are sorted by name and have numbers in canonical form, such as 2 for 2.0."""
    values: dict[str, MetadataValue] = {}
    for name, value in sorted(article.metadata.items()):
        number = normal_number(value) if isinstance(value, float) else value
        values[name] = value if number is None else number
    return msgspec.structs.replace(article, metadata=values)


def encode_source(source: SourceFile) -> bytes:
    """Return the canonical bytes of the record of a source file."""
    return _encode(source)


def encode_split(article_ids: Iterable[str]) -> bytes:
    """Return the canonical bytes of the file of a split: an article id a line."""
    return "".join(f"{article_id}\n" for article_id in article_ids).encode()


def decode_split(data: bytes) -> list[str]:
    """Return the article ids in the bytes of the file of a split, in the order of its lines."""
    return data.decode("utf-8", "replace").split()


def encode_coverage(coverage: Coverage) -> bytes:
    """Return the canonical bytes of an article's coverage."""
    return _encode(coverage)


def encode_links(links: Links) -> bytes:
    """Return the canonical bytes of the links of a corpus."""
    return _encode(links)


def find_parent_folder(folder: Path) -> Path:
    """Return the folder that contains a folder.

    Where possible the path has the form in which the user gave it, so that messages repeat what was typed.
    """
    parent = folder / ".." if folder.name in ("", "..") else folder.parent
    resolved = folder.resolve().parent
    return parent if parent.resolve() == resolved else resolved


def find_project_folders(schema: Path) -> list[Path]:
    """Return the folders to lock before files of a schema folder are written.

    Commands that write to a corpus read its inventory, so the corpus folder next to the schema folder is locked, too.

    Args:
        schema: The schema folder.

    Returns:
        The folder `corpus` next to the schema folder, if it holds a corpus, and the schema folder, if it exists.
    """
    corpus = find_parent_folder(schema) / "corpus"
    return [*([corpus] if _is_corpus(corpus) else []), *([schema] if schema.is_dir() else [])]


def _is_corpus(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in ("annotators.yaml", "articles", "sources"))


class Corpus:
    """A corpus folder.

    An annotation set is the annotations of one annotator, or gold; its name is that of its folder.

    Ids and file names become parts of paths without being checked. Give only those that this class returned, and ids
    for which `is_article_id` is true.

    Attributes:
        root: The folder.
        is_temporary: Whether it is removed by the command that made it.
    """

    def __init__(self, root: str | Path, *, is_temporary: bool = False) -> None:
        """Open a corpus folder.

        Args:
            root: The folder.
            is_temporary: Whether it is removed by the command that made it. Its files are not flushed to disk, since
                none of them needs to survive a power failure.

        Raises:
            CannotRun: If there is no such folder, or it is a link.
        """
        self.root, self.is_temporary = Path(root), is_temporary
        with reporting_read_errors(self.root, "name a corpus folder"):
            is_folder = self.root.is_dir()
        if self.root.is_symlink():
            raise CannotRun(self.root, LINK, "name the folder that it leads to")
        if not is_folder:
            raise CannotRun(self.root, "no such folder", "name a corpus folder, or create one with `annotate init`")

    def require_contents(self) -> None:
        """Check that the folder holds a corpus, and not, for example, the folder that contains one.

        Raises:
            CannotRun: If it has neither annotators.yaml nor articles nor sources.
        """
        if _is_corpus(self.root):
            return
        inner = self.root / "corpus"
        hint = f"name {inner}" if _is_corpus(inner) else "name a corpus folder, or create one with `annotate init`"
        raise CannotRun(self.root, "is not a corpus: it has no annotators.yaml, articles or sources", hint)

    def text_path(self, article_id: str) -> Path:
        """Return the path of an article's text."""
        return self.root / "articles" / f"{article_id}.txt"

    def article_path(self, article_id: str) -> Path:
        """Return the path of an article's metadata."""
        return self.root / "articles" / f"{article_id}.json"

    def annotation_path(self, annotation_set: str, article_id: str) -> Path:
        """Return the path of an annotation."""
        return self.root / "annotations" / annotation_set / f"{article_id}.json"

    def source_path(self, file: str) -> Path:
        """Return the path of a source file."""
        return self.root / "sources" / file

    def source_record_path(self, file: str) -> Path:
        """Return the path of the record of a source file."""
        return self.root / "sources" / f"{file}.json"

    def coverage_path(self, article_id: str) -> Path:
        """Return the path of an article's coverage."""
        return self.root / "coverage" / f"{article_id}.json"

    def adjudication_path(self, article_id: str) -> Path:
        """Return the path of the decisions on an article."""
        return self.root / "adjudication" / f"{article_id}.yaml"

    def split_path(self, name: str) -> Path:
        """Return the path of the list of a split."""
        return self.root / "splits" / f"{name}.txt"

    @property
    def links_path(self) -> Path:
        """The path of the links between passages."""
        return self.root / "links.json"

    @property
    def statement_path(self) -> Path:
        """The path of the data statement."""
        return self.root / "statement.yaml"

    @property
    def release_path(self) -> Path:
        """The path of the settings of releases."""
        return self.root / "release.yaml"

    @property
    def waivers_path(self) -> Path:
        """The path of the waivers of findings."""
        return self.root / "waivers.yaml"

    @property
    def annotators_path(self) -> Path:
        """The path of the list of annotators."""
        return self.root / "annotators.yaml"

    def article_ids(self) -> list[str]:
        """Return the ids of the articles that have metadata, sorted."""
        return self._list_names("articles", ".json")

    def text_ids(self) -> list[str]:
        """Return the ids of the articles that have a text, sorted."""
        return self._list_names("articles", ".txt")

    def annotation_sets(self) -> list[str]:
        """Return the names of the annotation sets, sorted: ids of annotators, and gold."""
        folder = f"{self.root}/annotations"
        with reporting_read_errors(folder, _READABLE):
            return list_folders(folder)

    def select_annotation_sets(self, names: Iterable[str]) -> list[str]:
        """Return the names of some annotation sets, each once, in the order given.

        Args:
            names: Ids of annotators, or gold.

        Raises:
            CannotRun: If the corpus does not have one of them.
        """
        selected, existing = list(dict.fromkeys(names)), self.annotation_sets()
        for name in selected:
            if name not in existing:
                hint = f"choose from: {list_choices(existing)}" if existing else "the corpus has no annotations yet"
                raise CannotRun(self.root / "annotations", f"has no labels by {quote(name)}", hint)
        return selected

    def select_article_ids(self, patterns: Iterable[str], among: Collection[str] | None = None) -> list[str]:
        """Return the ids of some articles, sorted.

        Args:
            patterns: Ids, or patterns with `*`, `?` and `[…]`, as a shell has them; none for all articles.
            among: The ids to choose from; by default those of the articles that have metadata.

        Raises:
            CannotRun: If the corpus has no article of one of them.
        """
        existing = self.article_ids() if among is None else sorted(among)
        patterns = list(dict.fromkeys(patterns))
        if not patterns:
            return existing
        selected = set[str]()
        for pattern in patterns:
            matching = [article_id for article_id in existing if fnmatchcase(article_id, pattern)]
            if not matching:
                problem = f"has no article {quote(pattern)}{suggest(pattern, existing)}"
                raise CannotRun(self.root, problem, "name articles by their ids, or by a pattern such as 'a*'")
            selected.update(matching)
        return sorted(selected)

    def annotated_ids(self, annotation_set: str) -> list[str]:
        """Return the ids of the articles that an annotation set has, sorted."""
        return self._list_names(f"annotations/{annotation_set}", ".json")

    def common_article_ids(self, annotators: Sequence[str]) -> list[str]:
        """Return the ids of the articles that all of the annotators have labelled, sorted.

        Args:
            annotators: The names of at least two annotation sets.

        Raises:
            CannotRun: If there are fewer than two annotators, or no such article.
        """
        if len(set(annotators)) < 2:
            raise CannotRun(",".join(annotators), "names fewer than two annotators", "write --from anna,ben")
        article_ids = sorted(set.intersection(*(set(self.annotated_ids(name)) for name in annotators)))
        if not article_ids:
            raise CannotRun(
                self.root, f"no article was labelled by all of {', '.join(annotators)}", "pull their labels"
            )
        return article_ids

    def covered_ids(self) -> list[str]:
        """Return the ids of the articles that have a coverage file, sorted."""
        return self._list_names("coverage", ".json")

    def decided_ids(self) -> list[str]:
        """Return the ids of the articles that have a file of decisions, sorted."""
        return self._list_names("adjudication", ".yaml")

    def source_files(self) -> list[str]:
        """Return the names of the source files that have a record, sorted; the source file itself may be missing."""
        return self._list_names("sources", ".json")

    def _list_names(self, folder: str, suffix: str) -> list[str]:
        """List the files of a folder by name, without suffix. Equal names of several folders share their memory."""
        path = f"{self.root}/{folder}"
        with reporting_read_errors(path, _READABLE):
            return [sys.intern(name) for name in list_names(path, suffix)]

    def files(self) -> Iterator[str]:
        """Yield the paths of all files, also of hidden ones, relative to the corpus folder, in no order."""
        return (entry.path for entry in self.entries())

    def entries(self) -> Iterator[FolderEntry]:
        """Yield all files, also hidden ones, and links, relative to the corpus folder, in no order."""
        with reporting_read_errors(self.root, _READABLE):
            yield from walk_entries(str(self.root))

    def read_file(self, path: str | Path, hint: str = _CHECK) -> bytes:
        """Read any file of the corpus.

        Args:
            path: The file; one of the methods of this class returned the path.
            hint: What to do if it cannot be read.

        Raises:
            CannotRun: If the file is missing or cannot be read, or is or lies behind a link.
        """
        return read_bytes(path, hint, within=self.root)

    def read_file_if_present(self, path: str | Path) -> bytes | None:
        """Read any file of the corpus, or return None if it does not exist; see `read_file`.

        Raises:
            CannotRun: If the file exists and cannot be read.
        """
        return read_bytes_if_present(path, _CHECK, within=self.root)

    def splits(self) -> dict[str, list[str]]:
        """Return the article ids of each split, in the order of the lines of its file."""
        return {name: decode_split(data) for name, data in self.read_split_files().items()}

    def read_split_files(self) -> dict[str, bytes]:
        """Return the bytes of the file of each split."""
        return {name: self.read_file(self.split_path(name), "restore the list") for name in self.split_names()}

    def split_names(self) -> list[str]:
        """Return the names of the splits that have a file, in the order of their file names."""
        return sorted(self._list_names("splits", ".txt"), key="{}.txt".format)

    def read_text(self, article_id: str) -> str:
        """Read the text of an article.

        Raises:
            CannotRun: If the file cannot be read, or is not UTF-8.
        """
        path = f"{self.root}/articles/{article_id}.txt"
        try:
            return self.read_file(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise CannotRun(Path(path), f"is not UTF-8 (byte {error.start})", _CHECK) from error

    def find_text(self, article_id: str) -> str | None:
        """Read the text of an article, None if the corpus has no such article.

        Raises:
            CannotRun: If the file cannot be read, or is not UTF-8.
        """
        if not is_article_id(article_id):
            return None
        metadata = self.read_file_if_present(f"{self.root}/articles/{article_id}.json")
        return None if metadata is None else self.read_text(article_id)

    def read_article(self, article_id: str) -> Article:
        """Read an article with its text.

        Raises:
            CannotRun: If one of its two files cannot be read.
        """
        path = f"{self.root}/articles/{article_id}.json"
        fields = _decode(path, self.read_file(path), dict[str, Any])
        return convert_value(path, {**fields, "text": self.read_text(article_id)}, Article, _CHECK)

    def find_readable_annotation(self, annotation_set: str, article_id: str) -> Annotation | None:
        """Return an annotation; None if there is none that can be read."""
        path = self.annotation_path(annotation_set, article_id)
        try:
            data = self.read_file_if_present(path)
            return decode_annotation(path, data) if data is not None else None
        except CannotRun:
            return None

    def read_annotation(self, annotation_set: str, article_id: str) -> Annotation:
        """Read an annotation.

        Args:
            annotation_set: The id of an annotator, or gold.
            article_id: The id of the article.

        Raises:
            CannotRun: If the file is missing or cannot be read.
        """
        path = f"{self.root}/annotations/{annotation_set}/{article_id}.json"
        return decode_annotation(path, self.read_file(path))

    def find_annotation(self, annotation_set: str, article_id: str) -> Annotation | None:
        """Read an annotation, or return None if the annotation set does not have the article.

        Raises:
            CannotRun: If the file cannot be read.
        """
        path = f"{self.root}/annotations/{annotation_set}/{article_id}.json"
        data = self.read_file_if_present(path)
        return None if data is None else decode_annotation(path, data)

    def read_source(self, file: str) -> SourceFile:
        """Read the record of a source file.

        Raises:
            CannotRun: If it cannot be read.
        """
        path = self.source_record_path(file)
        return _decode(path, self.read_file(path), SourceFile)

    def read_coverage(self, article_id: str) -> Coverage:
        """Read the coverage of an article.

        Raises:
            CannotRun: If it cannot be read.
        """
        path = self.coverage_path(article_id)
        return _decode(path, self.read_file(path), Coverage)

    def read_links(self) -> Links:
        """Read the links between passages; without a file there are none.

        Raises:
            CannotRun: If the file cannot be read.
        """
        data = self.read_file_if_present(self.links_path)
        return Links(links=()) if data is None else _decode(self.links_path, data, Links)

    def read_statement(self) -> dict[str, str]:
        """Read the texts of the data statement.

        Returns:
            The text of each section by heading; empty without a file, and for one that has only comments.

        Raises:
            CannotRun: If the file cannot be read.
        """
        return {heading: text for heading, text in self._read_statement().items() if isinstance(text, str)}

    def read_hub_metadata(self) -> dict[str, list[str]]:
        """Read the fields of a card's YAML that the data statement gives, such as `language_creators`.

        Returns:
            The values of each field; empty without a file.

        Raises:
            CannotRun: If the file cannot be read.
        """
        return {name: values for name, values in self._read_statement().items() if isinstance(values, list)}

    def _read_statement(self) -> dict[str, str | list[str]]:
        path = self.statement_path
        data = self.read_file_if_present(path)
        # A file in which every line is a comment is None.
        value = None if data is None else decode_yaml(path, data)
        return {} if value is None else convert_value(path, value, dict[str, str | list[str]], _CHECK)

    def read_annotators(self) -> dict[str, Annotator]:
        """Read the annotators, by id.

        Raises:
            CannotRun: If the file is missing or cannot be read.
        """
        path = self.annotators_path
        value = decode_yaml(path, self.read_file(path))
        entries = value.get("annotators", []) if isinstance(value, dict) else []
        try:
            return {annotator.id: annotator for annotator in convert_value(path, entries, list[Annotator], _CHECK)}
        except CannotRun:
            require_valid(path, value, "annotators")  # says it as `annotate check` does
            raise

    def articles(self) -> Iterator[Article]:
        """Yield all articles in the order of their ids. The files are read one by one."""
        return (self.read_article(article_id) for article_id in self.article_ids())

    def gold(self) -> Iterator[Annotation]:
        """Yield all gold annotations in the order of the article ids. The files are read one by one."""
        return (self.read_annotation(GOLD, article_id) for article_id in self.annotated_ids(GOLD))

    def prepare_file(self, path: Path, data: bytes, old: bytes | EllipsisType | None = ...) -> FileToWrite:
        """Return a file of the corpus for `write_files`, which refuses to write it behind a link.

        Args:
            path: The file.
            data: Its contents.
            old: The contents that were read before, as in `FileToWrite`.
        """
        return FileToWrite(path, data, within=self.root, old=old, is_flushed=not self.is_temporary)

    def write_file(self, path: Path, data: bytes) -> None:
        """Write a file of the corpus completely or not at all.

        Raises:
            CannotRun: If it cannot be written, or if it or a folder of the corpus above it is a link.
        """
        write_atomically(*self.prepare_file(path, data))

    def prepare_article(self, article: Article) -> list[FileToWrite]:
        """Return the files of an article. The metadata is last, so that no reader sees an article without a text."""
        text = self.prepare_file(self.text_path(article.id), article.text.encode("utf-8"))
        return [text, self.prepare_file(self.article_path(article.id), encode_article(article))]

    def write_article(self, article: Article) -> None:
        """Write the text and the metadata of an article."""
        for file in self.prepare_article(article):
            write_atomically(*file)

    def write_annotation(self, annotation_set: str, annotation: Annotation) -> None:
        """Write an annotation in canonical form.

        Args:
            annotation_set: The id of an annotator, or gold.
            annotation: The annotation.
        """
        self.write_file(self.annotation_path(annotation_set, annotation.article), encode_annotation(annotation))

    def write_coverage(self, coverage: Coverage) -> None:
        """Write the coverage of an article."""
        self.write_file(self.coverage_path(coverage.article), encode_coverage(coverage))

    def write_links(self, links: Links) -> None:
        """Write all links of the corpus."""
        self.write_file(self.links_path, encode_links(links))

    def prepare_source(self, source: SourceFile, data: bytes) -> list[FileToWrite]:
        """Return a source file and its record. The record is last."""
        record = self.prepare_file(self.source_record_path(source.file), encode_source(source))
        return [self.prepare_file(self.source_path(source.file), data), record]


def _decode(path: str | Path, data: bytes, type_: type[T]) -> T:
    try:
        return decode_as(data, type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CannotRun(Path(path), f"cannot be read: {error}", _CHECK) from error
