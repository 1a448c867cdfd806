"""Plan to move the labels of articles whose text was corrected: what moves, what takes new words, what does not fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotate.corpus import Corpus
from annotate.inventory import Inventory
from annotate.labelstudio.client import Progress, Studio
from annotate.labelstudio.config import TEXT
from annotate.labelstudio.http import JsonObject
from annotate.labelstudio.results import EntryKind, article_id_of, iterate_entries
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import RUNNING_KEYS, task_data
from annotate.migration.projects import CorpusProject, find_corpus_projects
from annotate.migration.transaction import MigratedEntry, MigratedFile, ServerEntry
from annotate.model import Article, is_article_id
from annotate.offsets import sha256
from annotate.reanchoring.files import UnknownTextError, change_links, move_files, move_links
from annotate.reanchoring.journal import DroppedLabels, ReanchoredTask, ReanchorJournal
from annotate.reanchoring.labels import LabelMove, move_items
from annotate.reanchoring.ranges import RangeMover


@dataclass
class ArticlePlan:
    """What becomes of the labels of an article whose text was corrected.

    Attributes:
        article_id: The article.
        tasks: Its tasks that have an older text.
        files: The files that change, without that of the links.
        moved: The number of labels that move with their words, on the server and in the corpus.
        changes: Where each label is that takes new words or does not fit, and what becomes of it. `where` is the
            file, or the task and whose labels they are.
        dropped: The labels that do not fit, by annotation.
        notes: What a person has to look at afterwards.
        problem: Why the article cannot be moved, apart from labels that do not fit.
    """

    article_id: str
    tasks: list[ReanchoredTask] = field(default_factory=list)
    files: list[MigratedFile] = field(default_factory=list)
    moved: int = 0
    changes: list[tuple[str, LabelMove]] = field(default_factory=list)
    dropped: list[DroppedLabels] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""

    def add(self, where: str, changes: list[LabelMove], dropped: Sequence[Any]) -> None:
        """Add the labels of one annotation that do not only move, and what is dropped of it."""
        self.changes += [(where, change) for change in changes]
        unfit = [change for change in changes if change.new_words is None]
        if unfit:
            self.dropped.append(DroppedLabels(self.article_id, where, unfit, list(dropped)))

    @property
    def unfit(self) -> list[tuple[str, LabelMove]]:
        """The labels that do not fit."""
        return [(where, change) for where, change in self.changes if change.new_words is None]

    @property
    def reworded(self) -> list[tuple[str, LabelMove]]:
        """The labels that take new words."""
        return [(where, change) for where, change in self.changes if change.new_words is not None]


class ReanchorPlan:
    """The plans of all articles whose labels are of an older text.

    Args:
        corpus: The corpus.
        server: The name of the server.
        articles: The plans.
        movers: Article id → movers from its old texts.
        drop_unfit: Whether labels that do not fit are dropped. Otherwise their articles are left as they are.
    """

    def __init__(
        self,
        corpus: Corpus,
        server: str,
        articles: list[ArticlePlan],
        movers: Mapping[str, Mapping[str, RangeMover]],
        drop_unfit: bool,
    ) -> None:
        self._corpus, self._server, self._drop_unfit = corpus, server, drop_unfit
        self.articles = articles
        self._movers = {article_id: list(by_hash.values()) for article_id, by_hash in movers.items()}
        plans, links = {plan.article_id: plan for plan in articles}, move_links(corpus.read_links(), self._movers)
        for article_id, unfit in links.unfit.items():
            plans[article_id].add(str(corpus.links_path), unfit, links.dropped[article_id])

    def is_refused(self, plan: ArticlePlan) -> bool:
        """Return whether an article is left as it is."""
        return bool(plan.problem) or (bool(plan.unfit) and not self._drop_unfit)

    def make_journal(self) -> ReanchorJournal:
        """Return all changes of the articles that are not left as they are."""
        accepted = [plan for plan in self.articles if not self.is_refused(plan)]
        movers = {plan.article_id: self._movers.get(plan.article_id, []) for plan in accepted}
        links = change_links(self._corpus, move_links(self._corpus.read_links(), movers).links)
        return ReanchorJournal(
            server=self._server,
            article_ids=[plan.article_id for plan in accepted],
            tasks=[task for plan in accepted for task in plan.tasks],
            files=[*(file for plan in accepted for file in plan.files), *([links] if links else [])],
            dropped=[label for plan in accepted for label in plan.dropped],
        )


def plan_reanchoring(
    studio: Studio,
    state: State,
    corpus: Corpus,
    inventory: Inventory,
    title: str,
    *,
    drop_unfit: bool = False,
    progress: Progress | None = None,
) -> ReanchorPlan:
    """Plan to move labels to the corrected texts of their articles; nothing is changed.

    All projects of the corpus are read: only tasks with another text than their article are fetched whole.

    Args:
        studio: The server.
        state: The state folder.
        corpus: The corpus, with the new texts.
        inventory: Its inventory.
        title: The title of the shared project.
        drop_unfit: Whether labels that do not fit are dropped.
        progress: Called with the number of articles planned, and of all.

    Raises:
        CannotRun: The server cannot be reached, or a file cannot be read.
    """
    article_ids = corpus.article_ids()
    texts = {article_id: sha256(corpus.read_text(article_id)) for article_id in article_ids}
    changed_tasks: dict[str, list[tuple[CorpusProject, int]]] = {}
    old_texts: dict[str, dict[str, str]] = {}
    for project in find_corpus_projects(studio, state, corpus, title):
        for page in studio.task_pages(project.project.id, fields="id,data"):
            for task in page:
                article_id, text = article_id_of(task), task["data"].get(TEXT)
                if article_id in texts and isinstance(text, str) and sha256(text) != texts[article_id]:
                    changed_tasks.setdefault(article_id, []).append((project, task["id"]))
                    old_texts.setdefault(article_id, {})[sha256(text)] = text
    affected = sorted(changed_tasks.keys() | _articles_of_other_texts(corpus, texts))
    plans, movers = list[ArticlePlan](), dict[str, dict[str, RangeMover]]()
    for done, article_id in enumerate(affected, 1):
        planner = _ArticlePlanner(studio, state, corpus, inventory, article_id, old_texts.get(article_id, {}))
        plans.append(planner.plan(changed_tasks.get(article_id, [])))
        movers[article_id] = planner.movers
        if progress:
            progress(done, len(affected))
    return ReanchorPlan(corpus, studio.address.name, plans, movers, drop_unfit)


def _articles_of_other_texts(corpus: Corpus, texts: Mapping[str, str]) -> set[str]:
    """Return the articles of which a file of the corpus is of another text; `texts` has the hash of each text."""
    found = set[str]()
    for annotation_set in corpus.annotation_sets():
        for article_id in corpus.annotated_ids(annotation_set):
            if article_id in texts and article_id not in found:
                annotation = corpus.find_readable_annotation(annotation_set, article_id)
                if annotation is not None and annotation.text_sha256 != texts[article_id]:
                    found.add(article_id)
    return found


class _ArticlePlanner:
    """Plans one article; `movers` has the old texts that were needed, by hash."""

    def __init__(
        self,
        studio: Studio,
        state: State,
        corpus: Corpus,
        inventory: Inventory,
        article_id: str,
        old_texts: Mapping[str, str],
    ) -> None:
        self._studio, self._state, self._corpus, self._inventory = studio, state, corpus, inventory
        self._article, self._old_texts = corpus.read_article(article_id), old_texts
        self._annotators = state.annotators(studio.address.name)
        self.movers: dict[str, RangeMover] = {}

    def plan(self, tasks: list[tuple[CorpusProject, int]]) -> ArticlePlan:
        article = self._article
        plan = ArticlePlan(article.id)
        if sha256(article.text) != article.text_sha256:
            path, text = self._corpus.article_path(article.id), self._corpus.text_path(article.id).name
            hint = f"restore {text}, and correct the source file with `annotate add FILE --replace`"
            plan.problem = f"{path}: has the hash of another text than {text}; {hint}"
            return plan
        for project, task_id in tasks:
            self._plan_task(plan, project, task_id)
        try:
            moved = move_files(self._corpus, self._inventory, article.id, article.text, self._find_mover)
        except UnknownTextError as error:
            plan.problem = str(error)
            return plan
        plan.files, plan.notes = moved.files, plan.notes + moved.notes
        for annotation_set, annotation in moved.annotations.items():
            plan.moved += annotation.moved
            where = str(self._corpus.annotation_path(annotation_set, article.id))
            plan.add(where, [*annotation.reworded, *annotation.unfit], annotation.dropped)
        return plan

    def _find_mover(self, text_sha256: str) -> RangeMover | None:
        """Return the mover from an old text; see `files.FindMover`."""
        if text_sha256 == self._article.text_sha256:
            return None
        if text_sha256 not in self.movers:
            text = self._old_texts.get(text_sha256) or next(
                text for text in [*self._pulled_texts(), None] if text is None or sha256(text) == text_sha256
            )
            if text is None:
                raise KeyError(text_sha256)
            self.movers[text_sha256] = RangeMover(text, self._article.text)
        return self.movers[text_sha256]

    def _pulled_texts(self) -> Iterator[str]:
        """Yield the texts of the article's tasks as they were last pulled; the server may not have them any more."""
        if is_article_id(self._article.id):
            for task in self._state.read(f"raw/{self._article.id}.json", list[JsonObject]) or []:
                data = task.get("data")
                if isinstance(data, dict) and isinstance(data.get(TEXT), str):
                    yield data[TEXT]

    def _plan_task(self, plan: ArticlePlan, project: CorpusProject, task_id: int) -> None:
        task = read_task(self._studio, task_id)
        if task is None:
            return
        data = task["data"]
        where = f"task {task_id} of {project}"
        if "text_sha256" not in data:
            plan.problem = f"{where}: was made elsewhere; correct its text there"
            return
        mover = self._find_mover(sha256(data[TEXT]))
        if mover is None:
            return
        entries = list[MigratedEntry]()
        for kind, entry in iterate_entries(task):
            whose = self._describe_owner(project, plan.article_id, kind, entry)
            moved = move_items(entry.get("result"), mover)
            plan.moved += moved.moved
            plan.add(f"{where}, {whose}", [*moved.reworded, *moved.unfit], moved.dropped)
            if moved.unplaced:
                problem = f"{moved.unplaced} labels have other words than the old text at their offsets"
                plan.notes.append(f"{where}, {whose}: {problem}, and are left as they are; `annotate studio pull`")
            entries.append(MigratedEntry(kind, entry["id"], {"result": entry.get("result")}, {"result": moved.items}))
        new = changed_task_data(self._article, data)
        old = {key: data[key] for key in new if key in data}
        plan.tasks.append(ReanchoredTask(project.project.id, task_id, plan.article_id, old, new, entries))

    def _describe_owner(self, project: CorpusProject, article_id: str, kind: EntryKind, entry: JsonObject) -> str:
        """Return whose labels an entry has, and that they are a draft or a prediction."""
        if kind == "prediction":
            return f"prediction {entry.get('model_version')}"
        annotator = ServerEntry(article_id, kind, entry).annotator(self._annotators, project.is_adjudication)
        return f"{annotator}, draft" if kind == "draft" else annotator


def changed_task_data(article: Article, data: JsonObject) -> JsonObject:
    """Return the keys of a task's data that get another value with the new text of its article."""
    new: JsonObject = dict(task_data(article))
    return {key: value for key, value in new.items() if key not in RUNNING_KEYS and data.get(key) != value}


def read_task(studio: Studio, task_id: int) -> JsonObject | None:
    """Return a task with annotations, predictions and the drafts of all users; None if it does not exist."""
    task = studio.get_task(task_id)
    return None if task is None else task | {"drafts": studio.list_drafts(task_id) or []}
