"""How fast `annotate build` writes a dataset, and in how much memory, beside Hugging Face's own way.

    python benchmarks/build.py make DIR --articles 20000
    python benchmarks/build.py ours DIR OUT [--tables articles …] [--workers 2]
    python benchmarks/build.py theirs OUT ELSEWHERE [--tables articles …] [--workers 2]

`make` writes a synthetic corpus for the inventory in schema/: 3,000 characters, 40 spans and 25 relations an article,
gold labels and one annotator's. `ours` builds its dataset. `theirs` writes the same tables with
`datasets.Dataset.from_generator` and `to_parquet`, of rows that are read back from what `ours` wrote; the time that the
reading alone takes is measured apart and subtracted, so that it gets them ready-made. Both say seconds and peak memory.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from annotate import inventory
from annotate.absent import leave_out_pandas
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, AttributeValue, Process, Relation, SourceRange, Span
from annotate.offsets import sha256
from annotate.store import Corpus, canonical, encode_annotation, encode_article

ROOT = Path(__file__).resolve().parent.parent
SPANS, RELATIONS, PARAGRAPHS, WORDS = 40, 25, 15, 33
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


def annotation(made: Article, labels: Inventory, annotator: str, process: Process, chance: random.Random) -> Annotation:
    text, spans = made.text, list[Span]()
    for number in range(SPANS):
        start = text.rfind(" ", 0, chance.randrange(2, len(text))) + 1
        end = min(place for place in (text.find(" ", start + 10), text.find(".", start + 1), len(text)) if place > 0)
        label = chance.choice(list(labels.spans))
        attributes = {one.name: value(one, chance) for one in labels.attributes_of(label)}
        spans.append(
            Span(id=f"s{number}", label=label, start=start, end=end, text=text[start:end], attributes=attributes)
        )
    fitting = [
        Relation(label=relation.name, head=head.id, tail=tail.id)
        for relation in labels.relations.values()
        if not relation.joins_pieces
        for head in spans
        for tail in spans
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
        relations=tuple(chance.sample(fitting, min(RELATIONS, len(fitting)))),
    )


def make(folder: Path, articles: int) -> None:
    for name in ("articles", "annotations/gold", "annotations/reader"):
        (folder / name).mkdir(parents=True)
    labels, corpus, chance = inventory.load(ROOT / "schema"), Corpus(folder), random.Random(1)  # noqa: S311 - no secret
    known = 'training: none, since: "2026-01-01"'
    people = f"- {{id: reader, kind: model, {known}}}\n- {{id: judge, kind: person, {known}}}\n"
    (folder / "annotators.yaml").write_text(f"annotators:\n{people}")
    for number in range(articles):
        one = article(number, chance)
        corpus.text_path(one.id).write_text(one.text)
        corpus.article_path(one.id).write_bytes(encode_article(one))
        gold = canonical(annotation(one, labels, "judge", "adjudicated", chance))
        corpus.annotation_path(GOLD, one.id).write_bytes(encode_annotation(gold))
        own = canonical(annotation(one, labels, "reader", "single pass", chance))
        corpus.annotation_path("reader", one.id).write_bytes(encode_annotation(own))


class Cost(NamedTuple):
    """Wall and processor seconds, the latter of child processes as well: those of a shared machine lie less."""

    wall: float
    processor: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.processor - other.processor)


def now() -> Cost:
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Cost(time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used))


def ours(folder: Path, out: Path, tables: Sequence[str], workers: int) -> tuple[Cost, int]:
    from annotate.dataset.build import build

    leave_out_pandas()  # as the program does
    start = now()
    made = build(Corpus(folder), inventory.load(ROOT / "schema"), out, tables=tables, workers=workers)
    return now() - start, sum(table.rows for table in made.tables)


def read(file: str, groups: list[int]) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    # Batch by batch, as whole groups would put this reading into the other side's memory.
    for batch in pq.ParquetFile(file).iter_batches(500, row_groups=groups):
        yield from batch.to_pylist()


def theirs(out: Path, elsewhere: Path, tables: Sequence[str], workers: int) -> tuple[Cost, int]:
    import datasets
    import pyarrow.parquet as pq

    datasets.disable_progress_bars()
    wall, processor, rows = 0.0, 0.0, 0
    for file in sorted(out.glob("data/*/*.parquet")):
        if not pq.ParquetFile(file).metadata.num_rows or (tables and file.parent.name not in tables):
            continue
        features = datasets.Features.from_arrow_schema(pq.read_schema(file))
        groups = list(range(pq.ParquetFile(file).num_row_groups))
        several = min(workers, len(groups))
        start = now()
        rows += sum(1 for _ in read(str(file), groups))
        reading = now() - start
        start = now()
        table = datasets.Dataset.from_generator(
            read,
            features=features,
            gen_kwargs={"file": str(file), "groups": groups},
            cache_dir=str(elsewhere / "cache"),
            num_proc=several if several > 1 else None,
        )
        table.to_parquet(str(elsewhere / f"{file.parent.name}.parquet"))
        spent = now() - start
        wall += spent.wall - reading.wall / several
        processor += spent.processor - reading.processor
    return Cost(wall, processor), rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "ours", "theirs"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--tables", nargs="*", default=(), help="only these")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.what == "make":
        make(given.source, given.articles)
        return
    run = ours if given.what == "ours" else theirs
    cost, rows = run(given.source, given.target, given.tables, given.workers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{given.what}: {rows:,} rows, {cost.wall:.1f} s, {cost.processor:.1f} s of processors,"
        f" {peak:,.0f} MB at most in this process\n"
    )


if __name__ == "__main__":
    main()
