"""Class ids stay the same from build to build: a `classes.json` that shifts ids is refused, and nothing is written."""

import json
from collections.abc import Callable

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotate import class_ids, inventory
from annotate.dataset.build import build
from annotate.errors import Refused
from annotate.generate import generate_files
from tests.conftest import Project, read_files

Names = tuple[str, ...]


def generate(project: Project) -> None:
    schema = project.path("schema")
    for path, text in generate_files(inventory.load_inventory(schema), schema, None).items():
        path.write_text(text, "utf-8")


@pytest.fixture
def built(project: Project) -> Project:
    """A released project whose ids are committed, with a label that was retired, and its dataset."""
    (project.root / "releases").mkdir()
    manifest = {"format": "annotate release 1", "version": "1.0.0", "inventory": "1.0.0", "files": {}}
    project.path("releases/1.0.0.json").write_text(json.dumps(manifest))
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n")
    generate(project)
    edit(project, lambda names: (*names, "Retired"))
    assert project.annotate("build", "--out", "dist").exit_code == 0
    return project


def edit(project: Project, change: Callable[[Names], Names]) -> None:
    schema = project.path("schema")
    old = class_ids.load_class_ids(schema)
    assert old is not None
    spans = change(old.spans)
    retired = tuple(f"spans.{name}" for name in spans if name not in inventory.load_inventory(schema).spans)
    new = msgspec.structs.replace(old, spans=spans, retired=retired)
    (schema / class_ids.CLASS_IDS_FILE).write_text(class_ids.encode_class_ids(new), "utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda names: names[:-1], "'Retired', and would call it nothing", id="dropped"),
        pytest.param(lambda names: (*names[:-1], "Renamed"), "'Retired', and would call it 'Renamed'", id="renamed"),
        pytest.param(lambda names: (names[1], names[0], *names[2:]), "class 0 ", id="moved"),
        pytest.param(lambda names: ("New", *names), "and would call it 'New'", id="pushed"),
    ],
)
def test_ids_that_shift_are_refused(built: Project, change: Callable[[Names], Names], told: str) -> None:
    before = read_files(built.path("dist"))
    edit(built, change)
    result = built.annotate("build", "--out", "dist")
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("annotate: dist/data/articles/")
    assert told in line
    assert line.endswith(
        " if it belongs to no release, or fix classes.json, or choose another folder with --out; nothing was written"
    )
    assert read_files(built.path("dist")) == before
    assert built.annotate("build", "--out", "elsewhere").exit_code == 0


def test_build_from_python_keeps_class_ids(built: Project) -> None:
    before = read_files(built.path("dist"))
    edit(built, lambda names: ("New", *names))
    with pytest.raises(Refused, match="would call it 'New'; delete "):
        build(built.corpus, built.inventory, built.path("dist"))
    assert read_files(built.path("dist")) == before
    build(built.corpus, built.inventory, built.path("elsewhere"))


def test_appended_class_shifts_no_id(built: Project) -> None:
    edit(built, lambda names: (*names, "Later"))
    assert built.annotate("build", "--out", "dist").exit_code == 0


def test_a_dataset_of_an_earlier_toolkit_is_not_renumbered_in_place(built: Project) -> None:
    """Before 0.2.0, a relation had another id in `articles` than in the table `relations`."""
    for path in built.path("dist/data/articles").iterdir():
        table = pq.read_table(path)
        metadata = (table.schema.metadata or {})[b"huggingface"].replace(b'"none", ', b"")
        pq.write_table(table.replace_schema_metadata({b"huggingface": metadata}), path)
    before = read_files(built.path("dist"))
    result = built.annotate("build", "--out", "dist")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "relations[].label lacks the class 'none', which is class 0 of relations since 0.2.0; del" in result.output
    assert read_files(built.path("dist")) == before


def test_a_label_that_moves_in_the_inventory_or_leaves_it_shifts_none(built: Project) -> None:
    """`annotate generate` keeps the ids that it assigned, however labels.yaml changes."""
    generate(built)
    kept = class_ids.load_class_ids(built.path("schema"))
    assert kept is not None
    assert kept.retired == ("spans.Retired",)
    assert built.annotate("build", "--out", "dist").exit_code == 0


def test_missing_ids_are_reported_in_one_line(built: Project) -> None:
    before = read_files(built.path("dist"))
    built.path("schema/classes.json").unlink()
    result = built.annotate("build", "--out", "dist")
    assert result.exit_code == 2
    assert "classes.json: is missing, and holds the class ids; restore the committed file" in " ".join(
        result.output.split()
    )
    assert read_files(built.path("dist")) == before


@pytest.mark.parametrize("names", [b'"names": 3          ', b'"names": {"a": 1}   ', b'"names": null       '])
@pytest.mark.parametrize("name", [b"rights", b"ri\xffhts"])
def test_dataset_that_cannot_be_read_has_no_ids_to_keep(built: Project, names: bytes, name: bytes) -> None:
    """It is to be replaced, whatever a stranger wrote into it."""
    for path in built.path("dist/data").rglob("*.parquet"):
        features = {b"huggingface": b'{"info": {"features": {"label": {"_type": "ClassLabel", %s}}}}' % names}
        pq.write_table(pa.table({"label": ["a"], "rights": ["b"]}).replace_schema_metadata(features), path)
        path.write_bytes(path.read_bytes().replace(b"rights", name))
    assert built.annotate("build", "--out", "dist").exit_code == 0
