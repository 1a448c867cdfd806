"""Killed commands, broken answers and a full disk: the next run completes the work, byte for byte."""

import random
import signal
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.state import State
from annotate.util.files import PART_SUFFIX
from tests.conftest import Project
from tests.labelstudio.loop import TITLES, Loop, write
from tests.labelstudio.proxy import Fault, Proxy, before
from tests.labelstudio.toolkit import Limits, Toolkit, answers, assert_pulled, assert_pushed_once, fresh, labelled

pytestmark = pytest.mark.server


def choose_requests(count: int, size: int) -> list[int]:
    """Return at which of a command's requests it is killed: the same ones each time, and never the first."""
    return sorted(random.Random(20).sample(range(2, count + 1), size))  # noqa: S311 - not a secret


@pytest.fixture
def toolkit(project: Project, started: State, studio: Studio, proxy: Proxy) -> Toolkit:
    """For pushes: each test has a project of its own."""
    loop = Loop(project, started, studio)
    write(loop, 2)
    return Toolkit(loop, proxy)


class Pull(NamedTuple):
    """A project in which every article is labelled, and the files that a pull has to make."""

    toolkit: Toolkit
    made: dict[str, bytes]

    def again(self) -> Toolkit:
        """Remove everything that was pulled."""
        fresh(self.toolkit.loop)
        self.toolkit.undisturbed()
        return self.toolkit

    def assert_finished(self) -> None:
        self.toolkit.undisturbed()
        done = self.toolkit.run("pull")
        assert done.code == 0, done.err
        assert_pulled(self.toolkit, self.made)


@pytest.fixture(scope="module")
def pull(started: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pull]:
    """One for all pulls: they change nothing on the server."""
    where = find_server(started)
    with Studio(where) as studio, before(int(where.url.rsplit(":", 1)[1])) as proxy:
        loop = Loop(Project(tmp_path_factory.mktemp("pull") / "project"), started, studio)
        write(loop, 2)
        toolkit = Toolkit(loop, proxy)
        yield Pull(toolkit, labelled(toolkit))


def assert_push_finished(toolkit: Toolkit) -> None:
    toolkit.undisturbed()
    done = toolkit.run("push")
    assert done.code == 0, done.err
    assert_pushed_once(toolkit.loop)


def spoil(proxy: Proxy, every: int, *faults: Fault) -> list[Fault]:
    """Break every n-th answer until all faults have occurred; return the list of those that are left."""
    left = list(faults)
    proxy.faults = lambda count, request: left.pop(0) if count % every == 0 and left else None
    return left


def half_written(loop: Loop) -> list[str]:
    """Return the temporary files in the corpus and in `.studio/`."""
    return [path.name for root in (loop.corpus.root, loop.state.folder) for path in root.rglob(f".*{PART_SUFFIX}")]


def test_push_killed_after_the_server_did_a_request(toolkit: Toolkit) -> None:
    count = toolkit.requests("push")
    for wanted in choose_requests(count, 3):
        toolkit.undisturbed()
        toolkit.loop.title = next(TITLES)
        toolkit.proxy.after = toolkit.kill_after(wanted)
        assert toolkit.run("push").code == -signal.SIGKILL, wanted
        assert_push_finished(toolkit)


def test_push_killed_before_the_server_gets_a_request(toolkit: Toolkit) -> None:
    """Killed twice, the second time at a request that a push without changes makes as well; then completed."""
    counts = [toolkit.requests("push") for _ in range(2)]
    toolkit.loop.title = next(TITLES)
    for count in counts:
        toolkit.undisturbed()
        (wanted,) = choose_requests(count, 1)
        toolkit.proxy.faults = toolkit.kill_before(wanted)
        assert toolkit.run("push").code == -signal.SIGKILL, wanted
    assert_push_finished(toolkit)


def test_pull_killed_after_the_server_did_a_request(pull: Pull) -> None:
    pull.again()
    count = pull.toolkit.requests("pull")
    for wanted in choose_requests(count, 3):
        toolkit = pull.again()
        toolkit.proxy.after = toolkit.kill_after(wanted)
        assert toolkit.run("pull").code == -signal.SIGKILL, wanted
        pull.assert_finished()


def test_pull_killed_before_the_server_gets_a_request(pull: Pull) -> None:
    count = pull.again().requests("pull")
    for wanted in choose_requests(count, 2):
        toolkit = pull.again()
        toolkit.proxy.faults = toolkit.kill_before(wanted)
        assert toolkit.run("pull").code == -signal.SIGKILL, wanted
        pull.assert_finished()


def test_pull_killed_at_a_write(pull: Pull) -> None:
    for write_ in (3, 5, 9):
        assert pull.again().run("pull", limits=Limits(write=write_)).code == -signal.SIGKILL
        assert half_written(pull.toolkit.loop)
        pull.assert_finished()
        assert half_written(pull.toolkit.loop) == []


def test_push_survives_broken_answers(toolkit: Toolkit) -> None:
    """Requests are repeated after a look at what arrived, and one push is enough."""
    left = spoil(toolkit.proxy, 3, "500", "hang", "refuse", "cut", "lose")
    done = toolkit.run("push", limits=Limits(seconds=4))
    assert (done.code, left) == (0, []), done.err
    toolkit.undisturbed()
    assert_pushed_once(toolkit.loop)


def test_pull_survives_broken_answers(pull: Pull) -> None:
    toolkit = pull.again()
    left = spoil(toolkit.proxy, 2, "500", "cut", "refuse")
    done = toolkit.run("pull")
    assert (done.code, left) == (0, []), done.err
    toolkit.undisturbed()
    assert_pulled(toolkit, pull.made)


def assert_one_line(toolkit: Toolkit, words: str, end: str, fault: Fault) -> None:
    """Requests for paths with this end always fail: the command repeats them, then ends with one line."""
    toolkit.undisturbed()
    toolkit.proxy.faults = lambda count, request: fault if request.rstrip("/").endswith(end) else None
    done = toolkit.run(words, limits=Limits(seconds=2, delays=(0.1,)))
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith(f"annotate: {toolkit.proxy.url}: ")
    assert sum(request.rstrip("/").endswith(end) for request in toolkit.proxy.seen) > 1


def test_push_without_answer_ends_with_one_line(toolkit: Toolkit) -> None:
    assert_one_line(toolkit, "push", "/import", "500")
    assert_one_line(toolkit, "push", "/tasks", "refuse")
    assert_push_finished(toolkit)


def test_pull_without_answer_ends_with_one_line(pull: Pull) -> None:
    toolkit = pull.again()
    faults: tuple[Fault, ...] = ("500", "cut", "refuse", "hang")
    for fault in faults:
        assert_one_line(toolkit, "pull", "/tasks", fault)
    pull.assert_finished()


def test_full_disk_during_pull_is_one_line_and_loses_no_label(pull: Pull) -> None:
    for room in (200, 3000):
        toolkit = pull.again()
        done = toolkit.run("pull", limits=Limits(most_bytes=room))
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert "file too large" in done.err.lower()
        assert answers(toolkit.loop).items() <= pull.made.items()
        pull.assert_finished()
