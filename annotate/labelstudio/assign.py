"""Blind double annotation: a project an annotator, pushed without labels, and how far everybody is.

In the open edition, all users of a server see all projects. A project an annotator keeps others' labels out of their
way; it hides none from somebody who opens another's project.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.ask import everything
from annotate.labelstudio.client import Project, Raw, Studio
from annotate.labelstudio.push import TITLE_LENGTH, find
from annotate.labelstudio.results import article_of, user_of
from annotate.labelstudio.state import State
from annotate.labelstudio.usage import user

ASSIGNED = "assigned.json"
ADJUDICATION = "adjudication"

Stage = Literal["done", "draft", "skipped", "left"]
STAGES: tuple[Stage, ...] = ("done", "draft", "skipped", "left")

COUNTS = "id,data,annotators,total_annotations,cancelled_annotations,draft_exists"
"""What is needed of a task to know how far it is: no labels, no predictions."""


class Progress(NamedTuple):
    """Article → annotator → how far they are; annotators in the order of their projects."""

    annotators: list[str]
    stages: dict[str, dict[str, Stage]]

    def counts(self, annotator: str) -> Counter[Stage]:
        return Counter(stages[annotator] for stages in self.stages.values() if annotator in stages)


class Assigned(msgspec.Struct, frozen=True):
    """The annotators who have a project of their own, of the project with this title."""

    annotators: list[str]


def title_of(title: str, annotator: str) -> str:
    """The title of an annotator's own project. Raises CannotRun for one that the server would not take."""
    own = f"{title}: {annotator}"
    if len(own) > TITLE_LENGTH[1]:
        mend = f"Label Studio takes {TITLE_LENGTH[1]}; give a shorter --title"
        raise CannotRun(repr(own), f"has {len(own)} characters", mend)
    if annotator == ADJUDICATION:
        raise CannotRun(repr(own), "is the title of the project to adjudicate in", "give the annotator another id")
    return own


def assigned(state: State, server: str, title: str) -> list[str]:
    """The annotators who were given a project of their own."""
    known = state.read(ASSIGNED, dict[str, dict[str, Assigned]]) or {}
    found = known.get(server, {}).get(title)
    return found.annotators if found else []


def remember(state: State, server: str, title: str, annotator: str) -> None:
    known = state.read(ASSIGNED, dict[str, dict[str, Assigned]]) or {}
    annotators = assigned(state, server, title)
    if annotator not in annotators:
        mine = known.get(server, {}) | {title: Assigned([*annotators, annotator])}
        state.write(ASSIGNED, known | {server: mine})


def titles(state: State, server: str, title: str) -> list[str]:
    """The titles of all projects that annotators label this corpus in: the shared one, then those of one annotator.

    The shared one is left out where it was never made and others were.
    """
    own = [title_of(title, annotator) for annotator in assigned(state, server, title)]
    return [title, *own] if not own or state.project(server, title) is not None else own


def projects(studio: Studio, state: State, title: str) -> dict[str, Project]:
    """Title → project, of all that there are of a corpus: those that annotators label in, and the adjudication."""
    names = [*titles(state, studio.where.name, title), f"{title}: {ADJUDICATION}"]
    found = {name: find(studio, state, name) for name in names}
    return {name: project for name, project in found.items() if project is not None}


def progress(studio: Studio, state: State, title: str, seen: Callable[[int, int], None] | None = None) -> Progress:
    """How far each annotator is with each article, in all projects of the corpus that annotators label in.

    `left` is what stands in an annotator's own project and was neither submitted nor skipped; a draft is left, too, and
    shown as a draft. Somebody who is not known yet is called by the number that the server has for them. Tasks are
    fetched by page; `seen` hears how many of a project's are done, and of how many.
    """
    server = studio.where.name
    people, owners = state.people(server), assigned(state, server, title)
    found = Progress(list(owners), {})
    for name in titles(state, server, title):
        project = find(studio, state, name)
        owner = next((annotator for annotator in owners if title_of(title, annotator) == name), None)
        for task in everything(studio, project, seen, COUNTS) if project else ():
            _take(found, task, _work(studio, task), people, owner)
    return found


def _take(
    found: Progress,
    task: Raw,
    work: Iterator[tuple[int | None, Stage]],
    people: Mapping[int, str],
    owner: str | None,
) -> None:
    stages = found.stages.setdefault(article_of(task) or "(none)", {})
    if owner is not None:
        stages.setdefault(owner, "left")
    for number, stage in work:
        name = people.get(number, f"user-{number}") if number is not None else "user-unknown"
        if name not in found.annotators:
            found.annotators.append(name)
        stages[name] = min(stages.get(name, stage), stage, key=STAGES.index)


def _work(studio: Studio, task: Raw) -> Iterator[tuple[int | None, Stage]]:
    """Who did what in a task; more than one of a person's may stand there.

    The server's counts say it, but for drafts, and for a task that one submitted and another skipped: those are asked
    for.
    """
    done, skipped = task.get("total_annotations") or 0, task.get("cancelled_annotations") or 0
    if done and skipped:
        for annotation in (studio.task(task["id"]) or {}).get("annotations") or []:
            yield user_of(annotation), "skipped" if annotation.get("was_cancelled") else "done"
    elif done or skipped:
        for number in task.get("annotators") or [None]:
            yield number, "done" if done else "skipped"
    for draft in (studio.drafts(task["id"]) or []) if task.get("draft_exists") else []:
        yield user("draft", draft), "draft"
