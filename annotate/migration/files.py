"""The files of a repository after a migration: all that name a label as data.

They are the inventory and what is generated from it, annotations, coverage, decisions, the baseline, maps from foreign
names, the generated tables of the guidelines, and their practice texts. What a person must look at is listed.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate import baseline, class_ids, generate, inventory
from annotate.agreement.decisions import encode_decisions, list_decided_articles, read_decisions
from annotate.agreement.relabel import AnnotationChange, Relabelling, relabel_decisions
from annotate.annotation_schema import encode_annotation_schema
from annotate.corpus import Corpus, encode_annotation, encode_coverage
from annotate.coverage import update_coverage
from annotate.errors import CannotRun
from annotate.inventory import Attribute, Inventory, RelationLabel, SpanLabel
from annotate.label_map import MAPS_FOLDER
from annotate.migration.annotations import (
    migrate_annotation,
    migrate_attributes,
    migrate_label,
    migrate_relation,
    migrate_span_attributes,
)
from annotate.migration.map_files import migrate_map
from annotate.migration.practice_files import migrate_practice
from annotate.migration.stale_names import StaleName, find_stale_names, removed_names
from annotate.migration.steps import Migration
from annotate.migration.transaction import MigratedFile
from annotate.migration.yaml_files import migrate_baseline
from annotate.model import GOLD, Annotation
from annotate.practice import FOLDER as PRACTICE_FOLDER
from annotate.practice import ID_PREFIX, list_practice_files
from annotate.schemas.lines import line_finder
from annotate.util.escape import quote
from annotate.util.files import read_bytes, read_text, refuse_links
from annotate.util.folders import find_files, temporary_folder

_BY_HAND = "stays as it is, and must be fixed by hand"
_TABLE_MARK = "<!-- generated:"
_LABEL_TABLE = re.compile(
    r"<!-- generated: label (?P<label>\S++) -->\n(?:(?!<!-- generated: ).)*?<!-- /generated -->\n?", re.DOTALL
)


class Folders(NamedTuple):
    """The folders that a migration changes; `guidelines` is None if there are none."""

    corpus: Corpus
    schema: Path
    guidelines: Path | None


class NewFile(NamedTuple):
    """A file with its new contents, and notes on what a person must look at."""

    path: Path
    data: bytes
    notes: tuple[str, ...] = ()


class MigratedAnnotation(NamedTuple):
    """An annotation before and after a migration; `annotation_set` is `gold` or the annotator's id."""

    annotation_set: str
    article_id: str
    old: Annotation
    new: Annotation


def migrate_files(
    folders: Folders, migration: Migration, labels_yaml: str, before: Inventory, after: Inventory
) -> tuple[list[MigratedFile], list[str]]:
    """Return the files that a migration changes, and lines on what a person must look at.

    Args:
        folders: The folders with the files.
        migration: The migration.
        labels_yaml: The new text of the inventory.
        before: The old inventory.
        after: The new inventory.

    Returns:
        The changes; and the notes, with the lines that still name what the migration removed.

    Raises:
        CannotRun: A file cannot be read.
    """
    corpus, schema, guidelines = folders
    new_files = chain(
        [NewFile(schema / inventory.INVENTORY_FILE, labels_yaml.encode("utf-8"))],
        _migrate_generated(schema, after),
        _migrate_annotations(corpus, migration, after),
        _migrate_decisions(corpus, migration),
        _migrate_baseline(schema, migration, after),
        _migrate_maps(schema, migration),
        _migrate_guidelines(guidelines, migration, after) if guidelines else (),
        _migrate_practice(guidelines, migration) if guidelines else (),
    )
    roots = [root for root in (corpus.root, schema, guidelines) if root]
    labels, others = removed_names(before, after)
    pages, changes = dict(_prose_files(folders)), list[MigratedFile]()
    notes, stale_names = list[str](), list[StaleName]()
    for path, data, notes_of_file in new_files:
        for root in roots:
            if path.is_relative_to(root):
                refuse_links(path, root)
        old = _read_old(path)
        if old != data:
            changes.append(MigratedFile.pack(path, old, data))
        notes += notes_of_file
        if path in pages:
            pages[path] = data.decode("utf-8")
        elif path.parent != schema / MAPS_FOLDER:  # what a map still names are names elsewhere, which stay
            stale_names += find_stale_names([(path, data.decode("utf-8"))], labels, others)
    stale_names = [*find_stale_names(pages.items(), labels, others), *stale_names]
    listed = tuple(f"{name.file}:{name.line}:" for name in stale_names)
    kept_words = _list_kept_words(folders, migration, labels_yaml, after)
    notes += [*map(str, stale_names), *(note for note in kept_words if not note.startswith(listed))]
    if guidelines:
        notes += _find_missing_pages(guidelines, before, after)
        notes += _find_dropped_pages(guidelines, before, after, pages)
    return changes, notes


def _read_old(path: Path) -> bytes:
    return read_bytes(path, "restore it", within=path.parent)


def annotation_pairs(corpus: Corpus, migration: Migration) -> Iterator[MigratedAnnotation]:
    """Yield every annotation of the corpus before and after a migration."""
    for annotation_set in corpus.annotation_sets():
        for article_id in corpus.annotated_ids(annotation_set):
            yield _migrate(migration, annotation_set, article_id, corpus.read_annotation(annotation_set, article_id))


def _migrate(migration: Migration, annotation_set: str, article_id: str, old: Annotation) -> MigratedAnnotation:
    new = migrate_annotation(migration.steps, old, annotation_set, migration.version_after(old.inventory))
    return MigratedAnnotation(annotation_set, article_id, old, new)


def _migrate_generated(schema: Path, after: Inventory) -> Iterator[NewFile]:
    """Yield the schema of annotations and the class ids, where the schema folder has them."""
    annotation_schema = schema / "annotation.schema.json"
    if annotation_schema.is_file():
        yield NewFile(annotation_schema, encode_annotation_schema(after).encode("utf-8"))
    old_ids = class_ids.load_class_ids(schema)
    if old_ids is not None:
        text = class_ids.encode_class_ids(class_ids.update_class_ids(schema, old_ids, after.class_names))
        yield NewFile(schema / class_ids.CLASS_IDS_FILE, text.encode("utf-8"))


def _migrate_annotations(corpus: Corpus, migration: Migration, after: Inventory) -> Iterator[NewFile]:
    """Yield the annotations, and the coverage of articles with gold."""
    covered_ids = set(corpus.covered_ids())
    for annotation_set, article_id, _, new in annotation_pairs(corpus, migration):
        yield NewFile(corpus.annotation_path(annotation_set, article_id), encode_annotation(new))
        if annotation_set == GOLD and article_id in covered_ids:
            coverage = update_coverage(corpus.read_coverage(article_id), new, after)
            reason = f"its labels were dropped with inventory {migration.new_version}"
            sentences = tuple(
                sentence if sentence.has or sentence.reason else msgspec.structs.replace(sentence, reason=reason)
                for sentence in coverage.sentences
            )
            coverage = msgspec.structs.replace(coverage, sentences=sentences)
            yield NewFile(corpus.coverage_path(article_id), encode_coverage(coverage))


def _migrate_decisions(corpus: Corpus, migration: Migration) -> Iterator[NewFile]:
    """Yield the decisions between annotators, with notes on those that no longer fit a difference."""
    steps = migration.steps
    relabelling = Relabelling(
        partial(migrate_label, steps),
        partial(migrate_relation, steps),
        partial(migrate_attributes, steps),
        partial(migrate_span_attributes, steps),
    )
    annotation_sets = corpus.annotation_sets()
    for article_id in list_decided_articles(corpus):
        found = ((name, corpus.find_annotation(name, article_id)) for name in annotation_sets)
        pairs = [_migrate(migration, name, article_id, annotation) for name, annotation in found if annotation]
        changes = {pair.annotation_set: AnnotationChange(pair.old, pair.new) for pair in pairs}
        path, decisions = corpus.adjudication_path(article_id), read_decisions(corpus, article_id)
        try:
            text = corpus.read_text(article_id)
            new_decisions, reopened = relabel_decisions(decisions, text, changes, relabelling)
        except ValueError as error:
            raise CannotRun(path, str(error), "fix it, or remove it and plan again") from error
        notes = (f"{path}:1: to be decided again: {each.key} ({each.take}: {each.reason})" for each in reopened)
        data = corpus.read_file(path) if new_decisions == decisions else encode_decisions(new_decisions)
        yield NewFile(path, data, tuple(notes))


def _read_text(path: Path, schema: Path) -> str:
    """Return a file as it is, with its line ends."""
    try:
        return read_bytes(path, "restore it", within=schema).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRun(path, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error


def _migrate_baseline(schema: Path, migration: Migration, after: Inventory) -> Iterator[NewFile]:
    path = schema / baseline.BASELINE_FILE
    if path.is_file():
        text = _read_text(path, schema)
        try:
            new = migrate_baseline(text, migration.steps, after)
            yield NewFile(path, new.encode("utf-8"))
        except ValueError as error:
            yield NewFile(path, text.encode("utf-8"), (f"{path}:1: {_BY_HAND}: {error}",))


def _migrate_maps(schema: Path, migration: Migration) -> Iterator[NewFile]:
    """Yield the maps from foreign names, with notes on names that a step splits or drops."""
    for path in find_files(schema / MAPS_FOLDER, ".yaml"):
        text = _read_text(path, schema)
        try:
            new = migrate_map(text, migration.steps)
            yield NewFile(path, new.text.encode("utf-8"), tuple(f"{path}: {note}" for note in new.notes))
        except ValueError as error:
            yield NewFile(path, text.encode("utf-8"), (f"{path}:1: {_BY_HAND}: {error}",))


def _migrate_guidelines(guidelines: Path, migration: Migration, after: Inventory) -> Iterator[NewFile]:
    """Yield the pages with generated tables. The table of a dropped label is removed with its marks."""

    def rename_table(match: re.Match[str]) -> str:
        label = migrate_label(migration.steps, match["label"])
        return match[0].replace(f" {match['label']} -->", f" {label} -->", 1) if label else ""

    pages = {path: text for path, text in _read_pages(guidelines) if _TABLE_MARK in text}
    with temporary_folder() as folder:
        copies = {path: folder / path.relative_to(guidelines) for path in pages}
        for path, copy in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(_LABEL_TABLE.sub(rename_table, pages[path]), "utf-8")
        try:
            generated = generate.generate_files(after, folder, folder)
        except CannotRun as error:
            raise CannotRun(guidelines / Path(error.where).relative_to(folder), error.problem, error.hint) from error
        for path, copy in copies.items():
            yield NewFile(path, (generated.get(copy) or copy.read_text("utf-8")).encode("utf-8"))


def _migrate_practice(guidelines: Path, migration: Migration) -> Iterator[NewFile]:
    """Yield the practice texts, with notes on spans of which a person must choose the label."""
    for path in list_practice_files(guidelines):
        try:
            new = migrate_practice(_read_text(path, guidelines), f"{ID_PREFIX}{path.stem}", migration.steps)
        except ValueError as error:
            raise CannotRun(path, str(error), "write it out in each place") from error
        notes = (f"{path}:{note.removeprefix('line ')}" for note in new.notes)
        yield NewFile(path, new.text.encode("utf-8"), tuple(notes))


def _list_kept_words(folders: Folders, migration: Migration, labels_yaml: str, after: Inventory) -> Iterator[str]:
    """Yield a note for what people still see of a renamed label, attribute or relation: its words and a page's title.

    Args:
        folders: The folders.
        migration: The migration.
        labels_yaml: The new text of the inventory.
        after: The new inventory.
    """
    path = folders.schema / inventory.INVENTORY_FILE
    find_line = line_finder(path.name, labels_yaml.encode("utf-8"))
    reworded = {(step.what, step.names[0]) for step in migration.steps if step.kind == "reword"}
    sections: dict[str, Mapping[str, SpanLabel | Attribute | RelationLabel]] = {
        "label": after.spans,
        "attribute": after.attributes,
        "relation": after.relations,
    }
    section_names = {"label": "spans", "attribute": "attributes", "relation": "relations"}
    for step in migration.steps:
        entry = sections.get(step.what, {}).get(step.to or "") if step.kind in ("rename", "merge") else None
        if entry is None:
            continue
        if entry.shown_as and (step.what, entry.name) not in reworded:
            line = find_line((section_names[step.what], entry.name, "shown_as"))
            yield f"{path}:{line}: {entry.name} is still shown as {quote(entry.shown_as)}; a step `reword` changes that"
        if isinstance(entry, SpanLabel) and folders.guidelines is not None:
            page = folders.guidelines / entry.guideline
            title = _read_title(page, folders.guidelines)
            if title and _plain(title) not in (_plain(entry.name), _plain(entry.shown_as)):
                yield f"{page}:1: the page of {entry.name} is still titled {quote(title)}"


def _read_title(page: Path, guidelines: Path) -> str:
    """Return the first heading of a page; empty if there is none."""
    text = read_text(page, "make it a page that can be read", within=guidelines) if page.is_file() else ""
    return text.partition("\n")[0].removeprefix("# ").strip() if text.startswith("# ") else ""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _find_missing_pages(guidelines: Path, before: Inventory, after: Inventory) -> Iterator[str]:
    """Yield a note for each page of an added label or relation that is not there."""
    pages = {label.guideline for name, label in after.spans.items() if name not in before.spans}
    pages |= {relation.guideline for name, relation in after.relations.items() if name not in before.relations}
    for path in sorted(guidelines / page for page in pages):
        if not path.is_file():
            yield f"{path}:1: is missing; write the page that the inventory names"


def _find_dropped_pages(
    guidelines: Path, before: Inventory, after: Inventory, pages: Mapping[Path, str]
) -> Iterator[str]:
    """Yield a note for each page that only a dropped label or relation had."""
    dropped = generate.list_guideline_pages(before) - generate.list_guideline_pages(after)
    for path in sorted(guidelines / page for page in dropped):
        if path in pages:
            written = not generate.is_unwritten(pages[path])
            hint = "delete it" if written else "run `annotate generate --fix`, which deletes it"
            yield f"{path}:1: is the page of no label any more; {hint}"


def _prose_files(folders: Folders) -> Iterator[tuple[Path, str]]:
    """Yield the files with sentences that may name a label. Changelogs may name old labels."""
    pages = _read_pages(folders.guidelines) if folders.guidelines else ()
    yield from ((path, text) for path, text in pages if path.name != "CHANGELOG.md")
    for path in (folders.corpus.statement_path, folders.corpus.links_path):
        if data := folders.corpus.read_file_if_present(path):
            yield path, data.decode("utf-8")


def _read_pages(guidelines: Path) -> Iterator[tuple[Path, str]]:
    """Yield the pages of the guidelines with their text."""
    for path in find_files(guidelines, ".md", below=True):
        yield path, read_text(path, "make it a page that can be read", within=guidelines)


@contextmanager
def changed_copy(folders: Folders, changes: list[MigratedFile]) -> Iterator[Folders]:
    """Yield a temporary copy of the corpus, and of the practice texts, with the changes made."""
    with temporary_folder() as folder:
        copies = {folders.corpus.root.absolute(): folder / "corpus"}
        if folders.guidelines is not None and list_practice_files(folders.guidelines):
            practice = folders.guidelines.absolute() / PRACTICE_FOLDER
            copies[practice] = folder / "guidelines" / PRACTICE_FOLDER
        for root, copy in copies.items():
            shutil.copytree(root, copy, symlinks=True)
            for change in changes:
                if Path(change.path).is_relative_to(root):
                    (copy / Path(change.path).relative_to(root)).write_bytes(change.unpack("new"))
        guidelines = folder / "guidelines" if len(copies) > 1 else None
        yield Folders(Corpus(folder / "corpus"), folders.schema, guidelines)
