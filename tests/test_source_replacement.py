"""A corrected source file takes the place of the old one, and its articles are cut where they were."""

import shutil
from pathlib import Path

import pytest

from annotate.ingest import ArticleRejected
from annotate.offsets import sha256
from annotate.source_replacement import replace_source
from tests.conftest import Project

NAME = "port.txt"


def source(project: Project) -> str:
    return project.path(f"corpus/sources/{NAME}").read_text("utf-8")


def test_articles_follow_the_source(project: Project) -> None:
    for name in ("annotations", "coverage"):  # labels are moved by another command
        shutil.rmtree(project.path(f"corpus/{name}"))
    project.path("corpus/links.json").unlink()
    market = project.corpus.read_article("market")
    new = source(project).replace("The harbour", "Now the harbour").replace("line of stars", "").replace("***", "* * *")
    replaced = replace_source(project.corpus, NAME, new.encode())
    assert [(each.article.id, each.is_changed) for each in replaced] == [("harbour", True), ("market", False)]
    article = project.corpus.read_article("harbour")
    assert article.text.startswith("Now the harbour master said")
    assert article.text_sha256 == sha256(article.text)
    assert project.corpus.read_article("market").text == market.text
    assert project.corpus.read_source(NAME).omitted[1].reason == "the line of stars between the articles"
    checked = project.annotate("check", "--strict")
    assert checked.exit_code == 0, checked.output
    assert replace_source(project.corpus, NAME, new.encode())[0].is_changed is False


def test_interrupted_replacement_is_completed(project: Project) -> None:
    """The source file is written last; until then all else may be old or new."""
    before = project.snapshot()
    new = source(project).replace("sacks", "bags")
    replace_source(project.corpus, NAME, new.encode())
    wanted = project.snapshot()
    changed = [name for name in wanted if wanted[name] != before[name]]
    assert f"corpus/sources/{NAME}" in changed
    for name in changed:
        for other, data in before.items():
            project.path(other).write_bytes(data)
        if not name.endswith(NAME):
            project.path(name).write_bytes(wanted[name])
        replace_source(project.corpus, NAME, new.encode())
        assert project.snapshot() == wanted


def test_what_cannot_follow_is_refused_and_nothing_written(project: Project, tmp_path: Path) -> None:
    text = source(project)
    before = project.snapshot()
    for new, problem in (
        (text.encode() + b"\xff", "is not UTF-8"),
        (f"A new first line.\n{text}".encode(), "is in no article"),
        (b"Other words.", "lies outside|holds no words|overlap|in no article"),
    ):
        with pytest.raises(ArticleRejected, match=problem):
            replace_source(project.corpus, NAME, new)
        assert project.snapshot() == before
    with pytest.raises(ArticleRejected, match="no source file"):
        replace_source(project.corpus, "other.txt", b"x")
    project.path(f"corpus/sources/{NAME}").write_text(text.replace("sacks", "bags"), "utf-8")
    with pytest.raises(ArticleRejected, match="edited in place"):
        replace_source(project.corpus, NAME, text.replace("sacks", "boxes").encode())
    assert "--title does not go with" in project.annotate("add", "x.txt", "--replace", "--title", "x").output
