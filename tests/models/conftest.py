"""A scripted endpoint, and an environment without the addresses, keys and proxies of whoever runs the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.chat_server import ChatServer, serve_chat

NAMES = ("ANNOTATE_MODEL_URL", "ANNOTATE_MODEL_KEY", "ANNOTATE_MODEL_KEY_FILE", "OPENAI_BASE_URL", "OPENAI_API_KEY")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serve_chat() as server:
        yield server


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *PROXIES, *map(str.upper, PROXIES)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
