"""What several benchmarks share: a side runs in a process of its own; its seconds, and the peak memory of each."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil


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


def timed(work: Callable[[], int]) -> None:
    """Do the work, which says how many tasks it had, and print what it took; imports are the caller's, beforehand."""
    began, cpu = time.perf_counter(), _cpu()
    tasks = work()
    told = {"tasks": tasks, "seconds": time.perf_counter() - began, "cpu": _cpu() - cpu}
    print(json.dumps(told))  # noqa: T201


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
            time.sleep(0.02)
        told: dict[str, Any] = json.loads(process.stdout.read() if process.stdout else b"")
    if process.returncode:
        raise SystemExit(f"{side} failed")
    main = peaks.pop(process.pid)
    cpu.pop(process.pid)
    spent = told["cpu"] + sum(cpu.values())
    return Measured(side, told["tasks"], told["seconds"], spent, main, max(peaks.values(), default=0.0), load)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _look(process: psutil.Process, peaks: dict[int, float], cpu: dict[int, float]) -> None:
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
        times = process.cpu_times()
    except (OSError, psutil.NoSuchProcess):
        return
    line = next((one for one in status.splitlines() if one.startswith("VmHWM")), None)
    if line:
        peaks[process.pid] = int(line.split()[1]) / 1024
        cpu[process.pid] = times.user + times.system
