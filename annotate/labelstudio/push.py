"""The corpus onto a server: the project with its config and instructions, a task an article, labels as predictions.

Pushing twice does nothing the second time. Work on the server is never overwritten: not by another config, nor by
another text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Project, Raw, Refused, Studio
from annotate.labelstudio.config import TEXT, labeling_config, vocabulary
from annotate.labelstudio.results import article_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction
from annotate.model import GOLD, Annotation, Article
from annotate.offsets import sha256
from annotate.store import Corpus

BATCH = 200
"""Tasks in one import; a server takes many thousands in one call too long for a connection to live."""
TITLE_LENGTH = (3, 50)

Progress = Callable[[int, int], None]


class Pushed(NamedTuple):
    """What a push did: articles by what became of them, predictions replaced, and conflicts in words."""

    project: Project
    created: list[str]
    updated: list[str]
    unchanged: list[str]
    predictions: int
    conflicts: list[str]


def predictions(corpus: Corpus, inventory: Inventory, versions: Iterable[str] = (GOLD,)) -> dict[str, list[Prediction]]:
    """Article → its annotations from the named folders (gold, or annotators), to be shown as predictions.

    Raises CannotRun for one that has a name which the inventory does not have.
    """
    found: dict[str, list[Prediction]] = {}
    for version in versions:
        for article in corpus.annotated_ids(version):
            annotation = corpus.read_annotation(version, article)
            for name in _unknown(annotation, inventory):
                path = corpus.annotation_path(version, article)
                raise CannotRun(path, f"{name!r} is not in the inventory", "run `annotate check`")
            found.setdefault(article, []).append(Prediction(tasks.version_name(version, annotation), annotation))
    return found


def _unknown(annotation: Annotation, inventory: Inventory) -> Iterator[str]:
    for span in annotation.spans:
        if span.label not in inventory.spans:
            yield span.label
        yield from (name for name in span.attributes if name not in inventory.attributes)
    yield from (relation.label for relation in annotation.relations if relation.label not in inventory.relations)


def find(studio: Studio, state: State, title: str) -> Project | None:
    """The corpus's project on a server: the one remembered, else the one with its title.

    Raises Refused if several have it.
    """
    number = state.project(studio.where.name, title)
    known = studio.project(number) if number is not None else None
    if known is not None:
        return known
    titled = studio.projects(title)
    if len(titled) > 1:
        numbers = ", ".join(str(project.number) for project in titled)
        raise Refused(f"several projects are called {title!r} ({numbers}); rename one in Label Studio, or give --title")
    return titled[0] if titled else None


def existing(studio: Studio, state: State, title: str) -> Project:
    """The corpus's project; raises CannotRun if it was never pushed, or was deleted meanwhile."""
    project = find(studio, state, title)
    if project is None:
        raise CannotRun(studio.url, f"there is no project {title!r} (any more)", "make it with `annotate studio push`")
    return project


def push(
    studio: Studio,
    state: State,
    inventory: Inventory,
    articles: Sequence[Article],
    labels: Mapping[str, Sequence[Prediction]],
    *,
    title: str,
    instructions: str = "",
    progress: Progress | None = None,
) -> Pushed:
    """Bring a server to what the corpus says, and say what was done. Raises Refused before anything is changed."""
    project = set_up(studio, state, inventory, title, instructions)
    raw = studio.tasks(project)
    known = _by_article(raw)
    done = Pushed(project, [], [], [], 0, [])
    new: list[Raw] = []
    for article in articles:
        entry = tasks.task(article, labels.get(article.id, ()), inventory)
        present = known.get(article.id, [])
        if not present:
            new.append(entry)
            done.created.append(article.id)
        elif len(present) > 1:
            numbers = ", ".join(str(task.get("id")) for task in present)
            done.conflicts.append(f"{article.id}: several tasks are of this article ({numbers}); delete all but one")
        elif sha256(present[0]["data"].get(TEXT, "")) != article.text_sha256:
            done.conflicts.append(
                f"{article.id}: task {present[0].get('id')} has another text; "
                "nothing was overwritten: pull its labels, delete the task, then push again"
            )
        else:
            changed = _bring_up_to_date(studio, present[0], entry)
            done = done._replace(predictions=done.predictions + changed.predictions)
            (done.updated if changed.data or changed.predictions else done.unchanged).append(article.id)
    for begin in range(0, len(new), BATCH):
        studio.add(project, new[begin : begin + BATCH])
        if progress:
            progress(min(begin + BATCH, len(new)), len(new))
    return done._replace(predictions=done.predictions + sum(len(entry["predictions"]) for entry in new))


def set_up(studio: Studio, state: State, inventory: Inventory, title: str, instructions: str) -> Project:
    """The project, made or brought up to date.

    Raises Refused, and changes nothing, where labels exist and the new config lacks what they may have been made with.
    """
    if not TITLE_LENGTH[0] <= len(title) <= TITLE_LENGTH[1]:
        raise CannotRun(repr(title), f"has {len(title)} characters", "Label Studio takes titles of 3 to 50: --title")
    config = labeling_config(inventory)
    settings: Raw = {"label_config": config, "expert_instruction": instructions, "show_instruction": bool(instructions)}
    project = find(studio, state, title)
    if project is None:
        project = studio.create(title, settings | {"description": inventory.about, "color": "#1f6fb4"})
    elif (project.config, project.instructions) != (config, instructions):
        _refuse_loss(studio, project, config)
        studio.update(project, settings)
    state.remember_project(studio.where.name, title, project.number)
    return project


def _refuse_loss(studio: Studio, project: Project, config: str) -> None:
    """Raise Refused if anybody has labelled and the config takes away labels, values or relations."""
    try:
        lost = vocabulary(project.config).lost(vocabulary(config))
    except ValueError as error:
        raise Refused(f"project {project.number}: {error}; mend it in Label Studio") from error
    if not lost:
        return
    kinds = ("annotations", "drafts")
    work = sum(len(task.get(kind) or []) for task in studio.tasks(project) for kind in kinds)
    if work:
        raise Refused(
            f"project {project.number} has annotations or drafts ({work}), and the new config lacks {len(lost)} "
            f"of what they may use ({', '.join(lost)}), which the server would orphan silently; "
            "pull them first, then push under another --title"
        )


def _by_article(raw: Iterable[Raw]) -> dict[str, list[Raw]]:
    found: dict[str, list[Raw]] = {}
    for task in raw:
        article = article_of(task)
        if article is not None:
            found.setdefault(article, []).append(task)
    return found


class _Changed(NamedTuple):
    data: bool
    predictions: int


def _bring_up_to_date(studio: Studio, task: Raw, entry: Raw) -> _Changed:
    """Renew a task's title and language, and those predictions of ours that differ; others' are left alone."""
    data: Any = {key: value for key, value in entry["data"].items() if task["data"].get(key) != value}
    if data:
        studio.change_data(task["id"], task["data"] | data)
    wanted = {prediction["model_version"].partition(" ")[0]: prediction for prediction in entry["predictions"]}
    present = [prediction for prediction in task.get("predictions") or [] if isinstance(prediction, dict)]
    count = 0
    for maker, prediction in wanted.items():
        ours = [old for old in present if str(old.get("model_version")).partition(" ")[0] == maker]
        if len(ours) == 1 and all(ours[0].get(key) == value for key, value in prediction.items()):
            continue
        for old in ours:
            studio.remove_prediction(old["id"])
        studio.add_prediction(task["id"], prediction)
        count += 1
    return _Changed(bool(data), count)
