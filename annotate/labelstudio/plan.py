"""What a push will do, article by article, before it does it. Of the server's tasks only numbers and hashes stay."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from annotate.inventory import Inventory
from annotate.labelstudio import tasks
from annotate.labelstudio.client import Raw
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.results import article_of
from annotate.labelstudio.tasks import Prediction
from annotate.model import Article
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
            article = article_of(task)
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
