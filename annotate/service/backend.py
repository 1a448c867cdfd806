"""What Label Studio asks a machine-learning backend, answered: suggestions for tasks, and help with a marked span.

Every task of a request gets one result, since the server drops the whole answer if one is missing. A task that gets no
suggestion has an empty list there: the server then stores no prediction, and asks again when the task is opened next.

`/setup` brings a token of the project's creator. It is neither read nor kept.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Lock
from typing import Any, NamedTuple, TypeAlias

import msgspec

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.results import Mapper, Origin, article_id_of
from annotate.labelstudio.tasks import result_items
from annotate.model import Annotation, Article
from annotate.service.polling import Report
from annotate.service.screens import Screen, ScreenMemory, make_answer
from annotate.service.suggestion_queue import SuggestionQueue
from annotate.service.suggestions import Assistant, MarkedRegions, Suggester, name_suggestions
from annotate.util.escape import quote

PATIENCE = 60.0
"""Seconds within which a request is answered; Label Studio waits for 100."""
MOST_PROBLEMS = 1000
"""Problems that are remembered, so that each is reported once."""
NO_SUGGESTER = "none"
_SCREEN = "screen"
"""Who made what is on the screen, in the terms of an annotation."""

Task: TypeAlias = Mapping[str, Any]


class BadRequest(Exception):  # noqa: N818 - like CannotRun, it states what happened
    """A request that Label Studio does not send.

    Attributes:
        status: The status code of the answer.
    """

    def __init__(self, problem: str, status: int = 400) -> None:
        self.status = status
        super().__init__(problem)


class SuggestionRequest(NamedTuple):
    """What is suggested, and how.

    Attributes:
        corpus: The corpus, which is only read.
        inventory: Its inventory.
        suggester: Labels articles; None if there is only help with marked spans.
        assistants: Add to marked spans.
        concurrency: The number of articles of one request that are in work at once.
        patience: Seconds within which a request is answered.
    """

    corpus: Corpus
    inventory: Inventory
    suggester: Suggester | None = None
    assistants: Sequence[Assistant] = ()
    concurrency: int = 1
    patience: float = PATIENCE


class SuggestionBackend:
    """Answers the requests of a Label Studio server; its methods are called in several threads.

    Args:
        request: What is suggested, and how.
        threads: Runs the suggester.
        report: Where to report problems.

    Attributes:
        project_ids: The projects whose tasks are answered.
        paused: Why nothing is suggested at present, in words; "" if it is.
        news: Set when the server says that annotators submitted something.
    """

    def __init__(self, request: SuggestionRequest, threads: ThreadPoolExecutor, report: Report) -> None:
        self._request, self._report = request, report
        self._mapper = Mapper(request.inventory)
        self._queue = (
            SuggestionQueue(request.suggester, threads, request.concurrency) if request.suggester is not None else None
        )
        self._problems, self._guard = set[str](), Lock()
        self._screens = ScreenMemory()
        self.project_ids: Collection[int] = ()
        self.paused = ""
        self.news = Event()

    @property
    def version(self) -> str:
        """The name of the predictions."""
        suggester = self._request.suggester
        return NO_SUGGESTER if suggester is None else name_suggestions(suggester, self._request.inventory)

    def answer(self, method: str, path: str, body: object) -> JsonObject:
        """Return the answer to a request.

        Args:
            method: GET or POST.
            path: The path, which begins with a slash.
            body: The decoded body; None for a request without one.

        Raises:
            BadRequest: It is none that Label Studio sends.
        """
        if (method, path) == ("GET", "/health"):
            return {"status": "UP", "model_class": "annotate studio suggest"}
        if (method, path) == ("GET", "/versions"):
            return {"versions": [self.version]}
        handlers = {"/setup": self._set_up, "/predict": self._predict, "/webhook": self._take_news}
        if method != "POST" or path not in handlers:
            raise BadRequest("no such page", 404)
        if not isinstance(body, dict):
            raise BadRequest("the body is not a JSON object")
        return handlers[path](body)

    def _set_up(self, body: Mapping[str, Any]) -> JsonObject:
        """Tell the version. Nothing but the number of the project is read."""
        self._require_project(body)
        return {"model_version": self.version}

    def _take_news(self, body: Mapping[str, Any]) -> JsonObject:
        """Note that something happened. What it was is asked of the server, since anyone can send a webhook."""
        self.news.set()
        return {"result": {}, "status": "ok"}

    def _predict(self, body: Mapping[str, Any]) -> JsonObject:
        project_id = self._require_project(body)
        tasks = body.get("tasks")
        if not isinstance(tasks, list):
            raise BadRequest("`tasks` is not a list")
        params = body.get("params")
        context = params.get("context") if isinstance(params, dict) else None
        if isinstance(context, dict) and isinstance(context.get("result"), list) and tasks:
            results: list[Any] = [self._assist(project_id, tasks[0], context["result"])]
            return {"results": results + [[] for _ in tasks[1:]]}
        return {"results": self._suggest(project_id, tasks)}

    def _require_project(self, body: Mapping[str, Any]) -> int:
        """Return the number of the project that a request is about, which it has before a point."""
        number = str(body.get("project"))[:40].partition(".")[0]
        project_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None
        if project_id is None or project_id not in self.project_ids:
            self._note(f"project {quote(number)}", "is not served; name its title with --title")
            raise BadRequest("this project is not served", 403)
        return project_id

    def _suggest(self, project_id: int, tasks: Sequence[object]) -> list[list[JsonObject]]:
        """Return the predictions of each task: one, or none."""
        if self._queue is None:
            return [[] for _ in tasks]
        if self.paused:
            self._note("suggestions", self.paused)
            return [[] for _ in tasks]
        articles, version = [self._find_article(project_id, task) for task in tasks], self.version
        results: list[list[JsonObject]] = []
        outcomes = self._queue.suggest(articles, version, self._request.patience)
        for article, outcome in zip(articles, outcomes, strict=True):
            prediction = []
            if article is not None and outcome.is_late:
                self._note(article.id, "its suggestions take longer; they are there when it is opened again")
            elif article is not None and outcome.problem:
                self._note(article.id, outcome.problem)
            elif article is not None and outcome.annotation is not None:
                prediction = self._encode(article, outcome.annotation, version)
            results.append(prediction)
        return results

    def _encode(self, article: Article, annotation: Annotation, version: str) -> list[JsonObject]:
        """Return labels as a prediction in a list; an empty one if they do not fit the article or the inventory."""
        if not self._fits(article, annotation):
            self._note(article.id, "its suggestions are of another text or inventory")
            return []
        return [{"result": result_items(annotation, self._request.inventory), "model_version": version}]

    def _fits(self, article: Article, annotation: Annotation, other_ids: Collection[str] = ()) -> bool:
        inventory, text = self._request.inventory, article.text
        ids = {span.id for span in annotation.spans} | set(other_ids)
        return (
            annotation.article == article.id
            and annotation.text_sha256 == article.text_sha256
            and all(
                span.label in inventory.spans
                and 0 <= span.start < span.end <= len(text)
                and text[span.start : span.end] == span.text
                and span.attributes.keys() <= inventory.attributes.keys()
                for span in annotation.spans
            )
            and all(
                relation.label in inventory.relations and {relation.head, relation.tail} <= ids
                for relation in annotation.relations
            )
        )

    def _find_article(self, project_id: int, task: object) -> Article | None:
        """Return the article of a task; None, with a report, if there is none or its text is another."""
        if not isinstance(task, dict):
            self._note("a task", "is not a JSON object")
            return None
        where = f"task {quote(task.get('id'))}"
        article_id = article_id_of(task)
        if task.get("project", project_id) != project_id:
            self._note(where, "is of another project")
        elif article_id is None:
            self._note(where, "names no article")
        else:
            try:
                text = self._request.corpus.find_text(article_id)
                if text is None:
                    self._note(where, f"is of article {article_id}, which the corpus does not have")
                elif task["data"].get(TEXT) != text:
                    self._note(where, f"has another text than article {article_id} of the corpus")
                else:
                    return self._request.corpus.read_article(article_id)
            except CannotRun as error:
                self._note(where, str(error))
        return None

    def _assist(self, project_id: int, task: object, marked_items: list[object]) -> JsonObject | list[JsonObject]:
        """Return what the assistants add to a marked span, as a prediction."""
        article = self._find_article(project_id, task)
        if article is None or not isinstance(task, dict) or not self._request.assistants or self.paused:
            return []
        screen = self._screens.read(task, marked_items, self.version)
        regions = self._read_screen(article, screen) if screen is not None else None
        if screen is None or regions is None:
            return []
        items: list[JsonObject] = []
        for number, assistant in enumerate(self._request.assistants):
            try:
                added = assistant.assist(article, regions)
            except CannotRun as error:
                self._note(article.id, str(error))
                continue
            if self._fits(article, added, [span.id for span in regions.drawn.spans]):
                items += make_answer(
                    added, regions.drawn.spans, partial(result_items, inventory=self._request.inventory)
                )
                new = (msgspec.structs.replace(span, id=f"{number} {span.id}") for span in added.spans)
                drawn = msgspec.structs.replace(regions.drawn, spans=(*regions.drawn.spans, *new))
                regions = MarkedRegions(drawn, regions.marked)
            else:
                self._note(article.id, "help with a marked span is of another text or inventory")
        self._screens.add(task, items)
        return {"result": items, "model_version": self.version}

    def _read_screen(self, article: Article, screen: Screen) -> MarkedRegions | None:
        """Return what the annotator has on the screen, in the terms of the inventory."""
        origin = Origin(article.id, _SCREEN, f"annotations/{_SCREEN}/{article.id}.json")
        mapped = self._mapper.map_result(screen.items, article.text, origin, article.text_sha256, is_counted=False)
        if mapped.annotation is None or screen.marked["id"] not in {span.id for span in mapped.annotation.spans}:
            self._note(article.id, "the marked span cannot be read")
            return None
        return MarkedRegions(mapped.annotation, screen.marked["id"])

    def _note(self, where: str, problem: str) -> None:
        """Report a problem the first time that it is met."""
        line = f"{where}: {problem}"
        with self._guard:
            if line in self._problems or len(self._problems) >= MOST_PROBLEMS:
                return
            self._problems.add(line)
        self._report(line, True)
