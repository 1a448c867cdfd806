"""What the services of a server share: poll after poll, until they are told to end, whatever the server does meanwhile.

`annotate studio watch` and `annotate studio suggest` are such services. Each has a folder in the state folder, whose
lock keeps a second one of its kind away.
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple, TypeAlias

from annotate.errors import CannotRun
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import ServerAddress
from annotate.labelstudio.lock import FolderBusy
from annotate.labelstudio.server import find_running
from annotate.labelstudio.state import PRIVATE_FOLDER, State
from annotate.util.lock import holding_lock

Report: TypeAlias = Callable[[str, bool], None]
"""Called with a line, and whether it is about a problem."""


class ServiceName(NamedTuple):
    """What a service is called: the noun in messages, and its folder in the state folder."""

    noun: str
    folder: str


class ServerLink:
    """The connection of a service to its server, opened anew when the server has another address; a context manager."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._stack = ExitStack()
        self._studio: Studio | None = None
        self._address: ServerAddress | None = None

    def __enter__(self) -> "ServerLink":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> Studio:
        """Return the connection.

        Raises:
            CannotRun: No server runs, or the environment does not name one.
        """
        address = find_server(self.state)
        if self._studio is None or address != self._address:
            self.close()
            self._studio = self._stack.enter_context(Studio(address))
            self._address = address
        return self._studio

    def close(self) -> None:
        """Close the connection; the next `connect` opens another."""
        self._studio = None
        self._stack.close()


class Poller:
    """Polls again and again, and reports a problem when it begins and when it ends.

    Args:
        state: The state folder.
        name: What the service is called.
        report: Where to report problems.
        patience: End once the server of the state folder has not run for so many seconds; None to go on without it.
    """

    def __init__(self, state: State, name: ServiceName, report: Report, patience: float | None = None) -> None:
        self.state, self.name, self.report, self.patience = state, name, report, patience
        self._problem = ""
        self._server_seen = 0.0
        """When the server of the state folder was last seen to run, by the monotonic clock."""

    def hold(self) -> AbstractContextManager[bool]:
        """Return the lock of the service, a context manager; only one service of the kind runs in a folder.

        Raises:
            CannotRun: Another one has it.
        """
        folder = self.state.folder / self.name.folder
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        hint = f"only one {self.name.noun} runs in a folder, and that one goes on"
        return holding_lock(folder, patience=0, hint=hint)

    def run(
        self, poll: Callable[[], None], link: ServerLink, every: float, wake: threading.Event | None = None
    ) -> None:
        """Poll until the state folder is gone, or the server has ended for good.

        Args:
            poll: Polls once; its CannotRun is a problem that is reported, and the polls go on.
            link: The connection, which is closed after a problem.
            every: Seconds between two polls.
            wake: Begins the next poll at once when it is set.
        """
        self._server_seen = time.monotonic()
        pause = wake or threading.Event()
        while self.state.folder.is_dir():  # without it, there is nothing left to serve
            self._poll_and_report(poll, link)
            if self._is_server_gone():
                self.report(f"the server has ended, and so does the {self.name.noun}", False)
                return
            pause.wait(every)
            pause.clear()

    def _poll_and_report(self, poll: Callable[[], None], link: ServerLink) -> None:
        try:
            poll()
        except FolderBusy:  # the next poll does it
            return
        except CannotRun as error:
            link.close()
            if str(error) != self._problem:
                self._problem = str(error)
                self.report(f"{error}; the {self.name.noun} goes on", True)
            return
        if self._problem:
            self._problem = ""
            self.report("the problem is over", False)

    def _is_server_gone(self) -> bool:
        """Return whether the server of the state folder has not run for too long."""
        if self.patience is None:
            return False
        now = time.monotonic()
        try:
            is_running = find_running(self.state) is not None
        except CannotRun:  # its file cannot be read, which the poll reports
            is_running = True
        if is_running:
            self._server_seen = now
        return now - self._server_seen >= self.patience
