"""Dates are parsed to days of the calendar, and the future begins after tomorrow."""

from datetime import date

import pytest

from annotate import dates


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2017", date(2017, 1, 1)),
        ("2017-06", date(2017, 6, 1)),
        ("2016-02-29", date(2016, 2, 29)),
        ("2026-02-28T23:59:59Z", date(2026, 2, 28)),
        ("2017-02-29", None),
        ("2026-02-30T00:00:00Z", None),
        ("2017-13", None),
        ("0000", None),
        ("17-06-30", None),
        ("2017-6-30", None),
        ("٢٠١٧", None),
        ("2017-06-30-01", None),
        ("30.06.2017", None),
        ("", None),
    ],
)
def test_first_day(text: str, day: date | None) -> None:
    assert dates.first_day(text) == day


def test_tomorrow_is_not_the_future_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dates, "today", lambda: date(2026, 12, 31))
    assert not dates.is_future(date(2026, 12, 31))
    assert not dates.is_future(date(2027, 1, 1))
    assert dates.is_future(date(2027, 1, 2))
