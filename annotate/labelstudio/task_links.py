"""Addresses of articles' tasks in Label Studio, from what the last pull kept."""

from collections.abc import Callable
from typing import Any

from annotate.labelstudio.client import parse_server_url
from annotate.labelstudio.location import open_state


def make_task_link(url: str, corpus: str, folder: str | None = None) -> Callable[[str], str]:
    """Return the function that gives the address of an article's task.

    Args:
        url: The address of the server. It is written into pages, so it must not contain a password.
        corpus: The corpus folder.
        folder: The folder of `annotate studio pull`; by default the one of the corpus.

    Returns:
        A function of an article id. An article whose task is unknown gives the address of the server.

    Raises:
        CannotRun: `url` is not a web address, or may contain a secret.
    """
    base, state = parse_server_url(url, "--studio-url"), open_state(corpus, folder, create=False)

    def link(article_id: str) -> str:
        for task in state.read(f"raw/{article_id}.json", list[dict[str, Any]]) or []:
            if isinstance(task.get("id"), int) and isinstance(task.get("project"), int):
                return f"{base}/projects/{task['project']}/data?task={task['id']}"
        return base

    return link
