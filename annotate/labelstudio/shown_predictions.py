"""Which predictions annotators start from: the choice of Label Studio, and how a push sets it.

A project shows the predictions of one name, its setting `model_version`. If that is empty, *Label All Tasks* starts
with the bare text, and an article that is opened from the list with its newest prediction, whatever other settings say.
"""

from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.http import JsonObject


def settings_to_show(name: str) -> JsonObject:
    """Return the settings of a project that shows the predictions of a name; see `tasks.prediction_name`."""
    return {"model_version": name, "show_collab_predictions": True}


def show_predictions(studio: Studio, project_id: int, name: str) -> None:
    """Let annotators of a project start from the predictions of a name.

    The server refuses a name that no prediction has.
    """
    studio.update_project(project_id, settings_to_show(name))


def describe_start(project: Project | None, show: str) -> str:
    """Return what annotators see after a push, in one line.

    Args:
        project: The project as it was before the push; None if there was none.
        show: The name of the predictions that the push shows; "" if it shows none.
    """
    shown = project.shown if project else ""
    if show:
        before = f" (before: {shown or 'the bare text'})" if project and shown != show else ""
        return f"annotators start from: {show}{before}; labels that begin so are not independent"
    if shown:
        how = "the project shows it, and a push without --show leaves that as it is"
        return f"annotators start from: {shown}; {how}; for the bare text, push under another --title"
    if project and project.predictions:
        how = "with *Label All Tasks*; an article opened from the list starts from its newest prediction"
        return f"annotators start from: the bare text {how}"
    return "annotators start from: the bare text"
