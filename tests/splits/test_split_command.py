"""`annotate split`: what it writes and refuses; `annotate build` refuses splits with near-duplicate paragraphs."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from annotate.corpus import Corpus
from annotate.model import Article, SourceRange
from annotate.offsets import sha256
from annotate.splits.groups import NEAR
from tests.conftest import Project, annotate
from tests.splits.helpers import EDITED, WIRE


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


def test_write_excludes_plan_and_an_empty_corpus_is_refused(project: Project) -> None:
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
    # A published split: the waiver has an effect at `build` alone, so `check` does not call it needless.
    project.path("corpus/waivers.yaml").write_text("waivers: [{code: C401, reason: The split was published.}]\n")
    assert "C602" not in project.annotate("check").output
    built = project.annotate("build", "--out", "out")
    assert built.exit_code == 0, built.output
    assert built.output.endswith("finding of C401 waived: The split was published.\n")
    lists.write_text("market\n")
    assert project.annotate("split", "--write").exit_code == 0
    assert project.annotate("build", "--out", "out").exit_code == 0
