"""What a poll of `annotate studio watch` costs where nothing changed, on a real server: requests, and no writes."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from annotate.labelstudio import journal
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.lock import LOCK_FILE
from annotate.service.loop import WatchLoop, WatchRequest
from annotate.service.memory import WATCH_FOLDER
from tests.labelstudio.proxy import Proxy
from tests.labelstudio.team import VERB, Team
from tests.service.practice import write_practice, wrong_answer
from tests.service.test_training import practise
from tests.service.watching import watch

pytestmark = pytest.mark.server

PER_POLL = 2
"""Requests of a poll: the server's clock, and the list of training projects."""
PER_PROJECT = 2
"""Requests for each project: the project, and its tasks that changed."""


def stamps(team: Team) -> dict[Path, tuple[int, int]]:
    """Each file that the watch writes, with what changes when it is written."""
    paths = [*(team.state.folder / WATCH_FOLDER).glob("*.json"), *(team.state.folder / "findings").iterdir()]
    assert len(paths) >= 2
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def test_a_poll_without_news_makes_few_requests_and_writes_nothing(
    anna: Team, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects of annotators and one of training: the requests do not grow with the tasks."""
    write_practice(anna.project)
    anna.run("people", "add", "ben")
    anna.run("assign", "ben")
    anna.run("train", "ben")
    practise(anna, "ben", wrong_answer())
    monkeypatch.setenv(URL_VARIABLE, proxy.url)
    monkeypatch.setenv(TOKEN_VARIABLE, anna.studio.address.token)
    for name in ("project.json", "people.json", "assigned.json"):
        anna.state.write_for(proxy.url, name, anna.state.read_for("local", name, object))
    root = anna.project.root
    request = WatchRequest(
        anna.state, str(anna.corpus.root), str(anna.project.schema), str(root / "guidelines"), anna.title
    )
    told: list[str] = []
    loop = WatchLoop(request, lambda line, is_problem: told.append(line))
    loop.poll()
    assert len(told) == 2, told
    loop.poll()  # looks again at what the first poll wrote
    before = stamps(anna)
    for _ in range(2):
        proxy.seen.clear()
        loop.poll()
        # What changed lately in training is compared again, for as long as the overlap.
        reviewed = sum(seen == "GET /api/tasks" for seen in proxy.seen) - 3
        assert len(proxy.seen) - reviewed == PER_POLL + 3 * PER_PROJECT, proxy.seen
        assert reviewed <= 1
        assert {seen.split()[0] for seen in proxy.seen} == {"GET"}
        assert stamps(anna) == before
    monkeypatch.setattr(journal, "OVERLAP", timedelta(0))
    time.sleep(1.1)  # the server's clock, as it tells it, has whole seconds
    loop.poll()
    before, lock = stamps(anna), (anna.state.folder / LOCK_FILE).stat().st_mtime_ns
    proxy.seen.clear()
    loop.poll()
    assert len(proxy.seen) == PER_POLL + 3 * PER_PROJECT, proxy.seen
    assert (stamps(anna), (anna.state.folder / LOCK_FILE).stat().st_mtime_ns) == (before, lock)
    assert len(told) == 2, told


def test_the_memory_is_not_rewritten_without_news(anna: Team) -> None:
    watch(anna)
    before = stamps(anna)
    watch(anna)
    assert stamps(anna) == before
    anna.work("anna", "market", "annotations/", [VERB])
    watch(anna)
    assert stamps(anna) != before
