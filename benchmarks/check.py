"""How fast `annotate check` is, and in how much memory, beside `jsonschema` alone.

    python benchmarks/check.py make DIR 100000
    python benchmarks/check.py run DIR

`make` writes a corpus of so many made-up articles (text, metadata, one annotation; a hundred articles a source file)
without fsync. `run` checks it with one and with two workers, all rules and the schema, and holds `jsonschema` with a
reused validator to 500 of its annotations: the same files, parsed by `json`, schema and nothing else.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from itertools import accumulate, islice, pairwise
from pathlib import Path

import msgspec

from annotate import inventory
from annotate.annotation_schema import encode_annotation_schema
from annotate.checks import check
from annotate.corpus import Corpus, encode_annotation, encode_article, encode_source
from annotate.ingest import Details
from annotate.model import SourceFile, SourceRange
from annotate.offsets import sha256
from benchmarks.exports import task
from benchmarks.measure import Measured, measured, timed

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "tests" / "base" / "schema"
TOGETHER = 100
ALONE = 500
ROUNDS = 1


def make(folder: Path, articles: int) -> None:
    # Not for the sides, whose memory would have it, too.
    from annotate.convert.reader import BatchReader, TaskBatch
    from annotate.convert.tasks import AcceptedTask
    from annotate.label_map import TaskFields

    labels = inventory.load_inventory(SCHEMA)
    reader = BatchReader(labels, TaskFields(), {1: "anna", 2: "anna", 3: "anna"}, Details())
    for name in ("articles", "sources", "annotations/anna"):
        (folder / name).mkdir(parents=True)
    corpus = Corpus(folder)
    (folder / "annotators.yaml").write_text(
        'annotators:\n  - {id: anna, kind: person, training: none, since: "2026-01-01"}\n'
    )
    numbers = iter(range(1, articles + 1))
    for group in iter(lambda: list(islice(numbers, TOGETHER)), []):
        tasks = [msgspec.json.encode(task(number)) for number in group]
        bounds = [0, *accumulate(map(len, tasks))]
        read = reader.read_batch(TaskBatch(b"".join(tasks), list(pairwise(bounds)), 0), "")
        taken = [one for one in read.tasks if isinstance(one, AcceptedTask)]
        source, at = "".join(one.article.text for one in taken), 0
        name, digest = f"source-{group[0]:07}.txt", sha256(source)
        (folder / "sources" / name).write_text(source, "utf-8", newline="")
        record = SourceFile(file=name, sha256=digest, boundaries="made up", omitted=())
        corpus.source_record_path(name).write_bytes(encode_source(record))
        for one in taken:
            place = SourceRange(file=name, sha256=digest, start=at, end=at + len(one.article.text))
            at = place.end
            article = msgspec.structs.replace(one.article, source=place)
            corpus.text_path(article.id).write_text(article.text, "utf-8", newline="")
            corpus.article_path(article.id).write_bytes(encode_article(article))
            corpus.annotation_path("anna", article.id).write_bytes(
                encode_annotation(read.documents.annotation(one.first))
            )


def ours(folder: Path, workers: int) -> int:
    corpus, errors = Corpus(folder), 0
    for finding in check(corpus, inventory.load_inventory(SCHEMA), workers):
        errors += finding.severity == "error"
    if errors:
        raise SystemExit(f"{errors} errors in a corpus that has none")
    return len(corpus.article_ids())


def alone(folder: Path) -> Callable[[], int]:
    """The work itself: what is imported and made once is there by now."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(encode_annotation_schema(inventory.load_inventory(SCHEMA))))
    # Not sorted: to list all files of a large corpus would be counted against it.
    files = list(islice((folder / "annotations" / "anna").glob("*.json"), ALONE))

    def work() -> int:
        for file in files:
            for error in validator.iter_errors(json.loads(file.read_bytes())):
                raise SystemExit(f"{file}: {error.message}")
        return len(files)

    return work


def side(folder: Path, name: str) -> Measured:
    return measured(name, ["-m", "benchmarks.check", "side", str(folder), name], ROOT)


def run(folder: Path) -> None:
    """Rounds of all sides in turn; of several rounds, the one with the least CPU time counts."""
    names = ["jsonschema", "1", "2"]
    rounds = [[side(folder, name) for name in names] for _ in range(ROUNDS)]
    best = [min((found[place] for found in rounds), key=lambda one: one.cpu) for place in range(len(names))]
    base = best[0].tasks / best[0].cpu
    print("| side | documents | documents/s of CPU time | times | main, MB | worker, MB | seconds | load |")  # noqa: T201
    print("|---|---:|---:|---:|---:|---:|---:|---:|")  # noqa: T201
    for one in best:
        speed = one.tasks / one.cpu
        print(  # noqa: T201
            f"| {one.side} | {one.tasks:,} | {speed:,.0f} | {speed / base:.1f} | {one.main:.0f} | {one.worker:.0f}"
            f" | {one.seconds:.1f} | {one.load:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "run", "side"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("more", nargs="?", default="1000")
    given = parser.parse_args()
    if given.what == "make":
        began = time.perf_counter()
        make(given.folder, int(given.more))
        print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)  # noqa: T201
    elif given.what == "run":
        run(given.folder)
    else:
        timed(alone(given.folder) if given.more == "jsonschema" else lambda: ours(given.folder, int(given.more)))


if __name__ == "__main__":
    main()
