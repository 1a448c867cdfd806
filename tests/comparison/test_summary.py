"""The summary of a difference: counts by label, articles, splits, the share of test labels."""

import msgspec

from annotate.comparison.compare import Comparison
from annotate.comparison.semver import find_needed_version
from annotate.comparison.sources import open_version
from annotate.comparison.summary import ChangedShare, LabelCounts
from annotate.model import GOLD
from tests.comparison.conftest import Pair


def test_gold_is_counted_by_label(pair: Pair) -> None:
    pair.respan("harbour", "s1", start=4)
    pair.respan("harbour", "s5", label="Words")
    pair.respan("market", "s1", version="anna", end=30)
    summary = pair.summary()
    assert summary.spans == {
        "Speaker": LabelCounts(moved=1),
        "Quay": LabelCounts(relabelled=1),
        "Words": LabelCounts(became=1),
    }
    assert summary.annotators == {"anna": 1}
    assert summary.articles.corrected == ["harbour"]


def test_counts_add_up_to_the_labels_that_are_there(pair: Pair) -> None:
    pair.respan("harbour", "s5", label="Words")
    corpus = pair.new.corpus
    gold = corpus.read_annotation(GOLD, "market")
    corpus.write_annotation(GOLD, msgspec.structs.replace(gold, spans=()))
    for name, counts in pair.summary().spans.items():
        before, after = (
            sum(span.label == name for annotation in folder.gold() for span in annotation.spans)
            for folder in (type(corpus)(pair.folder / "old" / "corpus"), corpus)
        )
        assert before + counts.net == after


def test_share_is_of_the_old_test_split(pair: Pair) -> None:
    (test,) = (pair.folder / "old" / "corpus" / "splits" / "test.txt").read_text().split()
    gold = pair.new.corpus.read_annotation(GOLD, test)
    pair.respan(test, "s1", note="only a note")
    assert pair.summary().share == ChangedShare(moved=0, of=0, whole=False)
    pair.respan(test, "s1", start=gold.spans[0].start + 1)
    assert pair.summary().share == ChangedShare(moved=1, of=len(gold.spans) + len(gold.relations), whole=False)
    assert find_needed_version(pair.summary()).level == "minor"


def test_share_is_of_all_gold_without_a_test_split(pair: Pair) -> None:
    for version in ("old", "new"):
        (pair.folder / version / "corpus" / "splits" / "test.txt").unlink()
    pair.respan("market", "s1", start=19)
    share = pair.summary().share
    everything = sum(len(one.spans) + len(one.relations) for one in pair.new.corpus.gold())
    assert share == ChangedShare(moved=1, of=everything, whole=True)


def test_articles_and_splits(pair: Pair) -> None:
    corpus = pair.new.corpus
    lists = corpus.splits()
    (test,) = lists["test"]
    pair.new.path("corpus/splits/test.txt").write_text("")
    pair.new.path("corpus/splits/train.txt").write_text("".join(f"{name}\n" for name in [*lists["train"], test]))
    article = corpus.read_article("market")
    corpus.write_article(msgspec.structs.replace(article, rights="Nobody's."))
    corpus.write_article(msgspec.structs.replace(article, id="fair"))
    corpus.annotation_path(GOLD, "harbour").unlink()
    summary = pair.summary()
    assert [(move.article, move.old, move.new) for move in summary.moves] == [(test, "test", "train")]
    articles = summary.articles
    assert (articles.added, articles.rights, articles.unlabelled) == (["fair"], ["market"], ["harbour"])
    assert {one.code for one in find_needed_version(summary).reasons} >= {
        "D105",
        "D106",
        "D201",
        "D205",
        "D302",
        "D303",
    }
    assert summary.spans["Speaker"].gone == 2


def test_changed_text_is_major(pair: Pair) -> None:
    pair.new.replace("corpus/articles/market.txt", "3", "4")
    needed = find_needed_version(pair.summary())
    assert [one.message for one in needed.decisive_reasons] == ["1 text that changed: market"]


def test_every_kind_of_file_is_reported(pair: Pair) -> None:
    for file in (
        "corpus/links.json", "corpus/coverage/market.json", "corpus/annotators.yaml", "corpus/sources/port.txt",
        "corpus/splits/train.txt", "schema/labels.yaml",
    ):  # fmt: skip
        path = pair.new.path(file)
        path.write_bytes(path.read_bytes() + b"\n")
    pair.new.path("corpus/adjudication").mkdir()
    pair.new.path("corpus/adjudication/market.yaml").write_text("differences: []\n")
    pair.new.path("corpus/.hidden").write_text("of no corpus")
    summary = pair.summary()
    kinds = ("coverage", "links", "other", "schema", "source", "split")
    assert summary.files == {"adjudication added": 1, **{f"{kind} changed": 1 for kind in kinds}}
    assert find_needed_version(summary).level == "patch"


def test_a_second_comparison_starts_a_new_summary(pair: Pair) -> None:
    pair.respan("harbour", "s1", start=4)
    with open_version(str(pair.folder / "old")) as old, open_version(str(pair.folder / "new")) as new:
        comparison = Comparison(old, new)
        assert comparison.summarize() == comparison.summarize()
        assert comparison.summary.spans == {"Speaker": LabelCounts(moved=1)}


def test_equal_versions_have_nothing(pair: Pair) -> None:
    changes, summary = pair.compared()
    assert (changes, summary.is_empty, find_needed_version(summary).level) == ([], True, "none")
