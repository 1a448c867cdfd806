"""The projects of a corpus on a server: which they are, and what a migration does to their entries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from annotate.corpus import Corpus
from annotate.errors import Refused
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.compare import compare_with_server
from annotate.labelstudio.config import is_adjudication_config, labelling_config, read_vocabulary
from annotate.labelstudio.config_drift import refuse_drift
from annotate.labelstudio.config_usage import used_names
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.predictions import Predictions, corpus_predictions
from annotate.labelstudio.projects import ADJUDICATION, find_project, require_project
from annotate.labelstudio.results import ENTRY_KINDS, article_id_of, iterate_entries, user_id_of
from annotate.labelstudio.state import State
from annotate.migration.annotations import count_uses, migrate_items
from annotate.migration.steps import Migration
from annotate.migration.transaction import MigratedEntry, MigratedProject, list_entries, migrate_entry, read_settings
from annotate.model import GOLD

SKIPPED = "skipped"
STAGES = {"annotation": "annotated", "draft": "pending", "prediction": "predicted"}
"""Kind of entry → what a plan calls its labels; those of a skipped annotation are `SKIPPED`."""


class CorpusProject(NamedTuple):
    """A project of the corpus, and the title that it was made under."""

    title: str
    project: Project

    @property
    def is_adjudication(self) -> bool:
        """Whether what is submitted there is gold."""
        return self.title.endswith(f": {ADJUDICATION}")

    def __str__(self) -> str:
        """Return id and title: `project 4, Port news: anna`."""
        return f"project {self.project.id}, {self.title}"


class ProjectEffect(NamedTuple):
    """How many labels in a project a step changes or drops, by stage."""

    project: CorpusProject
    step: str
    labels: Counter[str]

    def __str__(self) -> str:
        """Return the counts in one line."""
        counts = ", ".join(f"{self.labels[stage]} {stage}" for stage in (*STAGES.values(), SKIPPED))
        return f"{self.project}: {self.step}: {counts}"


def find_corpus_projects(studio: Studio, state: State, corpus: Corpus, title: str) -> list[CorpusProject]:
    """Return every project of the corpus on a server.

    They are the projects made from this state folder, and those with a title such as `TITLE: anna`. A project with
    tasks must have one of an article of the corpus, with the hash that the toolkit stores there.
    """
    titles = {title, *state.project_ids(studio.address.name)}
    projects = {
        project.id: CorpusProject(name, project)
        for name in sorted(titles)
        if (project := find_project(studio, state, name))
    }
    for entry in studio.list_projects(include="id,title"):
        project_id, name = entry["id"], str(entry["title"])
        if project_id not in projects and any(name.startswith(f"{base}: ") for base in titles):
            project = studio.get_project(project_id)
            if project and project.tasks:
                projects[project_id] = CorpusProject(name, project)
    article_ids = set(corpus.article_ids())
    return sorted(each for each in projects.values() if _has_corpus_task(studio, each.project, article_ids))


def _has_corpus_task(studio: Studio, project: Project, article_ids: set[str]) -> bool:
    """Return whether one of the first tasks is of the corpus, or there is no task."""
    tasks = studio.first_tasks(project.id, "id,data")
    return not tasks or any(article_id_of(task) in article_ids and "text_sha256" in task["data"] for task in tasks)


def choose_projects(
    studio: Studio, state: State, corpus: Corpus, title: str, wanted: Sequence[str], leave_others: bool
) -> list[CorpusProject]:
    """Return the projects to migrate: those with the wanted titles, or all of the corpus.

    Args:
        studio: The server.
        state: The state folder.
        corpus: The corpus.
        title: The title of the inventory.
        wanted: The titles of the projects; empty for all.
        leave_others: Allow that other projects of the corpus are left out.

    Raises:
        CannotRun: A project does not exist.
        Refused: Another project of the corpus would be left out.
    """
    projects = find_corpus_projects(studio, state, corpus, title)
    if not wanted:
        # A project without a task of the corpus was made elsewhere, and its plan is refused.
        return projects or [CorpusProject(title, require_project(studio, state, title))]
    chosen = [CorpusProject(name, require_project(studio, state, name)) for name in dict.fromkeys(wanted)]
    chosen_ids = {each.project.id for each in chosen}
    others = [str(each) for each in projects if each.project.id not in chosen_ids]
    if others and not leave_others:
        hint = "omit --title, or add --leave-others"
        raise Refused("--title", f"would leave out: {'; '.join(others)}", hint)
    return chosen


def plan_project(
    studio: Studio,
    state: State,
    annotators: dict[int, str],
    project: CorpusProject,
    corpus: Corpus,
    migration: Migration,
    inventories: list[Inventory],
) -> tuple[MigratedProject, list[JsonObject]]:
    """Return a project before and after the migration, and its tasks.

    Args:
        studio: The server.
        state: The state folder.
        annotators: User id on the server → annotator's id.
        project: The project.
        corpus: The corpus before the migration.
        migration: The migration.
        inventories: The inventory before each step, and the one after the last.

    Raises:
        Refused: The project differs from the corpus, or labels that are in no corpus would be lost.
    """
    project_id = project.project.id
    adjudication = is_adjudication_config(project.project.config)
    wanted = labelling_config(inventories[0], adjudication=adjudication)
    if read_vocabulary(project.project.config) != read_vocabulary(wanted):
        hint = (
            "push; for a project that was made elsewhere, change the corpus alone with --no-server, or first use"
            " `annotate studio push --take-over`"
        )
        raise Refused(str(project), f"has another labelling config than inventory {inventories[0].version}", hint)
    refuse_drift(state, studio.address.name, project.project, inventories[0])
    tasks = list(studio.iterate_tasks_with_drafts(project_id))
    require_equal(corpus, inventories[0], tasks, annotators, project, "before the migration", "pull, and push")
    has_drop = any(step.kind == "drop" for step in migration.steps)
    changes: list[MigratedEntry] = []
    for entry in list_entries(tasks):
        annotation_set = entry.annotation_set(annotators, project.is_adjudication)
        change = migrate_entry(migration, inventories, corpus, entry, annotation_set)
        changes.append(change)
        is_unsaved = entry.kind == "draft" or bool(entry.data.get("was_cancelled"))
        if is_unsaved and has_drop and _count_names(change.new) < _count_names(change.old):
            problem = f"{entry.kind} {change.entry_id}, which is in no corpus, would lose labels"
            raise Refused(f"{project}: {entry.article_id}", problem, "submit it")
    old = read_settings(studio, project_id)
    versions = {change.old.get("model_version"): change.new.get("model_version") for change in changes}
    new = {
        "label_config": labelling_config(inventories[-1], adjudication=adjudication),
        "model_version": versions.get(old["model_version"]) or old["model_version"],
    }
    return MigratedProject(studio.address.name, project_id, project.is_adjudication, old, new, changes), tasks


def _count_names(fields: JsonObject) -> int:
    return sum(1 for _ in used_names(fields["result"]))


def require_equal(
    corpus: Corpus,
    labels: Inventory,
    tasks: list[JsonObject],
    annotators: dict[int, str],
    project: CorpusProject,
    when: str,
    hint: str,
) -> None:
    """Check that a project has the same labels as the corpus, in the articles that it has tasks for.

    Raises:
        Refused: They differ.
    """
    models = {
        str(entry.data.get("model_version")).partition(" ")[0]
        for entry in list_entries(tasks)
        if entry.kind == "prediction"
    }
    present_ids = {article_id_of(task) for task in tasks}
    predictions: Predictions = {}
    if GOLD in models:
        predictions = {
            article_id: each
            for article_id, each in corpus_predictions(corpus, labels).items()
            if article_id in present_ids
        }
    if project.is_adjudication:
        annotators = {user_id: GOLD for task in tasks for user_id in _user_ids(task)}
    article_ids = [article_id for article_id in corpus.article_ids() if article_id in present_ids]
    comparison = compare_with_server(
        corpus, labels, article_ids, predictions, tasks, annotators, requires_predictions=False
    )
    if comparison.differences:
        count, first = len(comparison.differences), comparison.differences[0]
        raise Refused(str(project), f"server and corpus differ in {count} places {when} ({first})", hint)


def _user_ids(task: JsonObject) -> Iterator[int]:
    for kind, entry in iterate_entries(task):
        user_id = user_id_of(entry, kind)
        if user_id is not None:
            yield user_id


def migrate_tasks(tasks: list[JsonObject], changes: list[MigratedEntry]) -> list[JsonObject]:
    """Return the tasks as they are after the migration."""
    new = {(change.kind, change.entry_id): change.new for change in changes}
    return [
        task
        | {
            key: [entry | new.get((kind, entry["id"]), {}) for entry in task.get(key) or []]
            for kind, key in ENTRY_KINDS.items()
        }
        for task in tasks
    ]


def count_effects(
    project: CorpusProject,
    tasks: Iterable[JsonObject],
    annotators: dict[int, str],
    migration: Migration,
    inventories: list[Inventory],
) -> list[ProjectEffect]:
    """Count what each step changes in the labels of a project, after the steps before it."""
    counts = [Counter[str]() for _ in migration.steps]
    for entry in list_entries(tasks):
        stage = SKIPPED if entry.data.get("was_cancelled") else STAGES[entry.kind]
        annotation_set = entry.annotation_set(annotators, project.is_adjudication)
        result = entry.data.get("result")
        for index, step in enumerate(migration.steps):
            counts[index][stage] += count_uses(step, inventories[index], result)
            result = migrate_items([step], inventories[index : index + 2], result, annotation_set, entry.article_id)
    return [ProjectEffect(project, str(step), count) for step, count in zip(migration.steps, counts, strict=True)]
