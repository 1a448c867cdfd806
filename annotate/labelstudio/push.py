"""The corpus onto a server: the project with its config and instructions, a task an article, labels as predictions.

First a plan, which changes nothing, then what it says. Pushing twice does nothing the second time, and pushing after an
interruption finishes what was begun. Work on the server is never overwritten: not by another config, nor by another
text.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio import handmade, tasks, usage
from annotate.labelstudio.ahead import ahead
from annotate.labelstudio.client import Project, Raw, Refused, Studio
from annotate.labelstudio.config import labeling_config, vocabulary
from annotate.labelstudio.lazy import Lazy
from annotate.labelstudio.plan import FIELDS, Action, Step, by_article, double, plan, step
from annotate.labelstudio.results import article_of
from annotate.labelstudio.retry import again
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction
from annotate.model import GOLD, Annotation, Article
from annotate.store import Corpus

BATCH = 200
"""Tasks in one import; a server takes many thousands in one call too long for a connection to live."""
TITLE_LENGTH = (3, 50)

Progress = Callable[[int, int], None]
Labels = Mapping[str, Sequence[Prediction]]


class Planned(NamedTuple):
    """What a push will do: to the project (None: make it) with these settings, and to each article."""

    project: Project | None
    setting: Action
    settings: Raw
    steps: list[Step]
    last: int
    """The highest number of a task of an article: what comes after it is new."""


class Pushed(NamedTuple):
    """What a push did: articles by what became of them, predictions replaced, and conflicts in words."""

    project: Project
    created: list[str]
    updated: list[str]
    unchanged: list[str]
    predictions: int
    conflicts: list[str]


class _Made(NamedTuple):
    """A task as it is sent: of which article, with how many predictions."""

    article: str
    predictions: int
    body: msgspec.Raw


def articles_of(corpus: Corpus) -> Lazy[Article]:
    """The articles of a corpus, each read when it is looked at."""
    return Lazy(corpus.article_ids(), corpus.read_article)


def names(articles: Sequence[Article]) -> Sequence[str]:
    """The ids of articles, without reading them where they need not be."""
    return articles.keys if isinstance(articles, Lazy) else [article.id for article in articles]


def predictions(
    corpus: Corpus, inventory: Inventory, versions: Iterable[str] = (GOLD,), *, checked: bool = False
) -> Labels:
    """Article → its annotations from the named folders (gold, or annotators), to be shown as predictions.

    Raises CannotRun for one that has a name which the inventory does not have; of a corpus that was `checked`, they all
    are in it.
    """
    found: dict[str, list[str]] = {}
    for version in versions:
        for article in corpus.annotated_ids(version):
            for name in () if checked else _unknown(corpus.read_annotation(version, article), inventory):
                path = corpus.annotation_path(version, article)
                raise CannotRun(path, f"{name!r} is not in the inventory", "run `annotate check`")
            found.setdefault(article, []).append(version)
    return {article: Lazy(several, partial(_shown, corpus, article)) for article, several in found.items()}


def _shown(corpus: Corpus, article: str, version: str) -> Prediction:
    annotation = corpus.read_annotation(version, article)
    return Prediction(tasks.version_name(version, annotation), annotation)


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


def existing(studio: Studio, state: State, title: str, mend: str = "make it with `annotate studio push`") -> Project:
    """The corpus's project; raises CannotRun if it was never pushed, or was deleted meanwhile."""
    project = find(studio, state, title)
    if project is None:
        raise missing(studio, title, mend)
    return project


def missing(studio: Studio, title: str, mend: str = "make it with `annotate studio push`") -> CannotRun:
    """What to say where there is no project."""
    return CannotRun(studio.url, f"there is no project {title!r} (any more)", mend)


def prepare(
    studio: Studio,
    state: State,
    inventory: Inventory,
    articles: Sequence[Article],
    labels: Labels,
    *,
    title: str,
    instructions: str = "",
    restore: bool = False,
) -> Planned:
    """What a push would do; nothing is changed.

    Raises Refused where labels exist and the new config lacks what they may have been made with, and, unless `restore`,
    where somebody changed the config on the server.
    """
    if not TITLE_LENGTH[0] <= len(title) <= TITLE_LENGTH[1]:
        raise CannotRun(repr(title), f"has {len(title)} characters", "Label Studio takes titles of 3 to 50: --title")
    config = labeling_config(inventory)
    settings: Raw = {"label_config": config, "expert_instruction": instructions, "show_instruction": bool(instructions)}
    project = find(studio, state, title)
    setting: Action = "create"
    pages: Iterator[list[Raw]] = iter(())
    if project is not None:
        # The server cuts white space off the ends of both.
        there, wanted = (project.config, project.instructions), (config, instructions)
        setting = "skip" if [one.strip() for one in there] == [one.strip() for one in wanted] else "update"
        by_hand = None if restore else handmade.changed(state, studio.where.name, project, inventory)
        if by_hand:
            raise Refused(by_hand)
        if setting == "update":
            _refuse_loss(studio, project, config)
        pages = studio.pages(project, include=FIELDS)
    steps, last = plan(names(articles), articles, labels, inventory, pages)
    return Planned(project, setting, settings, steps, last)


def push(
    studio: Studio,
    state: State,
    inventory: Inventory,
    articles: Sequence[Article],
    labels: Labels,
    *,
    title: str,
    instructions: str = "",
    restore: bool = False,
    before: Callable[[], None] = lambda: None,
    progress: Progress | None = None,
) -> Pushed:
    """Bring a server to what the corpus says, and say what was done. Raises Refused before anything is changed.

    `restore` puts a config that was changed on the server back to the inventory's; `before` is called when all is
    planned and nothing is changed.
    """
    planned = prepare(
        studio, state, inventory, articles, labels, title=title, instructions=instructions, restore=restore
    )
    before()
    project = _settle(studio, state, inventory, title, planned)
    at = {article: place for place, article in enumerate(names(articles))}
    by_action: dict[Action, list[Step]] = {"create": [], "update": [], "skip": [], "conflict": []}
    for found in planned.steps:
        by_action[found.action].append(found)
    written, done, total = 0, 0, len(by_action["create"]) + len(by_action["update"])
    for found in by_action["update"]:
        article = articles[at[found.article]]
        written += _renew(studio, project, inventory, article, labels.get(article.id, ()), found)
        done += 1
        if progress:
            progress(done, total)
    new, doubtful = [at[found.article] for found in by_action["create"]], False
    batches = (
        [_made(articles[place], labels, inventory) for place in new[begin : begin + BATCH]]
        for begin in range(0, len(new), BATCH)
    )
    for batch in ahead(batches):
        doubtful |= _deliver(studio, project, batch, planned.last)
        written += sum(made.predictions for made in batch)
        done += len(batch)
        if progress:
            progress(done, total)
    created, updated, unchanged = ([found.article for found in by_action[kind]] for kind in _DONE)
    conflicts = [f"{found.article}: {found.why}" for found in by_action["conflict"]]
    if doubtful:
        present = by_article(studio.pages(project, after=planned.last, include=FIELDS))
        conflicts += [f"{article}: {double(found)}" for article, found in present.items() if len(found) > 1]
    return Pushed(project, created, updated, unchanged, written, conflicts)


_DONE: tuple[Action, ...] = ("create", "update", "skip")


def _made(article: Article, labels: Labels, inventory: Inventory) -> _Made:
    entry = tasks.task(article, labels.get(article.id, ()), inventory)
    return _Made(article.id, len(entry["predictions"]), msgspec.Raw(msgspec.json.encode(entry)))


def _settle(studio: Studio, state: State, inventory: Inventory, title: str, planned: Planned) -> Project:
    """The project, made or brought up to date."""
    project = planned.project
    if project is None:
        settings = planned.settings | {"description": inventory.about, "color": "#1f6fb4"}
        made: list[Project] = []

        def create() -> Project:
            return made[0] if made else studio.create(title, settings)

        # The server may have made it although its answer was lost.
        project = again(create, studio.delays, before=lambda: made.extend(studio.projects(title)))
    elif planned.setting == "update":
        begun = project
        again(lambda: studio.update(begun, planned.settings), studio.delays)  # the same twice is the same
    state.remember_project(studio.where.name, title, project.number)
    handmade.remember(state, studio.where.name, project.number, planned.settings["label_config"])
    return project


def _deliver(studio: Studio, project: Project, batch: Sequence[_Made], last: int) -> bool:
    """Make tasks; whether an answer was lost. Only those are sent again that are not there, after `last`.

    The server may be at work on an import that nobody waits for any more, so it is left to finish first.
    """
    left, looked = list(batch), list[int]()

    def look() -> None:
        looked.append(_settled(studio, project))
        pages = studio.pages(project, after=last, include="id,data")
        there = {article_of(task) for page in pages for task in page}
        left[:] = [made for made in left if made.article not in there]

    def add() -> None:
        if left:
            studio.add(project, [made.body for made in left])

    again(add, studio.delays, before=look)
    return bool(looked)


def _settled(studio: Studio, project: Project) -> int:
    """The number of tasks, once it has stayed the same for as long as all the pauses between attempts together."""
    count, same = studio.count(project), 0.0
    while same < sum(studio.delays):
        pause = studio.delays[0]
        time.sleep(pause)
        before, count = count, studio.count(project)
        same = same + pause if count == before else 0.0
    return count


def _renew(
    studio: Studio, project: Project, inventory: Inventory, article: Article, labels: Sequence[Prediction], found: Step
) -> int:
    """Do what a step says of a task that is there; the number of predictions written.

    After a lost answer the task is looked at again. The old prediction goes last: an annotator always has one.
    """
    steps = [found]
    only = {"filter": "filter:tasks:id", "operator": "equal", "type": "Number"}

    def look() -> None:
        number = found.task.number if found.task else 0
        present = by_article(studio.pages(project, only=[only | {"value": number}], include=FIELDS))
        if article.id in present:
            steps.append(step(article, labels, inventory, present[article.id]))

    def renew() -> None:
        now = steps[-1]
        if now.task is None or now.action != "update":
            return
        entry = tasks.task(article, labels, inventory)
        if now.data:
            studio.change_data(now.task.number, now.task.data | entry["data"])
        for prediction in entry["predictions"]:
            if prediction["model_version"] in now.add:
                studio.add_prediction(now.task.number, prediction)
        for number in now.remove:
            studio.remove_prediction(number)

    again(renew, studio.delays, before=look)
    return len(found.add)


def _refuse_loss(studio: Studio, project: Project, config: str) -> None:
    """Raise Refused if the config takes away labels, values or relations that something on the server is made with."""
    try:
        old, new = vocabulary(project.config), vocabulary(config)
    except ValueError as error:
        raise Refused(f"project {project.number}: {error}; mend it in Label Studio") from error
    if not old.lost(new):
        return
    used = usage.lost_in_use(old, new, usage.tasks(studio, project))
    if used:
        raise Refused(
            f"project {project.number} uses {len(used)} of what the new config lacks: {usage.in_words(used)}; "
            "the server would orphan them silently: use `annotate studio migrate`, or push under another --title"
        )
