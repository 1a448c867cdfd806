"""A project on a server that was made elsewhere → the draft of an inventory, the articles, and who labelled them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from annotate.drafts.config_reader import draft_from_config
from annotate.drafts.draft import InventoryDraft, count_names
from annotate.errors import CannotRun, Refused
from annotate.ingest import ArticleRejected, Details, Intake
from annotate.label_map import TaskFields
from annotate.labelstudio.client import Progress, Project, Studio
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.projects import TITLE_LENGTH
from annotate.labelstudio.rank import parse_time
from annotate.labelstudio.results import user_id_of
from annotate.labelstudio.task_articles import make_intake
from annotate.model import Annotator
from annotate.util.escape import quote
from annotate.util.typed_values import convert_as

TRAINING = "unknown; entered by `annotate init --from-studio`"


class ProjectDraft(NamedTuple):
    """What a corpus can be made of a project.

    Attributes:
        project: The project.
        draft: The draft of the inventory; its notices name what is left out, also of the tasks.
        intakes: The source file and the article of each task that has a text.
        annotators: User id on the server → the annotator, under a pseudonym.
    """

    project: Project
    draft: InventoryDraft
    intakes: list[Intake]
    annotators: dict[int, Annotator]


def find_foreign_project(studio: Studio, name: str) -> Project:
    """Return the project with a title, or else with a number.

    Raises:
        CannotRun: There is none.
        Refused: Several have the title.
    """
    projects = studio.find_projects(name)
    if len(projects) > 1:
        ids = ", ".join(str(project.id) for project in projects)
        raise Refused(repr(name), f"several projects have this title ({ids})", "give the number of one")
    if projects:
        return projects[0]
    project = studio.get_project(int(name)) if name.isascii() and name.isdigit() else None
    if project is None:
        raise CannotRun(studio.url, f"there is no project {quote(name)}", "give the title or the number of one")
    return project


def draft_from_project(studio: Studio, name: str, today: date, progress: Progress | None = None) -> ProjectDraft:
    """Read a project; nothing on the server is changed.

    Args:
        studio: The server.
        name: The title or the number of the project.
        today: The day since when an annotator works of whom the server does not tell it.
        progress: Called with the number of tasks read, and of all tasks.

    Raises:
        CannotRun: There is no such project, or its labelling config cannot be read.
        Refused: Several projects have the title.
    """
    project = find_foreign_project(studio, name)
    draft = draft_from_config(project.config, f"project {project.id}")
    least, most = TITLE_LENGTH
    title = " ".join(project.title.split())
    draft.title = title if least <= len(title) <= most else draft.title
    tasks: list[JsonObject] = []
    first_days: dict[int, date] = {}
    for task in studio.iterate_tasks(project.id, progress):
        _note_users(task, first_days, today)
        tasks.append({"id": task.get("id"), "data": task.get("data")})
    fields = _drop_unusable_keys(draft, _read_fields(draft), tasks)
    intakes: dict[str, Intake] = {}
    texts: set[str] = set()
    for task in tasks:
        try:
            intake = make_intake(task, fields, Details())
        except ArticleRejected as error:
            draft.leave_out("tasks", f"a task {error}", str(task.get("id")))
            continue
        (article,) = intake.articles
        if article.id in intakes or article.text_sha256 in texts:
            reason = "has the id of an earlier one" if article.id in intakes else "has the text of an earlier one"
            draft.leave_out("tasks", f"a task {reason}", str(task.get("id")))
            continue
        intakes[article.id] = intake
        texts.add(article.text_sha256)
    if not tasks:
        draft.remarks.append("tasks: there are none yet, and no articles; import texts there, and begin again")
    return ProjectDraft(project, draft, list(intakes.values()), _name_annotators(first_days))


def _read_fields(draft: InventoryDraft) -> TaskFields:
    fields = draft.label_map.get("fields", {})
    return convert_as(fields, TaskFields)


def _drop_unusable_keys(draft: InventoryDraft, fields: TaskFields, tasks: list[JsonObject]) -> TaskFields:
    """Return the keys without those whose values no article can have, in any task; the map leaves them out.

    Nobody said that a key called `article`, `title` or `language` holds that.
    """
    rejected = [task for task in tasks if not _is_accepted(task, fields)]
    none = TaskFields(fields.text, article=None, title=None, language=None)
    for name in ("article", "title", "language"):
        key = getattr(fields, name)
        alone = msgspec.structs.replace(none, **{name: key})
        unfit = [task for task in rejected if not _is_accepted(task, alone) and _is_accepted(task, none)]
        if unfit:
            fields = msgspec.structs.replace(fields, **{name: None})
            draft.map_name("fields", name, None, f"The values of {key} are none.")
            ids, example = count_names([str(task["id"]) for task in unfit]), quote(unfit[0]["data"][key])
            problem = (
                f"in tasks: {ids} it holds what is no {name.replace('article', 'id of an article')}, such as {example}"
            )
            draft.remarks.append(f"key {key} left out: {problem}")
    return fields


def _is_accepted(task: JsonObject, fields: TaskFields) -> bool:
    try:
        make_intake(task, fields, Details())
    except ArticleRejected:
        return False
    return True


def _note_users(task: JsonObject, first_days: dict[int, date], today: date) -> None:
    """Note who labelled a task, and the first day of each."""
    for entry in task.get("annotations") or []:
        user_id = user_id_of(entry)
        if user_id is not None:
            time = parse_time(entry.get("created_at"))
            day = time.astimezone(UTC).date() if isinstance(time, datetime) else today
            first_days[user_id] = min(day, first_days.get(user_id, day))


def _name_annotators(first_days: dict[int, date]) -> dict[int, Annotator]:
    """Return a pseudonym for each user, in the order of their numbers."""
    return {
        user_id: Annotator(
            id=f"annotator-{number}", kind="person", training=TRAINING, since=first_days[user_id].isoformat()
        )
        for number, user_id in enumerate(sorted(first_days), 1)
    }


def render_annotators(annotators: Iterable[Annotator]) -> str:
    """Return the text of `annotators.yaml`."""
    return "".join(_annotator_lines(annotators))


def _annotator_lines(annotators: Iterable[Annotator]) -> Iterator[str]:
    yield "# Who labels: a pseudonym, never a name or an address. kind: person or model.\n"
    yield "# Made by `annotate init` of the users who labelled on the server. Correct kind and training.\n"
    entries = list(annotators)
    yield "annotators:\n" if entries else "annotators: []\n"
    for annotator in entries:
        yield (
            f"- id: {annotator.id}\n  kind: {annotator.kind}\n  training: {annotator.training}\n"
            f"  since: {annotator.since}\n"
        )
