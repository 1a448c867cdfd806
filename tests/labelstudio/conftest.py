"""One real Label Studio server for all tests that need one; its first start takes about half a minute."""

from collections.abc import Iterator

import pytest

from annotate.labelstudio import server
from annotate.labelstudio.client import Studio, address
from annotate.labelstudio.state import State


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The folder of a server that runs."""
    state = State(tmp_path_factory.mktemp("studio") / ".studio")
    server.up(state)
    yield state
    server.down(state)


@pytest.fixture
def studio(started: State) -> Iterator[Studio]:
    with Studio(address(started)) as connected:
        yield connected
