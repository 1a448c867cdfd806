"""What several benchmarks share: a side runs in a process of its own; its seconds, and the peak memory of each."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import psutil

_SECONDS = 0.05
"""Between two looks: the last of a worker's CPU time may be missed."""


class Measured(NamedTuple):
    """`seconds` and `cpu` are of the work alone, `cpu` with the workers'; memory is VmHWM in MB, of the process itself
    and of the largest of its workers; `load` is that of the machine when it began.
    """

    side: str
    tasks: int
    seconds: float
    cpu: float
    main: float
    worker: float
    load: float


Told: TypeAlias = int | Callable[[], int]
"""How many tasks there were, or what finds that out once the clock is stopped."""


def timed(work: Callable[[], Told]) -> None:
    """Do the work and print what it took; imports are the caller's, beforehand."""
    began, cpu = time.perf_counter(), _cpu()
    found = work()
    told = {"seconds": time.perf_counter() - began, "cpu": _cpu() - cpu}
    tasks = found if isinstance(found, int) else found()
    print(json.dumps({**told, "tasks": tasks}))  # noqa: T201


def _cpu() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def measured(side: str, words: list[str], cwd: Path) -> Measured:
    """Run a side of a benchmark, and look at the memory of all its processes while it runs."""
    load = psutil.getloadavg()[0]
    with subprocess.Popen([sys.executable, *words], cwd=cwd, stdout=subprocess.PIPE) as process:
        peaks: dict[int, float] = {}
        cpu: dict[int, float] = {}
        while process.poll() is None:
            for one in _family(process.pid):
                _look(one, peaks, cpu)
            time.sleep(_SECONDS)
        told: dict[str, Any] = json.loads(process.stdout.read() if process.stdout else b"")
    if process.returncode:
        raise SystemExit(f"{side} failed")
    main = peaks.pop(process.pid)
    cpu.pop(process.pid)
    spent = told["cpu"] + sum(cpu.values())
    return Measured(side, told["tasks"], told["seconds"], spent, main, max(peaks.values(), default=0.0), load)


def _family(pid: int) -> list[int]:
    """A process and all below it, as the system lists them: to ask every process for its parent, again and again, takes
    a tenth of a core from those that are measured.
    """
    below = [child for lists in Path(f"/proc/{pid}/task").glob("*/children") for child in _words(lists)]
    return [pid, *(one for child in below for one in _family(int(child)))]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _look(pid: int, peaks: dict[int, float], cpu: dict[int, float]) -> None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        times = psutil.Process(pid).cpu_times()
    except (OSError, psutil.NoSuchProcess):
        return
    line = next((one for one in status.splitlines() if one.startswith("VmHWM")), None)
    if line:
        peaks[pid] = int(line.split()[1]) / 1024
        cpu[pid] = times.user + times.system
