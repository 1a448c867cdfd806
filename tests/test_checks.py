"""Every rule finds what it says it finds, says it in one line, and is documented."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from annotate.checks import CATALOGUE, check
from annotate.cli.catalogue import every_rule
from annotate.cli.output import FORMATS, as_data
from annotate.corpus import Corpus
from annotate.findings import Rule
from annotate.generate import annotation_schema_text
from annotate.inventory import load
from tests.conftest import BASE, ROOT, Project, annotate

EXAMPLES = sorted(path for path in (ROOT / "tests" / "invalid").iterdir() if path.is_dir())


def laid_over(example: Path, root: Path) -> None:
    """The made-up corpus with an example's files over it, and without those it removes."""
    shutil.copytree(BASE, root)
    shutil.copytree(example, root, dirs_exist_ok=True)
    removed = root / "removed.txt"
    for file in removed.read_text().split() if removed.exists() else []:
        (root / file).unlink()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_invalid_example_gives_its_findings(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_over(example, tmp_path / "x")
    monkeypatch.chdir(tmp_path / "x")
    found = list(check(Corpus("corpus"), load("schema")))
    expected = json.loads((example / "expected.json").read_text("utf-8"))
    assert [as_data(finding, Path("corpus")) for finding in found] == expected
    assert example.name[:4] in {finding.code for finding in found}
    assert all("\n" not in finding.message and "; " in finding.message for finding in found)


def test_made_up_corpus_has_no_findings() -> None:
    assert list(check(Corpus(BASE / "corpus"), load(BASE / "schema"))) == []


def test_every_rule_has_an_example() -> None:
    assert {rule.code for rule in CATALOGUE} == {example.name[:4] for example in EXAMPLES}


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in every_rule()}) == len(every_rule())
    assert len(CATALOGUE) >= 30


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.code)
def test_rule_says_what_and_why_with_examples(rule: Rule) -> None:
    first, *rest = rule.documentation.split("\n")
    assert first.endswith(".")
    for part in ("Why:", "Fails:", "Passes:"):
        assert any(line.startswith(part) for line in rest), f"{rule.code} lacks {part}"
    page = next((line.removeprefix("Guideline: ") for line in rest if line.startswith("Guideline: ")), None)
    if page and page.endswith(".md"):
        assert (ROOT / "guidelines" / page).is_file(), page


def test_schema_names_only_rules_of_the_catalogue() -> None:
    codes = {rule.code for rule in CATALOGUE}

    def named(value: object) -> set[str]:
        if isinstance(value, dict):
            rules = value.get("x-rules", {}).values()
            return set(rules).union(*map(named, value.values()))
        return set().union(*map(named, value)) if isinstance(value, list) else set()

    assert named(json.loads(annotation_schema_text(load(BASE / "schema")))) <= codes


def test_this_corpus_is_clean() -> None:
    result = annotate("check", "--strict")
    assert (result.exit_code, "No findings" in result.output) == (0, True), result.output


def test_fix_mends_what_is_safe_and_nothing_else(project: Project) -> None:
    path = project.path("corpus/annotations/anna/market.json")
    canonical = path.read_bytes()
    value = json.loads(canonical)
    value["spans"][0] |= {"end": 33, "text": "Two to 3 carts "}
    path.write_text(json.dumps(value, indent=2))
    assert project.annotate("check", "--strict").exit_code == 1
    assert project.annotate("check", "--strict", "--fix").exit_code == 0
    assert path.read_bytes() == canonical


ANNA, HARBOUR = "corpus/annotations/anna/market.json", "corpus/articles/harbour.json"

RELATION = '{"label": "speaker",'


@pytest.mark.parametrize(
    ("file", "old", "new", "codes", "said"),
    [
        (ANNA, '"label": "Load"', '"label": null', {"P201", "S104"}, "spans[0].label: expected str, got null; "),
        (ANNA, '"label": "Load"', '"label": 5', {"P201", "S104"}, "spans[0].label: expected str, got int; "),
        (ANNA, '"least": 2', '"least": null', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": 2.5', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": 2.0', {"S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": ["x"]', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"least": 2', '"least": true', {"P203", "S104"}, "spans[0].attributes: expected "),
        (ANNA, '"wording": "range"', '"wording": null', {"P203", "S104"}, "spans[0].attributes: expected "),
        ("corpus/annotations/gold/harbour.json", RELATION, '{"label": 5,', {"R101", "S104"}, "relations[0].label: exp"),
        (ANNA, '"start": 18', '"start": 18.0', {"S104"}, "spans[0].start: expected int, got float; "),
        (HARBOUR, '"start": 1', '"start": 1.0', {"S104"}, "source.start: expected int, got float; "),
        ("corpus/coverage/harbour.json", '"start": 0', '"start": 0.0', {"S104"}, "sentences[0].start: expected int"),
        ("corpus/links.json", '"start": 94', '"start": 94.0', {"S104"}, "links[0].passages[0].start: expected int"),
        ("corpus/sources/port.txt.json", '"start": 0', '"start": 0.0', {"S104"}, "omitted[0].start: expected int"),
    ],
)
def test_value_of_another_type_is_a_finding(
    project: Project, file: str, old: str, new: str, codes: set[str], said: str
) -> None:
    """Also where JSON Schema has nothing against it, or says only that the inventory does not know it."""
    project.replace(file, old, new)
    result = project.annotate("check", "--format", "json")
    found = [entry for entry in json.loads(result.output) if entry["file"] == file]
    assert {entry["code"] for entry in found} == codes
    assert any(entry["message"].startswith(said) for entry in found), found
    assert project.annotate("build", "--out", "out").exit_code == 1


def test_warnings_fail_only_a_strict_check(project: Project) -> None:
    project.path("corpus/articles/market.txt.orig").write_text("x")
    assert project.annotate("check").exit_code == 0
    assert project.annotate("check", "--strict").exit_code == 1


def test_hidden_file_among_the_sources_has_no_place_there(project: Project) -> None:
    project.path("corpus/sources/.gitkeep").write_text("")
    project.path("corpus/sources/.wire.txt").write_text("x")
    data = json.loads(project.annotate("check", "--format", "json").output)
    assert [(entry["code"], entry["file"]) for entry in data] == [("C115", "corpus/sources/.wire.txt")]


def test_formats_say_the_same(project: Project) -> None:
    project.replace("corpus/annotations/anna/market.json", '"Two to 3 carts"', '"Two, to:\\n3 carts%"')
    data = json.loads(project.annotate("check", "--format", "json").output)
    assert [entry["code"] for entry in data] == ["P103", "P402"]
    assert data[0]["file"] == "corpus/annotations/anna/market.json"
    line = data[0]["line"]
    assert project.path(data[0]["file"]).read_text().split("\n")[line - 1].startswith('{"id": "s1"')
    github = project.annotate("check", "--format", "github").output.splitlines()
    assert github[0].startswith(f"::error file=corpus/annotations/anna/market.json,line={line},title=P103::span s1: ")
    assert "%25" in github[0]
    sarif = json.loads(project.annotate("check", "--format", "sarif").output)["runs"][0]
    assert [result["ruleId"] for result in sarif["results"]] == ["P103", "P402"]
    assert {rule["id"] for rule in sarif["tool"]["driver"]["rules"]} == {rule.code for rule in CATALOGUE}
    text = project.annotate("check").output
    assert "2 findings in corpus" in text
    assert str(PurePosixPath("corpus/annotations/anna/market.json")) in text


@pytest.mark.parametrize("format_", FORMATS)
def test_a_name_that_is_not_utf_8_is_shown_as_an_escape(project: Project, format_: str) -> None:
    name = os.fsdecode(b"A B#1\xff.json")
    for folder in ("annotations/gold", "articles"):
        project.path(f"corpus/{folder}/{name}").write_text("{}")
    code = f"from annotate.cli import main; import sys; sys.argv[1:] = ['check', '--format', '{format_}']; main()"
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, env={**strict, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    shown = {"sarif": "A%20B%231%FF.json", "json": "A B#1\\\\udcff.json"}.get(format_, "A B#1\\udcff.json")
    for folder in ("annotations/gold", "articles"):
        assert f"corpus/{folder}/{shown}" in ran.stdout.decode("utf-8")
    if format_ in ("json", "sarif"):
        assert json.loads(ran.stdout)


def test_rules_are_listed_and_explained() -> None:
    listed = annotate("rules").output
    assert all(rule.code in listed for rule in every_rule())
    explained = annotate("rules", "p303").output
    assert "Why:" in explained
    assert len(json.loads(annotate("rules", "--format", "json").output)) == len(every_rule())
    unknown = annotate("rules", "X1")
    assert (unknown.exit_code, unknown.output.count("\n")) == (2, 1)
