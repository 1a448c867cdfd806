"""git is asked about a stranger's repository: nothing that its configuration or its files name ever runs."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.release.git import Repository, last_commit, uncommitted_files
from annotate.util import git as git_module
from annotate.util.git import find_repository, find_repository_around
from tests.comparison.conftest import ENV, commit, git
from tests.conftest import Project

WHO = {name: value for name, value in ENV.items() if name.startswith("GIT_")}


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A committed corpus, in the folder of its repository, without a configuration of the user's."""
    repository = Project(tmp_path / "repository")
    git(repository.root, "init", "--quiet", "--initial-branch", "main")
    commit(repository, "first")
    git(repository.root, "tag", "v1.0.0")
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    repository.path(".gitattributes").write_text("* filter=evil diff=evil merge=evil text\n")
    repository.path(".gitignore").write_text("dist/\n")
    commit(repository, "attributes")
    monkeypatch.chdir(repository.root)
    return repository


class Trap:
    """A program that leaves a mark for each name that it is run under."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def program(self, name: str, then: str = "cat") -> str:
        """Return the path of a program that marks that it ran, and passes its input on or does something else."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n: > '{self.folder}/ran-{name}'\n{then}\n")
        path.chmod(0o755)
        return str(path)

    def ran(self) -> list[str]:
        return sorted(path.name.removeprefix("ran-") for path in self.folder.glob("ran-*"))


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "trap")


PROGRAMS = (
    *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy"),
    *("core.alternateRefsCommand", "diff.external", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver"),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "credential.helper", "sequence.editor"),
    *("gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.x509.program", "gpg.ssh.defaultKeyCommand"),
    *("interactive.diffFilter", "remote.origin.uploadpack", "remote.origin.receivepack", "uploadpack.packObjectsHook"),
    *("trailer.evil.command", "trailer.evil.cmd", "man.evil.cmd", "web.browser", "submodule.evil.update"),
    *("pager.tag", "pager.status", "pager.ls-files", "pager.cat-file", "pager.rev-parse", "pager.for-each-ref"),
)
"""Settings of git that name a program."""
COMMANDS = ("rev-parse", "status", "ls-files", "ls-tree", "cat-file", "for-each-ref", "check-ignore", "tag", "config")
HOOKS = (
    *("post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-commit", "post-checkout", "pre-push"),
    *("prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite", "update", "post-update", "pre-auto-gc"),
)


def set_traps(repository: Project, trap: Trap) -> None:
    """Write a configuration that names a program wherever git takes one, and hooks."""
    settings = {key: trap.program(key) for key in PROGRAMS}
    settings |= {f"alias.{name}": f"!{trap.program(f'alias-{name}')}" for name in COMMANDS}
    settings |= {
        "core.hooksPath": str(trap.folder),
        "core.attributesFile": str(trap.folder / "attributes"),
        "tag.gpgSign": "true",
        "commit.gpgSign": "true",
        "log.showSignature": "true",
        "core.untrackedCache": "true",
        "protocol.ext.allow": "always",
        "column.ui": "always",
        "color.ui": "always",
        "tag.sort": "-refname",
        "status.submoduleSummary": "true",
    }
    (trap.folder / "attributes").write_text("* filter=evil diff=evil\n")
    for name in HOOKS:
        trap.program(name)
        shutil.copy(trap.folder / name, repository.path(f".git/hooks/{name}"))
    included = trap.folder / "included"
    for key, value in settings.items():
        git(repository.root, "config", "--file", str(included), key, value)
    with repository.path(".git/config").open("a") as file:
        file.write(f"[include]\n\tpath = {included}\n")


def test_no_command_runs_what_a_configuration_names(port: Project, trap: Trap) -> None:
    set_traps(port, trap)
    os.utime(port.path("corpus/articles/market.txt"), (1, 1))  # so that `git status` reads it again
    subprocess.run(["git", "status"], cwd=port.root, env=ENV, capture_output=True, check=False)
    assert {"core.fsmonitor", "filter.evil.process"} & set(trap.ran()), "the trap works"
    for mark in trap.folder.glob("ran-*"):
        mark.unlink()
    for words, code in (
        ("check", 0),
        ("diff HEAD~1 corpus", 0),
        ("diff v1.0.0 HEAD", 0),
        ("release plan", 0),
        ("release check 1.1.0", 1),
        ("publish --repo a/b --plan", 2),
        ("release cut 1.1.0 --date 2026-01-01", 1),
    ):
        result = port.annotate(*words.split())
        assert result.exit_code == code, (words, result.output)
        assert not trap.ran(), words
    found = Repository(port.root, port.corpus.root)
    assert found.history(port.schema).tagged_versions == ["1.0.0"]
    assert found.read_file("v1.0.0", port.path("corpus/annotators.yaml"))
    assert found.is_ignored(port.path("dist/x"))
    assert found.list_files(["corpus", "LICENSE*"])
    found.create_tag("2.0.0", "# Two\n")
    assert git(port.root, "cat-file", "tag", "v2.0.0").endswith("# Two")
    assert not trap.ran()


def test_a_signed_tag_uses_the_programs_of_the_user(
    port: Project, trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_traps(port, trap)
    mine = tmp_path / "gpg"
    mine.write_text(
        "#!/bin/sh\ncat > /dev/null\necho '-----BEGIN PGP SIGNATURE-----'\nprintf '\\n[GNUPG:] SIG_CREATED x\\n' >&2\n"
    )
    mine.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[gpg]\n\tprogram = {mine}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    found = Repository(port.root, port.corpus.root)
    found.create_tag("2.0.0", "two\n", sign=True)
    assert "BEGIN PGP SIGNATURE" in git(port.root, "cat-file", "tag", "v2.0.0")
    mine.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(CannotRun, match=r"v3\.0\.0: git did not create the tag; .*user\.signingKey"):
        found.create_tag("3.0.0", "three\n", sign=True)
    assert not trap.ran()


@pytest.mark.parametrize("kind", ["ext", "file", "ssh"])
def test_missing_objects_are_not_fetched(port: Project, trap: Trap, kind: str) -> None:
    program = trap.program("fetch", "exit 1")
    url = {"ext": f"ext::{program} x", "file": str(port.root), "ssh": "ssh://example.org/x"}[kind]
    settings = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": url,
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": program,
        "core.sshCommand": program,
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
    }
    blob = git(port.root, "rev-parse", "HEAD:corpus/articles/market.txt")
    for key, value in settings.items():
        git(port.root, "config", key, value)
    port.path(f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    subprocess.run(["git", "cat-file", "blob", blob], cwd=port.root, env=ENV, capture_output=True, check=False)
    assert trap.ran() == ["fetch"], "the trap works"
    (trap.folder / "ran-fetch").unlink()
    port.path("corpus/articles/market.txt").write_text("other\n")
    result = port.annotate("diff", "HEAD", "corpus")
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert blob in result.output
    assert not trap.ran()


def plant_bare_repository(folder: Path, trap: Trap) -> None:
    """Make a folder look like a bare repository, by ordinary files that `git clone` creates."""
    made = folder.parent / "made.git"
    git(folder.parent, "init", "--quiet", "--bare", str(made))
    for name in ("HEAD", "objects", "refs"):
        source, target = made / name, folder / name
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copy(source, target)
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n"
        f"\tfsmonitor = {trap.program('nested')}\n"
    )
    shutil.rmtree(made)


@pytest.mark.parametrize("folder", ["corpus", "corpus/articles", "schema", "."])
def test_a_bare_repository_within_is_not_asked(
    port: Project, trap: Trap, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_bare_repository(port.path(folder), trap)
    subprocess.run(["git", "status"], cwd=port.path(folder), env=ENV, capture_output=True, check=False)
    if folder != ".":
        assert trap.ran() == ["nested"], "the trap works"
        (trap.folder / "ran-nested").unlink()
    for here in (port.root, port.path(folder)):
        monkeypatch.chdir(here)
        found = find_repository(port.path(folder))
        assert found
        assert found.top == port.root.resolve()
        assert any(name.endswith("config") for name in uncommitted_files(port.corpus.root) or [])
        assert last_commit(port.corpus.root) == git(port.root, "--git-dir=.git", "rev-parse", "HEAD")
    assert not trap.ran()


def test_a_repository_in_the_corpus_is_not_asked(port: Project) -> None:
    """A shared folder or an archive can have one; its history is not that of the corpus."""
    head = git(port.root, "rev-parse", "HEAD")
    git(port.corpus.root, "init", "--quiet")
    git(port.corpus.root, "commit", "--quiet", "--allow-empty", "--message", "other")
    assert last_commit(port.corpus.root) == head
    around = find_repository_around(port.corpus.root)
    assert around
    assert around.top == port.root.resolve()
    shutil.rmtree(port.path(".git"))
    own = find_repository_around(port.corpus.root)
    assert own
    assert own.top == port.corpus.root.resolve()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_broken_repository_within_is_passed_over(port: Project, kind: str) -> None:
    inner = port.path("corpus/.git")
    if kind == "folder":
        inner.mkdir()
    elif kind == "file":
        inner.write_text("gitdir: nowhere\n")
    else:
        inner.symlink_to("nowhere")
    found = find_repository(port.corpus.root)
    assert found
    assert found.top == port.root.resolve()


@pytest.mark.parametrize("settings", [{"core.worktree": "/"}, {"core.bare": "true"}, {"core.worktree": "../../other"}])
def test_the_working_tree_is_where_the_repository_is(port: Project, settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for key, value in settings.items():
        git(port.root, "config", key, value)
    assert uncommitted_files(port.corpus.root) == []
    port.path("new.txt").touch()
    assert uncommitted_files(port.corpus.root) == ["new.txt"]
    assert not Repository(port.root, port.corpus.root).is_ignored(port.path("new.txt"))


def test_a_worktree_is_a_repository(port: Project, tmp_path: Path) -> None:
    git(port.root, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    assert uncommitted_files(tmp_path / "second" / "corpus") == []
    found = Repository(tmp_path / "second", tmp_path / "second" / "corpus")
    assert found.top == (tmp_path / "second").resolve()
    assert found.git_folder.resolve() == port.path(".git").resolve()


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"]
)
def test_variables_of_a_hook_name_no_other_repository(
    port: Project, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "elsewhere")
    assert uncommitted_files(port.corpus.root) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
@pytest.mark.parametrize("foreign", [".git", "."])
def test_a_repository_of_another_user_is_refused(
    port: Project, foreign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    os.chown(port.path(foreign), 65534, 65534)
    for words in ("diff HEAD corpus", "release plan", "publish --repo a/b --plan"):
        result = port.annotate(*words.split())
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
        assert "is a git repository that belongs to another user; trust it with" in result.output
    (tmp_path / "gitconfig").write_text(f"[safe]\n\tdirectory = {port.root.resolve()}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert uncommitted_files(port.corpus.root) == []


@pytest.mark.parametrize(
    ("version", "is_old"), [("2.37.9", True), ("1.9.0", True), ("2.38.0", False), ("3.0.0", False)]
)
def test_an_old_git_is_refused_where_it_is_needed(
    port: Project, version: str, is_old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo "git version {version}" || exec {real} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    git_module._read_version.cache_clear()
    assert port.annotate("check").exit_code == 0
    result = port.annotate("diff", "HEAD", "corpus")
    if is_old:
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
        assert result.output.endswith("install 2.38 or later\n")
    else:
        assert result.exit_code == 0, result.output


def test_what_differs_from_the_last_commit(port: Project) -> None:
    """What `git status` finds, without its filters."""
    root = port.root
    port.path(".gitattributes").write_text("lines.txt text\nbinary.dat -text\n")
    port.path("lines.txt").write_bytes(b"a\nb\n")
    port.path("binary.dat").write_bytes(b"a\nb\n")
    port.path("run.sh").write_text("echo\n")
    port.path("link").symlink_to("run.sh")
    port.path("folder").mkdir()
    port.path("folder/é \n.txt").write_text("x")
    port.path(".gitignore").write_text("*.log\n")
    commit(port, "files")
    assert uncommitted_files(root) == []
    assert uncommitted_files(port.corpus.root) == []
    port.path("lines.txt").write_bytes(b"a\r\nb\r\n")  # as git checks it out on another system
    port.path("x.log").touch()
    assert uncommitted_files(root) == []
    port.path("binary.dat").write_bytes(b"a\r\nb\r\n")
    port.path("run.sh").chmod(0o755)
    port.path("link").unlink()
    port.path("link").symlink_to("lines.txt")
    shutil.move(port.path("folder"), port.path("moved"))
    port.path("folder").symlink_to("moved")
    port.path("staged.txt").touch()
    git(root, "add", "staged.txt")
    git(root, "rm", "--quiet", "--cached", "corpus/annotators.yaml")
    port.path("schema/labels.yaml").unlink()
    os.mkfifo(port.path("schema/labels.yaml"))
    port.path("untracked.txt").touch()
    assert uncommitted_files(root) == [
        "binary.dat",
        "corpus/annotators.yaml",
        "folder/é \n.txt",
        "link",
        "run.sh",
        "schema/labels.yaml",
        "staged.txt",
        "folder",
        "moved/é \n.txt",
        "untracked.txt",
    ]


def test_files_of_git_lfs_and_of_a_sparse_checkout_are_not_changed(port: Project) -> None:
    data = b"a large picture"
    port.path("picture.png").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )
    port.path("aside.txt").write_text("x")
    commit(port, "picture")
    port.path("picture.png").write_bytes(data)
    assert uncommitted_files(port.root) == []
    port.path("picture.png").write_bytes(b"another picture")
    assert uncommitted_files(port.root) == ["picture.png"]
    port.path("picture.png").write_bytes(data)
    git(port.root, "update-index", "--skip-worktree", "aside.txt")
    port.path("aside.txt").unlink()
    assert uncommitted_files(port.root) == []


def test_a_repository_without_a_commit_has_no_last_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert (uncommitted_files(tmp_path), last_commit(tmp_path)) == (None, None)
