"""Waivers: what a corpus accepts is counted, and what protects its readers cannot be waived."""

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from annotate.checks import CATALOGUE, check
from annotate.checks.selection import Selection
from annotate.cli.findings_output import FORMATS
from annotate.corpus import Corpus
from annotate.findings import Finding, Rule
from annotate.inventory import load_inventory
from annotate.waivers import Waiver, Waivers
from tests.checks.examples import EXAMPLES, INVALID, lay_out
from tests.conftest import Project

REASON = "The labels were made in a tool that selects characters."
MARKET, QUAY = "corpus/annotations/anna/market.json", "corpus/annotations/gold/market.json"
WHOLE, CUT = '"end": 32, "text": "Two to 3 carts"', '"end": 31, "text": "Two to 3 cart"'
LATER = "2999-12-31"


def write_waivers(root: Path, *waivers: Mapping[str, object]) -> None:
    entries = [{"reason": REASON, **waiver} for waiver in waivers]
    (root / "corpus" / "waivers.yaml").write_text(yaml.safe_dump({"waivers": entries}, allow_unicode=True))


@pytest.fixture
def cut(project: Project) -> Project:
    """A corpus in which P401 finds half a word in two files."""
    for file in (MARKET, QUAY):
        project.replace(file, WHOLE, CUT)
    return project


def codes(project: Project) -> list[str]:
    return [finding.code for finding in check(project.corpus, project.inventory)]


def test_waived_findings_are_counted_with_their_reason(cut: Project) -> None:
    assert cut.annotate("check", "--strict").exit_code == 1
    write_waivers(cut.root, {"code": "P401", "until": LATER})
    result = cut.annotate("check", "--strict")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("No findings in corpus (")
    assert result.output.endswith(f"2 findings of P401 waived: {REASON}\n")


def test_every_output_format_has_the_waived_findings(cut: Project) -> None:
    write_waivers(cut.root, {"code": "P401"})
    outputs = {format_: cut.annotate("check", "--strict", "--format", format_) for format_ in FORMATS}
    assert {result.exit_code for result in outputs.values()} == {0}
    listed = json.loads(outputs["json"].output)
    assert [(finding["code"], finding["severity"], finding["waived"]) for finding in listed] == [
        ("P401", "warning", REASON)
    ] * 2
    results = json.loads(outputs["sarif"].output)["runs"][0]["results"]
    assert [result["suppressions"] for result in results] == [[{"kind": "external", "justification": REASON}]] * 2
    assert outputs["github"].output == f"::notice title=waived::2 findings of P401 waived: {REASON}\n"


def test_a_rule_has_the_severity_that_the_corpus_gives_it(cut: Project) -> None:
    write_waivers(cut.root, {"code": "P401", "severity": "error"})
    assert cut.annotate("check").exit_code == 1
    cut.replace(MARKET, '"least": 2', '"least": 4')
    write_waivers(cut.root, {"code": "P401"}, {"code": "P303", "severity": "warning"}, {"code": "P301"})
    assert cut.annotate("check").exit_code == 0
    assert cut.annotate("check", "--strict").exit_code == 1
    assert codes(cut) == ["P303"]


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({"annotators": ["anna"]}, [QUAY]),
        ({"annotators": ["gold"]}, [MARKET]),
        ({"articles": ["market"]}, []),
        ({"articles": ["harbour"]}, [MARKET, QUAY]),
        ({"files": ["annotations/anna/*"]}, [QUAY]),
        ({"files": ["annotations/*/market.json"], "articles": ["market"], "annotators": ["anna", "gold"]}, []),
        ({"files": ["annotations/*"], "annotators": ["anna"]}, [QUAY]),
        ({"files": ["*.txt"]}, [MARKET, QUAY]),
    ],
)
def test_a_waiver_is_limited_to_articles_annotators_and_files(
    cut: Project, limits: dict[str, list[str]], left: list[str]
) -> None:
    write_waivers(cut.root, {"code": "P401", **limits})
    waived: list[Finding] = []
    findings = list(check(cut.corpus, cut.inventory, handle_waived=waived.append))
    assert [f"corpus/{finding.file}" for finding in findings if finding.code == "P401"] == left
    assert len(waived) == 2 - len(left)
    assert ("C602" in {finding.code for finding in findings}) == (len(left) == 2)


def test_from_the_day_after_its_last_the_findings_count_again(cut: Project) -> None:
    waiver = Waiver(code="P401", reason=REASON, until="2026-03-01")
    assert Waivers([waiver], date(2026, 3, 1)).active == (waiver,)
    assert Waivers([waiver], date(2026, 3, 2)).active == ()
    write_waivers(cut.root, {"code": "P401", "until": "2026-03-01"})
    assert codes(cut) == ["P401", "P401", "C601"]
    output = cut.annotate("check").output
    assert "corpus/waivers.yaml:2: C601 the waiver of P401 ended on 2026-03-01, so that its findings" in output


def test_the_first_waiver_that_fits_counts(cut: Project) -> None:
    narrow = {"code": "P401", "annotators": ["anna"], "severity": "error"}
    write_waivers(cut.root, narrow, {"code": "P401"}, {"code": "P401"})
    findings = list(check(cut.corpus, cut.inventory))
    assert [(finding.code, finding.severity, finding.line) for finding in findings][1:] == [("C602", "warning", 9)]
    assert (findings[0].severity, f"corpus/{findings[0].file}") == ("error", MARKET)


def examples_of(rule: Rule) -> list[Path]:
    return [example for example in EXAMPLES if example.name.startswith(rule.code)]


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if not rule.waivable], ids=lambda rule: rule.code)
def test_a_rule_that_protects_readers_cannot_be_waived(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "x"
    lay_out(next(iter(examples_of(rule))), root)
    monkeypatch.chdir(root)
    before = [finding for finding in check(Corpus("corpus"), load_inventory("schema")) if finding.code[:2] != "C6"]
    for severity in ({}, {"severity": "warning"}):
        write_waivers(root, {"code": rule.code, **severity})
        waived: list[Finding] = []
        after = list(check(Corpus("corpus"), load_inventory("schema"), handle_waived=waived.append))
        assert waived == []
        refusal = [finding for finding in after if finding.code == "C603"]
        assert [(finding.severity, "cannot be waived" in finding.message) for finding in refusal] == [("error", True)]
        assert [finding for finding in after if finding.code != "C603"] == before


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if rule.waivable], ids=lambda rule: rule.code)
def test_a_corpus_with_waived_findings_can_be_built(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dataset, its card and the agreement rely on no rule that may be waived."""
    for example in examples_of(rule):
        project = Project.__new__(Project)
        project.root = tmp_path / example.name
        lay_out(example, project.root)
        project.corpus = Corpus(project.root / "corpus")
        findings = json.loads(project.annotate("check", "--format", "json").stdout)
        others = {finding["code"] for finding in findings}
        if "T103" in others:  # the example changes a text without its hash, which cannot be waived
            continue
        write_waivers(project.root, *({"code": code} for code in sorted(others)))
        result = project.annotate("check", "--strict")
        assert result.exit_code == 0, result.output
        built = project.annotate("build", "--out", "out")
        assert (built.exit_code, built.exception) == (0, None), built.output
        # `build` reads no page of the guidelines.
        is_of_pages = rule.code in ("C506", "C507", "C510", "C512")
        assert (f" of {rule.code} waived: {REASON}" in built.output) != is_of_pages
        card = (project.root / "out" / "README.md").read_text()
        assert f"| `{rule.code}` | everything | waived | {REASON} |" in card
        assert "Waived checks" in card


@pytest.mark.parametrize(
    ("character", "is_waived"),
    [("\u202e", False), ("\u2066", False), ("\x1b", False), ("\x00", False), ("\u00ad", True), ("\u200f", True)],
)
def test_hostile_characters_cannot_be_waived(project: Project, character: str, is_waived: bool) -> None:
    project.replace("corpus/articles/harbour.txt", "pier", f"pi{character}er")
    write_waivers(project.root, {"code": "T105"}, {"code": "T105", "severity": "warning"})
    waived: list[Finding] = []
    findings = list(check(project.corpus, project.inventory, handle_waived=waived.append))
    assert ("T105" in {finding.code for finding in findings}) != is_waived
    assert ("T105" in {finding.code for finding in waived}) == is_waived
    problems = [finding.message for finding in findings if finding.code == "C602"]
    assert [("may not be waived" in problem) for problem in problems] == ([False] if is_waived else [True, True])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("waivers: [{code: P401}]", "S104 waivers[0]: 'reason' is missing"),
        ("waivers: [{code: P401, reason: x, until: March}]", "S104 waivers[0].until"),
        ("waivers: [{code: P401, reason: x, severity: off}]", "S104 waivers[0].severity"),
        ("waivers: [{code: P401, reason: x, article: a}]", "S104 waivers[0]: 'article' does not belong here"),
        ("waivers: [{code: P401, reason: x, articles: []}]", "S104 waivers[0].articles"),
        ("- P401", "S104 the whole file"),
        ("waivers: [", "S102"),
        ("waivers: [{code: P999, reason: x}]", "C603 P999 is the code of no rule"),
        ("waivers: [{code: L103, reason: x}]", "C603 L103 is no rule of a corpus or a release"),
    ],
)
def test_a_faulty_file_waives_nothing(cut: Project, text: str, message: str) -> None:
    cut.path("corpus/waivers.yaml").write_text(text)
    result = cut.annotate("check")
    assert result.exit_code == 1
    assert f"corpus/waivers.yaml:1: {message}" in result.output, result.output
    assert "P401" in result.output
    assert cut.annotate("build", "--out", "out").exit_code == 1
    assert not cut.path("out").exists()


def test_waivers_behind_a_link_are_not_read(cut: Project) -> None:
    write_waivers(cut.root, {"code": "P401"})
    cut.path("corpus/waivers.yaml").rename(cut.root / "elsewhere.yaml")
    cut.path("corpus/waivers.yaml").symlink_to("../elsewhere.yaml")
    assert codes(cut) == ["S108", "P401", "P401"]


def test_rules_say_whether_they_may_be_waived(project: Project) -> None:
    assert "P401 cuts-a-word (warning, may be waived)" in project.annotate("rules", "P401").output
    assert "S108 unreadable-file (error)" in project.annotate("rules", "S108").output
    listed = {
        entry["code"]: entry["waivable"] for entry in json.loads(project.annotate("rules", "--format", "json").output)
    }
    assert (listed["P401"], listed["S108"], listed["V301"], listed["V205"]) == (True, False, True, False)


def test_a_dataset_without_text_keeps_its_waivers(cut: Project) -> None:
    write_waivers(cut.root, {"code": "P401", "until": LATER})
    assert cut.annotate("build", "--out", "whole").exit_code == 0
    assert cut.annotate("build", "--without-text", "--out", "open").exit_code == 0
    restored = cut.annotate("hydrate", "open", "--texts", "corpus/sources", "--out", "restored")
    assert restored.exit_code == 0, restored.output
    assert cut.path("restored/README.md").read_bytes() == cut.path("whole/README.md").read_bytes()


def test_decisions_make_gold_with_waived_findings(project: Project) -> None:
    annotation = project.corpus.read_annotation("anna", "market")
    project.replace(MARKET, '"least": 2', '"least": 1')
    text = project.path(MARKET).read_text()
    project.path("corpus/annotations/ben").mkdir(exist_ok=True)
    project.path("corpus/annotations/ben/market.json").write_text(
        text.replace('"annotator": "anna"', '"annotator": "ben"')
    )
    assert annotation.spans
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "gold would have P303" in refused.output) == (1, True)
    write_waivers(project.root, {"code": "P303"})
    assert project.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0


def test_no_waiver_is_called_unused_while_an_error_hides_what_it_is_about(cut: Project) -> None:
    write_waivers(
        cut.root, {"code": "P401", "articles": ["market"]}, {"code": "R116"}, {"code": "C102"}, {"code": "P401"}
    )
    unused = [finding for finding in check(cut.corpus, cut.inventory) if finding.code == "C602"]
    assert [finding.line for finding in unused] == [6, 8, 10]
    cut.replace(MARKET, '"label": "Load"', '"label": "Loaf"')
    whole = [finding for finding in check(cut.corpus, cut.inventory) if finding.code == "C602"]
    assert [finding.line for finding in whole] == [8]
    for articles in (["market"], ["harbour"], []):
        selection = Selection(frozenset(articles))
        findings = check(cut.corpus, cut.inventory, selection=selection)
        assert [finding for finding in findings if finding.code == "C602"] == whole


def test_what_follows_from_a_finding_is_shown_where_the_finding_is_waived(project: Project) -> None:
    """Gold lost a span that all have (C803), so that its coverage counts one more than it has (C202)."""
    coverage = project.path("corpus/coverage/harbour.json").read_bytes()
    shutil.copytree(INVALID / "C803-lost-what-all-have", project.root, dirs_exist_ok=True)
    project.path("corpus/coverage/harbour.json").write_bytes(coverage)
    assert codes(project) == ["C803"]
    write_waivers(project.root, {"code": "C803"})
    assert codes(project) == ["C202"]
    write_waivers(project.root, {"code": "C803", "severity": "warning"})
    assert codes(project) == ["C803", "C202"]
