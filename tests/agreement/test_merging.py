"""Counts of batches, merged: the figures are those of all articles at once, and no article stays in memory."""

import gc
import pickle
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.agreement import study as studies
from annotate.agreement.bootstrap import MIN_ARTICLES, Bootstrap
from annotate.agreement.coefficients import APART, BOTH, f1
from annotate.agreement.interval_tallies import DISTANCE
from annotate.agreement.measure import measure_agreement, measure_study_counts
from annotate.agreement.merging import merge_batches, merge_counts, shrink_batch
from annotate.agreement.page import render_page
from annotate.agreement.study import ComparedArticle, Kind, StudyReader, make_study, read_study
from annotate.agreement.study_counts import Scope, count_study
from annotate.agreement.tally import ParagraphKey, Tally
from annotate.inventory import load_inventory
from annotate.model import Annotation
from annotate.scoring.score import score
from tests.agreement.helpers import annotation, span
from tests.conftest import BASE, Project
from tests.strategies import annotations, texts

NAMES = ("anna", "ben", "carla", "dora")
INVENTORY = load_inventory(BASE / "schema")


class Batch(NamedTuple):
    """What `merge_batches` needs: the numbers of paragraphs, and counts."""

    paragraphs: dict[int, int]
    tally: Tally


Added = tuple[ParagraphKey, dict[Hashable, float]]


def make_batch(articles: range, added: Sequence[Added]) -> Batch:
    tally = Tally()
    for paragraph, counts in added:
        if paragraph[0] in articles:
            tally.add(paragraph, counts)
    return Batch(dict.fromkeys(articles, 3), tally)


@given(
    # With thirds and tenths, another order of addition changes the last digit.
    st.lists(
        st.tuples(
            st.tuples(st.integers(0, MIN_ARTICLES + 9), st.integers(0, 2)),
            st.dictionaries(
                st.sampled_from(["both", "first", "second"]),
                st.tuples(st.integers(0, 50), st.sampled_from([1, 2, 3, 10])).map(lambda part: part[0] / part[1]),
            ),
        ),
        max_size=60,
    ).map(lambda added: sorted(added, key=lambda each: each[0][0])),
    st.integers(1, MIN_ARTICLES + 10),
    st.sampled_from([MIN_ARTICLES - 1, MIN_ARTICLES, MIN_ARTICLES + 10]),
)
def test_a_merged_tally_has_the_sums_of_one(added: list[Added], size: int, articles: int) -> None:
    added = [each for each in added if each[0][0] < articles]
    whole = make_batch(range(articles), added).tally
    bounds = [*range(0, articles, size), articles]
    merged = merge_batches(make_batch(range(*each), added) for each in pairwise(bounds))
    assert merged is not None
    assert list(merged.tally.total().items()) == list(whole.total().items())
    present = {article: counts for article, counts in whole.by_article().items() if any(counts.values())}
    for article, counts in merged.tally.by_article().items():
        assert {key: number for key, number in counts.items() if number} == {
            key: number for key, number in present.pop(article, {}).items() if number
        }
    assert not present
    bootstrap = Bootstrap([(article, paragraph) for article in range(articles) for paragraph in range(3)], samples=20)
    assert bootstrap.measure(merged.tally, f1) == bootstrap.measure(whole, f1)


@given(
    st.lists(
        st.tuples(
            st.tuples(st.integers(0, 3 * MIN_ARTICLES - 1), st.integers(0, 2)),
            st.fixed_dictionaries(
                {},
                optional={
                    "both": st.integers(-9, 50).map(lambda number: number / 2),
                    "first": st.integers(0, 50),
                    # Whole in some batches, thirds or sevenths in others.
                    APART: st.tuples(st.integers(0, 50), st.sampled_from([1, 3])).map(lambda part: part[0] / part[1]),
                    DISTANCE: st.sampled_from([0, 0.5, 1, 1 / 7]),
                },
            ),
        ),
        max_size=60,
    ).map(lambda added: sorted(added, key=lambda each: each[0][0])),
    st.integers(MIN_ARTICLES - 2, 2 * MIN_ARTICLES),
)
def test_batches_that_were_shrunk_have_the_sums_of_one(added: list[Added], size: int) -> None:
    articles = 3 * MIN_ARTICLES
    whole = make_batch(range(articles), added).tally
    bounds = [*range(0, articles, size), articles]
    merged = merge_batches(shrink_batch(make_batch(range(*each), added)) for each in pairwise(bounds))
    assert merged is not None
    assert list(merged.tally.total().items()) == list(whole.total().items())
    bootstrap = Bootstrap([(article, 0) for article in range(articles)], samples=20)
    assert bootstrap.measure(merged.tally, f1) == bootstrap.measure(whole, f1)


def test_a_shrunk_batch_has_a_number_an_article() -> None:
    tally = Tally()
    for article in range(MIN_ARTICLES):
        for paragraph in range(9):
            tally.add((article, paragraph), {"both": 0.5, APART: 1 / 3})
    shrink_batch(Batch(dict.fromkeys(range(MIN_ARTICLES), 9), tally))
    numbers = {key: len(column.numbers) for key, column in tally.list_columns().items()}
    assert numbers == {"both": MIN_ARTICLES, APART: 9 * MIN_ARTICLES}


def test_a_tally_that_was_sent_is_the_same() -> None:
    tally = Tally()
    for paragraph in range(3):
        tally.add((0, paragraph), {"a": paragraph / 3, "b": 0})
    sent = pickle.loads(pickle.dumps(tally))  # noqa: S301 - made here
    assert sent.total() == {"a": 1 / 3 + 2 / 3, "b": 0}
    assert dict(sent.paragraphs) == {(0, number): {"a": number / 3, "b": 0} for number in range(3)}
    with pytest.raises(TypeError, match="cannot add int to Tally"):
        merge_counts((tally,), (1,), is_folded=False)


@st.composite
def corpora(draw: st.DrawFn) -> list[tuple[str, str, dict[str, Annotation]]]:
    """Some articles, each with the annotations of up to four annotators; some articles are like others."""
    articles = []
    for _ in range(draw(st.integers(1, 3))):
        text = draw(texts)
        versions = draw(st.lists(annotations(text), min_size=1, max_size=4))
        articles.append((text, dict(zip(draw(st.permutations(NAMES)), versions, strict=False))))
    order = draw(st.lists(st.sampled_from(articles), min_size=1, max_size=MIN_ARTICLES + 3))
    return [(f"a{number:02}", *article) for number, article in enumerate(order)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(corpora(), st.integers(1, MIN_ARTICLES + 3), st.sampled_from(["left-out", "value"]))
def test_a_study_in_batches_has_the_same_report(
    entries: list[tuple[str, str, dict[str, Annotation]]], size: int, missing: str
) -> None:
    names = [name for name in NAMES if any(name in versions for *_, versions in entries)]
    kinds: dict[str, Kind] = {name: "model" if name == "dora" else "person" for name in names}
    scope = Scope(missing="value" if missing == "value" else "left-out")
    whole = make_study(INVENTORY, entries, annotators=names)._replace(kinds=kinds)
    batches = (
        shrink_batch(
            count_study(
                make_study(INVENTORY, entries[start : start + size], "tokens", names, start, is_batch=True)._replace(
                    kinds=kinds
                ),
                scope,
            )
        )
        for start in range(0, len(entries), size)
    )
    counts = merge_batches(batches)
    assert counts is not None
    report = measure_study_counts(whole, counts, scope, samples=10)
    assert msgspec.json.encode(report) == msgspec.json.encode(
        measure_agreement(whole, samples=10, missing=scope.missing)
    )


def test_a_batch_counts_whole_numbers_by_article_and_fractions_by_paragraph() -> None:
    """A sum of fractions depends on the order of its parts."""
    text = "40 crates lie.\n7 sacks lie."
    first, second = (
        annotation(
            span("s1", "Load", 0, 9, text, wording="at least", least=least),
            span("s2", "Load", 15, 22, text, wording="at least", least=7),
            text=text,
        )
        for least in (40, 30)
    )
    for articles, paragraphs in ((MIN_ARTICLES - 1, {0, 1}), (MIN_ARTICLES, {0})):
        entries = [(f"a{number}", text, {"anna": first, "ben": second}) for number in range(articles)]
        study = make_study(INVENTORY, entries, is_batch=True)
        counts = count_study(study, Scope())
        exact = counts.labels["Load", "label"].tallies.exact.list_columns()[BOTH]
        assert (set(exact.paragraphs), sum(exact.numbers)) == (paragraphs, 2 * articles)
        assert set(counts.intervals[0].list_columns()[DISTANCE].paragraphs) == {0, 1}
        assert {paragraph for (_, paragraph), _ in counts.attributes["least"].numbers} == {0, 1}
        for article in study.articles:
            assert article.find_paragraph_at(20) == (article.index, 1)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(corpora(), st.integers(1, MIN_ARTICLES + 3))
def test_scores_in_batches_are_the_same(entries: list[tuple[str, str, dict[str, Annotation]]], size: int) -> None:
    gold = {article_id: (text, next(iter(versions.values()))) for article_id, text, versions in entries}
    predicted = {article_id: [*versions.values()][-1] for article_id, _, versions in entries if len(versions) > 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "MIN_ARTICLES", len(entries) + 1)  # all is counted by paragraph
        whole = score(INVENTORY, gold, predicted, samples=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("annotate.scoring.score_counts.BATCH", size)
        assert msgspec.json.encode(score(INVENTORY, gold, predicted, samples=10)) == msgspec.json.encode(whole)


def test_articles_of_a_corpus_are_read_once_and_not_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = project.corpus
    article, labels = corpus.read_article("harbour"), corpus.read_annotation("anna", "harbour")
    monkeypatch.setattr(studies, "BATCH", 3)
    read, alive = list[int](), list[int]()
    original = StudyReader.read

    def count(reader: StudyReader, batch: studies.ArticleBatch) -> studies.Study:
        gc.collect()
        alive.append(sum(type(each) is ComparedArticle for each in gc.get_objects()))
        read.append(len(batch.articles))
        return original(reader, batch)

    monkeypatch.setattr(StudyReader, "read", count)
    totals, own = [], len(corpus.annotated_ids("anna"))
    for number in (8, 16):
        for copy in range(number):
            article_id = f"copy-{copy}"
            corpus.write_article(msgspec.structs.replace(article, id=article_id))
            for name in ("anna", "ben"):
                labels = msgspec.structs.replace(
                    corpus.read_annotation("anna", "harbour"), article=article_id, annotator=name
                )
                if name == "ben":
                    labels = msgspec.structs.replace(labels, relations=())
                corpus.write_annotation(name, labels)
        study = read_study(corpus, project.inventory, ["anna", "ben"])
        report = measure_agreement(study, samples=0)
        totals.append(sum(read))
        assert max(alive) <= 3
        read.clear()
        assert "".join(render_page(report, study)).count("<details open>") == number
        assert sum(read) == totals[-1]
        assert max(alive) <= 3
        read.clear()
    assert totals == [8 + own, 16 + own]


def test_the_number_of_processes_does_not_change_the_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = project.corpus
    article, labels = corpus.read_article("harbour"), corpus.read_annotation("anna", "harbour")
    for number in range(7):
        copy = msgspec.structs.replace(article, id=f"harbour-{number}")
        corpus.write_article(copy)
        for name, relations in (("anna", labels.relations), ("ben", labels.relations[number:])):
            corpus.write_annotation(
                name, msgspec.structs.replace(labels, article=copy.id, annotator=name, relations=relations)
            )
    study = read_study(corpus, project.inventory, ["anna", "ben"])
    report = measure_agreement(study, samples=0)
    monkeypatch.setattr(studies, "BATCH", 2)
    monkeypatch.setattr("annotate.agreement.page.ENOUGH", 1)
    pages = []
    for cores in (1, 2):
        monkeypatch.setattr("annotate.agreement.page.count_cores", lambda cores=cores: cores)
        languages = dict.fromkeys(report.articles, "en")
        pages.append("".join(render_page(report, study, lambda name: f"http://localhost/{name}", languages)))
    assert pages[0] == pages[1]
    assert pages[0].count("<details open>") >= 6
    assert 'href="http://localhost/harbour-6"' in pages[0]
    assert 'lang="en"' in pages[0]
