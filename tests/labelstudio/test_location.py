"""Where the state of a corpus is, and which folders are refused because someone else may have filled them."""

import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.errors import CannotRun, Refused
from annotate.labelstudio import server
from annotate.labelstudio.location import corpus_state_folder, data_root, open_state
from annotate.labelstudio.lock import lock_folder
from annotate.labelstudio.state import State
from tests.conftest import AS_ORDINARY_USER, ROOT, Project, give_away

TOKEN = "a" * 40
COMMANDS = [
    ["up"],
    ["down"],
    ["status"],
    ["push"],
    ["pull"],
    ["compare"],
    ["migrate"],
    ["people"],
    ["people", "add", "anna"],
    ["assign", "anna"],
    ["adjudicate", "--pull", "--as", "anna"],
    ["reset-credentials"],
]
"""Every command that works with a state; `config` has none, and `adopt` is the remedy."""


def plant_former(folder: Path) -> Path:
    """Make a state folder as an earlier version, or a stranger, would have put it into a clone."""
    (folder / "data").mkdir(parents=True)
    login = {"username": "other@example.org", "password": "known-to-others", "token": TOKEN}
    (folder / "credentials.json").write_text(json.dumps(login))
    return folder


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file and folder with its mode and bytes."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted((folder, *folder.rglob("*")))
    }


def test_each_corpus_has_a_private_folder_named_by_its_path(project: Project) -> None:
    corpus = project.root / "corpus"
    state = open_state(corpus)
    assert state.folder == corpus_state_folder(corpus)
    assert state.folder.parent == data_root()
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    record = json.loads((state.folder / "corpus.json").read_bytes())
    status = corpus.stat()
    assert (record["path"], record["device"], record["inode"]) == (str(corpus), status.st_dev, status.st_ino)
    (project.root / "link").symlink_to(corpus)
    assert open_state(project.root / "link").folder == state.folder
    assert open_state(project.root / "schema").folder != state.folder
    project.replace("corpus/annotators.yaml", "annotators", "annotators")  # what is in it does not matter
    assert open_state(corpus).folder == state.folder


def test_status_shows_the_place_without_a_server(project: Project) -> None:
    result = project.annotate("studio", "status")
    assert result.exit_code == 2
    assert result.stdout == f"data: {corpus_state_folder(project.root / 'corpus')}\n"
    assert "no server is running; start one with `annotate studio up`" in result.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stops_at_a_folder_of_the_clone(project: Project, words: list[str]) -> None:
    former = plant_former(project.root / ".studio")
    before = snapshot(project.root)
    result = project.annotate("studio", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"`annotate studio adopt {former}`" in result.stderr
    assert result.stderr.count("\n") == 1
    assert snapshot(project.root) == before
    assert not corpus_state_folder(project.root / "corpus").exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stops_after_the_corpus_was_moved(project: Project, words: list[str]) -> None:
    state = open_state(project.root / "corpus")
    moved = project.root.with_name("moved")
    project.root.rename(moved)
    project.root, project.corpus = moved, type(project.corpus)(moved / "corpus")
    result = project.annotate("studio", *words)
    assert result.exit_code == 1
    assert f"`annotate studio adopt {shlex.quote(str(state.folder))}`" in result.stderr
    assert not corpus_state_folder(moved / "corpus").exists()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_stops_if_another_corpus_is_at_the_path(project: Project, words: list[str]) -> None:
    corpus = project.root / "corpus"
    state = open_state(corpus)
    shutil.copytree(corpus, project.root / "copy")
    corpus.rename(project.root / "old")
    (project.root / "copy").rename(corpus)
    result = project.annotate("studio", *words)
    assert result.exit_code == 1
    assert f"corpus: is another folder than the one that {state.folder} was made for" in result.stderr
    assert f"`annotate studio adopt {shlex.quote(str(state.folder))}`" in result.stderr


def test_page_of_agreement_takes_no_task_from_the_clone(project: Project) -> None:
    former = plant_former(project.root / ".studio")
    words = ["--with-gold", "--format", "html", "--studio-url", "http://localhost:8080"]
    result = project.annotate("agree", *words)
    assert (result.exit_code, f"`annotate studio adopt {former}`" in result.stderr) == (1, True)


@pytest.mark.parametrize("kind", ["link", "broken link", "file"])
def test_what_is_no_folder_is_named(project: Project, kind: str) -> None:
    former, target = project.root / ".studio", project.root.with_name("home")
    target.mkdir()
    former.write_text("") if kind == "file" else former.symlink_to(target if kind == "link" else target / "none")
    result = project.annotate("studio", "up")
    assert result.exit_code == 1
    assert result.stderr == f"annotate: {former}: is a link, or is not a folder, and is not used; move it away\n"
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("words", [["up"], ["down"], ["status"], ["people"], ["reset-credentials"]], ids=" ".join)
def test_without_a_corpus_a_folder_has_to_be_named(tmp_path: Path, words: list[str], project: Project) -> None:
    shutil.rmtree(project.root / "corpus")
    result = project.annotate("studio", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "annotate: corpus: is not a corpus folder; name the corpus with --corpus, or a folder for the server's data "
        "with --dir\n"
    )
    assert project.annotate("studio", "down", "--dir", str(tmp_path / "own")).exit_code == 0


def test_named_folder_is_new_or_recorded(tmp_path: Path, project: Project) -> None:
    corpus, folder = project.root / "corpus", tmp_path / "own" / "studio"
    state = open_state(corpus, folder)
    (state.folder / "project.json").write_text("{}")
    assert open_state(corpus, folder).folder == folder
    assert open_state("nowhere", folder).folder == folder
    empty = tmp_path / "empty"
    empty.mkdir()
    assert open_state(corpus, empty).folder == empty
    (empty / "project.json").write_text("{}")
    assert open_state(corpus, empty).folder == empty
    assert open_state(corpus, open_state(corpus).folder).folder == corpus_state_folder(corpus)

    others = plant_former(tmp_path / "others")
    with pytest.raises(Refused, match=r"was not made by .*; name a new folder, or copy this one with .* --dir NEW"):
        open_state(corpus, others)
    folder.rename(tmp_path / "moved")  # it keeps its inode, which a new folder could get otherwise
    plant_former(folder)
    with pytest.raises(Refused, match="was not made by"):
        open_state(corpus, folder)
    (tmp_path / "link").symlink_to(empty)
    with pytest.raises(Refused, match="is a link"):
        open_state(corpus, tmp_path / "link")
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="is not a folder"):
        open_state(corpus, tmp_path / "file")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_uses_an_unknown_folder(project: Project, tmp_path: Path, words: list[str]) -> None:
    others = plant_former(tmp_path / "others")
    before = snapshot(others)
    result = project.annotate("studio", *words, "--dir", str(others))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "was not made by `annotate studio` for this user on this machine" in result.stderr
    assert snapshot(others) == before


def test_broken_record_is_one_line(project: Project) -> None:
    corpus = project.root / "corpus"
    record = open_state(corpus).folder / "corpus.json"
    record.write_text("{")
    with pytest.raises(CannotRun, match=r"corpus\.json: cannot be read"):
        open_state(corpus)
    record.unlink()
    with pytest.raises(CannotRun, match=r"has no corpus\.json; move it away"):
        open_state(corpus)


def test_record_of_another_corpus_may_be_broken(project: Project) -> None:
    (open_state(project.root / "schema").folder / "corpus.json").write_text("{")
    assert open_state(project.root / "corpus").folder.is_dir()


def test_credentials_are_renewed_before_the_first_start(project: Project) -> None:
    state = open_state(project.root / "corpus")
    state.create_folder()
    before = server.load_credentials(state)
    state.write_bytes("data/.env", b"SECRET_KEY=known")
    result = project.annotate("studio", "reset-credentials")
    assert (result.exit_code, result.stdout) == (0, f"login and password: {state.folder / 'credentials.json'}\n")
    after = server.load_credentials(state)
    assert after.username == before.username
    assert {after.password, after.token}.isdisjoint({before.password, before.token})
    assert not (state.data / ".env").exists()
    unknown = project.annotate("studio", "reset-credentials", "zoe")
    assert (unknown.exit_code, unknown.stderr) == (
        2,
        "annotate: 'zoe': is not a user of this server; create one with `annotate studio people add`\n",
    )
    assert server.load_credentials(state) == after


def test_interrupted_adoption_is_not_taken_for_an_empty_server(project: Project, tmp_path: Path) -> None:
    """It was killed after it had moved the old state away, and before the copy was complete."""
    state, named = open_state(project.root / "corpus"), open_state(project.root / "corpus", tmp_path / "named")
    for folder, words in ((state.folder, []), (named.folder, ["--dir", str(named.folder)])):
        vacated = folder.with_name(f"{folder.name}.former1")
        folder.rename(vacated)
        result = project.annotate("studio", "down", *words)
        assert (result.exit_code, f"adopt {vacated}" in result.stderr) == (1, True), result.output
        assert project.annotate("studio", "adopt", str(vacated), *words).exit_code == 0
        assert project.annotate("studio", "down", *words).exit_code == 0


@pytest.mark.parametrize("name", ["server.log", "lock", "credentials.json", "raw", "data/media", "journal/1.json"])
@pytest.mark.parametrize("words", [["up"], ["pull"], ["reset-credentials"]], ids=" ".join)
def test_links_in_the_folder_are_refused_and_not_followed(
    project: Project, tmp_path: Path, name: str, words: list[str]
) -> None:
    state = open_state(project.root / "corpus")
    state.create_folder()
    home = tmp_path / "home"
    home.mkdir()
    (home / "profile").write_text("precious")
    (state.folder / name).parent.mkdir(exist_ok=True)
    (state.folder / name).symlink_to(home if name in ("raw", "data/media") else home / "profile")
    before = snapshot(home)
    result = project.annotate("studio", *words)
    assert result.exit_code in (1, 2), result.output
    assert result.stderr.count("\n") == 1
    assert f"{state.folder / name}: is a link; move it away" in result.stderr
    assert snapshot(home) == before


def test_pipe_in_the_folder_is_refused(project: Project) -> None:
    state = open_state(project.root / "corpus")
    state.create_folder()
    os.mkfifo(state.folder / "server.json")
    with pytest.raises(CannotRun, match=r"server\.json: cannot be read"):
        server.find_running(state)
    with pytest.raises(Refused, match="is not a regular file"), lock_folder(state, "up"):
        pass


def test_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / ".gitignore").write_text("rules")
    (tmp_path / "studio").symlink_to(home)
    before = snapshot(home)
    with pytest.raises(Refused, match="is a link"):
        State(tmp_path / "studio").create_folder()
    assert snapshot(home) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(project: Project, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir(mode=0o777)
    os.chown(named, 65534, 65534)
    with pytest.raises(Refused, match="belongs to another user"):
        open_state(project.root / "corpus", named)
    state = open_state(project.root / "corpus")
    os.chown(state.folder, 65534, 65534)
    with pytest.raises(Refused, match="belongs to another user"):
        open_state(project.root / "corpus")


@pytest.fixture
def shared() -> Iterator[Path]:
    """Yield a folder that every user may enter; those of pytest are its own user's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_another_user_reaches_neither_folder_nor_record(shared: Path) -> None:
    """Run the command as another user with the first one's data directory, and with their folder."""
    project = Project(shared / "project")
    for path in (shared / "project").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (shared / "project").chmod(0o755)
    state = open_state(project.root / "corpus", shared / "studio")
    server.load_credentials(state)
    give_away(state.folder)
    theirs = shared / "theirs"
    theirs.mkdir(mode=0o700)
    give_away(theirs)

    def run(*words: str, data: Path) -> "subprocess.CompletedProcess[str]":
        command = [*AS_ORDINARY_USER, sys.executable, "-P", "-m", "annotate"]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data),
            "XDG_DATA_HOME": str(data),
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            [*command, "studio", *words], cwd=project.root, env=environment, capture_output=True, text=True, check=False
        )

    own = shared / "own"
    own.mkdir()
    done = run("reset-credentials", "--dir", str(state.folder), data=own)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert "belongs to another user" in done.stderr
    done = run("reset-credentials", data=theirs)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "permission denied" in done.stderr
    done = run("adopt", str(state.folder), data=own)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "permission denied" in done.stderr
