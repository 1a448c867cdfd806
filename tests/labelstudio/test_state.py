"""The private folder: access rights, broken files, and a folder that cannot be created."""

import stat
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import server
from annotate.labelstudio.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_is_private_and_hidden_from_git(state: State) -> None:
    state.create_folder()
    state.folder.chmod(0o755)
    state.create_folder()
    login = server.load_credentials(state)
    state.write_bytes("raw/harbour.json", b"[]")
    assert mode(state.folder) == mode(state.data) == mode(state.folder / "raw") == 0o700
    assert mode(state.folder / "credentials.json") == mode(state.folder / "raw" / "harbour.json") == 0o600
    assert (state.folder / ".gitignore").read_bytes() == b"*\n"
    assert server.load_credentials(state) == login
    assert login.token not in repr(login)
    assert login.password not in repr(login)


def test_broken_file_is_named_without_its_content(state: State) -> None:
    state.create_folder()
    (state.folder / "credentials.json").write_text('{"password": "hunter2"')
    with pytest.raises(CannotRun) as caught:
        server.load_credentials(state)
    assert "credentials.json" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_impossible_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="choose another folder"):
        State(tmp_path / "file" / ".studio").create_folder()
