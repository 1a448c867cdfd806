"""`annotate adjudicate`: what it writes, refuses and keeps."""

from pathlib import Path

import msgspec
import pytest
import yaml

from annotate.adjudication import find_agreed, refer_to
from tests.conftest import Project


def test_from_two_annotators_to_gold_on_the_command_line(project: Project) -> None:
    for article in ("harbour", "market"):
        annotation = project.corpus.read_annotation("anna", article)
        spans = list(annotation.spans)
        if article == "market":
            spans[0] = msgspec.structs.replace(spans[0], attributes={**spans[0].attributes, "most": 4})
        other = msgspec.structs.replace(annotation, annotator="ben", spans=tuple(spans))
        project.corpus.write_annotation("ben", other)
    planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert "harbour: 10 spans, 6 relations agreed, 0 differences decided, 0 open" in planned.output
    assert "market: 0 spans agreed, 0 differences decided, 1 open" in planned.output
    before = project.snapshot()
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "corpus/adjudication/market.yaml: differences are open" in refused.output) == (1, True)
    path = project.path("corpus/adjudication/market.yaml")
    decisions = yaml.safe_load(path.read_text())
    decisions["differences"][0] |= {"take": "ben", "reason": "said so"}
    path.write_text(yaml.safe_dump(decisions))
    faulty = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (faulty.exit_code, "gold would have P303" in faulty.output) == (1, True)
    decisions["differences"][0]["take"] = "anna"
    path.write_text(yaml.safe_dump(decisions))
    assert {**project.snapshot(), "corpus/adjudication/market.yaml": b""} == {
        **before, "corpus/adjudication/market.yaml": b""
    }  # fmt: skip
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    assert project.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0
    gold = project.corpus.read_annotation("gold", "market")
    assert (gold.annotator, gold.made_from, gold.spans[0].note) == ("ben", ("anna", "ben"), "said so")
    assert project.annotate("coverage", "--write").exit_code == 0
    left = project.annotate("check", "--strict")
    assert "annotations/ben/market.json:9: P303" in left.output, "ben's own file keeps what ben labelled"
    assert "1 finding in" in left.output


def test_gold_has_the_oldest_version_that_its_labels_were_looked_at_with(project: Project) -> None:
    """Decisions on a difference are no review of the labels that annotators agree on; what a person reviewed stays."""
    annotation = project.corpus.read_annotation("anna", "market")
    spans = (msgspec.structs.replace(annotation.spans[0], attributes={"wording": "vague"}), *annotation.spans[1:])
    project.replace("schema/labels.yaml", "version: 1.0.0", "version: 1.2.0")
    assert project.annotate("generate").exit_code == 0
    for article in ("harbour", "market"):
        own = project.corpus.read_annotation("anna", article)
        other = {"spans": spans} if article == "market" else {}
        project.corpus.write_annotation("anna", msgspec.structs.replace(own, inventory="1.1.0"))
        project.corpus.write_annotation("ben", msgspec.structs.replace(own, annotator="ben", **other))
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    path = project.path("corpus/adjudication/market.yaml")
    decisions = yaml.safe_load(path.read_text())
    decisions["differences"][0] |= {"take": "anna", "reason": "said so"}
    path.write_text(yaml.safe_dump(decisions))

    def apply() -> list[str]:
        applied = project.annotate("adjudicate", "apply", "--as", "ben")
        assert applied.exit_code == 0, applied.output
        return [project.corpus.read_annotation("gold", article).inventory for article in ("harbour", "market")]

    assert apply() == ["1.0.0", "1.0.0"]
    project.replace("corpus/annotations/gold/harbour.json", '"inventory": "1.0.0"', '"inventory": "1.2.0"')
    assert apply() == ["1.2.0", "1.0.0"]
    for article in ("harbour", "market"):
        project.replace(f"corpus/annotations/ben/{article}.json", '"inventory": "1.0.0"', '"inventory": "1.1.0"')
    assert apply() == ["1.2.0", "1.1.0"]
    checked = project.annotate("check")
    assert (checked.exit_code, "C109" in checked.output) == (0, False), checked.output


def test_gold_without_a_required_attribute_is_not_written(project: Project) -> None:
    """Regression: only the spans were checked, not the vocabulary."""
    annotation = project.corpus.read_annotation("anna", "harbour")
    bare = tuple(msgspec.structs.replace(span, attributes={}) for span in annotation.spans)
    for name in ("anna", "ben"):
        project.corpus.write_annotation(name, msgspec.structs.replace(annotation, annotator=name, spans=bare))
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    before = project.snapshot()
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "gold would have P204" in refused.output) == (1, True), refused.output
    assert project.snapshot() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plan", "--from", "anna"], "anna: names fewer than two annotators; write --from anna,ben"),
        (["plan", "--from", "anna,zoe"], "corpus/annotations: has no labels by 'zoe'; choose from: anna, ben, gold"),
        (["plan", "--from", "gold,anna"], "gold,anna: names gold, which the decisions make; name the annotators"),
        (["plan", "--from", "nobody"], "corpus/annotations: has no labels by 'nobody'; choose from: anna, ben, gold"),
        (["plan", "--from", "anna,ben"], "no article was labelled by all of anna, ben; pull their labels"),
        (["apply", "--as", "zoe"], "corpus/annotators.yaml: does not list 'zoe'"),
        (["apply", "--as", "ben"], "corpus/adjudication: has no files"),
    ],
)
def test_errors_are_one_line(project: Project, words: list[str], message: str) -> None:
    project.path("corpus/annotations/ben").mkdir()
    result = project.annotate("adjudicate", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert message in result.output


@pytest.fixture
def decisions(project: Project) -> Path:
    """The file of decisions on an article whose one difference, in a relation, is decided."""
    for article in ("harbour", "market"):
        annotation = project.corpus.read_annotation("anna", article)
        relations = annotation.relations[:-1] if article == "harbour" else annotation.relations
        for name in ("ben", "cleo"):
            other = msgspec.structs.replace(annotation, annotator=name, relations=relations)
            project.corpus.write_annotation(name, other)
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0
    path = project.path("corpus/adjudication/harbour.yaml")
    value = yaml.safe_load(path.read_text())
    (difference,) = value["differences"]
    assert difference["kind"] == "relation"
    difference |= {"take": "anna", "reason": "it is there"}
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110))
    return path


def changed(path: Path, **fields: object) -> None:
    """Write fields over those of the file; `take` and `set` over those of its difference."""
    value = yaml.safe_load(path.read_text())
    inner = {name: fields.pop(name) for name in ("take", "set") if name in fields}
    value["differences"][0] |= inner
    path.write_text(yaml.safe_dump({**value, **fields}, allow_unicode=True, sort_keys=False, width=110))


def test_decisions_between_other_annotators_are_kept_without_anew(project: Project, decisions: Path) -> None:
    """Regression: every file was rewritten without its decisions."""
    before = project.snapshot()
    refused = project.annotate("adjudicate", "plan", "--from", "anna,cleo")
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "harbour.yaml: has decisions between anna, ben; keep them, or drop them with --anew" in refused.output
    assert project.snapshot() == before
    assert project.annotate("adjudicate", "plan", "--from", "ben,anna").exit_code == 0
    assert yaml.safe_load(decisions.read_text())["differences"][0]["take"] == "anna"
    assert project.annotate("adjudicate", "plan", "--from", "anna,cleo", "--anew").exit_code == 0
    assert yaml.safe_load(decisions.read_text())["differences"][0]["take"] == ""
    assert project.annotate("adjudicate", "plan", "--from", "anna,ben").exit_code == 0, "nothing was decided"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"take": "bne"}, 1, "unknown take 'bne'; choose from all, anna, ben, neither"),
        ({"set": {"Quay@0-1": {"rank": "hand"}}}, 1, "set names Quay@0-1, which no annotator has labelled"),
        ({"text_sha256": "0" * 64}, 1, "text"),
        ({"article": "market"}, 2, "is of the article 'market'; fix it, or remove it and plan again"),
        ({"annotators": ["anna", "gold"]}, 2, "has fewer than two annotators, or gold"),
        ({"annotators": ["anna", "anna"]}, 2, "has fewer than two annotators, or gold"),
        ({"added_span": []}, 2, "'added_span' does not belong here; remove it"),
    ],
)
@pytest.mark.parametrize(
    "words", [("plan", "--from", "anna,ben"), ("apply", "--as", "ben")], ids=lambda words: words[0]
)
def test_invalid_decisions_are_rejected(
    project: Project, decisions: Path, words: tuple[str, ...], fields: dict[str, object], code: int, message: str
) -> None:
    """Regression: `article: market` in harbour.yaml made gold of market with the labels of harbour."""
    changed(decisions, **fields)
    before = project.snapshot()
    refused = project.annotate("adjudicate", *words)
    assert (refused.exit_code, refused.output.count("\n")) == (code, 1), refused.output
    assert "corpus/adjudication/harbour.yaml: " in refused.output
    assert message in refused.output
    assert project.snapshot() == before


def test_annotation_in_the_folder_of_another_annotator_is_rejected(project: Project, decisions: Path) -> None:
    project.replace("corpus/annotations/ben/harbour.json", '"annotator": "ben"', '"annotator": "anna"')
    refused = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert (
        refused.exit_code,
        "annotations/ben/harbour.json: is of annotator anna, article harbour" in refused.output,
    ) == (2, True)


def test_decision_without_a_difference_is_reported(project: Project, decisions: Path) -> None:
    labels = project.path("corpus/annotations/anna/harbour.json").read_text()
    project.path("corpus/annotations/ben/harbour.json").write_text(labels.replace('"anna"', '"ben"'))
    refused = project.annotate("adjudicate", "apply", "--as", "ben")
    assert (refused.exit_code, "differences are new or gone" in refused.output) == (1, True)
    planned = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert "harbour: 10 spans, 6 relations agreed, 0 differences decided, 0 open; 1 decision under" in planned.output
    assert project.annotate("adjudicate", "apply", "--as", "ben").exit_code == 0


def test_two_spans_that_no_decision_can_tell_apart_are_refused(project: Project) -> None:
    """Two events on one word have one reference: decisions would keep one of them and lose the other."""
    annotation = project.corpus.read_annotation("anna", "harbour")
    twice = msgspec.structs.replace(annotation.spans[0], id="twice")
    both = msgspec.structs.replace(annotation, spans=(*annotation.spans, twice))
    project.corpus.write_annotation("anna", both)
    project.corpus.write_annotation("ben", msgspec.structs.replace(both, annotator="ben"))
    before = project.snapshot()
    refused = project.annotate("adjudicate", "plan", "--from", "anna,ben")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    reference = f"{twice.label}@{twice.start}-{twice.end}"
    assert f"corpus/annotations/anna/harbour.json: has two spans {reference}, which no decision" in refused.output
    assert project.snapshot() == before
    agreed = find_agreed([both, msgspec.structs.replace(both, annotator="ben")], project.corpus.read_text("harbour"),
                         "1.0.0", "agreed")  # fmt: skip
    assert len(agreed.spans) == len(annotation.spans) - 1
    assert reference not in map(refer_to, agreed.spans)
