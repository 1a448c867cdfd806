"""An export of a project made elsewhere, with a map, gives the dataset of the same labels under our own names."""

import json
from typing import Any

import pytest

from tests.conftest import BASE
from tests.convert.conftest import Place, made_up
from tests.labelstudio.test_controls import LABELS, rename

MAP = """\
text: content
fields: {text: body, article: ref, title: head}
layers: {talk: speech, FREIGHT: cargo}
spans:
  谁在说: {label: Speaker}
  A verb: {label: Verb}
  1 load: {label: Load}
  QUAY-2: {label: Quay}
relations: {is said by: {relation: speaker}}
attributes:
  Rang: {attribute: rank, values: {HAND (dock): hand}}
  at least: {attribute: least}
  Comment: {attribute: remark}
  mood: null
"""


def elsewhere(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task as a project with other names would have it."""
    data = task["data"]
    renamed = {"text": "body", "article": "ref", "title": "head"}
    annotations = [entry | {"result": [rename(item) for item in entry["result"]]} for entry in task["annotations"]]
    return task | {
        "data": {renamed.get(key, key): value for key, value in data.items()},
        "annotations": annotations,
    }


@pytest.mark.parametrize("is_default", [False, True], ids=["--map", "in the schema folder"])
def test_a_mapped_export_gives_the_same_rows(place: Place, is_default: bool) -> None:
    tasks = made_up(1, 12)
    assert any(label in json.dumps([elsewhere(task) for task in tasks], ensure_ascii=False) for label in LABELS)
    place.export(tasks)
    place.export([elsewhere(task) for task in tasks], "theirs.json")
    schema = place.root / "schema"
    (schema / "maps").mkdir(parents=True)
    (schema / "labels.yaml").write_bytes((BASE / "schema/labels.yaml").read_bytes())
    own_map = schema / "maps/labelstudio.yaml" if is_default else place.root / "map.yaml"
    assert place.convert("export.json", out="ours", schema=schema).exit_code == 0
    own_map.write_text(MAP)
    result = place.convert("theirs.json", *(() if is_default else ("--map", "map.yaml")), schema=schema)
    assert result.exit_code == 0, result.output
    for table in ("articles", "annotations", "relations", "tokens"):
        ours, theirs = ([row | {"source": None} for row in place.rows(table, out)] for out in ("ours", "out"))
        assert ours == theirs
        assert ours


def test_items_that_the_map_leaves_out_are_counted(place: Place) -> None:
    tasks = [elsewhere(task) for task in made_up(1, 3)]
    for task in tasks[:2]:
        choice = {"id": "m", "from_name": "mood", "to_name": "content", "type": "choices", "value": {"choices": ["x"]}}
        task["annotations"][0]["result"].append(choice)
    place.export(tasks)
    (place.root / "map.yaml").write_text(MAP)
    result = place.convert("export.json", "--map", "map.yaml")
    assert result.exit_code == 0, result.output
    assert "left out: mood × 2" in result.output
    assert place.manifest()["left_out"] == {"mood": 2}
    assert place.manifest()["articles"] == 3
    (place.root / "map.yaml").write_text(MAP.replace("  mood: null\n", ""))
    assert place.convert("export.json", "--map", "map.yaml", out="strict").exit_code == 1
    assert place.manifest("strict")["set_aside"] == {"L202": 2}
    assert "name it in `attributes` of the map" in json.dumps(place.aside("strict"))


def test_a_task_without_its_text_is_reported_with_the_keys_that_it_has(place: Place) -> None:
    [task] = made_up(1, 1)
    task["data"]["body"] = task["data"].pop("text")
    place.export([task])
    assert place.convert("export.json").exit_code == 1
    [line] = place.aside()
    assert f"keys: {', '.join(map(repr, task['data']))})" in line["findings"][0]["message"]
    assert "--text-field or `fields` in the map" in line["findings"][0]["message"]


def test_items_of_predictions_are_counted(place: Place) -> None:
    tasks = made_up(1, 3)
    result = tasks[0]["annotations"][0]["result"]
    tasks[0]["predictions"] = [{"id": 1, "model_version": "m", "result": result}, 2]
    tasks[1] |= {"annotations": [], "predictions": [{"id": 3, "result": result[:1]}]}
    tasks[2]["predictions"] = []
    place.export(tasks)
    done = place.convert("export.json")
    assert done.exit_code == 0, done.output
    assert place.manifest()["left_out"] == {"predictions": len(result) + 2}
    assert f"left out: predictions × {len(result) + 2}\n" in done.output
    assert (place.manifest()["articles"], place.manifest()["unlabelled"]) == (2, 1)


def test_an_option_takes_precedence_over_the_map(place: Place) -> None:
    tasks = [elsewhere(task) for task in made_up(1, 1)]
    tasks[0]["data"]["other"] = "given"
    place.export(tasks)
    (place.root / "map.yaml").write_text(MAP)
    assert place.convert("export.json", "--map", "map.yaml", "--title-field", "other").exit_code == 0
    assert [row["title"] for row in place.rows("articles")] == ["given"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: {a: nothing}\nspans: {}\n", "layers.a: unknown layer 'nothing'; use one of: speech, cargo"),
        ("spans: {}\ncontrols: {}\n", "controls"),
    ],
)
def test_a_wrong_map_is_one_line_and_nothing_is_written(place: Place, text: str, message: str) -> None:
    place.export(made_up(1, 1))
    (place.root / "map.yaml").write_text(text)
    result = place.convert("export.json", "--map", "map.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("annotate: map.yaml: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (place.root / "out").exists()


@pytest.mark.parametrize("search_keys", [(), ("--search-keys",)], ids=["fast path", "slow path"])
def test_the_map_says_who_labelled_and_whose_labels_are_left_out(place: Place, search_keys: tuple[str, ...]) -> None:
    [task] = made_up(1, 1)
    [annotation] = task["annotations"]
    users: list[object] = [7, {"id": 8}, {"email": "name@example.org"}, 9]
    task["annotations"] = [annotation | {"completed_by": user} for user in users]
    only_left_out = task | {"id": 2, "annotations": [annotation | {"completed_by": 8}]}
    only_left_out["data"] = task["data"] | {"article": "other"}
    place.export([task, only_left_out])
    map_ = 'spans: {}\nannotators: {"7": anna, "8": null, name@example.org: ben, "9": dora}\n'
    place.export(map_.encode(), "map.yaml")
    place.export(b"9: carla\n", "people.yaml")
    done = place.convert("export.json", "--map", "map.yaml", "--people", "people.yaml", *search_keys)
    assert done.exit_code == 0, done.output
    assert sorted(row["annotator"] for row in place.rows("annotations")) == ["anna", "ben", "carla"]
    assert place.manifest()["left_out"] == {"annotators": 2 * len(annotation["result"])}
    assert place.manifest()["unlabelled"] == 1
