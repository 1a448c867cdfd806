"""Coefficients of many bootstrap samples at once, equal to those of `coefficients` to the last digit.

A label has three coefficients and each has a thousand samples, so that one call for each sample takes most of the time
of a report on many labels. These functions take the counts of all samples as columns.

Products and sums of whole numbers are exact in any order while they are below `MAX_EXACT`. Where they may not be, these
functions return None, and the samples are estimated one by one.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from annotate.agreement.coefficients import (
    APART,
    BOTH,
    FIRST,
    SECOND,
    SQUARES,
    Counts,
    Value,
    agr,
    alpha,
    f1,
    kappa,
    precision,
    share,
    unitizing_alpha,
)

MAX_EXACT = 2**52
"""Sums of halves are exact below this, and so are products of whole numbers, in whatever order they are added."""

Column = npt.NDArray[np.float64]
"""A number for each sample."""
Columns = Mapping[Hashable, Column]
"""The counts of samples, by key."""
SampleEstimate = Callable[[Columns], Column | None]


def find_sample_estimate(estimate: Callable[[Counts], Value]) -> SampleEstimate | None:
    """Return the function that estimates a coefficient for many samples; None if there is none.

    The function takes columns of counts. It returns NaN for a sample that does not define the coefficient, and None if
    the samples must be estimated one by one.
    """
    return _SAMPLE_ESTIMATES.get(estimate)


def _estimate_f1(columns: Columns) -> Column:
    return _divide(2 * _get(columns, BOTH), _get(columns, FIRST) + _get(columns, SECOND))


def _estimate_agr(columns: Columns) -> Column:
    both, first, second = (_get(columns, key) for key in (BOTH, FIRST, SECOND))
    directed = [np.where(side != 0, _divide(both, side), 0) for side in (first, second)]
    return np.where((first != 0) | (second != 0), (directed[0] + directed[1]) / 2, np.nan)


def _estimate_precision(columns: Columns) -> Column:
    return _divide(_get(columns, BOTH), _get(columns, SECOND))


def _estimate_share(columns: Columns) -> Column:
    return _divide(_get(columns, BOTH), _get(columns, FIRST))


def _estimate_alpha(columns: Columns) -> Column | None:
    values = [column for key, column in columns.items() if key != APART]
    total = _add_exactly(values)
    if total is None:
        return None
    return 1 - _divide((total - 1) * _get(columns, APART), _count_expected(total, values))


def _estimate_unitizing_alpha(columns: Columns) -> Column | None:
    lengths = [column for key, column in columns.items() if key not in (APART, SQUARES)]
    total = _add_exactly(lengths)
    if total is None:
        return None
    apart, squares = _get(columns, APART), _get(columns, SQUARES)
    return 1 - _divide(apart * (total * total - squares), total * _count_expected(total, lengths))


def _estimate_kappa(columns: Columns) -> Column | None:
    first = {key[1]: column for key, column in columns.items() if isinstance(key, tuple) and key[0] == FIRST}
    second = {key[1]: column for key, column in columns.items() if isinstance(key, tuple) and key[0] == SECOND}
    total = _add_exactly(list(first.values()))
    if total is None or _add_exactly(list(second.values())) is None:
        return None
    chance = np.zeros_like(total)
    for value in first.keys() & second.keys():
        chance += first[value] * second[value]
    return _divide(total * _get(columns, BOTH) - chance, total * total - chance)


_SAMPLE_ESTIMATES: Mapping[Callable[[Counts], Value], SampleEstimate] = {
    f1: _estimate_f1,
    agr: _estimate_agr,
    precision: _estimate_precision,
    share: _estimate_share,
    alpha: _estimate_alpha,
    unitizing_alpha: _estimate_unitizing_alpha,
    kappa: _estimate_kappa,
}


def _get(columns: Columns, key: Hashable) -> Column:
    """Return a column; zeros if nothing has the key."""
    return columns[key] if key in columns else np.zeros_like(next(iter(columns.values())))


def _divide(numerator: Column, denominator: Column) -> Column:
    """Divide; NaN where the denominator is zero."""
    return np.divide(numerator, denominator, out=np.full_like(denominator, np.nan), where=denominator != 0)


def _add_exactly(columns: Sequence[Column]) -> Column | None:
    """Add columns; None if they are not whole numbers, or if the square of a sum may be rounded."""
    if not columns or any((column != np.floor(column)).any() for column in columns):
        return None
    total: Column = np.sum(columns, axis=0)
    return total if (total * total <= MAX_EXACT).all() else None


def _count_expected(total: Column, columns: Sequence[Column]) -> Column:
    """Return the square of the sum, less the squares of its parts."""
    expected = total * total
    for column in columns:
        expected -= column * column
    return expected
