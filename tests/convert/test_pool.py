"""Executors: a Dask cluster of real processes gives the same bytes, and lost workers are replaced."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from annotate.convert.pool import RETRIES, Pool, dask_pool, local_pool, map_with_recovery
from annotate.errors import CannotRun
from tests.conftest import BASE, annotate
from tests.convert.conftest import SMALL, Place, made_up


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def test_dask_gives_the_same_bytes(place: Place, scheduler: str) -> None:
    place.export([*made_up(1, 14), made_up(2, 2)[0]])
    words = (str(place.root / "export.json"), "--shard-size", SMALL)
    assert place.convert(*words).exit_code == 1
    given = ("--schema", str(BASE / "schema"), "--out", str(place.root / "dask"), "--scheduler", scheduler)
    done = annotate("convert", *words, *given, cwd=place.root)
    assert done.exit_code == 1, done.output
    assert place.digests("dask") == place.digests()
    assert place.manifest("dask")["shards"] >= 4


def test_error_of_a_dask_worker_is_one_line(place: Place, scheduler: str) -> None:
    place.export(made_up(1, 1))
    out = place.root / "file" / "below"
    (place.root / "file").write_text("not a folder")
    given = ("--schema", str(BASE / "schema"), "--out", str(out), "--scheduler", scheduler)
    done = annotate("convert", str(place.root / "export.json"), *given, cwd=place.root)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output


def test_no_scheduler_is_one_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.convert.pool.SCHEDULER_TIMEOUT", 1)
    place.export(made_up(1, 1))
    given = ("--schema", str(BASE / "schema"), "--out", "out", "--scheduler", "tcp://127.0.0.1:9")
    done = annotate("convert", "export.json", *given, cwd=place.root)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert "no scheduler answers" in done.output
    both = annotate("convert", "export.json", *given, "--workers", "2", cwd=place.root)
    assert (both.exit_code, both.output.count("\n")) == (2, 1), both.output


def test_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CannotRun, match=r"contested-claims\[dask\]"), dask_pool("tcp://127.0.0.1:9"):
        raise AssertionError("there is no cluster")


def killed(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_work_that_kills_every_worker_is_one_line() -> None:
    starts = []

    def start() -> object:
        starts.append(1)
        return local_pool(2).start()

    with pytest.raises(CannotRun, match="--resume"):
        list(map_with_recovery(Pool(start, 2), killed, [1, 2, 3]))  # type: ignore[arg-type]
    assert len(starts) == 1 + RETRIES
