"""A real Label Studio server for all tests of a worker that need one; its first start takes about half a minute."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.prepared_database import install_prepared_database, prepared_path
from annotate.labelstudio.state import State
from tests.labelstudio.proxy import Proxy, before

START_TIMEOUT = 600
"""Seconds that a start may take in the tests: other workers, and on a CI machine other jobs, share the processor."""


@pytest.fixture(scope="session", autouse=True)
def own_data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the states of all corpora out of the user's real data directory, and what checks know out of the cache."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def patient_start() -> Iterator[None]:
    """Wait longer for a server than the toolkit does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "START_TIMEOUT", START_TIMEOUT)
        yield


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the prepared database that the first start on a machine leaves; see `prepared_database`.

    All workers of pytest-xdist share it: the first one that asks starts a server, the others wait.
    """
    path = prepared_path()
    assert path
    own = tmp_path_factory.getbasetemp()
    shared = (own if worker_id == "master" else own.parent) / "prepared.sqlite3"
    with shared.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            state = State(tmp_path_factory.mktemp("first") / ".studio")
            server.start(state)
            server.stop(state)
            shutil.copy2(path, shared.with_suffix(".part"))
            shared.with_suffix(".part").rename(shared)
    if not path.exists():
        shutil.copy2(shared, path)
    return path


@pytest.fixture(scope="session")
def begin(first_start: Path) -> Callable[[State], None]:
    """Return a function that gives a folder the prepared database, so that no test waits for a first start."""

    def begun(state: State) -> None:
        state.create_folder()
        assert install_prepared_database(state) is None, first_start

    return begun


@pytest.fixture(scope="session")
def started(begin: Callable[[State], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """Yield the folder of a running server; each worker has a server of its own."""
    state = State(tmp_path_factory.mktemp("studio") / ".studio")
    begin(state)
    server.start(state)
    yield state
    server.stop(state)


@pytest.fixture
def studio(started: State) -> Iterator[Studio]:
    with Studio(find_server(started)) as connected:
        yield connected


@pytest.fixture
def proxy(studio: Studio) -> Iterator[Proxy]:
    """A proxy in front of the server, with the faults that a test asks for."""
    port = urlsplit(studio.url).port
    assert port
    with before(port) as made:
        yield made
