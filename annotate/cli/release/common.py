"""What the commands of releases share: a line on a terminal that says what is being done."""

import contextlib
from collections.abc import Callable, Iterator

from annotate.cli.terminal import show_status


@contextlib.contextmanager
def show_progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows what is being done; without a terminal it shows nothing."""
    with show_status("starting") as progress:
        yield progress
