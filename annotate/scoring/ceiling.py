"""The ceiling of a form of predictions: what gold itself scores, written in that form and read back.

A column of BIO tags holds no two spans that overlap, tags hold no relations, and no table but `articles` holds every
span. A system that writes in such a form cannot reach 1, however good it is.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from annotate.dataset.table_builder import TableBuilder
from annotate.formats import load_format
from annotate.formats.document import LabelledArticle
from annotate.inventory import Inventory
from annotate.model import Annotation, Span
from annotate.scoring.exported_files import find_format
from annotate.scoring.packed_annotations import PackedAnnotations
from annotate.scoring.pipeline_output import GROUP
from annotate.scoring.prediction_files import ENTITIES, PredictionReader, list_prediction_files
from annotate.scoring.score import RELATIONS, TOKENS, Ceiling, CeilingRow
from annotate.scoring.score_counts import Gold, ScoreCounts, count_predictions
from annotate.scoring.selection import EVERYTHING, Selection, select_labels
from annotate.scoring.tallied_measures import ENTITY, EXACT, F1, OVERLAP, list_tallies
from annotate.scoring.token_tags import make_bare_article
from annotate.util.folders import temporary_folder
from annotate.util.parallel import LazyPool

BATCH = 100
"""Number of articles that are written and read at once."""
_ROWS = "rows of the table "
_PIPELINE = "output of a token classification pipeline"

_FIELDS = {EXACT: "exact", ENTITY: "exact", OVERLAP: "overlap", F1: "overlap"}
"""Measure → the field of a row of the ceiling."""

Writer = Callable[[Path, Iterable[LabelledArticle], Inventory], None]
"""Writes documents into an empty folder."""


def measure_ceiling(
    inventory: Inventory,
    gold: Gold,
    forms: Mapping[str, str],
    selection: Selection = EVERYTHING,
    pool: LazyPool | None = None,
) -> Ceiling | None:
    """Measure what gold scores in the form of the predictions.

    Args:
        inventory: The inventory.
        gold: The text and the gold annotation of each article, by article id.
        forms: The form in which the predictions of each article were read (`AnnotationFile.form`). An article without
            predictions has the form of the others if that is one.
        selection: What is scored.
        pool: The processes that count; None for new ones.

    Returns:
        The ceiling; None if the forms hold everything that is scored, or there are no predictions.
    """
    names = tuple(sorted(set(forms.values())))
    if not any(_find_writer(name, inventory) for name in names):
        return None
    scored = select_labels(inventory, selection)
    read = PackedAnnotations()
    for name in names:
        writer = _find_writer(name, inventory)
        of_form = (article_id for article_id in gold if forms.get(article_id, names[0]) == name)
        # The objects of all articles would take gigabytes.
        while batch := [
            _make_document(article_id, *gold[article_id], inventory, scored.spans)
            for article_id in islice(of_form, BATCH)
        ]:
            if writer:
                read.update(_write_and_read(writer, batch, inventory))
            else:
                read.update({each.article.id: each.annotation for each in batch})
    return Ceiling(names, _list_rows(count_predictions(scored, gold, read, pool), scored))


def _make_document(
    article_id: str, text: str, annotation: Annotation, inventory: Inventory, labels: Collection[str]
) -> LabelledArticle:
    """Return an article of gold with what a form of predictions may hold."""
    article = make_bare_article(article_id, text, inventory.language)
    return LabelledArticle(article, _keep_valid(annotation, inventory, labels))


def _list_rows(counts: ScoreCounts, inventory: Inventory) -> list[CeilingRow]:
    """Return a row for each row of spans, tags, relations and records."""
    rows: dict[tuple[str, str, str], CeilingRow] = {}
    for each in list_tallies(counts, inventory, has_values=False):
        field = _FIELDS.get(each.measure)
        if field and each.kind != "role":
            value = each.estimate(each.tally.total())
            key = each.table, each.name, each.kind
            row = rows.get(key, CeilingRow(*key, None, None))
            rows[key] = msgspec.structs.replace(row, **{field: None if isinstance(value, str) else value})
    return list(rows.values())


def _keep_valid(annotation: Annotation, inventory: Inventory, labels: Collection[str]) -> Annotation:
    """Return an annotation without other labels, and without what the inventory does not allow."""
    spans: dict[str, Span] = {}
    for span in annotation.spans:
        if span.start < span.end and span.label in labels and span.id not in spans:
            attributes = {
                attribute.name: span.attributes[attribute.name]
                for attribute in inventory.attributes_of(span.label)
                if attribute.allows(span.attributes.get(attribute.name))
            }
            spans[span.id] = msgspec.structs.replace(span, attributes=attributes)
    relations = tuple(
        relation
        for relation in annotation.relations
        if relation.label in inventory.relations
        and {relation.head, relation.tail} <= spans.keys()
        and inventory.relations[relation.label].allows(spans[relation.head].label, spans[relation.tail].label)
    )
    return msgspec.structs.replace(annotation, spans=tuple(spans.values()), relations=relations)


def _write_and_read(
    writer: Writer, documents: Sequence[LabelledArticle], inventory: Inventory
) -> dict[str, Annotation]:
    texts = {article.id: article.text for article, _ in documents}
    with temporary_folder() as folder:
        writer(folder, documents, inventory)
        reader = PredictionReader(texts.get, inventory, texts)
        format_ = find_format(folder)
        files = (
            reader.read_export(folder, format_) if format_ else reader.read_files(folder, list_prediction_files(folder))
        )
        return {file.annotation.article: file.annotation for file in files}


def _find_writer(form: str, inventory: Inventory) -> Writer | None:
    """Return what writes a form; None for a form that holds everything."""
    if form == "BIO tags":
        return load_format("bio").write
    if form == "DocBin of spaCy":
        return load_format("docbin").write
    if form == _PIPELINE:
        return _write_pipeline_output
    tables = [part.removeprefix(_ROWS) for part in form.split(" and ") if part.startswith(_ROWS)]
    known = {TOKENS, RELATIONS, *inventory.records}
    return _TableWriter(tables) if tables and known.issuperset(tables) else None


def _write_pipeline_output(folder: Path, documents: Iterable[LabelledArticle], _: Inventory) -> None:
    """Write each span as an object of a pipeline with an aggregation strategy."""
    rows = (
        {
            "id": article.id,
            ENTITIES: [{GROUP: span.label, "start": span.start, "end": span.end} for span in annotation.spans],
        }
        for article, annotation in documents
    )
    _write_rows(folder / "pipeline.jsonl", rows)


class _TableWriter:
    """Writes rows of tables of the dataset.

    Args:
        tables: The names of the tables.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        self._tables = tables

    def __call__(self, folder: Path, documents: Iterable[LabelledArticle], inventory: Inventory) -> None:
        """Write a file a table."""
        builder = TableBuilder(inventory, self._tables)
        for name, table in builder.build(builder.batch_of_pairs(list(documents))).items():
            _write_rows(folder / f"{name}.jsonl", table.to_pylist())


def _write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
