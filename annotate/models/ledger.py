"""The ledger: each answer of a model is kept before it is used, so that no request is paid for twice.

An answer has a file of its own, named after the hash of what was asked: endpoint, model, messages, schema and
parameters. It is written completely or not at all, and never changed. After a run was killed, the same run finds the
answers that had come, and sends only the other requests. The files hold what models wrote about the texts, in the
user's data directory, with access for its owner only.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from annotate.errors import CannotRun, describe_os_error
from annotate.labelstudio.location import require_own_folder
from annotate.labelstudio.state import State
from annotate.models.chat import CONTEXT_PROBLEM, ChatAnswer, ChatRequest
from annotate.models.chat_client import ModelParameters
from annotate.models.endpoint import Endpoint
from annotate.models.private_folders import ANSWERS, create_private_folder, models_root
from annotate.util.folders import list_folders
from annotate.util.lock import holding_lock, writing_to

LEDGER_FORMAT = 1
"""The form of an entry. Entries of another form are asked again."""
_STORE_NAME = 32
_ABOUT_FILE = "about.json"


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and the hash of what was asked, which is the name of its file.

    Attributes:
        format: `LEDGER_FORMAT`.
        key: The hash of what was asked.
        answer: The answer.
        received: When it came, in UTC; empty in entries of earlier versions.
    """

    format: int
    key: str
    answer: ChatAnswer
    received: str = ""


class _About(msgspec.Struct, frozen=True):
    """What the answers of a folder are from, for people who look there."""

    endpoint: str
    model: str


class Ledger:
    """The answers of a model at an endpoint. Make one with `open_ledger` to add to it.

    Args:
        endpoint: The endpoint.
        model: The name of the model there.
        parameters: What else the model is told.

    Attributes:
        ignored: The number of entries that could not be used: of an older form, damaged, or not the user's own.
        first_received: When the first of the answers came that `ask` has returned, in UTC; empty if that is not known.
        last_received: When the last of them came.
    """

    def __init__(self, endpoint: Endpoint, model: str, parameters: ModelParameters) -> None:
        self.endpoint, self.model, self.parameters = endpoint, model, parameters
        self.folder = models_root() / ANSWERS / _name_store(endpoint, model)
        self.ignored, self.first_received, self.last_received = 0, "", ""
        self._guard, self._in_flight = threading.Lock(), dict[str, threading.Event]()

    def key(self, request: ChatRequest) -> str:
        """Return the hash of a request with all that its answer depends on."""
        endpoint = (self.endpoint.authority, self.endpoint.path)
        content = (endpoint, self.model, self.parameters, request)
        return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()

    def find(self, request: ChatRequest) -> ChatAnswer | None:
        """Return the answer that is kept of a request, if there is one.

        Raises:
            Refused: A folder of the ledger is a link or belongs to another user.
        """
        entry = self._find(self.key(request))
        return None if entry is None else entry.answer

    def _find(self, key: str) -> LedgerEntry | None:
        path = self._path(key)
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        require_own_folder(path.parent)
        entry = None
        if status.st_uid == os.geteuid():
            try:
                entry = State(path.parent).read(path.name, LedgerEntry)
            except CannotRun:  # a link, damaged, or of an older form
                entry = None
        if entry is None or (entry.format, entry.key) != (LEDGER_FORMAT, key):
            with self._guard:
                self.ignored += 1
            return None
        return entry

    def ask(self, request: ChatRequest, send: Callable[[ChatRequest], ChatAnswer]) -> tuple[ChatAnswer, bool]:
        """Return the answer to a request, and whether it was kept already.

        While another thread sends the same request, this one waits for its answer.

        Args:
            request: The request.
            send: Sends a request. What it raises is raised here.

        Raises:
            CannotRun: The answer cannot be written.
        """
        key = self.key(request)
        while True:
            with self._guard:
                other = self._in_flight.get(key)
                if other is None:
                    own = self._in_flight[key] = threading.Event()
                    break
            other.wait()
        try:
            if (kept := self._find(key)) is not None:
                self._note_time(kept.received)
                return kept.answer, True
            answer = send(request)
            if answer.problem != CONTEXT_PROBLEM:  # which costs nothing, and ends when the server is told otherwise
                entry = LedgerEntry(format=LEDGER_FORMAT, key=key, answer=answer, received=format_utc_now())
                self._keep(entry)
                self._note_time(entry.received)
            return answer, False
        finally:
            with self._guard:
                del self._in_flight[key]
            own.set()

    def _keep(self, entry: LedgerEntry) -> None:
        folder = create_private_folder(ANSWERS, self.folder.name, entry.key[:2])
        State(folder).write(self._path(entry.key).name, entry)

    def _note_time(self, received: str) -> None:
        if not received:
            return
        with self._guard:
            self.first_received = min(self.first_received or received, received)
            self.last_received = max(self.last_received, received)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


@contextmanager
def open_ledger(endpoint: Endpoint, model: str, parameters: ModelParameters) -> Iterator[Ledger]:
    """Open the ledger of a model at an endpoint, for one process at a time.

    Raises:
        CannotRun: Another process has it open, or its folder cannot be created.
        Refused: Its folder is a link or belongs to another user.
    """
    ledger = Ledger(endpoint, model, parameters)
    folder = create_private_folder(ANSWERS, ledger.folder.name)
    with writing_to(folder, patience=0):
        State(folder).write(_ABOUT_FILE, _About(endpoint.url, model))
        yield ledger


def forget_answers(endpoint: Endpoint | None = None, model: str | None = None) -> int:
    """Delete the answers of a model at an endpoint, or all answers.

    Args:
        endpoint: The endpoint; None for all endpoints and models.
        model: The name of the model there.

    Returns:
        The number of answers that were deleted.

    Raises:
        CannotRun: A process uses them, or they cannot be deleted.
        Refused: A folder of them is a link or belongs to another user.
    """
    root = models_root() / ANSWERS
    if not os.path.lexists(root):
        return 0
    require_own_folder(root)
    names = list_folders(str(root))
    if endpoint is not None and model is not None:
        names = [name for name in names if name == _name_store(endpoint, model)]
    count = 0
    for name in names:
        folder = root / name
        require_own_folder(folder)
        with holding_lock(folder, patience=0):
            count += sum(1 for _ in folder.glob("??/*.json"))
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise CannotRun(folder, describe_os_error(error), "delete it by hand") from error
    return count


def format_utc_now() -> str:
    """Return the time in UTC, to the second, as entries and records have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name_store(endpoint: Endpoint, model: str) -> str:
    name = f"{endpoint.authority}\n{endpoint.path}\n{model}"
    return sha256(name.encode()).hexdigest()[:_STORE_NAME]
