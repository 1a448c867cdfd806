"""Bring what annotators submitted on a server into the corpus: one file for each annotator and article.

Raw tasks go into the journal first. From there the labels go into the corpus, items that cannot be taken into the
quarantine, and each task as it was, drafts and skipped ones included, into `raw/`. An interrupted pull is resumed from
the journal.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from annotate.corpus import Corpus, encode_annotation, keep_version
from annotate.errors import Refused
from annotate.findings import Finding
from annotate.labelstudio import rules
from annotate.labelstudio.annotators import refuse_models
from annotate.labelstudio.client import Progress
from annotate.labelstudio.config_versions import find_version, read_earlier_versions
from annotate.labelstudio.deleted_labels import note_pulled_users, read_pulled_annotators
from annotate.labelstudio.entries import user_of
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.journal import JournalPage, PullJournal
from annotate.labelstudio.other_projects import list_submitters, select_rivals
from annotate.labelstudio.privacy import remove_personal_data
from annotate.labelstudio.pulled_files import is_in_gold, may_replace
from annotate.labelstudio.quarantine import QuarantineEntry, read_quarantine, write_quarantine
from annotate.labelstudio.rank import Rank, rank_entry
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of, iterate_entries
from annotate.labelstudio.state import State
from annotate.model import GOLD, Annotation, Relation
from annotate.util.files import FileToWrite, write_files
from annotate.util.lock import holding_lock, writing_to
from annotate.util.nouns import count_noun

HasTask: TypeAlias = Callable[[int], bool]
"""Return whether the server still has a task; `Studio.has_task`."""
ExistingTasks: TypeAlias = Callable[[int, Collection[int]], set[int]]
"""Return which of these tasks a project still has; `Studio.existing_tasks`."""
UNKNOWN_ARTICLE = ".unknown"
"""The file name for tasks of no article of the corpus. Because of the dot, no article can have this id."""


class PullResult(NamedTuple):
    """What a pull did.

    `written` and `unchanged` list annotations as "annotator/article"; `quarantined` counts items. `left_alone` lists
    the files that another program changed while they were pulled; their pages stay in the journal, for the next pull.
    """

    written: list[str]
    unchanged: list[str]
    findings: list[Finding]
    quarantined: int
    left_alone: tuple[Path, ...] = ()


class Pull:
    """A pull in progress: from the journal into the corpus. A file that would not change is left alone.

    All tasks of no article share one file, which is written once, at the end; their pages stay in the journal until
    then. The corpus is locked while a page is taken, and not while the next one is fetched.

    Args:
        corpus: The corpus.
        state: The folder with the journal.
        server: The name of the server; pages of other servers stay in the journal.
        mapper: Maps the results.
        has_task: Asked about tasks of an article that earlier pulls have seen and this one has not.
        existing_tasks: Asked about tasks of no article that earlier pulls have seen and this one has not.
        replace: Whether to replace labels that were not pulled from the same user.
    """

    def __init__(
        self,
        corpus: Corpus,
        state: State,
        server: str,
        mapper: Mapper,
        has_task: HasTask,
        existing_tasks: ExistingTasks,
        replace: bool = False,
    ) -> None:
        self.corpus, self.state, self.server, self.mapper = corpus, state, server, mapper
        self.has_task, self.existing_tasks, self.replace = has_task, existing_tasks, replace
        self.journal, self.annotators, self.article_ids = (
            PullJournal(state),
            state.annotators(server),
            set(corpus.article_ids()),
        )
        self._earlier_versions = read_earlier_versions(state, server)
        self.result, self._pending_files = PullResult([], [], [], 0), list[FileToWrite]()
        listed = corpus.read_annotators().items()
        self._listed_annotators = {name for name, entry in listed if name != GOLD and entry.kind != "model"}
        self._must_wait = bool(self.journal.page_paths())
        self._unknown_tasks, self._unknown_ids = dict[tuple[object, object], JsonObject](), set[object]()
        self._pages_of_unknown: dict[Path, None] = {}
        self._pages_to_keep: set[Path] = set()
        self._pulled_before: set[tuple[int, str]] = set()
        """The users whose labels of the article that is being taken were pulled before, with the annotator then."""
        self._not_taken: set[int] = set()
        """The users whose labels of that article were not taken, because other labels are in the corpus."""
        self._reported: set[tuple[str, str]] = set()
        """File and message of the findings on which labels are taken; pages of several projects have the same."""
        self._lock: Callable[[Path], AbstractContextManager[object]] = writing_to

    def take_page(self, path: Path, page: JournalPage) -> None:
        """Take a page that was just fetched, unless it or an earlier one has a user who is no annotator yet."""
        self._unknown_ids.update(
            task.get("id") for task in page.tasks if self._article_id(task) not in self.article_ids
        )
        self._must_wait |= page.server != self.server or any(
            self.annotators.get(user_id) not in self._listed_annotators for user_id in page.users
        )
        if not self._must_wait:
            self._take(path, page)

    def take_rest(self, progress: Progress | None = None) -> PullResult:
        """Take all pages that are left in the journal.

        Returns:
            What the whole pull did.

        Raises:
            Refused: A user of the server is no annotator yet. No further page is taken; all stay in the journal.
        """
        self.annotators = self.state.annotators(self.server)
        user_ids = self.journal.user_ids(self.server)
        self._refuse_unidentified([user_id for user_id in user_ids if user_id not in self.annotators])
        refuse_models(self.corpus, [self.annotators[user_id] for user_id in user_ids])
        taken = self._pages_of_unknown.keys() | self._pages_to_keep
        paths = [path for path in self.journal.page_paths() if path not in taken]
        for done, path in enumerate(paths, 1):
            page = self.journal.read_page(path)
            if page.server == self.server:
                self._take(path, page)
            if progress:
                progress(done, len(paths))
        self._write_unknown_tasks()
        return self.result

    def _refuse_unidentified(self, user_ids: Sequence[int]) -> None:
        """Refuse to take pages with users who are no annotators yet; their tasks wait in the journal, each once."""
        if not user_ids:
            return
        waiting = count_noun(self.journal.remove_superseded(self.server), "task")
        users, are = "user", "is not known as an annotator"
        if len(user_ids) > 1:
            users, are = "users", "are not known as annotators"
        command = f"annotate studio pull --annotator ID --user {user_ids[0]}"
        raise Refused(
            f"{users} {', '.join(map(str, user_ids))} of the server",
            are,
            f"name one of annotators.yaml: {command}; {waiting} in the journal until then",
        )

    def _take(self, path: Path, page: JournalPage) -> None:
        # Leftovers are looked for once: that reads every folder of the corpus.
        lock, self._lock = self._lock, holding_lock
        with lock(self.corpus.root):
            self._take_locked(path, page)

    def _article_id(self, task: JsonObject) -> str | None:
        return article_id_of(task, self.mapper.fields)

    def _take_locked(self, path: Path, page: JournalPage) -> None:
        self.article_ids = set(self.corpus.article_ids())
        tasks_by_article: dict[str, list[JsonObject]] = {}
        unknown_tasks: list[JsonObject] = []
        for task in page.tasks:
            article_id = self._article_id(task)
            if article_id is not None and article_id in self.article_ids:
                tasks_by_article.setdefault(article_id, []).append(task)
            else:
                unknown_tasks.append(task)
        for article_id, tasks in tasks_by_article.items():
            self._take_article(article_id, tasks, page.inventory)
        is_complete = self._write_pending_files()
        for task in unknown_tasks:
            self._unknown_tasks[task.get("id"), task.get("created_at")] = task
            entry, findings = self._quarantine_unknown(task)
            self._note(findings, len(entry.items))
        if unknown_tasks:
            self._pages_of_unknown[path] = None
        if not is_complete:
            self._pages_to_keep.add(path)
        elif not unknown_tasks:
            path.unlink(missing_ok=True)

    def _write_pending_files(self) -> bool:
        """Write the pending files; return whether none was left alone."""
        changed = write_files(self._pending_files)
        self._pending_files.clear()
        self.result = self.result._replace(left_alone=(*self.result.left_alone, *changed))
        for path in changed:
            self.result.written.remove(f"{path.parent.name}/{path.stem}")
        return not changed

    def _take_article(self, article_id: str, tasks: list[JsonObject], inventory: str | None) -> None:
        """Take the tasks of an article from a project whose config has a version of the inventory.

        Corpus, raw tasks and quarantine may be written in any order, because the page is removed from the journal last.
        """
        text = self.corpus.read_text(article_id)
        stored_tasks = self._stored_tasks(f"raw/{article_id}.json")
        earlier_tasks = _without(stored_tasks, tasks)
        task_ids, project_ids = {task.get("id") for task in tasks}, {task.get("project") for task in tasks}
        other_tasks = [
            task
            for task in earlier_tasks
            if task.get("project") in project_ids
            and task.get("id") not in task_ids
            and self._still_exists(task.get("id"))
        ]
        self._pulled_before = {
            pair for task in stored_tasks for pair in read_pulled_annotators(task, self.server, self.annotators)
        }
        self._not_taken = set()
        chosen_ids = self._chosen_ids(stored_tasks)
        results = [
            (task, self._keep_beginning(self._date(result, task, inventory), chosen_ids))
            for task in [*tasks, *other_tasks]
            for result in self.mapper.map_task(task, text, self.annotators, predictions=False)
        ]
        # An annotator who submitted the article in a project of this page may have done so in another project.
        submitters = list_submitters([*tasks, *stored_tasks], project_ids, self.annotators)
        rivals = [
            (task, self._keep_beginning(self._date(result, task, inventory), chosen_ids))
            for task, result in select_rivals(
                self.mapper, earlier_tasks, text, self.annotators, submitters, project_ids, self._still_exists
            )
        ]
        entries = self._write_annotations(article_id, [*results, *rivals])
        task_ids |= {task.get("id") for task in other_tasks}
        # The entries of tasks that other projects have of the article are kept.
        entries += [
            entry
            for entry in read_quarantine(self.state, article_id)
            if entry.task not in task_ids
            and not (entry.annotator in submitters and _is_about_choice(entry))
            and self._still_exists(entry.task)
        ]
        earlier_by_key = {(task.get("id"), task.get("created_at")): task for task in stored_tasks}
        pulled = [
            note_pulled_users(
                task,
                earlier_by_key.get((task.get("id"), task.get("created_at"))),
                self.server,
                self.annotators,
                self._not_taken,
            )
            for task in tasks
        ]
        self._store_raw(f"raw/{article_id}.json", [*pulled, *earlier_tasks])
        write_quarantine(self.state, article_id, entries)

    def _date(self, result: MappedResult, task: JsonObject, inventory: str | None) -> MappedResult:
        """Return a result with the version of the inventory that its annotation was made with, if that is known."""
        if result.annotation is None or inventory is None:
            return result
        project_id = task.get("project")
        earlier = self._earlier_versions.get(project_id, []) if isinstance(project_id, int) else []
        version = find_version(earlier, inventory, result.rank[1])
        return result._replace(annotation=msgspec.structs.replace(result.annotation, inventory=version))

    def _chosen_ids(self, tasks: Sequence[JsonObject]) -> dict[str, object]:
        """Return the id of the annotation of each annotator that a pull of these tasks took."""
        best: dict[str, tuple[Rank, object]] = {}
        for entry in (entry for task in tasks for kind, entry in iterate_entries(task) if kind == "annotation"):
            annotator, rank = annotator_of(user_of(entry), self.annotators), rank_entry(entry)
            if not entry.get("was_cancelled") and (annotator not in best or rank > best[annotator][0]):
                best[annotator] = rank, entry.get("id")
        return {annotator: id_ for annotator, (_, id_) in best.items()}

    def _keep_beginning(self, result: MappedResult, chosen_ids: Mapping[str, object]) -> MappedResult:
        """Return a result with the beginning that an earlier pull knew of the same annotation.

        The server forgets what an annotation began with once that is deleted, which a push of other labels does. It
        never knew it of one that was put back. Region ids are random, so that one with a region of the file has its
        labels, also where `restore` was killed before it noted the annotation.
        """
        new = result.annotation
        if new is None or new.made_from:
            return result
        old = self.corpus.find_readable_annotation(new.annotator, new.article)
        if old is None or old.process != "corrected" or not (old.made_from or new.process == "single pass"):
            return result
        is_known = chosen_ids.get(new.annotator) == result.id
        if not is_known and {span.id for span in old.spans}.isdisjoint(span.id for span in new.spans):
            return result
        findings = tuple(finding for finding in result.findings if finding.code != rules.beginning_unknown.code)
        began = msgspec.structs.replace(new, process=old.process, made_from=old.made_from)
        return result._replace(annotation=began, findings=findings)

    def _stored_tasks(self, name: str) -> list[JsonObject]:
        """Return the tasks of a raw file, as the last pull had them."""
        return self.state.read(name, list[JsonObject]) or []

    def _store_raw(self, name: str, tasks: Sequence[JsonObject]) -> None:
        """Write raw tasks, without the personal data that an older journal may contain."""
        content = msgspec.json.encode([remove_personal_data(task) for task in tasks]) + b"\n"
        self._pending_files.append(self.state.file(name, content))

    def _still_exists(self, task_id: object) -> bool:
        return isinstance(task_id, int) and self.has_task(task_id)

    def _quarantine_unknown(self, task: JsonObject) -> tuple[QuarantineEntry, list[Finding]]:
        data = task.get("data")
        named = self.mapper.controls.fields.find(data, "article") if isinstance(data, dict) else None
        article_id = self._article_id(task)
        named = article_id if named is None else named
        findings = list(rules.article_unknown("articles", article_id, named, task.get("id")))
        items = tuple(task.get("annotations") or ())
        return QuarantineEntry.of(task, "annotation", None, None, findings, items), findings

    def _write_unknown_tasks(self) -> None:
        """Write the tasks of no article, and remove their pages from the journal.

        Tasks that were deleted on the server, or whose article is in the corpus by now, leave the quarantine.
        """
        tasks, name = list(self._unknown_tasks.values()), f"raw/{UNKNOWN_ARTICLE}.json"
        earlier_tasks = _without(self._stored_tasks(name), tasks)
        if tasks:
            self._store_raw(name, [*tasks, *earlier_tasks])
            self._write_pending_files()
        if tasks or earlier_tasks:
            left = [task for task in [*tasks, *earlier_tasks] if self._article_id(task) not in self.article_ids]
            existing = self._existing_ids(left)
            entries = [self._quarantine_unknown(task)[0] for task in left if task.get("id") in existing]
            write_quarantine(self.state, UNKNOWN_ARTICLE, entries)
        for path in self._pages_of_unknown.keys() - self._pages_to_keep:
            path.unlink(missing_ok=True)

    def _existing_ids(self, tasks: Sequence[JsonObject]) -> set[object]:
        """Return the ids of the tasks that this pull fetched, and of those that their projects still have."""
        to_ask: dict[int, set[int]] = {}
        for task in tasks:
            task_id, project_id = task.get("id"), task.get("project")
            if task_id not in self._unknown_ids and isinstance(task_id, int) and isinstance(project_id, int):
                to_ask.setdefault(project_id, set()).add(task_id)
        return self._unknown_ids.union(*(self.existing_tasks(project_id, ids) for project_id, ids in to_ask.items()))

    def _note(self, findings: Iterable[Finding], items: int) -> None:
        self.result.findings.extend(findings)
        self.result = self.result._replace(quarantined=self.result.quarantined + items)

    def _write_annotations(
        self, article_id: str, results: Sequence[tuple[JsonObject, MappedResult]]
    ) -> list[QuarantineEntry]:
        """Write the annotations of an article, that of the highest rank for each annotator; return the quarantined."""
        entries: list[QuarantineEntry] = []
        by_annotator: dict[str, list[tuple[JsonObject, MappedResult]]] = {}
        for task, result in results:
            annotator = annotator_of(result.user_id, self.annotators)
            errors = [finding for finding in result.findings if finding.severity == "error"]
            self._note(result.findings, len(result.quarantined) if errors else 0)
            if errors:
                entries.append(QuarantineEntry.of(task, result.kind, result.id, annotator, errors, result.quarantined))
            if result.kind == "annotation" and result.annotation is not None:
                by_annotator.setdefault(annotator, []).append((task, result))
        for annotator, pairs in by_annotator.items():
            task, chosen = max(pairs, key=lambda pair: pair[1].rank)
            file = f"annotations/{annotator}/{article_id}.json"
            if len(pairs) > 1:
                projects = {task.get("project") for task, _ in pairs}
                names = {
                    result.id: f"{result.id} in project {task.get('project')}" if len(projects) > 1 else str(result.id)
                    for task, result in pairs
                }
                listed = sorted(names.values())
                findings = list(rules.several_annotations(file, article_id, annotator, listed, names[chosen.id]))
                others = tuple(result.annotation for _, result in pairs if result is not chosen)
                self._note_choice(findings, len(others))
                entries.append(QuarantineEntry.of(task, "annotation", chosen.id, annotator, findings, others))
            if chosen.annotation is not None:
                findings = self._store_annotation(annotator, chosen.user_id, chosen.annotation, file)
                errors = [finding for finding in findings if finding.severity == "error"]
                self._note_choice(findings, len(errors))
                if errors:
                    items = (chosen.annotation,)
                    entries.append(QuarantineEntry.of(task, "annotation", chosen.id, annotator, errors, items))
        return entries

    def _note_choice(self, findings: Sequence[Finding], items: int) -> None:
        """Note findings on which labels are taken, unless an earlier page had them."""
        keys = {(finding.file, finding.message) for finding in findings}
        if not keys <= self._reported:
            self._note(findings, items)
            self._reported |= keys

    def _store_annotation(self, annotator: str, user_id: object, annotation: Annotation, file: str) -> list[Finding]:
        """Write an annotation, unless the corpus has labels that were not pulled from the user."""
        findings: list[Finding] = []
        path = self.corpus.annotation_path(annotator, annotation.article)
        old = self.corpus.read_file_if_present(path)
        if old is not None:
            earlier = self.corpus.read_annotation(annotator, annotation.article)
            is_pulled = (user_id, annotator) in self._pulled_before
            if is_pulled and earlier.spans and not annotation.spans:
                # All labels that were pulled before were deleted on the server: `find_deleted_labels` names them.
                self.result.unchanged.append(f"{annotator}/{annotation.article}")
                return []
            annotation = keep_version(restore_relation_notes(annotation, earlier), earlier)
        name, new = f"{annotator}/{annotation.article}", encode_annotation(annotation)
        if new == old:
            self.result.unchanged.append(name)
            return []
        if old is not None and not may_replace(earlier, annotation, is_pulled):
            about = annotator, len(earlier.spans), is_in_gold(self.corpus, annotator, annotation.article)
            if not self.replace:
                if isinstance(user_id, int):
                    self._not_taken.add(user_id)
                return list(rules.labels_from_elsewhere(file, annotation.article, *about))
            findings += rules.labels_replaced(file, annotation.article, *about)
        self._pending_files.append(self.corpus.prepare_file(path, new, old))
        if name not in self.result.written:
            self.result.written.append(name)
        return findings


def _is_about_choice(entry: QuarantineEntry) -> bool:
    """Return whether an entry is about which labels of an annotator are taken, which each pull decides again."""
    choices = {rules.several_annotations.code, rules.labels_from_elsewhere.code}
    return {reason.code for reason in entry.reasons} <= choices


def _without(stored: Sequence[JsonObject], tasks: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the stored tasks that `tasks` do not replace, including those of a former database."""
    replaced = {(task.get("id"), task.get("created_at")) for task in tasks}
    return [task for task in stored if (task.get("id"), task.get("created_at")) not in replaced]


def list_unknown_tasks(state: State) -> frozenset[bytes]:
    """Return the quarantined tasks of no article of the corpus, each as JSON, so that those of two pulls compare."""
    return frozenset(map(msgspec.json.encode, read_quarantine(state, UNKNOWN_ARTICLE)))


def restore_relation_notes(annotation: Annotation, old: Annotation) -> Annotation:
    """Return the annotation with the notes of its relations in `old`: the browser drops them on submission."""
    notes = {(relation.label, relation.head, relation.tail): relation.note for relation in old.relations}

    def restore_note(relation: Relation) -> Relation:
        note = relation.note or notes.get((relation.label, relation.head, relation.tail), "")
        return msgspec.structs.replace(relation, note=note)

    return msgspec.structs.replace(annotation, relations=tuple(map(restore_note, annotation.relations)))
