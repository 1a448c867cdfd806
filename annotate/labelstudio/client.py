"""Label Studio's SDK, wrapped once: what this room asks of a server, and its troubles as errors of one line.

No token is ever part of a message, and no error of the SDK leaves this file: it carries headers and cookies.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.state import State, require

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
    """A project as the server has it."""

    number: int
    title: str
    config: str
    instructions: str
    tasks: int
    annotations: int


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
    """Turn whatever goes wrong between here and a server into CannotRun."""
    import httpx
    from label_studio_sdk.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        raise CannotRun(url, *_said(error.status_code, error.body, subject)) from None
    except httpx.TimeoutException:
        raise CannotRun(url, "gives no answer in time", "look at its log, then try again") from None
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CannotRun(
            url, f"cannot be reached ({type(error).__name__})", "is it up, and is the address right?"
        ) from None
    except ValueError as error:  # an answer that is no JSON; pydantic's and the decoder's errors are ValueErrors
        raise CannotRun(url, f"does not answer as Label Studio does ({type(error).__name__})", f"check {URL}") from None


def _said(status: int | None, body: object, subject: str) -> tuple[str, str]:
    """Problem and mend for an answer that is an error."""
    if status in (401, 403):
        return "refuses the token", f"set {KEY} to a token of this server (Account & Settings there)"
    if status is not None and status < 300:  # a page of something else
        return "does not answer as Label Studio does", f"check {URL}"
    if status == 404:
        return f"does not have {subject} any more", "push again to make it anew"
    detail = body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else None
    words = " ".join(str(detail).split())[:200] if detail else "no reason given"
    return f"answers {status}: {words}", "mend what it says, then try again"


class Studio:
    """A server that one talks to; a context manager, which closes the connection."""

    def __init__(self, where: Address, seconds: float = SECONDS) -> None:
        require("label_studio_sdk")
        import httpx
        from label_studio_sdk import LabelStudio

        self._sdk: Any
        # A proxy from the environment knows nothing of this machine's loopback.
        self._http = httpx.Client(timeout=seconds, follow_redirects=True, trust_env=where.name != LOCAL)
        self.where = where
        self.url = where.url
        try:
            with speaking(self.url):
                self._sdk = LabelStudio(  # type: ignore[no-untyped-call]
                    base_url=where.url, api_key=where.key, httpx_client=self._http
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

    def project(self, number: int) -> Project | None:
        """A project; None if the server does not have it (any more)."""
        from label_studio_sdk.core.api_error import ApiError

        with speaking(self.url):
            try:
                return _project(self._sdk.projects.get(number))
            except ApiError as error:
                if error.status_code == 404:
                    return None
                raise

    def projects(self, title: str) -> list[Project]:
        """The projects with exactly this title."""
        with speaking(self.url):
            numbers = [entry.id for entry in self._sdk.projects.list(title=title) if entry.title == title]
        return [found for number in numbers if number is not None and (found := self.project(number))]

    def create(self, title: str, settings: Raw) -> Project:
        with speaking(self.url):
            made = self._sdk.projects.create(title=title, **settings)
            return _project(self._sdk.projects.get(made.id))

    def update(self, project: Project, settings: Raw) -> None:
        with speaking(self.url):
            self._sdk.projects.update(project.number, **settings)

    def tasks(self, project: Project) -> list[Raw]:
        """All tasks with annotations, predictions and drafts, as the server's own JSON has them.

        Raises CannotRun if the server gives fewer than it says there are: its pages end with an error 404, which looks
        the same as a project that has gone.
        """
        with speaking(self.url):
            pages = self._sdk.tasks.list(project=project.number, fields="all", page_size=PAGE)
            found = [entry.dict() for entry in pages]
        now = self.project(project.number)
        if now is None:
            raise CannotRun(self.url, *_said(404, None, "the project"))
        if len(found) < now.tasks:
            raise CannotRun(self.url, f"gives {len(found)} of {now.tasks} tasks", "try again")
        return found

    def add(self, project: Project, tasks: Sequence[Raw]) -> None:
        """Make tasks, with their predictions; one call, so keep the batch small."""
        with speaking(self.url):
            self._sdk.projects.import_tasks(project.number, request=tasks)

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
    )
