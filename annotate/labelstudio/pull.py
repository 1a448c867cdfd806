"""What people labelled on a server, back into the corpus: a file an annotator and article, and the raw tasks beside.

Raw tasks go into the journal first; from there into the corpus, what cannot be taken into `aside/`, and each task as it
was, drafts and skipped ones too, into `raw/`. Interrupted at any point, the next pull goes on with the journal.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Corpus, encode_annotation
from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.labelstudio import journal, rules
from annotate.labelstudio.client import Raw, Refused, nameless
from annotate.labelstudio.journal import Aside, Journal, Page, users
from annotate.labelstudio.results import MappedResult, Mapper, annotator_of, article_id_of
from annotate.labelstudio.state import State
from annotate.model import GOLD, Annotation, Relation
from annotate.util.files import File, write_together

Exists = Callable[[int], bool]
"""Whether the server still has a task."""
Still = Callable[[int, Collection[int]], set[int]]
"""Which of these tasks a project of the server still has."""
UNKNOWN = ".unknown"
"""What stands for the article of tasks of no article of the corpus. With the dot, it cannot be an article's id."""


class Pulled(NamedTuple):
    """What a pull did: files written and left alone (as annotator/article), findings, and items set aside."""

    written: list[str]
    unchanged: list[str]
    findings: list[Finding]
    set_aside: int


def name_user(corpus: Corpus, state: State, server: str, raw: Iterable[Raw], annotator: str, user: int | None) -> None:
    """Remember which annotator a server's user is, of those who did something in these tasks; see `name_one_of`."""
    name_one_of(corpus, state, server, users(raw), annotator, user)


def name_one_of(
    corpus: Corpus, state: State, server: str, numbers: Iterable[int], annotator: str, user: int | None
) -> None:
    """Remember which annotator a server's user is; without a number, the one of `numbers` who is not known yet.

    Raises CannotRun for an annotator who is not listed, Refused where it is not clear who is meant.
    """
    _listed(corpus, annotator)
    people = state.people(server)
    if user is None:
        unnamed = [number for number in numbers if number not in people]
        if not unnamed and annotator in people.values():
            return
        if len(unnamed) != 1:
            listed = ", ".join(map(str, unnamed)) or "none"
            raise Refused(f"users of the server without a name: {listed}; say which is {annotator} with --user NUMBER")
        user = unnamed[0]
    other = next((number for number, name in people.items() if name == annotator and number != user), None)
    if other is not None:
        raise Refused(f"{annotator} is user {other} of the server already; two people cannot share one name")
    state.remember_people(server, people | {user: annotator})


def _listed(corpus: Corpus, annotator: str) -> None:
    if annotator == GOLD or annotator not in corpus.read_annotators():
        raise CannotRun(corpus.annotators_path, f"does not list {annotator!r}", "add the annotator there first")


class Taking:
    """One pull under way: from the journal into the corpus; a file that would stay the same is left alone.

    `exists` is asked of tasks that an article had before, `still` of those of no article that did not come just now.

    Tasks of no article share a file, which is written once, at the end: until then their pages stay in the journal.
    """

    def __init__(self, corpus: Corpus, state: State, server: str, mapper: Mapper, exists: Exists, still: Still) -> None:
        self.corpus, self.state, self.server, self.mapper = corpus, state, server, mapper
        self.exists, self.still = exists, still
        self.journal, self.people, self.known = Journal(state), state.people(server), set(corpus.article_ids())
        self.done, self.writing = Pulled([], [], [], 0), list[File]()
        self._listed = corpus.read_annotators().keys() - {GOLD}
        self._waiting = bool(self.journal.pages())
        self._unknown, self._came = dict[tuple[object, object], Raw](), set[object]()
        self._held: dict[Path, None] = {}

    def early(self, path: Path, page: Page) -> None:
        """Take a page that came just now, unless one before it waits, or somebody in it is not known (yet)."""
        self._came.update(task.get("id") for task in page.tasks if article_id_of(task) not in self.known)
        self._waiting |= page.server != self.server or any(
            self.people.get(user) not in self._listed for user in page.users
        )
        if not self._waiting:
            self._page(path, page)

    def rest(self, progress: Callable[[int, int], None] | None = None) -> Pulled:
        """Take all that is in the journal, and say what was done in all.

        Raises Refused, before anything of it is written, if a user of the server stands for no annotator; it stays in
        the journal.
        """
        self.people = self.state.people(self.server)
        for number in self.journal.users(self.server):
            if number not in self.people:
                raise Refused(
                    f"user {number} of the server stands for no annotator; "
                    f"name one from annotators.yaml: annotate studio pull --annotator ID --user {number}"
                )
            _listed(self.corpus, self.people[number])
        pages = [path for path in self.journal.pages() if path not in self._held]
        for done, path in enumerate(pages, 1):
            page = self.journal.read(path)
            if page.server == self.server:
                self._page(path, page)
            if progress:
                progress(done, len(pages))
        self._write_unknown()
        return self.done

    def _page(self, path: Path, page: Page) -> None:
        groups: dict[str, list[Raw]] = {}
        unknown: list[Raw] = []
        for task in page.tasks:
            article = article_id_of(task)
            if article is not None and article in self.known:
                groups.setdefault(article, []).append(task)
            else:
                unknown.append(task)
        for name, several in groups.items():
            self._article(name, several)
        self._write_all()
        for task in unknown:
            self._unknown[task.get("id"), task.get("created_at")] = task
            entry, findings = self._of_no_article(task)
            self._note(findings, len(entry.items))
        if unknown:
            self._held[path] = None
        else:
            self.journal.drop(path)

    def _write_all(self) -> None:
        write_together(self.writing)
        self.writing.clear()

    def _article(self, article: str, tasks: list[Raw]) -> None:
        """Corpus, raw tasks and what was set aside are written in any order: the journal's page goes last of all."""
        text = self.corpus.read_text(article)
        before = self._before(f"raw/{article}.json", tasks)
        numbers, projects = {task.get("id") for task in tasks}, {task.get("project") for task in tasks}
        also = [
            task
            for task in before
            if task.get("project") in projects and task.get("id") not in numbers and self._lives(task.get("id"))
        ]
        entries = [
            (task, entry)
            for task in [*tasks, *also]
            for entry in self.mapper.map_task(task, text, self.people, predictions=False)
        ]
        found = self._write(article, entries)
        numbers |= {task.get("id") for task in also}
        # Of the tasks that other projects have of the article, nothing is forgotten.
        found += [one for one in journal.get(self.state, article) if one.task not in numbers and self._lives(one.task)]
        self._keep(f"raw/{article}.json", [*tasks, *before])
        journal.put(self.state, article, found)

    def _before(self, name: str, tasks: Sequence[Raw]) -> list[Raw]:
        """The tasks in a raw file that these do not replace, those of a database that is no more among them."""
        replaced = {(task.get("id"), task.get("created_at")) for task in tasks}
        earlier = self.state.read(name, list[Raw]) or []
        return [task for task in earlier if (task.get("id"), task.get("created_at")) not in replaced]

    def _keep(self, name: str, tasks: Sequence[Raw]) -> None:
        """Without names of people, which an older journal may have."""
        content = msgspec.json.encode([nameless(task) for task in tasks]) + b"\n"
        self.writing.append(self.state.file(name, content))

    def _lives(self, number: object) -> bool:
        return isinstance(number, int) and self.exists(number)

    def _of_no_article(self, task: Raw) -> tuple[Aside, list[Finding]]:
        data = task.get("data")
        named = data.get("article") if isinstance(data, dict) else None
        findings = list(rules.article_unknown("articles", article_id_of(task), named, task.get("id")))
        return journal.of(task, "annotation", None, None, findings, tuple(task.get("annotations") or ())), findings

    def _write_unknown(self) -> None:
        """Write the tasks of no article, and let go of their pages.

        They are no concern any more once they are deleted, or their article is in the corpus.
        """
        new, name = list(self._unknown.values()), f"raw/{UNKNOWN}.json"
        before = self._before(name, new)
        if new:
            self._keep(name, [*new, *before])
            self._write_all()
        if new or before:
            left = [task for task in [*new, *before] if article_id_of(task) not in self.known]
            living = self._living(left)
            found = [self._of_no_article(task)[0] for task in left if task.get("id") in living]
            journal.put(self.state, UNKNOWN, found)
        for path in self._held:
            self.journal.drop(path)

    def _living(self, tasks: Sequence[Raw]) -> set[object]:
        """The numbers of those that came just now, and of those that their projects still have."""
        asked: dict[int, set[int]] = {}
        for task in tasks:
            number, project = task.get("id"), task.get("project")
            if number not in self._came and isinstance(number, int) and isinstance(project, int):
                asked.setdefault(project, set()).add(number)
        return self._came.union(*(self.still(project, numbers) for project, numbers in asked.items()))

    def _note(self, findings: Iterable[Finding], items: int) -> None:
        self.done.findings.extend(findings)
        self.done = self.done._replace(set_aside=self.done.set_aside + items)

    def _write(self, article: str, entries: Sequence[tuple[Raw, MappedResult]]) -> list[Aside]:
        """Write what can be taken of an article; what cannot is given back."""
        found: list[Aside] = []
        by_person: dict[str, list[tuple[Raw, MappedResult]]] = {}
        for task, entry in entries:
            person = annotator_of(entry.user_id, self.people)
            errors = [finding for finding in entry.findings if finding.severity == "error"]
            self._note(entry.findings, len(entry.quarantined) if errors else 0)
            if errors:
                found.append(journal.of(task, entry.kind, entry.id, person, errors, entry.quarantined))
            if entry.kind == "annotation" and entry.annotation is not None:
                by_person.setdefault(person, []).append((task, entry))
        for person, several in by_person.items():
            task, taken = max(several, key=lambda pair: pair[1].id if isinstance(pair[1].id, int) else -1)
            if len(several) > 1:
                numbers = sorted(str(entry.id) for _, entry in several)
                file = f"annotations/{person}/{article}.json"
                findings = list(rules.several_annotations(file, article, person, numbers, taken.id))
                others = tuple(entry.annotation for _, entry in several if entry is not taken)
                self._note(findings, len(others))
                found.append(journal.of(task, "annotation", taken.id, person, findings, others))
            if taken.annotation is not None:
                self._store(person, taken.annotation)
        return found

    def _store(self, person: str, annotation: Annotation) -> None:
        path = self.corpus.annotation_path(person, annotation.article)
        before = path.read_bytes() if path.is_file() else None
        if before is not None:
            annotation = with_relation_notes(annotation, self.corpus.read_annotation(person, annotation.article))
        name, after = f"{person}/{annotation.article}", encode_annotation(annotation)
        if after == before:
            self.done.unchanged.append(name)
        else:
            self.writing.append(File(path, after))
            self.done.written.append(name)


def with_relation_notes(annotation: Annotation, before: Annotation) -> Annotation:
    """The annotation with the notes that its relations had before: the browser drops them when somebody submits."""
    notes = {(one.label, one.head, one.tail): one.note for one in before.relations if one.note}

    def noted(relation: Relation) -> Relation:
        note = relation.note or notes.get((relation.label, relation.head, relation.tail), "")
        return msgspec.structs.replace(relation, note=note)

    return msgspec.structs.replace(annotation, relations=tuple(noted(relation) for relation in annotation.relations))
