"""The labels that `annotate score` reads: annotation files, rows of the dataset, lines of an export, or BIO tags."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from annotate.annotation_files import AnnotationFile, read_annotation_folder
from annotate.checks import find_errors
from annotate.corpus import Corpus
from annotate.errors import CannotRun, describe_os_error
from annotate.formats import conll
from annotate.formats.document import article_id_from
from annotate.inventory import Inventory
from annotate.offsets import sha256
from annotate.scoring.article_rows import convert_article_row, resolve_class
from annotate.scoring.tagged_tokens import TaggedTokens, convert_tagged_tokens, group_conll_lines, group_token_rows
from annotate.util.files import read_bytes

ROW_SUFFIXES = (".parquet", ".jsonl")
SUFFIXES = (*ROW_SUFFIXES, *conll.SUFFIXES)
GOLD_TABLE = "data/articles"

FindText = Callable[[str], str | None]
"""Maps an article id to the text of the article; None for an unknown article."""


def read_scored_labels(
    path: str | Path,
    inventory: Inventory,
    corpus: str | Path,
    texts: Mapping[str, str] | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[AnnotationFile]:
    """Read the annotations of a path.

    Args:
        path: A folder of annotation files, a dataset folder, or a file or folder of rows or tagged tokens.
        inventory: The inventory of the labels.
        corpus: The corpus folder with the texts; rows of a dataset may bring their own.
        texts: The texts of gold by article id, for predictions; None for gold itself, which may bring its texts.
        warn: Called with a message for each annotation file that breaks rules. It is scored as it is.

    Raises:
        CannotRun: The path cannot be read, a text is missing, or a label is not in the inventory.
    """
    store = Corpus(corpus) if Path(corpus).is_dir() else None
    article_ids = set(store.article_ids()) if store else set()

    def find_text(article_id: str) -> str | None:
        text = (texts or {}).get(article_id)
        return text or (store.read_text(article_id) if store and article_id in article_ids else None)

    files = list_prediction_files(Path(path))
    if files:
        yield from read_predictions(files, find_text, inventory, own_texts=texts is None)
        return
    for file in read_annotation_folder(path, store or Corpus(corpus)):
        require_labels(file, inventory)
        errors = find_errors(file.annotation, file.text, inventory, str(file.path))
        if errors:
            first = errors[0]
            warn(f"{file.path}: breaks {len(errors)} rules, such as {first.code}: {first.message}; scored as it is")
        yield file


def list_prediction_files(path: Path) -> list[Path]:
    """Return the files of rows or tags that a path names: a file, those of a folder, or the articles of a dataset.

    Returns:
        The files; none for a folder of annotation files.

    Raises:
        CannotRun: For a path that does not exist and for a file of another kind.
    """
    if path.is_dir():
        folder = path / GOLD_TABLE if (path / GOLD_TABLE).is_dir() else path
        return sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and not file.name.startswith("."))
    if not path.exists():
        raise CannotRun(path, "no such file or folder", "name annotation files, rows of the dataset, or BIO tags")
    if path.suffix not in SUFFIXES:
        hint = f"use {', '.join(SUFFIXES)}, or a folder of annotation files"
        raise CannotRun(path, f"unknown file type {path.suffix!r}", hint)
    return [path]


def read_predictions(
    paths: Sequence[Path], find_text: FindText, inventory: Inventory, own_texts: bool = False
) -> Iterator[AnnotationFile]:
    """Yield the annotations of files, one for each article.

    Args:
        paths: The files.
        find_text: Finds the text of an article.
        inventory: The inventory.
        own_texts: Whether an article that `find_text` does not know has the text of its row.

    Raises:
        CannotRun: For labels that do not fit the text or the inventory, an unknown article, an article that appears
            twice, and a file without labels. It names the file and the place in it.
    """
    article_ids: set[str] = set()
    for path in paths:
        is_empty = True
        for scored in _read_file(path, find_text, inventory, own_texts):
            article_id = scored.annotation.article
            if article_id in article_ids:
                raise CannotRun(path, f"article {article_id!r} appears twice", "give each article once")
            article_ids.add(article_id)
            is_empty = False
            yield scored
        if is_empty:
            raise CannotRun(path, "holds no labels", "write an article a row, or a token a line")


def require_labels(file: AnnotationFile, inventory: Inventory) -> None:
    """Check that the inventory has the labels of an annotation.

    Raises:
        CannotRun: It lacks a span label or a relation label.
    """
    for span in file.annotation.spans:
        resolve_class(span.label, (), inventory.spans, "span label", str(file.path))
    for relation in file.annotation.relations:
        resolve_class(relation.label, (), inventory.relations, "relation label", str(file.path))


def _read_file(path: Path, find_text: FindText, inventory: Inventory, own_texts: bool) -> Iterator[AnnotationFile]:
    if path.suffix in conll.SUFFIXES:
        by_article = group_conll_lines(_decode(path).split("\n"), str(path), article_id_from(path.stem))
        yield from _convert_articles(path, by_article, find_text, inventory)
        return
    read_rows = _read_parquet if path.suffix == ".parquet" else _read_jsonl
    rows = [(where, _restore_integers(row)) for where, row in read_rows(path)]
    if rows and all("tokens" in row and "article" in row for _, row in rows):
        yield from _convert_articles(path, group_token_rows(rows, inventory), find_text, inventory)
        return
    for where, original in rows:
        row = _flatten_export(original)
        if "spans" not in row or not isinstance(row.get("id"), str):
            hint = "give id and spans, or article and tokens, or export it with `annotate export --format jsonl`"
            raise CannotRun(where, "is neither a row of articles nor of tokens", hint)
        text = _require_text(where, row["id"], find_text, row.get("text") if own_texts else None)
        if row.get("text_sha256") not in (None, sha256(text)):
            raise CannotRun(where, "was made on another text", "make it on the text as it is now")
        yield AnnotationFile(path, text, convert_article_row(row, where, text, inventory))


def _restore_integers(value: Any) -> Any:
    """Convert floats to integers: pandas writes floats if a value of a column is missing."""
    if isinstance(value, dict):
        return {name: _restore_integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_restore_integers(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _flatten_export(row: dict[str, Any]) -> dict[str, Any]:
    """Return a line of `annotate export --format jsonl` as a row of articles, and any other row as it is."""
    article, annotation = row.get("article"), row.get("annotation")
    if not isinstance(article, dict) or not isinstance(annotation, dict):
        return row
    return {**annotation, "id": annotation.get("article"), "text": article.get("text")}


def _convert_articles(
    path: Path, by_article: Mapping[str, list[TaggedTokens]], find_text: FindText, inventory: Inventory
) -> Iterator[AnnotationFile]:
    for article_id, sequences in by_article.items():
        where = f"{path}, {article_id}"
        text = _require_text(where, article_id, find_text, None)
        yield AnnotationFile(path, text, convert_tagged_tokens(article_id, sequences, where, text, inventory))


def _require_text(where: str, article_id: str, find_text: FindText, own_text: object) -> str:
    text = find_text(article_id)
    if text is None and not isinstance(own_text, str):
        raise CannotRun(where, f"unknown article {article_id!r}", "name an article of the corpus or of the gold rows")
    return str(own_text) if text is None else text


def _decode(path: Path) -> str:
    try:
        return read_bytes(path, "name another file", within=None).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(path, f"is not UTF-8 (byte {error.start})", "convert the file to UTF-8") from error


def _read_jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(_decode(path).split("\n"), 1):
        if line.strip():
            try:
                yield f"{path}:{number}", msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.MsgspecError, RecursionError) as error:
                raise CannotRun(f"{path}:{number}", str(error), "write one JSON object a line") from error


def _read_parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    from annotate.util.parquet import BrokenParquet, read_rows

    try:
        for index, row in read_rows(path, within=None):
            yield f"{path}, row {index}", row
    except BrokenParquet as error:
        where = f"{path}, {error.place}" if error.place else path
        raise CannotRun(where, error.problem, "write it again, with names and text in UTF-8") from error
    except OSError as error:
        raise CannotRun(path, describe_os_error(error), "name another file") from error
