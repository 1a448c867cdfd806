"""What the toolkit asks of a Label Studio server: projects, tasks, drafts and predictions.

Tasks come without names and addresses of people; see `privacy`.
"""

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.http import (
    LOCAL,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    Connection,
    JsonObject,
    ServerAddress,
    prefetch,
    translate_errors,
)
from annotate.labelstudio.identification import strip_project_page
from annotate.labelstudio.privacy import remove_personal_data
from annotate.labelstudio.pushed_predictions import PredictionCount
from annotate.labelstudio.state import ANNOTATORS_FILE, PROJECTS_FILE, State
from annotate.util.escape import quote
from annotate.util.typed_values import decode_as

PAGE_SIZE = 100
"""Tasks in one answer."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of items done, and the number of all."""

_decode_object = partial(decode_as, type_=JsonObject)


class Project(NamedTuple):
    """A project as the server has it, with its counts.

    `annotations` counts what was submitted, without skipped tasks. `shows_skip` tells whether the page has a button to
    skip a task. `shown` is the name of the predictions that annotators start from; "" if the project shows those of no
    name.
    """

    id: int
    title: str
    config: str
    instructions: str
    tasks: int
    annotations: int
    skipped: int
    predictions: int
    shows_skip: bool = True
    shown: str = ""


class _ImportAnswer(msgspec.Struct):
    """The answer to an import of tasks."""

    task_ids: list[int]


class _ModelVersion(msgspec.Struct):
    model_version: str | None
    count: int
    latest: str


class _ModelVersions(msgspec.Struct):
    """The names of a project's predictions."""

    static: list[_ModelVersion]


class _TaskId(msgspec.Struct):
    id: int


class _User(msgspec.Struct):
    id: int
    email: str = ""

    def __repr__(self) -> str:
        return "_User(…)"


class _PageIds(msgspec.Struct):
    """The part of a page of tasks that it takes to request the next one."""

    tasks: list[_TaskId]
    total: int


class _Page(msgspec.Struct):
    """A page of tasks; `total` is the number of tasks from this page on."""

    tasks: list[JsonObject]
    total: int


def find_server(state: State) -> ServerAddress:
    """Return the server to use: the one in the environment, else the one started here.

    Raises:
        CannotRun: The environment has only the address or only the token, its address may contain a secret, or no
            server runs.
    """
    url, token = os.environ.get(URL_VARIABLE, "").strip(), os.environ.get(TOKEN_VARIABLE, "").strip()
    if url and token:
        address = parse_server_url(url, URL_VARIABLE)
        return ServerAddress(address, address, token)
    if url or token:
        missing = TOKEN_VARIABLE if url else URL_VARIABLE
        hint = f"set both {URL_VARIABLE} and {TOKEN_VARIABLE}, or neither"
        raise CannotRun("the environment", f"{missing} is not set", hint)
    process = server.find_running(state)
    if process is None:
        hint = f"start one with `annotate studio up`, or set {URL_VARIABLE} and {TOKEN_VARIABLE}"
        raise CannotRun(state.folder, "no server is running", hint)
    return ServerAddress(server.url_of(process.port), LOCAL, server.load_credentials(state).token)


def has_server(state: State) -> bool:
    """Return whether the environment names a server, or one was started or used from the state folder."""
    if any(os.environ.get(name, "").strip() for name in (URL_VARIABLE, TOKEN_VARIABLE)):
        return True
    return any((state.folder / name).exists() for name in (server.CREDENTIALS_FILE, PROJECTS_FILE, ANNOTATORS_FILE))


def parse_server_url(url: str, where: str) -> str:
    """Return the address of a server, which is printed, and stored, and therefore must not contain a secret.

    Args:
        url: The address that the user gave.
        where: What an error names.

    Raises:
        CannotRun: It is not a web address, or has a part that may be secret. The message does not repeat it.
    """
    hint = "write an address such as https://label.example.org"
    shown = "" if set(url) & set("@:?#") else f"{quote(url)} "
    try:
        parts = urlsplit(url)
        is_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise CannotRun(where, f"{shown}is not a web address", hint) from None
    is_web = parts.scheme in ("http", "https") and is_host and url.isprintable() and " " not in url
    if is_web and "@" not in url and (server_url := strip_project_page(url)):
        raise CannotRun(where, "is the address of a page of a project, not of the server", f"write {server_url}")
    if "@" in url or parts.query or parts.fragment:
        problem = "contains a login, a query or a fragment, which may be secret"
        raise CannotRun(where, problem, f"{hint}, and the token in {TOKEN_VARIABLE}")
    if not is_web:
        raise CannotRun(where, f"{shown}is not a web address", hint)
    return url.rstrip("/")


def is_server_name(name: str) -> bool:
    """Return whether the files of a state folder may have a server under this name."""
    if name == LOCAL:
        return True
    try:
        return parse_server_url(name, "") == name
    except CannotRun:
        return False


def task_filter(field: str, operator: str, type_: str, value: object) -> JsonObject:
    """Return a filter of the server's for lists of tasks."""
    return {"filter": f"filter:tasks:{field}", "operator": operator, "type": type_, "value": value}


class _ProjectList(msgspec.Struct):
    """A page of the server's list of projects; `next` is the address of the next one."""

    results: list[JsonObject]
    next: str | None = None


class Studio(Connection):
    """A Label Studio server; a context manager, which closes the connection."""

    def get_project(self, project_id: int) -> Project | None:
        """Return a project; None if the server does not have it."""
        return self.read_if_exists(f"api/projects/{project_id}/", lambda body: _project(_decode_object(body)))

    def find_projects(self, title: str) -> list[Project]:
        """Return the projects with exactly this title."""
        ids = [entry["id"] for entry in self.list_projects(title=title) if entry["title"] == title]
        return [project for project_id in ids if (project := self.get_project(project_id))]

    def list_projects(self, **params: Any) -> Iterator[JsonObject]:
        """Yield the entries of the server's list of projects; `params` restrict the list or its fields."""
        page, is_last = 0, False
        while not is_last:
            page += 1
            decode = partial(decode_as, type_=_ProjectList)
            answer = self.read("api/projects/", decode, subject="the list", page=page, page_size=PAGE_SIZE, **params)
            yield from answer.results
            is_last = not answer.next

    def create_project(self, title: str, settings: JsonObject) -> Project:
        """Create a project."""
        answer = self.write("POST", "api/projects/", {"title": title, **settings})
        with translate_errors(self.url):
            return _project(_decode_object(answer))

    def update_project(self, project_id: int, settings: JsonObject) -> None:
        """Change settings of a project."""
        self.write("PATCH", f"api/projects/{project_id}/", settings)

    def get_settings(self, project_id: int) -> JsonObject:
        """Return everything that the server says of a project."""
        return self.read(f"api/projects/{project_id}/", _decode_object)

    def task_pages(
        self,
        project_id: int,
        *,
        after_id: int = 0,
        filters: Sequence[JsonObject] = (),
        task_ids: Collection[int] | None = None,
        fields: str | None = None,
        on_total: Callable[[int], None] | None = None,
    ) -> Iterator[list[JsonObject]]:
        """Yield the tasks of a project, with annotations and predictions, in order of their ids.

        Each page is requested by the last id of the page before it, so that tasks which are created or deleted
        meanwhile shift none out of sight. A thread requests the next page while the caller works on this one.

        Args:
            project_id: The project.
            after_id: Yield only tasks with higher ids.
            filters: Filters of the server; see `task_filter`.
            task_ids: Yield only these tasks; all by default. They are part of the address: name a page of them at most.
            fields: The fields to request, separated by commas; all by default.
            on_total: Called with the number of tasks from this page on.

        Yields:
            Lists of at most `PAGE_SIZE` raw tasks without personal data.
        """
        for body in prefetch(self._page_bodies(project_id, after_id, filters, task_ids, fields)):
            with translate_errors(self.url):
                page = decode_as(body, _Page)
                tasks = [remove_personal_data(task) for task in page.tasks]
            if on_total:
                on_total(page.total)
            if tasks:
                yield tasks

    def iterate_tasks(
        self, project_id: int, progress: Progress | None = None, fields: str | None = None
    ) -> Iterator[JsonObject]:
        """Yield the tasks of a project one by one, fetched by page; see `task_pages`."""
        done, totals = 0, list[int]()
        for page in self.task_pages(project_id, fields=fields, on_total=totals.append):
            for task in page:
                done += 1
                if progress:
                    progress(done, totals[0])
                yield task

    def iterate_tasks_with_drafts(self, project_id: int) -> Iterator[JsonObject]:
        """Yield the tasks of a project with the drafts of all users, which take one request for each task."""
        for task in self.iterate_tasks(project_id):
            yield task | {"drafts": self.list_drafts(task["id"]) or []}

    def list_tasks(self, project_id: int) -> list[JsonObject]:
        """Return all tasks of a project; `task_pages` takes less memory."""
        return list(self.iterate_tasks(project_id))

    def first_tasks(self, project_id: int, fields: str) -> list[JsonObject]:
        """Return the first page of a project's tasks, with the given fields."""
        body, _ = self._page_body(project_id, 0, (), None, fields)
        return [remove_personal_data(task) for task in decode_as(body, _Page).tasks]

    def count_tasks(self, project_id: int, filters: Sequence[JsonObject] = ()) -> int:
        """Return how many tasks a project has now, or how many of them pass the server's filters."""
        return self._page_body(project_id, 0, filters, None, "id", 1)[1].total

    def existing_tasks(self, project_id: int, task_ids: Collection[int]) -> set[int]:
        """Return which of these tasks a project still has; ids that one page can hold are looked up together."""
        existing = set[int]()
        if self.get_project(project_id) is None:
            return existing
        for first, last in _runs(sorted(task_ids)):
            up_to_last = task_filter("id", "less_or_equal", "Number", last)
            for page in self.task_pages(project_id, after_id=first - 1, filters=[up_to_last], fields="id"):
                existing.update(task["id"] for task in page)
        return existing.intersection(task_ids)

    def _page_bodies(
        self,
        project_id: int,
        after_id: int,
        filters: Sequence[JsonObject],
        task_ids: Collection[int] | None,
        fields: str | None,
    ) -> Iterator[bytes]:
        """Yield the pages undecoded, so that the next one can be requested at once."""
        has_more = True
        while has_more:
            body, page = self._page_body(project_id, after_id, filters, task_ids, fields)
            yield body
            has_more = page.total > len(page.tasks)
            after_id = page.tasks[-1].id if has_more else after_id

    def _page_body(
        self,
        project_id: int,
        after_id: int,
        filters: Sequence[JsonObject],
        task_ids: Collection[int] | None,
        fields: str | None,
        page_size: int | None = None,
    ) -> tuple[bytes, _PageIds]:
        items = [task_filter("id", "greater", "Number", after_id), *filters]
        query: JsonObject = {"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]}
        if task_ids is not None:
            query["selectedItems"] = {"all": False, "included": sorted(task_ids)}

        def decode(body: bytes) -> tuple[bytes, _PageIds]:
            page = decode_as(body, _PageIds)
            if page.total and not page.tasks:
                raise ValueError("the page is empty although tasks are left")
            return body, page

        return self.read(
            "api/tasks",
            decode,
            project=project_id,
            page_size=page_size or PAGE_SIZE,
            fields="all",
            query=msgspec.json.encode(query).decode(),
            **({"include": fields} if fields else {}),
        )

    def get_task(self, task_id: int) -> JsonObject | None:
        """Return a task with annotations and predictions; None if the server does not have it."""
        return self.read_if_exists(f"api/tasks/{task_id}/", lambda body: remove_personal_data(_decode_object(body)))

    def has_task(self, task_id: int) -> bool:
        """Return whether the server still has a task."""
        return self.get_task(task_id) is not None

    def has_work(self, task_id: int) -> bool:
        """Return whether anyone submitted, skipped or began a task."""
        task = self.get_task(task_id)
        return task is not None and bool(task.get("annotations") or self.list_drafts(task_id))

    def list_drafts(self, task_id: int) -> list[JsonObject] | None:
        """Return the drafts of a task by all users; None if the server does not have the task.

        The task itself lists drafts only to their owner.
        """
        drafts = self.read_if_exists(f"api/tasks/{task_id}/drafts", partial(decode_as, type_=list[JsonObject]))
        return None if drafts is None else [remove_personal_data(draft) for draft in drafts]

    def import_tasks(self, project_id: int, tasks: Sequence[JsonObject | msgspec.Raw]) -> list[int]:
        """Create tasks with their predictions in one request; keep the batch small.

        Returns:
            The ids of the tasks, in their order; none if the server does not tell.
        """
        answer = self.write("POST", f"api/projects/{project_id}/import?return_task_ids=true", tasks)
        with contextlib.suppress(msgspec.MsgspecError):
            return decode_as(answer, _ImportAnswer).task_ids
        return []

    def count_predictions(self, project_id: int) -> dict[str, PredictionCount] | None:
        """Return how many predictions a project has of each name; None if the server does not tell."""

        def decode(body: bytes) -> dict[str, PredictionCount] | None:
            with contextlib.suppress(msgspec.MsgspecError):
                versions = decode_as(body, _ModelVersions).static
                return {str(each.model_version): PredictionCount(each.count, each.latest) for each in versions}
            return None

        return self.read_if_exists(f"api/projects/{project_id}/model-versions?extended=true", decode)

    def delete_task(self, task_id: int) -> None:
        """Delete a task with everything in it."""
        self.write("DELETE", f"api/tasks/{task_id}/", subject="the task")

    def update_task_data(self, task_id: int, data: JsonObject) -> str:
        """Replace the data of a task; return the time of the change, as the server lists it for the task."""
        answer = self.write("PATCH", f"api/tasks/{task_id}/", {"data": data}, subject="the task")
        with translate_errors(self.url):
            return str(_decode_object(answer)["updated_at"])

    def update_annotation(self, annotation_id: int, items: Sequence[object]) -> None:
        """Replace the result items of an annotation; its author stays."""
        self.write("PATCH", f"api/annotations/{annotation_id}/", {"result": items}, subject="the annotation")

    def create_prediction(self, task_id: int, prediction: JsonObject) -> None:
        """Add a prediction to a task."""
        self.write("POST", "api/predictions/", {"task": task_id, **prediction}, subject="the task")

    def delete_prediction(self, prediction_id: int) -> None:
        """Delete a prediction."""
        self.write("DELETE", f"api/predictions/{prediction_id}/", subject="the prediction")

    def list_logins(self) -> dict[int, str]:
        """Return the login of each user, by user id. Logins are personal data: never store or print them."""
        users = self.read("api/users/", partial(decode_as, type_=list[_User]), subject="a list of users")
        return {user.id: user.email for user in users}

    def list_views(self, project_id: int) -> list[JsonObject]:
        """Return the tabs of a project's list of tasks; none until someone opens it in a browser."""
        return self.read("api/dm/views/", partial(decode_as, type_=list[JsonObject]), project=project_id)

    def create_view(self, project_id: int, settings: JsonObject) -> None:
        """Add a tab to a project's list of tasks."""
        self.write("POST", "api/dm/views/", {"project": project_id, "data": settings})

    def list_backends(self, project_id: int) -> list[JsonObject]:
        """Return the machine-learning backends of a project, after the server has asked each of them how it is."""
        return self.read("api/ml/", partial(decode_as, type_=list[JsonObject]), project=project_id)

    def create_backend(self, settings: JsonObject) -> None:
        """Add a machine-learning backend, which the server asks at once."""
        self.write("POST", "api/ml/", settings)

    def delete_backend(self, backend_id: int) -> None:
        """Remove a machine-learning backend; the predictions that it made stay."""
        self.write("DELETE", f"api/ml/{backend_id}", subject="the backend")

    def list_webhooks(self, project_id: int) -> list[JsonObject]:
        """Return the webhooks of a project."""
        return self.read("api/webhooks/", partial(decode_as, type_=list[JsonObject]), project=project_id)

    def delete_webhook(self, webhook_id: int) -> None:
        """Remove a webhook."""
        self.write("DELETE", f"api/webhooks/{webhook_id}/", subject="the webhook")

    def get_invitation(self) -> str:
        """Return the token with which users can sign up."""
        return str(self.read("api/invite", _decode_object, subject="an invitation")["token"])

    def reset_invitation(self) -> None:
        """Make the token with which users can sign up invalid, and create another."""
        self.write("POST", "api/invite/reset-token", subject="an invitation")


def _project(answer: JsonObject) -> Project:
    return Project(
        answer["id"],
        answer.get("title") or "",
        answer.get("label_config") or "",
        answer.get("expert_instruction") or "",
        answer.get("task_number") or 0,
        answer.get("total_annotations_number") or 0,
        answer.get("skipped_annotations_number") or 0,
        answer.get("total_predictions_number") or 0,
        answer.get("show_skip_button") is not False,
        str(answer.get("model_version") or "") if answer.get("show_collab_predictions", True) else "",
    )


def _runs(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of sorted ids whose gaps are at most a page."""
    first = 0
    for end, last in enumerate(ids, 1):
        if end == len(ids) or ids[end] - last > PAGE_SIZE:
            yield ids[first], last
            first = end
