"""M2: the dates of articles, annotators, waivers, the changelog and the citation."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from annotate.changelog import parse_changelog
from annotate.dates import first_day, has_date_form, is_future
from annotate.findings import Finding, Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.model import Annotator, Article
from annotate.schemas import Path
from annotate.schemas.lines import line_finder


class StatedDate(NamedTuple):
    """A date that a file states.

    Attributes:
        name: What the file calls it.
        text: The date, as YYYY, YYYY-MM or YYYY-MM-DD, or a time of a day.
        path: Where it is in the value of the file.
        is_past: Whether it cannot be a day to come.
        line: Its line, where the file has no paths.
    """

    name: str
    text: str
    path: Path = ()
    is_past: bool = True
    line: int | None = None


class StatedPeriod(NamedTuple):
    """Two dates that a file states, of which the second one cannot be before the first."""

    since: StatedDate
    until: StatedDate


FindLine = Callable[[StatedDate], int | None]


@rule("M201", waivable=True)
def impossible_day(dates: Iterable[StatedDate], find_line: FindLine) -> Iterator[Problem]:
    """A date is a day of the calendar.

    Why: programs that read the date fail, or take it for the first of the next month.
    Fails: `"date": "2017-02-29"`, as 2017 was no leap year; the year `0000`; `until: "2026-02-30"` of a waiver.
    Passes: `"date": "2016-02-29"`; a year or a month alone.
    """
    for stated in dates:
        if first_day(stated.text) is None:
            problem = f"{stated.name}: the calendar has no {stated.text}; correct the date"
            yield Problem(problem, line=find_line(stated))


@rule("M202", "warning", waivable=True)
def day_to_come(dates: Iterable[StatedDate], find_line: FindLine) -> Iterator[Problem]:
    """What is in the corpus was published, labelled and released today or earlier.

    Why: a mistyped year puts an article after all others, where a split by date takes it for the newest.
    Fails: `"date": "2107-06-30"`; `since: "2107-01-01"` of an annotator; a release of next year in the changelog.
    Passes: today, and tomorrow, which it may be elsewhere; `until` of an annotator or a waiver, which may be planned; a
    field of metadata, which may be about the future.
    """
    for stated in dates:
        if _is_to_come(stated):
            problem = f"{stated.name}: {stated.text} is in the future; correct the date, or the clock of this machine"
            yield Problem(problem, line=find_line(stated))


def _is_to_come(stated: StatedDate) -> bool:
    day = first_day(stated.text) if stated.is_past else None
    return day is not None and is_future(day)


@rule("M203", waivable=True)
def ends_before_it_begins(periods: Iterable[StatedPeriod], find_line: FindLine) -> Iterator[Problem]:
    """A period does not end before it begins.

    Why: one of the two dates is wrong, and nobody knows which.
    Fails: `since: "2026-03-01"` with `until: "2026-02-01"`; the run of a model that ended before it started.
    Passes: both on one day; `until: "2026"` with `since: "2026-03-01"`, since the year ends later.
    """
    for since, until in periods:
        length = min(len(since.text), len(until.text))
        if until.text[:length] < since.text[:length]:
            problem = f"{until.name} {until.text} is before {since.name} {since.text}; correct one of them"
            yield Problem(problem, line=find_line(until))


def check_dates(
    file: str,
    article_id: str | None,
    dates: Sequence[StatedDate],
    periods: Sequence[StatedPeriod] = (),
    data: bytes | None = None,
) -> Iterator[Finding]:
    """Check the dates of one file.

    Args:
        file: The path of the file, as findings name it.
        article_id: The article that findings name.
        dates: Its dates.
        periods: Its periods, whose dates are among them.
        data: The bytes of the file, in which the lines of the dates are looked for; None if the dates have lines.
    """

    def find_line(stated: StatedDate) -> int | None:
        return stated.line if data is None else line_finder(file, data)(stated.path)

    impossible = list(impossible_day(file, article_id, dates, find_line))
    yield from impossible
    yield from day_to_come(file, article_id, dates, find_line)
    if not impossible:
        begun = [period for period in periods if not _is_to_come(period.since)]
        yield from ends_before_it_begins(file, article_id, begun, find_line)


def list_article_dates(article: Article, inventory: Inventory) -> list[StatedDate]:
    """Return the dates of an article: its own, and those of its metadata."""
    dates = [StatedDate("date", article.date, ("date",))] if article.date else []
    for field in inventory.metadata.values():
        value = article.metadata.get(field.name)
        if field.type == "date" and isinstance(value, str) and has_date_form(value):  # M102 reports another form
            dates.append(StatedDate(field.name, value, ("metadata", field.name), is_past=False))
    return dates


def list_annotator_periods(annotators: Sequence[Annotator]) -> tuple[list[StatedDate], list[StatedPeriod]]:
    """Return the dates of annotators.yaml, and the periods that they make."""
    dates, periods = list[StatedDate](), list[StatedPeriod]()
    for index, annotator in enumerate(annotators):
        path = ("annotators", index)
        since = StatedDate(f"{annotator.id}: since", annotator.since, (*path, "since"))
        dates.append(since)
        if annotator.until is not None:
            until = StatedDate(f"{annotator.id}: until", annotator.until, (*path, "until"), is_past=False)
            dates.append(until)
            periods.append(StatedPeriod(since, until))
        if annotator.run is not None:
            started, ended = (
                StatedDate(f"{annotator.id}: run {name}", text, (*path, "run", name))
                for name, text in (("started", annotator.run.started), ("ended", annotator.run.ended))
            )
            dates += started, ended
            periods.append(StatedPeriod(started, ended))
    return dates, periods


def list_changelog_dates(text: str) -> list[StatedDate]:
    """Return the days of the releases in the changelog of the data."""
    return [
        StatedDate(f"entry {entry.version}", entry.day, line=entry.line) for entry in parse_changelog(text) if entry.day
    ]


RULES: tuple[Rule, ...] = (impossible_day, day_to_come, ends_before_it_begins)
