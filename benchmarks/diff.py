"""`annotate diff` of two made-up corpora against merely reading every byte of both, in one run on one machine.

`python benchmarks/diff.py FOLDER` makes the two corpora in FOLDER if they are not there (about 1.5 GB for 20,000
articles each), then measures. Each measured run is a process of its own; both find their files in the system's cache.
"""

# ruff: noqa: T201, S311 - it is made to print, and draws no secrets

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from annotate.corpus import Corpus, encode_annotation, encode_article
from annotate.inventory import Inventory, load_inventory
from annotate.model import GOLD, Annotation, Article, AttributeValue, Relation, SourceRange, Span
from annotate.offsets import sha256

ROOT = Path(__file__).resolve().parent.parent
WORDS = ("the", "harbour", "master", "said", "forty", "crates", "of", "fruit", "lie", "at", "quay", "since", "night")
CHARACTERS, SPANS, RELATIONS = 3_000, 40, 25
RUNS = 3


def text_of(draw: random.Random) -> str:
    words: list[str] = []
    while sum(map(len, words)) + len(words) < CHARACTERS:
        words.append(draw.choice(WORDS))
    return " ".join(words) + "\n"


def labelled(draw: random.Random, inventory: Inventory, article: str, text: str, annotator: str) -> Annotation:
    """An annotation of the usual size, its labels and values drawn from the inventory."""
    spans = []
    for number in range(SPANS):
        start = draw.randrange(len(text) - 80)
        end, label = start + draw.randint(4, 60), draw.choice(list(inventory.spans))
        values: dict[str, AttributeValue] = {
            one.name: draw.choice(list(one.values)) for one in inventory.attributes_of(label) if one.values
        }
        spans.append(Span(id=f"s{number}", label=label, start=start, end=end, text=text[start:end], attributes=values))
    names = list(inventory.relations)
    arrows = [
        Relation(label=draw.choice(names), head=draw.choice(spans).id, tail=draw.choice(spans).id)
        for _ in range(RELATIONS)
    ]
    return Annotation(
        article=article, annotator=annotator, process="single pass", made_from=(), inventory=inventory.version,
        text_sha256=sha256(text), spans=tuple(spans), relations=tuple(arrows),
    )  # fmt: skip


def corrected(draw: random.Random, old: Annotation, text: str) -> Annotation:
    """A new version in which one span of ten moved, one was dropped and one has another label."""
    spans = list(old.spans)
    for number in range(0, len(spans), 10):
        one = spans[number]
        spans[number] = msgspec.structs.replace(one, start=one.start + 1, text=text[one.start + 1 : one.end])
    spans[1] = msgspec.structs.replace(spans[1], label=spans[2].label, attributes={})
    dropped = spans.pop(draw.randrange(3, len(spans)))
    kept = tuple(one for one in old.relations if dropped.id not in (one.head, one.tail))
    return msgspec.structs.replace(old, spans=tuple(spans), relations=kept)


def make(folder: Path, articles: int, every: int) -> None:
    """`old` and `new`, in which the gold of one article in `every` was corrected."""
    draw, inventory = random.Random(0), load_inventory(ROOT / "schema")
    for side in ("old", "new"):
        shutil.copytree(ROOT / "schema", folder / side / "schema")
        for part in ("articles", "annotations/gold", "annotations/reader-1", "splits"):
            (folder / side / "corpus" / part).mkdir(parents=True)
    for number in range(articles):
        name, text = f"a{number:05}", text_of(draw)
        source = SourceRange(file="s.txt", sha256="0" * 64, start=0, end=len(text))
        article = Article(
            id=name, title=None, language="en", author=None, publisher=None, date=None, rights="", source=source,
            text_sha256=sha256(text), text=text,
        )  # fmt: skip
        gold, other = (labelled(draw, inventory, name, text, who) for who in (GOLD, "reader-1"))
        for side in ("old", "new"):
            corpus = Corpus(folder / side / "corpus")
            corpus.text_path(name).write_text(text)
            corpus.article_path(name).write_bytes(encode_article(article))
            made = corrected(draw, gold, text) if side == "new" and number % every == 0 else gold
            corpus.annotation_path(GOLD, name).write_bytes(encode_annotation(made))
            corpus.annotation_path("reader-1", name).write_bytes(encode_annotation(other))
    names = "".join(f"a{number:05}\n" for number in range(articles))
    for side in ("old", "new"):
        (folder / side / "corpus" / "splits" / "train.txt").write_text(names)


def read(folder: Path) -> int:
    """Every byte of both, as quickly as Python has it; how many."""
    total = 0
    for side in ("old", "new"):
        for below, _, names in os.walk(folder / side):
            for name in names:
                with open(f"{below}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
                    total += len(file.read())
    return total


def difference(folder: Path) -> int:
    """The whole JSON, thrown away; how many bytes it has."""
    from annotate.comparison.compare import Comparison
    from annotate.comparison.patch import encode_patch
    from annotate.comparison.sources import open_version

    with open_version(str(folder / "old")) as old, open_version(str(folder / "new")) as new:
        return sum(map(len, encode_patch(Comparison(old, new))))


def measured(what: str, folder: Path) -> tuple[float, float, int]:
    """Seconds, MB at most and bytes of one run in a process of its own."""
    words = [sys.executable, __file__, str(folder), "--only", what]
    seconds, peak, number = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return seconds, peak, number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=100, help="one gold in so many differs")
    parser.add_argument("--only", choices=("read", "diff"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        start = time.perf_counter()
        number = (read if given.only == "read" else difference)(given.folder)
        seconds = time.perf_counter() - start
        print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, number]))
        return
    if not given.folder.exists():
        make(given.folder, given.articles, given.every)
    # In turns, so that what else the machine does falls on both.
    runs = [[measured(what, given.folder) for what in ("read", "diff")] for _ in range(RUNS)]
    for number, what in enumerate(("read", "diff")):
        seconds, peak, size = min(run[number] for run in runs)
        print(f"{what}: {seconds:.2f} s, {peak:,.0f} MB at most, {size / 1e6:,.1f} MB")
    best = [min(run[number][0] for run in runs) for number in (0, 1)]
    print(f"ratio: {best[1] / best[0]:.2f}")


if __name__ == "__main__":
    main()
