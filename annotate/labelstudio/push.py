"""The corpus onto a server: the project with its config and instructions, a task an article, labels as predictions.

First a plan, which changes nothing, then what it says. Pushing twice does nothing the second time, and pushing after an
interruption finishes what was begun. Work on the server is never overwritten: not by another config, nor by another
text.

What a push will do, article by article, before it does it. Of the server's tasks only numbers and hashes stay.

Sequences whose items are read when they are looked at, so that one at a time is held.

Tasks that an article has twice: those that hold nobody's work may be removed, when somebody asks for it.

They come of an import that the server finished after everybody had given it up, or of somebody else's import.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple, TypeVar, overload

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio import config_drift, tasks
from annotate.labelstudio.client import Project, Raw, Refused, Studio, again, ahead
from annotate.labelstudio.config import TEXT, labeling_config, vocabulary
from annotate.labelstudio.results import article_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import Prediction
from annotate.model import GOLD, Annotation, Article
from annotate.offsets import sha256

Action = Literal["create", "update", "skip", "conflict"]
FIELDS = "id,data,predictions"
"""What a plan needs of a task."""


class Shown(NamedTuple):
    """A prediction on the server: its number, its name, and the hash of its result."""

    number: int
    version: str
    digest: str


class Known(NamedTuple):
    """A task on the server; `data` is all that it holds but the text."""

    number: int
    text_sha256: str
    data: Raw
    predictions: tuple[Shown, ...]


class Step(NamedTuple):
    """What becomes of one article, and why; the task it has, and what has to change there."""

    article: str
    action: Action
    why: str
    task: Known | None = None
    data: bool = False
    add: tuple[str, ...] = ()
    remove: tuple[int, ...] = ()


def digest(result: object) -> str:
    return sha256(msgspec.json.encode(result, order="sorted").decode())


def known(task: Raw) -> Known:
    """What is kept of a task."""
    data = task["data"]
    shown = tuple(
        Shown(entry["id"], str(entry.get("model_version")), digest(entry.get("result")))
        for entry in task.get("predictions") or []
        if isinstance(entry, dict)
    )
    rest = {key: value for key, value in data.items() if key != TEXT}
    return Known(task["id"], sha256(str(data.get(TEXT, ""))), rest, shown)


def by_article(pages: Iterable[list[Raw]]) -> dict[str, list[Known]]:
    """Article → its tasks, by number."""
    found: dict[str, list[Known]] = {}
    for article, task in _of_articles(pages):
        found.setdefault(article, []).append(task)
    return found


def _of_articles(pages: Iterable[list[Raw]]) -> Iterator[tuple[str, Known]]:
    """The tasks of articles; others are not ours."""
    for page in pages:
        for task in page:
            article = article_id_of(task)
            if article is not None:
                yield article, known(task)


def plan(
    names: Sequence[str],
    articles: Sequence[Article],
    labels: Mapping[str, Sequence[Prediction]],
    inventory: Inventory,
    pages: Iterable[list[Raw]],
) -> tuple[list[Step], int]:
    """A step for each article, in their order, against the tasks that a server has; and the highest number of those.

    `names` are their ids: an article that is new is not read for it. Tasks are compared as they come, while the server
    is at work on more of them.
    """
    at = {name: place for place, name in enumerate(names)}
    present: dict[str, list[Known]] = {}
    found: dict[str, Step] = {}
    last = 0
    for name, task in _of_articles(pages):
        last = max(last, task.number)
        if name in at:
            present.setdefault(name, []).append(task)
            found[name] = step(articles[at[name]], labels.get(name, ()), inventory, present[name])
    return [found[name] if name in found else create(name, labels.get(name, ())) for name in names], last


def create(article: str, labels: Sequence[Prediction]) -> Step:
    count = len(labels)
    return Step(article, "create", f"new, with {count or 'no'} prediction{'s' * (count != 1)}")


def step(article: Article, labels: Sequence[Prediction], inventory: Inventory, present: Sequence[Known]) -> Step:
    """What to do about an article that has these tasks, one at the least."""
    if len(present) > 1:
        return Step(article.id, "conflict", double(present))
    task = present[0]
    if task.text_sha256 != article.text_sha256:
        why = (
            f"task {task.number} has another text; "
            "nothing was overwritten: pull its labels, delete the task, then push again"
        )
        return Step(article.id, "conflict", why, task)
    return _renewal(article, labels, inventory, task)


def double(present: Sequence[Known]) -> str:
    """Why an article with several tasks is a conflict, and the way out."""
    numbers = ", ".join(str(task.number) for task in present)
    return (
        f"several tasks are of this article ({numbers}); "
        "`annotate studio push --drop-doubles` removes those that hold nobody's work"
    )


def _renewal(article: Article, labels: Sequence[Prediction], inventory: Inventory, task: Known) -> Step:
    """Renew a task's title and language, and those predictions of ours that differ; others' are left alone."""
    wanted = {key: value for key, value in tasks.data(article).items() if key != TEXT}
    stale = sorted(key for key, value in wanted.items() if task.data.get(key) != value)
    add: list[str] = []
    remove: list[int] = []
    for entry in labels:
        maker = entry.version.partition(" ")[0]
        ours = [shown for shown in task.predictions if shown.version.partition(" ")[0] == maker]
        result = digest(tasks.result(entry.annotation, inventory))
        same = next((shown for shown in ours if (shown.version, shown.digest) == (entry.version, result)), None)
        remove += [shown.number for shown in ours if shown is not same]
        if same is None:
            add.append(entry.version)
    if not (stale or add or remove):
        return Step(article.id, "skip", f"task {task.number} is up to date", task)
    whys = stale + [f"prediction {version}" for version in add]
    whys += [f"{len(remove)} older prediction{'s' * (len(remove) > 1)} to remove"] if remove else []
    return Step(
        article.id, "update", f"task {task.number}: {', '.join(whys)}", task, bool(stale), tuple(add), tuple(remove)
    )


T = TypeVar("T")


class Lazy(Sequence[T]):
    """What `read` gives for each of `keys`, each time that it is asked for; the keys are known beforehand."""

    def __init__(self, keys: Sequence[str], read: Callable[[str], T]) -> None:
        self.keys, self._read = keys, read

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return Lazy(self.keys[index], self._read) if isinstance(index, slice) else self._read(self.keys[index])


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


def existing(studio: Studio, state: State, title: str, hint: str = "make it with `annotate studio push`") -> Project:
    """The corpus's project; raises CannotRun if it was never pushed, or was deleted meanwhile."""
    project = find(studio, state, title)
    if project is None:
        raise missing(studio, title, hint)
    return project


def missing(studio: Studio, title: str, hint: str = "make it with `annotate studio push`") -> CannotRun:
    """What to say where there is no project."""
    return CannotRun(studio.url, f"there is no project {title!r} (any more)", hint)


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
        by_hand = None if restore else config_drift.changed(state, studio.where.name, project, inventory)
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
    config_drift.remember(state, studio.where.name, project.number, planned.settings["label_config"])
    return project


def _deliver(studio: Studio, project: Project, batch: Sequence[_Made], last: int) -> bool:
    """Make tasks; whether an answer was lost. Only those are sent again that are not there, after `last`.

    The server may be at work on an import that nobody waits for any more, so it is left to finish first.
    """
    left, looked = list(batch), list[int]()

    def look() -> None:
        looked.append(_settled(studio, project))
        pages = studio.pages(project, after=last, include="id,data")
        there = {article_id_of(task) for page in pages for task in page}
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
        raise Refused(f"project {project.number}: {error}; fix it in Label Studio") from error
    if not old.lost(new):
        return
    used = config_drift.lost_in_use(old, new, config_drift.tasks(studio, project))
    if used:
        raise Refused(
            f"project {project.number} uses {len(used)} of what the new config lacks: {config_drift.in_words(used)}; "
            "the server would orphan them silently: use `annotate studio migrate`, or push under another --title"
        )


class Dropped(NamedTuple):
    """A task that was removed, its article, and the task that the article keeps."""

    article: str
    task: int
    kept: int


def drop(studio: Studio, project: Project) -> list[Dropped]:
    """Remove copies of articles that have several, as long as one with the same text stays and no work goes."""
    dropped: list[Dropped] = []
    for article, copies in by_article(studio.pages(project, include=FIELDS)).items():
        if len(copies) < 2:
            continue
        worked = [task for task in copies if studio.has_work(task.number)]
        kept = (worked or copies)[0]
        for task in copies:
            if task is kept or task in worked or not _covered(task, kept):
                continue
            if not studio.has_work(task.number):  # asked again: somebody may have begun meanwhile
                studio.remove_task(task.number)
                dropped.append(Dropped(article, task.number, kept.number))
    return dropped


def _covered(task: Known, kept: Known) -> bool:
    """Whether all that a task shows, text and predictions, the other shows as well."""
    shown = {(entry.version, entry.digest) for entry in kept.predictions}
    return task.text_sha256 == kept.text_sha256 and all(
        (entry.version, entry.digest) in shown for entry in task.predictions
    )
