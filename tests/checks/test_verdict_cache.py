"""The cache of checks: used for the same files by the same toolkit with the same inventory, and for nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import annotate
from annotate.checks import verdict_cache
from annotate.checks.runner import ArticleChecker
from annotate.checks.verdict_cache import KIND, VerdictCache
from annotate.findings import Finding
from annotate.inventory import load_inventory
from annotate.util.private_cache import cache_folder, read_cache, write_cache
from tests.conftest import Project


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The articles whose text and metadata met the rules, in a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    articles, check_article = list[str](), ArticleChecker._check_article

    def note(checker: ArticleChecker, article_id: str, *files: object) -> object:
        articles.append(article_id)
        return check_article(checker, article_id, *files)  # type: ignore[arg-type]

    monkeypatch.setattr(ArticleChecker, "_check_article", note)
    return articles


def check(project: Project, **options: object) -> list[Finding]:
    return annotate.check(project.corpus, project.inventory, use_cache=True, **options)  # type: ignore[arg-type]


def test_an_unchanged_article_is_not_checked_again(project: Project, looked_at: list[str]) -> None:
    assert check(project) == []
    assert looked_at == ["harbour", "market"]
    assert check(project) == []
    assert annotate.check(project.corpus, project.inventory) == []
    assert looked_at == ["harbour", "market"] * 2  # the second time without the cache
    project.replace("corpus/annotations/anna/market.json", '"spans": [', '"spans":  [')
    assert check(project)
    assert looked_at[4:] == ["market"]


def test_an_article_with_findings_is_checked_each_time(project: Project, looked_at: list[str]) -> None:
    project.replace("corpus/annotations/anna/market.json", '"spans": [', '"spans":  [')
    for _ in range(2):
        assert [finding.code for finding in check(project)] == ["S107"]
    assert looked_at == ["harbour", "market", "market"]


def change_source(project: Project) -> None:
    project.replace("corpus/sources/port.txt", "harbour", "Harbour")


def change_inventory(project: Project) -> None:
    project.replace("schema/labels.yaml", "1.0.0", "1.0.1")


def add_annotator_with_run(project: Project) -> None:
    run = (Path(__file__).parents[1] / "invalid/C703-span-deleted/corpus/annotators.yaml").read_text("utf-8")
    project.path("corpus/annotators.yaml").write_text(run.replace("id: anna", "id: x").replace("id: ben", "id: anna"))


def add_labels(project: Project) -> None:
    labels = project.path("corpus/annotations/anna/market.json").read_text("utf-8").replace('"anna"', '"ben"')
    project.path("corpus/annotations/ben").mkdir()
    project.path("corpus/annotations/ben/market.json").write_text(labels, "utf-8")
    project.path("corpus/annotations/anna/harbour.json").unlink()


def remove_coverage(project: Project) -> None:
    shutil.rmtree(project.path("corpus/coverage"))


@pytest.mark.parametrize(
    "change", [change_source, change_inventory, add_annotator_with_run, add_labels, remove_coverage]
)
def test_whatever_a_verdict_depends_on_changes_it(
    change: Callable[[Project], None], project: Project, looked_at: list[str]
) -> None:
    check(project)
    change(project)
    looked_at.clear()
    assert check(project) == annotate.check(project.corpus, project.inventory)
    assert looked_at[:2] == ["harbour", "market"]


def test_another_toolkit_has_a_cache_of_its_own(
    project: Project, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(project)
    monkeypatch.setattr(verdict_cache, "_describe_toolkit", lambda: b"another version")
    check(project)
    assert looked_at == ["harbour", "market"] * 2


def test_the_toolkit_is_described_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path(annotate.__file__).parent / "checks", tmp_path / "checks")
    monkeypatch.setattr(verdict_cache, "_PACKAGE", tmp_path)
    before = verdict_cache._describe_toolkit()
    assert verdict_cache._describe_toolkit() == before
    (tmp_path / "checks" / "text.py").write_text("changed")
    assert verdict_cache._describe_toolkit() != before


@pytest.mark.parametrize("data", [b"", b"\x92", msgspec.msgpack.encode([b"key", {"harbour": 1}]), b"\x91" * 5000])
def test_a_cache_that_cannot_be_decoded_is_not_used(data: bytes, project: Project, looked_at: list[str]) -> None:
    check(project)
    [path] = cache_folder(KIND).iterdir()
    write_cache(KIND, path.name, data)
    assert check(project) == []
    assert looked_at == ["harbour", "market"] * 2


def test_the_cache_has_no_words_of_texts(project: Project, looked_at: list[str]) -> None:
    project.replace("corpus/annotations/anna/market.json", '"spans": [', '"spans":  [')
    check(project)
    [path] = cache_folder(KIND).iterdir()
    data = read_cache(KIND, path.name)
    assert data
    assert b"harbour" in data  # the id
    assert not any(word in data for word in (b"crates", b"Quay", b"sacks"))


def test_a_cache_in_the_corpus_is_neither_read_nor_written(
    project: Project, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(project.corpus.root / "cache"))
    assert check(project) == check(project) == []
    assert looked_at == ["harbour", "market"] * 2


def test_the_command_uses_the_cache_unless_told_not_to(project: Project, looked_at: list[str]) -> None:
    for words in (("--no-cache",), ("--fix",)):
        assert project.annotate("check", *words).exit_code == 0
        assert not cache_folder(KIND).exists()
    looked_at.clear()
    for _ in range(2):
        assert project.annotate("check").exit_code == 0
    assert looked_at == ["harbour", "market"]


def test_two_corpora_have_two_caches(project: Project, looked_at: list[str], tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    check(project)
    check(other)
    assert len(list(cache_folder(KIND).iterdir())) == 2
    assert VerdictCache(other.corpus, load_inventory(other.schema)).find("harbour", {}, must_be_clean=True) is None
