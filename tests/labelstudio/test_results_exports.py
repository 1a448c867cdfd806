"""Exports captured from a real server with a real browser (tools/capture_exports.py), and what they map to."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.inventory import load_inventory
from annotate.labelstudio.results import MappedResult, Mapper

EXPORTS = Path(__file__).parent / "exports"
CASES = sorted(path.stem for path in EXPORTS.glob("*.json"))


def mapped(case: str) -> tuple[dict[str, Any], list[MappedResult]]:
    raw = json.loads((EXPORTS / f"{case}.json").read_text("utf-8"))
    return raw, list(Mapper(load_inventory(EXPORTS)).map_task(raw, raw["data"]["text"]))


@pytest.mark.parametrize("case", CASES)
def test_export_maps_to_what_is_expected(case: str) -> None:
    expected = json.loads((EXPORTS / "expected" / f"{case}.json").read_text("utf-8"))
    results = [entry._asdict() for entry in mapped(case)[1]]
    assert [(type(result.pop("rank")), result.pop("left_out")) for result in results] == [(tuple, {})] * len(results)
    assert json.loads(msgspec.json.encode(results)) == expected


@pytest.mark.parametrize("case", CASES)
def test_every_span_is_the_slice_of_the_text(case: str) -> None:
    raw, entries = mapped(case)
    for entry in entries:
        for span in entry.annotation.spans if entry.annotation else ():
            assert raw["data"]["text"][span.start : span.end] == span.text


def words(case: str) -> set[str]:
    return {span.text for entry in mapped(case)[1] if entry.annotation for span in entry.annotation.spans}


def test_words_are_those_marked_in_the_browser() -> None:
    assert {"👩‍👩‍👧 that 12 people died", "A witness"} <= words("emoji")
    assert words("combining") == {"Re\u0301publique", "été"}
    assert words("leftwards") == {"דובר הצבא", "12 אזרחים", "قال", "قُتلوا"}
    assert words("crlf") == {"The SDF", "Raqqa.\r\nIt"}
    assert words("spaces") == words("collapsed") == {"The  SDF   force", "Raqqa"}
    assert words("newlines") == {"the army.\nThe army", "Raqqa.\n\nThere"}


DIAGNOSES = {
    "emoji": {"code points": 4},
    "combining": {"code points": 2},
    "leftwards": {"code points": 4},
    "crlf": {"code points": 1, "escaped newline": 1},
    "newlines": {"escaped newline": 2},
    "spaces": {"code points": 2},
    # The resized region is right: Label Studio 1.23.2 makes no hybrid.
    "dragged": {"code points": 2, "white space at the ends": 1},
    "collapsed": {"code points": 1, "folded white space": 1},
}


@pytest.mark.parametrize("case", DIAGNOSES)
def test_diagnoses_of_browser_exports(case: str) -> None:
    raw = json.loads((EXPORTS / f"{case}.json").read_text("utf-8"))
    mapper = Mapper(load_inventory(EXPORTS))
    list(mapper.map_task(raw, raw["data"]["text"]))
    assert mapper.diagnoses == DIAGNOSES[case]


def test_exports_contain_no_personal_data() -> None:
    for path in EXPORTS.rglob("*.json"):
        assert not re.search(r"@|token|https?:|127\.0\.0\.1|localhost|email|avatar", path.read_text("utf-8")), path
