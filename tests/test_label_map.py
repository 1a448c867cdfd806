"""Maps: faults are named with their location, and the documented one is valid."""

import re
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.inventory import Inventory, load_inventory
from annotate.label_map import load_map
from tests.conftest import ROOT, Project


def test_documented_map_fits_the_inventory(labels: Inventory, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "interchange.md").read_text()
    (block,) = re.findall(r"^```yaml\n(spans: .*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "map.yaml").write_text(block)
    assert set(load_map(tmp_path / "map.yaml", labels).events) == {"Say"}


def test_all_names_that_the_inventory_lacks_are_named_at_once(project: Project) -> None:
    map_ = project.path("map.yaml")
    map_.write_text(
        "spans: {A: {label: Cart}, B: {label: Load}, C: {label: Crane, attributes: {rank: master}}}\n"
        "relations: {D: {relation: near}}\n"
        "attributes: {E: {attribute: rank, values: {x: king}, flag: queen}}\n"
        "layers: {F: harbour}\n"
    )
    with pytest.raises(CannotRun) as refused:
        load_map(map_, project.inventory)
    assert refused.value.problem == (
        "spans.A.label: unknown span label 'Cart', spans.C.label: unknown span label 'Crane', "
        "spans.C.attributes: unknown attribute of Crane 'rank', relations.D.relation: unknown relation 'near', "
        "attributes.E.values: unknown value of rank 'king', attributes.E.values: unknown value of rank 'queen', "
        "layers.F: unknown layer 'harbour'"
    )
    assert "for a span label one of: Speaker, Verb" in refused.value.hint
    assert "for a layer one of: speech, cargo" in refused.value.hint
    assert refused.value.hint.endswith("write that one; `annotate migrate` renames it in maps, too")


def test_a_number_is_no_value_that_is_written_like_it(project: Project) -> None:
    labels = project.path("schema/labels.yaml")
    labels.write_text(labels.read_text().replace("values: {master: commands", 'values: {"1": commands'))
    map_ = project.path("map.yaml")
    for value, is_valid in (("1", False), ('"1"', True)):
        map_.write_text(f"spans: {{}}\nattributes: {{E: {{attribute: rank, flag: {value}}}}}\n")
        if is_valid:
            assert load_map(map_, load_inventory(project.path("schema"))).attributes["E"]
        else:
            with pytest.raises(CannotRun, match="unknown value of rank 1; use one of: 1, hand"):
                load_map(map_, load_inventory(project.path("schema")))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spans: {A: {label: Load}, A: {label: Quay}}\n", "line 1: the key 'A' appears twice"),
        ("spans: {}\nrelations: {}\nspans: {A: null}\n", "line 3: the key 'spans' appears twice"),
        ("spans: {}\nfields: {text: a, text: b}\n", "line 2: the key 'text' appears twice"),
        ("spans: {A: {label: Caf\xe9}}\n", "is not UTF-8 (byte 22)"),
        ("", "the whole file: "),
        ("[]\n", "the whole file: "),
        ("spans: {1: {label: Load}}\n", "spans: the key 1 is not text"),
        ("spans: &a {A: *a}\n", "line 1: a list or mapping contains itself"),
    ],
)
def test_map_that_is_no_strict_yaml_is_one_line(project: Project, text: str, says: str) -> None:
    (project.root / "map.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(CannotRun) as refused:
        load_map(project.path("map.yaml"), project.inventory)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
