"""The tabs of a project's list of tasks, and which columns they hide."""

from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import NOTICE
from annotate.labelstudio.http import JsonObject

DEFAULT_TAB = "Default"
"""The title of the first tab, as the page of the server gives it."""
HIDDEN_DATA = ("text", NOTICE, "article", "text_sha256", "language")
"""Keys of a task's data that annotators do not need in the list; a notice would be shown there as its HTML."""
HIDDEN_COLUMNS = (
    *("inner_id", "completed_at", "annotations_results", "annotations_ids", "predictions_score"),
    *("predictions_model_versions", "predictions_results", "file_upload", "storage_filename", "created_at"),
    *("updated_by", "avg_lead_time", "total_predictions"),
)
"""Columns of the server that annotators do not need."""
HIDDEN_WHILE_LABELLING = ("id", "cancelled_annotations", "annotators", "updated_at", "draft_exists")
"""More columns of the server, without which the narrow list next to an open article has room for its title."""


def view_settings(title: str) -> JsonObject:
    """Return the settings of a tab."""
    hidden = [f"tasks:data.{key}" for key in HIDDEN_DATA] + [f"tasks:{name}" for name in HIDDEN_COLUMNS]
    return {
        "title": title,
        "type": "list",
        "target": "tasks",
        "hiddenColumns": {"explore": hidden, "labeling": hidden + [f"tasks:{name}" for name in HIDDEN_WHILE_LABELLING]},
    }


def create_default_tab(studio: Studio, project_id: int) -> None:
    """Create the first tab of a project that has none; the page creates its own where there is none."""
    if not studio.list_views(project_id):
        studio.create_view(project_id, view_settings(DEFAULT_TAB))
