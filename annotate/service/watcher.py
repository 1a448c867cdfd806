"""Poll a server for labels that are new or changed, check them, and show their annotators what to look at.

A poll lists the ids and times of the tasks that changed since the poll before, fetches those tasks, a few at a time,
and checks them as `annotate check` checks the corpus. A relation that was drawn without a name gets the only one that
its ends allow. A poll writes to a task only if what the task shows is to change. The lock of the state folder is held
for a few tasks at a time, so that other commands wait and are not refused.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from annotate.checks import check_annotation
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.label_map import LabelMap
from annotate.labelstudio import rules
from annotate.labelstudio.client import Project, Studio, task_filter
from annotate.labelstudio.config import NOTICE, read_config_version, read_vocabulary
from annotate.labelstudio.config_drift import has_own_config
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.journal import before_overlap, changed_since
from annotate.labelstudio.lock import WATCH, lock_folder
from annotate.labelstudio.notices import NoticeItem, render_notice
from annotate.labelstudio.projects import find_project, labelling_titles
from annotate.labelstudio.relation_updates import write_relation_names
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import FINDINGS
from annotate.labelstudio.views import create_tab
from annotate.service.advice import Point, make_points
from annotate.service.memory import WatchedProject, WatchedTask, encode_memory, read_memory, write_memory
from annotate.service.pages import TaskSummary
from annotate.util.nouns import count_noun
from annotate.waivers import Waivers, corpus_waivers

BATCH = 10
"""Tasks that are fetched, checked and written while the lock is held."""
MOST_POINTS = 30
"""Points in the notice of one task; the summary page has them all."""
LISTED_FIELDS = "id,updated_at,annotators,total_annotations"
TAB = "Findings"
"""The title of the tab, in the list of tasks, with the tasks that have findings."""
_WHOLE_SECONDS = len("2026-01-01T00:00:00")


class PollResult(NamedTuple):
    """What a poll did: the numbers of tasks that were checked and that were written."""

    checked: int
    written: int


class CheckBasis(NamedTuple):
    """What findings depend on besides the labels and the text.

    `fingerprint` changes whenever anything else of it does.
    """

    inventory: Inventory
    label_map: LabelMap | None
    page_titles: Mapping[str, str]
    fingerprint: str


class Watcher:
    """Polls the projects in which annotators label a corpus.

    Args:
        studio: The server.
        state: The state folder.
        corpus: The corpus, which is only read.
        basis: What findings depend on.
        title: The title of the shared project.
    """

    def __init__(self, studio: Studio, state: State, corpus: Corpus, basis: CheckBasis, title: str) -> None:
        self.studio, self.state, self.corpus, self.basis, self.title = studio, state, corpus, basis, title
        self.server = studio.address.name
        self.mapper = Mapper(basis.inventory, label_map=basis.label_map)

    @cached_property
    def projects(self) -> list[tuple[str, Project]]:
        """Each project that exists, with its title here."""
        titles = labelling_titles(self.state, self.server, self.title)
        found = ((title, find_project(self.studio, self.state, title)) for title in titles)
        return [(title, project) for title, project in found if project is not None]

    def poll(self, began: str | None) -> PollResult:
        """Look at what changed in all projects since the last poll.

        Args:
            began: The server's time at the beginning of this poll, or before; None if it does not tell.
        """
        results = [_ProjectPoll(self, project, title).run(began) for title, project in self.projects]
        return PollResult(sum(result.checked for result in results), sum(result.written for result in results))

    def summarize(self, base_url: str) -> dict[str, list[TaskSummary]]:
        """Return what each annotator should look at; those who have labelled something and need not have no tasks.

        Args:
            base_url: The address of the server as annotators know it.
        """
        annotators = self.state.annotators(self.server)
        summaries: dict[str, list[TaskSummary]] = {}
        for title, project in self.projects:
            memory = read_memory(self.state, self.server, project.id, title)
            for task_id, task in sorted(memory.tasks.items()):
                for user_id in task.users:
                    summaries.setdefault(annotator_of(user_id, annotators), [])
                url = f"{base_url}/projects/{project.id}/data?task={task_id}"
                for annotator, points in task.points.items():
                    if points:
                        summaries.setdefault(annotator, []).append(TaskSummary(task.title, url, points))
        return dict(sorted(summaries.items()))


class _ProjectPoll:
    """A poll of one project."""

    def __init__(self, watcher: Watcher, project: Project, title: str) -> None:
        self.watcher, self.project, self.title = watcher, project, title
        self.studio, self.state, self.corpus, self.basis = (
            watcher.studio,
            watcher.state,
            watcher.corpus,
            watcher.basis,
        )
        self.annotators = self.state.annotators(watcher.server)
        self.memory = WatchedProject(title)
        self.waivers = Waivers(corpus_waivers(self.corpus))
        self.result = PollResult(0, 0)
        self.saved = b""
        """The memory as it is stored."""

    def run(self, began: str | None) -> PollResult:
        """Check the tasks that changed, and show what was found."""
        self.memory = read_memory(self.state, self.watcher.server, self.project.id, self.title)
        self.saved = encode_memory(self.memory)
        listed = self._list_tasks()
        was_shared = self.memory.is_shared
        self.memory.is_shared = self._is_shared(listed)
        wanted = [task_id for task_id, task in listed.items() if self._is_wanted(task_id, task)]
        if self.memory.is_shared != was_shared:
            wanted += [task_id for task_id, task in self.memory.tasks.items() if task.points]
        task_ids = sorted(set(wanted))
        for first in range(0, len(task_ids), BATCH):
            with lock_folder(self.state, WATCH):
                self._check_tasks(task_ids[first : first + BATCH])
        needs_tab = (
            self._may_write() and not self.memory.has_tab and any(task.points for task in self.memory.tasks.values())
        )
        if task_ids or self.memory.basis != self.basis.fingerprint or self._are_past(listed, began):
            self.memory.since = began
        self.memory.basis, self.memory.task_count = self.basis.fingerprint, self.project.tasks
        if needs_tab or encode_memory(self.memory) != self.saved:
            with lock_folder(self.state, WATCH):
                if needs_tab:
                    self._create_tab()
                self._save()
        return self.result

    def _are_past(self, listed: Mapping[int, JsonObject], began: str | None) -> bool:
        """Return whether the next poll need not list any of the listed tasks again.

        The time of the last poll stays where it is while no task changes, so that nothing is written then.
        """
        if not listed or began is None:
            return False
        newest = max(str(task.get("updated_at")) for task in listed.values())
        return newest[:_WHOLE_SECONDS] < before_overlap(began)[:_WHOLE_SECONDS]

    @cached_property
    def _article_ids(self) -> set[str]:
        return set(self.corpus.article_ids())

    @cached_property
    def _offered(self) -> frozenset[str]:
        """The names of relations that the project's page offers."""
        return read_vocabulary(self.project.config).relations

    def _save(self) -> None:
        write_memory(self.state, self.watcher.server, self.project.id, self.memory)
        self.saved = encode_memory(self.memory)

    def _list_tasks(self) -> dict[int, JsonObject]:
        """Return the tasks that may have changed, by id; all tasks if something else changed, or tasks were deleted."""
        memory = self.memory
        is_complete = memory.basis != self.basis.fingerprint or self.project.tasks < memory.task_count
        filters = [] if is_complete or memory.since is None else [changed_since(memory.since)]
        pages = self.studio.task_pages(self.project.id, filters=filters, fields=LISTED_FIELDS)
        listed = {task["id"]: task for page in pages for task in page}
        if not filters:
            memory.tasks = {task_id: task for task_id, task in memory.tasks.items() if task_id in listed}
        return listed

    def _is_wanted(self, task_id: int, task: JsonObject) -> bool:
        """Return whether a listed task is to be checked: it has labels, or had some, and changed."""
        known = self.memory.tasks.get(task_id)
        if known is None:
            return bool(task.get("total_annotations"))
        return known.updated != task.get("updated_at") or self.memory.basis != self.basis.fingerprint

    def _is_shared(self, listed: Mapping[int, JsonObject]) -> bool:
        """Return whether several people label in the project, or are about to."""
        users = {user for task_id, task in self.memory.tasks.items() if task_id not in listed for user in task.users}
        users |= {user for task in listed.values() for user in task.get("annotators") or ()}
        is_for_all = self.title == self.watcher.title
        return len(users) > 1 or (is_for_all and len(set(self.annotators.values())) > 1)

    def _may_write(self) -> bool:
        """Return whether the tasks are ours: not those of a project that was made elsewhere."""
        if has_own_config(self.state, self.watcher.server, self.project.id):
            return True
        return self.basis.label_map is None and read_config_version(self.project.config) is not None

    def _check_tasks(self, task_ids: Sequence[int]) -> None:
        fetched = {
            task["id"]: task for page in self.studio.task_pages(self.project.id, task_ids=task_ids) for task in page
        }
        may_write = self._may_write()
        for task_id in task_ids:
            task = fetched.get(task_id)
            if task is None:
                self.memory.tasks.pop(task_id, None)
                continue
            if may_write and write_relation_names(self.studio, task, self.watcher.mapper.controls, self._offered):
                task = self.studio.get_task(task_id) or task
            watched = self._check_task(task)
            if may_write:
                watched = self._show(task, watched)
            self.memory.tasks[task_id] = watched
            self.result = self.result._replace(checked=self.result.checked + 1)
        self._save()

    def _check_task(self, task: JsonObject) -> WatchedTask:
        """Return what was found in a task."""
        updated = str(task.get("updated_at"))
        known = self.memory.tasks.get(task["id"])
        before = known.before if known is not None and known.updated == updated else updated
        article_id = article_id_of(task, self.watcher.mapper.fields)
        if article_id is None or article_id not in self._article_ids:
            return WatchedTask("", "", updated, before)
        text = self.corpus.read_text(article_id)
        results: dict[str, list[MappedResult]] = {}
        for result in self.watcher.mapper.map_task(task, text, self.annotators, predictions=False):
            if result.kind == "annotation":
                results.setdefault(annotator_of(result.user_id, self.annotators), []).append(result)
        points = {
            annotator: self._find_points(article_id, text, annotator, of_annotator)
            for annotator, of_annotator in results.items()
        }
        users = tuple(
            sorted({result.user_id for each in results.values() for result in each if result.user_id is not None})
        )
        title = task["data"].get("title")
        return WatchedTask(
            article_id,
            title if isinstance(title, str) and title else article_id,
            updated,
            before,
            users,
            {annotator: found for annotator, found in points.items() if found},
        )

    def _find_points(self, article_id: str, text: str, annotator: str, results: Sequence[MappedResult]) -> list[Point]:
        """Return what an annotator should look at in their annotations of an article."""
        file = f"annotations/{annotator}/{article_id}.json"
        usable = [result for result in results if result.annotation is not None]
        chosen = max(usable, key=lambda result: result.rank) if usable else None
        annotation = chosen.annotation if chosen else None
        findings: list[Finding] = []
        if len(usable) > 1 and chosen:
            ids = sorted(str(result.id) for result in usable)
            findings += rules.several_annotations(file, article_id, annotator, ids, chosen.id)
        for result in [chosen] if chosen else results:
            findings += [finding for finding in result.findings if finding.is_error]
        if annotation is not None:
            found = check_annotation(annotation, text, self.basis.inventory, file)
            findings += self.waivers.sort_out(found)
        return make_points(findings, annotation, self.basis.inventory, self.basis.page_titles, text)

    def _show(self, task: JsonObject, watched: WatchedTask) -> WatchedTask:
        """Bring the data of a task up to date with what was found; return the task as it is then remembered."""
        points = [point for of_annotator in watched.points.values() for point in of_annotator]
        wanted = {FINDINGS: len(points), NOTICE: self._render(points)}
        if _shows(task["data"], wanted):
            return watched
        task_id = task["id"]
        current = self.studio.get_task(task_id)
        if current is None or current.get("updated_at") != watched.updated:
            return self._check_again(watched)
        written = self.studio.update_task_data(task_id, current["data"] | wanted)
        self.result = self.result._replace(written=self.result.written + 1)
        after = self.studio.get_task(task_id)
        # Labels may have been submitted meanwhile. The next pull must then fetch the task.
        if after is None or after.get("updated_at") != written or _stamps(after) != _stamps(current):
            return self._check_again(watched)
        return WatchedTask(watched.article, watched.title, written, watched.before, watched.users, watched.points)

    def _check_again(self, watched: WatchedTask) -> WatchedTask:
        """Return a task such that the next poll checks it, whatever its time is then."""
        return WatchedTask(watched.article, watched.title, "", "", watched.users, watched.points)

    def _render(self, points: Sequence[Point]) -> str:
        if not points:
            return ""
        title = f"{count_noun(len(points), 'point')} to look at"
        if self.memory.is_shared:
            return render_notice(title, [NoticeItem("", "See your summary page, which the lead of the project has.")])
        items = [NoticeItem(point.words, point.message, point.guideline) for point in points[:MOST_POINTS]]
        more = f"{len(points) - MOST_POINTS} more are on your summary page. " if len(points) > MOST_POINTS else ""
        return render_notice(
            title, items, f"{more}Change the labels and click Update. This list follows a little later."
        )

    def _create_tab(self) -> None:
        """Create the tab with the tasks that have findings."""
        over_zero = task_filter(f"data.{FINDINGS}", "greater", "Number", 0)
        create_tab(self.studio, self.project.id, TAB, [over_zero])
        self.memory.has_tab = True


def _shows(data: JsonObject, wanted: JsonObject) -> bool:
    return (data.get(FINDINGS) or 0, data.get(NOTICE) or "") == (wanted[FINDINGS], wanted[NOTICE])


def _stamps(task: JsonObject) -> set[tuple[object, object]]:
    """Return the id and the time of each annotation of a task."""
    return {(annotation.get("id"), annotation.get("updated_at")) for annotation in task.get("annotations") or ()}
