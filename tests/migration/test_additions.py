"""What a migration adds: labels, attributes, values and relations, in labels that nobody looked at for them."""

import msgspec
import pytest
import yaml
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from annotate.migration.annotations import migrate_items
from annotate.migration.steps import load_migration
from annotate.migration.yaml_edits import YamlDocument, apply_edits
from annotate.migration.yaml_files import migrate_inventory
from annotate.model import AttributeValue
from tests.conftest import Project

HEAD = "from: 1.0.0\nto: 1.1.0\nsteps:\n"
LABEL = """
  - add: label
    name: Crew
    after: Speaker
    entry: {layer: speech, definition: "Who works there, by name.", hotkey: "6", color: "#666666", guideline: crew.md}
"""
ATTRIBUTE = """
  - add: attribute
    name: certainty
    entry:
      labels: [Load, Quay]
      type: choice
      required: true
      definition: Whether it is said to be so.
      values: {asserted: "it is, or was", denied: it is not}
    default: asserted
"""
NUMBER = """
  - {add: attribute, name: berth, entry: {labels: [Quay], type: integer, required: true, definition: No.}, default: 0}
"""
WORDS = """
  - {add: attribute, name: mood, entry: {labels: [Words], type: text, required: true, definition: How.}, default: plain}
"""
DECIMAL = """
  - add: attribute
    name: depth
    entry: {{labels: [Quay], type: number, required: true, definition: In metres.}}
    default: {}
"""
OPTIONAL = "  - {add: attribute, name: mood, entry: {labels: [Words], type: text, required: false, definition: How.}}"
VALUE = "  - {add: value, attribute: wording, name: about, definition: one number or so, reading: both, after: exact}"
RELATION = """
  - add: relation
    name: refers_to
    after: lies_at
    entry: {shown_as: the same as, definition: To the same Load., guideline: cargo.md, head: [Load], tail: [Load]}
"""


def run(project: Project, steps: str, *words: str) -> Result:
    path = project.path("steps.yaml")
    path.write_text(HEAD + steps)
    return project.annotate("migrate", str(path), "--no-server", *words)


def corpus_files(project: Project) -> dict[str, bytes]:
    return {name: data for name, data in project.snapshot().items() if name.startswith(("corpus/", "schema/"))}


def migrate_undo_migrate(project: Project, steps: str) -> Result:
    """Migrate: the corpus has no errors, an undo restores every byte, and migrating again gives the same bytes."""
    before = corpus_files(project)
    result = run(project, steps)
    assert result.exit_code == 0, result.output
    checked = project.annotate("check")
    assert checked.exit_code == 0, checked.output
    after = corpus_files(project)
    undone = project.annotate("migrate", "--undo")
    assert undone.exit_code == 0, undone.output
    assert corpus_files(project) == before
    assert run(project, steps).exit_code == 0
    assert corpus_files(project) == after
    return result


def attributes_of(project: Project, label: str, annotation_set: str = "gold") -> list[dict[str, AttributeValue]]:
    annotation = project.corpus.read_annotation(annotation_set, "harbour")
    return [span.attributes for span in annotation.spans if span.label == label]


def test_everything_at_once(project: Project) -> None:
    """The versions of annotations stay: nobody looked at their labels for what is new."""
    project.annotate("generate")
    old_ids = msgspec.json.decode(project.path("schema/classes.json").read_bytes())
    migrate_undo_migrate(project, LABEL + ATTRIBUTE + VALUE + RELATION)
    loaded = project.inventory
    assert loaded.version == "1.1.0"
    assert list(loaded.spans) == ["Speaker", "Crew", "Verb", "Words", "Load", "Quay"]
    assert loaded.spans["Crew"].definition == "Who works there, by name."
    assert loaded.spans["Crew"].since == loaded.attributes["certainty"].since == "1.1.0"
    assert list(loaded.relations) == ["speaker", "words", "lies_at", "refers_to", "reported_by", "continues"]
    assert (loaded.relations["refers_to"].display_name, loaded.relations["refers_to"].since) == ("the same as", "1.1.0")
    assert list(loaded.attributes["wording"].values)[:2] == ["exact", "about"]
    assert loaded.intervals[0].readings["about"] == "both"
    assert {attributes["certainty"] for attributes in attributes_of(project, "Load")} == {"asserted"}
    assert "certainty" not in attributes_of(project, "Speaker")[0]
    annotations = [
        project.corpus.read_annotation(name, article_id)
        for name in project.corpus.annotation_sets()
        for article_id in project.corpus.annotated_ids(name)
    ]
    assert {annotation.inventory for annotation in annotations} == {"1.0.0"}
    new_ids = msgspec.json.decode(project.path("schema/classes.json").read_bytes())
    assert new_ids["spans"] == [*old_ids["spans"], "Crew"]
    assert new_ids["relations"] == [*old_ids["relations"], "refers_to"]


@pytest.mark.parametrize(
    ("steps", "label", "attributes"),
    [
        (NUMBER, "Quay", {"berth": 0}),
        (DECIMAL.format("-2.5"), "Quay", {"depth": -2.5}),
        (DECIMAL.format("3.0"), "Quay", {"depth": 3}),
        (DECIMAL.format("1.0e+20"), "Quay", {"depth": 1e20}),
        (WORDS, "Words", {"mood": "plain"}),
        (OPTIONAL, "Words", {}),
    ],
)
def test_attributes_of_other_types(
    project: Project, steps: str, label: str, attributes: dict[str, AttributeValue]
) -> None:
    before = attributes_of(project, label)
    migrate_undo_migrate(project, steps)
    assert attributes_of(project, label) == [each | attributes for each in before]


def test_labels_yaml_keeps_its_lines_and_comments(project: Project) -> None:
    project.replace(
        "schema/labels.yaml",
        "    definition: What else there is to say.",
        "    definition: >-\n      What else\n      there is.",
    )
    project.replace("schema/labels.yaml", "  remark:", "  # kept\n  remark: # kept, too")
    before = project.path("schema/labels.yaml").read_text().splitlines()
    assert run(project, ATTRIBUTE + VALUE + LABEL).exit_code == 0
    after = project.path("schema/labels.yaml").read_text().splitlines()
    assert [line for line in before if line not in after and "exact" not in line] == ["version: 1.0.0"]
    start = after.index("  certainty:")
    assert after[start - 1 : start + 10] == [
        "      there is.",
        "  certainty:",
        "    labels: [Load, Quay]",
        "    type: choice",
        "    required: true",
        "    definition: Whether it is said to be so.",
        "    values:",
        "      asserted: it is, or was",
        "      denied: it is not",
        "    since: 1.1.0",
        "",
    ]
    assert "exact: one number, about: one number or so, at least:" in "\n".join(after)


def test_first_entry_of_an_empty_section() -> None:
    document = YamlDocument("relations: {} # none yet\nrecords: {}\n")
    edit = document.insert_entry(document.get("relations"), None, "of", {"head": ["Load"], "least": 1, "joins": True})
    assert apply_edits(document.text, [edit]).startswith(
        "relations: {of: {head: [Load], least: 1, joins: true}} # none"
    )


def test_later_steps_see_what_earlier_ones_added(project: Project) -> None:
    rename = "  - {rename: value, attribute: certainty, from: asserted, to: stated}\n"
    rename += "  - {rename: label, from: Quay, to: Pier}\n"
    migrate_undo_migrate(project, ATTRIBUTE + rename)
    assert attributes_of(project, "Pier")[0]["certainty"] == "stated"


def test_missing_page_of_a_label_is_listed(project: Project) -> None:
    project.path("guidelines").mkdir()
    planned = run(project, LABEL, "--plan").stdout
    assert "guidelines/crew.md:1: is missing; write the page that the inventory names" in planned
    assert "cargo.md" not in planned


def test_reminder_of_what_nobody_judged(project: Project) -> None:
    shown = run(project, ATTRIBUTE).stdout
    assert "add attribute certainty, asserted where it is missing: " in shown
    assert "`certainty` is `asserted` in labels that nobody looked at for it; say so in corpus/CHANGELOG.md" in shown


def test_versions_of_annotations_after_further_migrations(project: Project) -> None:
    """A renaming does not turn a default into a judgement either."""
    assert run(project, ATTRIBUTE).exit_code == 0
    anna = project.corpus.read_annotation("anna", "harbour")
    project.corpus.write_annotation("anna", msgspec.structs.replace(anna, inventory="1.1.0"))
    path = project.path("next.yaml")
    path.write_text("from: 1.1.0\nto: 1.2.0\nsteps:\n  - {rename: attribute, from: certainty, to: factuality}\n")
    done = project.annotate("migrate", str(path), "--no-server")
    assert done.exit_code == 0, done.output
    versions = [project.corpus.read_annotation(name, "harbour").inventory for name in ("gold", "anna")]
    assert versions == ["1.0.0", "1.2.0"]
    assert project.inventory.attributes["factuality"].since == "1.1.0"


@pytest.mark.parametrize(
    ("steps", "exit_code", "words"),
    [
        (LABEL.replace("Crew", "Load"), 2, "add label Load: there is a label of this name already"),
        (LABEL.replace("after: Speaker", "after: Nobody"), 2, "no label is called 'Nobody'; there are: Speaker"),
        (LABEL.replace("layer: speech, ", ""), 2, "after add label Crew: spans.Crew: 'layer' is missing"),
        (LABEL.replace('"6"', '"5"'), 2, "'5' belongs to two labels"),
        (ATTRIBUTE.replace("    default: asserted\n", ""), 2, "steps[0]: 'certainty' is required, and has no default"),
        (ATTRIBUTE.replace("default: asserted", "default: said"), 2, "'said' is no value of 'certainty'; use one of"),
        (ATTRIBUTE.replace("[Load, Quay]", "[Load, Pier]"), 2, "no span label is called 'Pier'"),
        (ATTRIBUTE.replace("      labels: [Load, Quay]\n", ""), 2, "entry.labels is missing"),
        (
            ATTRIBUTE.replace("type: choice", "type: choice\n      since: 1.1.0"),
            2,
            "written by the migration; leave it",
        ),
        (NUMBER.replace("default: 0", "default: none"), 2, "'none' is no whole number from 0 on"),
        (NUMBER.replace("default: 0", "default: -1"), 2, "-1 is no whole number from 0 on"),
        (
            NUMBER.replace("type: integer", "type: integer, minimum: 1, maximum: 5"),
            2,
            "the default 0 is below the minimum, 1; correct one of them",
        ),
        (NUMBER.replace("default: 0", "default: 2.5"), 2, "2.5 is no whole number from 0 on"),
        (DECIMAL.format("deep"), 2, "the default 'deep' is not a finite number; write a number without quotes"),
        (DECIMAL.format(".nan"), 2, ".nan is not a finite number; fix the YAML"),
        (WORDS.replace("default: plain", "default: 4"), 2, "the default 4 is not text; write it in quotes"),
        (
            VALUE.replace(", reading: both", ""),
            2,
            "is the wording of an interval (line 55); give the step a reading: both, lower,",
        ),
        (VALUE.replace("wording, name", "rank, name").replace("exact", "hand"), 2, "is the wording of no interval"),
        (VALUE.replace("wording, name", "least, name"), 2, "no choice attribute is called 'least'"),
        (VALUE.replace("name: about", "name: exact"), 2, "there is a value of this name already"),
        (RELATION.replace("tail: [Load]", "tail: [Pier]"), 2, "relations.refers_to.tail: no span label is called"),
        (RELATION.replace("tail: [Load]", "tail: [Load], per_head: {least: 1}"), 1, "the migration causes them"),
        ("  - {add: record, name: x, entry: {a: b}}", 2, "steps[0].add: 'record' is unknown; use one of: label"),
        ("  - {add: value, attribute: rank, name: cook}", 2, "'definition' is missing"),
    ],
)
def test_wrong_addition_is_refused_in_one_line(project: Project, steps: str, exit_code: int, words: str) -> None:
    before = corpus_files(project)
    result = run(project, steps)
    assert (result.exit_code, words in result.stderr) == (exit_code, True), result.output
    assert result.stderr.count("\n") == 1
    assert corpus_files(project) == before


def test_addition_needs_a_later_version(project: Project) -> None:
    path = project.path("steps.yaml")
    path.write_text(f"from: 1.0.0\nto: 0.9.0\nsteps:\n{ATTRIBUTE}")
    result = project.annotate("migrate", str(path), "--no-server")
    assert (result.exit_code, "which is not later than 1.0.0" in result.stderr) == (2, True), result.output


def test_baseline_sets_the_default(project: Project) -> None:
    rule = "{pattern: '(?P<load>crates)', anchor: load, spans: {load: Load}}"
    baseline = f"version: 1.0.0\nsentence: '[^.]+'\nparts: {{}}\nrules:\n  - {rule}\n"
    section = "attributes:\n  Load:\n    - {set: {wording: vague}} # kept\n"
    for text in (baseline, baseline + section, f"{baseline}attributes: {{}}\n"):
        project.path("schema/baseline.yaml").write_text(text)
        assert run(project, ATTRIBUTE).exit_code == 0
        settings = yaml.safe_load(project.path("schema/baseline.yaml").read_text())["attributes"]
        assert {"set": {"certainty": "asserted"}} in settings["Load"]
        assert list(settings) == ["Load"]
        assert project.annotate("migrate", "--undo").exit_code == 0


def test_result_items_get_the_default(project: Project) -> None:
    """Each region gets one item, after its own; what is no item, or names the attribute already, stays as it is."""
    path = project.path("steps.yaml")
    path.write_text(HEAD + ATTRIBUTE)
    migration = load_migration(path)
    _, inventories = migrate_inventory(project.schema, project.path("schema/labels.yaml").read_text(), migration)
    words = {"start": 0, "end": 4, "text": "four"}
    common = {"to_name": "text", "meta": {"text": ["?"]}}
    region = {"id": "a", "from_name": "cargo", "type": "labels", "value": {**words, "labels": ["Load"]}, **common}
    count = {"id": "a", "from_name": "Load.least", "type": "number", "value": {**words, "number": 4}, **common}
    added = {"id": "a", "from_name": "Load.certainty", "type": "choices", "value": {**words, "choices": ["asserted"]}}
    verb = region | {"id": "b", "from_name": "speech", "value": {**words, "labels": ["Verb"]}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "labels": ["lies_at"]}
    odd = [None, 3, {}, {"id": ["a"], "from_name": [], "type": "labels", "value": {"labels": [["Load"]]}}]
    result = [region, verb, relation, count, *odd]
    migrated = migrate_items(migration.steps, inventories, result, "anna", "harbour")
    assert migrated == [region, verb, relation, count, added | common, *odd]
    assert migrate_items(migration.steps, inventories, migrated, "anna", "harbour") == migrated


PROSE = st.from_regex(r"""[A-Za-z0-9_ ,.;:#()"'/-]*""", fullmatch=True)
WORDS_OF_YAML = (
    PROSE
    | st.sampled_from(["yes", "Null", "a: b", "a #b", "1e3", "---", "n"])
    | st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff"))
)
ENTRIES = st.recursive(
    st.booleans() | st.integers(0, 99) | WORDS_OF_YAML | st.lists(WORDS_OF_YAML.filter(bool), max_size=3),
    lambda inner: st.dictionaries(WORDS_OF_YAML, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n  b: 1 # kept\n  c:\n    d: >-\n      folded\n      text\n# kept\ne: f\n",
        "a: {b: 1, c: {d: folded text}} # kept\ne: f\n",
        "a:\n  b: 1\n  c: {d: folded text}\n\ne: f",
    ],
)
@given(entry=ENTRIES, after=st.sampled_from([None, "b", "c"]))
def test_any_entry_is_read_back_as_it_was(text: str, entry: object, after: str | None) -> None:
    document = YamlDocument(text)
    new = apply_edits(text, [document.insert_entry(document.get("a"), after, "new", entry)])
    expected = {"b": 1, "c": {"d": "folded text"}, "new": entry}
    read = yaml.safe_load(new)
    assert read == {"a": expected, "e": "f"}
    assert list(read["a"]).index("new") == (1 if after == "b" else 2)
    assert [line for line in text.split("\n") if line not in new.split("\n")][1:] == []


def test_a_file_that_came_after_the_migration(project: Project) -> None:
    """The same migration brings it to the inventory. A chosen value stays, and `--undo` restores the file."""
    article_id = project.corpus.annotated_ids("gold")[0]
    path = project.corpus.annotation_path("gold", article_id)
    late = path.read_bytes()
    assert run(project, ATTRIBUTE).exit_code == 0
    migrated = corpus_files(project)
    again = run(project, ATTRIBUTE)
    assert again.exit_code == 2
    assert "the inventory is 1.1.0 already, and no annotation is to be migrated to it" in again.output
    chosen = late.replace(b'"wording": "exact"', b'"certainty": "denied", "wording": "exact"', 1)
    assert chosen != late
    path.write_bytes(chosen)
    assert "run `annotate migrate`" in project.annotate("check").output
    planned = run(project, ATTRIBUTE, "--plan")
    assert planned.output.splitlines()[-1].startswith("to change: 1 files, 0 projects")
    assert path.read_bytes() == chosen
    assert run(project, ATTRIBUTE).exit_code == 0
    annotation = project.corpus.read_annotation("gold", article_id)
    values = [span.attributes["certainty"] for span in annotation.spans if span.label in ("Load", "Quay")]
    assert sorted(map(str, values)) == ["asserted"] * (len(values) - 1) + ["denied"]
    assert {name: data for name, data in corpus_files(project).items() if not name.endswith(path.name)} == {
        name: data for name, data in migrated.items() if not name.endswith(path.name)
    }
    assert project.annotate("check").exit_code == 0
    undone = project.annotate("migrate", "--undo", "--no-server")
    assert (undone.exit_code, undone.output) == (0, "undone: 1 files are restored\n")
    assert path.read_bytes() == chosen
    nothing = project.annotate("migrate", "--undo")
    assert (nothing.exit_code, "there is no migration to undo" in nothing.output) == (2, True)
