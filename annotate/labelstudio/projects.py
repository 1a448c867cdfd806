"""Which projects of a server belong to a corpus: the shared one, and those of annotators, adjudication and training.

All users of the open edition see all projects of a server. A project for each annotator keeps the labels of the others
out of the way; it does not hide them from someone who opens another project.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from annotate.errors import CannotRun, Refused
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.state import State
from annotate.model import is_article_id
from annotate.util.escape import quote

ADJUDICATION = "adjudication"
TRAINING = "training"
"""The word before an annotator's id in the title of a project to practise in."""
ASSIGNMENTS_FILE = "assigned.json"
HIDDEN_GOLD_FILE = "hidden-gold.json"
TITLE_LENGTH = (3, 50)
"""The least and the most characters of a title on the server."""


HiddenGold: TypeAlias = dict[str, dict[str, list[str]]]
"""Title of the shared project → annotator → ids of articles with gold in the annotator's work."""


class MissingProject(CannotRun):
    """A project of the corpus was never created, or was deleted."""


class Assignment(msgspec.Struct, frozen=True):
    """The annotators who have projects of their own, in the order of assignment."""

    annotators: list[str]


def check_title(title: str) -> str:
    """Return the title of a project.

    Raises:
        CannotRun: The server does not accept titles of this length.
    """
    least, most = TITLE_LENGTH
    if not least <= len(title) <= most:
        hint = f"Label Studio takes titles of {least} to {most}: choose another --title"
        raise CannotRun(repr(title), f"has {len(title)} characters", hint)
    return title


def annotator_title(title: str, annotator: str) -> str:
    """Return the title of an annotator's own project of the corpus whose shared project has the title `title`.

    Raises:
        CannotRun: The title is too long, or is that of the adjudication.
    """
    if annotator == ADJUDICATION:
        problem = "is the title of the project for adjudication"
        raise CannotRun(repr(f"{title}: {annotator}"), problem, "give the annotator another id")
    return check_title(f"{title}: {annotator}")


def adjudication_title(title: str) -> str:
    """Return the title of the project for adjudication.

    Raises:
        CannotRun: The title is too long.
    """
    return check_title(f"{title}: {ADJUDICATION}")


def training_title(title: str, annotator: str) -> str:
    """Return the title of the project in which an annotator practises.

    Raises:
        CannotRun: The title is too long.
    """
    return check_title(f"{title}: {TRAINING} {annotator}")


def is_training_title(title: str) -> bool:
    """Return whether a title is that of a project to practise in."""
    before, _, annotator = title.rpartition(f": {TRAINING} ")
    return bool(before) and is_article_id(annotator)


def refuse_training_title(title: str) -> None:
    """Check that a title is not that of a project to practise in, whose labels are no labels of the corpus.

    Raises:
        Refused: It is one.
    """
    if is_training_title(title):
        hint = "see them with `annotate studio train --report`"
        raise Refused(repr(title), "is a training project, and its labels do not go into the corpus", hint)


def training_projects(
    studio: Studio, state: State, title: str, annotators: Iterable[str]
) -> Iterator[tuple[str, Project]]:
    """Yield the annotator and the project of each existing project to practise in, of those annotators."""
    # One request finds all titles, on a server that another machine made the projects on, too.
    prefix = f"{title}: {TRAINING} "
    listed = {str(entry["title"]) for entry in studio.list_projects(title=prefix)}
    listed |= {name for name in state.project_ids(studio.address.name) if name.startswith(prefix)}
    for annotator in annotators:
        name = f"{prefix}{annotator}"
        project = find_project(studio, state, name) if name in listed else None
        if project is not None:
            yield annotator, project


def assigned_annotators(state: State, server: str, title: str) -> list[str]:
    """Return the annotators who have projects of their own."""
    assignment = (state.read_for(server, ASSIGNMENTS_FILE, dict[str, Assignment]) or {}).get(title)
    return assignment.annotators if assignment else []


def save_assignment(state: State, server: str, title: str, annotator: str) -> None:
    """Remember that an annotator has a project of their own."""
    annotators = assigned_annotators(state, server, title)
    if annotator not in annotators:
        assignments = state.read_for(server, ASSIGNMENTS_FILE, dict[str, Assignment]) or {}
        state.write_for(server, ASSIGNMENTS_FILE, assignments | {title: Assignment([*annotators, annotator])})


def list_hidden_gold(state: State, server: str, title: str) -> dict[str, list[str]]:
    """Return the ids of the articles with gold that are hidden in the work of each annotator."""
    return (state.read_for(server, HIDDEN_GOLD_FILE, HiddenGold) or {}).get(title, {})


def save_hidden_gold(state: State, server: str, title: str, annotator: str, article_ids: Iterable[str]) -> None:
    """Replace the ids of the articles with gold that are hidden in the work of an annotator."""
    by_title = state.read_for(server, HIDDEN_GOLD_FILE, HiddenGold) or {}
    hidden = by_title.get(title, {}) | {annotator: sorted(article_ids)}
    state.write_for(server, HIDDEN_GOLD_FILE, by_title | {title: hidden})


def labelling_titles(state: State, server: str, title: str) -> list[str]:
    """Return the titles of the projects in which annotators label the corpus: the shared one, then their own.

    The shared project is left out if only others were created.
    """
    own = [annotator_title(title, annotator) for annotator in assigned_annotators(state, server, title)]
    return [title, *own] if not own or state.project_id(server, title) is not None else own


def corpus_projects(studio: Studio, state: State, title: str) -> Iterator[tuple[str, Project]]:
    """Yield the title and project of each existing project of the corpus, the adjudication last."""
    for name in [*labelling_titles(state, studio.address.name, title), f"{title}: {ADJUDICATION}"]:
        project = find_project(studio, state, name)
        if project is not None:
            yield name, project


def find_project(studio: Studio, state: State, title: str) -> Project | None:
    """Return the project that was created under a title from this folder, else the one on the server with the title.

    Raises:
        Refused: Several projects have the title.
    """
    project_id = state.project_id(studio.address.name, title)
    project = studio.get_project(project_id) if project_id is not None else None
    if project is not None:
        return project
    projects = studio.find_projects(title)
    if len(projects) > 1:
        ids = ", ".join(str(project.id) for project in projects)
        hint = "rename one in Label Studio, or choose another --title"
        raise Refused(repr(title), f"several projects have this title ({ids})", hint)
    return projects[0] if projects else None


def require_project(
    studio: Studio, state: State, title: str, hint: str = "create it with `annotate studio push`"
) -> Project:
    """Return a project of the corpus; see `find_project`.

    Raises:
        MissingProject: The project was never created, or was deleted.
    """
    project = find_project(studio, state, title)
    if project is None:
        raise MissingProject(studio.url, f"there is no project {quote(title)} (any more)", hint)
    return project
