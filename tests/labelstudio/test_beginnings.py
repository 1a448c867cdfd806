"""How an annotation began, as a server says it: bare, or with labels of a model, gold or another annotator."""

import time
from functools import partial
from typing import Any

import pytest

from annotate.labelstudio.beginnings import Beginning, BeginningReader, read_lead_time
from annotate.labelstudio.results import annotator_of

PEOPLE = {1: "anna", 2: "ben"}


def region(origin: object = None, type_: str = "labels") -> dict[str, Any]:
    return {"id": "r", "type": type_} | ({} if origin is None else {"origin": origin})


def entry(number: int, user: int, *origins: object, **fields: Any) -> dict[str, Any]:
    return {"id": number, "completed_by": user, "result": [region(origin) for origin in origins]} | fields


def read(own: dict[str, Any], *others: dict[str, Any], predictions: object = ()) -> Beginning:
    task = {"annotations": [own, *others], "predictions": predictions}
    return BeginningReader(task, partial(annotator_of, annotators=PEOPLE)).read(own)


GOLD = [{"id": 4, "model_version": "gold 1.0.0"}, {"id": 5, "model_version": "base-2 1.0.0"}, 6, {"id": [7]}]


def test_bare_text_is_a_single_pass() -> None:
    assert read(entry(1, 1, "manual", None)) == Beginning()
    assert read(entry(1, 1), predictions=GOLD) == Beginning()


@pytest.mark.parametrize(("number", "name"), [(4, "gold"), (5, "base-2")])
def test_prediction_is_named(number: int, name: str) -> None:
    began = read(entry(1, 1, "prediction", "manual", parent_prediction=number), predictions=GOLD)
    assert began == Beginning("corrected", (name,), origins={"manual": 1, "prediction": 1})


def test_prediction_that_was_emptied_is_named_too() -> None:
    began = read(entry(1, 1, parent_prediction=4), predictions=GOLD)
    assert (began.process, began.made_from, began.origins) == ("corrected", ("gold",), {})


def test_copy_in_the_annotation_names_the_prediction_of_an_export() -> None:
    own = entry(1, 1, parent_prediction=4, prediction=GOLD[0])
    assert read(own, predictions=[4, 5]).made_from == ("gold",)
    assert read(own | {"parent_prediction": 5}, predictions=[4, 5]).made_from == ()


@pytest.mark.parametrize(
    ("own", "unknown"),
    [
        (entry(1, 1, parent_prediction=9), "a prediction that the server has no more"),
        (entry(1, 1, parent_prediction=[4]), "a prediction that the server has no more"),
        (entry(1, 1, parent_annotation=9), "another annotation that the server has no more"),
        (entry(1, 1, "prediction-changed"), "a prediction, which the server does not name"),
        (entry(1, 1, parent_prediction=8), "the prediction 'Model X', whose name does not begin with"),
    ],
)
def test_unknown_parent_is_corrected_all_the_same(own: dict[str, Any], unknown: str) -> None:
    began = read(own, predictions=[*GOLD, {"id": 8, "model_version": "Model X"}])
    assert (began.process, began.made_from) == ("corrected", ())
    assert unknown in began.unknown


def test_annotation_of_another_is_named_and_an_own_copy_began_as_the_original() -> None:
    bens = entry(2, 2)
    assert read(entry(1, 1, parent_annotation=2), bens).made_from == ("ben",)
    assert read(entry(1, 1, parent_annotation=3), bens, entry(3, 1)) == Beginning()
    assert read(entry(1, 1, parent_annotation=3), bens, entry(3, 1, parent_annotation=2)).made_from == ("ben",)
    assert read(entry(1, 1, parent_annotation=3), entry(3, 7)).made_from == ("user-7",)


def suggested(region_id: str, origin: str) -> dict[str, Any]:
    return region(origin) | {"id": region_id}


TAGGED, REPEATED = suggested("tagger--0123456789", "prediction"), suggested("again--0123456789", "prediction-changed")


@pytest.mark.parametrize(
    ("regions", "parent", "made_from"),
    [
        ([TAGGED, region("manual")], None, ("tagger",)),
        ([TAGGED, REPEATED], None, ("again", "tagger")),
        ([TAGGED, region("prediction")], 4, ("gold", "tagger")),
        ([suggested("gold--0123456789", "prediction")], 4, ("gold",)),
        ([suggested("tagger--0123456789", "manual")], 4, ("gold",)),
    ],
)
def test_who_suggested_regions_is_named(
    regions: list[dict[str, Any]], parent: int | None, made_from: tuple[str, ...]
) -> None:
    began = read(entry(1, 1) | {"result": regions, "parent_prediction": parent}, predictions=GOLD)
    assert (began.process, began.made_from, began.unknown) == ("corrected", made_from, "")


def test_a_region_that_nobody_names_stays_unknown() -> None:
    began = read(entry(1, 1) | {"result": [TAGGED, region("prediction")]})
    assert (began.process, began.made_from) == ("corrected", ("tagger",))
    assert began.unknown == "a prediction, which the server does not name"


def test_circle_of_copies_ends() -> None:
    assert read(entry(1, 1, parent_annotation=3), entry(3, 1, parent_annotation=1)) == Beginning()
    assert read(entry(1, 1, parent_annotation=1)) == Beginning()


def test_long_chains_take_linear_time() -> None:
    entries = [entry(number, 1, parent_annotation=number + 1) for number in range(20_000)]
    reader = BeginningReader({"annotations": entries}, partial(annotator_of, annotators=PEOPLE))
    started = time.process_time()
    assert {reader.read(own).process for own in entries} == {"corrected"}
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(12.3456, 12.3), (0, 0.0), (61, 61.0), (-0.1, None), (1e300, None), (True, None), ("3", None), ([], None)],
)
def test_time_is_a_number_of_seconds(value: object, seconds: float | None) -> None:
    assert read_lead_time(value) == seconds
    unreadable = (("lead_time", value),) if seconds is None else ()
    assert read(entry(1, 1, lead_time=value)) == Beginning(lead_time=seconds, unreadable=unreadable)


def test_strange_origins_are_reported() -> None:
    began = read(entry(1, 1, "manual", "elsewhere", 3, {}))
    assert (began.process, [value for _, value in began.unreadable]) == ("single pass", ["elsewhere", 3, {}])
