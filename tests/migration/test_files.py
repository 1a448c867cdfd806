"""What else names labels in a repository: decisions, the baseline, the tables and the prose of the guidelines."""

import msgspec
import pytest
import yaml
from click.testing import Result

from annotate.agreement.adjudication import Adjudication, make_gold, plan_adjudication
from annotate.model import Annotation
from tests.conftest import Project

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
BASELINE = r"""# Speaker stands here in a comment.
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
    spans = [one for one in anna.spans if one.id != "s5"]
    spans = [
        msgspec.structs.replace(one, attributes={"rank": "other"}) if one.label == "Speaker" else one for one in spans
    ]
    left = {one.id for one in spans}
    relations = [one for one in anna.relations if {one.head, one.tail} <= left]
    ben = msgspec.structs.replace(anna, annotator="ben", spans=tuple(spans), relations=tuple(relations))
    project.corpus.write_annotation("ben", ben)
    done(project, "adjudicate", "plan", "--from", "anna,ben")
    decide(project)
    done(project, "adjudicate", "plan", "--from", "anna,ben")
    decide(project)
    project.path("schema/baseline.yaml").write_text(BASELINE)
    (project.root / "guidelines" / "labels").mkdir(parents=True)
    project.path("guidelines/labels/speaker.md").write_text(PAGE)
    project.path("guidelines/CHANGELOG.md").write_text("Speaker was new.\n")
    done(project, "generate")
    assert done(project, "check").exit_code == 0
    return project


def done(project: Project, *words: str) -> Result:
    result = project.annotate(*words)
    assert result.exit_code == 0, result.output
    return result


def decisions(project: Project) -> Adjudication:
    path = project.corpus.adjudication_path("harbour")
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Adjudication)


def decide(project: Project) -> None:
    found = decisions(project)
    for one in found.differences:
        one.take, one.reason = "anna", "The Speaker is clear."
        if one.kind == "attributes" and one.key.startswith("Speaker"):
            one.set = {one.key: {"rank": "hand"}}
    path = project.corpus.adjudication_path("harbour")
    path.write_text(yaml.safe_dump(msgspec.to_builtins(found), allow_unicode=True, sort_keys=False, width=110), "utf-8")


def gold_of(project: Project) -> Annotation:
    """What the decisions make."""
    annotations = [project.corpus.read_annotation(name, "harbour") for name in ("anna", "ben")]
    text = project.corpus.read_text("harbour")
    found = decisions(project)
    assert plan_adjudication(annotations, text, found) == found
    return make_gold(found, annotations, text, "anna", project.inventory.version)


def migrate(project: Project, steps: str) -> list[str]:
    """Migrate, undo, and migrate again: equal bytes each time; the lines that were said."""
    project.path("steps.yaml").write_text(HEAD + steps)
    before = kept(project)
    done(project, "studio", "migrate", "steps.yaml", "--no-server", "--plan")
    assert kept(project) == before
    done(project, "studio", "migrate", "steps.yaml", "--no-server")
    after = kept(project)
    done(project, "studio", "migrate", "--undo")
    assert kept(project) == before
    lines = done(project, "studio", "migrate", "steps.yaml", "--no-server").stdout.splitlines()
    assert kept(project) == after
    done(project, "check")
    done(project, "generate", "--check")
    return lines


def kept(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if not name.startswith((".studio/", "steps"))}


def test_decisions_are_kept_and_make_the_same_gold(project: Project) -> None:
    before, old = gold_of(project), decisions(project)
    migrate(project, RENAMES)
    new, now = decisions(project), gold_of(project)
    assert [(one.take, one.reason) for one in new.differences] == [(one.take, one.reason) for one in old.differences]
    names = {"Speaker": "Person", "Load": "Freight"}
    assert [(one.start, one.end, one.label) for one in now.spans] == [
        (one.start, one.end, names.get(one.label, one.label)) for one in before.spans
    ]
    assert [one.attributes for one in now.spans if one.label == "Person"] == [{"trade": "worker"}] * 2
    assert {one.label for one in now.relations} == {
        "said_by" if one.label == "speaker" else one.label for one in before.relations
    }
    data = project.corpus.adjudication_path("harbour").read_text("utf-8")
    assert "Load@" not in data
    assert "rank" not in data


def test_decisions_that_a_split_opens_are_listed(project: Project) -> None:
    """One annotator's words become another label, so what was agreed on is a difference now."""
    lines = migrate(project, SPLIT)
    found = decisions(project)
    opened = [one for one in found.differences if not one.take]
    assert {one.key.partition("@")[0] for one in opened} == {"Words", "Aside"}
    assert not [line for line in lines if "to be decided again" in line and "Speaker@" in line]


def test_dropped_labels_leave_the_decisions(project: Project) -> None:
    steps = "  - {drop: relation, name: lies_at, confirm: true}\n  - {drop: label, name: Quay, confirm: true}\n"
    migrate(project, steps)
    assert not [one.key for one in decisions(project).differences if "Quay" in one.key or "lies_at" in one.key]


def test_baseline(project: Project) -> None:
    migrate(project, RENAMES)
    text = project.path("schema/baseline.yaml").read_text("utf-8")
    renamed = BASELINE.replace("who: Speaker", "who: Person").replace("[[speaker,", "[[said_by,")
    renamed = renamed.replace("  Speaker:", "  Person:").replace("rank: hand", "trade: worker")
    assert text == renamed.replace("rank: master", "trade: master")
    done(project, "prelabel", "--out", str(project.root / "labels"))


def test_a_baseline_that_a_drop_breaks_is_left_and_named(project: Project) -> None:
    steps = """
  - {drop: record, name: loads, confirm: true}
  - {drop: relation, name: speaker, confirm: true}
  - {drop: relation, name: reported_by, confirm: true}
  - {drop: label, name: Speaker, confirm: true}
"""
    lines = migrate_plan(project, steps)
    named = [line for line in lines if line.startswith("schema/baseline.yaml:")]
    assert named[0].startswith("schema/baseline.yaml:1: stays as it is, and must be fixed by hand: ")
    assert "schema/baseline.yaml:8: still names Speaker" in named


def migrate_plan(project: Project, steps: str) -> list[str]:
    project.path("steps.yaml").write_text(HEAD + steps)
    result = project.annotate("studio", "migrate", "steps.yaml", "--no-server", "--plan")
    return result.output.splitlines()


def test_tables_are_made_anew_and_prose_is_listed(project: Project) -> None:
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
