"""Assignments are balanced for any number of articles and annotators; lists of them are read strictly."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import CannotRun
from annotate.labelstudio.assignment import AssignmentPlan, assign_listed, parse_share, plan_overlap
from annotate.labelstudio.assignment_list import read_assignment_list

IDS = [f"article-{number}" for number in range(120)]
NAMES = ["anna", "ben", "carla", "dora", "emil", "fritz", "gina"]


def spread(plan: AssignmentPlan, names: list[str]) -> tuple[int, int]:
    """Return how far the numbers of articles, and those of shared articles, are apart."""
    loads, pairs = plan.count_articles(), plan.count_pairs()
    shared = [pairs[left, right] for left, right in combinations(sorted(names), 2)]
    counts = [loads[name] for name in names]
    return max(counts) - min(counts), max(shared) - min(shared)


@given(st.integers(0, 120), st.integers(2, 7), st.integers(0, 9), st.integers(0, 20))
def test_two_of_any_number(articles: int, annotators: int, seed: int, shared: int) -> None:
    ids, names = IDS[:articles], NAMES[:annotators]
    plan = plan_overlap(ids, names, 2, shared=min(shared, articles), seed=seed)
    by_all = [article_id for article_id in ids if len(plan.holders(article_id)) == annotators]
    assert all(len(plan.holders(article_id)) in (2, annotators) for article_id in ids)
    assert len(by_all) == (min(shared, articles) if annotators > 2 else articles)
    assert max(spread(plan, names)) <= 1
    assert plan == plan_overlap(ids[::-1], names[::-1], 2, shared=min(shared, articles), seed=seed)


@given(st.integers(0, 120), st.integers(3, 7), st.integers(3, 7), st.integers(0, 9))
def test_several_of_any_number(articles: int, annotators: int, each: int, seed: int) -> None:
    names = NAMES[:annotators]
    if each > annotators:
        with pytest.raises(CannotRun, match="--each: "):
            plan_overlap(IDS[:articles], names, each, seed=seed)
        return
    plan = plan_overlap(IDS[:articles], names, each, seed=seed)
    assert all(len(plan.holders(article_id)) == each for article_id in IDS[:articles])
    loads, pairs = spread(plan, names)
    assert loads <= 1
    assert pairs <= 3  # there is not always a design with 1


@given(st.integers(0, 60), st.integers(0, 60), st.integers(3, 7), st.integers(0, 9))
def test_second_run_keeps_what_is_assigned(first: int, more: int, annotators: int, seed: int) -> None:
    names = NAMES[:annotators]
    before = plan_overlap(IDS[:first], names, 2, seed=seed)
    after = plan_overlap(IDS[: first + more], names, 2, seed=seed, earlier=before.new)
    assert after.new.keys() == set(IDS[first : first + more])
    assert max(spread(after, names)) <= 2
    assert spread(after, names)[0] <= 1
    assert plan_overlap(IDS[: first + more], names, 2, seed=seed, earlier=dict(before.new) | after.new).new == {}


def test_article_of_someone_who_left_is_completed() -> None:
    plan = plan_overlap(["a", "b"], ["ben", "carla"], 2, earlier={"a": ["ben"], "b": ["anna", "ben"]})
    assert plan.new == {"a": ("carla",)}
    assert assign_listed({"a": ["ben", "carla"], "b": ["ben"]}, {"a": ["ben"], "b": ["ben"]}).new == {"a": ("carla",)}


def test_seeds_differ() -> None:
    assert len({str(plan_overlap(IDS, NAMES, 2, seed=seed).new) for seed in range(5)}) == 5


@pytest.mark.parametrize(
    ("value", "count"),
    [("20", 20), ("0.1", 8), ("10%", 8), ("0", 0), ("1.0", 80), ("100 %", None), ("1.5", None), ("101%", None)]
    + [(value, None) for value in ("", "many", "-1", "1e3", "٣", "1/2", "nan", "1.2.3", "9" * 99)],
)
def test_shares(value: str, count: int | None) -> None:
    if count is None:
        with pytest.raises(CannotRun, match="is neither a count nor a fraction"):
            parse_share(value, 80)
    else:
        assert parse_share(value, 80) == count


def test_more_shared_articles_than_there_are() -> None:
    with pytest.raises(CannotRun, match="--shared: 3 of 2 articles is not possible"):
        plan_overlap(["a", "b"], NAMES, 2, shared=3)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "article,annotators\na,anna ben\nb,'=x\n"),
        ("list.csv", "\ufeffannotators;article\r\nanna,ben;a\r\n\r\n'=x;b\r\n"),
        ("list.yaml", "- {article: a, annotators: [anna, ben, anna]}\n- {article: b, annotators: ['=x']}\n"),
    ],
)
def test_lists(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    assert read_assignment_list(path, ["a", "b", "c"]) == {"a": ["anna", "ben"], "b": ["=x"]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("list.txt", "a", "is neither CSV nor YAML"),
        ("list.csv", "", "has the columns ''"),
        ("list.csv", "article,who\na,b\n", "has the columns 'article,who'"),
        ("list.csv", "article,annotators\n", "lists no article"),
        ("list.csv", "article,annotators\na,anna\na,ben\n", "list.csv:3: lists a a second time"),
        ("list.csv", "article,annotators\n../a,anna\n", "list.csv:2: the corpus has no article '../a'"),
        ("list.csv", "article,annotators\na, ;\n", "list.csv:2: names no annotator of a"),
        ("list.csv", "article,annotators\na,anna,ben\n", "list.csv:2: has 3 cells"),
        ("list.csv", 'article,annotators\na,"anna\n', "is not CSV"),
        ("list.csv", "article,annotators\na," + "x" * 200_000, "is not CSV"),
        ("list.yaml", "a: [anna]\n", "list.yaml"),
        ("list.yaml", "- {article: a, annotators: anna}\n", "annotators"),
        ("list.yaml", "- {article: a, annotators: [anna], x: 1}\n", "x"),
    ],
)
def test_faulty_lists(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(CannotRun) as error:
        read_assignment_list(path, ["a", "b"])
    assert message in str(error.value)
    assert str(error.value).count("\n") == 0
