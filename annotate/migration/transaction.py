"""Carry out a migration, or undo it: inventory, corpus and all live projects together, or none of them.

A journal in `migration/` of the state folder has the old and the new version of everything before anything is changed.
An interrupted migration is continued by writing the new versions again; it is undone by writing the old ones. The name
of the journal is its phase: `forward.json` (begun), `done.json`, `back.json` (an undo begun).
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias

import msgspec

from annotate.annotation_files import count_unknown
from annotate.corpus import Corpus, sort_annotation
from annotate.errors import CannotRun, Refused
from annotate.inventory import INVENTORY_FILE, Inventory
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.config_drift import save_config
from annotate.labelstudio.http import JsonObject, retry
from annotate.labelstudio.lock import MIGRATION_FOLDER
from annotate.labelstudio.results import ENTRY_KINDS, annotator_of, article_id_of, iterate_entries, user_id_of
from annotate.labelstudio.state import State
from annotate.migration.annotations import migrate_annotation, migrate_items
from annotate.migration.steps import Migration
from annotate.migration.yaml_files import migrate_inventory
from annotate.model import GOLD
from annotate.util.files import read_bytes_if_present, write_atomically

Side = Literal["old", "new"]
_LEVEL = 1
"""The fastest compression, to a quarter of the size of labels."""
Phase = Literal["forward", "done", "back"]
PHASES: tuple[Phase, ...] = ("forward", "back", "done")
"""The phases, those of an interrupted migration first."""
ENTRY_PATHS = {"annotation": "api/annotations/{}/", "draft": "api/drafts/{}/", "prediction": "api/predictions/{}/"}


class MigratedFile(msgspec.Struct, frozen=True):
    """A file with its contents before and after.

    Attributes:
        path: Its absolute path.
        old: The contents before.
        new: The contents after.
        is_packed: Whether zlib has compressed both. They are not in journals of toolkit 0.1.
    """

    path: str
    old: bytes
    new: bytes
    is_packed: bool = False

    @classmethod
    def pack(cls, path: Path, old: bytes, new: bytes) -> Self:
        """Compress the contents: all files of a corpus are in memory at the same time."""
        return cls(str(path.absolute()), zlib.compress(old, _LEVEL), zlib.compress(new, _LEVEL), is_packed=True)

    def unpack(self, side: Side) -> bytes:
        """Return the contents before or after."""
        data = self.old if side == "old" else self.new
        return zlib.decompress(data) if self.is_packed else data


class MigratedEntry(msgspec.Struct, frozen=True, rename={"entry_id": "number"}):
    """An annotation, draft or prediction on the server, with its changing fields before and after."""

    kind: str
    entry_id: int
    old: JsonObject
    new: JsonObject


class MigratedProject(msgspec.Struct, forbid_unknown_fields=True, rename={"project_id": "project", "is_gold": "gold"}):
    """A project before and after.

    Attributes:
        server: The name of the server in the state folder.
        project_id: The project's id on the server.
        is_gold: Whether what is submitted there is gold.
        old: The settings before.
        new: The settings after.
        entries: The annotations, drafts and predictions.
    """

    server: str
    project_id: int
    is_gold: bool
    old: JsonObject
    new: JsonObject
    entries: list[MigratedEntry]


class MigrationJournal(
    msgspec.Struct, forbid_unknown_fields=True, rename={"labels_yaml": "schema", "projects": "lives"}
):
    """All that a migration changes.

    Attributes:
        migration: The migration.
        labels_yaml: The text of the inventory before.
        files: The files.
        projects: The projects.
    """

    migration: Migration
    labels_yaml: str
    files: list[MigratedFile]
    projects: list[MigratedProject]

    @property
    def changes_inventory(self) -> bool:
        """Whether the inventory itself changes, and not only annotation files that are older than it."""
        return any(Path(file.path).name == INVENTORY_FILE for file in self.files)

    def counts(self) -> dict[str, int]:
        """Return how many files, projects and entries change, by kind."""
        entries = (entry for project in self.projects for entry in project.entries)
        changed = Counter(f"{entry.kind}s" for entry in entries if entry.old != entry.new)
        return {"files": len(self.files), "projects": len(self.projects)} | {
            kind: changed[kind] for kind in ENTRY_KINDS.values()
        }


class ServerEntry(NamedTuple):
    """An annotation, draft or prediction of a task, as the server has it."""

    article_id: str
    kind: str
    data: JsonObject

    def annotator(self, annotators: dict[int, str], is_gold: bool) -> str:
        """Return who made it: the annotator's id; `gold` in the project of the adjudication."""
        return GOLD if is_gold else annotator_of(user_id_of(self.data, self.kind), annotators)

    def annotation_set(self, annotators: dict[int, str], is_gold: bool) -> str:
        """Return the annotation set it belongs to: for a prediction the name of its model, otherwise who made it."""
        if self.kind == "prediction":
            return str(self.data.get("model_version")).partition(" ")[0]
        return self.annotator(annotators, is_gold)


def list_entries(tasks_: Iterable[JsonObject]) -> Iterator[ServerEntry]:
    """Yield every entry of the tasks that have an article of the corpus."""
    for task in tasks_:
        article_id = article_id_of(task)
        if article_id is not None:
            yield from (ServerEntry(article_id, kind, data) for kind, data in iterate_entries(task))


def migrate_entry(
    migration: Migration, inventories: Sequence[Inventory], corpus: Corpus, entry: ServerEntry, annotation_set: str
) -> MigratedEntry:
    """Return what becomes of an entry on the server.

    A prediction that the toolkit made from the corpus is made again from the migrated annotation.

    Args:
        migration: The migration.
        inventories: The inventory before each step, and the one after the last.
        corpus: The corpus, before or after the migration.
        entry: The entry.
        annotation_set: The annotation set it belongs to.
    """
    result = entry.data.get("result")
    old: JsonObject = {"result": result}
    new: JsonObject = {"result": migrate_items(migration.steps, inventories, result, annotation_set, entry.article_id)}
    if entry.kind == "prediction":
        old["model_version"] = new["model_version"] = str(entry.data.get("model_version"))
    if old.get("model_version") == tasks.prediction_name(annotation_set, migration.old_version):
        new["model_version"] = tasks.prediction_name(annotation_set, migration.new_version)
        if corpus.annotation_path(annotation_set, entry.article_id).is_file():
            annotation = corpus.read_annotation(annotation_set, entry.article_id)
            is_before = not any(count_unknown(annotation, inventories[0]))
            if is_before and tasks.result_items(annotation, inventories[0]) == result:
                new_version = migration.version_after(annotation.inventory)
                migrated = migrate_annotation(migration.steps, annotation, annotation_set, new_version)
                new["result"] = tasks.result_items(sort_annotation(migrated), inventories[-1])
    return MigratedEntry(entry.kind, entry.data["id"], old, new)


def read_settings(studio: Studio, project_id: int) -> JsonObject:
    """Return the settings of a project that a migration changes."""
    settings = studio.get_settings(project_id)
    return {"label_config": settings.get("label_config"), "model_version": settings.get("model_version")}


def read_journal(state: State) -> tuple[Phase, MigrationJournal] | None:
    """Return the journal of this folder and its phase; None if there is none."""
    for phase in PHASES:
        journal = state.read(f"{MIGRATION_FOLDER}/{phase}.json", MigrationJournal)
        if journal is not None:
            return phase, journal
    return None


def begin_migration(state: State, journal: MigrationJournal) -> None:
    """Write the journal. From here on the migration is completed or undone."""
    _write_journal(state, journal)
    (state.folder / MIGRATION_FOLDER / "done.json").unlink(missing_ok=True)


def _write_journal(state: State, journal: MigrationJournal) -> None:
    state.write(f"{MIGRATION_FOLDER}/forward.json", journal)


def _set_phase(state: State, old: Phase, new: Phase | None) -> None:
    """Rename the journal to a new phase, or remove it."""
    path = state.folder / MIGRATION_FOLDER / f"{old}.json"
    if new is None:
        path.unlink()
    else:
        path.replace(path.with_name(f"{new}.json"))


def complete_migration(
    state: State, journal: MigrationJournal, corpus: Corpus, schema: Path, studio: Studio | None, progress: Progress
) -> None:
    """Write the new version of everything, whatever is written already.

    What was labelled on the server since the journal was written is migrated, too.

    Args:
        state: The state folder.
        journal: The changes.
        corpus: The corpus.
        schema: The schema folder, for messages.
        studio: The server; None if the migration has no project.
        progress: Is called with the number of entries written, and of all.

    Raises:
        Refused: A file is neither the old nor the new one.
        CannotRun: The server is another one, or fails.
    """
    require_known_files(journal.files)
    entries_by_project = _list_present_entries(studio, journal)
    if studio is not None:
        _, inventories = migrate_inventory(schema, journal.labels_yaml, journal.migration)
        annotators = state.annotators(studio.address.name)
        has_new_entries = False
        for project in journal.projects:
            changes = {(change.kind, change.entry_id): change for change in project.entries}
            for entry in _changed_since(project, entries_by_project):
                annotation_set = entry.annotation_set(annotators, project.is_gold)
                change = migrate_entry(journal.migration, inventories, corpus, entry, annotation_set)
                changes[change.kind, change.entry_id] = change
                has_new_entries = True
            project.entries = list(changes.values())
        if has_new_entries:
            _write_journal(state, journal)
        _write_projects(state, studio, journal, entries_by_project, "new", progress)
    write_migrated_files(journal.files, "new")
    _set_phase(state, "forward", "done")


def undo_migration(
    state: State, phase: Phase, journal: MigrationJournal, studio: Studio | None, progress: Progress
) -> None:
    """Write the old version of everything, and remove the journal.

    Args:
        state: The state folder.
        phase: The phase of the journal.
        journal: The changes.
        studio: The server; None if the migration has no project.
        progress: Is called with the number of entries written, and of all.

    Raises:
        Refused: A file or an entry was changed since the migration; nothing is written.
        CannotRun: The server is another one, or fails.
    """
    require_known_files(journal.files)
    entries_by_project = _list_present_entries(studio, journal)
    changed = [
        f"{entry.kind} {entry.data['id']}"
        for project in journal.projects
        for entry in _changed_since(project, entries_by_project)
    ]
    if changed:
        problem = f"made or changed on the server since the migration: {', '.join(changed)}"
        raise Refused("annotate migrate --undo", problem, "it cannot be undone")
    if phase != "back":
        _set_phase(state, phase, "back")
    write_migrated_files(journal.files, "old")
    if studio is not None:
        _write_projects(state, studio, journal, entries_by_project, "old", progress)
    _set_phase(state, "back", None)


def require_known_files(files: Sequence[MigratedFile]) -> None:
    """Raise Refused for a file that is neither the old nor the new one."""
    for file in files:
        path = Path(file.path)
        if _read_if_present(path) not in (file.unpack("old"), file.unpack("new")):
            raise _unknown_file(path)


def _read_if_present(path: Path) -> bytes | None:
    return read_bytes_if_present(path, "restore it first", within=path.parent)


def _unknown_file(path: Path) -> Refused:
    return Refused(path, "was changed by another program meanwhile", "restore it first")


def write_migrated_files(files: Sequence[MigratedFile], side: Side) -> None:
    """Write one version of all files; raise Refused, and write none, if one has become neither of the two versions."""
    require_known_files(files)  # once more: the projects took their time
    for file in files:
        _write_file(Path(file.path), file.unpack("old" if side == "new" else "new"), file.unpack(side))


def _write_file(path: Path, old: bytes, new: bytes) -> None:
    if _read_if_present(path) != new:
        try:
            write_atomically(path, new, old=old)
        except Refused as error:
            raise _unknown_file(path) from error


ProjectEntries: TypeAlias = dict[int, list[ServerEntry]]
"""Project id → its entries on the server. A project that was deleted since the journal was written is missing."""


def _list_present_entries(studio: Studio | None, journal: MigrationJournal) -> ProjectEntries:
    """Return what the projects of a journal have now; raise CannotRun for another server."""
    entries: ProjectEntries = {}
    for change in journal.projects if studio is not None else ():
        assert studio is not None  # noqa: S101 - see the line above
        if studio.address.name != change.server:
            raise CannotRun(studio.url, "is not the server of the migration", "use the server that it was on")
        project = studio.get_project(change.project_id)
        if project is not None:
            entries[change.project_id] = list(list_entries(studio.iterate_tasks_with_drafts(project.id)))
    return entries


def _changed_since(project: MigratedProject, entries: ProjectEntries) -> Iterator[ServerEntry]:
    """Yield the entries of a project that are neither as before the migration nor as after it."""
    changes = {(change.kind, change.entry_id): change for change in project.entries}
    for entry in entries.get(project.project_id, ()):
        change = changes.get((entry.kind, entry.data["id"]))
        if change is None or entry.data.get("result") not in (change.old["result"], change.new["result"]):
            yield entry


def _write_projects(
    state: State,
    studio: Studio,
    journal: MigrationJournal,
    entries: ProjectEntries,
    side: Side,
    progress: Progress,
) -> None:
    """Write the entries, then the settings; what is right already, or was deleted, is left out.

    The config is saved as one that the toolkit gave the project, so that it does not count as changed on the server.
    """
    total, done = sum(len(project.entries) for project in journal.projects), 0
    for project in journal.projects:
        present = {(entry.kind, entry.data["id"]): entry.data for entry in entries.get(project.project_id, ())}
        for change in project.entries:
            fields: JsonObject = getattr(change, side)
            data = present.get((change.kind, change.entry_id))
            if data is not None and any(data.get(key) != value for key, value in fields.items()):
                write_entry(studio, change.kind, change.entry_id, fields)
            done += 1
            progress(done, total)
        settings: JsonObject = getattr(project, side)
        if project.project_id in entries:
            if read_settings(studio, project.project_id) != settings:
                _write_settings(studio, project.project_id, settings)
            save_config(state, project.server, project.project_id, str(settings["label_config"]))


def _write_settings(studio: Studio, project_id: int, settings: JsonObject) -> None:
    """Set the settings of a project. The server checks them against its summary of labels, which is reset first."""
    path = f"api/projects/{project_id}/"
    retry(lambda: studio.write("POST", f"{path}summary/reset/", {}), studio.delays)
    retry(lambda: studio.write("PATCH", path, settings), studio.delays)


def write_entry(studio: Studio, kind: str, entry_id: int, fields: JsonObject) -> None:
    """Change fields of an annotation, a draft or a prediction on the server."""
    path = ENTRY_PATHS[kind].format(entry_id)
    retry(lambda: studio.write("PATCH", path, fields, subject=f"the {kind}"), studio.delays)
