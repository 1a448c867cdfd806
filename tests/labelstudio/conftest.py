"""One real Label Studio server for all tests that need one; its first start takes about half a minute."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, address
from annotate.labelstudio.state import State
from tests.labelstudio.proxy import Proxy, before

DATABASE = "label_studio.sqlite3"


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The folder of a server that runs. Beside it stays a copy of its database from when there was nothing in it."""
    state = State(tmp_path_factory.mktemp("studio") / ".studio")
    server.up(state)
    with closing(sqlite3.connect(state.data / DATABASE)) as made, closing(sqlite3.connect(empty(state))) as copy:
        made.backup(copy)
    yield state
    server.down(state)


def empty(state: State) -> Path:
    return state.folder.parent / DATABASE


@pytest.fixture(scope="session")
def begin(started: State) -> Callable[[State], None]:
    """What gives a folder what a server's first start makes, without its half a minute."""

    def begun(state: State) -> None:
        state.make()
        shutil.copy(empty(started), state.data / DATABASE)
        shutil.copy(started.folder / "credentials.json", state.folder / "credentials.json")

    return begun


@pytest.fixture
def studio(started: State) -> Iterator[Studio]:
    with Studio(address(started)) as connected:
        yield connected


@pytest.fixture
def proxy(studio: Studio) -> Iterator[Proxy]:
    """What stands before the server, and fails as it is told to."""
    port = urlsplit(studio.url).port
    assert port
    with before(port) as made:
        yield made
