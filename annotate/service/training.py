"""Training: a project to practise in for each annotator, the differences from gold, and how well each label is found.

A project has practice texts and articles with gold. It shows no labels. Once an annotator has submitted a task, the box
above its text lists how the labels differ from gold. The labels stay on the server: they are no labels of the corpus.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from annotate.agreement.disagreements import Disagreement, Mark, find_disagreements
from annotate.agreement.study import make_study
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.client import Project, Studio
from annotate.labelstudio.config import NOTICE
from annotate.labelstudio.notices import NoticeItem, NoticeVersion, render_notice
from annotate.labelstudio.projects import training_projects
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import FINDINGS
from annotate.model import GOLD, Annotation, Article
from annotate.practice import FOLDER, PracticeText
from annotate.records import PIECE_SEPARATOR
from annotate.scoring.score import Scores, score
from annotate.service.advice import describe_place
from annotate.service.submissions import Submission, read_submissions
from annotate.util.escape import quote
from annotate.util.nouns import count_noun
from annotate.util.tables import NO_VALUE, Row, Table, make_table

YOU = "you"
_SAME = "All labels are those of gold."
_NOTHING = "nothing"


class TrainingCorpus(Corpus):
    """A corpus with practice texts among its articles; their labels are gold.

    Args:
        root: The folder of the corpus.
        practice: The practice texts by article id.
    """

    def __init__(self, root: str | Path, practice: Mapping[str, PracticeText]) -> None:
        super().__init__(root)
        self.practice = practice

    def read_article(self, article_id: str) -> Article:
        """Read an article or a practice text."""
        practice = self.practice.get(article_id)
        return practice.article if practice else super().read_article(article_id)

    def find_text(self, article_id: str) -> str | None:
        """Read the text of an article or a practice text; None if there is none."""
        practice = self.practice.get(article_id)
        return practice.article.text if practice else super().find_text(article_id)

    def find_gold(self, article_id: str) -> Annotation | None:
        """Read the gold labels of an article or a practice text; None if there are none."""
        practice = self.practice.get(article_id)
        return practice.gold if practice else self.find_annotation(GOLD, article_id)

    def select_articles(self, article_ids: Sequence[str]) -> list[str]:
        """Return the articles of a training project: all practice texts, then articles with gold.

        Args:
            article_ids: The articles with gold.

        Raises:
            CannotRun: An article has no gold, or there is nothing to practise on.
        """
        for article_id in article_ids:
            if self.find_text(article_id) is None or self.find_gold(article_id) is None:
                problem = f"has no gold labels of {quote(article_id)}"
                raise CannotRun(self.root / "annotations" / GOLD, problem, "name articles with gold labels")
        selected = list(dict.fromkeys((*self.practice, *article_ids)))
        if not selected:
            hint = f"write practice texts in the folder {FOLDER} of the guidelines, or name articles with --articles"
            raise CannotRun("training", "there is nothing to practise on", hint)
        return selected


class ReviewedTask(NamedTuple):
    """A submitted task of a training project that was compared with gold.

    Attributes:
        annotator: Who submitted it.
        article_id: Its article.
        differences: The number of differences from gold.
        is_updated: Whether the box above the text was changed.
    """

    annotator: str
    article_id: str
    differences: int
    is_updated: bool


class TrainingScore(NamedTuple):
    """How well an annotator finds the labels of gold in what was submitted.

    Attributes:
        annotator: The annotator.
        assigned: The number of articles in the project.
        submitted: The number of them that were submitted.
        scores: The scores; None if nothing was submitted.
    """

    annotator: str
    assigned: int
    submitted: int
    scores: Scores | None


class ComparedTask(NamedTuple):
    """A task of a training project, what was submitted, and gold; no submission if there is nothing to compare."""

    task_id: int
    data: Mapping[str, object]
    article_id: str
    text: str
    submission: Submission | None
    gold: Annotation


class Training:
    """The training projects of a corpus on a server.

    Args:
        studio: The server.
        state: The folder that remembers projects and users.
        corpus: The corpus with its practice texts.
        inventory: The inventory.
        title: The title of the shared project.
        annotators: The annotators of the corpus.
        page_titles: The title of each page of the guidelines.
    """

    def __init__(
        self,
        studio: Studio,
        state: State,
        corpus: TrainingCorpus,
        inventory: Inventory,
        title: str,
        annotators: Sequence[str],
        page_titles: Mapping[str, str],
    ) -> None:
        self.studio, self.state, self.corpus, self.inventory = studio, state, corpus, inventory
        self.title, self.annotators, self.page_titles = title, annotators, page_titles
        self.problems: list[str] = []
        """What was left out, in words."""

    def review(self) -> Iterator[ReviewedTask]:
        """Bring the box above each text of all projects up to date; see `review_project`."""
        for annotator, project in self.projects():
            yield from self.review_project(annotator, project)

    def review_project(self, annotator: str, project: Project) -> Iterator[ReviewedTask]:
        """Bring the box above each text up to date: once submitted, with the differences from gold; else empty.

        A task is written to only if its box changes.

        Args:
            annotator: Who practises in the project.
            project: The project.

        Yields:
            The tasks that were submitted.
        """
        for task in self._compare(annotator, project):
            items: list[NoticeItem] = []
            notice = ""
            if task.submission:
                items = compare_with_gold(
                    task.submission.annotation, task.gold, task.text, self.inventory, self.page_titles
                )
                notice = render_training_notice(items, task.submission.unread)
            current = task.data.get(NOTICE, ""), task.data.get(FINDINGS, 0)
            is_updated = current != (notice, len(items))
            if is_updated:
                self.studio.update_task_data(task.task_id, {**task.data, NOTICE: notice, FINDINGS: len(items)})
            if task.submission:
                yield ReviewedTask(annotator, task.article_id, len(items), is_updated)

    def measure(self) -> Iterator[TrainingScore]:
        """Yield the scores of each annotator who has a training project."""
        for annotator, project in self.projects():
            gold: dict[str, tuple[str, Annotation]] = {}
            submitted: dict[str, Annotation] = {}
            assigned = 0
            for task in self._compare(annotator, project):
                assigned += 1
                if task.submission:
                    gold[task.article_id] = task.text, task.gold
                    submitted[task.article_id] = task.submission.annotation
            scores = score(self.inventory, gold, submitted, samples=0) if submitted else None
            yield TrainingScore(annotator, assigned, len(submitted), scores)

    def projects(self) -> Iterator[tuple[str, Project]]:
        """Yield each annotator who has a project, and the project."""
        return training_projects(self.studio, self.state, self.title, self.annotators)

    def _compare(self, annotator: str, project: Project) -> Iterator[ComparedTask]:
        users = self.state.annotators(self.studio.address.name)
        tasks = self.studio.iterate_tasks(project.id)
        for each in read_submissions(
            tasks, annotator, users, Mapper(self.inventory), self.corpus.find_text, self.problems.append
        ):
            gold = self.corpus.find_gold(each.article_id)
            if gold is None:
                self.problems.append(f"{each.article_id} is left out: it has no gold labels any more")
            else:
                yield ComparedTask(
                    each.task["id"], each.task["data"], each.article_id, each.text, each.submission, gold
                )


def compare_with_gold(
    annotation: Annotation, gold: Annotation, text: str, inventory: Inventory, page_titles: Mapping[str, str]
) -> list[NoticeItem]:
    """Return how labels differ from gold, difference by difference, in the order of the text.

    Args:
        annotation: The labels.
        gold: The gold labels; the notes of its spans and relations are the rules behind them.
        text: The text of both.
        inventory: The inventory.
        page_titles: The title of each page of the guidelines.
    """
    study = make_study(inventory, [(gold.article, text, {YOU: annotation, GOLD: gold})], "characters")
    writer = _ItemWriter(gold, text, inventory, page_titles)
    return [writer.write(each) for _, disagreements in find_disagreements(study) for each in disagreements]


def render_training_notice(items: Sequence[NoticeItem], unread: int) -> str:
    """Return the box above a submitted text.

    Args:
        items: The differences from gold.
        unread: The number of items that could not be read.
    """
    title = f"{count_noun(len(items), 'difference')} from gold" if items else "No difference from gold"
    note = "Correct your labels and update them. This list follows."
    if unread:
        note = (
            f"Not compared: {count_noun(unread, 'item')} that cannot be read, such as an arrow without a name. {note}"
        )
    return render_notice(title, items or [NoticeItem("", _SAME)], note if items or unread else "")


class _ItemWriter:
    """Put the differences of an article from gold into words."""

    def __init__(self, gold: Annotation, text: str, inventory: Inventory, page_titles: Mapping[str, str]) -> None:
        self._text, self._inventory, self._page_titles = text, inventory, page_titles
        places = {span.id: (span.start, span.end) for span in gold.spans}
        self._span_notes = {(span.label, span.start, span.end): span.note for span in gold.spans if span.note}
        self._relation_notes = {
            (relation.label, places.get(relation.head), places.get(relation.tail)): relation.note
            for relation in gold.relations
            if relation.note
        }

    def write(self, disagreement: Disagreement) -> NoticeItem:
        """Return a difference as a point of a notice."""
        yours, gold = disagreement.sides
        shown = gold if gold.marks else yours
        is_relation = any(mark.role == "head" for mark in shown.marks)
        words = self._quote_relation(shown.marks) if is_relation else self._quote(shown.marks)
        name = disagreement.subject if is_relation else shown.marks[0].label
        message = self._describe(disagreement, name, is_relation=is_relation)
        why = self._find_note(name, gold.marks, is_relation=is_relation)
        place = describe_place(self._text, *shown.marks[0].piece)
        versions = [
            NoticeVersion(who, self._write_side(side.marks, side.attributes, is_relation=is_relation))
            for who, side in ((YOU, yours), (GOLD, gold))
        ]
        if is_relation and not (yours.marks and gold.marks):
            versions = []  # the words and the message say it
        return NoticeItem(
            words, " ".join(filter(None, (message, why, place))), self._find_guideline(name, is_relation), versions
        )

    def _describe(self, disagreement: Disagreement, name: str, *, is_relation: bool) -> str:
        kinds, (yours, gold) = disagreement.kinds, disagreement.sides
        shown = self._show_relation(name) if is_relation else self._show_label(name)
        if "retargeted" in kinds:
            return f"{shown}: the arrow leads to other words."
        if "label" in kinds:
            return "Another label."
        if not gold.marks:
            return f"{shown}: not in gold."
        if not yours.marks:
            return f"{shown}: you do not have it."
        parts = [words for kind, words in (("bounds", "other words"), ("attributes", "other values")) if kind in kinds]
        return f"{shown}: {' and '.join(parts)}."

    def _write_side(self, marks: Sequence[Mark], attributes: Sequence[tuple[str, str]], *, is_relation: bool) -> str:
        if not marks:
            return _NOTHING
        if is_relation:
            return self._quote_relation(marks)
        values = ", ".join(
            f"{self._show_attribute(name)}: {self._show_value(name, value)}" for name, value in attributes
        )
        return f"{self._show_label(marks[0].label)} “{self._quote(marks)}”{f' ({values})' if values else ''}"

    def _quote(self, marks: Sequence[Mark]) -> str:
        return PIECE_SEPARATOR.join(self._text[mark.piece.start : mark.piece.end] for mark in marks)

    def _quote_relation(self, marks: Sequence[Mark]) -> str:
        ends = ([mark for mark in marks if mark.role == role] for role in ("head", "tail"))
        return " → ".join(map(self._quote, ends))

    def _find_note(self, name: str, marks: Sequence[Mark], *, is_relation: bool) -> str:
        """Return the note of what gold has, which is that of its first piece."""
        if not marks:
            return ""
        if not is_relation:
            return self._span_notes.get((marks[0].label, *marks[0].piece), "")
        head, tail = (next(mark.piece for mark in marks if mark.role == role) for role in ("head", "tail"))
        return self._relation_notes.get((name, (head.start, head.end), (tail.start, tail.end)), "")

    def _find_guideline(self, name: str, is_relation: bool) -> str:
        labels = self._inventory.relations if is_relation else self._inventory.spans
        return self._page_titles.get(labels[name].guideline, "")

    def _show_label(self, label: str) -> str:
        return self._inventory.spans[label].display_name

    def _show_relation(self, label: str) -> str:
        return self._inventory.relations[label].display_name

    def _show_attribute(self, name: str) -> str:
        return self._inventory.attributes[name].display_name

    def _show_value(self, name: str, value: str) -> str:
        return self._inventory.attributes[name].display_value(value)


def tabulate_training(scores: Sequence[TrainingScore]) -> Table:
    """Tabulate F1 per annotator and label, of spans and then of relations; labels that neither has are left out."""
    rows: list[Row] = []
    for each in scores:
        if each.scores is None:
            continue
        rows += [
            [each.annotator, row.name, row.gold, row.predicted, row.exact.f1, row.overlap.f1]
            for row in each.scores.labels
            if row.kind != "layer" and row.gold + row.predicted
        ]
        rows += [
            [each.annotator, row.name, row.gold, row.predicted, NO_VALUE, row.all.f1]
            for row in each.scores.relations
            if row.gold + row.predicted
        ]
    columns = ["annotator", "label", "gold", "labelled", "strict F1", "overlap F1"]
    notes = [
        f"{each.annotator}: {each.submitted} of {count_noun(each.assigned, 'article')} submitted" for each in scores
    ]
    notes.append("relations have overlap F1 alone, of arrows whose two ends overlap")
    return make_table("training", "Training", columns, rows, notes)
