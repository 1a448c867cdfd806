"""A migration done: inventory, corpus and live project together, or not at all.

A journal in `.studio/migration/` has the old and the new of everything before anything is changed. To go on after an
interruption is to write the new again; to undo is to write the old. The journal's name says how far it is: `forward`
(begun), `done`, `back` (an undo begun).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from annotate.errors import CannotRun
from annotate.files import write_atomically
from annotate.inventory import Inventory
from annotate.labelstudio import migration as pure
from annotate.labelstudio import tasks, usage
from annotate.labelstudio.client import Project, Raw, Refused, Studio
from annotate.labelstudio.migration import Migration
from annotate.labelstudio.results import article_of, pseudonym, user_of
from annotate.labelstudio.retry import again
from annotate.labelstudio.state import State
from annotate.store import Corpus, canonical

Phase = Literal["forward", "done", "back"]
FOLDER = "migration"
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
    old: Raw
    new: Raw


class Live(msgspec.Struct):
    """The project: the server's name in `.studio/`, and its config and entries before and after."""

    server: str
    project: int
    old: str
    new: str
    entries: list[Entry]


class Journal(msgspec.Struct):
    """All that a migration changes; `schema` is the text of the inventory before."""

    migration: Migration
    schema: str
    files: list[File]
    live: Live | None = None

    def counts(self) -> dict[str, int]:
        """How many files and entries change, by kind."""
        entries = self.live.entries if self.live else []
        changed = Counter(f"{entry.kind}s" for entry in entries if entry.old != entry.new)
        return {"files": len(self.files)} | {kind: changed[kind] for kind in usage.KINDS}


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
    people: dict[int, str],
    article: str,
    found: tuple[str, Raw],
) -> Entry:
    """What becomes of one entry on the server. Our own prediction is made anew from the corpus, item by item."""
    kind, raw = found
    fields: Raw = {"result": raw.get("result")}
    name = pseudonym(user_of(raw) or _drafter(raw), people)
    if kind == "prediction":
        version = str(raw.get("model_version"))
        fields["model_version"] = version
        name = version.partition(" ")[0]
    new = fields | {"result": pure.items(migration.steps, inventories, raw.get("result"), name, article)}
    if fields.get("model_version") == f"{name} {migration.before}":
        new["model_version"] = f"{name} {migration.after}"
        path = corpus.annotation_path(name, article)
        if path.is_file():
            old = corpus.read_annotation(name, article)
            if old.inventory == migration.before and tasks.result(old, inventories[0]) == fields["result"]:
                after = pure.annotation(migration.steps, old, name, migration.after)
                new["result"] = tasks.result(canonical(after), inventories[-1])
    return Entry(kind, raw["id"], fields, new)


def _drafter(raw: Raw) -> int | None:
    user = raw.get("user")
    return user if isinstance(user, int) else None


def found_entries(raw: Iterable[Raw]) -> Iterator[tuple[str, tuple[str, Raw]]]:
    """Article → kind and entry, for every entry of every task of ours."""
    for task in raw:
        article = article_of(task)
        if article is not None:
            yield from ((article, entry) for entry in usage.entries(task))


def begin(state: State, journal: Journal) -> None:
    """Write the journal; from here on the migration is finished or undone, never left."""
    done = state.folder / FOLDER / "done.json"
    state.write(f"{FOLDER}/forward.json", journal)
    done.unlink(missing_ok=True)


def forward(
    state: State,
    journal: Journal,
    studio: Studio | None,
    remade: Callable[[str, tuple[str, Raw]], Entry],
    seen: Progress,
) -> None:
    """Bring everything to the new, from wherever it is. What was labelled since the journal is taken along.

    Raises Refused for a file that is neither the old nor the new.
    """
    _files_known(journal)
    if journal.live and studio:
        live = journal.live
        known = {(entry.kind, entry.number): entry for entry in live.entries}
        there = _there(studio, live)
        for article, (kind, raw) in there:
            entry = known.get((kind, raw["id"]))
            if entry is None or raw.get("result") not in (entry.old["result"], entry.new["result"]):
                known[kind, raw["id"]] = remade(article, (kind, raw))
        if list(known.values()) != live.entries:
            live.entries = list(known.values())
            state.write(f"{FOLDER}/forward.json", journal)
        _put_live(studio, live, there, "new", seen)
    for file in journal.files:
        _put_file(Path(file.path), file.new)
    _turn(state, "forward", "done")


def back(state: State, phase: Phase, journal: Journal, studio: Studio | None, seen: Progress) -> None:
    """Bring everything to the old. Raises Refused, before anything is changed, where work was done since."""
    _files_known(journal)
    there = _there(studio, journal.live) if journal.live and studio else []
    if journal.live:
        known = {(entry.kind, entry.number): entry for entry in journal.live.entries}
        since = [
            f"{kind} {raw['id']}"
            for _, (kind, raw) in there
            if (entry := known.get((kind, raw["id"]))) is None
            or raw.get("result") not in (entry.old["result"], entry.new["result"])
        ]
        if since:
            raise Refused(f"made or changed on the server since the migration: {', '.join(since)}; it cannot be undone")
    if phase != "back":
        _turn(state, phase, "back")
    for file in journal.files:
        _put_file(Path(file.path), file.old)
    if journal.live and studio:
        _put_live(studio, journal.live, there, "old", seen)
    _turn(state, "back", None)


def _files_known(journal: Journal) -> None:
    for file in journal.files:
        path = Path(file.path)
        if (path.read_bytes() if path.is_file() else None) not in (file.old, file.new):
            raise Refused(f"{path} was changed since the migration began; put it back first")


def _put_file(path: Path, data: bytes) -> None:
    if path.read_bytes() != data:
        write_atomically(path, data)


def live_project(studio: Studio, live: Live) -> Project:
    """The project of a journal; raises CannotRun for another server, or if it is gone."""
    found = studio.project(live.project) if studio.where.name == live.server else None
    if found is None:
        raise CannotRun(
            studio.url, f"does not have project {live.project} of the migration", "use the server it was on"
        )
    return found


def _there(studio: Studio, live: Live) -> list[tuple[str, tuple[str, Raw]]]:
    return list(found_entries(usage.tasks(studio, live_project(studio, live))))


def _put_live(
    studio: Studio, live: Live, there: list[tuple[str, tuple[str, Raw]]], side: Literal["old", "new"], seen: Progress
) -> None:
    """Write entries, then the config; what is as it should be already, or was deleted meanwhile, is left."""
    present = {(kind, raw["id"]): raw for _, (kind, raw) in there}
    for at, entry in enumerate(live.entries):
        fields: Raw = getattr(entry, side)
        raw = present.get((entry.kind, entry.number))
        if raw is not None and any(raw.get(key) != value for key, value in fields.items()):
            _put_entry(studio, entry.kind, entry.number, fields)
        seen(at + 1, len(live.entries))
    config, project = live.old if side == "old" else live.new, live_project(studio, live)
    if project.config != config:
        _put_config(studio, project, config)


def _put_config(studio: Studio, project: Project, config: str) -> None:
    """Give a project its config. The server refuses by its own count of what is in use, so that is taken anew first."""
    again(
        lambda: usage.ask(studio, "the project", "POST", f"api/projects/{project.number}/summary/reset/", {}),
        studio.delays,
    )
    again(lambda: studio.update(project, {"label_config": config}), studio.delays)


def _put_entry(studio: Studio, kind: str, number: int, fields: Raw) -> None:
    path = PATHS[kind].format(number)
    again(lambda: usage.ask(studio, f"the {kind}", "PATCH", path, fields), studio.delays)
