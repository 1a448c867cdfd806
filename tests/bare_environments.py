"""Environments of people who have not cloned the repository: with `datasets` alone, with the wheel alone, with Inspect.

Each is made once a run, when a test first asks for it, and shared by all processes of the run. The packages have the
versions of `requirements/`. Without a package index, the tests that need them are skipped.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = str(Path(sys.executable).parent / "uv")
_UNREACHABLE = ("Failed to fetch", "dns error", "Could not connect", "error sending request", "network")
_READY = "ready"


class BareEnvironment:
    """A virtual environment.

    Args:
        folder: Its folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, such as `python`, without what the current environment sets.

        Args:
            words: The command and its arguments.
            cwd: The current folder.
            status: The exit code that is expected.
        """
        home = cwd / "home"
        env = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(home),
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(home),
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done


def copy_tracked_files(folder: Path) -> None:
    """Copy the files that git knows, or would with the next `git add`, to a new folder."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def is_index_missing(output: str) -> bool:
    """Tell whether an installer has failed since no package index can be reached."""
    return any(sign in output for sign in _UNREACHABLE)


def _run_uv(*words: str, cwd: Path) -> None:
    done = subprocess.run([UV, *words, "--quiet"], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode and is_index_missing(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


Make = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A function that makes a folder of a name, or returns the one that another process of the run has made."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "bare"
    shared.mkdir(exist_ok=True)

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with _lock(shared):
            if not (folder / _READY).exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                (folder / _READY).touch()
        return folder

    return make


@pytest.fixture(scope="session")
def distributions(make_once: Make) -> Path:
    """A folder with the sdist of the repository, and the wheel that is built from the sdist."""

    def build(folder: Path) -> None:
        source = folder / "source"
        copy_tracked_files(source)
        # Without isolation, nothing is downloaded: development has setuptools.
        _run_uv("build", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder), cwd=source)
        shutil.rmtree(source)

    return make_once("distributions", build)


def find_wheel(distributions: Path) -> Path:
    """Return the wheel of a folder of distributions."""
    (wheel,) = distributions.glob("*.whl")
    return wheel


def _make_environment(folder: Path, *packages: str) -> None:
    python = str(folder / "bin" / "python")
    _run_uv("venv", "--clear", "--python", sys.executable, str(folder), cwd=folder)
    _run_uv("pip", "install", "--python", python, *packages, cwd=ROOT)


@pytest.fixture(scope="session")
def datasets_alone(make_once: Make) -> BareEnvironment:
    """An environment with `datasets` and nothing of ours."""
    pins = ("-c", "requirements/dev.txt", "datasets")
    return BareEnvironment(make_once("datasets", lambda folder: _make_environment(folder, *pins)))


@pytest.fixture(scope="session")
def wheel_alone(make_once: Make, distributions: Path) -> BareEnvironment:
    """An environment with the wheel, without extras."""
    pins = ("-c", "requirements/dev.txt", str(find_wheel(distributions)))
    return BareEnvironment(make_once("wheel", lambda folder: _make_environment(folder, *pins)))


@pytest.fixture(scope="session")
def evaluation_environment(make_once: Make, distributions: Path) -> BareEnvironment:
    """An environment with the wheel and the extra `eval`."""
    wheel = f"{find_wheel(distributions)}[eval]"
    pins = ("-c", "requirements/eval.txt", wheel)
    return BareEnvironment(make_once("evaluation", lambda folder: _make_environment(folder, *pins)))
