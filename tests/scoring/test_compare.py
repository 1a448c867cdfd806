"""Two systems: both as `score` measures them, their differences on the same samples, and the three outputs."""

import json
import re
from typing import Any

import pytest
from hypothesis import given

from annotate.inventory import load_inventory
from annotate.model import Annotation
from annotate.scoring.compare import ComparedMeasure, ComparedScores, compare_systems, tabulate_comparison
from annotate.scoring.score import Scores, score
from annotate.scoring.selection import Selection
from tests.agreement.helpers import TEXT, annotation, span
from tests.conftest import BASE, ROOT, Project
from tests.strategies import annotations

GOLD, ANNA = "corpus/annotations/gold", "corpus/annotations/anna"
INVENTORY = load_inventory(BASE / "schema")
MASTER, SAID, CRATES = (
    span("a", "Speaker", 0, 10, rank="master"),
    span("b", "Verb", 11, 15),
    span("c", "Load", 16, 25, wording="exact", least=40, most=40),
)
HE, SAID_LATER = span("d", "Speaker", 71, 73), span("e", "Verb", 74, 78)
EVERYTHING = annotation(MASTER, SAID, CRATES, HE, SAID_LATER, ("speaker", "b", "a"), ("speaker", "e", "d"))


def find(compared: ComparedScores, table: str, name: str, measure: str) -> ComparedMeasure:
    (row,) = (row for row in compared.measures if (row.table, row.name, row.measure) == (table, name, measure))
    return row


def compare(first: Annotation, second: Annotation, samples: int = 50, gold: Annotation = EVERYTHING) -> ComparedScores:
    return compare_systems(INVENTORY, {"a": (TEXT, gold)}, {"a": first}, {"a": second}, samples)


def test_differences_by_hand() -> None:
    other = annotation(
        MASTER, SAID, span("c", "Load", 16, 25, wording="exact", least=80, most=80), ("speaker", "b", "a")
    )
    compared = compare(EVERYTHING, other)
    row = find(compared, "articles", "all labels", "exact F1")
    assert (row.first, row.second, row.difference.value) == (1, 0.75, 0.25)
    assert find(compared, "relations", "speaker", "F1").difference.value == pytest.approx(1 / 3)
    assert find(compared, "sayings", "sayings", "exact F1").second == pytest.approx(2 / 3)
    assert find(compared, "sayings", "sayings.speaker", "exact F1").kind == "role"
    distance = find(compared, "loads", "Load", "distance")
    assert (distance.first, distance.second, distance.difference.value) == (0, 0.5, -0.5)
    assert find(compared, "loads", "least", "equal").difference.value == 1
    assert find(compared, "tokens", "speech", "entity F1").first == 1


def values_of(scores: Scores) -> dict[tuple[str, str, str, str], float | None]:
    """Return each value that a comparison has, too."""
    values = {}
    for row in scores.labels:
        for name, each in (("exact F1", row.exact), ("partial F1", row.partial), ("overlap F1", row.overlap)):
            values[row.table, row.name, row.kind, name] = each.f1.value
    for tags in scores.tokens:
        values[tags.table, tags.name, tags.kind, "entity F1"] = tags.entities.f1.value
        values[tags.table, tags.name, tags.kind, "token F1"] = tags.tokens.f1.value
    for relation in scores.relations:
        values[relation.table, relation.name, "relation", "F1"] = relation.all.f1.value
        values[relation.table, relation.name, "relation", "F1, ends matched"] = relation.given_ends.value
    for attribute in scores.attributes:
        values[attribute.table, attribute.name, "attribute", "equal"] = attribute.share.value
    for record in scores.records:
        values[record.table, record.name, "record", "exact F1"] = record.full_exact.value
        values[record.table, record.name, "record", "overlap F1"] = record.full_overlap.value
        for role in record.roles:
            values[record.table, f"{record.name}.{role.name}", "role", "exact F1"] = role.exact.value
            values[record.table, f"{record.name}.{role.name}", "role", "overlap F1"] = role.overlap.value
    for counts in scores.counts:
        for name in ("distance", "equal", "compatible"):
            values[counts.table, counts.label, "counts", name] = getattr(counts, name).value
    return values


@given(annotations(TEXT), annotations(TEXT), annotations(TEXT))
def test_each_system_has_the_values_of_score(gold: Annotation, first: Annotation, second: Annotation) -> None:
    compared = compare(first, second, 0, gold)
    sides = [values_of(score(INVENTORY, {"a": (TEXT, gold)}, {"a": each}, 0)) for each in (first, second)]
    rows = {(row.table, row.name, row.kind, row.measure): (row.first, row.second) for row in compared.measures}
    expected = {key: tuple(side.get(key) for side in sides) for key in sides[0].keys() | sides[1].keys()}
    has_values = all(system.predicts_attributes for system in compared.systems)
    for key, values in expected.items():
        if key[2] in {"attribute", "counts"} and not has_values:
            assert key not in rows
        elif key[0] == "tokens" and None in values:
            # `score` has no row for a column that a system and gold do not use.
            assert rows[key] == values or 0 in rows[key]
        else:
            assert rows[key] == values
    assert not has_values or rows.keys() == expected.keys()


@given(annotations(TEXT), annotations(TEXT))
def test_a_system_does_not_differ_from_itself(gold: Annotation, found: Annotation) -> None:
    for row in compare(found, found, 20, gold).measures:
        assert row.first == row.second
        assert row.difference.value in (None, 0)
        assert (row.first_better, row.p) in ((None, None), (0.5, 1))


@given(annotations(TEXT), annotations(TEXT), annotations(TEXT))
def test_systems_may_be_swapped(gold: Annotation, first: Annotation, second: Annotation) -> None:
    there, back = compare(first, second, 20, gold), compare(second, first, 20, gold)
    returned = {(row.table, row.name, row.kind, row.measure): row for row in back.measures}
    assert len(returned) == len(there.measures)
    for row in there.measures:
        other = returned[row.table, row.name, row.kind, row.measure]
        assert (row.first, row.second, row.p) == (other.second, other.first, other.p)
        if row.difference.value is not None and other.difference.value is not None:
            assert row.difference.value == -other.difference.value
        if row.first_better is not None and other.first_better is not None:
            assert row.first_better == pytest.approx(1 - other.first_better)


def test_a_lower_distance_is_better() -> None:
    text = "".join(f"{TEXT[:43]}\n" for _ in range(12))
    loads = [
        span(f"s{line}", "Load", 44 * line + 16, 44 * line + 25, text, least=40, most=40, wording="exact")
        for line in range(12)
    ]
    wrong = [span(each.id, "Load", each.start, each.end, text, least=80, most=80, wording="exact") for each in loads]
    gold, found = (annotation(*spans, text=text) for spans in (loads, wrong))
    compared = compare_systems(INVENTORY, {"a": (text, gold)}, {"a": gold}, {"a": found}, 50)
    row = find(compared, "loads", "Load", "distance")
    assert (row.difference.value, row.first_better, row.p) == (-0.5, 1, 1 / 51)


def run(project: Project, *words: str) -> dict[str, Any]:
    result = project.annotate("score", GOLD, *words, "--format", "json", "--samples", "20")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json_names_the_systems(project: Project) -> None:
    assert project.annotate("export", "--format", "bio", "--out", "bio").exit_code == 0
    found = run(project, ANNA, "--compare", "bio", "--layer", "speech")
    assert set(found) == set(ComparedScores.__struct_fields__)
    assert [system["name"] for system in found["systems"]] == [ANNA, "bio"]
    assert [system["predicts_attributes"] for system in found["systems"]] == [True, False]
    assert found["systems"][0]["ceiling"] is None
    assert found["systems"][1]["ceiling"]["forms"] == ["BIO tags"]
    assert found["selection"]["layers"] == ["speech"]
    assert {row["table"] for row in found["measures"]} == {"articles", "tokens", "relations", "sayings"}
    assert {row["kind"] for row in found["measures"]} == {
        "label",
        "layer",
        "all",
        "column",
        "relation",
        "record",
        "role",
    }


def test_docs_describe_every_key_of_the_json(project: Project) -> None:
    page = (ROOT / "docs/reference/scoring.md").read_text(encoding="utf-8")
    found = run(project, ANNA, "--compare", GOLD)
    keys = {*found, *found["systems"][0], *found["measures"][0], *found["selection"], *found["sampling"]}
    assert not [key for key in sorted(keys) if f"`{key}`" not in page]


def test_text_and_markdown_have_the_same_cells(project: Project) -> None:
    words = ("score", GOLD, ANNA, "--compare", GOLD, "--samples", "20")
    text, markdown = (project.annotate(*words, "--format", format_).stdout for format_ in ("text", "markdown"))
    assert f"A: {ANNA}" in text
    assert "A: corpus/annotations/anna" in markdown
    assert "| of | measure | A | B | difference | A better | p |" in markdown

    def cells(line: str) -> list[str]:
        plain = re.sub(r"\((\S+)–(\S+)\)", r"[\1 \2]", line.replace("\\", ""))
        return [cell.strip() for cell in plain.strip(" |").split("|") if cell.strip()]

    rows = [" ".join(cells(line)) for line in markdown.splitlines() if line.startswith("|") and "---" not in line]
    assert len(rows) > 20
    squeezed = {re.sub(r"\s+", " ", line).strip() for line in text.splitlines()}
    assert set(rows) <= squeezed


def test_scores_of_one_system_as_markdown(project: Project) -> None:
    result = project.annotate("score", GOLD, ANNA, "--samples", "0", "--format", "markdown", "--out", "score.md")
    assert (result.exit_code, result.stdout) == (0, "")
    text = project.path("score.md").read_text("utf-8")
    assert text.startswith("- 2 articles; ")
    assert re.findall("^## (.*)", text, re.MULTILINE) == [
        "Spans (table articles)",
        "Tags (table tokens)",
        "Relations (table relations)",
        "Attributes, given a matched span",
        "Whole records",
        "Roles of aligned records",
        "Counts as intervals, given a matched span",
    ]
    assert re.search(r"[^\n]\n\Z", text)


def test_systems_with_different_articles_are_compared_and_named(project: Project) -> None:
    """An article without predictions is one where a system found nothing, for both."""
    project.path(f"{ANNA}/market.json").unlink()
    result = project.annotate("score", GOLD, ANNA, "--compare", GOLD, "--samples", "0")
    assert result.exit_code == 0
    assert "A: nothing predicted for market" in result.stdout
    assert "B: nothing predicted" not in result.stdout
    assert result.stderr == f"{ANNA}: no predictions for 1 of 2 articles ('market'); scored as nothing found\n"
    found = run(project, ANNA, "--compare", GOLD)
    assert [system["unpredicted"] for system in found["systems"]] == [["market"], []]


def test_an_empty_system_is_compared(project: Project) -> None:
    project.path("empty.jsonl").write_text("")
    result = project.annotate("score", GOLD, GOLD, "--compare", "empty.jsonl", "--samples", "20")
    assert result.exit_code == 0
    assert "empty.jsonl: holds no predictions; scored as nothing found" in result.stderr
    assert "B: predicts no attributes, so attributes and counts are not compared" in result.stdout
    found = run(project, "empty.jsonl", "--compare", "empty.jsonl")
    assert {row["p"] for row in found["measures"]} <= {1, None}


@pytest.mark.parametrize("other", ["nowhere", "broken.jsonl", "unknown.jsonl"])
def test_a_second_system_that_cannot_be_read_is_one_line(project: Project, other: str) -> None:
    project.path("broken.jsonl").write_text('{"id": "harbour", "spans": [{"label": "Nope", "start": 0, "end": 3}]}\n')
    project.path("unknown.jsonl").write_text('{"id": "pier", "spans": []}\n')
    result = project.annotate("score", GOLD, GOLD, "--compare", other, "--out", "score.txt")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert other in result.stderr
    assert not project.path("score.txt").exists()


def test_partial_f1_is_left_to_the_json() -> None:
    compared = compare(EVERYTHING, annotation(MASTER))
    cells = [cell for table in tabulate_comparison(compared) for row in table.rows for cell in row]
    assert "partial F1" in {row.measure for row in compared.measures}
    assert "partial F1" not in cells


def test_selection_is_that_of_score() -> None:
    selection = Selection(labels=("Verb",))
    compared = compare_systems(
        INVENTORY, {"a": (TEXT, EVERYTHING)}, {"a": EVERYTHING}, {}, 0, selection=selection, names=("x", "y")
    )
    assert {row.name for row in compared.measures if row.table == "articles"} == {"Verb", "speech", "all labels"}
    assert [system.name for system in compared.systems] == ["x", "y"]
