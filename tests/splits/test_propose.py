"""Proposed splits and folds keep groups together, never move an article, and do not depend on chance."""

import random
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Corpus
from annotate.inventory import MetadataField
from annotate.model import Article, MetadataValue
from annotate.splits.groups import Bond
from annotate.splits.propose import find_strata, folds, propose
from tests.conftest import Project
from tests.splits.helpers import BONDS, IDS, bond

RATIOS = {"train": 80.0, "validation": 10.0, "test": 10.0}


@given(st.sets(IDS, min_size=1), BONDS, st.sets(IDS), st.randoms(use_true_random=False))
def test_a_proposal_is_complete_leaks_nothing_and_is_stable(
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
    article_ids = articles | later
    for bond_ in bonds:
        if {bond_.first, bond_.second} <= article_ids - torn:
            assert home[bond_.first] == home[bond_.second]
    assert article_ids - home.keys() <= torn


def test_shares_are_kept_to_within_a_group() -> None:
    names = [f"a{number:03}" for number in range(200)]
    lists = propose(names, [bond(names[0], other) for other in names[1:10]], {}, RATIOS).lists()
    assert {split: len(article_ids) for split, article_ids in lists.items()} == {
        "train": 160,
        "validation": 20,
        "test": 20,
    }


FIELDS = {
    "party": MetadataField(
        name="party", type="choice", required=True, definition="-", values={"left": "", "right": ""}
    ),
    "printed": MetadataField(name="printed", type="date", required=False, definition="-"),
    "seats": MetadataField(name="seats", type="number", required=False, definition="-"),
    "place": MetadataField(name="place", type="text", required=False, definition="-"),
}


def describe(corpus: Corpus, rows: list[dict[str, MetadataValue]]) -> dict[str, Article]:
    """Return an article for each row of metadata."""
    article = corpus.read_article("market")
    return {
        f"a{number:03}": msgspec.structs.replace(article, id=f"a{number:03}", metadata=row)
        for number, row in enumerate(rows)
    }


def test_fields_of_every_type_are_balanced(project: Project) -> None:
    """Seats differ in each article, and a quarter of the articles has none."""
    rows: list[dict[str, MetadataValue]] = [
        {
            "party": "left" if number % 2 else "right",
            "printed": f"{2000 + number % 4}-0{1 + number % 9}",
            **({"seats": number / 4} if number % 4 else {}),
            **({"place": f"Place {number}"} if number % 5 == 0 else {}),
        }
        for number in range(80)
    ]
    articles = describe(project.corpus, rows)
    inventory = msgspec.structs.replace(project.inventory, metadata=FIELDS)
    strata = find_strata(articles.values(), list(FIELDS), inventory)
    quarters = Counter(value for key in articles for field, value in strata[key] if field == "seats")
    assert quarters == {"0.25 to 4.75": 15, "5.25 to 9.75": 15, "10.25 to 14.75": 15, "15.25 to 19.75": 15, None: 20}
    assert {value for key in articles for field, value in strata[key] if field == "printed"} == {
        "2000", "2001", "2002", "2003",
    }  # fmt: skip
    lists = propose(articles, [], {}, RATIOS, strata).lists()
    assert {split: len(ids) for split, ids in lists.items()} == {"train": 64, "validation": 8, "test": 8}
    balanced: dict[str, list[MetadataValue | None]] = {
        "party": ["left", "right"],
        "seats": [*quarters],
        "place": [None],
    }
    for field, values in balanced.items():
        for value in values:
            counts = {split: sum((field, value) in strata[key] for key in ids) for split, ids in lists.items()}
            total = sum(counts.values())
            assert all(abs(counts[split] - total * RATIOS[split] / 100) <= 3 for split in RATIOS), (value, counts)


def test_quarter_of_one_number_is_called_by_it(project: Project) -> None:
    """Regression: it was called "6 to 6"."""
    articles = describe(project.corpus, [{"seats": seats} for seats in (1, 2, 3, 6, 6, 6, 9, 10)])
    inventory = msgspec.structs.replace(project.inventory, metadata=FIELDS)
    strata = find_strata(articles.values(), ["seats"], inventory)
    assert [dict(strata[key])["seats"] for key in articles] == ["1 to 2", "1 to 2", 3, 6, 6, 6, "9 to 10", "9 to 10"]


def test_numbers_with_few_values_and_none_are_as_they_are(project: Project) -> None:
    articles = describe(project.corpus, [{"seats": 2.5}, {"seats": 3}, {"seats": 3}, {}])
    inventory = msgspec.structs.replace(project.inventory, metadata=FIELDS)
    strata = find_strata(articles.values(), ["seats", "author"], inventory)
    assert [dict(strata[key])["seats"] for key in articles] == [2.5, 3, 3, None]
    assert {dict(strata[key])["author"] for key in articles} == {None}
    assert find_strata([], ["seats"], inventory) == {}


def test_a_value_of_one_article_does_not_send_it_to_the_largest_split() -> None:
    names = [f"a{number:03}" for number in range(100)]
    strata = {name: (("", None), ("title", name)) for name in names}
    lists = propose(names, [], {}, RATIOS, strata).lists()
    assert {split: len(ids) for split, ids in lists.items()} == {"train": 80, "validation": 10, "test": 10}


def test_a_group_in_two_splits_is_torn_and_gets_nothing_new() -> None:
    proposal = propose("abcd", [bond("a", "b"), bond("b", "c")], {"train": ["a"], "test": ["b"]}, RATIOS)
    assert (proposal.torn, proposal.new) == ([["a", "b", "c"]], {"train": ["d"]})


def test_folds_hold_out_whole_groups_and_say_what_an_article_is_bound_to() -> None:
    held_out = folds("abc", [bond("a", "b"), bond("c", "x"), bond("b", "y")])
    assert [fold.held_out for fold in held_out.by_group] == [["a", "b"], ["c"]]
    assert [(fold.held_out, fold.bound) for fold in held_out.by_article] == [
        (["a"], ["b"]),
        (["b"], ["a"]),
        (["c"], []),
    ]
    assert "by_group leaks nothing" in held_out.note
    through = folds("ab", [bond("a", "x"), bond("b", "x")])
    assert (through.by_group, "all 2 articles are one group" in through.note) == ([], True)
    assert "no two articles" in folds("ab", []).note
    assert "there is one article" in folds("a", [bond("a", "x")]).note


@given(st.sets(IDS, min_size=1), BONDS, st.randoms(use_true_random=False))
def test_balance_keeps_groups_together_and_does_not_depend_on_order(
    articles: set[str], bonds: list[Bond], shuffled: random.Random
) -> None:
    strata = {name: (("", None), ("size", len(name) % 3)) for name in articles}
    first = propose(articles, bonds, {}, RATIOS, strata)
    mixed = list(articles)
    shuffled.shuffle(mixed)
    assert propose(mixed, bonds, {}, RATIOS, {name: strata[name] for name in mixed}) == first
    home = {name: split for split, names in first.lists().items() for name in names}
    assert home.keys() == articles
    assert all(home[bond.first] == home[bond.second] for bond in bonds if {bond.first, bond.second} <= articles)


def test_balance_keeps_proportions_of_each_field() -> None:
    names = [f"a{number:03}" for number in range(200)]
    strata = {
        name: (("", None), ("language", "de" if number % 10 == 0 else "en"), ("party", "left" if number % 4 else None))
        for number, name in enumerate(names)
    }
    lists = propose(names, [], {}, RATIOS, strata).lists()
    assert {split: len(ids) for split, ids in lists.items()} == {"train": 160, "validation": 20, "test": 20}
    for value, whole in (("de", 20), (None, 50)):
        counts = {
            split: sum(any(v == value for f, v in strata[key] if f) for key in ids) for split, ids in lists.items()
        }
        assert counts == {"train": whole * 0.8, "validation": whole * 0.1, "test": whole * 0.1}


def test_balance_does_not_put_the_only_two_of_a_kind_into_validation() -> None:
    names = [f"p{number:02}" for number in range(12)]
    strata = {name: (("", None), ("language", "de" if number < 2 else "en")) for number, name in enumerate(names)}
    lists = propose(names, [], {}, RATIOS, strata).lists()
    assert {"p00", "p01"} <= {*lists["train"]}
    assert [len(lists[split]) for split in RATIOS] == [10, 1, 1]
