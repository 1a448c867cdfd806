"""Dates as files of a corpus write them: a year, a month or a day; and the day that it is today."""

from datetime import date, timedelta

_TOLERANCE = timedelta(days=1)
"""It may be tomorrow elsewhere: the time zones of the world differ by up to 26 hours."""


def today() -> date:
    """Return the day that it is on this machine. Checks ask for it here only, so that tests can set it."""
    return date.today()


def first_day(text: str) -> date | None:
    """Return the first day of a date, YYYY, YYYY-MM or YYYY-MM-DD, or the day of a time such as 2026-02-28T12:00:00Z.

    Args:
        text: The date.

    Returns:
        The day; None if the text has another form, or the calendar has no such year, month or day.
    """
    if not has_date_form(text):
        return None
    try:
        return date(*[*map(int, text.partition("T")[0].split("-")), 1, 1][:3])
    except ValueError:
        return None


def has_date_form(text: str) -> bool:
    """Return whether a text is written as `first_day` reads it, whether or not the calendar has the day."""
    parts = text.partition("T")[0].split("-")
    lengths = [4, 2, 2][: len(parts)]
    return [len(part) for part in parts] == lengths and all(part.isascii() and part.isdigit() for part in parts)


def is_future(day: date) -> bool:
    """Return whether a day is not here yet, in any time zone."""
    return day > today() + _TOLERANCE
