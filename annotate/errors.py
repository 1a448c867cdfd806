"""The exceptions that end a command, and the operating system's reasons in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


class CannotRun(Exception):  # noqa: N818 - the name says what happened
    """A command cannot run: bad input, a missing folder, a server that does not answer. Exit code 2.

    Its message is one line: `where: problem; hint`.

    Attributes:
        where: The file or folder, and the line or key in it if known.
        problem: What is wrong.
        hint: What to do about it.
    """

    def __init__(self, where: str | Path, problem: str, hint: str) -> None:
        self.where, self.problem, self.hint = str(where), problem, hint
        super().__init__(f"{where}: {problem}; {hint}")

    def __reduce__(self) -> tuple[type["CannotRun"], tuple[str, str, str]]:
        """Support pickling, so that a worker process can raise it."""
        return type(self), (self.where, self.problem, self.hint)

    @property
    def lines(self) -> list[str]:
        """What people see of it: its message, or one for each of several faults."""
        return [str(self)]


class FaultyInput(CannotRun):
    """Several faults of one input, all found in one run.

    Args:
        faults: The faults, at least one, in the order in which they are shown.
    """

    SHOWN = 20
    """The number of faults that are shown; the others are counted."""

    def __init__(self, faults: Sequence[CannotRun]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults[0].where, faults[0].problem, faults[0].hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling, so that a worker process can raise it."""
        return type(self), (self.faults,)

    @property
    def lines(self) -> list[str]:
        """A line for each of the first faults, and how many more there are."""
        more = len(self.faults) - self.SHOWN
        return [*map(str, self.faults[: self.SHOWN]), *([f"… {more:,} more"] if more > 0 else [])]


class Refused(CannotRun):
    """A command could run and must not, since it would change what others rely on. Exit code 1."""


def describe_os_error(error: OSError) -> str:
    """Return the operating system's reason in lower case, as in "no such file or directory"."""
    return (error.strerror or str(error)).lower()
