"""Write the names of relations that were drawn without one to the server, so that annotators see them."""

from collections.abc import Collection

from annotate.labelstudio.client import Studio
from annotate.labelstudio.controls import Controls
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.relation_names import name_relations


def write_relation_names(
    studio: Studio, task: JsonObject, controls: Controls, offered: Collection[str] | None = None
) -> int:
    """Write the names of unnamed relations into the annotations of a task on a server.

    A task with a draft is left alone: the page would offer the annotator a draft that lacks the names, as if it were
    newer. So is an annotation that changed since the task was fetched.

    Args:
        studio: The server.
        task: The task with its annotations.
        controls: The controls of the project's labelling config.
        offered: The names that the config has; see `find_relation_name`.

    Returns:
        The number of relations that got a name.
    """
    named: dict[int, list[object]] = {}
    for entry in task.get("annotations") or []:
        items = entry.get("result") if isinstance(entry, dict) else None
        result = name_relations(items, controls, offered) if isinstance(items, list) else None
        if result is not None and isinstance(entry.get("id"), int):
            named[entry["id"]] = result
    if not named or studio.list_drafts(task["id"]) != []:
        return 0
    current = {entry["id"]: entry.get("result") for entry in (studio.get_task(task["id"]) or {}).get("annotations", [])}
    count = 0
    for entry in task["annotations"]:
        annotation_id, items = entry.get("id"), entry.get("result")
        if annotation_id in named and current.get(annotation_id) == items:
            studio.update_annotation(annotation_id, named[annotation_id])
            count += sum(old is not new for old, new in zip(items, named[annotation_id], strict=True))
    return count
