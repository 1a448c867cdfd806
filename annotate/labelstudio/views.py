"""The tabs of a project's list of tasks, without the columns that people do not read."""

from collections.abc import Sequence

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import DIFFERENCES, NOTICE, TEXT
from annotate.labelstudio.http import JsonObject

DEFAULT = "Default"
"""The title of the first tab; the page creates its own only in a project without any."""
HIDDEN_DATA = (TEXT, NOTICE, DIFFERENCES, "article", "text_sha256", "language")
"""Keys of a task's data that the list does not show."""
_HIDDEN_COLUMNS = (
    *("inner_id", "completed_at", "annotations_results", "annotations_ids", "predictions_score"),
    *("predictions_model_versions", "predictions_results", "file_upload", "storage_filename", "created_at"),
    *("updated_by", "avg_lead_time", "total_predictions"),
)
_HIDDEN_WHILE_LABELLING = ("id", "cancelled_annotations", "annotators", "updated_at", "draft_exists")
"""More columns, without which the narrow list next to an open article has room for its title."""


def create_tab(
    studio: Studio,
    project_id: int,
    title: str,
    filters: Sequence[JsonObject] = (),
    existing: Sequence[str] | None = None,
) -> None:
    """Create a tab, and the first one of a project that has none, unless there is one with the title.

    Args:
        studio: The server.
        project_id: The project.
        title: The title of the tab.
        filters: What tasks it shows; see `client.task_filter`.
        existing: The titles of the project's tabs; asked of the server if None.
    """
    titles: Sequence[object] | None = existing
    if titles is None:
        titles = [(view.get("data") or {}).get("title") for view in studio.list_views(project_id)]
    if not titles and title != DEFAULT:
        studio.create_view(project_id, _view_settings(DEFAULT))
    if title not in titles:
        settings = _view_settings(title)
        if filters:
            settings["filters"] = {"conjunction": "and", "items": list(filters)}
        studio.create_view(project_id, settings)


def _view_settings(title: str) -> JsonObject:
    hidden = [f"tasks:data.{key}" for key in HIDDEN_DATA] + [f"tasks:{name}" for name in _HIDDEN_COLUMNS]
    return {
        "title": title,
        "type": "list",
        "target": "tasks",
        "hiddenColumns": {
            "explore": hidden,
            "labeling": hidden + [f"tasks:{name}" for name in _HIDDEN_WHILE_LABELLING],
        },
    }
