"""Regular expressions that a corpus brings along: compiled within bounds, and searched within a bounded time.

They are data of others, and one can take longer than a lifetime. Each has a bounded length, and a text a bounded time.
The library `regex` stops a search in time; in its version 0 it finds what `re` finds.
"""

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

LONGEST_PATTERN = 20_000
"""Characters of an expression."""
LARGEST_EXPANSION = 200_000
"""Characters of an expression with its counted repetitions written out."""
_REPEAT = "use * or + in place of large numbers"
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z)|\{(?P<least>\d{1,9})(?:,(?P<most>\d{0,9}))?\}|.", re.DOTALL
)


_CALL = re.compile(r"(?<!\\)(?:\\\\)*+\(\?(?:R|[0-9]|[+-][0-9]|&|P[>&])")
"""A call of the expression or of a group. It is found in a class of characters, too, where it may be written otherwise:
what is a class depends on flags and comments, and none may hide a call."""


class PatternError(ValueError):
    """An expression cannot be compiled.

    Attributes:
        hint: What to do with an expression that is refused for its cost; empty if it is not a regular expression.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(reason)


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> "regex.Pattern[str]":
    """Compile an expression; `^` and `$` match at the ends of each line.

    Args:
        pattern: The expression.

    Raises:
        PatternError: It is too large, calls itself, or is not a regular expression.
    """
    import regex  # takes longer to import than most commands need

    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"has more than {LONGEST_PATTERN:,} characters", _REPEAT)
    if _estimate_size(pattern) > LARGEST_EXPANSION:
        reason = f"repeats more than {LARGEST_EXPANSION:,} characters by its numbers in braces"
        raise PatternError(reason, _REPEAT)
    if _CALL.search(pattern):
        # A recursion takes hundreds of megabytes before its time is over.
        raise PatternError("calls itself or one of its groups, as by (?R)", "write the repetition out")
    try:
        return regex.compile(pattern, regex.MULTILINE | regex.VERSION0)
    except RecursionError as error:
        raise PatternError("it is nested too deeply") from error
    except (regex.error, OverflowError, ValueError, MemoryError) as error:
        raise PatternError(str(error)) from error


def _estimate_size(pattern: str) -> int:
    """Estimate the length of an expression with its counted repetitions written out, as the compiler does."""
    sizes = [0]  # of the whole, and of each group that is open
    last = 1
    for token in _TOKEN.finditer(pattern):
        if token["least"]:
            factor = max(int(token["least"]), int(token["most"] or 0), 1)
            sizes[-1] += last * (factor - 1)
            last *= factor
        elif token[0] == "(":
            sizes.append(1)
        elif token[0] == ")":
            last = sizes.pop() if len(sizes) > 1 else sizes[0]
            sizes[-1] += last
        else:
            last = 1
            sizes[-1] += 1
        if sizes[-1] > LARGEST_EXPANSION:
            break
    return sum(sizes)


class SearchClock:
    """The time of the processor that is left for a text, which is what the library measures, too."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds
        self._expression = ""

    def left(self, expression: str) -> float:
        """Return the seconds that are left, and note what is searched with them.

        Args:
            expression: The expression, or what messages call it.

        Raises:
            TimeoutError: None are left.
        """
        self._expression = expression
        if (seconds := self._end - time.process_time()) > 0:
            return seconds
        raise TimeoutError

    @property
    def expression(self) -> str:
        """What was searched last."""
        return self._expression
