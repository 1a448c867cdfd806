"""What the commands of releases share: a line that says what is being done, on a terminal only."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from annotate.cli.output import terminal


@contextlib.contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """A function that shows what is being worked on; it shows nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield lambda what: None
        return
    with terminal(stderr=True).status("starting") as status:
        yield lambda what: status.update(what)
