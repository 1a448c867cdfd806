"""What the SDK has no call for: the JSON of a page of the server's API, asked for with the SDK's own token."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec

from annotate.labelstudio import client
from annotate.labelstudio.client import Project, Raw, Studio, speaking

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
        if end == len(numbers) or numbers[end] - number > client.PAGE:
            yield numbers[first], number
            first = end
