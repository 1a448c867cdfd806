"""Addresses of articles' tasks in Label Studio, from what the last pull kept."""

from collections.abc import Callable
from typing import Any

from annotate.errors import CannotRun
from annotate.labelstudio.state import State


def make_task_link(url: str, folder: str) -> Callable[[str], str]:
    """Return the function that gives the address of an article's task.

    Args:
        url: The address of the server.
        folder: The folder of `annotate studio pull`.

    Returns:
        A function of an article id. An article whose task is unknown gives the address of the server.

    Raises:
        CannotRun: `url` is not a web address.
    """
    base, state = url.rstrip("/"), State(folder)
    if not base.startswith(("http://", "https://")):
        raise CannotRun("--studio-url", f"{url!r} is not a web address", "write http://localhost:8080")

    def link(article_id: str) -> str:
        for task in state.read(f"raw/{article_id}.json", list[dict[str, Any]]) or []:
            if isinstance(task.get("id"), int) and isinstance(task.get("project"), int):
                return f"{base}/projects/{task['project']}/data?task={task['id']}"
        return base

    return link
