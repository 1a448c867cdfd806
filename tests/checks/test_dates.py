"""Dates of articles, annotators, the changelog, waivers and the citation are days of the calendar that have come."""

from datetime import date

import pytest

from annotate import dates
from annotate.checks.dates import StatedDate, StatedPeriod, check_dates
from tests.conftest import Project


@pytest.fixture(autouse=True)
def _first_of_march(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "today", lambda: date(2026, 3, 1))


def find_codes(since: str, until: str, is_past: bool = False) -> list[str]:
    first, last = StatedDate("since", since), StatedDate("until", until, is_past=is_past)
    return [finding.code for finding in check_dates("x.yaml", None, [first, last], [StatedPeriod(first, last)])]


@pytest.mark.parametrize(
    ("since", "until", "codes"),
    [
        ("2026-01-01", "2026-03-01", []),
        ("2026-03-01", "2026-03-01", []),
        ("2026-03-01", "2026", []),
        ("2026-03-01", "2026-03", []),
        ("2026-03-01", "2026-02", ["M203"]),
        ("2026", "2025-12-31", ["M203"]),
        ("2026-03-02", "2099-01-01", []),
        ("2026-03-03", "2099-01-01", ["M202"]),
        ("2026-02-29", "2026-02-01", ["M201"]),
        ("2026-01-01T10:00:00Z", "2026-01-01T09:59:59Z", ["M203"]),
    ],
)
def test_periods(since: str, until: str, codes: list[str]) -> None:
    assert find_codes(since, until) == codes


def test_dates_of_fields_may_be_in_the_future_and_not_outside_the_calendar(project: Project) -> None:
    schema, article = project.path("schema/labels.yaml"), project.path("corpus/articles/harbour.json")
    field = "metadata:\n  embargo: {type: date, required: false, definition: Until when.}\n"
    schema.write_text(schema.read_text("utf-8").replace("spans:\n", f"{field}\nspans:\n", 1), "utf-8")
    text = article.read_text("utf-8")
    for value, codes in (("2099-01-01", []), ("2099-02-29", ["M201"])):
        metadata = f'"metadata": {{"embargo": "{value}"}},\n"source"'
        article.write_text(text.replace('"source"', metadata, 1), "utf-8")
        assert [finding.code for finding in project.check()] == codes


def test_a_changelog_has_a_line_for_each_day(project: Project) -> None:
    project.path("corpus/CHANGELOG.md").write_text("# x\n\n## 1.1.0 (2026-02-30)\n\n## 1.0.0 (2026-03-09)\n", "utf-8")
    findings = [(finding.code, finding.line) for finding in project.check()]
    assert findings == [("M201", 3), ("M202", 5)]


def test_a_waiver_ends_on_a_day_of_the_calendar(project: Project) -> None:
    project.path("corpus/waivers.yaml").write_text("waivers:\n  - {code: P401, reason: x, until: 2026-02-30}\n")
    findings = [(finding.code, finding.file, finding.line) for finding in project.check() if finding.code != "C601"]
    assert findings == [("M201", "waivers.yaml", 2)]
