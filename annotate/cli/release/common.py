"""What the commands of releases share: a line on a terminal that says what is being done."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from annotate.cli.terminal import terminal


@contextlib.contextmanager
def show_progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows what is being done; without a terminal it shows nothing."""
    if not sys.stderr.isatty():
        yield lambda activity: None
        return
    with terminal(stderr=True).status("starting") as status:
        yield lambda activity: status.update(activity)
