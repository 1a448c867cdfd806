"""`annotate studio` on thousands of tasks through a real server, against a bare loop that makes the same HTTP calls.

The tasks are those of exports.py. The bare loop sends the same bodies and requests the same pages over one `httpx`
connection, and does not decode them, so it measures network and server alone. A part of it runs before and a part after
each command, so that a server or machine that slows down affects both. A command's time is that of its whole process.

`python benchmarks/studio.py 1000 10000`; the server is the slow part, at about 200 tasks a second.
"""

# ruff: noqa: T201 - it is made to print

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from annotate import inventory
from annotate.corpus import Corpus
from annotate.labelstudio import server, tasks
from annotate.labelstudio.client import PAGE_SIZE
from annotate.labelstudio.config import labelling_config
from annotate.labelstudio.http import TOKEN_VARIABLE, URL_VARIABLE
from annotate.labelstudio.predictions import corpus_predictions
from annotate.labelstudio.push import BATCH_SIZE
from annotate.labelstudio.push_plan import TASK_FIELDS
from annotate.labelstudio.results import Mapper
from annotate.labelstudio.state import State
from annotate.model import Article, Omission, SourceFile, SourceRange
from annotate.offsets import sha256
from annotate.util.files import write_files
from benchmarks import exports

SCHEMA = Path(__file__).resolve().parent.parent / "tests" / "base" / "schema"
ANNOTATORS = 'annotators:\n  - {id: anna, kind: person, training: none, since: "2026-01-01"}\n'
SOURCE = 100
"""Articles cut from one source file."""
RULE = "\n\n* * *\n\n"
CHILD = """
import sys
from pathlib import Path
from annotate.cli import cli
try:
    cli(sys.argv[2:])
finally:
    Path(sys.argv[1]).write_text(Path("/proc/self/status").read_text())
"""
"""A command that writes the kernel's status of its process at the end."""


class Run(NamedTuple):
    """The seconds of one command, and the peak memory of its process in MB."""

    seconds: float
    peak: float


class Row(NamedTuple):
    """A row of the table; `bare` has the bare loop's seconds, None if there is no bare loop."""

    what: str
    items: int
    run: Run
    bare: float | None

    def __str__(self) -> str:
        rate = f"{self.items / self.run.seconds:.0f}"
        share = f"{self.items / self.bare:.0f} | {self.run.seconds / self.bare:.2f}" if self.bare else "– | –"
        return f"| {self.what} | {self.items:,} | {rate} | {share} | {self.run.peak:.0f} |"


def write_corpus(root: Path, count: int) -> Corpus:
    """Write a corpus with gold labels that passes `annotate check`."""
    (root / "corpus").mkdir(parents=True)
    shutil.copytree(SCHEMA, root / "schema")  # links are not followed
    (root / "corpus" / "annotators.yaml").write_text(ANNOTATORS)
    corpus, mapper = Corpus(root / "corpus"), Mapper(inventory.load_inventory(SCHEMA))
    for begin in range(0, count, SOURCE):
        raw = [exports.task(number) for number in range(begin + 1, min(begin + SOURCE, count) + 1)]
        texts = [one["data"]["text"] for one in raw]
        whole, file = RULE.join(texts).encode(), f"made-up-{begin:08}.txt"
        start, omitted = 0, []
        for one, text in zip(raw, texts, strict=True):
            end = start + len(text)
            place = SourceRange(file=file, sha256=sha256(whole), start=start, end=end)
            if start:
                omitted.append(Omission(start=start - len(RULE), end=start, reason="a line of stars"))
            _write(corpus, mapper, one, place)
            start = end + len(RULE)
        record = SourceFile(file=file, sha256=sha256(whole), boundaries="Lines of stars.", omitted=tuple(omitted))
        write_files(corpus.prepare_source(record, whole))
    return corpus


def _write(corpus: Corpus, mapper: Mapper, raw: dict[str, Any], place: SourceRange) -> None:
    text, name = raw["data"]["text"], raw["data"]["article"]
    unknown = dict.fromkeys(("author", "publisher", "date"))
    known = {"title": raw["data"]["title"], "language": "en", "rights": "Made up.", "text_sha256": sha256(text)}
    article = msgspec.convert({"id": name, "text": text, **known, **unknown, "source": place}, Article)
    corpus.write_article(article)
    for mapped in mapper.map_task(raw, text):
        if mapped.annotation is None or mapped.findings:
            raise SystemExit(f"task {raw['id']} cannot be mapped")
        gold = msgspec.structs.replace(mapped.annotation, annotator="anna", process="adjudicated", made_from=("anna",))
        corpus.write_annotation("gold", gold)
        corpus.write_annotation("anna", msgspec.structs.replace(gold, process="single pass", made_from=()))


class Bare:
    """The same requests as the toolkit's, without decoding the answers."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=600)

    def project(self, title: str) -> int:
        """Look for a project, create it, and read it, as push does."""
        self.http.get("/api/projects/", params={"title": title, "page": 1, "page_size": PAGE_SIZE}).raise_for_status()
        made = self.http.post("/api/projects/", json={"title": title, "label_config": labelling_config(load())})
        number = int(made.raise_for_status().json()["id"])
        self.http.get(f"/api/projects/{number}/").raise_for_status()
        return number

    def look_up(self, title: str, number: int) -> None:
        """Look for an existing project and the server's time, as pull does."""
        self.http.get("/api/projects/", params={"title": title, "page": 1, "page_size": PAGE_SIZE}).raise_for_status()
        self.http.get(f"/api/projects/{number}/").raise_for_status()
        self.http.get("/health").raise_for_status()

    def push(self, project: int, bodies: Iterable[bytes]) -> float:
        """Return the seconds to import these bodies, one request each."""
        begin, kind = time.perf_counter(), {"content-type": "application/json"}
        for body in bodies:
            self.http.post(f"/api/projects/{project}/import", content=body, headers=kind).raise_for_status()
        return time.perf_counter() - begin

    def page(self, project: int, after: int, include: str | None) -> bytes:
        beyond = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": after}
        query = {"filters": {"conjunction": "and", "items": [beyond]}, "ordering": ["tasks:id"]}
        asked: dict[str, str | int] = {
            "project": project,
            "page_size": PAGE_SIZE,
            "fields": "all",
            "query": msgspec.json.encode(query).decode(),
        }
        if include:
            asked["include"] = include
        return self.http.get("/api/tasks", params=asked).raise_for_status().content

    def starts(self, project: int) -> list[int]:
        """Return the id before the first task of each page."""
        found = [0]
        while True:
            page = msgspec.json.decode(self.page(project, found[-1], "id"))
            if page["total"] <= len(page["tasks"]):
                return found
            found.append(page["tasks"][-1]["id"])

    def pull(self, project: int, starts: Iterable[int], include: str | None = None) -> float:
        """Return the seconds to fetch these pages."""
        begin = time.perf_counter()
        for after in starts:
            self.page(project, after, include)
        return time.perf_counter() - begin


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def load() -> inventory.Inventory:
    return inventory.load_inventory(SCHEMA)


def bodies(corpus: Corpus, *, submitted: bool = False) -> Iterator[bytes]:
    """Yield what push sends, batch by batch; with `submitted`, each task has an annotation as well."""
    labels, loaded, names = corpus_predictions(corpus, load()), load(), iter(corpus.article_ids())
    while several := list(itertools.islice(names, BATCH_SIZE)):
        batch = [tasks.task(corpus.read_article(name), labels[name], loaded) for name in several]
        for task in batch if submitted else ():
            task["annotations"] = [{"result": task["predictions"][0]["result"], "completed_by": 1}]
        yield msgspec.json.encode(batch)


class Toolkit:
    """`annotate` in separate processes, in the folder of a corpus."""

    def __init__(self, root: Path, url: str, token: str) -> None:
        own = {URL_VARIABLE: url, TOKEN_VARIABLE: token, "XDG_DATA_HOME": str(root / "data")}
        self.root, self.environment = root, os.environ | own

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> Run:
        """Run a command; end the benchmark unless it returns one of these exit codes."""
        status = self.root / "status"
        begin = time.perf_counter()
        with (self.root / "out").open("wb") as out:
            done = subprocess.run(
                [sys.executable, "-c", CHILD, str(status), "studio", *words],
                cwd=self.root, env=self.environment, stdout=out, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        seconds = time.perf_counter() - begin
        if done.returncode not in codes:
            raise SystemExit((self.root / "out").read_text()[-2000:])
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return Run(seconds, int(peak.split()[1]) / 1024)


def measured(count: int, root: Path, url: str, token: str) -> Iterator[Row]:
    """Yield the rows for one number of tasks, on a running server."""
    corpus, bare, toolkit = write_corpus(root, count), Bare(url, token), Toolkit(root, url, token)
    saved = [root / f"body-{number:06}" for number, _ in enumerate(range(0, count, BATCH_SIZE))]
    for path, body in zip(saved, bodies(corpus), strict=True):
        path.write_bytes(body)
    bare.push(bare.project(f"Warm {count}"), (path.read_bytes() for path in saved[:1]))
    number, parts = bare.project(f"Bare {count}"), [saved[place::3] for place in range(3)]
    took = [timed(lambda: bare.project(f"Empty {count}")), bare.push(number, (path.read_bytes() for path in parts[0]))]
    unchecked = toolkit.run("push", "--no-check", "--title", f"Push {count}")
    took.append(bare.push(number, (path.read_bytes() for path in parts[1])))
    checked = toolkit.run("push", "--title", f"Checked {count}")
    took.append(bare.push(number, (path.read_bytes() for path in parts[2])))
    yield Row("push --no-check", count, unchecked, sum(took))
    yield Row("push", count, checked, sum(took))

    pushed = bare.starts(number)
    half = len(pushed) // 2
    seconds = bare.pull(number, pushed[:half], TASK_FIELDS)
    planned = toolkit.run("push", "--no-check", "--plan", "--title", f"Push {count}")
    yield Row("push --plan", count, planned, seconds + bare.pull(number, pushed[half:], TASK_FIELDS))

    labelled, title = bare.project(f"Pull {count}"), f"Pull {count}"
    bare.push(labelled, bodies(corpus, submitted=True))
    for path in (root / "corpus" / "annotations" / "anna").iterdir():
        path.unlink()
    starts = bare.starts(labelled)
    half = len(starts) // 2
    seconds = timed(lambda: bare.look_up(title, labelled)) + bare.pull(labelled, starts[:half])
    pulled = toolkit.run("pull", "--title", title, "--annotator", "anna", "--user", "1")
    yield Row("pull", count, pulled, seconds + bare.pull(labelled, starts[half:]))
    if len(corpus.annotated_ids("anna")) != count:
        raise SystemExit("not everything was pulled")
    yield Row("compare", count, toolkit.run("compare", "--title", title), None)
    yield Row("status", count, toolkit.run("status", "--title", title), None)


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a server on an empty folder; yield its address and token."""
    state = State(folder / ".server")
    try:
        yield server.start(state).url, server.load_credentials(state).token
    finally:
        server.stop(state)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", metavar="N", type=int, nargs="*", default=[1000, 10_000], help="how many tasks")
    parser.add_argument("--folder", type=Path, help="an empty folder to work in. Default: one that is removed again")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, Label Studio {version('label-studio')}, SQLite")
    print("| command | tasks | tasks/s | bare loop, tasks/s | share | peak MB |\n|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, running(Path(folder)) as (url, token):
        for count in given.counts:
            for row in measured(count, Path(folder) / str(count), url, token):
                print(row, flush=True)


if __name__ == "__main__":
    main()
