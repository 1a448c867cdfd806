"""The public library: its names, its examples, and that its functions do what the commands do."""

import ast
import doctest
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

import annotate
from annotate import (
    Annotation,
    Corpus,
    Finding,
    Inventory,
    Refused,
    agree,
    build,
    check,
    convert_exports,
    diff,
    load_inventory,
    score,
)
from tests.conftest import ROOT, Project


def test_the_examples_of_the_package_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    outcome = doctest.testmod(annotate)
    assert (outcome.failed, outcome.attempted > 5) == (0, True)


def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    page = (
        (ROOT / "docs" / "reference" / "library.md")
        .read_text("utf-8")
        .replace("dist/dataset", str(tmp_path / "dataset"))
    )
    examples = "\n".join(part.partition("```")[0] for part in page.split("```pycon\n")[1:])
    test = doctest.DocTestParser().get_doctest(examples, {}, "library.md", None, None)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


def test_the_example_of_writing_runs(project: Project) -> None:
    """On the made-up corpus, whose article has another id."""
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "reference" / "library.md").read_text("utf-8"), re.DOTALL
    )
    before = project.corpus.read_annotation("anna", "harbour")
    changed = msgspec.structs.replace(before, relations=())
    names = {"corpus": project.corpus, "change": lambda annotation: changed if annotation == before else None}
    exec(code.replace("syria-fronts", "harbour"), names)  # noqa: S102 - our own page
    assert project.corpus.read_annotation("anna", "harbour") == changed


def test_lazy_names_are_those_that_type_checkers_see() -> None:
    tree = ast.parse(inspect.getsource(annotate))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imports == annotate._SOURCES
    assert sorted(imports) == sorted(annotate.__all__)
    for name in annotate.__all__:
        assert getattr(annotate, name).__doc__, name
        assert name in dir(annotate)


def test_no_public_name_is_a_module_even_when_all_are_imported() -> None:
    for module in pkgutil.walk_packages(annotate.__path__, "annotate."):
        if not module.name.endswith(("__main__", "inspect_task")):  # the latter needs Inspect
            import_module(module.name)
    names = {module.name for module in pkgutil.iter_modules(annotate.__path__)}
    assert names.isdisjoint(annotate.__all__)
    for name, source in annotate._SOURCES.items():
        module_name, _, attribute = source.partition(":")
        assert getattr(annotate, name) is getattr(sys.modules[module_name], attribute)


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    code = "import sys, annotate; print([name for name in sys.modules if name.startswith('annotate')])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['annotate']\n"


def test_the_version_is_that_of_the_distribution() -> None:
    assert annotate.__version__ == version("contested-claims")
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        getattr(annotate, "nope")  # noqa: B009 - mypy would refuse the attribute


def test_check_gives_the_findings_of_the_command(project: Project) -> None:
    assert check(project.corpus, project.inventory) == []
    project.replace("corpus/articles/harbour.txt", "\n", "\r\n")
    findings = check(project.corpus, load_inventory(project.schema))
    assert findings
    assert all(isinstance(finding, Finding) for finding in findings)
    listed = json.loads(project.annotate("check", "--format", "json").stdout)
    assert [finding.code for finding in findings] == [entry["code"] for entry in listed]


def test_build_writes_the_dataset_of_the_command_or_nothing(project: Project) -> None:
    manifest = build(project.corpus, project.inventory, project.path("one"))
    assert project.annotate("build", "--out", "two").exit_code == 0
    one, two = (sorted(project.path(name).rglob("*.parquet")) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert manifest.articles == len(project.corpus.annotated_ids("gold"))
    project.replace("corpus/articles/harbour.txt", "\n", "\r\n")
    with pytest.raises(Refused, match="the first of"):
        build(project.corpus, project.inventory, project.path("three"))
    assert not project.path("three").exists()


def test_agree_and_score_measure_what_the_commands_measure(project: Project) -> None:
    corpus, inventory = project.corpus, project.inventory
    report = agree(corpus, inventory, ["anna"], with_gold=True, samples=0)
    command = "agree --annotators anna --with-gold --samples 0 --format json"
    shown = project.annotate(*command.split())
    assert json.loads(shown.stdout) == json.loads(msgspec.json.encode(report))
    gold = {article_id: corpus.read_annotation("gold", article_id) for article_id in corpus.annotated_ids("gold")}
    scores = score(corpus, inventory, gold, samples=0)
    assert all(row.exact.f1.value in (1, None) for row in scores.labels)
    assert score(corpus, inventory, {}, samples=0).unpredicted == list(gold)


def test_diff_counts_what_changed(project: Project, tmp_path: Path) -> None:
    assert diff(str(project.root), str(project.root)).is_empty
    old = Project(tmp_path / "old")
    project.path("corpus/links.json").unlink(missing_ok=True)
    article_id = project.corpus.article_ids()[0]
    article = project.corpus.read_article(article_id)
    assert isinstance(article.text, str)
    project.path(f"corpus/annotations/gold/{article_id}.json").unlink()
    assert not diff(str(old.root), str(project.root)).is_empty


def test_convert_exports_writes_a_dataset(project: Project) -> None:
    project.path("export.json").write_text(json.dumps([{"id": 1, "data": {"text": "Be calm.", "article": "calm"}}]))
    inventory: Inventory = project.inventory
    outcome = convert_exports([str(project.path("export.json"))], str(project.path("out")), inventory)
    assert outcome.manifest.tasks == 1
    assert project.path("out/manifest.json").is_file()


def test_nouns_are_those_of_the_model(corpus: Corpus) -> None:
    assert isinstance(next(corpus.gold()), Annotation)
