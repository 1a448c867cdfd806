"""Additive counts by paragraph: what measures and their intervals are computed from."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from annotate.agreement.coefficients import BOTH, FIRST, SECOND, Counts

ParagraphKey = tuple[int, int]
"""The index of an article, and the index of a paragraph in it."""

_MOST_EXACT = 2.0**32
"""Numbers below this, in halves, have exact sums: a float holds whole numbers up to 2 to the power of 53."""
IN_BOTH: Counts = {BOTH: 1, FIRST: 1, SECOND: 1}


class TallyColumn(NamedTuple):
    """The numbers of one key, in the order in which their paragraphs were counted.

    Attributes:
        articles: The index of the article of each number.
        paragraphs: The index of its paragraph in the article; 0 of a sum of the whole article.
        numbers: The numbers.
        is_folded: Whether each article has at most one number, the sum of its paragraphs, and no zero.
    """

    articles: "array[int]"
    paragraphs: "array[int]"
    numbers: "array[float]"
    is_folded: bool = False


class Tally:
    """Additive counts, kept apart by paragraph, or by article after `fold`.

    Totals are sums in the order of the paragraphs, whether counts are merged, folded or neither: another order may
    change the last digit of fractions.
    """

    def __init__(self) -> None:
        self._added: dict[Hashable, dict[ParagraphKey, float]] = {}
        """The counts that were added and not merged, by key: a paragraph has few of the keys."""
        self._columns: dict[Hashable, TallyColumn] = {}
        """The counts that were merged."""
        self._total: dict[Hashable, float] = {}
        """The sums of the merged counts."""
        self._is_folded = False

    def __getstate__(self) -> dict[Hashable, TallyColumn]:
        """Return the counts as columns: a process sends and reads them faster than a dictionary a paragraph."""
        return self.list_columns()

    def __setstate__(self, state: dict[Hashable, TallyColumn]) -> None:
        """Take the counts that another process sent."""
        self.__init__()  # type: ignore[misc]
        self._merge_columns(state)

    def add(self, paragraph: ParagraphKey, counts: Counts) -> None:
        """Add counts to those of a paragraph."""
        self.add_numbers(paragraph, counts, counts.values())

    def add_numbers(self, paragraph: ParagraphKey, keys: Iterable[Hashable], numbers: Iterable[float]) -> None:
        """Add numbers to those of a paragraph, each to that of its key."""
        added = self._added
        for key, number in zip(keys, numbers, strict=True):
            column = added.get(key)
            if column is None:
                column = added[key] = {}
            column[paragraph] = column.get(paragraph, 0.0) + number

    def add_columns(self, columns: Mapping[Hashable, Mapping[ParagraphKey, float]]) -> None:
        """Add the counts of many paragraphs, by key."""
        for key, numbers in columns.items():
            if not numbers:
                continue
            column = self._added.setdefault(key, {})
            for paragraph, number in numbers.items():
                column[paragraph] = column.get(paragraph, 0.0) + number

    def add_multiples(self, counts: Counts, numbers: Mapping[ParagraphKey, float]) -> None:
        """Add the same counts to several paragraphs, as many times as `numbers` says for each."""
        for key, count in counts.items() if numbers else ():
            column = self._added.setdefault(key, {})
            for paragraph, number in numbers.items():
                column[paragraph] = column.get(paragraph, 0.0) + count * number

    def merge(self, later: "Tally") -> None:
        """Add the counts of other articles, which come after those of this tally."""
        self._merge_columns(self._take_added())
        self._merge_columns(later.list_columns())

    def fold(self) -> None:
        """Keep the counts of an article as one, now and when more are merged, since paragraphs take more memory."""
        self._merge_columns(self._take_added())
        self._is_folded = True
        self._columns = {key: folded for key, column in self._columns.items() if (folded := _fold(column)).numbers}

    def fold_exact(self, fractional: Collection[Hashable]) -> None:
        """Keep what was added to an article as one where no sum depends on the order: of whole and half numbers.

        Args:
            fractional: Keys that other articles may have fractions of. The sum of all rounds, and so depends on the
                order of the paragraphs even where the numbers here are whole.
        """
        added, self._added = self._added, {}
        self._merge_columns(
            {
                key: _make_folded(numbers)
                if key not in fractional and _is_exact(numbers.values())
                else _make_column(numbers)
                for key, numbers in added.items()
            }
        )

    @property
    def paragraphs(self) -> Mapping[ParagraphKey, Counts]:
        """The counts of each paragraph that has any; folded ones are those of the first paragraph of their article."""
        paragraphs: dict[ParagraphKey, dict[Hashable, float]] = {}
        for key, column in self.list_columns().items():
            for article, paragraph, number in zip(column.articles, column.paragraphs, column.numbers, strict=True):
                counts = paragraphs.setdefault((article, paragraph), {})
                counts[key] = counts.get(key, 0) + number
        return paragraphs

    def total(self) -> dict[Hashable, float]:
        """Return the counts of all paragraphs."""
        total: defaultdict[Hashable, float] = defaultdict(float, self._total)
        for key, column in self._added.items():
            for number in column.values():  # not `sum`, which adds more exactly in some versions of Python
                total[key] += number
        return dict(total)

    def by_article(self) -> dict[int, dict[Hashable, float]]:
        """Return the counts of each article that has any, by its index; one pass over the paragraphs."""
        totals: defaultdict[int, dict[Hashable, float]] = defaultdict(dict)
        for key, column in self.list_columns().items():
            for article, number in zip(column.articles, column.numbers, strict=True):
                counts = totals[article]
                counts[key] = counts.get(key, 0.0) + number
        return dict(totals)

    def list_columns(self) -> dict[Hashable, TallyColumn]:
        """Return all counts as columns, by their keys."""
        if self._added:
            self._merge_columns(self._take_added())
        return self._columns

    def _take_added(self) -> dict[Hashable, TallyColumn]:
        """Return the counts that were added and not merged, and forget them."""
        added, self._added = self._added, {}
        return {key: _make_column(numbers) for key, numbers in added.items()}

    def _merge_columns(self, later: Mapping[Hashable, TallyColumn]) -> None:
        for key, column in later.items():
            total = self._total.get(key, 0.0)
            for number in column.numbers:  # not `sum`, which adds more exactly in some versions of Python
                total += number
            self._total[key] = total
            added = _fold(column) if self._is_folded else column
            if key in self._columns:
                own = self._columns[key]
                own.articles.extend(added.articles)
                own.paragraphs.extend(added.paragraphs)
                own.numbers.extend(added.numbers)
                if own.is_folded and not added.is_folded:
                    self._columns[key] = own._replace(is_folded=False)
            elif added.numbers or not self._is_folded:
                self._columns[key] = added


def _make_column(numbers: Mapping[ParagraphKey, float]) -> TallyColumn:
    articles, paragraphs = (array("I", map(get, numbers)) for get in (itemgetter(0), itemgetter(1)))
    return TallyColumn(articles, paragraphs, array("d", numbers.values()))


def _is_exact(numbers: Collection[float]) -> bool:
    """Return whether sums of such numbers are exact in any order, of millions of articles too."""
    different = set(numbers)  # few, since most are counts of a paragraph
    return max(map(abs, different), default=0) < _MOST_EXACT and all((2.0 * each).is_integer() for each in different)


def _make_folded(numbers: Mapping[ParagraphKey, float]) -> TallyColumn:
    """Return the sums of each article that are not zero, each in its first paragraph."""
    sums: dict[int, float] = {}
    for (article, _), number in numbers.items():
        sums[article] = sums.get(article, 0.0) + number
    return _make_article_column(sums)


def _fold(column: TallyColumn) -> TallyColumn:
    """Return the sums of each article that are not zero, each in its first paragraph."""
    if column.is_folded:
        return column
    sums: dict[int, float] = {}
    for article, number in zip(column.articles, column.numbers, strict=True):
        sums[article] = sums.get(article, 0.0) + number
    return _make_article_column(sums)


def _make_article_column(sums: Mapping[int, float]) -> TallyColumn:
    present = {article: number for article, number in sums.items() if number}
    paragraphs, numbers = array("I", bytes(4 * len(present))), array("d", present.values())
    return TallyColumn(array("I", present), paragraphs, numbers, is_folded=True)
