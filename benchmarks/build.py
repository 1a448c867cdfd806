"""How fast `annotate build` writes a dataset, and in how much memory, beside Hugging Face's own way.

    python -m benchmarks.build make DIR --articles 20000
    python -m benchmarks.build run DIR [--tables articles …]

`make` writes a synthetic corpus for the inventory in schema/: 3,000 characters, 40 spans and 25 relations an article,
gold labels and one annotator's. `run` measures each side in a process of its own, one after the other: the function
behind `annotate build`; and `datasets.Dataset.from_generator` and `to_parquet`, which write the same tables. Their rows
are read back from what ours wrote, and the time of this reading is measured apart and subtracted, so that they get them
ready-made. Each side with one process, and with one a core, which is what `annotate build` takes unless told otherwise.
"""

import argparse
import json
import random
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from annotate import inventory
from annotate.corpus import Corpus, encode_annotation, encode_article, sort_annotation
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, AttributeValue, Process, Relation, SourceRange, Span
from annotate.offsets import sha256
from annotate.util.parallel import count_cores
from annotate.util.startup import block_pandas, keep_freed_memory
from benchmarks.measure import measured

ROOT = Path(__file__).resolve().parent.parent
SPANS, RELATIONS, PARAGRAPHS, WORDS = 40, 25, 15, 33
OUTER, SLOT = 7, 5
"""Spans that hold two others each, and how many words they have."""
LINE, WORD = re.compile(r"[^\n]+"), re.compile(r"[^\s.]+")
VOCABULARY = ("the", "of", "in", "on", "by", "was", "said", "that", "officials", "witnesses", "army", "dozens", "naïve")


def article(number: int, chance: random.Random) -> Article:
    lines = [" ".join(chance.choices(VOCABULARY, k=WORDS)) + "." for _ in range(PARAGRAPHS)]
    text = "\n\n".join(lines)
    return Article(
        id=f"a{number:06}",
        title=f"Article {number}",
        language="en",
        author=None,
        publisher=None,
        date=None,
        rights="made up",
        source=SourceRange(file="made.txt", sha256="0" * 64, start=0, end=len(text)),
        text_sha256=sha256(text),
        text=text,
    )


def value(attribute: Any, chance: random.Random) -> AttributeValue:
    if attribute.type == "choice":
        return str(chance.choice(list(attribute.values)))
    return chance.randrange(100) if attribute.type == "integer" else "words"


def ranges(text: str, number: int, chance: random.Random) -> list[tuple[int, int]]:
    """Draw the ranges of the spans of article `number`, which nest, coincide and come in pieces as in the corpus.

    Of 40 spans, 14 lie within another (35 %; in the corpus 35.3 %) and two coincide (5 %; 5.3 %); none cross. See
    benchmarks/exports.py for how the corpus was counted.

    Returns:
        Half-open ranges of code points; the first ones, as many as `later_pieces` says, are those of later pieces,
        the next ones those of the pieces before them.
    """
    lines = ([word.span() for word in WORD.finditer(text, *line.span())] for line in LINE.finditer(text))
    slots = [words[index : index + SLOT] for words in lines for index in range(0, WORDS - SLOT, SLOT + 3)]
    drawn = chance.sample(slots, SPANS - 2 * OUTER - 1)
    outer = [(words[0][0], words[-1][1]) for words in drawn[:OUTER]]
    inner = [range_ for words in drawn[:OUTER] for range_ in (words[1], (words[3][0], words[4][1]))]
    others = sorted(((words[0][0], words[1][1]) for words in drawn[OUTER:]), reverse=True)
    later = later_pieces(number)
    # The earlier pieces of the last ranges of the text are the first ranges; one of the others coincides with another.
    return [*others[:later], *others[-later:], *others[later:-later], others[later], *outer, *inner]


def later_pieces(number: int) -> int:
    """Return how many later pieces article `number` has: 2.9 % of its spans on average; in the corpus 2.8 %."""
    return 2 if number % 7 == 0 else 1


def annotation(made: Article, labels: Inventory, annotator: str, process: Process, chance: random.Random) -> Annotation:
    text, spans, number = made.text, list[Span](), int(made.id[1:])
    later = later_pieces(number)
    pieces = [Relation(label=str(labels.pieces), head=f"s{index}", tail=f"s{index + later}") for index in range(later)]
    names = list(labels.spans)
    drawn = [chance.choice(names) for _ in range(SPANS)]
    drawn[later : 2 * later] = drawn[:later]
    for index, ((start, end), label) in enumerate(zip(ranges(text, number, chance), drawn, strict=True)):
        attributes = {attribute.name: value(attribute, chance) for attribute in labels.attributes_of(label)}
        spans.append(
            Span(id=f"s{index}", label=label, start=start, end=end, text=text[start:end], attributes=attributes)
        )
    fitting = [
        Relation(label=relation.name, head=head.id, tail=tail.id)
        for relation in labels.relations.values()
        if not relation.joins_pieces
        for head in spans[later:]
        for tail in spans[later:]
        if head.id != tail.id and relation.allows(head.label, tail.label)
    ]
    return Annotation(
        article=made.id,
        annotator=annotator,
        process=process,
        made_from=("reader",) if process == "adjudicated" else (),
        inventory=labels.version,
        text_sha256=made.text_sha256,
        spans=tuple(spans),
        relations=(*pieces, *chance.sample(fitting, min(RELATIONS - later, len(fitting)))),
    )


def make(folder: Path, articles: int) -> None:
    for name in ("articles", "annotations/gold", "annotations/reader"):
        (folder / name).mkdir(parents=True)
    labels, corpus, chance = inventory.load_inventory(ROOT / "schema"), Corpus(folder), random.Random(1)  # noqa: S311 - no secret
    known = 'training: none, since: "2026-01-01"'
    people = f"- {{id: reader, kind: model, {known}}}\n- {{id: judge, kind: person, {known}}}\n"
    (folder / "annotators.yaml").write_text(f"annotators:\n{people}")
    for number in range(articles):
        one = article(number, chance)
        corpus.text_path(one.id).write_text(one.text)
        corpus.article_path(one.id).write_bytes(encode_article(one))
        gold = sort_annotation(annotation(one, labels, "judge", "adjudicated", chance))
        corpus.annotation_path(GOLD, one.id).write_bytes(encode_annotation(gold))
        own = sort_annotation(annotation(one, labels, "reader", "single pass", chance))
        corpus.annotation_path("reader", one.id).write_bytes(encode_annotation(own))


class Cost(NamedTuple):
    """Elapsed seconds, and those of the processor in this process."""

    wall: float
    processor: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.processor - other.processor)


def now() -> Cost:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(time.perf_counter(), used.ru_utime + used.ru_stime)


def ours(folder: Path, out: Path, tables: Sequence[str], workers: int) -> tuple[Cost, int]:
    from annotate.dataset.build import build

    block_pandas()  # as the program does
    keep_freed_memory()
    start = now()
    made = build(Corpus(folder), inventory.load_inventory(ROOT / "schema"), out, tables=tables, workers=workers)
    return now() - start, sum(table.rows for table in made.tables)


def read(groups: list[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """The rows of some row groups, each in a file."""
    import pyarrow.parquet as pq

    # Batch by batch, as whole groups would put this reading into the other side's memory.
    for file, group in groups:
        for batch in pq.ParquetFile(file).iter_batches(500, row_groups=[group]):
            yield from batch.to_pylist()


def theirs(out: Path, elsewhere: Path, tables: Sequence[str], workers: int) -> tuple[Cost, int]:
    import datasets
    import pyarrow.parquet as pq

    datasets.disable_progress_bars()
    wall, processor, rows = 0.0, 0.0, 0
    for folder in sorted((out / "data").iterdir()):
        files = {str(path): pq.ParquetFile(path) for path in sorted(folder.glob("*.parquet"))}
        groups = [(path, group) for path, file in files.items() for group in range(file.num_row_groups)]
        if not groups or (tables and folder.name not in tables):
            continue
        features = datasets.Features.from_arrow_schema(next(iter(files.values())).schema_arrow)
        several = min(workers, len(groups))
        start = now()
        rows += sum(1 for _ in read(groups))
        reading = now() - start
        start = now()
        table = datasets.Dataset.from_generator(
            read,
            features=features,
            gen_kwargs={"groups": groups},
            cache_dir=str(elsewhere / "cache"),
            num_proc=several if several > 1 else None,
        )
        table.to_parquet(str(elsewhere / f"{folder.name}.parquet"))
        spent = now() - start
        wall += spent.wall - reading.wall / several
        # Where others have read, what they spent is added later, and less by this.
        processor += spent.processor - reading.processor
    return Cost(wall, processor), rows


def run(folder: Path, tables: Sequence[str]) -> None:
    counts = [1, count_cores()] if count_cores() > 1 else [1]
    print("| side | processes | rows | seconds | CPU s | main, MB | worker, MB | load |")  # noqa: T201
    print("|---|---:|---:|---:|---:|---:|---:|---:|")  # noqa: T201
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        for side in ("ours", "theirs"):
            for workers in counts:
                source, target = folder, Path(temporary, "ours")
                if side == "theirs":
                    source, target = target, Path(temporary, "theirs")
                    shutil.rmtree(target, ignore_errors=True)
                    target.mkdir()
                options = ["--workers", str(workers), "--tables", *tables]
                words = ["-m", "benchmarks.build", side, str(source), str(target), *options]
                one = measured(side, words, ROOT)
                print(  # noqa: T201
                    f"| {side} | {workers} | {one.tasks:,} | {one.seconds:.1f} | {one.cpu:.1f} | {one.main:.0f}"
                    f" | {one.worker:.0f} | {one.load:.1f} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "run", "ours", "theirs"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--tables", nargs="*", default=(), help="only these")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.what == "make":
        make(given.source, given.articles)
    elif given.what == "run":
        run(given.source, given.tables)
    else:
        side = ours if given.what == "ours" else theirs
        cost, rows = side(given.source, given.target, given.tables, given.workers)
        sys.stdout.write(json.dumps({"tasks": rows, "seconds": cost.wall, "cpu": cost.processor}))


if __name__ == "__main__":
    main()
