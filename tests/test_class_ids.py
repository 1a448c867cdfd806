"""A name keeps its class id, whatever the inventory drops, adds or moves."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import class_ids, inventory
from annotate.class_ids import ClassIds
from annotate.dataset.tables import table_features
from annotate.errors import CannotRun
from annotate.generate import generate_files
from tests.conftest import Project

NAMES = st.lists(st.sampled_from("abcdefg"), unique=True).map(tuple)
CLASSES = st.builds(
    ClassIds,
    spans=NAMES,
    layers=st.dictionaries(st.sampled_from("xy"), NAMES),
    relations=NAMES,
    attributes=st.dictionaries(st.sampled_from("xy"), NAMES),
)


@given(st.lists(CLASSES, min_size=2, max_size=5))
def test_ids_never_change(inventories: list[ClassIds]) -> None:
    kept: ClassIds | None = None
    given_before: dict[str, tuple[str, ...]] = {}
    for new in inventories:
        kept = class_ids.extend_class_ids(kept, new)
        lists = dict(kept.lists())
        assert all(lists[location][: len(names)] == names for location, names in given_before.items())
        assert all(set(names) <= set(lists[location]) for location, names in new.lists())
        present = dict(new.lists())
        gone = {f"{location}.{name}" for location, names in lists.items() for name in names} - {
            f"{location}.{name}" for location, names in present.items() for name in names
        }
        assert set(kept.retired) == gone
        given_before = lists


def generate(project: Project) -> None:
    schema = project.path("schema")
    for path, text in generate_files(inventory.load_inventory(schema), schema, None).items():
        path.write_text(text, "utf-8")


def release(project: Project) -> None:
    project.path("releases").mkdir()
    project.path("releases/0.1.0.json").write_text("{}\n")


def test_dropped_class_keeps_its_id(project: Project) -> None:
    """A retired label with the first id does not shift the ids of the others, once there is a release."""
    generate(project)
    release(project)
    before = table_features(inventory.load_inventory(project.path("schema")))["articles"]["spans"]["feature"]
    assert before["label"]["names"] == list(project.inventory.spans)
    path = project.path("schema/classes.json")
    old = class_ids.load_class_ids(project.path("schema"))
    assert old is not None
    path.write_text(class_ids.encode_class_ids(msgspec.structs.replace(old, spans=("Gone", *old.spans))), "utf-8")
    generate(project)
    after = table_features(inventory.load_inventory(project.path("schema")))["articles"]["spans"]["feature"]
    assert after["label"]["names"] == ["Gone", *project.inventory.spans]
    kept = class_ids.load_class_ids(project.path("schema"))
    assert kept is not None
    assert kept.retired == ("spans.Gone",)


def test_names_of_a_template_leave_before_the_first_release(project: Project) -> None:
    generate(project)
    path = project.path("schema/classes.json")
    old = class_ids.load_class_ids(project.path("schema"))
    assert old is not None
    first, *rest = old.spans
    gone = msgspec.structs.replace(
        old,
        spans=(rest[0], "Gone", *rest[1:]),
        layers={"gone": ("Gone",), **old.layers},
        relations=("gone_to", *old.relations),
        attributes={"gone": ("a",), **old.attributes},
    )
    path.write_text(class_ids.encode_class_ids(gone), "utf-8")
    generate(project)
    kept = class_ids.load_class_ids(project.path("schema"))
    assert kept == msgspec.structs.replace(old, spans=(*rest, first)), "names that stay keep their order"
    path.write_text(class_ids.encode_class_ids(gone), "utf-8")
    release(project)
    generate(project)
    kept = class_ids.load_class_ids(project.path("schema"))
    assert kept is not None
    assert kept.retired == ("spans.Gone", "layers.gone.Gone", "relations.gone_to", "attributes.gone.a")


def read_names(project: Project, table: str) -> list[str]:
    features = table_features(inventory.load_inventory(project.path("schema")))[table]
    feature = features["label"] if table == "relations" else features["relations"]["feature"]["label"]
    names: list[str] = feature["names"]
    return names


def drop_none(project: Project) -> None:
    """Make the file as toolkits before 0.2.0 wrote it."""
    old = class_ids.load_class_ids(project.path("schema"))
    assert old is not None
    text = class_ids.encode_class_ids(msgspec.structs.replace(old, relations=old.relations[1:]))
    project.path("schema/classes.json").write_text(text, "utf-8")


@pytest.mark.parametrize("state", ["never generated", "generated", "of an earlier toolkit"])
def test_a_relation_has_the_same_class_id_in_every_table(project: Project, state: str) -> None:
    if state != "never generated":
        generate(project)
        release(project)
    if state == "of an earlier toolkit":
        drop_none(project)
    wanted = [class_ids.NONE, *project.inventory.relations]
    assert [read_names(project, table) for table in ("articles", "annotations", "relations")] == [wanted] * 3
    if state == "of an earlier toolkit":
        stale = project.annotate("check")
        assert (stale.exit_code, "classes.json: C503 " in stale.output) == (1, True), stale.output
        generate(project)
        kept = class_ids.load_class_ids(project.path("schema"))
        assert kept is not None
        assert (list(kept.relations), kept.retired) == (wanted, ())


def test_no_relation_is_called_like_the_class_of_unrelated_pairs(project: Project) -> None:
    project.replace("schema/labels.yaml", "  lies_at:", "  none:")
    result = project.annotate("check")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "relations.none: is the name of the class of spans that no relation joins; choose an" in result.output


@pytest.mark.parametrize(("folder", "released"), [("schema", True), ("conf/schema", True), ("deep/schema", False)])
def test_a_release_is_a_manifest_next_to_the_corpus(tmp_path: Path, folder: str, released: bool) -> None:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases/notes.json").write_text("{}")
    schema = tmp_path / folder
    schema.mkdir(parents=True)
    (tmp_path / "deep/corpus").mkdir(parents=True)
    assert not class_ids.is_released(schema)
    (tmp_path / "releases/0.1.0.json").write_text("{}")
    assert class_ids.is_released(schema) is released


def test_name_without_an_id_is_reported_in_one_line(project: Project) -> None:
    generate(project)
    path = project.path("schema/classes.json")
    last = list(project.inventory.relations)[-1]
    path.write_text(path.read_text("utf-8").replace(f'"{last}"', '"another"'), "utf-8")
    result = project.annotate("build", "--out", "out")
    assert result.exit_code == 2
    assert f"has no class id for relations.{last}; run `annotate generate`" in " ".join(result.output.split())
    assert not project.path("out").exists()


def test_check_reports_a_lost_file_in_any_schema_folder(project: Project) -> None:
    generate(project)
    project.path("schema/classes.json").unlink()
    project.path("schema").rename(project.path("labels"))
    lost = project.annotate("check", "--schema", "labels")
    assert (lost.exit_code, lost.output.splitlines()[0][:46]) == (1, "labels/classes.json: C501 is missing, and hold")
    from_the_root = project.annotate("check", "--schema", str(project.path("labels")))
    assert from_the_root.output.startswith(f"{project.path('labels')}/classes.json: C501 ")
    project.path("labels/annotation.schema.json").unlink()
    assert project.annotate("check", "--schema", "labels").exit_code == 0


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"spans": ["a\udcff"]}',
        "[" * 100_000,
        '{"spans": ["a", "a"], "layers": {}, "relations": [], "attributes": {}}',
    ],
)
def test_malformed_file_is_rejected(tmp_path: Path, text: str) -> None:
    (tmp_path / class_ids.CLASS_IDS_FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CannotRun, match=r"classes\.json"):
        class_ids.load_class_ids(tmp_path)
