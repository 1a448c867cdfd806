"""A migration done: inventory, corpus and all live projects together, or not at all.

A journal in `.studio/migration/` has the old and the new of everything before anything is changed. To go on after an
interruption is to write the new again; to undo is to write the old. The journal's name says how far it is: `forward`
(begun), `done`, `back` (an undo begun).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from annotate.corpus import Corpus, canonical
from annotate.errors import CannotRun, Refused
from annotate.inventory import Inventory
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Studio
from annotate.labelstudio.config_drift import save_config
from annotate.labelstudio.http import JsonObject, retry
from annotate.labelstudio.lock import MIGRATION_FOLDER
from annotate.labelstudio.results import ENTRY_KINDS, annotator_of, article_id_of, iterate_entries, user_id_of
from annotate.labelstudio.state import State
from annotate.migration import annotations
from annotate.migration.steps import Migration
from annotate.model import GOLD
from annotate.util.files import write_atomically

Phase = Literal["forward", "done", "back"]
FOLDER = MIGRATION_FOLDER
PATHS = {"annotation": "api/annotations/{}/", "draft": "api/drafts/{}/", "prediction": "api/predictions/{}/"}
Progress = Callable[[int, int], None]


class File(msgspec.Struct, frozen=True):
    """A file with its bytes before and after."""

    path: str
    old: bytes
    new: bytes


class Entry(msgspec.Struct, frozen=True):
    """An annotation, draft or prediction on the server, with the fields that change, before and after."""

    kind: str
    number: int
    old: JsonObject
    new: JsonObject


class Live(msgspec.Struct, forbid_unknown_fields=True):
    """A project: the server's name in `.studio/`, its settings and entries before and after.

    `gold`: what is submitted there is gold.
    """

    server: str
    project: int
    gold: bool
    old: JsonObject
    new: JsonObject
    entries: list[Entry]


class Journal(msgspec.Struct, forbid_unknown_fields=True):
    """All that a migration changes; `schema` is the text of the inventory before."""

    migration: Migration
    schema: str
    files: list[File]
    lives: list[Live]

    def counts(self) -> dict[str, int]:
        """How many files and entries change, by kind."""
        entries = (entry for live in self.lives for entry in live.entries)
        changed = Counter(f"{entry.kind}s" for entry in entries if entry.old != entry.new)
        return {"files": len(self.files), "projects": len(self.lives)} | {
            kind: changed[kind] for kind in ENTRY_KINDS.values()
        }


def current(state: State) -> tuple[Phase, Journal] | None:
    """The journal of this folder, and how far it is; None if there is none."""
    phases: tuple[Phase, ...] = ("forward", "back", "done")
    for phase in phases:
        journal = state.read(f"{FOLDER}/{phase}.json", Journal)
        if journal is not None:
            return phase, journal
    return None


def _turn(state: State, old: Phase, new: Phase | None) -> None:
    """Let the journal say how far it is; None: all is as it was before."""
    path = state.folder / FOLDER / f"{old}.json"
    if new is None:
        path.unlink()
    else:
        path.replace(path.with_name(f"{new}.json"))


def entry_of(
    migration: Migration,
    inventories: Sequence[Inventory],
    corpus: Corpus,
    maker: str,
    article: str,
    found: tuple[str, JsonObject],
) -> Entry:
    """What becomes of one entry on the server. Our own prediction is made anew from the corpus, item by item."""
    kind, raw = found
    fields: JsonObject = {"result": raw.get("result")}
    name = annotations.version_of(kind, raw, maker)
    if kind == "prediction":
        fields["model_version"] = str(raw.get("model_version"))
    new = fields | {"result": annotations.items(migration.steps, inventories, raw.get("result"), name, article)}
    if fields.get("model_version") == f"{name} {migration.before}":
        new["model_version"] = f"{name} {migration.after}"
        path = corpus.annotation_path(name, article)
        if path.is_file():
            old = corpus.read_annotation(name, article)
            if old.inventory == migration.before and tasks.result_items(old, inventories[0]) == fields["result"]:
                after = annotations.annotation(migration.steps, old, name, migration.after)
                new["result"] = tasks.result_items(canonical(after), inventories[-1])
    return Entry(kind, raw["id"], fields, new)


def maker(kind: str, raw: JsonObject, people: dict[int, str], gold: bool) -> str:
    """The annotator who made an entry; what is submitted where one adjudicates is gold."""
    return GOLD if gold else annotator_of(user_id_of(raw, kind), people)


def found_entries(raw: Iterable[JsonObject]) -> Iterator[tuple[str, tuple[str, JsonObject]]]:
    """Article → kind and entry, for every entry of every task of ours."""
    for task in raw:
        article = article_id_of(task)
        if article is not None:
            yield from ((article, entry) for entry in iterate_entries(task))


def begin(state: State, journal: Journal) -> None:
    """Write the journal; from here on the migration is finished or undone, never left."""
    done = state.folder / FOLDER / "done.json"
    state.write(f"{FOLDER}/forward.json", journal)
    done.unlink(missing_ok=True)


def forward(
    state: State,
    journal: Journal,
    studio: Studio | None,
    remade: Callable[[Live, str, tuple[str, JsonObject]], Entry],
    seen: Progress,
) -> None:
    """Bring everything to the new, from wherever it is. What was labelled since the journal is taken along.

    Raises Refused for a file that is neither the old nor the new.
    """
    _files_known(journal)
    there = _there(studio, journal)
    more = False
    for live in journal.lives:
        known = {(entry.kind, entry.number): entry for entry in live.entries}
        for article, (kind, raw) in there.get(live.project, ()):
            entry = known.get((kind, raw["id"]))
            if entry is None or raw.get("result") not in (entry.old["result"], entry.new["result"]):
                known[kind, raw["id"]] = remade(live, article, (kind, raw))
        more |= list(known.values()) != live.entries
        live.entries = list(known.values())
    if more:
        state.write(f"{FOLDER}/forward.json", journal)
    _put_lives(state, studio, journal, there, "new", seen)
    for file in journal.files:
        _put_file(Path(file.path), file.new)
    _turn(state, "forward", "done")


def back(state: State, phase: Phase, journal: Journal, studio: Studio | None, seen: Progress) -> None:
    """Bring everything to the old. Raises Refused, before anything is changed, where work was done since."""
    _files_known(journal)
    there = _there(studio, journal)
    since = []
    for live in journal.lives:
        known = {(entry.kind, entry.number): entry for entry in live.entries}
        for _, (kind, raw) in there.get(live.project, ()):
            entry = known.get((kind, raw["id"]))
            if entry is None or raw.get("result") not in (entry.old["result"], entry.new["result"]):
                since.append(f"{kind} {raw['id']}")
    if since:
        problem = f"made or changed on the server since the migration: {', '.join(since)}"
        raise Refused("annotate studio migrate --undo", problem, "it cannot be undone")
    if phase != "back":
        _turn(state, phase, "back")
    for file in journal.files:
        _put_file(Path(file.path), file.old)
    _put_lives(state, studio, journal, there, "old", seen)
    _turn(state, "back", None)


def _files_known(journal: Journal) -> None:
    for file in journal.files:
        path = Path(file.path)
        if (path.read_bytes() if path.is_file() else None) not in (file.old, file.new):
            raise Refused(path, "was changed since the migration began", "put it back first")


def _put_file(path: Path, data: bytes) -> None:
    if path.read_bytes() != data:
        write_atomically(path, data)


def settings(studio: Studio, number: int) -> JsonObject:
    """The settings of a project that a migration changes."""
    found = studio.get_settings(number)
    return {"label_config": found.get("label_config"), "model_version": found.get("model_version")}


Present = dict[int, list[tuple[str, tuple[str, JsonObject]]]]
"""Number of a project → its entries. One that was deleted meanwhile is not in it: its labels went with it."""


def _there(studio: Studio | None, journal: Journal) -> Present:
    """What the projects of a journal have now; raises CannotRun for another server."""
    found: Present = {}
    if studio is None:
        return found
    for live in journal.lives:
        if studio.address.name != live.server:
            raise CannotRun(studio.url, "is another server than that of the migration", "use the server it was on")
        project = studio.get_project(live.project)
        if project is not None:
            found[live.project] = list(found_entries(studio.iterate_tasks_with_drafts(project.id)))
    return found


def _put_lives(
    state: State, studio: Studio | None, journal: Journal, there: Present, side: Literal["old", "new"], seen: Progress
) -> None:
    """Write entries, then settings; what is as it should be already, or was deleted meanwhile, is left.

    The config counts as given from here, so that nobody takes it for one edited on the server.
    """
    total, done = sum(len(live.entries) for live in journal.lives), 0
    if studio is None:
        return
    for live in journal.lives:
        present = {(kind, raw["id"]): raw for _, (kind, raw) in there.get(live.project, ())}
        for entry in live.entries:
            fields: JsonObject = getattr(entry, side)
            raw = present.get((entry.kind, entry.number))
            if raw is not None and any(raw.get(key) != value for key, value in fields.items()):
                _put_entry(studio, entry.kind, entry.number, fields)
            done += 1
            seen(done, total)
        wanted: JsonObject = getattr(live, side)
        if live.project in there:
            if settings(studio, live.project) != wanted:
                _put_settings(studio, live.project, wanted)
            save_config(state, live.server, live.project, str(wanted["label_config"]))


def _put_settings(studio: Studio, number: int, wanted: JsonObject) -> None:
    """Give a project its settings. The server refuses by its own count of what is in use, which is taken anew first."""
    path = f"api/projects/{number}/"
    retry(lambda: studio.write("POST", f"{path}summary/reset/", {}), studio.delays)
    retry(lambda: studio.write("PATCH", path, wanted), studio.delays)


def _put_entry(studio: Studio, kind: str, number: int, fields: JsonObject) -> None:
    path = PATHS[kind].format(number)
    retry(lambda: studio.write("PATCH", path, fields, subject=f"the {kind}"), studio.delays)
