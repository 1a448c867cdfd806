"""Class ids: a name keeps its id whatever the inventory drops, gains or moves, and nothing shifts unsaid."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate import inventory
from annotate import inventory as classes
from annotate.dataset.tables import table_features
from annotate.errors import CannotRun
from annotate.generate import generated_files
from annotate.inventory import ClassIds
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
def test_an_id_once_given_stays(versions: list[ClassIds]) -> None:
    kept: ClassIds | None = None
    given_before: dict[str, tuple[str, ...]] = {}
    for now in versions:
        kept = classes.extend_class_ids(kept, now)
        found = dict(kept.lists())
        assert all(found[place][: len(names)] == names for place, names in given_before.items())
        assert all(set(names) <= set(found[place]) for place, names in now.lists())
        present = dict(now.lists())
        gone = {f"{place}.{name}" for place, names in found.items() for name in names} - {
            f"{place}.{name}" for place, names in present.items() for name in names
        }
        assert set(kept.retired) == gone
        given_before = found


def generate(project: Project) -> None:
    schema = project.path("schema")
    for path, text in generated_files(inventory.load_inventory(schema), schema, None).items():
        path.write_text(text, "utf-8")


def test_a_class_that_is_dropped_shifts_no_other(project: Project) -> None:
    """A label that the inventory no longer has stands first; the others keep their numbers, and it keeps its name."""
    generate(project)
    before = table_features(inventory.load_inventory(project.path("schema")))["articles"]["spans"]["feature"]
    assert before["label"]["names"] == list(project.inventory.spans)
    path = project.path("schema/classes.json")
    old = classes.load_class_ids(project.path("schema"))
    assert old is not None
    path.write_text(classes.encode_class_ids(msgspec.structs.replace(old, spans=("Gone", *old.spans))), "utf-8")
    generate(project)
    after = table_features(inventory.load_inventory(project.path("schema")))["articles"]["spans"]["feature"]
    assert after["label"]["names"] == ["Gone", *project.inventory.spans]
    kept = classes.load_class_ids(project.path("schema"))
    assert kept is not None
    assert kept.retired == ("spans.Gone",)


def test_a_name_without_an_id_is_refused_in_one_line(project: Project) -> None:
    generate(project)
    path = project.path("schema/classes.json")
    last = list(project.inventory.relations)[-1]
    path.write_text(path.read_text("utf-8").replace(f'"{last}"', '"another"'), "utf-8")
    result = project.annotate("build", "--out", "out")
    assert result.exit_code == 2
    assert f"gives relations.{last} no class id; run `annotate generate`" in " ".join(result.output.split())
    assert not project.path("out").exists()


def test_check_finds_ids_that_are_gone_wherever_the_schema_lies(project: Project) -> None:
    generate(project)
    project.path("schema/classes.json").unlink()
    project.path("schema").rename(project.path("labels"))
    lost = project.annotate("check", "--schema", "labels")
    assert (lost.exit_code, lost.output.splitlines()[0][:44]) == (1, "labels/classes.json: C501 is missing, and sa")
    from_the_root = project.annotate("check", "--schema", str(project.path("labels")))
    assert from_the_root.output.startswith(f"{project.path('labels')}/classes.json: C501 ")
    project.path("labels/annotation.schema.json").unlink()
    assert project.annotate("check", "--schema", "labels").exit_code == 0


@pytest.mark.parametrize("text", ["{", "{}", '{"spans": ["a", "a"], "layers": {}, "relations": [], "attributes": {}}'])
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / classes.CLASS_IDS_FILE).write_text(text)
    with pytest.raises(CannotRun, match=r"classes\.json"):
        classes.load_class_ids(tmp_path)
