"""End a program cleanly when it is told to: SIGTERM, SIGHUP and Ctrl-C raise an exception in the main thread.

This module imports nothing heavy, since every command installs its handler.
"""

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import NoReturn

CLEANUP_TIMEOUT = 5.0
"""Seconds after which a program that was told to end does so, even if a thread still waits, for example for a server.

Temporary files that are left then are those of a killed program: the next run removes them.
"""


class TerminationRequest(BaseException):
    """The program was told to end by SIGTERM or SIGHUP.

    It is not a KeyboardInterrupt, which click reports in its own words, and no Exception, which nobody must catch.

    Attributes:
        signal: The signal.
    """

    def __init__(self, number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(self.signal.name)


def before_exit(release: Callable[[], None]) -> None:
    """Register a function for `exit_at_once` that removes what a library leaves to the end of the process."""
    if release not in _state.releases:
        _state.releases.append(release)


def exit_at_once(code: int) -> NoReturn:
    """Exit without waiting for threads, which may wait for a server or for the answer of a killed worker."""
    gc.collect()  # suspended generators still have temporary files
    for release in _state.releases:
        with contextlib.suppress(Exception):
            release()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


class _State:
    """What the signal handler knows; only the main thread changes it.

    Attributes:
        protected: The depth of `uninterrupted` contexts.
        pending: A signal that arrived in one of them.
        requested: The signal that the program was told to end with.
        stoppers: Called at once when the program is told to end.
        releases: Called at its exit.
    """

    def __init__(self) -> None:
        self.protected = 0
        self.pending: int | None = None
        self.requested: int | None = None
        self.stoppers: list[Callable[[], None]] = []
        self.releases: list[Callable[[], None]] = []


_state = _State()


def handle_termination() -> None:
    """Install the handler of SIGTERM, SIGHUP and Ctrl-C. A signal that the parent process ignores stays ignored."""
    expected = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    for number, handler in expected.items():
        if signal.getsignal(number) == handler:
            signal.signal(number, _receive)


def ignore_termination() -> None:
    """Ignore SIGTERM and SIGHUP for the rest of this process, whose work is done.

    Python restores the default action of a handled signal while it ends. One that came then would hide the exit code.
    A signal mask would hold for this thread only, and libraries have threads of their own.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def is_terminating() -> bool:
    """Return whether this program was told to end."""
    return _state.requested is not None


def on_termination(stop: Callable[[], None]) -> None:
    """Register a function that is called at once when the program is told to end, in a signal handler.

    Args:
        stop: The function. It must not wait, take locks or raise.
    """
    if stop not in _state.stoppers:
        _state.stoppers.append(stop)


class uninterrupted:  # noqa: N801 - a context manager, used as a function
    """Hold back termination while the context lasts, so that a clean-up is complete and a new file is registered.

    The exception is raised at the end of the context. In other threads than the main one it does nothing, since signal
    handlers do not run there.
    """

    def __enter__(self) -> None:
        """Begin to hold signals back."""
        if threading.current_thread() is threading.main_thread():
            _state.protected += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise what was held back."""
        if threading.current_thread() is not threading.main_thread():
            return
        _state.protected -= 1
        if _state.pending is not None and not _state.protected:
            number, _state.pending = _state.pending, None
            _raise(number)


def _receive(number: int, _frame: FrameType | None) -> None:
    """Handle a signal: the first one ends the program, later ones are ignored, since `timeout` sends two."""
    if _state.requested is not None:
        return
    _state.requested = number
    # A thread may fail at what the main thread abandons, and is not to write about it.
    threading.excepthook = lambda _: None
    for stop in _state.stoppers:
        stop()
    signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + number))
    signal.setitimer(signal.ITIMER_REAL, CLEANUP_TIMEOUT)
    if _state.protected:
        _state.pending = number
    else:
        _raise(number)


def _raise(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise TerminationRequest(number)
