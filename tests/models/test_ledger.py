"""The ledger: no request is sent twice, whatever threads and processes do, and whatever is in its folder."""

import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from annotate.errors import CannotRun, Refused
from annotate.models.chat import CONTEXT_PROBLEM, ChatAnswer, ChatRequest
from annotate.models.chat_client import ModelParameters
from annotate.models.consent import needs_consent, record_consent
from annotate.models.endpoint import Endpoint, resolve_endpoint
from annotate.models.ledger import LEDGER_FORMAT, Ledger, LedgerEntry, forget_answers, open_ledger
from annotate.models.private_folders import create_private_folder, models_root
from tests.conftest import give_away
from tests.models.first_word import make_request

ENDPOINT = resolve_endpoint("https://models.example/v1", environ={"ANNOTATE_MODEL_KEY": "sk-secret"})
MODEL, PARAMETERS = "m", ModelParameters(temperature=0.0)
REQUEST = make_request("Anna works.")
ANSWER = ChatAnswer(text="Anna", finish_reason="stop", format="schema")


class Sender:
    """Sends nothing, and counts."""

    def __init__(self, pause: float = 0, answer: ChatAnswer = ANSWER) -> None:
        self.count, self.pause, self.answer = 0, pause, answer

    def __call__(self, request: ChatRequest) -> ChatAnswer:
        self.count += 1
        time.sleep(self.pause)
        return self.answer


def keep(answer: ChatAnswer = ANSWER, request: ChatRequest = REQUEST) -> Path:
    """Keep an answer, and return its file."""
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        ledger.ask(request, Sender(answer=answer))
        key = ledger.key(request)
        return ledger.folder / key[:2] / f"{key}.json"


def test_an_answer_is_kept_before_it_is_used() -> None:
    send = Sender()
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        assert ledger.ask(REQUEST, send) == (ANSWER, False)
        assert ledger.ask(REQUEST, send) == (ANSWER, True)
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        assert ledger.ask(REQUEST, send) == (ANSWER, True)
    assert (send.count, ledger.ignored) == (1, 0)


def test_the_ledger_knows_when_its_answers_came() -> None:
    files = [keep(request=make_request(words)) for words in ("Anna works.", "Ben works.", "Cleo works.")]
    for file, received in zip(files, ("2026-01-02T00:00:00Z", "", "2026-01-01T00:00:00Z"), strict=True):
        entry = msgspec.json.decode(file.read_bytes())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("received"))
        file.write_bytes(msgspec.json.encode(entry | ({"received": received} if received else {})))
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        assert ledger.ask(make_request("Ben works."), Sender()) == (ANSWER, True)  # an entry of an earlier version
        assert (ledger.first_received, ledger.last_received, ledger.ignored) == ("", "", 0)
        for words in ("Anna works.", "Cleo works."):
            ledger.ask(make_request(words), Sender())
        assert (ledger.first_received, ledger.last_received) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
        ledger.ask(make_request("Dan works."), Sender())
        assert ledger.last_received > "2026-01-02T00:00:00Z"


def test_files_are_private_and_hold_no_key() -> None:
    keep()
    record_consent(ENDPOINT)
    paths = [models_root(), *models_root().rglob("*")]
    assert len([path for path in paths if path.is_file()]) == 3  # the answer, what the folder is of, the hosts
    for path in paths:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
        assert path.is_dir() or b"sk-secret" not in path.read_bytes()


def test_a_folder_that_others_can_read_is_closed_to_them() -> None:
    file = keep()
    file.parent.chmod(0o755)
    models_root().chmod(0o777)
    create_private_folder("answers", file.parent.parent.name, file.parent.name)
    assert [folder.stat().st_mode & 0o777 for folder in (file.parent, models_root())] == [0o700, 0o700]


@pytest.mark.parametrize(
    ("endpoint", "model", "parameters", "request_"),
    [
        (resolve_endpoint("https://models.example/v2", environ={}), MODEL, PARAMETERS, REQUEST),
        (resolve_endpoint("https://other.example/v1", environ={}), MODEL, PARAMETERS, REQUEST),
        (ENDPOINT, "n", PARAMETERS, REQUEST),
        (ENDPOINT, MODEL, ModelParameters(), REQUEST),
        (ENDPOINT, MODEL, ModelParameters(temperature=0.0, seed=1), REQUEST),
        (ENDPOINT, MODEL, PARAMETERS, make_request("Anna works!")),
        (ENDPOINT, MODEL, PARAMETERS, make_request("Anna works.", schema=None)),
        (ENDPOINT, MODEL, PARAMETERS, make_request("Anna works.", max_tokens=51)),
    ],
)
def test_whatever_an_answer_depends_on_is_in_its_key(
    endpoint: Endpoint, model: str, parameters: ModelParameters, request_: ChatRequest
) -> None:
    keep()
    assert Ledger(endpoint, model, parameters).find(request_) is None


def test_the_key_of_the_endpoint_is_not_in_the_key_of_an_answer() -> None:
    keep()
    other = resolve_endpoint("https://models.example/v1", environ={"ANNOTATE_MODEL_KEY": "sk-other"})
    assert Ledger(other, MODEL, PARAMETERS).find(REQUEST) == ANSWER


def test_threads_send_one_request_once() -> None:
    send = Sender(pause=0.2)
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ledger.ask(REQUEST, send), range(8)))
    assert send.count == 1
    assert sorted(kept for _, kept in answers) == [False] + [True] * 7


def test_a_failed_request_is_tried_by_the_next_thread() -> None:
    begun, calls = threading.Event(), list[int]()

    def send(_: ChatRequest) -> ChatAnswer:
        calls.append(1)
        begun.wait(5)
        if len(calls) == 1:
            raise CannotRun("a", "b", "c")
        return ANSWER

    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger, ThreadPoolExecutor(2) as threads:
        futures = [threads.submit(ledger.ask, REQUEST, send) for _ in range(2)]
        time.sleep(0.1)
        begun.set()
        errors = [future.exception(timeout=5) for future in futures]
    assert sorted(error is None for error in errors) == [False, True]
    assert len(calls) == 2


def test_a_context_that_was_too_small_is_asked_again() -> None:
    too_long = ChatAnswer(text="", finish_reason="length", format="schema", problem=CONTEXT_PROBLEM)
    assert not keep(too_long).exists()
    assert keep(ChatAnswer(text="", finish_reason="length", format="schema", problem="too large")).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 200_000,
        b"\xff",
        msgspec.json.encode({"format": 0, "text": "Anna"}),
        msgspec.json.encode(LedgerEntry(format=LEDGER_FORMAT + 1, key="x", answer=ANSWER)),
        msgspec.json.encode(LedgerEntry(format=LEDGER_FORMAT, key="another", answer=ANSWER)),
    ],
)
def test_entries_of_another_form_are_counted_and_replaced(content: bytes) -> None:
    file = keep()
    file.write_bytes(content)
    send = Sender()
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        assert ledger.ask(REQUEST, send) == (ANSWER, False)
        assert ledger.ignored == 1
        assert ledger.ask(REQUEST, send) == (ANSWER, True)
    assert send.count == 1


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_links_and_pipes_are_neither_read_nor_written(kind: str, tmp_path: Path) -> None:
    file = keep()
    outside = tmp_path / "outside.json"
    outside.write_bytes(file.read_bytes())
    before = outside.read_bytes()
    file.unlink()
    if kind == "link":
        file.symlink_to(outside)
    else:
        os.mkfifo(file)
    with open_ledger(ENDPOINT, MODEL, PARAMETERS) as ledger:
        assert ledger.find(REQUEST) is None
        assert ledger.ignored == 1
        ledger.ask(REQUEST, Sender(answer=ChatAnswer(text="Ben", finish_reason="stop", format="text")))
    assert outside.read_bytes() == before
    assert not file.is_symlink()


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_folder_behind_a_link_is_refused(depth: int, tmp_path: Path) -> None:
    file = keep()
    folder = [models_root(), models_root() / "answers", file.parent.parent, file.parent][depth]
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    before = sorted((tmp_path / "elsewhere").rglob("*"))
    with pytest.raises(Refused, match="is a link"):
        keep(request=make_request("Ben works.") if depth < 3 else REQUEST)
    assert sorted((tmp_path / "elsewhere").rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_user_is_not_used() -> None:
    file = keep()
    os.chown(file, 65534, 65534)
    assert Ledger(ENDPOINT, MODEL, PARAMETERS).find(REQUEST) is None
    give_away(models_root() / "answers")
    with pytest.raises(Refused, match="belongs to another user"):
        keep()


def test_another_process_is_named(tmp_path: Path) -> None:
    """The lock is the folder's: another descriptor stands for another process."""
    import fcntl

    folder = keep().parent.parent
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(CannotRun, match="is writing to it; wait until it ends, then try again"):
            keep()
        with pytest.raises(CannotRun, match="is writing to it"):
            forget_answers()
        with open_ledger(ENDPOINT, "another model", PARAMETERS) as ledger:
            ledger.ask(REQUEST, Sender())
    finally:
        os.close(handle)


def test_answers_can_be_deleted() -> None:
    assert forget_answers() == 0
    file = keep()
    keep(request=make_request("Ben works."))
    with open_ledger(ENDPOINT, "n", PARAMETERS) as ledger:
        ledger.ask(REQUEST, Sender())
    assert forget_answers(ENDPOINT, "n") == 1
    assert file.exists()
    record_consent(ENDPOINT)
    assert forget_answers() == 2
    assert not list((models_root() / "answers").iterdir())
    assert not needs_consent(ENDPOINT)


def test_consent_is_of_a_host() -> None:
    assert needs_consent(ENDPOINT)
    record_consent(ENDPOINT)
    assert not needs_consent(resolve_endpoint("https://models.example/v2", environ={}))
    assert needs_consent(resolve_endpoint("https://models.example:8443/v1", environ={}))
    assert needs_consent(resolve_endpoint("https://other.example/v1", environ={}))
    assert not needs_consent(resolve_endpoint("http://127.0.0.1:8080/v1", environ={}))
    (models_root() / "hosts.json").write_text("[")
    with pytest.raises(CannotRun, match=r"hosts\.json: cannot be read"):
        needs_consent(ENDPOINT)
