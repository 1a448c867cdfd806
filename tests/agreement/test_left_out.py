"""Annotations that are older than an attribute or a relation do not count for it."""

import msgspec
import pytest

from annotate import inventory as inventories
from annotate.agreement.disagreements import find_disagreements
from annotate.agreement.measure import NOT_ASKED, measure_agreement
from annotate.agreement.tables import tabulate_report
from annotate.inventory import Inventory
from annotate.model import Annotation
from annotate.scoring.article_rows import convert_article_row
from annotate.scoring.score import score
from tests.agreement.helpers import TEXT, annotation, compared, span
from tests.conftest import BASE

MASTER, SAID, CRATES, LIES, QUAY = (4, 10), (11, 15), (16, 25), (16, 41), (33, 41)


@pytest.fixture(scope="module")
def newer() -> Inventory:
    """The inventory, in which `rank`, `lies_at` and `least` came with 1.1.0."""
    base = inventories.load_inventory(BASE / "schema")
    attributes = {
        name: msgspec.structs.replace(attribute, since="1.1.0" if name in ("rank", "least") else None)
        for name, attribute in base.attributes.items()
    }
    lies_at = msgspec.structs.replace(base.relations["lies_at"], since="1.1.0")
    relations = base.relations | {"lies_at": lies_at}
    return msgspec.structs.replace(base, version="1.1.0", attributes=attributes, relations=relations)


def labels(version: str, rank: str, least: int, *, has_relation: bool) -> Annotation:
    parts = [
        span("a", "Speaker", *MASTER, rank=rank),
        span("b", "Load", *CRATES, wording="exact", least=least),
        span("c", "Quay", *QUAY),
    ]
    relations = [("lies_at", "b", "c")] if has_relation else []
    return msgspec.structs.replace(annotation(*parts, *relations), inventory=version)


def test_old_labels_are_left_out_and_named(newer: Inventory) -> None:
    old = labels("1.0.0", "master", 1, has_relation=False)
    first, second = (labels("1.1.0", rank, 40, has_relation=True) for rank in ("hand", "hand"))
    study = compared(newer, old, first, second)
    report = measure_agreement(study, samples=20)
    rank = next(row for row in report.attributes if row.name == "rank")
    assert (rank.matched, rank.share.value, rank.left_out) == (1, 1, {"anna": 1})
    lies_at = next(row for row in report.relations if row.name == "lies_at")
    assert (lies_at.all.value, lies_at.relations) == (1, {"anna": 0, "ben": 1, "carla": 1})
    assert report.counts[0].equal.value == 1
    loads = next(row for row in report.records if row.name == "loads")
    assert loads.full_overlap.value == 1
    assert {role.name: role.left_out for role in loads.roles} == {"quay": {"anna": 1}, "reporter": {}}
    wording = next(row for row in report.attributes if row.name == "wording")
    assert (wording.matched, wording.left_out) == (3, {})
    notes = [note for table in tabulate_report(report) for note in table.notes]
    assert "rank: without 1 article of anna, labelled before the inventory had it" in notes
    assert "lies_at: without 1 article of anna, labelled before the inventory had it" in notes
    assert list(find_disagreements(study)) == []


def test_old_labels_do_not_lack_a_later_label(newer: Inventory) -> None:
    spans = newer.spans | {"Load": msgspec.structs.replace(newer.spans["Load"], since="1.1.0")}
    inventory = msgspec.structs.replace(newer, spans=spans)
    old = msgspec.structs.replace(annotation(span("a", "Speaker", *MASTER)), inventory="1.0.0")
    new = labels("1.1.0", "hand", 40, has_relation=False)
    report = measure_agreement(compared(inventory, old, new, new), samples=20)
    assert (report.label("Load").exact.value, report.label("Load").left_out) == (1, {"anna": 1})
    assert report.label("Load").alpha.note is not None
    loads = next(row for row in report.records if row.name == "loads")
    assert loads.anchors.value == 1


def test_what_nobody_looked_for_together_is_not_compared(newer: Inventory) -> None:
    """Regression: there were two reasons, "no relations" and "no relations between matched spans"."""
    old = labels("1.0.0", "master", 1, has_relation=False)
    new = labels("1.1.0", "hand", 40, has_relation=True)
    report = measure_agreement(compared(newer, new, old), samples=20)
    lies_at = next(row for row in report.relations if row.name == "lies_at")
    assert lies_at.relations == {"anna": 1, "ben": 0}
    assert lies_at.all.note == lies_at.given_ends.note == NOT_ASKED
    assert next(row for row in report.attributes if row.name == "rank").alpha.note == NOT_ASKED
    (notes,) = (table.notes for table in tabulate_report(report) if table.name == "relations")
    assert [note for note in notes if note.endswith(": lies_at")] == [f"– {NOT_ASKED}: lies_at"]


def test_old_gold_does_not_score_what_it_was_not_asked_for(newer: Inventory) -> None:
    old = labels("1.0.0", "master", 1, has_relation=False)
    new = labels("1.1.0", "hand", 1, has_relation=True)
    scores = score(newer, {"a": (TEXT, old)}, {"a": new}, samples=20)
    rank = next(row for row in scores.attributes if row.name == "rank")
    assert (rank.matched, rank.left_out) == (0, {"gold": 1})
    lies_at = next(row for row in scores.relations if row.name == "lies_at")
    assert (lies_at.gold, lies_at.all.f1.value, lies_at.left_out) == (0, None, {"gold": 1})


@pytest.mark.parametrize(
    ("version", "expected"), [("1.0.0", "1.0.0"), ("2.0.0", "1.1.0"), ("old", "1.1.0"), (None, "1.1.0")]
)
def test_rows_of_a_dataset_have_the_version_of_their_labels(
    newer: Inventory, version: str | None, expected: str
) -> None:
    row: dict[str, object] = {"id": "a", "spans": [], "relations": [], "inventory": version}
    assert convert_article_row(row, "row", TEXT, newer).inventory == expected
