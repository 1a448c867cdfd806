"""Reads tables of labels for `annotate import`: those that `annotate export --format csv` writes, and hand-made ones.

A table of spans has a row for each span, with its offsets, or its words and their occurrence. The tables have no texts:
the articles are in the corpus already.
"""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, get_args

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.formats import CSV, FormatReader, rules
from annotate.formats.csv_tables import (
    ARTICLES,
    RELATIONS,
    SPANS,
    LabelRow,
    list_columns,
    read_articles,
    read_rows,
    read_work,
)
from annotate.formats.document import (
    AnnotationOrigin,
    AttributeItem,
    Item,
    LaterFile,
    Pieces,
    RawDocument,
    SpanItem,
    UnreadableItem,
    list_relation_items,
    list_span_items,
    refused_document,
)
from annotate.inventory import Inventory
from annotate.label_map import LabelMap
from annotate.model import Process
from annotate.records import FILLER_SEPARATOR
from annotate.util.escape import quote
from annotate.util.folders import find_files

_NUMBER = re.compile("[0-9]{1,18}")
_PROCESSES: tuple[Process, ...] = get_args(Process)


class _Group(NamedTuple):
    """The rows of one annotator's labels of an article."""

    article_id: str
    annotator: str
    spans: list[LabelRow]
    relations: list[LabelRow]

    @property
    def size(self) -> int:
        return len(self.spans) + len(self.relations)


class _Tables(NamedTuple):
    """The rows of a folder of tables.

    Attributes:
        groups: The labels, sorted by article and annotator.
        articles: The rows of articles, by id.
        spans_file: The name of the table of spans.
        last_row: The number of its last row.
    """

    groups: list[_Group]
    articles: dict[str, LabelRow]
    spans_file: str
    last_row: int


class CsvLabels:
    """Reads tables of labels of the articles of a corpus.

    Args:
        corpus: The corpus.
        inventory: The inventory, whose attributes are columns.
    """

    def __init__(self, corpus: Corpus, inventory: Inventory) -> None:
        self._corpus, self._inventory = corpus, inventory

    def read(self, path: Path, _: Inventory | None = None) -> Iterator[RawDocument]:
        """Yield the labels of each annotator on each article, sorted.

        Args:
            path: A folder with the table `spans.csv`, and `relations.csv` and `articles.csv` if there are any; or the
                file of a table of spans.

        Raises:
            CannotRun: If a table cannot be read.
        """
        if path.is_dir():
            yield from self._refuse_other_tables(path)
        tables = self._read_tables(path)
        article_ids = set(self._corpus.article_ids())
        for group in tables.groups:
            yield self._make_document(group, tables, article_ids)

    def list_annotators(self, path: Path) -> set[str]:
        """Return the names of those who labelled, as the tables give them."""
        return {group.annotator for group in self._read_tables(path).groups if group.annotator}

    def _refuse_other_tables(self, folder: Path) -> Iterator[RawDocument]:
        """Refuse tables that look like one of an export and that are not read."""
        repeated = {f"{table}.csv" for table in list_columns(self._inventory)} - {f"{SPANS}.csv", f"{RELATIONS}.csv"}
        is_export = (folder / f"{ARTICLES}.csv").exists()
        for file in find_files(folder, list_table_files(self._inventory)):
            why = ""
            if file.name not in {f"{SPANS}.csv", f"{RELATIONS}.csv", *repeated}:
                why = f"is not read; name it {SPANS}.csv or {RELATIONS}.csv, or import it by itself"
            elif file.name in repeated and not is_export:
                why = f"is read only with {ARTICLES}.csv of the same export; put attributes into columns of {SPANS}.csv"
            if why:
                yield refused_document("", file.name, next(rules.unmatched_file(file.name, None, why)))

    def _read_tables(self, path: Path) -> _Tables:
        articles = read_articles(path, self._inventory) if path.is_dir() else {}
        groups: dict[tuple[str, str], _Group] = {}
        annotators: dict[str, set[str]] = {}
        last_row = 1

        def find_group(article_id: str, annotator: str) -> _Group:
            annotators.setdefault(article_id, set()).add(annotator)
            return groups.setdefault((article_id, annotator), _Group(article_id, annotator, [], []))

        for article_id, row in articles.items():
            find_group(article_id, row.cells.get("annotator", ""))
        for row in read_rows(path, self._inventory):
            article_id, annotator = row.cells["article"], row.cells.get("annotator", "")
            if not annotator and article_id in articles:
                annotator = articles[article_id].cells.get("annotator", "")
            if row.table == SPANS:
                last_row = row.number
                find_group(article_id, annotator).spans.append(row)
                continue
            names = annotators.get(article_id, {""})
            if not annotator and len(names) > 1:
                problem = f"does not say whose labels of {quote(article_id)} it joins, and several people labelled it"
                raise CannotRun(f"{path / row.file}, row {row.number}", problem, "add a column annotator")
            find_group(article_id, annotator or min(names)).relations.append(row)
        file = f"{SPANS}.csv" if path.is_dir() else path.name
        return _Tables([groups[key] for key in sorted(groups)], articles, file, last_row)

    def _make_document(self, group: _Group, tables: _Tables, article_ids: set[str]) -> RawDocument:
        article_id, article_row = group.article_id, tables.articles.get(group.article_id)
        row = [*group.spans, *group.relations, *([article_row] if article_row else [])][0]
        if article_id not in article_ids:
            finding = next(rules.article_missing(row.file, None, row.number, article_id, article_ids))
            return refused_document("", row.file, finding, max(group.size, 1))
        article = self._corpus.read_article(article_id)
        cells = article_row.cells if article_row else {}
        process = cells.get("process") or "single pass"
        why = ""
        if (cells.get("text_sha256") or article.text_sha256) != article.text_sha256:
            why = f"has labels of another text of {quote(article_id)}; export it again"
        elif process not in _PROCESSES:
            why = f"has the process {quote(process)} for {quote(article_id)}; use one of: {', '.join(_PROCESSES)}"
        work: dict[str, Any] = {}
        try:
            work = read_work(cells)
        except ValueError:
            why = why or f"has a lead_time or origins of {quote(article_id)} that cannot be read; export it again"
        if why and article_row:
            finding = next(rules.unreadable(article_row.file, article_id, why)).at(article_row.number)
            return refused_document(article_id, article_row.file, finding, max(group.size, 1))
        origin = AnnotationOrigin(group.annotator, "single pass", (), "") if group.annotator else None
        if origin and cells.get("annotator") == group.annotator:
            made_from = tuple(filter(None, cells.get("made_from", "").split(FILLER_SEPARATOR)))
            process_ = next(name for name in _PROCESSES if name == process)
            origin = AnnotationOrigin(group.annotator, process_, made_from, cells.get("inventory", ""), **work)
        items = tuple(_list_items(group, tables.last_row))
        data, later = article.text.encode("utf-8"), (LaterFile(f"{RELATIONS}.csv", tables.last_row),)
        return RawDocument(article_id, tables.spans_file, data, items, None, origin, later_files=later)


def _list_items(group: _Group, lines_before: int) -> Iterator[Item]:
    """Yield the items of the rows; the lines of relations are counted after those of spans."""
    ids = {row.cells.get("span", "") for row in group.spans}
    refs = (ref for number in count(1) if (ref := f"s{number}") not in ids)
    for row in group.spans:
        yield from _list_items_of_span(row, row.cells.get("span") or next(refs))
    for number, row in enumerate(group.relations):
        label, head, tail = (row.cells.get(name, "") for name in ("relation", "head_span", "tail_span"))
        line = lines_before + row.number
        if not (label and head and tail):
            yield UnreadableItem(line, "a relation needs its name and the ids of both its ends (relation, head, tail)")
            continue
        yield from list_relation_items(number, label, head, tail, row.cells.get("note"), line)
        for name, cell in row.others.items():
            yield AttributeItem(line, "", f"relation {number}", name, cell)


def _list_items_of_span(row: LabelRow, ref: str) -> Iterator[Item]:
    """Yield a span, its attributes and its note; or else why it cannot be read."""
    cells = row.cells
    label, start, end, occurrence = (cells.get(name, "") for name in ("label", "start", "end", "occurrence"))
    words = cells.get("quote") or cells.get("words") or None
    pieces: Pieces = ()
    if not label:
        yield UnreadableItem(row.number, "a span needs a label")
        return
    if start or end:
        if not (_NUMBER.fullmatch(start) and _NUMBER.fullmatch(end)):
            yield UnreadableItem(row.number, f"start {quote(start)} and end {quote(end)} are not both whole numbers")
            return
        pieces = ((int(start), int(end)),)
    elif words is None:
        yield UnreadableItem(row.number, "a span needs its words, in a column quote, or its start and end")
        return
    elif occurrence and (not _NUMBER.fullmatch(occurrence) or int(occurrence) < 1):
        yield UnreadableItem(row.number, f"the occurrence {quote(occurrence)} is no number from 1")
        return
    number = int(occurrence) if occurrence and not pieces else None
    span = SpanItem(row.number, ref, label, pieces, words, (ref,), occurrence=number)
    yield from list_span_items(span, {**row.attributes, **row.others}, cells.get("note"))


def list_table_files(inventory: Inventory) -> tuple[str, ...]:
    """Return the names of the tables of an export."""
    return tuple(f"{table}.csv" for table in list_columns(inventory))


def make_reader(corpus: Corpus, inventory: Inventory, label_map: LabelMap) -> FormatReader:
    """Return the reader of tables for `annotate import`.

    Args:
        corpus: The corpus, which has the texts.
        inventory: The inventory.
        label_map: The map to the inventory.
    """
    tables = CsvLabels(corpus, inventory)
    return FormatReader(CSV, label_map, tables.read, tables.list_annotators, list_table_files(inventory), True)
