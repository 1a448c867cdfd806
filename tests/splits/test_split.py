"""Splits keep groups together, never move an article, and do not depend on chance."""

import json
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.model import Article, Link, Links, Passage, SourceRange
from annotate.offsets import sha256
from annotate.splits.groups import NEAR, Bond, bonds_of_links, bonds_of_words, groups
from annotate.splits.near_duplicates import THRESHOLD, NearDuplicate, Shingles, find_near_duplicates, jaccard, shingles
from annotate.splits.propose import folds, propose
from tests.conftest import Project, annotate

RATIOS = {"train": 80.0, "validation": 10.0, "test": 10.0}
WIRE = (
    "Rebels shelled the northern market on Sunday morning and at least twelve people were killed, a doctor there said."
)
EDITED = WIRE.replace("Sunday", "Monday").replace("a doctor there said", "a doctor said")
NEWS = "The bridge over the river was opened again after two years of work by engineers from three countries."


def bond(first: str, second: str) -> Bond:
    return Bond(first=min(first, second), second=max(first, second), why=NEAR)


def near(texts: dict[str, str]) -> list[NearDuplicate]:
    return find_near_duplicates(texts, texts.__getitem__)


def write(corpus: Corpus, name: str, text: str) -> None:
    corpus.write_article(
        Article(
            id=name,
            title=None,
            language="en",
            author=None,
            publisher=None,
            date=None,
            rights="Made up for tests.",
            source=SourceRange(file="a.txt", sha256=sha256("a"), start=0, end=1),
            text_sha256=sha256(text),
            text=text,
        )
    )


def corpus_of(root: Path, texts: dict[str, str]) -> Corpus:
    (root / "corpus").mkdir(parents=True)
    corpus = Corpus(root / "corpus")
    for name, text in texts.items():
        write(corpus, name, text)
    return corpus


def test_an_edited_wire_paragraph_is_found_and_another_is_not() -> None:
    found = near({"b": f"Head\n{EDITED}", "a": f"{WIRE}\n{NEWS}", "c": NEWS.upper()})
    assert [(one.first.article_id, one.second.article_id) for one in found] == [("a", "b"), ("a", "c")]
    edited, same = found
    assert same.jaccard == 1.0
    assert edited.jaccard == jaccard(shingles(WIRE), shingles(EDITED)) >= THRESHOLD
    assert (edited.second.start, edited.second.end) == (5, 5 + len(EDITED))


def test_short_lines_and_repeats_within_an_article_bind_nothing() -> None:
    credit = "(photo credit: REUTERS/A PERSON)"
    assert near({"a": f"{credit}\n{WIRE}\n{WIRE}\n{EDITED}", "b": credit}) == []


def test_candidates_miss_no_pair_that_is_alike() -> None:
    """Against the comparison of all with all, on paragraphs edited more and more."""
    drawn = random.Random(5)  # noqa: S311 - made-up words
    words = [f"w{number}" for number in range(60)]
    texts = {}
    for number in range(40):
        paragraph = drawn.choices(words, k=30)
        for edits in range(4):
            for _ in range(edits):
                paragraph[drawn.randrange(30)] = "edited"
            texts[f"a{number:02}-{edits}"] = " ".join(paragraph)
    shingled = {name: shingles(text) for name, text in texts.items()}
    names = sorted(texts)
    alike = [
        bond(one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if jaccard(shingled[one], shingled[other]) >= THRESHOLD
    ]
    found = near(texts)
    assert groups(names, bonds_of_words(found)) == groups(names, alike)
    assert all(one.jaccard == jaccard(shingled[one.first.article_id], shingled[one.second.article_id]) for one in found)
    assert len(found) == len(names) - len(groups(names, alike)) > 60


@given(st.integers(0, 10_000), st.integers(2, 25))
@settings(max_examples=40, deadline=None)
def test_groups_are_those_of_all_pairs_of_paragraphs(seed: int, articles: int) -> None:
    """Articles of one to four paragraphs, taken from a few, edited or not, so that articles chain others together."""
    drawn = random.Random(seed)  # noqa: S311 - made-up words
    few = [drawn.choices([f"w{number}" for number in range(90)], k=20) for _ in range(12)]
    texts = {}
    for number in range(articles):
        chosen = [list(one) for one in drawn.sample(few, drawn.randint(1, 4))]
        for paragraph in chosen:
            for _ in range(drawn.randint(0, 4)):
                paragraph[drawn.randrange(20)] = f"edit{drawn.randrange(4)}"
        texts[f"a{number:02}"] = "\n".join(map(" ".join, chosen))
    lines = [(name, shingles(line)) for name, text in texts.items() for line in text.split("\n")]
    alike = [
        bond(one, other)
        for (one, ours), (other, theirs) in combinations(lines, 2)
        if one != other and jaccard(ours, theirs) >= THRESHOLD
    ]
    found = near(texts)
    assert groups(texts, bonds_of_words(found)) == groups(texts, alike)
    assert {(one.first.article_id, one.second.article_id) for one in found} <= {
        (one.first, one.second) for one in alike
    }


def test_a_line_that_all_have_with_another_number_is_compared_about_once_an_article(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notice = "This article was updated by the desk at hour {} of the day, after a reader had written to say more of it."
    calls = []

    def counted(one: Shingles, other: Shingles) -> float:
        calls.append(1)
        return jaccard(one, other)

    monkeypatch.setattr("annotate.splits.near_duplicates.jaccard", counted)
    found = near({f"a{number:03}": notice.format(number) for number in range(300)})
    assert len(found) == 299
    assert len(calls) == 299


IDS = st.sampled_from([f"a{number}" for number in range(12)])
BONDS = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: bond(*pair)))


@given(st.sets(IDS, min_size=1), BONDS)
def test_groups_part_the_articles_and_no_bond_crosses(articles: set[str], bonds: list[Bond]) -> None:
    found = groups(articles, bonds)
    names = [name for group in found for name in group]
    assert sorted(names) == sorted(articles | {end for one in bonds for end in (one.first, one.second)})
    assert all((one.first in group) == (one.second in group) for one in bonds for group in found)


@given(st.sets(IDS, min_size=1), BONDS, st.sets(IDS), st.randoms(use_true_random=False))
def test_a_proposal_places_all_leaks_nothing_and_is_stable(
    articles: set[str], bonds: list[Bond], later: set[str], shuffled: random.Random
) -> None:
    first = propose(articles, bonds, {}, RATIOS)
    lists = first.lists()
    assert sorted(name for names in lists.values() for name in names) == sorted(articles)
    mixed, turned = list(articles), list(bonds)
    shuffled.shuffle(mixed)
    shuffled.shuffle(turned)
    assert propose(mixed, turned, {}, RATIOS) == first
    second = propose(articles | later, bonds, lists, RATIOS)
    assert all(second.lists()[split][: len(names)] == names for split, names in lists.items())
    assert propose(articles | later, bonds, second.lists(), RATIOS).new == {}
    torn = {name for group in second.torn for name in group}
    home = {name: split for split, names in second.lists().items() for name in names}
    known = articles | later
    for one in bonds:
        if {one.first, one.second} <= known - torn:
            assert home[one.first] == home[one.second]
    assert known - home.keys() <= torn


def test_shares_are_kept_to_within_a_group() -> None:
    names = [f"a{number:03}" for number in range(200)]
    lists = propose(names, [bond(names[0], other) for other in names[1:10]], {}, RATIOS).lists()
    assert {split: len(found) for split, found in lists.items()} == {"train": 160, "validation": 20, "test": 20}


def test_a_group_that_stands_in_two_splits_is_torn_and_gets_nothing_new() -> None:
    found = propose("abcd", [bond("a", "b"), bond("b", "c")], {"train": ["a"], "test": ["b"]}, RATIOS)
    assert (found.torn, found.new) == ([["a", "b", "c"]], {"train": ["d"]})


def test_links_of_any_kind_bind_all_their_articles() -> None:
    passages = tuple(Passage(article=name, start=0, end=1, text="x") for name in "cabc")
    found = bonds_of_links(Links(links=(Link(kind="disputes", passages=passages, note=""),)))
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_folds_hold_out_whole_groups_and_say_what_an_article_is_bound_to() -> None:
    found = folds("abc", [bond("a", "b"), bond("c", "x"), bond("b", "y")])
    assert [fold.held_out for fold in found.by_group] == [["a", "b"], ["c"]]
    assert [(fold.held_out, fold.bound) for fold in found.by_article] == [(["a"], ["b"]), (["b"], ["a"]), (["c"], [])]
    assert "by_group leaks nothing" in found.note
    through = folds("ab", [bond("a", "x"), bond("b", "x")])
    assert (through.by_group, "all 2 articles are one group" in through.note) == ([], True)
    assert "no two articles" in folds("ab", []).note
    assert "there is one article" in folds("a", [bond("a", "x")]).note


def test_split_plans_writes_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, {"a": WIRE, "b": EDITED, **{f"n{number}": f"Word {number}." for number in range(8)}})
    before = sorted(tmp_path.rglob("*"))
    plan = annotate("split", cwd=tmp_path)
    assert (plan.exit_code, sorted(tmp_path.rglob("*"))) == (0, before), plan.output
    assert f"a and b stay together: {NEAR}\n" in plan.output
    assert annotate("split", "--write", "--ratios", "80:0:20", cwd=tmp_path).exit_code == 0
    lists = corpus.splits()
    assert {split: len(names) for split, names in lists.items()} == {"train": 8, "test": 2}
    assert {"a", "b"} <= set(lists["train"])
    again = annotate("split", "--write", cwd=tmp_path)
    assert (again.exit_code, corpus.splits()) == (0, lists)
    assert "nothing to write" in again.output
    write(corpus, "wire", f"Head\n{EDITED}")
    added: dict[str, Sequence[str]] = json.loads(annotate("split", "--format", "json", cwd=tmp_path).output)["new"]
    assert added == {"train": ["wire"]}


def test_split_writes_nothing_where_a_group_is_torn(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, {"a": WIRE, "b": EDITED, "c": "New."})
    (corpus.root / "splits").mkdir()
    for split, name in (("train", "a"), ("test", "b")):
        (corpus.root / "splits" / f"{split}.txt").write_text(f"{name}\n")
    result = annotate("split", "--write", cwd=tmp_path)
    assert (result.exit_code, corpus.splits()) == (1, {"train": ["a"], "test": ["b"]})
    assert "in two splits: a, b; keep them in one list of splits/" in result.output


def test_folds_of_this_corpus_say_that_its_articles_are_one_group() -> None:
    found = json.loads(annotate("split", "--folds").output)
    assert (len(found["groups"]), found["by_group"]) == (1, [])
    assert found["note"].startswith("all 2 articles are one group: no fold is free of leaks")
    assert "all articles are one group: none can be held out" in annotate("split").output
    assert [fold["bound"] for fold in found["by_article"]] == [["syria-fronts"], ["raqqa-phosphorus"]]


@pytest.mark.parametrize("ratios", ["80:20", "a:b:c", "0:0:0", "-1:1:1", "nan:1:1", "inf:1:1"])
def test_bad_ratios_are_refused(ratios: str) -> None:
    result = annotate("split", "--ratios", ratios)
    assert (result.exit_code, "is not three shares" in result.output) == (2, True)


def test_write_goes_with_no_plan_and_no_corpus_is_empty(project: Project) -> None:
    assert project.annotate("split", "--write", "--plan").exit_code == 2
    for path in project.path("corpus/articles").iterdir():
        path.unlink()
    result = project.annotate("split")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert "has no articles" in result.output


def test_build_refuses_splits_with_near_duplicate_paragraphs(project: Project) -> None:
    """Links are held apart in every check; words that are nearly the same only where a dataset is made."""
    for name, text, split in (("first", WIRE, "train"), ("second", EDITED, "test")):
        project.path(f"{name}.txt").write_text(f"{name.capitalize()}.\n{text}")
        assert project.annotate("add", f"{name}.txt").exit_code == 0
        lists = project.path(f"corpus/splits/{split}.txt")
        lists.write_text(f"{lists.read_text()}{name}\n")
    assert project.annotate("check").exit_code == 0
    result = project.annotate("build", "--out", "out", "--format", "json")
    (found,) = json.loads(result.output)
    assert (result.exit_code, found["code"], found["article"]) == (1, "C401", "second")
    assert f"'first', bound to it ({NEAR}), in train" in found["message"]
    assert not project.path("out").exists()
    lists.write_text("market\n")
    assert project.annotate("split", "--write").exit_code == 0
    assert project.annotate("build", "--out", "out").exit_code == 0
