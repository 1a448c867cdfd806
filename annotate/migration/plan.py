"""Plan a migration: make all changes beforehand and check that corpus and server are right before and after."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from annotate import inventory
from annotate.checks import check
from annotate.checks.catalogue import CATALOGUE
from annotate.checks.corpus import stale_inventory
from annotate.checks.practice import check_practice_texts
from annotate.checks.waivers import load_waivers
from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun, Refused
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.labelstudio.client import Studio
from annotate.labelstudio.state import State
from annotate.migration.annotations import migrate_annotation
from annotate.migration.files import Folders, MigratedAnnotation, annotation_pairs, changed_copy, migrate_files
from annotate.migration.projects import (
    CorpusProject,
    ProjectEffect,
    count_effects,
    migrate_tasks,
    plan_project,
    require_equal,
)
from annotate.migration.steps import Migration
from annotate.migration.transaction import MigratedFile, MigrationJournal
from annotate.migration.yaml_files import migrate_inventory
from annotate.util.files import read_text
from annotate.versions import is_older


class CorpusEffect(NamedTuple):
    """How many spans and relations of the corpus a step changes or drops, and in how many files."""

    step: str
    spans: int
    relations: int
    files: int

    def __str__(self) -> str:
        """Return the counts in one line."""
        return f"{self.step}: {self.spans} spans, {self.relations} relations, in {self.files} files"


class MigrationPlan(NamedTuple):
    """What a migration would change.

    Attributes:
        journal: All changes.
        corpus_effects: What each step does to the corpus.
        project_effects: What each step does to each project.
        notes: What a person must look at.
    """

    journal: MigrationJournal
    corpus_effects: list[CorpusEffect]
    project_effects: list[ProjectEffect]
    notes: list[str]


def plan_migration(
    folders: Folders, migration: Migration, studio: Studio | None, state: State, projects: list[CorpusProject]
) -> MigrationPlan:
    """Make all changes of a migration and check them, without writing any.

    Args:
        folders: The folders with the files.
        migration: The migration.
        studio: The server; None if there is no project.
        state: The state folder.
        projects: The projects to migrate.

    Returns:
        The changes and their effects.

    Raises:
        CannotRun: The migration does not fit the inventory, or a file cannot be read.
        Refused: The corpus or a practice text has errors before or after, a project differs from the corpus, or labels
            that are in no corpus would be lost.
    """
    corpus, schema, _ = folders
    old_text = read_text(schema / inventory.INVENTORY_FILE, "restore it", within=schema)
    new_text, inventories = migrate_inventory(schema, old_text, migration)
    mistakes = _require_no_errors(folders, inventories[0], "fix the corpus first")
    changes, notes = migrate_files(folders, migration, new_text, inventories[0], inventories[-1])
    plan = MigrationPlan(
        MigrationJournal(migration, old_text, changes, []),
        _count_corpus_effects(migration, annotation_pairs(corpus, migration)),
        [],
        notes,
    )
    annotators = state.annotators(studio.address.name) if studio else {}
    with changed_copy(folders, changes) as new_folders:
        _require_no_errors(new_folders, inventories[-1], "the migration causes them; change its steps", mistakes)
        for project in projects:
            assert studio is not None  # noqa: S101 - projects come from a server
            change, tasks = plan_project(studio, state, annotators, project, corpus, migration, inventories)
            plan.journal.projects.append(change)
            plan.project_effects.extend(count_effects(project, tasks, annotators, migration, inventories))
            new_tasks = migrate_tasks(tasks, change.entries)
            hint = "change the steps of the migration"
            require_equal(
                new_folders.corpus, inventories[-1], new_tasks, annotators, project, "after the migration", hint
            )
    return plan


def plan_older_files(corpus: Corpus, schema: Path, labels: Inventory, migration: Migration) -> MigrationPlan:
    """Plan the migration of annotation files that are older than an inventory that was migrated already.

    A file is changed if it was made with an older inventory and a step changes its spans or relations. No project is.

    Args:
        corpus: The corpus.
        schema: The schema folder.
        labels: The inventory, which has the version that the migration leads to.
        migration: The migration.

    Raises:
        CannotRun: No file has to change.
        Refused: The corpus would still have errors.
    """
    changed = [
        pair
        for pair in annotation_pairs(corpus, migration)
        if is_older(pair.old.inventory, migration.new_version)
        and (pair.new.spans, pair.new.relations) != (pair.old.spans, pair.old.relations)
    ]
    if not changed:
        problem = f"the inventory is {labels.version} already, and no annotation is to be migrated to it"
        raise CannotRun(schema, problem, f"the migration starts from {migration.old_version}")
    paths = [corpus.annotation_path(pair.annotation_set, pair.article_id) for pair in changed]
    files = [
        MigratedFile.pack(path, corpus.read_file(path), encode_annotation(pair.new))
        for path, pair in zip(paths, changed, strict=True)
    ]
    with changed_copy(Folders(corpus, schema, None), files) as new_folders:
        _require_no_errors(new_folders, labels, "fix what the migration does not change")
    text = read_text(schema / inventory.INVENTORY_FILE, "restore it", within=schema)
    return MigrationPlan(
        MigrationJournal(migration, text, files, []), _count_corpus_effects(migration, changed), [], []
    )


_Mistakes = Counter[tuple[str, str]]
"""How many errors in the labels of single annotators there are, by file and code."""


def _require_no_errors(folders: Folders, labels: Inventory, hint: str, known: _Mistakes | None = None) -> _Mistakes:
    """Check a corpus and the practice texts, and return the errors that stop no migration.

    These are errors in the labels of single annotators. Labels of another version of the inventory do stop it, since
    its steps would change them in the wrong way.

    Args:
        folders: The folders of the corpus and of the practice texts.
        labels: The inventory.
        hint: What to do if there are errors.
        known: The errors in the labels of single annotators that may remain; None for all.

    Raises:
        Refused: There are errors, or some in the labels of single annotators that are not known.
    """
    findings = [*check(folders.corpus, labels), *_check_practice_texts(folders, labels)]
    mistakes = Counter((finding.file, finding.code) for finding in findings if finding.downgraded)
    new = mistakes - (mistakes if known is None else known)
    errors = [
        finding
        for finding in findings
        if finding.is_error
        or (finding.downgraded and (finding.code == stale_inventory.code or (finding.file, finding.code) in new))
    ]
    if errors:
        first = errors[0]
        raise Refused("corpus", f"{len(errors)} errors ({first.file}: {first.code} {first.message})", hint)
    return mistakes


def _check_practice_texts(folders: Folders, labels: Inventory) -> Iterator[Finding]:
    """Yield the findings on practice texts that are not waived."""
    if folders.guidelines is not None:
        waivers = load_waivers(folders.corpus, CATALOGUE, folders.corpus.waivers_path.name).waivers
        findings = check_practice_texts(folders.corpus, labels, folders.guidelines)
        yield from waivers.sort_out(findings, lambda finding: None)


def _count_corpus_effects(migration: Migration, annotations: Iterable[MigratedAnnotation]) -> list[CorpusEffect]:
    counts = [[0, 0, 0] for _ in migration.steps]
    for annotation_set, _, old, _ in annotations:
        before = old
        for count, step in zip(counts, migration.steps, strict=True):
            after = migrate_annotation([step], before, annotation_set, before.inventory)
            kept = {span.id: span for span in after.spans}
            spans = sum(kept.get(span.id) != span for span in before.spans)
            relations = len(set(before.relations) - set(after.relations))
            for index, number in enumerate((spans, relations, bool(spans or relations))):
                count[index] += number
            before = after
    return [CorpusEffect(str(step), *count) for step, count in zip(migration.steps, counts, strict=True)]
