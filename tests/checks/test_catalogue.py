"""Each rule has a code of its own, documentation and an invalid example that it finds something in."""

import json
import re
from pathlib import Path

import pytest

from annotate.annotation_schema import encode_annotation_schema
from annotate.api import list_rules
from annotate.checks import CATALOGUE, check
from annotate.cli.findings_output import finding_to_dict
from annotate.corpus import Corpus
from annotate.findings import Rule
from annotate.inventory import load_inventory
from tests.checks.examples import EXAMPLES, lay_out
from tests.conftest import BASE, ROOT, annotate


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_invalid_example_gives_its_findings(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(example, tmp_path / "x")
    monkeypatch.chdir(tmp_path / "x")
    findings = list(check(Corpus("corpus"), load_inventory("schema"), folders=("guidelines",)))
    expected = json.loads((example / "expected.json").read_text("utf-8"))
    assert [finding_to_dict(finding, Path("corpus")) for finding in findings] == expected
    assert example.name[:4] in {finding.code for finding in findings}
    assert all("\n" not in finding.message and "; " in finding.message for finding in findings)


def test_made_up_corpus_has_no_findings() -> None:
    assert list(check(Corpus(BASE / "corpus"), load_inventory(BASE / "schema"))) == []


def test_every_rule_has_an_example() -> None:
    # test_class_ids.py has the example of C509, which needs a git repository.
    assert {rule.code for rule in CATALOGUE} - {"C509"} == {example.name[:4] for example in EXAMPLES}


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in list_rules()}) == len(list_rules())
    assert len(CATALOGUE) >= 30


def test_every_rule_that_a_module_defines_is_listed() -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "annotate").rglob("*.py"))
    defined = {code for source in sources for code in re.findall(r'^@(?:\w+\.)?rule\(\s*"(\w+)"', source, re.MULTILINE)}
    assert {rule.code for rule in list_rules()} == defined


@pytest.mark.parametrize("rule", list_rules(), ids=lambda rule: rule.code)
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

    def rule_codes(value: object) -> set[str]:
        if isinstance(value, dict):
            rules = value.get("x-rules", {}).values()
            return set(rules).union(*map(rule_codes, value.values()))
        return set().union(*map(rule_codes, value)) if isinstance(value, list) else set()

    assert rule_codes(json.loads(encode_annotation_schema(load_inventory(BASE / "schema")))) <= codes


def test_rules_are_listed_and_explained() -> None:
    listed = annotate("rules").output
    assert all(rule.code in listed for rule in list_rules())
    explained = annotate("rules", "p303").output
    assert "Why:" in explained
    assert len(json.loads(annotate("rules", "--format", "json").output)) == len(list_rules())
    unknown = annotate("rules", "X1")
    assert (unknown.exit_code, unknown.output.count("\n")) == (2, 1)
