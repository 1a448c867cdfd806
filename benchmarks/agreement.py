"""Compare alpha with `krippendorff` and span F1 with `nervaluate`: the same data, one run, the same values.

Each library gets its data in the form that it takes, made beforehand; only the computation is timed. Run it with
`python benchmarks/agreement.py`; it takes less than a minute.
"""

# ruff: noqa: T201, S311 - it is made to print, and draws no secrets

import os
import platform
import random
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, TypeVar

import krippendorff
import nervaluate
import numpy as np

from annotate import metrics
from annotate.agreement.coefficients import Value, alpha, alpha_counts, f1
from annotate.agreement.matched_counts import count_matched
from annotate.agreement.matching import list_mentions, match_exactly
from annotate.agreement.positions import Positions, count_patterns
from annotate.agreement.report import ALL
from annotate.agreement.span_tallies import ParagraphPatterns, add_matches
from annotate.agreement.study import Study, make_study
from annotate.agreement.tally import Tally
from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.model import GOLD, Span
from annotate.records import Graph, Mention, Piece
from annotate.scoring.score_counts import make_prediction

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = load_inventory(ROOT / "schema")
LABELS = tuple(INVENTORY.spans)
ANNOTATORS, CHARACTERS = 3, 300_000
DOCUMENTS, SPANS, SIZE = 200, 60, 6_000
COPIES = 4
Spans = list[tuple[str, int, int]]
Result = TypeVar("Result")


class Row(NamedTuple):
    """What was computed, and its seconds here and in the library."""

    what: str
    here: float
    library: float


def same(ours: Value, theirs: float) -> None:
    """Stop if the two programs do not compute the same value: comparing their times would mean nothing."""
    if isinstance(ours, str) or abs(ours - theirs) > 1e-9:
        raise SystemExit(f"{ours} here, {theirs} there")


def timed(what: Callable[[], Result], times: int) -> tuple[float, Result]:
    """Return the seconds of the fastest of several runs, and the result."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        what()
        best = min(best, time.perf_counter() - start)
    return best, what()


def stretches(draw: random.Random) -> list[Spans]:
    """Return each annotator's spans of one long text: side by side, nine of ten with the same label for all."""
    rows: list[Spans] = [[] for _ in range(ANNOTATORS)]
    start = 0
    while start < CHARACTERS:
        end, label = min(CHARACTERS, start + draw.randint(5, 80)), draw.choice(LABELS)
        for row in rows:
            row.append((label if draw.random() < 0.9 else draw.choice(LABELS), start, end))
        start = end
    return rows


def documents(draw: random.Random) -> tuple[list[Spans], list[Spans]]:
    """Return two annotators' spans, which do not overlap within a document; four of five are the same."""
    sides: tuple[list[Spans], list[Spans]] = ([], [])
    for _ in range(DOCUMENTS):
        first: Spans = []
        second: Spans = []
        for start in range(0, SIZE, SIZE // SPANS):
            span = draw.choice(LABELS), start, start + draw.randint(3, 60)
            first.append(span)
            second.append(span if draw.random() < 0.8 else (span[0], start, span[2] + draw.randint(1, 9)))
        sides[0].append(first)
        sides[1].append(second)
    return sides


def study_of(sides: tuple[list[Spans], list[Spans]]) -> Study:
    """Return the documents as `annotate agree` has them once they are read."""
    text = "x" * (SIZE + 100)
    texts = []
    for number, both in enumerate(zip(*sides, strict=True)):
        spans = [
            [
                Span(id=f"s{n}", label=one[0], start=one[1], end=one[2], text="", attributes={})
                for n, one in enumerate(side)
            ]
            for side in both
        ]
        annotations = [make_prediction(str(number), text, INVENTORY, side) for side in spans]
        texts.append((str(number), text, dict(zip("ab", annotations, strict=True))))
    return make_study(INVENTORY, texts, "characters")


def our_f1(compared: Study) -> dict[str, Value]:
    """Return exact F1 of each label, and of all, as `annotate agree` and `score` count it: by paragraph."""
    # Not `comparison.exact`, which is cached: every run should match again.
    matchings = [
        (comparison, match_exactly(comparison.first.mentions, comparison.second.mentions))
        for comparison in compared.comparisons()
    ]
    values = {}
    for name, labels in [*((label, [label]) for label in LABELS), ("all", list(LABELS))]:
        tally = Tally()
        for comparison, matching in matchings:
            add_matches(tally, count_matched(matching, comparison.article.find_paragraph_at), labels)
        values[name] = f1(tally.total())
    return values


def theirs_from_table(rows: list[Spans]) -> Callable[[], float]:
    code = {label: float(number) for number, label in enumerate(LABELS)}
    data = np.array([[code[label] for label, start, end in row for _ in range(start, end)] for row in rows])
    return lambda: float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))


def theirs_by_label(rows: list[Spans]) -> dict[str, float]:
    """Compute alpha of each label from a table of characters, filled a span at a time as is usual with numpy."""
    found = {}
    for chosen in LABELS:
        data = np.zeros((len(rows), CHARACTERS))
        for number, row in enumerate(rows):
            for label, start, end in row:
                if label == chosen:
                    data[number, start:end] = 1
        found[chosen] = float(krippendorff.alpha(reliability_data=data, level_of_measurement="nominal"))
    return found


def ours_by_label(versions: list[list[Mention]], ruler: Positions) -> dict[str, Value]:
    """Compute alpha of each label as `annotate agree` does: one sweep for all labels over the ends of spans."""
    (found,) = count_patterns(versions, ruler)
    patterns = ParagraphPatterns(found, len(versions), {})
    return {label: alpha(alpha_counts(patterns.project(frozenset({label})))) for label in LABELS}


def mentions_of(rows: list[Spans]) -> list[list[Mention]]:
    return [[Mention("", label, start, end, "", (Piece(start, end),), {}) for label, start, end in r] for r in rows]


def compare_alpha(draw: random.Random) -> Row:
    rows = stretches(draw)
    versions, ruler = mentions_of(rows), Positions(CHARACTERS, [0])
    seconds, ours = timed(lambda: alpha(alpha_counts(count_patterns(versions, ruler)[0])), 5)
    their_seconds, theirs = timed(theirs_from_table(rows), 3)
    same(ours, theirs)
    size = f"{ANNOTATORS} × {len(rows[0]):,} spans on {CHARACTERS:,} characters"
    return Row(f"alpha, the library given an array made beforehand, {size}", seconds, their_seconds)


def compare_alpha_of_lists(draw: random.Random) -> Row:
    """Give both the same lists of labels: what a program has that does not work on arrays."""
    listed = [[label for label, start, end in row for _ in range(start, end)] for row in stretches(draw)]
    seconds, ours = timed(lambda: metrics.nominal_alpha(listed) or "none", 5)
    their_seconds, theirs = timed(
        lambda: float(krippendorff.alpha(reliability_data=listed, level_of_measurement="nominal")), 1
    )
    same(ours, theirs)
    size = f"{ANNOTATORS} × {CHARACTERS:,} characters"
    return Row(f"`metrics.nominal_alpha` of lists of labels, {size}", seconds, their_seconds)


def compare_alpha_by_label(draw: random.Random) -> Row:
    rows = stretches(draw)
    versions, ruler = mentions_of(rows), Positions(CHARACTERS, [0])
    seconds, ours = timed(lambda: ours_by_label(versions, ruler), 5)
    their_seconds, theirs = timed(lambda: theirs_by_label(rows), 1)
    for label in LABELS:
        same(ours[label], theirs[label])
    what = f"alpha of each of {len(LABELS)} labels, {ANNOTATORS} × {len(rows[0]):,} spans on those characters"
    return Row(what, seconds, their_seconds)


def corpus_versions(draw: random.Random) -> tuple[list[list[Mention]], int]:
    """Return gold of this corpus, `COPIES` times in a row, and a copy of it with one span in five moved."""
    corpus = Corpus(ROOT / "corpus")
    gold: list[Mention] = []
    size = 0
    for _ in range(COPIES):
        for article in corpus.annotated_ids(GOLD):
            gold += [
                move(one, [Piece(start + size, end + size) for start, end in one.pieces])
                for one in list_mentions(Graph(corpus.read_annotation(GOLD, article), INVENTORY), INVENTORY)
            ]
            size += len(corpus.read_text(article))
    other = [
        move(one, [Piece(start, end + draw.randint(1, 9)) for start, end in one.pieces]) if draw.random() < 0.2 else one
        for one in gold
    ]
    return [gold, other], size + 9


def move(mention: Mention, pieces: list[Piece]) -> Mention:
    """Return the mention with other pieces."""
    return Mention(mention.id, mention.label, pieces[0].start, pieces[-1].end, "", tuple(pieces), {})


def theirs_of_sets(versions: list[list[Mention]], size: int) -> float:
    """Compute alpha from a table of characters, with a bit for each label and an integer for each set of labels."""
    names = sorted({mention.label for spans in versions for mention in spans})
    bits = np.zeros((len(versions), size), dtype=np.int64)
    for row, spans in zip(bits, versions, strict=True):
        for mention in spans:
            for start, end in mention.pieces:
                row[start:end] |= 1 << names.index(mention.label)
    return float(krippendorff.alpha(reliability_data=bits, level_of_measurement="nominal"))


def compare_alpha_of_sets(draw: random.Random) -> Row:
    versions, size = corpus_versions(draw)
    ruler = Positions(size, [0])
    seconds, ours = timed(lambda: alpha(alpha_counts(count_patterns(versions, ruler)[0])), 5)
    their_seconds, theirs = timed(lambda: theirs_of_sets(versions, size), 3)
    same(ours, theirs)
    sets = len({have for pattern in count_patterns(versions, ruler)[0] for have in pattern})
    what = f"alpha of sets of labels ({sets}), 2 × {len(versions[0])} spans on {size:,} characters"
    return Row(what, seconds, their_seconds)


def compare_f1_of_lists(draw: random.Random) -> Row:
    sides = documents(draw)
    seconds, scores = timed(lambda: metrics.score_exact_spans(*sides), 5)
    ours: dict[str, Value] = {name: score.f1 or 0.0 for name, score in scores.items()}
    what = f"`metrics.score_exact_spans`, 2 × {DOCUMENTS} documents × {SPANS} spans"
    return _compare_with_nervaluate(what, seconds, {**ours, "all": ours[ALL]}, sides)


def compare_f1(draw: random.Random) -> Row:
    sides = documents(draw)
    compared = study_of(sides)
    seconds, ours = timed(lambda: our_f1(compared), 5)
    what = f"exact F1 by label as `agree` counts it, 2 × {DOCUMENTS} documents × {SPANS} spans"
    return _compare_with_nervaluate(what, seconds, ours, sides)


def _compare_with_nervaluate(
    what: str, seconds: float, ours: dict[str, Value], sides: tuple[list[Spans], list[Spans]]
) -> Row:
    theirs_in = [
        [[{"label": label, "start": start, "end": end - 1} for label, start, end in spans] for spans in side]
        for side in sides
    ]
    their_seconds, theirs = timed(
        lambda: nervaluate.Evaluator(*theirs_in, tags=list(LABELS), loader="dict").evaluate(), 1
    )
    same(ours["all"], theirs["overall"]["strict"].f1)
    for label in LABELS:
        same(ours[label], theirs["entities"][label]["strict"].f1)
    return Row(what, seconds, their_seconds)


def main() -> None:
    """Print the table of benchmarks/README.md."""
    libraries = (f"krippendorff {version('krippendorff')}", f"nervaluate {version('nervaluate')}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {' and '.join(libraries)}\n")
    print("| measure | here, ms | library, ms | times faster |\n|---|---:|---:|---:|")
    for compare in (
        *(compare_alpha_of_lists, compare_alpha, compare_alpha_by_label, compare_alpha_of_sets),
        *(compare_f1_of_lists, compare_f1),
    ):
        row = compare(random.Random(0))
        print(f"| {row.what} | {1000 * row.here:.1f} | {1000 * row.library:.0f} | {row.library / row.here:.0f} |")


if __name__ == "__main__":
    main()
