"""The requests of the client, and the server that it uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotate.errors import CannotRun
from annotate.labelstudio import client
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.location import open_state
from annotate.labelstudio.state import State
from tests.conftest import Project
from tests.labelstudio.loop import Loop
from tests.labelstudio.test_location import COMMANDS


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / ".studio")


@pytest.mark.server
def test_existing_tasks_are_looked_up_in_runs(
    project: Project, started: State, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids within a page's length are looked up together; other tasks between them do not count."""
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    loop = Loop(project, started, studio)
    made = loop.push().project
    studio.import_tasks(made.id, [{"data": {"text": "x", "notice": "", "article": str(number)}} for number in range(6)])
    numbers = [task["id"] for task in studio.list_tasks(made.id)]
    studio.delete_task(numbers[4])
    wanted = {*numbers[:2], *numbers[4:7], numbers[-1] + 99}
    asked, ask = list[int](), studio.task_pages

    def noted(project_id: int, *, after_id: int, **more: Any) -> Iterator[list[dict[str, Any]]]:
        asked.append(after_id + 1)
        return ask(project_id, after_id=after_id, **more)

    monkeypatch.setattr(studio, "task_pages", noted)
    assert studio.existing_tasks(made.id, wanted) == {*numbers[:2], *numbers[5:7]}
    assert asked == [numbers[0], numbers[4], numbers[-1] + 99]
    with loop.api() as api:
        api.delete(f"/api/projects/{made.id}/").raise_for_status()
    assert studio.existing_tasks(made.id, wanted) == set()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (URL_VARIABLE, TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_address_without_token_is_rejected(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="no server is running; start one with `annotate studio up`"):
        find_server(state)
    monkeypatch.setenv(URL_VARIABLE, "http://example.org/")
    with pytest.raises(CannotRun, match=f"{TOKEN_VARIABLE} is not set"):
        find_server(state)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-secret")
    found = find_server(state)
    assert (found.url, found.name, found.token) == ("http://example.org", "http://example.org", "a-secret")
    assert "a-secret" not in repr(found)
    monkeypatch.delenv(URL_VARIABLE)
    with pytest.raises(CannotRun, match=f"{URL_VARIABLE} is not set"):
        find_server(state)


SECRET = "hunter2"
ADDRESSES_WITH_A_SECRET = [
    f"http://user:{SECRET}@127.0.0.1:1",
    f"http://{SECRET}@127.0.0.1:1/",
    f"https://user:{SECRET}@label.example.org/labels",
    f"user:{SECRET}@127.0.0.1:1",
    f"http://user:{SECRET}@127.0.0.1:port",
    f"http://user:{SECRET}@[127.0.0.1",
    f"http://user:{SECRET}/x@127.0.0.1:1",
    f"http://user:{SECRET} x@127.0.0.1:1",
    f"ftp://user:{SECRET}@127.0.0.1",
    f"http://127.0.0.1:1/?token={SECRET}",
    f"http://127.0.0.1:1/#{SECRET}",
    f"http://127.0.0.1:{SECRET}",
    f"//user:{SECRET}@127.0.0.1",
]


@pytest.mark.parametrize("address", ADDRESSES_WITH_A_SECRET)
def test_address_with_a_secret_is_rejected_and_not_repeated(
    state: State, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(URL_VARIABLE, address)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token")
    with pytest.raises(CannotRun, match=f"^{URL_VARIABLE}: ") as caught:
        find_server(state)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] not in ("up", "down")], ids=" ".join)
@pytest.mark.parametrize("address", ADDRESSES_WITH_A_SECRET[:3])
def test_no_command_prints_a_password_in_the_address(
    project: Project, monkeypatch: pytest.MonkeyPatch, words: list[str], address: str
) -> None:
    monkeypatch.setenv(URL_VARIABLE, address)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token")
    if words == ["migrate"]:
        words = ["migrate", str(write_migration(project))]
    result = project.annotate("studio", *words)
    assert SECRET not in result.output + result.stderr + repr(result.exception)
    if words[0] != "reset-credentials":  # which is about the server of the folder
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
        assert "LABEL_STUDIO_URL: contains a login, a query or a fragment, which may be secret; " in result.stderr
    folder = open_state(project.root / "corpus").folder
    assert not [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def write_migration(project: Project) -> Path:
    path = project.root / "steps.yaml"
    path.write_text("from: 1.0.0\nto: 1.1.0\nsteps:\n  - {rename: label, from: Quay, to: Pier}\n")
    return path


@pytest.mark.parametrize("address", ADDRESSES_WITH_A_SECRET)
def test_page_of_agreement_links_to_no_address_with_a_secret(project: Project, address: str) -> None:
    """The page is shared with others."""
    words = ["--with-gold", "--format", "html", "--studio-url", address]
    result = project.annotate("agree", *words)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("annotate: --studio-url: ")
    assert SECRET not in result.stderr


@pytest.mark.parametrize("address", ["x", "label.example.org", "ftp://label.example.org", "http://", "http://a\x1bb"])
def test_what_is_no_address_is_rejected(state: State, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(URL_VARIABLE, address)
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token")
    with pytest.raises(CannotRun, match="is not a web address; write an address such as") as caught:
        find_server(state)
    assert "\x1b" not in str(caught.value)
