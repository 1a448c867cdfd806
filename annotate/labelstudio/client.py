"""Label Studio's SDK, wrapped once: what this room asks of a server, and its troubles as errors of one line.

No token is ever part of a message, and no error of the SDK leaves this file: it carries headers and cookies.

What to do when a server does not answer as it should: wait a little and ask again, a few times, and then say so.

Only what may pass by itself is asked again: no connection, no answer in time, an answer cut short, and the errors 500,
502, 503 and 504. What makes something (a POST) is never sent again blindly: its caller looks first at what did arrive.

One step ahead: the next page is asked for, or the next batch made, while this one is worked on.

Most of a push or pull is waiting for the server, in which this side can work.

Tasks without the people in them: names and addresses go at the boundary, before anything is kept or said.

Of a person the number stays, by which `people.json` knows them. What was labelled, and the article, stay as they are.

What the SDK has no call for: the JSON of a page of the server's API, asked for with the SDK's own token.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.state import State, require

T = TypeVar("T")

DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before the second, third … attempt."""
PASSING = (500, 502, 503, 504)
"""Answers of a server, or of what stands before it, that is overloaded or starts anew; 500 comes of a locked database,
too."""


class Passing(CannotRun):
    """A trouble that may be over in a moment."""


def again(call: Callable[[], T], delays: Sequence[float], before: Callable[[], None] | None = None) -> T:
    """Call until it succeeds, waiting longer each time; `before` is called before each further attempt.

    Raises Passing once the delays are used up.
    """
    for delay in delays:
        try:
            return call()
        except Passing:
            time.sleep(delay)
        if before:
            before()
    return call()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in the same order; a thread gets the next one while the caller has this one, so two are held.

    What goes wrong there is raised here, in its turn.
    """
    end = object()
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]  # no item is `end`


PERSON = frozenset({"email", "first_name", "last_name", "username", "initials", "avatar", "phone"})
"""Keys of what the server says of a person; their number is under `id`."""
NAMED = frozenset({"created_username", "user"})
"""Keys with a person in words: "Name Surname address, 7" or an address alone."""
CONTENT = frozenset({"data", "result", "meta", "annotations_results", "predictions_results"})
"""Keys of what was written or labelled, which is not ours to change."""

_ADDRESS = re.compile(r"[^\s@<>,;:\"']+@[^\s@<>,;:\"']+")
_NUMBER = re.compile(r", ?(\d+)$")


def nameless(task: dict[str, Any]) -> dict[str, Any]:
    """A task or a draft, as the server gave it, without names and addresses of people; the same if it has none."""
    return {key: value if key in CONTENT else _nameless(key, value) for key, value in task.items() if key not in PERSON}


def _nameless(key: str, value: object) -> object:
    if isinstance(value, dict):
        return nameless(value)
    if isinstance(value, list):
        return [_nameless(key, entry) for entry in value]
    if not isinstance(value, str):
        return value
    if key in NAMED:
        number = _NUMBER.search(value)
        return f"user, {number[1]}" if number else "user"
    return _ADDRESS.sub("address", value) if "@" in value else value


URL, KEY = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"
LOCAL = "local"
SECONDS = 120
PAGE = 100

Raw = dict[str, Any]


class Refused(Exception):  # noqa: N818 - it says what happened
    """What would lose or overwrite work is not done: what, and how to go on. A command ends with exit code 1."""


@dataclass(frozen=True)
class Address:
    """Where a server is, and the key to it. `name` stands for it in `.studio/`: the one started here keeps its name
    when its port changes."""

    url: str
    name: str
    key: str = field(repr=False)


class Project(NamedTuple):
    """A project as the server has it, with its counts; `annotations` are those submitted, without the skipped ones."""

    number: int
    title: str
    config: str
    instructions: str
    tasks: int
    annotations: int
    skipped: int
    predictions: int


class _Number(msgspec.Struct):
    id: int


class _Numbers(msgspec.Struct):
    """A page of tasks, of which no more is read than it takes to ask for the next one."""

    tasks: list[_Number]
    total: int


class _Page(msgspec.Struct):
    """A page of tasks; `total` is the number of tasks that are left, this page's among them."""

    tasks: list[Raw]
    total: int


def address(state: State) -> Address:
    """The server to talk to: the one in the environment, else the one started here.

    Raises CannotRun if the environment names half of it, or if no server runs.
    """
    url, key = os.environ.get(URL, "").strip(), os.environ.get(KEY, "").strip()
    if url and key:
        return Address(url.rstrip("/"), url.rstrip("/"), key)
    if url or key:
        missing = KEY if url else URL
        raise CannotRun("the environment", f"{missing} is not set", f"set both {URL} and {KEY}, or neither")
    found = server.running(state)
    if found is None:
        raise CannotRun(state.folder, "no server runs", f"start one with `annotate studio up`, or set {URL} and {KEY}")
    return Address(server.url_of(found.port), LOCAL, server.credentials(state).token)


@contextlib.contextmanager
def speaking(url: str, subject: str = "the project") -> Iterator[None]:
    """Turn whatever goes wrong between here and a server into CannotRun; into Passing, where it may pass by itself."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        kind = Passing if error.status_code in PASSING else CannotRun
        raise kind(url, *_said(error.status_code, error.body, subject)) from None
    except httpx.TimeoutException:
        raise Passing(url, "gives no answer in time", "look at its log, then try again") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            hint = "set SSL_CERT_FILE to the file of the authority that signed it"
            raise CannotRun(url, "has a certificate that is not trusted here", hint) from None
        kind = CannotRun if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol) else Passing
        raise kind(url, f"cannot be reached ({type(error).__name__})", "is it up, and is the address right?") from None
    except ValueError as error:  # an answer that is no JSON; pydantic's and the decoder's errors are ValueErrors
        raise Passing(url, f"does not answer as Label Studio does ({type(error).__name__})", f"check {URL}") from None


def _said(status: int | None, body: object, subject: str) -> tuple[str, str]:
    """Problem and hint for an answer that is an error."""
    if status in (401, 403):
        return "refuses the token", f"set {KEY} to a token of this server (Account & Settings there)"
    if status is not None and status < 300:  # a page of something else
        return "does not answer as Label Studio does", f"check {URL}"
    if status == 404:
        return f"does not have {subject} any more", "push again to make it anew"
    detail = body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else None
    words = " ".join(str(detail).split())[:200] if detail else "no reason given"
    if status is not None and status >= 500:
        return f"answers {status}: {words}", "look at its log, then run the command again: it goes on where it stopped"
    return f"answers {status}: {words}", "fix what it says, then try again"


class Studio:
    """A server that one talks to; a context manager, which closes the connection."""

    def __init__(self, where: Address, seconds: float = SECONDS, delays: Sequence[float] = DELAYS) -> None:
        require("label_studio_sdk")
        import httpx

        # The package's own LabelStudio adds pandas and boto3 to this, which nothing here needs: 150 MB, and seconds.
        from label_studio_sdk.base_client import LabelStudioBase

        self._sdk: Any
        # A server that never answered is not waited for.
        self._delays, self._met = delays, False
        # A proxy from the environment knows nothing of this machine's loopback.
        self._http = httpx.Client(timeout=seconds, follow_redirects=True, trust_env=where.name != LOCAL)
        self.where = where
        self.url = where.url
        try:
            with speaking(self.url):
                # By itself, the SDK sends again what failed, imports too, which makes tasks twice.
                self._sdk = LabelStudioBase(
                    base_url=where.url, api_key=where.key, httpx_client=self._http, max_retries=0
                )
        except CannotRun:
            self._http.close()
            raise

    def __enter__(self) -> "Studio":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def delays(self) -> Sequence[float]:
        """Seconds to wait before asking again."""
        return self._delays if self._met else ()

    def _asked(self, call: Callable[[], T], subject: str = "the project") -> T:
        """What a call that changes nothing gives, asked for again where the trouble may pass."""

        def once() -> T:
            with speaking(self.url, subject):
                return call()

        answer = again(once, self.delays)
        self._met = True
        return answer

    def project(self, number: int) -> Project | None:
        """A project; None if the server does not have it (any more)."""
        from label_studio_sdk.core.api_error import ApiError

        def get() -> Project | None:
            try:
                return _project(self._sdk.projects.get(number))
            except ApiError as error:
                if error.status_code == 404:
                    return None
                raise

        return self._asked(get)

    def projects(self, title: str) -> list[Project]:
        """The projects with exactly this title."""

        def listed(page: int) -> Raw:
            asked = {"title": title, "page": page, "page_size": PAGE}
            return msgspec.json.decode(self._request("GET", "api/projects/", params=asked), type=Raw)

        # The SDK's own list asks for pages until there is none, and takes any 404 for the end.
        numbers, page, more = list[int](), 0, True
        while more:
            page += 1
            answer = self._asked(lambda page=page: listed(page))  # type: ignore[misc]
            numbers += [entry["id"] for entry in answer["results"] if entry["title"] == title]
            more = bool(answer.get("next"))
        return [found for number in numbers if (found := self.project(number))]

    def create(self, title: str, settings: Raw) -> Project:
        with speaking(self.url):
            made = self._sdk.projects.create(title=title, **settings)
            return _project(self._sdk.projects.get(made.id))

    def update(self, project: Project, settings: Raw) -> None:
        with speaking(self.url):
            self._sdk.projects.update(project.number, **settings)

    def pages(
        self,
        project: Project,
        *,
        after: int = 0,
        only: Sequence[Raw] = (),
        include: str | None = None,
        seen: Callable[[int], None] | None = None,
    ) -> Iterator[list[Raw]]:
        """Tasks with annotations, predictions and drafts, as the server's own JSON has them; PAGE at a time.

        They come by number, those after `after`; a page is asked for by the last number before it, so that what is made
        or deleted meanwhile moves none past us. `only` are the server's filters, `include` names the fields wanted,
        `seen` is called with the number of tasks that are left. They name no people: see `private`. A thread asks for
        the next page while this one is read and worked on.
        """
        for content in ahead(self._contents(project, after, only, include)):
            with speaking(self.url):
                page = msgspec.json.decode(content, type=_Page)
                tasks = [nameless(task) for task in page.tasks]
            if seen:
                seen(page.total)
            if tasks:
                yield tasks

    def first(self, project: Project, include: str) -> list[Raw]:
        """The first page of tasks alone, with these fields."""
        content, _ = self._content(project, 0, (), include)
        with speaking(self.url):
            return [nameless(task) for task in msgspec.json.decode(content, type=_Page).tasks]

    def _contents(self, project: Project, after: int, only: Sequence[Raw], include: str | None) -> Iterator[bytes]:
        """The pages as they came; the next one is asked for at once."""
        more = True
        while more:
            content, page = self._content(project, after, only, include)
            yield content
            more = page.total > len(page.tasks)
            after = page.tasks[-1].id if more else after

    def _content(
        self, project: Project, after: int, only: Sequence[Raw], include: str | None, size: int | None = None
    ) -> tuple[bytes, _Numbers]:
        beyond = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": after}
        query = {"filters": {"conjunction": "and", "items": [beyond, *only]}, "ordering": ["tasks:id"]}
        asked = {"project": project.number, "page_size": size or PAGE, "fields": "all"} | (
            {"include": include} if include else {}
        )

        def get() -> tuple[bytes, _Numbers]:
            content = self._request("GET", "api/tasks", params=asked | {"query": msgspec.json.encode(query).decode()})
            page = msgspec.json.decode(content, type=_Numbers)
            if page.total and not page.tasks:
                raise ValueError("tasks are left, and none is given")
            return content, page

        return self._asked(get)

    def _request(self, method: str, path: str, **more: Any) -> bytes:
        """The body of an answer, not looked into: the SDK's models cost more time than the server does."""
        from label_studio_sdk.core.api_error import ApiError

        client = self._sdk._client_wrapper.httpx_client  # it knows how to renew a personal token
        answer = client.request(path, method=method, **more)
        if not answer.is_success:
            with contextlib.suppress(ValueError):
                raise ApiError(status_code=answer.status_code, body=answer.json())
            raise ApiError(status_code=answer.status_code, body=None)
        content: bytes = answer.content
        del answer.stream  # which holds the answer: without this cycle it goes at once, with its megabytes
        return content

    def tasks(self, project: Project) -> list[Raw]:
        """All tasks of a project at once; `pages` takes less memory."""
        return [task for page in self.pages(project) for task in page]

    def count(self, project: Project, only: Sequence[Raw] = ()) -> int:
        """How many tasks a project has by now; `only` are the server's filters."""
        return self._content(project, 0, only, "id", 1)[1].total

    def task(self, number: int) -> Raw | None:
        """One task, with annotations and predictions; None if it is not there (any more)."""
        answer = self._found(f"api/tasks/{number}/")
        return None if answer is None else nameless(msgspec.json.decode(answer, type=Raw))

    def has_task(self, number: int) -> bool:
        """Whether a task is still there."""
        return self._found(f"api/tasks/{number}/") is not None

    def has_work(self, number: int) -> bool:
        """Whether anybody submitted, skipped or began something in a task."""
        task = self.task(number)
        return task is not None and bool(task.get("annotations") or self.drafts(number))

    def drafts(self, task: int) -> list[Raw] | None:
        """Everybody's drafts of a task, None if the task is not there (any more).

        With the task itself, the server lists them to their owner alone.
        """
        answer = self._found(f"api/tasks/{task}/drafts")
        return None if answer is None else [nameless(one) for one in msgspec.json.decode(answer, type=list[Raw])]

    def _found(self, path: str) -> bytes | None:
        """What the server has at an address; None if there is nothing (any more)."""
        from label_studio_sdk.core.api_error import ApiError

        def get() -> bytes | None:
            try:
                answer = self._request("GET", path)
            except ApiError as error:
                if error.status_code == 404:
                    return None
                raise
            msgspec.json.decode(answer, type=msgspec.Raw)  # a page of something else passes for no answer
            return answer

        return self._asked(get)

    def now(self) -> str | None:
        """The server's own clock, as it writes times; None if it does not tell."""
        from email.utils import parsedate_to_datetime

        from label_studio_sdk.core.api_error import ApiError

        def get() -> Any:
            answer = self._http.get(f"{self.url}/health")
            if not answer.is_success:  # of what stands before it, whose clock may be another
                raise ApiError(status_code=answer.status_code, body=None)
            return answer

        answer = self._asked(get)
        with contextlib.suppress(KeyError, ValueError, TypeError):
            return parsedate_to_datetime(answer.headers["date"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return None

    def add(self, project: Project, tasks: Sequence[Raw | msgspec.Raw]) -> None:
        """Make tasks, with their predictions, encoded or not; one call, so keep the batch small."""
        with speaking(self.url):
            body, kind = msgspec.json.encode(tasks), {"content-type": "application/json"}
            self._request("POST", f"api/projects/{project.number}/import", content=body, headers=kind)

    def remove_task(self, task: int) -> None:
        with speaking(self.url, "the task"):
            self._sdk.tasks.delete(str(task))

    def change_data(self, task: int, data: Raw) -> None:
        with speaking(self.url, "the task"):
            self._sdk.tasks.update(str(task), data=data)

    def add_prediction(self, task: int, prediction: Raw) -> None:
        with speaking(self.url, "the task"):
            self._sdk.predictions.create(task=task, **prediction)

    def remove_prediction(self, number: int) -> None:
        with speaking(self.url, "the prediction"):
            self._sdk.predictions.delete(number)


def _project(entry: Any) -> Project:
    return Project(
        entry.id,
        entry.title or "",
        entry.label_config or "",
        entry.expert_instruction or "",
        entry.task_number or 0,
        entry.total_annotations_number or 0,
        entry.skipped_annotations_number or 0,
        entry.total_predictions_number or 0,
    )


Progress = Callable[[int, int], None]


def ask(studio: Studio, path: str, subject: str, **query: Any) -> Any:
    """The JSON that a server answers with; raises CannotRun, in which `subject` names what it does not have."""
    from label_studio_sdk.core.api_error import ApiError

    with speaking(studio.url, subject):
        # The SDK's wrapper renews a personal token that has run out.
        answer = studio._sdk._client_wrapper.httpx_client.request(path, method="GET", params=query)
        if not answer.is_success:
            raise ApiError(status_code=answer.status_code, body=None)
        return msgspec.json.decode(answer.content)


def everything(
    studio: Studio, project: Project, progress: Progress | None = None, include: str | None = None
) -> Iterator[Raw]:
    """The tasks of a project one by one, fetched by page; `include` names the fields wanted, all without it."""
    done, left = 0, list[int]()
    for page in studio.pages(project, include=include, seen=left.append):
        total = left[0]
        for task in page:
            done += 1
            if progress:
                progress(done, total)
            yield task


def still(studio: Studio, project: int, numbers: Collection[int]) -> set[int]:
    """Which of these tasks a project still has; those that one page may hold are asked for together."""
    found, there = studio.project(project), set[int]()
    if found is None:
        return there
    for first, last in _close(sorted(numbers)):
        until = {"filter": "filter:tasks:id", "operator": "less_or_equal", "type": "Number", "value": last}
        for page in studio.pages(found, after=first - 1, only=[until], include="id"):
            there.update(task["id"] for task in page)
    return there.intersection(numbers)


def _close(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of sorted numbers that are no further from each other than a page is long."""
    first = 0
    for end, number in enumerate(numbers, 1):
        if end == len(numbers) or numbers[end] - number > PAGE:
            yield numbers[first], number
            first = end
