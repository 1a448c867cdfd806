"""The summary pages: for each annotator one page with what to look at, task by task, and links to the tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.labelstudio.state import State
from annotate.model import is_article_id
from annotate.outputs import listing_marker, output_folder, read_marker_file, write_marker
from annotate.service.advice import Point
from annotate.util.files import read_raw_if_present, write_atomically
from annotate.util.html import render

PAGES_FOLDER = "findings"
"""The folder of the pages in the state folder."""
COMMAND = "annotate studio watch"


class TaskSummary(NamedTuple):
    """What an annotator should look at in one task, and the address of the task."""

    title: str
    url: str
    points: Sequence[Point]


def render_pages(summaries: Mapping[str, Sequence[TaskSummary]], title: str) -> dict[str, bytes]:
    """Return a page for each annotator, by the name of its file.

    Args:
        summaries: The tasks with points of each annotator; annotators without points have none.
        title: The title of the corpus.
    """
    return {
        f"{annotator}.html": render(
            "service/findings.html",
            lang="en",
            title=f"{title}: what to look at, {annotator}",
            annotator=annotator,
            tasks=tasks,
            count=sum(len(task.points) for task in tasks),
        ).encode()
        for annotator, tasks in summaries.items()
        if is_article_id(annotator)  # a name of a file
    }


def write_pages(state: State, pages: Mapping[str, bytes], folder: str | None) -> None:
    """Write the pages that changed, and remove those of annotators who have left.

    Args:
        state: The state folder, whose own folder of pages is the default.
        pages: The pages, by the names of their files.
        folder: Another folder: a new or an empty one, or one with pages of this command alone.
    """
    if folder is not None:
        _replace_folder(Path(folder), pages)
        return
    own = state.folder / PAGES_FOLDER
    names = {path.name for path in own.glob("*.html")} if own.is_dir() else set[str]()
    for name in names - pages.keys():
        (own / name).unlink(missing_ok=True)
    for name, page in pages.items():
        if name not in names or read_raw_if_present(str(own / name), within=own) != page:
            state.write_bytes(f"{PAGES_FOLDER}/{name}", page)


def _replace_folder(out: Path, pages: Mapping[str, bytes]) -> None:
    marker = listing_marker(COMMAND)
    own_names = marker.read(out) if out.is_dir() else None
    if own_names is not None:
        names = {path.name for path in out.glob("*.html")}
        if names == pages.keys() and all(read_marker_file(out, name) == page for name, page in pages.items()):
            return
    with output_folder(out, marker) as folder:
        for name, page in pages.items():
            write_atomically(folder / name, page)
        write_marker(folder, COMMAND)
