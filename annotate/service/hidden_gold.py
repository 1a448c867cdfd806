"""Hidden gold: articles with gold in an annotator's ordinary work, by which the quality of the labels is measured.

Such an article looks like any other on the server. Which ones they are is in a private file of the state folder. What
is submitted there is pulled like all labels: nobody saw gold, so the labels are independent.
"""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.client import Studio, task_filter
from annotate.labelstudio.projects import annotator_title, find_project, list_hidden_gold, save_hidden_gold
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.state import State
from annotate.model import GOLD, Annotation
from annotate.scoring.score import score
from annotate.service.submissions import read_submissions
from annotate.util.nouns import count_noun
from annotate.util.tables import Row, Table, make_table

UNKNOWN_WEEK = "unknown"
IS_SUBMITTED = task_filter("total_annotations", "greater", "Number", 0)


class QualityRow(NamedTuple):
    """How well an annotator found gold in the hidden articles of a week.

    Attributes:
        annotator: The annotator.
        week: The week of submission in ISO 8601, as in 2026-W48.
        articles: The number of articles.
        gold: The number of spans in gold.
        labelled: The number of spans that the annotator labelled.
        strict_f1: F1 of spans by equal label and words; None if there are no spans.
        overlap_f1: F1 of spans by equal label and overlap; None if there are no spans.
    """

    annotator: str
    week: str
    articles: int
    gold: int
    labelled: int
    strict_f1: float | None
    overlap_f1: float | None


def hide_gold(
    corpus: Corpus,
    state: State,
    server: str,
    title: str,
    annotator: str,
    article_ids: Sequence[str],
    count: int,
    seed: int,
    seen: Collection[str] = (),
) -> list[str]:
    """Choose an annotator's hidden articles, remember them, and return what to assign, with them at random places.

    Articles that were chosen before stay and count. Further ones are drawn from the articles with gold that the
    annotator has neither labelled nor practised on, those that are assigned anyway last.

    Args:
        corpus: The corpus.
        state: The folder that remembers them; the caller holds its lock.
        server: The name of the server.
        title: The title of the shared project.
        annotator: The annotator.
        article_ids: The articles to assign.
        count: The number of hidden articles that the annotator is to have in all.
        seed: The seed of the random numbers.
        seen: The articles that the annotator practised on.

    Raises:
        CannotRun: There are too few articles with gold.
    """
    chosen = list_hidden_gold(state, server, title).get(annotator, [])
    generator = _make_generator(seed, annotator)
    assigned = set(article_ids)
    known = {*chosen, *seen, *corpus.annotated_ids(annotator)}
    existing = set(corpus.article_ids())
    candidates = [article_id for article_id in corpus.annotated_ids(GOLD) if article_id in existing - known]
    generator.shuffle(candidates)
    candidates.sort(key=assigned.__contains__)
    missing = max(count - len(chosen), 0)
    if missing > len(candidates):
        problem = f"{count_noun(len(candidates), 'article')} with gold, unknown to {annotator}; {missing} are needed"
        raise CannotRun("--hidden-gold", problem, "hide fewer, or make more gold")
    chosen = sorted([*chosen, *candidates[:missing]])
    if missing:
        save_hidden_gold(state, server, title, annotator, chosen)
    mixed, generator = list(article_ids), _make_generator(seed, annotator)
    for article_id in chosen:
        if article_id not in assigned and article_id in existing:
            mixed.insert(generator.randint(0, len(mixed)), article_id)
    return mixed


def _make_generator(seed: int, annotator: str) -> random.Random:
    return random.Random(f"{seed} {annotator}")  # noqa: S311 - nothing secret comes of it


def measure_quality(
    studio: Studio,
    state: State,
    corpus: Corpus,
    inventory: Inventory,
    title: str,
    report: Callable[[str], None],
) -> Iterator[QualityRow]:
    """Measure the labels of each annotator on the hidden articles, week by week, and all weeks together.

    Args:
        studio: The server.
        state: The folder that remembers projects, users and hidden articles.
        corpus: The corpus.
        inventory: The inventory.
        title: The title of the shared project.
        report: Called with what is left out, in words.

    Yields:
        The rows of each annotator, the weeks in order; the last one, of all weeks, if there are several.
    """
    server = studio.address.name
    for annotator, article_ids in list_hidden_gold(state, server, title).items():
        by_week = _read_weeks(studio, state, corpus, inventory, title, annotator, set(article_ids), report)
        weeks = [(week, by_week[week]) for week in sorted(by_week)]
        if len(weeks) > 1:
            weeks.append(("all", [each for _, articles in weeks for each in articles]))
        for week, articles in weeks:
            gold = {each.gold.article: (each.text, each.gold) for each in articles}
            scores = score(inventory, gold, {each.gold.article: each.annotation for each in articles}, samples=0)
            row = next(row for row in scores.labels if row.kind == "all")
            yield QualityRow(
                annotator, week, len(articles), row.gold, row.predicted, row.exact.f1.value, row.overlap.f1.value
            )


class HiddenArticle(NamedTuple):
    """A hidden article that was submitted, with gold."""

    text: str
    annotation: Annotation
    gold: Annotation


def _read_weeks(
    studio: Studio,
    state: State,
    corpus: Corpus,
    inventory: Inventory,
    title: str,
    annotator: str,
    article_ids: Collection[str],
    report: Callable[[str], None],
) -> dict[str, list[HiddenArticle]]:
    """Return the hidden articles that an annotator submitted, by week."""
    project = find_project(studio, state, annotator_title(title, annotator))
    if project is None:
        report(f"{annotator} is left out: the project does not exist any more")
        return {}
    by_week: dict[str, list[HiddenArticle]] = {}
    pages = studio.task_pages(project.id, filters=[IS_SUBMITTED])
    tasks = (task for page in pages for task in page if task["data"].get("article") in article_ids)
    users, mapper = state.annotators(studio.address.name), Mapper(inventory)
    for each in read_submissions(tasks, annotator, users, mapper, corpus.find_text, report):
        gold = corpus.find_annotation(GOLD, each.article_id)
        if each.submission is None:
            continue
        if gold is None or gold.text_sha256 != each.submission.annotation.text_sha256:
            report(f"{each.article_id}, {annotator}: left out, without gold of this text")
        elif annotator in gold.made_from:
            report(f"{each.article_id}, {annotator}: left out, since gold was made from labels of {annotator}")
        else:
            submitted = each.submission.submitted
            week = f"{submitted:%G-W%V}" if submitted else UNKNOWN_WEEK
            by_week.setdefault(week, []).append(HiddenArticle(each.text, each.submission.annotation, gold))
    return by_week


def tabulate_quality(rows: Sequence[QualityRow]) -> Table:
    """Tabulate quality, a row an annotator and week."""
    columns = ["annotator", "week", "articles", "gold", "labelled", "strict F1", "overlap F1"]
    table_rows: list[Row] = [list(row) for row in rows]
    return make_table("quality", "Labels on hidden gold articles", columns, table_rows)
