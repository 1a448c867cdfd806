"""The labels that `annotate score` reads, in whatever form they come; the form is recognised by the file itself.

Forms are: annotation files, rows of the tables of a dataset, lines of an export, spans that quote their words, tokens
with BIO tags, the output of a token classification pipeline, and the other formats of `annotate export`.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.agreement.study import BATCH
from annotate.agreement.study_counts import ENOUGH
from annotate.annotation_files import (
    AnnotationFile,
    FindText,
    list_annotation_paths,
    read_folder_file,
    require_known_names,
)
from annotate.checks.annotations import find_errors_of_many
from annotate.corpus import Corpus
from annotate.errors import CannotRun, describe_os_error
from annotate.formats import conll, csv_tables
from annotate.formats.document import article_id_from, explain_encoding
from annotate.formats.json_rows import decode_json, explain_json_error
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.offsets import sha256
from annotate.scoring.article_rows import (
    ArticleParts,
    QuoteTally,
    Row,
    convert_parts,
    resolve_class,
    split_article_row,
)
from annotate.scoring.exported_files import (
    NAMES,
    ExportedDocument,
    find_format,
    find_format_of_file,
    read_csv_tables,
    read_documents,
)
from annotate.scoring.packed_annotations import PackedAnnotation, pack
from annotate.scoring.pipeline_output import is_pipeline_output, read_pipeline_output
from annotate.scoring.score import ARTICLES, RELATIONS
from annotate.scoring.table_rows import ArticleTables, find_record_type
from annotate.scoring.tagged_tokens import TaggedTokens, convert_tagged_tokens, group_conll_lines, group_token_rows
from annotate.util.escape import quote
from annotate.util.files import read_bytes
from annotate.util.parallel import LazyPool, count_cores, count_workers, lazy_pool, without_garbage_collection

JSON = ".json"
ROW_SUFFIXES = (".parquet", ".jsonl", JSON)
SUFFIXES = (*ROW_SUFFIXES, *conll.SUFFIXES)
DATA = "data"
"""The folder of the tables in a dataset."""
ENTITIES = "entities"

LocatedRow = tuple[str, dict[str, Any]]
"""The file and the place of a row in it, and the row."""
Namer = Callable[[Any], Any]
"""Returns a value with the names of classes in place of their ids."""

_WITHOUT_FLOATS = frozenset({str, int, bool, type(None)})
"""Types of nearly all values of a row."""
_SHOWN = 3
"""How many article ids a message names."""
_ANNOTATION_KEYS = ("annotator", "process", "text_sha256")
_FORM_KEYS = ("spans", ENTITIES, "tokens", "head", "tail")
_FORMS_HINT = (
    "give id and spans, article and tokens, article and head and tail, id and entities, or the columns of a table of "
    "records (docs/reference/scoring.md)"
)


class ScoredLabels(NamedTuple):
    """The labels of one article.

    Attributes:
        article: The article id.
        text: The text that they were made on.
        packed: The annotation as bytes.
        form: The form in which it was read, for people.
    """

    article: str
    text: str
    packed: PackedAnnotation
    form: str

    @property
    def annotation(self) -> Annotation:
        """The annotation, another object each time."""
        return self.packed.unpack()


def read_scored_labels(
    path: str | Path,
    inventory: Inventory,
    corpus: str | Path,
    texts: Mapping[str, str] | None = None,
    warn: Callable[[str], None] = lambda _: None,
    pool: LazyPool | None = None,
) -> Iterator[ScoredLabels]:
    """Read the annotations of a path.

    Args:
        path: A folder of annotation files, a dataset folder, or a file or folder of another form.
        inventory: The inventory of the labels.
        corpus: The corpus folder with the texts; rows of a dataset may bring their own.
        texts: The texts of gold by article id, for predictions; None for gold itself, which may bring its texts.
        warn: Called with a message for each annotation file that breaks rules, which is scored as it is; and with how
            many articles are unknown or have no predictions, quotes differ from the text, and spans appear twice.
        pool: The processes that read annotation files; None to read them in this process.

    Raises:
        CannotRun: The path cannot be read, a text is missing, or a label is not in the inventory.
    """
    store = Corpus(corpus) if Path(corpus).is_dir() else None

    def find_text(article_id: str) -> str | None:
        text = (texts or {}).get(article_id)
        return text or (store.find_text(article_id) if store else None)

    path = Path(path)
    reader = PredictionReader(find_text, inventory, texts, warn)
    format_ = find_format(path) if path.is_dir() else find_format_of_file(path)
    files: Iterator[ScoredLabels]
    if format_:
        files = map(_pack_file, reader.read_export(path, format_))
    elif paths := list_prediction_files(path):
        files = map(_pack_file, reader.read_files(path, paths))
    else:
        if texts is None and store is None:
            Corpus(corpus)  # says that gold has no texts
        folder_reader = FolderReader(inventory, store, is_gold=texts is None)
        files = _read_annotation_files(folder_reader, path, texts or {}, warn, pool)
    predicted_ids = set[str]()
    for file in files:
        predicted_ids.add(file.article)
        yield file
    missing = [article_id for article_id in texts or () if article_id not in predicted_ids]
    if missing:
        number = f"{len(missing):,} of {len(texts or ()):,} articles"
        warn(f"{path}: no predictions for {number} ({_shorten(missing)}); scored as nothing found")


class FolderReader(NamedTuple):
    """Reads some annotation files of a folder; can be sent to another process.

    Attributes:
        inventory: The inventory of the labels.
        corpus: The corpus with the texts that are not given; None if there is none.
        is_gold: Whether the files are gold, which may not have names that the inventory lacks.
    """

    inventory: Inventory
    corpus: Corpus | None
    is_gold: bool

    def read(self, batch: Sequence[tuple[Path, str | None]]) -> "ReadBatch":
        """Return the files of a batch up to the first one that cannot be read.

        Args:
            batch: The files, each with the text of the article after which it is named, if it is given.
        """
        files, error = list[AnnotationFile](), None
        with without_garbage_collection():
            try:
                for path, text in batch:
                    files.append(read_folder_file(path, partial(self._find_text, path.stem, text)))
                    require_labels(files[-1], self.inventory)
                    if self.is_gold:
                        require_known_names(path, files[-1].annotation, self.inventory)
            except CannotRun as problem:
                error = problem
                files = [file for file in files if file.path != path]
            return ReadBatch([_pack_file(file) for file in files], [*self._describe_errors(files)], error)

    def _find_text(self, known_id: str, text: str | None, article_id: str) -> str | None:
        if text and article_id == known_id:
            return text
        return self.corpus.find_text(article_id) if self.corpus else None

    def _describe_errors(self, files: Sequence[AnnotationFile]) -> Iterator[str | None]:
        annotations, texts = [file.annotation for file in files], [file.text for file in files]
        names = [str(file.path) for file in files]
        for name, errors in zip(names, find_errors_of_many(annotations, texts, self.inventory, names), strict=True):
            first = errors[0] if errors else None
            rules = f"breaks {len(errors)} rules"
            yield f"{name}: {rules}, such as {first.code}: {first.message}; scored as it is" if first else None


class ReadBatch(NamedTuple):
    """Annotation files that were read.

    Attributes:
        files: The files.
        warnings: For each file what it breaks, or None.
        error: Why the file after these cannot be read; None if there is none.
    """

    files: list[ScoredLabels]
    warnings: list[str | None]
    error: CannotRun | None


def _pack_file(file: AnnotationFile) -> ScoredLabels:
    return ScoredLabels(file.annotation.article, file.text, pack(file.annotation), file.form)


def _read_annotation_files(
    reader: FolderReader, path: Path, texts: Mapping[str, str], warn: Callable[[str], None], pool: LazyPool | None
) -> Iterator[ScoredLabels]:
    paths = list_annotation_paths(path)
    batches: Iterator[Sequence[tuple[Path, str | None]]] = (
        [(each, texts.get(each.stem)) for each in paths[start : start + BATCH]] for start in range(0, len(paths), BATCH)
    )
    workers = count_workers(len(paths), ENOUGH, count_cores()) if pool else 1
    with (
        lazy_pool() if pool is None else nullcontext(pool) as processes,
        closing(processes.map(reader.read, batches, workers)) as results,
    ):
        for read in results:
            for file, warning in zip(read.files, read.warnings, strict=True):
                if warning:
                    warn(warning)
                yield file
            if read.error:
                raise read.error


def list_prediction_files(path: Path) -> list[Path]:
    """Return the files of rows or tags that a path names: a file, those of a folder, or the tables of a dataset.

    Returns:
        The files; none for a folder of annotation files. Of a dataset, the table `articles`, which holds everything; or
        else all its tables.

    Raises:
        CannotRun: For a path that does not exist and for a file of another kind.
    """
    if path.is_dir():
        data = path / DATA
        if not data.is_dir():
            others = _list_files(path, tuple(suffix for suffix in SUFFIXES if suffix != JSON))
            return others or _list_json_rows(path)
        tables = sorted(table for table in data.iterdir() if table.is_dir() and not table.name.startswith("."))
        articles = [table for table in tables if table.name == ARTICLES]
        return [file for table in articles or tables for file in _list_files(table, ROW_SUFFIXES)]
    if not path.exists():
        raise CannotRun(path, "no such file or folder", "name annotation files, rows of the dataset, or BIO tags")
    if path.suffix not in SUFFIXES:
        hint = f"use {', '.join(SUFFIXES)}, a folder of annotation files, or one that `annotate export` wrote"
        raise CannotRun(path, f"unknown file type {quote(path.suffix)}", hint)
    return [path]


def _list_json_rows(folder: Path) -> list[Path]:
    """Return the JSON files of a folder unless they are annotation files, as the first one shows."""
    files = _list_files(folder, [JSON])
    try:
        value = decode_json(_decode(files[0])) if files else None
    except (ValueError, RecursionError, CannotRun):
        return []  # what is wrong is said where annotation files are read
    is_other = isinstance(value, list) or (isinstance(value, dict) and value.keys().isdisjoint(_ANNOTATION_KEYS))
    return files if is_other else []


def _list_files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in suffixes and not file.name.startswith("."))


def require_labels(file: AnnotationFile, inventory: Inventory) -> None:
    """Check that the inventory has the labels of an annotation.

    Raises:
        CannotRun: It lacks a span label or a relation label.
    """
    for span in file.annotation.spans:
        resolve_class(span.label, (), inventory.spans, "span label", str(file.path))
    for relation in file.annotation.relations:
        resolve_class(relation.label, (), inventory.relations, "relation label", str(file.path))


class PredictionReader:
    """Reads files of labels, one annotation for each article.

    Args:
        find_text: Finds the text of an article.
        inventory: The inventory.
        texts: The texts of gold by article id, for predictions; None for gold. An article of gold that `find_text` does
            not know has the text that comes with it. One of predictions is left out, and a span that appears twice in
            them counts once.
        warn: Called with a message for what is not as it should be.
    """

    def __init__(
        self,
        find_text: FindText,
        inventory: Inventory,
        texts: Mapping[str, str] | None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._find_text, self._inventory, self._warn = find_text, inventory, warn
        self._is_gold, self._texts = texts is None, texts or {}
        self._quotes = QuoteTally()
        self._article_ids: set[str] = set()
        self._unknown_ids: dict[str, None] = {}
        self._duplicate_spans = self._duplicate_relations = 0
        self._left_out = Counter[str]()
        self._lost_roles = Counter[str]()
        self._tables: dict[str, tuple[Path, ArticleTables]] = {}
        """The article id → the first file with rows of it, and what they hold."""
        self._table_forms: dict[str, str] = {}
        """The name of each table with such rows → its form."""

    def read_files(self, path: Path, files: Sequence[Path]) -> Iterator[AnnotationFile]:
        """Yield the annotations of files of rows or tags.

        Args:
            path: What the user named.
            files: The files that it names.

        Raises:
            CannotRun: For labels that do not fit the text or the inventory, and an article that appears twice. It names
                the file, the place in it, and the form that was recognised.
        """
        for file in files:
            for scored in self._read_file(file):
                self._note_article(file, scored.annotation.article)
                yield scored
        form = " and ".join(self._table_forms.values())
        for article_id, (file, tables) in self._tables.items():
            with _naming_form(form):
                parts = tables.build(self._table_forms, self._lost_roles)
                converted = self._convert(file, form, parts)
            if converted:
                self._note_article(file, article_id)
                yield converted
        self._finish(path)

    def read_rows(self, name: str, rows: Iterable[Row]) -> Iterator[AnnotationFile]:
        """Yield the annotations of rows of the table `articles` that are in memory.

        Args:
            name: What the rows are, for errors.
            rows: The rows; they have ids.

        Raises:
            CannotRun: As for `read_files`.
        """
        located = ((f"{name}, row {index}", dict(row)) for index, row in enumerate(rows))
        for scored in self._read_article_rows(Path(name), "rows of the table articles", located):
            self._note_article(scored.path, scored.annotation.article)
            yield scored

    def read_export(self, path: Path, name: str) -> Iterator[AnnotationFile]:
        """Yield the annotations of a folder in a format of `annotate export`.

        Args:
            path: The folder.
            name: The name of the format.

        Raises:
            CannotRun: For a file instead of the folder, and as for `read_files`.
        """
        if not path.is_dir():
            form = NAMES.get(name, "tables for spreadsheets")
            problem = "no such file or folder" if not path.exists() else f"is a file of {form}, which has several"
            raise CannotRun(path, problem, "name its folder")
        if name == csv_tables.NAME:
            form = "tables for spreadsheets"
            with _naming_form(form):
                for parts in read_csv_tables(path, self._inventory):
                    if scored := self._convert(path, form, parts):
                        self._note_article(path, parts.article_id)
                        yield scored
        else:
            form = NAMES[name]
            with _naming_form(form):
                for document in map(
                    self._recognise_text, read_documents(name, path, self._inventory, self._count_left_out)
                ):
                    text = self._get_text(document.where, document.article_id, document.text)
                    if text is None:
                        continue
                    if text != document.text:
                        raise CannotRun(document.where, "was made on another text", "make it on the text as it is now")
                    self._note_article(path, document.article_id)
                    yield AnnotationFile(path, text, self._merge_duplicates(document.annotation), form)
        self._finish(path)

    @cached_property
    def _ids_by_text(self) -> dict[str, str]:
        return {text: article_id for article_id, text in self._texts.items()}

    def _recognise_text(self, document: ExportedDocument) -> ExportedDocument:
        """Return a document with the id of the article of gold that has its text, if its own id is unknown."""
        article_id = self._ids_by_text.get(document.text)
        if article_id is None or self._find_text(document.article_id) is not None:
            return document
        annotation = msgspec.structs.replace(document.annotation, article=article_id)
        return document._replace(article_id=article_id, annotation=annotation)

    def _count_left_out(self, name: str) -> None:
        self._left_out[name] += 1

    def _note_article(self, path: Path, article_id: str) -> None:
        if article_id in self._article_ids:
            raise CannotRun(path, f"article {quote(article_id)} appears twice", "give each article once")
        self._article_ids.add(article_id)

    def _finish(self, path: Path) -> None:
        """Warn of what was counted.

        Raises:
            CannotRun: If nothing of gold, or no article of the predictions, is known.
        """
        unknown = list(self._unknown_ids)
        if not self._article_ids and unknown:
            number = "its article is" if len(unknown) == 1 else f"its {len(unknown):,} articles are"
            problem = f"{number} unknown ({_shorten(unknown)})"
            raise CannotRun(path, problem, "name articles of the corpus or of the gold rows")
        if not self._article_ids:
            if self._is_gold:
                raise CannotRun(path, "holds no labels", "write an article a row, or a token a line")
            self._warn(f"{path}: holds no predictions; scored as nothing found")
        if unknown:
            articles = "1 article is" if len(unknown) == 1 else f"{len(unknown):,} articles are"
            self._warn(f"{path}: {articles} unknown ({_shorten(unknown)}), and not scored")
        if self._duplicate_spans:
            spans = "1 span appears" if self._duplicate_spans == 1 else f"{self._duplicate_spans:,} spans appear"
            self._warn(f"{path}: {spans} again with the same label, offsets and attributes; counted once")
        if times := self._duplicate_relations:
            relations = "1 relation appears" if times == 1 else f"{times:,} relations appear"
            self._warn(f"{path}: {relations} again with the same label and ends; counted once")
        for message in self._quotes.messages():
            self._warn(f"{path}: {message}")
        for name, times in sorted(self._lost_roles.items()):
            self._warn(f"{path}: fillers of {name} that need the rows of another table are left out ({times:,})")
        for name, times in sorted(self._left_out.items()):
            self._warn(f"{path}: {quote(name)} is no attribute of the inventory; left out ({times:,})")

    def _get_text(self, where: str, article_id: str, own_text: object) -> str | None:
        """Return the text of an article; None for predictions of an unknown one.

        Raises:
            CannotRun: If an article of gold is unknown and brings no text.
        """
        text = self._find_text(article_id)
        if text is None and self._is_gold:
            if not isinstance(own_text, str):
                hint = "name an article of the corpus or of the gold rows"
                raise CannotRun(where, f"unknown article {quote(article_id)}", hint)
            return own_text
        if text is None:
            self._unknown_ids[article_id] = None
        return text

    def _convert(self, path: Path, form: str, parts: ArticleParts) -> AnnotationFile | None:
        text = self._get_text(parts.where, parts.article_id, None)
        return None if text is None else self._make_file(path, form, parts, text)

    def _make_file(self, path: Path, form: str, parts: ArticleParts, text: str) -> AnnotationFile:
        annotation = convert_parts(parts, text, self._inventory, self._quotes)
        return AnnotationFile(path, text, self._merge_duplicates(annotation), form)

    def _merge_duplicates(self, annotation: Annotation) -> Annotation:
        """Return predictions in which nothing appears twice, but for spans without a place, all of which are wrong."""
        if self._is_gold:
            return annotation
        relations = {(each.label, each.head, each.tail): each for each in annotation.relations}
        first: dict[tuple[Any, ...], str] = {}
        ids: dict[str, str] = {}
        for span in annotation.spans:
            key = (span.label, span.start, span.end, tuple(sorted(span.attributes.items())))
            ids[span.id] = first.setdefault(key, span.id) if span.end > span.start else span.id
        spans = tuple(span for span in annotation.spans if ids[span.id] == span.id)
        self._duplicate_relations += len(annotation.relations) - len(relations)
        self._duplicate_spans += len(annotation.spans) - len(spans)
        moved = [
            msgspec.structs.replace(relation, head=ids[relation.head], tail=ids[relation.tail])
            for relation in relations.values()
        ]
        relations = {(each.label, each.head, each.tail): each for each in moved}
        return msgspec.structs.replace(annotation, spans=spans, relations=tuple(relations.values()))

    def _read_file(self, path: Path) -> Iterator[AnnotationFile]:
        if path.suffix in conll.SUFFIXES:
            form = "BIO tags"
            with _naming_form(form):
                by_article = group_conll_lines(_decode(path).split("\n"), str(path), article_id_from(path.stem))
                yield from self._convert_tokens(path, form, by_article)
            return
        readers = {".parquet": _read_parquet, JSON: _read_json, ".jsonl": _read_jsonl}
        located = map(_restore_row, readers[path.suffix](path))
        roles = {role for type_ in self._inventory.records.values() for role in type_.roles}
        columns = roles.union(_FORM_KEYS)
        rows = chain.from_iterable(_expand_keyed(where, row, columns) for where, row in located)
        first = next(rows, None)
        if first is None:
            return
        rows = chain([first], rows)
        keys = first[1].keys()
        if "article" in keys and "annotation" in keys:
            yield from self._read_article_rows(path, "lines of an export", map(_flatten_export, rows))
        elif ENTITIES in keys:
            yield from self._read_pipeline(path, rows)
        elif "tokens" in keys or self._has_tags(keys):
            form = "rows of the table tokens"
            with _naming_form(form):
                checked = (_require_columns(located, "article", "tokens") for located in rows)
                by_article = group_token_rows(checked, self._inventory)
                yield from self._convert_tokens(path, form, by_article)
        elif "spans" in keys:
            yield from self._read_article_rows(path, "rows of the table articles", rows)
        elif "head" in keys or "tail" in keys:
            with _naming_form("rows of the table relations"):
                for where, row in rows:
                    _require_columns((where, row), "article", "label", "head", "tail")
                    self._add_to(RELATIONS, path, where, row).add_relation_row(row, where)
        else:
            self._read_records(path, rows)

    def _has_tags(self, columns: Iterable[str]) -> bool:
        return not {f"{layer}_1" for layer in self._inventory.layers}.isdisjoint(columns)

    def _add_to(self, table: str, path: Path, where: str, row: Row) -> ArticleTables:
        self._table_forms.setdefault(table, f"rows of the table {table}")
        article_id = row["article"]
        if article_id not in self._tables:
            self._tables[article_id] = path, ArticleTables(article_id, where, self._inventory)
        return self._tables[article_id][1]

    def _read_records(self, path: Path, rows: Iterator[LocatedRow]) -> None:
        type_ = None
        for where, row in rows:
            type_ = type_ or find_record_type(row, _find_table_name(path, self._inventory), self._inventory)
            if type_ is None:
                keys = ", ".join(map(quote, list(row)[:8])) or "no keys"
                raise CannotRun(where, f"is a row of no form that is known, with {keys}", _FORMS_HINT)
            with _naming_form(f"rows of the table {type_.name}"):
                _require_columns((where, row), "article")
                self._add_to(type_.name, path, where, row).add_record_row(row, where, type_)

    def _read_article_rows(self, path: Path, form: str, rows: Iterator[LocatedRow]) -> Iterator[AnnotationFile]:
        with _naming_form(form):
            for where, row in rows:
                article_id = row["article"] if isinstance(row.get("article"), str) else row.get("id")
                if not isinstance(article_id, str):
                    raise CannotRun(where, "column id is missing", "write the article id as text in id")
                _require_columns((where, row), "spans")
                text = self._get_text(where, article_id, row.get("text"))
                if text is None:
                    continue
                if row.get("text_sha256") not in (None, sha256(text)):
                    raise CannotRun(where, "was made on another text", "make it on the text as it is now")
                yield self._make_file(path, form, split_article_row(row, article_id, where), text)

    def _read_pipeline(self, path: Path, rows: Iterator[LocatedRow]) -> Iterator[AnnotationFile]:
        form = "output of a token classification pipeline"
        with _naming_form(form):
            for where, row in rows:
                article_id = row["article"] if isinstance(row.get("article"), str) else row.get("id")
                if not isinstance(article_id, str):
                    raise CannotRun(where, "id is missing", "write the article id as text in id")
                entities = _require_columns((where, row), ENTITIES)[1][ENTITIES]
                if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
                    raise CannotRun(where, f"{ENTITIES} is not a list of objects", "write what the pipeline returns")
                text = self._get_text(where, article_id, row.get("text"))
                if text is not None:
                    yield self._make_file(path, form, read_pipeline_output(entities, article_id, where, text), text)

    def _convert_tokens(
        self, path: Path, form: str, by_article: Mapping[str, list[TaggedTokens]]
    ) -> Iterator[AnnotationFile]:
        for article_id, sequences in by_article.items():
            where = f"{path}, {article_id}"
            text = self._get_text(where, article_id, None)
            if text is not None:
                annotation = convert_tagged_tokens(article_id, sequences, where, text, self._inventory)
                yield AnnotationFile(path, text, self._merge_duplicates(annotation), form)


def _find_table_name(path: Path, inventory: Inventory) -> str:
    """Return the name of the table that a file or its folder is named after; "" if neither is."""
    return next((name for name in (path.stem, path.parent.name) if name in inventory.records), "")


@contextmanager
def _naming_form(form: str) -> Iterator[None]:
    """Say in an error in which form a file was read."""
    try:
        yield
    except CannotRun as error:
        raise CannotRun(error.where, f"read as {form}; {error.problem}", error.hint) from error


def _require_columns(located: LocatedRow, *names: str) -> LocatedRow:
    where, row = located
    for name in names:
        if name not in row or (row[name] is None and name != "spans"):
            raise CannotRun(where, f"column {name} is missing", f"a row needs {', '.join(names)}")
        if name == "article" and not isinstance(row[name], str):
            raise CannotRun(where, f"article {quote(row[name])} is not an id", "write the id of the article as text")
    return located


def _shorten(article_ids: Sequence[str]) -> str:
    names = ", ".join(map(quote, article_ids[:_SHOWN]))
    return f"{names}, …" if len(article_ids) > _SHOWN else names


def _expand_keyed(where: str, row: dict[str, Any], columns: Collection[str]) -> Iterator[LocatedRow]:
    """Yield the rows of an object that has article ids as keys; any other, which has one of the columns, as it is."""
    is_keyed = row and not any(isinstance(row.get(name), str) for name in ("id", "article", "span_id"))
    if not is_keyed or not row.keys().isdisjoint(columns) or not all(_is_labels(value) for value in row.values()):
        yield where, row
        return
    name = ENTITIES if any(map(is_pipeline_output, row.values())) else "spans"
    for article_id, value in row.items():
        labels = value if isinstance(value, dict) else {name: value}
        yield f"{where}, {quote(article_id)}", {**labels, "id": article_id}


def _is_labels(value: object) -> bool:
    """Return whether a value may be the labels of an article: a list of objects, or an object with one."""
    if isinstance(value, dict):
        return not value.keys().isdisjoint(_FORM_KEYS)
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _restore_row(located: LocatedRow) -> LocatedRow:
    """Return a row with integers in place of floats, as `_restore_integers` does."""
    where, row = located
    try:
        return where, _restore_integers(row)
    except RecursionError as error:
        raise CannotRun(where, "has too many objects within each other", "write the labels of one article") from error


def _restore_integers(value: Any) -> Any:
    """Convert floats to integers: pandas writes floats if a value of a column is missing."""
    if isinstance(value, dict):
        return {
            name: item if type(item) in _WITHOUT_FLOATS else _restore_integers(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [item if type(item) in _WITHOUT_FLOATS else _restore_integers(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _flatten_export(located: LocatedRow) -> LocatedRow:
    """Return a line of `annotate export --format jsonl` as a row of articles, and any other row as it is."""
    where, row = located
    article, annotation = row.get("article"), row.get("annotation")
    if not isinstance(article, dict) or not isinstance(annotation, dict):
        return located
    return where, {**annotation, "id": annotation.get("article"), "text": article.get("text")}


def _decode(path: Path) -> str:
    """Return the text of a file without byte order mark."""
    data = read_bytes(path, "name another file", within=None)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotRun(path, explain_encoding(data, error), "convert the file to UTF-8") from error


def _read_jsonl(path: Path) -> Iterator[LocatedRow]:
    hint = "write one JSON object a line"
    for number, line in enumerate(_decode(path).split("\n"), 1):
        if line.strip():
            where = f"{path}:{number}"
            yield where, _require_object(_parse_json(line, where, hint), where, hint)


def _read_json(path: Path) -> Iterator[LocatedRow]:
    text = _decode(path)
    hint = "write a list of rows, or an object with article ids as keys"
    value = _parse_json(text, str(path), hint) if text.strip() else []
    if is_pipeline_output(value):
        value = [{"id": path.stem, ENTITIES: value}]
    if not isinstance(value, list):
        value = [value] if value != {} else []
    for index, row in enumerate(value):
        where = f"{path}, row {index}" if len(value) > 1 else str(path)
        yield where, _require_object(row, where, hint)


def _require_object(row: Any, where: str, hint: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise CannotRun(where, f"{quote(row)} is not an object", hint)
    return row


def _parse_json(text: str, where: str, hint: str) -> Any:
    try:
        return decode_json(text)
    except json.JSONDecodeError as error:
        raise CannotRun(where, f"is not JSON: {error.msg} at column {error.colno}", hint) from error
    except (ValueError, RecursionError) as error:
        problem, _, remedy = explain_json_error(error).rpartition("; ")
        raise CannotRun(where, problem or remedy, remedy if problem else hint) from error


def _read_parquet(path: Path) -> Iterator[LocatedRow]:
    """Yield the rows of a file. Class ids are replaced by names if the file has them, as one of `datasets` has."""
    from annotate.util.parquet import BrokenParquet, read_metadata, read_rows

    try:
        name_classes = _find_namer(read_metadata(path, within=None).get(b"huggingface", b""))
        for index, row in read_rows(path, within=None):
            yield f"{path}, row {index}", name_classes(row) if name_classes else row
    except BrokenParquet as error:
        where = f"{path}, {error.place}" if error.place else path
        raise CannotRun(where, error.problem, "write it again, with names and text in UTF-8") from error
    except RecursionError as error:
        raise CannotRun(path, "has lists too deep within each other", "write the labels of articles alone") from error
    except OSError as error:
        raise CannotRun(path, describe_os_error(error), "name another file") from error


def _find_namer(data: bytes) -> Namer | None:
    """Return what names the classes of a row; None if the file does not have the features that `datasets` writes."""
    try:
        return _make_namer(json.loads(data)["info"]["features"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _make_namer(feature: Any) -> Namer | None:
    """Return what replaces the ids of classes in a value by their names; None if the feature has no classes.

    Most columns have none, and are not looked at.
    """
    if isinstance(feature, list):
        return _name_items(_make_namer(feature[0])) if feature else None
    if not isinstance(feature, dict):
        return None
    fields = {name: namer for name, part in feature.items() if (namer := _make_namer(part))}
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    class_names: list[Any] = names if isinstance(names, list) else []
    if not fields and not class_names:
        return None
    name_list = _name_items(fields.get("feature"))

    def name_classes(value: Any) -> Any:
        if isinstance(value, list):
            return name_list(value) if name_list else value
        if isinstance(value, dict):
            given = ((name, namer, value.get(name)) for name, namer in fields.items())
            return value | {name: namer(item) for name, namer, item in given if item is not None}
        if not isinstance(value, int | float) or not 0 <= value < len(class_names):
            return value
        return class_names[int(value)]

    return name_classes


def _name_items(namer: Namer | None) -> Namer | None:
    """Return what names the classes of the items of a list."""
    if namer is None:
        return None
    return lambda value: list(map(namer, value)) if isinstance(value, list) else value
