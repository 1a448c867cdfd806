"""Blind double annotation: a project an annotator, pushed without labels, and how far everybody is.

In the open edition, all users of a server see all projects. A project an annotator keeps others' labels out of their
way; it hides none from somebody who opens another's project.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from annotate.errors import CannotRun
from annotate.labelstudio.ask import everybodys_work
from annotate.labelstudio.client import Raw, Studio
from annotate.labelstudio.push import TITLE_LENGTH, find
from annotate.labelstudio.results import article_of, user_of
from annotate.labelstudio.state import State

ASSIGNED = "assigned.json"
ADJUDICATION = "adjudication"

Stage = Literal["done", "draft", "skipped", "left"]
STAGES: tuple[Stage, ...] = ("done", "draft", "skipped", "left")

_NUMBER = re.compile(r", (\d+)$")


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


def progress(studio: Studio, state: State, title: str) -> Progress:
    """How far each annotator is with each article, in all projects of the corpus.

    `left` is what stands in an annotator's own project and was neither submitted nor skipped; a draft is left, too, and
    shown as a draft. Somebody who is not known yet is called by the number that the server has for them.
    """
    server = studio.where.name
    people, owners = state.people(server), assigned(state, server, title)
    found = Progress(list(owners), {})
    for name in titles(state, server, title):
        project = find(studio, state, name)
        owner = next((annotator for annotator in owners if title_of(title, annotator) == name), None)
        if project is not None:
            _take(found, everybodys_work(studio, project), people, owner)
    return found


def _take(found: Progress, tasks: Iterable[Raw], people: Mapping[int, str], owner: str | None) -> None:
    for task in tasks:
        stages = found.stages.setdefault(article_of(task) or "(none)", {})
        if owner is not None:
            stages.setdefault(owner, "left")
        for user, stage in _work(task):
            name = people.get(user, f"user-{user}") if user is not None else "user-unknown"
            if name not in found.annotators:
                found.annotators.append(name)
            stages[name] = min(stages.get(name, stage), stage, key=STAGES.index)


def _work(task: Raw) -> Iterable[tuple[int | None, Stage]]:
    """Who did what in a task; more than one of a person's may stand there."""
    for annotation in task.get("annotations") or []:
        yield user_of(annotation), "skipped" if annotation.get("was_cancelled") else "done"
    for draft in task.get("drafts") or []:
        # A draft names its maker in words alone, with the number last.
        number = _NUMBER.search(str(draft.get("created_username")))
        yield int(number[1]) if number else None, "draft"
