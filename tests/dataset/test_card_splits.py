"""The card's statements on the splits are true of the corpus: which articles are bound, and which folds leak."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import Corpus
from annotate.dataset import card_splits
from annotate.dataset.build import build
from annotate.dataset.folder import CARD
from annotate.inventory import Inventory
from annotate.model import Link, Links, Passage
from tests.conftest import Project
from tests.dataset.conftest import Load

WIRE = "Rebels shelled the northern market on Sunday morning and twelve people were killed, a doctor there said."
EDITED = WIRE.replace("Sunday", "Monday")


@pytest.fixture
def single(project: Project) -> Project:
    """The made-up corpus with both of its articles in one split, which share nothing."""
    project.path("corpus/splits/test.txt").unlink()
    project.path("corpus/splits/train.txt").write_text("harbour\nmarket\n")
    return project


def add(project: Project, name: str, text: str) -> None:
    """One more article in train, with gold that has no label."""
    project.path(f"{name}.txt").write_text(f"{name.capitalize()}.\n{text}")
    assert project.annotate("add", f"{name}.txt").exit_code == 0
    gold = project.path("corpus/annotations/gold/market.json").read_text()
    head, _, _ = gold.partition('"spans"')
    sha = project.corpus.read_article(name).text_sha256
    head = re.sub(r'"text_sha256": "[0-9a-f]*"', f'"text_sha256": "{sha}"', head.replace('"market"', f'"{name}"'))
    project.path(f"corpus/annotations/gold/{name}.json").write_text(f'{head}"spans": [],\n"relations": []\n}}\n')
    with project.path("corpus/splits/train.txt").open("a") as lists:
        lists.write(f"{name}\n")


def bind(project: Project, *names: str) -> None:
    """A link between the first five characters of these articles."""
    texts = {name: project.corpus.read_text(name)[:5] for name in names}
    passages = tuple(Passage(article=name, start=0, end=5, text=text) for name, text in texts.items())
    project.corpus.write_links(Links(links=(Link(kind="repeats", passages=passages, note=""),)))


def card(corpus: Corpus, inventory: Inventory, out: Path) -> str:
    build(corpus, inventory, out)
    return (out / CARD).read_text("utf-8")


def section(project: Project) -> str:
    return (
        card(project.corpus, project.inventory, project.root / "out")
        .partition("## Splits\n\n")[2]
        .partition("\n## ")[0]
    )


def folds_of(
    text: str, project: Project, load: Load, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[set[str], set[str]]]:
    """Return what the card's own code holds out and trains on, fold by fold."""
    import datasets

    monkeypatch.setattr(datasets, "load_dataset", load)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found: list[tuple[set[str], set[str]]] = []
    names: dict[str, Any] = {"dataset": str(project.root / "out"), "found": found}
    exec(f'{code}    found.append((set(test["article"]), set(train["article"])))\n', names)  # noqa: S102 - our own card
    return found


def test_this_corpus_is_for_evaluation_and_its_card_offers_no_fold(
    corpus: Corpus, labels: Inventory, tmp_path: Path
) -> None:
    text = card(corpus, labels, tmp_path / "out")
    first, _, below = text.partition("## Splits\n\n")
    below = below.partition("\n## ")[0]
    assert "- **Splits:** `test` only: to evaluate systems that were not trained on it.\n" in first
    assert 'load_dataset(dataset, split="test")' in first
    assert "(zero-shot)" in first
    for words in (
        "`test` only: to evaluate systems that were not trained on it.",
        "The articles are one group, so that none can be trained on while another is tested.",
        "links (`repeats`, `same incident`)",
        "With fewer than 10 articles, a score says little about other articles.",
    ):
        assert words in below
    assert "```" not in below
    assert "few denials" in text.partition("## Limitations\n")[2].partition("\n## ")[0]


def test_articles_in_test_that_share_nothing_have_no_fold_either(single: Project) -> None:
    single.path("corpus/splits/train.txt").rename(single.path("corpus/splits/test.txt"))
    text = section(single)
    assert text.startswith("`test` only: to evaluate systems that were not trained on it. No two articles share a link")
    assert "```" not in text


def test_articles_in_train_that_are_one_group_have_folds_that_leak(single: Project) -> None:
    bind(single, "harbour", "market")
    text = card(single.corpus, single.inventory, single.root / "out")
    first, _, below = text.partition("## Splits\n\n")
    assert "and no fold is free of leaks: all 2 articles are one group. See [Splits](#splits)." in first
    for words in ("links (`repeats`)", "no estimate for unseen articles", "# Leave one article out. It leaks"):
        assert words in below


def test_articles_that_share_nothing_are_held_out_one_by_one(
    single: Project, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = section(single)
    assert "No two articles share a link or a near-duplicate paragraph." in text
    assert "With 2 folds, give each fold's figure beside the mean." in text
    assert folds_of(text, single, load, monkeypatch) == [({"harbour"}, {"market"}), ({"market"}, {"harbour"})]


def test_words_bind_where_no_link_does_and_what_is_bound_is_held_out_together(
    single: Project, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(single, "first", WIRE)
    add(single, "second", EDITED)
    text = section(single)
    assert "These are bound together by near-duplicate paragraphs: `first`, `second`." in text
    assert "Articles that are bound together are held out together" in text
    for test, train in folds_of(text, single, load, monkeypatch):
        assert test | train == {"harbour", "market", "first", "second"}
        assert not test & train
        assert len(test & {"first", "second"}) != 1


def test_one_group_by_words_alone_is_reported_as_a_leak(tmp_path: Path, single: Project) -> None:
    add(single, "first", WIRE)
    add(single, "second", EDITED)
    single.path("corpus/splits/train.txt").write_text("first\nsecond\n")
    text = section(single)
    assert (
        "no fold is free of leaks: all 2 articles are one group. What binds them, directly or through others: " in text
    )
    assert "near-duplicate paragraphs. Whichever is held out" in text
    assert "Left out, since they have no settled labels or no split: 2 articles." in text


def test_more_articles_than_are_compared_go_by_their_links(single: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_splits, "MAX_COMPARED", 1)
    assert "No two articles share a link. Their paragraphs were not compared here: `annotate split --folds`" in section(
        single
    )
    bind(single, "harbour", "market")
    assert "What binds them, directly or through others: links (`repeats`)." in section(single)


@pytest.mark.parametrize(
    ("names", "said"), [(["market"], "as there is one article."), ([], "`test` 1 article; no article")]
)
def test_what_one_article_and_a_small_test_part_are_good_for(project: Project, names: Sequence[str], said: str) -> None:
    if names:
        project.path("corpus/splits/test.txt").unlink()
        project.path("corpus/splits/train.txt").write_text("market\n")
    text = section(project)
    assert said in text
    assert (
        "says nothing about other articles" in text
        or "(`test` has 1), a score says little about other articles." in text
    )
    assert "```" not in text
