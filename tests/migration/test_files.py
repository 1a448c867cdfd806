"""Other files that name labels: decisions, the baseline, the tables and the prose of the guidelines."""

import re

import msgspec
import pytest
import yaml
from click.testing import Result

from annotate.adjudication import (
    AddedSpan,
    Adjudication,
    DroppedSpan,
    RelationDecision,
    make_gold,
    parse_reference,
    plan_adjudication,
    refer_to,
)
from annotate.agreement.decisions import encode_decisions
from annotate.model import Annotation, AttributeValue
from tests.conftest import Project
from tests.migration.test_additions import ATTRIBUTE, RELATION

HEAD = "from: 1.0.0\nto: 1.1.0\nsteps:\n"
RENAMES = """
  - {rename: label, from: Speaker, to: Person}
  - {rename: label, from: Load, to: Freight}
  - {rename: attribute, from: rank, to: trade}
  - {rename: value, attribute: trade, from: hand, to: worker}
  - {rename: relation, from: speaker, to: said_by}
"""
SPLIT = """
  - split: Words
    default: Words
    into: {Words: {}, Aside: {definition: What is said by the way., hotkey: "6", color: "#666666"}}
    exceptions: {ben/harbour/s3: Aside}
"""
BASELINE = r"""# Speaker is named in this comment.
version: 1.0.0
sentence: '\S[^.]*\.'
parts: {}
rules:
  - pattern: '(?P<who>A \w+) (?P<verb>said) (?P<what>.+)'
    anchor: verb
    spans: &all {who: Speaker, verb: Verb, what: Words}
    relations: [[speaker, verb, who], [words, verb, what]]
  - pattern: '(?P<who>The \w+) (?P<verb>told) (?P<what>.+)'
    anchor: verb
    spans: *all
attributes:
  Speaker:
    - {when: master, set: {rank: master}}
    - {set: {rank: hand}}
"""
PAGE = """# Who speaks

<!-- generated: label Speaker -->
stale
<!-- /generated -->

A Speaker says something; `rank` and `hand` are explained above. Speakers are many.
"""


@pytest.fixture
def project(project: Project) -> Project:
    """Two annotators who differ, decisions that make gold, a baseline and guidelines."""
    anna = project.corpus.read_annotation("anna", "harbour")
    spans = [span for span in anna.spans if span.id != "s5"]
    spans = [
        msgspec.structs.replace(span, attributes={"rank": "other"}) if span.label == "Speaker" else span
        for span in spans
    ]
    span_ids = {span.id for span in spans}
    relations = [relation for relation in anna.relations if {relation.head, relation.tail} <= span_ids]
    ben = msgspec.structs.replace(anna, annotator="ben", spans=tuple(spans), relations=tuple(relations))
    project.corpus.write_annotation("ben", ben)
    run(project, "adjudicate", "plan", "--from", "anna,ben")
    decide(project)
    run(project, "adjudicate", "plan", "--from", "anna,ben")
    decide(project)
    project.path("schema/baseline.yaml").write_text(BASELINE)
    (project.root / "guidelines" / "labels").mkdir(parents=True)
    project.path("guidelines/labels/speaker.md").write_text(PAGE)
    project.path("guidelines/CHANGELOG.md").write_text("Speaker was new.\n")
    run(project, "generate")
    assert run(project, "check").exit_code == 0
    return project


def run(project: Project, *words: str) -> Result:
    result = project.annotate(*words)
    assert result.exit_code == 0, result.output
    return result


def read_decisions(project: Project) -> Adjudication:
    path = project.corpus.adjudication_path("harbour")
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Adjudication)


def decide(project: Project) -> None:
    decisions = read_decisions(project)
    for difference in decisions.differences:
        difference.take, difference.reason = "anna", "The Speaker is clear."
        if difference.kind == "attributes" and difference.key.startswith("Speaker"):
            difference.set = {difference.key: {"rank": "hand"}}
    path = project.corpus.adjudication_path("harbour")
    path.write_text(
        yaml.safe_dump(msgspec.to_builtins(decisions), allow_unicode=True, sort_keys=False, width=110), "utf-8"
    )


def gold_of(project: Project) -> Annotation:
    """Return the gold that the decisions give."""
    annotations = [project.corpus.read_annotation(name, "harbour") for name in ("anna", "ben")]
    text = project.corpus.read_text("harbour")
    decisions = read_decisions(project)
    assert plan_adjudication(annotations, text, decisions) == decisions
    return make_gold(decisions, annotations, text, "anna", project.inventory.version)


def migrate(project: Project, steps: str) -> list[str]:
    """Migrate, undo, and migrate again with equal bytes each time; return the output lines."""
    project.path("steps.yaml").write_text(HEAD + steps)
    before = read_files(project)
    run(project, "migrate", "steps.yaml", "--no-server", "--plan")
    assert read_files(project) == before
    run(project, "migrate", "steps.yaml", "--no-server")
    after = read_files(project)
    run(project, "migrate", "--undo")
    assert read_files(project) == before
    lines = run(project, "migrate", "steps.yaml", "--no-server").stdout.splitlines()
    assert read_files(project) == after
    run(project, "check")
    run(project, "generate", "--check")
    return lines


def read_files(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if not name.startswith((".studio/", "steps"))}


def test_decisions_are_kept_and_make_the_same_gold(project: Project) -> None:
    old_gold, old = gold_of(project), read_decisions(project)
    migrate(project, RENAMES)
    new, new_gold = read_decisions(project), gold_of(project)
    assert [(each.take, each.reason) for each in new.differences] == [
        (each.take, each.reason) for each in old.differences
    ]
    names = {"Speaker": "Person", "Load": "Freight"}
    assert [(span.start, span.end, span.label) for span in new_gold.spans] == [
        (span.start, span.end, names.get(span.label, span.label)) for span in old_gold.spans
    ]
    assert [span.attributes for span in new_gold.spans if span.label == "Person"] == [{"trade": "worker"}] * 2
    assert {relation.label for relation in new_gold.relations} == {
        "said_by" if relation.label == "speaker" else relation.label for relation in old_gold.relations
    }
    data = project.corpus.adjudication_path("harbour").read_text("utf-8")
    assert "Load@" not in data
    assert "rank" not in data


def test_corrections_are_renamed_with_their_labels(project: Project) -> None:
    """Spans and relations that the adjudicator added or dropped, beside what annotators differ in."""
    text = project.corpus.read_text("harbour")
    anna = project.corpus.read_annotation("anna", "harbour")
    spans = {span.id: span for span in anna.spans}
    start, end = re.search(r"\w+", text).span()  # type: ignore[union-attr]
    dropped = next(span for span in anna.spans if span.label == "Load")
    relation = next(each for each in anna.relations if each.label == "speaker")
    head, tail = (f"{spans[id_].label}@{spans[id_].start}-{spans[id_].end}" for id_ in (relation.head, relation.tail))
    decisions = read_decisions(project)
    decisions.added_spans = [AddedSpan(span=f"Speaker@{start}-{end}", reason="It speaks.", attributes={"rank": "hand"})]
    decisions.dropped_spans = [DroppedSpan(span=f"Load@{dropped.start}-{dropped.end}", reason="It is no load.")]
    decisions.dropped_relations = [RelationDecision(label="speaker", head=head, tail=tail, reason="Nobody says it.")]
    project.corpus.adjudication_path("harbour").write_bytes(encode_decisions(decisions))
    run(project, "adjudicate", "plan", "--from", "anna,ben")
    decide(project)
    migrate(project, RENAMES)
    new = read_decisions(project)
    person = f"Person@{start}-{end}"
    assert new.added_spans == [AddedSpan(span=person, reason="It speaks.", attributes={"trade": "worker"})]
    assert new.dropped_spans == [DroppedSpan(span=f"Freight@{dropped.start}-{dropped.end}", reason="It is no load.")]
    assert new.dropped_relations == [
        RelationDecision(label="said_by", head=head, tail=tail.replace("Speaker", "Person"), reason="Nobody says it.")
    ]


def test_decisions_that_a_split_opens_are_listed(project: Project) -> None:
    """One annotator's words get another label, so that what was agreed on becomes a difference."""
    lines = migrate(project, SPLIT)
    undecided = [difference for difference in read_decisions(project).differences if not difference.take]
    assert {difference.key.partition("@")[0] for difference in undecided} == {"Words", "Aside"}
    assert not [line for line in lines if "to be decided again" in line and "Speaker@" in line]


def test_dropped_labels_leave_the_decisions(project: Project) -> None:
    steps = "  - {drop: relation, name: lies_at, confirm: true}\n  - {drop: label, name: Quay, confirm: true}\n"
    migrate(project, steps)
    keys = [difference.key for difference in read_decisions(project).differences]
    assert not [key for key in keys if "Quay" in key or "lies_at" in key]


def test_baseline_names_the_new_labels(project: Project) -> None:
    migrate(project, RENAMES)
    text = project.path("schema/baseline.yaml").read_text("utf-8")
    renamed = BASELINE.replace("who: Speaker", "who: Person").replace("[[speaker,", "[[said_by,")
    renamed = renamed.replace("  Speaker:", "  Person:").replace("rank: hand", "trade: worker")
    assert text == renamed.replace("rank: master", "trade: master")
    run(project, "prelabel", "--out", str(project.root / "labels"))


def test_baseline_that_a_drop_breaks_is_left_and_listed(project: Project) -> None:
    steps = """
  - {drop: record, name: loads, confirm: true}
  - {drop: relation, name: speaker, confirm: true}
  - {drop: relation, name: reported_by, confirm: true}
  - {drop: label, name: Speaker, confirm: true}
"""
    lines = plan(project, steps)
    named = [line for line in lines if line.startswith("schema/baseline.yaml:")]
    assert named[0].startswith("schema/baseline.yaml:1: stays as it is, and must be fixed by hand: ")
    assert "schema/baseline.yaml:8: still names Speaker" in named


@pytest.mark.parametrize("name", ["baseline.yaml", "maps/brat.yaml"])
def test_files_that_are_not_utf_8_are_refused(project: Project, name: str) -> None:
    path = project.path("schema") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"# \xff\nspans: {}\n")
    project.path("steps.yaml").write_text(HEAD + RENAMES)
    result = project.annotate("migrate", "steps.yaml", "--no-server", "--plan")
    assert (result.exit_code, "is not UTF-8 at byte 2" in result.stderr) == (2, True), result.output


def plan(project: Project, steps: str) -> list[str]:
    project.path("steps.yaml").write_text(HEAD + steps)
    result = project.annotate("migrate", "steps.yaml", "--no-server", "--plan")
    return result.output.splitlines()


def test_tables_are_generated_again_and_prose_is_listed(project: Project) -> None:
    lines = migrate(project, RENAMES)
    page = project.path("guidelines/labels/speaker.md").read_text("utf-8")
    assert "<!-- generated: label Person -->\n\n**Who speaks.**" in page
    assert "| `worker` | works |" in page
    prose = page[page.index("A Speaker says") :]
    assert prose == PAGE[PAGE.index("A Speaker says") :]
    at = page[: page.index("A Speaker says")].count("\n") + 1
    where = "guidelines/labels/speaker.md"
    assert f"{where}:1: the page is called after Speaker" in lines
    assert [f"{where}:{at}: still names {name}" for name in ("Speaker", "hand", "rank")] == [
        line for line in lines if line.startswith(f"{where}:{at}:")
    ]
    assert "schema/baseline.yaml:1: still names Speaker" in lines
    assert any(line.startswith("corpus/adjudication/harbour.yaml:") and "Speaker" in line for line in lines)
    assert not any("CHANGELOG" in line for line in lines)


@pytest.mark.parametrize("folder", ["corpus/annotations/anna", "corpus/adjudication", "guidelines"])
def test_no_file_behind_a_link_is_migrated(project: Project, folder: str) -> None:
    """Such labels and decisions are not of the corpus, which the checks before a migration say."""
    path, elsewhere = project.path(folder), project.root.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = {file.name: file.read_bytes() for file in elsewhere.rglob("*") if file.is_file()}
    project.path("steps.yaml").write_text(HEAD + RENAMES)
    done = project.annotate("migrate", "steps.yaml", "--no-server")
    refused = folder != "guidelines"
    assert (done.exit_code, "fix the corpus first" in done.output) == (refused, refused), done.output
    assert {file.name: file.read_bytes() for file in elsewhere.rglob("*") if file.is_file()} == before


def test_decisions_outlast_an_addition(project: Project) -> None:
    """All sides have the default, so that nothing differs that did not differ before."""
    decisions = read_decisions(project)
    reference = refer_to(next(span for span in gold_of(project).spans if span.label == "Load"))
    label, start, end = parse_reference(reference)
    added = AddedSpan(span=f"{label}@{start}-{end - 1}", reason="Missed.", attributes={"wording": "vague"})
    decisions.added_spans = [added]
    project.corpus.adjudication_path("harbour").write_bytes(encode_decisions(decisions))
    old_gold, old = gold_of(project), read_decisions(project)
    lines = migrate(project, ATTRIBUTE.replace("[Load, Quay]", "[Load, Speaker]") + RELATION)
    assert not [line for line in lines if "to be decided again" in line]
    new, new_gold = read_decisions(project), gold_of(project)
    assert [(each.take, each.reason) for each in new.differences] == [
        (each.take, each.reason) for each in old.differences
    ]
    assert new.added_spans[0].attributes == {"wording": "vague", "certainty": "asserted"}
    defaults: dict[str, dict[str, AttributeValue]] = {
        "Load": {"certainty": "asserted"},
        "Speaker": {"certainty": "asserted"},
    }
    assert [span.attributes for span in new_gold.spans] == [
        span.attributes | defaults.get(span.label, {}) for span in old_gold.spans
    ]


def test_gold_is_as_old_as_the_labels_that_it_is_made_of(project: Project) -> None:
    """Decisions on old labels are no judgement on what came later, until their annotators were asked for it."""
    run(project, "adjudicate", "apply", "--as", "anna")
    migrate(project, ATTRIBUTE)
    gold = project.corpus.annotation_path("gold", "harbour")
    before = gold.read_bytes()
    run(project, "adjudicate", "apply", "--as", "anna")
    assert gold.read_bytes() == before
    for name, version in (("anna", "1.0.0"), ("ben", "1.1.0")):
        labels = project.corpus.read_annotation(name, "harbour")
        project.corpus.write_annotation(name, msgspec.structs.replace(labels, inventory="1.1.0"))
        run(project, "adjudicate", "apply", "--as", "anna")
        assert project.corpus.read_annotation("gold", "harbour").inventory == version


@pytest.mark.parametrize(
    ("words", "hint"), [("", "run `annotate generate --fix`, which deletes it"), ("Look for the water.\n", "delete it")]
)
def test_page_of_a_dropped_label_is_listed(project: Project, words: str, hint: str) -> None:
    """Regression: the page stayed with only a heading, and nothing said so."""
    labels = project.path("schema/labels.yaml")
    text = labels.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("  Quay: "))
    labels.write_text(text.replace(line, line.replace("cargo.md", "labels/quay.md")), "utf-8")
    project.path("guidelines/labels").mkdir(parents=True, exist_ok=True)
    page = f"# Quay\n\n<!-- generated: label Quay -->\n<!-- /generated -->\n\n{words}"
    project.path("guidelines/labels/quay.md").write_text(page, "utf-8")
    steps = "  - {drop: relation, name: lies_at, confirm: true}\n  - {drop: label, name: Quay, confirm: true}\n"
    notes = plan(project, steps)
    assert [
        note.partition("; ")[2] for note in notes if "labels/quay.md:1: is the page of no label any more" in note
    ] == [hint]
