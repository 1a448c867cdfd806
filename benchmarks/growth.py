"""How the cost of each command grows: with the number of articles, and within one article or file.

    python -m benchmarks.growth [NAME…] [--sizes 500 1000 2000] [--limit 60] [--json OUT] [--keep DIR]

Each case of benchmarks/growth_cases.py is run at three sizes, k, 2k and 4k. Its input is made first, in a process of
its own and in a new folder. Then its command is measured: the CPU time, user and system, of its process and of all
below it, and the peak memory of the largest of these processes. The exponent is that of the last doubling: 1 is
linear, 2 is quadratic. Where the start of the program is a large part of the time, it is lower than that of the work.
What 10,000 articles take is read from the straight line through the last two sizes, or from the exponent where it is
above 1.1.

NAME chooses cases by the beginning of their names; `--list` shows them all. A run that takes more CPU seconds than the
limit is ended, and so is one that takes ten times as many seconds. The CPU seconds until then are shown, as in
">60". `--profile` shows which functions take the time of the largest size.
"""

import argparse
import contextlib
import ctypes
import importlib.util
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.growth_cases import CASES, Case

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = 10_000
"""The number of articles for which the wait is told."""
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux: what a command leaves behind becomes our child, so that its time is counted."""
_BETWEEN = 0.02
_PATIENCE = 10
"""How many times as long as its limit a run may take: other programs may use the same cores."""
_SHOWN = 15
_LINEAR = 1.1
"""Exponents up to this are taken for linear."""
_MOST_MEMORY = 6 << 30
"""Bytes that a process may have; with more it fails, so that a case cannot take the machine's."""


class Run(NamedTuple):
    """What one run took.

    Attributes:
        size: The size of the input.
        cpu: CPU seconds of all processes; those until the end of a run that was ended.
        seconds: Seconds until it ended.
        memory: MB of the largest process at its peak.
        output: Bytes that it printed.
        status: The exit code; None if the run was ended by the limit.
    """

    size: int
    cpu: float
    seconds: float
    memory: float
    output: int
    status: int | None


def measure(words: Sequence[str], folder: Path, limit: float) -> tuple[float, float, float, int, int | None]:
    """Run a command in a folder.

    Args:
        words: The command.
        folder: Where it runs, and where its output is kept: `stdout` and `stderr`.
        limit: CPU seconds, after which a process of it is ended; the whole is ended after ten times as many seconds.

    Returns:
        CPU seconds, seconds, MB, bytes printed and the exit code, as in `Run`.
    """
    most = math.ceil(limit)

    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 2))
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))

    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    began = time.monotonic()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
            preexec_fn=set_limit, start_new_session=True,
        )  # fmt: skip
    try:
        cpu, memory, status = wait_for(process, _PATIENCE * limit)
    finally:
        if process.returncode is None:  # it is still there: this program was interrupted
            os.killpg(process.pid, signal.SIGKILL)
    seconds = time.monotonic() - began
    printed = (folder / "stdout").stat().st_size + (folder / "stderr").stat().st_size
    return cpu, seconds, memory, printed, None if status is None or status < 0 or cpu >= limit else status


def wait_for(process: subprocess.Popen[bytes], seconds: float) -> tuple[float, float, int | None]:
    """Wait until a process and all below it have ended, or kill them after so many seconds.

    Returns:
        CPU seconds, MB of the largest process, and the exit code; None if they were killed.
    """
    end = time.monotonic() + seconds
    cpu, memory, status, killed = 0.0, 0.0, None, False
    while True:
        try:
            pid, code, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu, memory, None if killed else status
        if pid:
            cpu += used.ru_utime + used.ru_stime
            memory = max(memory, used.ru_maxrss / 1024)
            if pid == process.pid:
                status = process.returncode = os.waitstatus_to_exitcode(code)
        elif time.monotonic() > end and not killed:
            os.killpg(process.pid, signal.SIGKILL)
            killed = True
        else:
            time.sleep(_BETWEEN)


def prepare(case: Case, size: int, folder: Path) -> None:
    """Make the input of a case in a process of its own: its memory would be counted for what it starts."""
    words = [sys.executable, "-m", "benchmarks.growth", "--prepare", case.name, str(size), str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, stdout=sys.stderr)
    # Workers that it left would be counted for the command.
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def find_command(case: Case) -> list[str]:
    """Return the words that start the command of a case."""
    first, *rest = case.command
    return [str(Path(sys.executable).with_name(first)) if first == "annotate" else sys.executable, *rest]


def is_known(case: Case) -> bool:
    """Return whether the toolkit has the option that a case needs."""
    if not case.needs:
        return True
    words = [str(Path(sys.executable).with_name("annotate")), case.command[1], "--help"]
    return case.needs in subprocess.run(words, capture_output=True, text=True, check=False).stdout


def remove(path: Path) -> None:
    """Remove what an earlier case has written, a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def run_case(case: Case, sizes: Sequence[int], limit: float, work: Path) -> list[Run]:
    """Run a case at each size, until one is over the limit."""
    runs = list[Run]()
    for size in sizes:
        folder = work / (f"articles-{size}" if case.shared else f"{re.sub(r'[^a-z0-9]+', '-', case.name)}-{size}")
        if case.shared or not folder.exists():
            prepare(case, size, folder)
        remove(folder / "out")
        runs.append(Run(size, *measure(find_command(case), folder, limit)))
        if not case.shared:
            shutil.rmtree(folder)
        last = runs[-1]
        print(f"{case.name} {size}: {last.cpu:.1f} s, {last.memory:.0f} MB, exit {last.status}", file=sys.stderr)  # noqa: T201
        if last.status is None:
            break
    return runs


def find_exponent(runs: Sequence[Run]) -> float | None:
    """Return the exponent of the CPU time over the last doubling; None if there are not two complete runs."""
    done = [run for run in runs if run.status is not None]
    if len(done) < 2:
        return None
    first, last = done[-2:]
    return math.log(last.cpu / first.cpu) / math.log(last.size / first.size)


def extrapolate(runs: Sequence[Run], size: int) -> float | None:
    """Return the CPU seconds that a size would take; None if there are not two complete runs."""
    exponent = find_exponent(runs)
    if exponent is None:
        return None
    first, last = [run for run in runs if run.status is not None][-2:]
    if exponent > _LINEAR:
        return float(last.cpu * (size / last.size) ** exponent)
    slope = max(last.cpu - first.cpu, 0) / (last.size - first.size)
    return last.cpu + slope * (size - last.size)


def draw_row(case: Case, runs: Sequence[Run]) -> str:
    """Return the row of a case in the table."""
    sizes = "/".join(f"{run.size:,}" for run in runs)
    cpu = "/".join(f"{run.cpu:.1f}" if run.status is not None else f">{run.cpu:.0f}" for run in runs)
    memory = "/".join(f"{run.memory:,.0f}" for run in runs)
    exponent = find_exponent(runs)
    wait = extrapolate(runs, ARTICLES) if case.shared else None
    printed = "/".join(f"{run.output / 1000:,.0f}" for run in runs)
    shares = "/".join(f"{run.seconds / run.cpu:.2f}" for run in runs)
    failed = {run.status for run in runs if run.status is not None} - case.codes
    return (
        f"| {case.name} | {sizes} | {cpu} | {shares} | {memory} | {printed}"
        f" | {'' if exponent is None else f'{exponent:.2f}'}"
        f" | {'' if wait is None else f'{wait:,.0f}'} | {case.target}{f' (exit {min(failed)})' if failed else ''} |"
    )


HEAD = (
    "| case | sizes | CPU s | seconds by CPU s | MB | printed, kB | exponent | CPU s at 10,000 | target |",
    "|---|---|---|---|---|---|---:|---:|---|",
)


def profile(case: Case, size: int, work: Path) -> str:
    """Run a case in this interpreter's profiler, with one process; return its costliest functions."""
    folder = work / f"profile-{re.sub(r'[^a-z0-9]+', '-', case.name)}"
    prepare(case, size, folder)
    script, found = find_command(case), importlib.util.find_spec("annotate")
    if found is None:
        raise SystemExit("the toolkit is not installed")
    command = [sys.executable, "-m", "cProfile", "-o", "profile", *script[case.command[0] != "annotate" :]]
    if case.command[0] == "annotate" and "--workers" in case.options:
        command += ["--workers", "1"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    code = f"import pstats; pstats.Stats('profile').sort_stats('tottime').print_stats({_SHOWN})"
    told = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
    shutil.rmtree(folder)
    return told.replace(f"{ROOT}/", "")


def choose(names: Iterable[str]) -> list[Case]:
    """Return the cases whose names begin with one of these; all without names."""
    prefixes = tuple(names)
    chosen = [case for case in CASES if not prefixes or case.name.startswith(prefixes)]
    if not chosen:
        raise SystemExit(f"no case begins with {' or '.join(prefixes)}; --list shows them")
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, help="instead of those of the cases")
    parser.add_argument("--limit", type=float, default=60, help="CPU seconds of a run")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--keep", type=Path, help="folder for the inputs; corpora in it are used again")
    parser.add_argument("--list", action="store_true", help="show the names of the cases")
    parser.add_argument("--profile", action="store_true", help="show the costliest functions at the largest size")
    parser.add_argument("--prepare", nargs=3, metavar=("CASE", "SIZE", "DIR"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        name, size, folder = given.prepare
        next(case for case in CASES if case.name == name).prepare(Path(folder), int(size))
        return
    chosen = choose(given.names)
    if given.list:
        print("\n".join(case.name for case in chosen))  # noqa: T201
        return
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    figures = list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.keep or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        print("\n".join(HEAD), flush=True)  # noqa: T201
        for case in chosen:
            if not is_known(case):
                print(f"| {case.name} | no {case.needs} yet | | | | | | | {case.target} |", flush=True)  # noqa: T201
                continue
            sizes = given.sizes or case.sizes
            runs = run_case(case, sizes, given.limit, work)
            print(draw_row(case, runs), flush=True)  # noqa: T201
            figures.append(
                {"case": case.name, "exponent": find_exponent(runs), "runs": [run._asdict() for run in runs]}
            )
            if given.json:
                given.json.write_text(json.dumps(figures, indent=1))
            if given.profile:
                print(profile(case, runs[-1].size, work))  # noqa: T201


if __name__ == "__main__":
    main()
