"""The projects of a corpus on a server, for a migration: which they are, and what becomes of each entry in them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from annotate.corpus import Corpus
from annotate.errors import Refused
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.compare import compare_with_server
from annotate.labelstudio.config import labelling_config, read_vocabulary
from annotate.labelstudio.config_drift import refuse_drift
from annotate.labelstudio.config_usage import used_names
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.predictions import Predictions, corpus_predictions
from annotate.labelstudio.projects import ADJUDICATION, find_project, require_project
from annotate.labelstudio.results import ENTRY_KINDS, article_id_of, iterate_entries, user_id_of
from annotate.labelstudio.state import State
from annotate.migration import annotations
from annotate.migration.steps import Migration
from annotate.migration.transaction import Entry, Live, entry_of, found_entries, maker, settings
from annotate.model import GOLD

STAGES = {"annotation": "annotated", "draft": "pending", "prediction": "predicted"}
"""Kind of entry → what its labels are called in a plan; those of a skipped annotation are `skipped`."""


class Found(NamedTuple):
    """A project of the corpus, and the title that it was made under."""

    title: str
    project: Project

    @property
    def gold(self) -> bool:
        """Whether what is submitted there is gold."""
        return self.title.endswith(f": {ADJUDICATION}")

    def __str__(self) -> str:
        return f"project {self.project.id}, {self.title}"


class Effect(NamedTuple):
    """How many labels in a project a step changes or drops, by what they are."""

    project: Found
    step: str
    labels: Counter[str]

    def __str__(self) -> str:
        counts = ", ".join(f"{self.labels[stage]} {stage}" for stage in (*STAGES.values(), "skipped"))
        return f"{self.project}: {self.step}: {counts}"


def of_corpus(studio: Studio, state: State, corpus: Corpus, title: str) -> list[Found]:
    """Every project of the corpus: those made from this folder, and those on the server with a title of that kind.

    One that has tasks must have one of an article of the corpus, with the hash that the toolkit puts there.
    """
    known = state.project_ids(studio.address.name)
    names = {title, *known}
    found = [Found(name, project) for name in sorted(names) if (project := find_project(studio, state, name))]
    numbers = {one.project.id for one in found}
    for number, name in _titles(studio):
        if number not in numbers and any(name.startswith(f"{base}: ") for base in names):
            project = studio.get_project(number)
            found += [Found(name, project)] if project and project.tasks else []
    articles = set(corpus.article_ids())
    return sorted({one.project.id: one for one in found if _ours(studio, one.project, articles)}.values())


def _titles(studio: Studio) -> Iterator[tuple[int, str]]:
    """Number and title of each project on the server."""
    yield from ((entry["id"], str(entry["title"])) for entry in studio.list_projects(include="id,title"))


def _ours(studio: Studio, project: Project, articles: set[str]) -> bool:
    first = studio.first_tasks(project.id, "id,data")
    return not first or any(article_id_of(task) in articles and "text_sha256" in task["data"] for task in first)


def chosen(studio: Studio, state: State, corpus: Corpus, title: str, wanted: Sequence[str], leave: bool) -> list[Found]:
    """The projects to migrate: all of the corpus, or those with the titles that are wanted.

    Raises CannotRun for one that is not there, and Refused where another would be left behind and `leave` is false.
    """
    every = of_corpus(studio, state, corpus, title)
    if not wanted:
        if not every:
            require_project(studio, state, title)
        return every
    mine = [Found(name, require_project(studio, state, name)) for name in dict.fromkeys(wanted)]
    numbers = {one.project.id for one in mine}
    left = [str(one) for one in every if one.project.id not in numbers]
    if left and not leave:
        raise Refused("--title", f"leaves out {'; '.join(left)}", "leave out --title, or give --leave-others as well")
    return mine


def live(
    studio: Studio,
    state: State,
    people: dict[int, str],
    found: Found,
    corpus: Corpus,
    migration: Migration,
    known: list[Inventory],
) -> tuple[Live, list[JsonObject]]:
    """A project before and after, and its tasks. Raises Refused where the server and the corpus are apart."""
    if read_vocabulary(found.project.config) != read_vocabulary(labelling_config(known[0])):
        raise Refused(str(found), f"has another labelling config than inventory {known[0].version}", "push")
    refuse_drift(state, studio.address.name, found.project, known[0])
    raw = list(studio.iterate_tasks_with_drafts(found.project.id))
    equal(corpus, known[0], raw, people, found, "pull, and push, before the migration")
    entries: list[Entry] = []
    for article, (kind, one) in found_entries(raw):
        entry = entry_of(migration, known, corpus, maker(kind, one, people, found.gold), article, (kind, one))
        entries.append(entry)
        unsaved = kind == "draft" or bool(one.get("was_cancelled"))
        if unsaved and any(step.kind == "drop" for step in migration.steps) and _less(entry):
            problem = f"{kind} {entry.number}, which is in no corpus, would lose labels"
            raise Refused(f"{found}: {article}", problem, "submit it")
    old = settings(studio, found.project.id)
    new = {"label_config": labelling_config(known[-1]), "model_version": old["model_version"]}
    versions = {entry.old.get("model_version"): entry.new.get("model_version") for entry in entries}
    new["model_version"] = versions.get(old["model_version"]) or old["model_version"]
    return Live(studio.address.name, found.project.id, found.gold, old, new, entries), raw


def _less(entry: Entry) -> bool:
    return len(list(used_names(entry.new["result"]))) < len(list(used_names(entry.old["result"])))


def equal(
    corpus: Corpus, loaded: Inventory, raw: list[JsonObject], people: dict[int, str], found: Found, hint: str
) -> None:
    """Raise Refused unless a project has what the corpus has, of the articles that it has tasks for."""
    versions = {str(entry.get("model_version")) for _, (kind, entry) in found_entries(raw) if kind == "prediction"}
    pushed = any(version.partition(" ")[0] == GOLD for version in versions)
    present = {article_id_of(task) for task in raw}
    labels: Predictions = {}
    if pushed:
        labels = {name: some for name, some in corpus_predictions(corpus, loaded).items() if name in present}
    if found.gold:
        people = {number: GOLD for task in raw for number in _users(task)}
    article_ids = [name for name in corpus.article_ids() if name in present]
    done = compare_with_server(corpus, loaded, article_ids, labels, raw, people)
    if done.differences:
        first = done.differences[0]
        raise Refused(str(found), f"server and corpus differ in {len(done.differences)} places ({first})", hint)


def _users(task: JsonObject) -> Iterator[int]:
    yield from (number for kind, one in iterate_entries(task) if (number := user_id_of(one, kind)) is not None)


def after(raw: list[JsonObject], entries: list[Entry]) -> list[JsonObject]:
    """The tasks as they will be."""
    new = {(entry.kind, entry.number): entry.new for entry in entries}
    kinds = ENTRY_KINDS.items()
    return [
        task | {key: [one | new.get((kind, one["id"]), {}) for one in task.get(key) or []] for kind, key in kinds}
        for task in raw
    ]


def effects(
    found: Found, raw: Iterable[JsonObject], people: dict[int, str], migration: Migration, known: list[Inventory]
) -> list[Effect]:
    """What each step does to the labels of a project, counted as the step before left them."""
    counts = [Counter[str]() for _ in migration.steps]
    for article, (kind, one) in found_entries(raw):
        stage = "skipped" if one.get("was_cancelled") else STAGES[kind]
        now, name = one.get("result"), annotations.version_of(kind, one, maker(kind, one, people, found.gold))
        for number, step in enumerate(migration.steps):
            counts[number][stage] += annotations.uses(step, known[number], now)
            now = annotations.items([step], known[number : number + 2], now, name, article)
    return [Effect(found, str(step), count) for step, count in zip(migration.steps, counts, strict=True)]
