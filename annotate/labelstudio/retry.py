"""What to do when a server does not answer as it should: wait a little and ask again, a few times, and then say so.

Only what may pass by itself is asked again: no connection, no answer in time, an answer cut short, and the errors 500,
502, 503 and 504. What makes something (a POST) is never sent again blindly: its caller looks first at what did arrive.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from annotate.errors import CannotRun

T = TypeVar("T")

DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before the second, third … attempt."""
PASSING = (500, 502, 503, 504)
"""Answers of a server, or of what stands before it, that is overloaded or starts anew; 500 comes of a locked database,
too."""


class Passing(CannotRun):
    """A trouble that may be over in a moment."""


def again(call: Callable[[], T], delays: Sequence[float], before: Callable[[], None] | None = None) -> T:
    """Call until it succeeds, waiting longer each time; `before` is called before each further attempt.

    Raises Passing once the delays are used up.
    """
    for delay in delays:
        try:
            return call()
        except Passing:
            time.sleep(delay)
        if before:
            before()
    return call()
