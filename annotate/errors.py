"""The one exception for what keeps a command from running: bad input, a missing folder, a silent server."""

from pathlib import Path


class CannotRun(Exception):  # noqa: N818 - it says what happened, and reads so where it is raised
    """One line: where (a file and, if known, a place in it), what is wrong, and what to do about it."""

    def __init__(self, where: str | Path, problem: str, hint: str) -> None:
        self.where, self.problem, self.hint = str(where), problem, hint
        super().__init__(f"{where}: {problem}; {hint}")

    def __reduce__(self) -> tuple[type["CannotRun"], tuple[str, str, str]]:
        """It comes back whole from another process."""
        return type(self), (self.where, self.problem, self.hint)


class Refused(CannotRun):
    """What could be done and must not: something that others rely on would change under them. Exit code 1."""
