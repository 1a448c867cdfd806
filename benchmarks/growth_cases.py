"""The cases of benchmarks/growth.py: a name, an input of any size, a command, and what it may cost.

A case whose name begins with `corpus` has the number of articles as its size, and shares its corpus with the others.
All other cases are about one article or one file.
"""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from annotate.corpus import Corpus, encode_annotation
from annotate.inventory import load_inventory
from annotate.model import GOLD
from benchmarks import exports
from benchmarks.corpora import READERS, ROOT, drop_some, make_corpus
from benchmarks.growth_inputs import (
    ANNOTATORS,
    LABELS,
    Labels,
    Range,
    count_words,
    encode_task,
    make_spans,
    write_article,
    write_brat,
    write_export,
    write_project,
    write_small,
)

DOUBLED = (1, 2, 4)
PREDICTED = f"corpus/annotations/{READERS[0]}"
_PROGRAM = str(Path(sys.executable).with_name("annotate"))


@dataclass(frozen=True)
class Case:
    """A command whose cost is measured.

    Attributes:
        name: The name, by which it is chosen.
        least: The smallest size; the command is measured at this, at twice and at four times this size.
        prepare: Makes the input of a size in a folder.
        command: What is run there: `annotate` and its words, or `python` and those of the interpreter.
        target: What it may cost, in words.
        needs: An option without which the command is not run yet.
        codes: Exit codes that are right.
    """

    name: str
    least: int
    prepare: Callable[[Path, int], None]
    command: Sequence[str]
    target: str = ""
    needs: str = ""
    codes: frozenset[int] = field(default=frozenset({0, 1}))

    @property
    def sizes(self) -> list[int]:
        return [self.least * times for times in DOUBLED]

    @property
    def shared(self) -> bool:
        return self.name.startswith("corpus")

    @property
    def options(self) -> str:
        """The help of the command."""
        words = [_PROGRAM, *self.command[1:2], "--help"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout


# Many articles


def prepare_corpus(folder: Path, size: int) -> None:
    if not folder.exists():
        make_corpus(folder, size)


def prepare_two_versions(folder: Path, size: int) -> None:
    """A second version next to the first, in which the gold of each tenth article has lost some relations."""
    prepare_corpus(folder, size)
    if (folder / "new").exists():
        return
    (folder / "new").mkdir()
    for name in ("corpus", "schema", "guidelines"):
        shutil.copytree(folder / name, folder / "new" / name)
    corpus, inventory = Corpus(folder / "new" / "corpus"), load_inventory(folder / "schema")
    for number, article_id in enumerate(corpus.article_ids()):
        if number % 10 == 0:
            chance = random.Random(number)  # noqa: S311 - no secret
            changed = drop_some(corpus.read_annotation(GOLD, article_id), inventory, chance)
            corpus.annotation_path(GOLD, article_id).write_bytes(encode_annotation(changed))


def run_before(*words: str, folder: Path) -> None:
    """Run a command whose result is the input of a case."""
    subprocess.run([_PROGRAM, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def prepare_textless(folder: Path, size: int) -> None:
    prepare_corpus(folder, size)
    if not (folder / "textless").exists():
        run_before("build", "--without-text", "--out", "textless", folder=folder)


def prepare_dataset(folder: Path, size: int) -> None:
    prepare_corpus(folder, size)
    if not (folder / "dataset").exists():
        run_before("build", "--out", "dataset", folder=folder)


def prepare_brat_export(folder: Path, size: int) -> None:
    """Gold of the corpus in brat, and a corpus without labels to import it to."""
    prepare_corpus(folder, size)
    if (folder / "brat").exists():
        return
    run_before("export", "--format", "brat", "--out", "brat", folder=folder)


def prepare_tasks(folder: Path, size: int) -> None:
    """An export of Label Studio with so many tasks."""
    prepare_corpus(folder, 2)
    path = folder / f"tasks-{size}.json"
    if not path.exists():
        exports.write(folder / "tasks.json", size)
        shutil.copyfile(folder / "tasks.json", path)


def corpus_case(name: str, *words: str, least: int = 500, target: str = "", **more: object) -> Case:
    prepare = more.pop("prepare", prepare_corpus)
    return Case(f"corpus {name}", least, prepare, ("annotate", *words), target, **more)  # type: ignore[arg-type]


CORPUS_CASES = (
    corpus_case("check", "check", target="≤ 80 s, ≤ 600 MB at 4,000"),
    corpus_case(
        "check --article",
        "check",
        "--article",
        "syria-fronts-000001",
        target="≤ 5 s at 4,000, cold",
        needs="--article",
    ),
    corpus_case(
        "check --files",
        "check",
        "--files",
        "corpus/articles/syria-fronts-000001.json",
        target="≤ 5 s at 4,000, cold",
        needs="--files",
    ),
    corpus_case("agree", "agree", target="≤ 300 s, ≤ 600 MB at 4,000", least=250),
    corpus_case(
        "agree html", "agree", "--format", "html", "--out", "out", target="≤ 300 s, ≤ 600 MB at 4,000", least=250
    ),
    corpus_case("score", "score", f"corpus/annotations/{GOLD}", PREDICTED, target="≤ 90 s, ≤ 600 MB at 4,000"),
    corpus_case(
        "score dataset", "score", "dataset", PREDICTED, target="≤ 90 s, ≤ 600 MB at 4,000", prepare=prepare_dataset
    ),
    corpus_case("build", "build", "--out", "out", target="≤ 480 s, ≤ 600 MB at 4,000", least=250),
    corpus_case(
        "hydrate",
        "hydrate",
        "textless",
        "--texts",
        "corpus/articles",
        "--out",
        "out",
        target="≤ 300 s, ≤ 600 MB at 4,000",
        least=250,
        prepare=prepare_textless,
    ),
    *(
        corpus_case(
            f"export {name}",
            "export",
            "--format",
            name,
            "--out",
            "out",
            target="≤ 180 s, ≤ 600 MB at 4,000",
            least=250,
        )
        for name in ("brat", "xmi", "docbin", "bio", "jsonl", "csv")
    ),
    corpus_case(
        "import brat",
        "import",
        "--format",
        "brat",
        "brat",
        "--annotator",
        "reader-1",
        "--plan",
        prepare=prepare_brat_export,
        least=250,
    ),
    corpus_case("coverage", "coverage", target="≤ 600 MB at 4,000, output cut"),
    corpus_case("coverage --write", "coverage", "--write", target="≤ 600 MB at 4,000"),
    corpus_case("diff", "diff", ".", "new", target="output cut", prepare=prepare_two_versions, least=250),
    corpus_case(
        "diff json", "diff", ".", "new", "--format", "json", "--out", "out", prepare=prepare_two_versions, least=250
    ),
    corpus_case("split", "split", target="≤ 600 MB at 4,000"),
    corpus_case("split --folds", "split", "--folds"),
    corpus_case("page", "release", "page", "--out", "out", target="≤ 600 MB at 4,000", least=250),
    corpus_case("doubts", "doubts"),
    corpus_case("prelabel", "prelabel", "--out", "out", least=250),
    corpus_case("report", "release", "report", least=250, codes=frozenset({0, 1})),
    corpus_case("status", "studio", "status", target="output cut", codes=frozenset({0, 1, 2})),
    corpus_case("generate", "generate", "--check"),
    corpus_case(
        "convert",
        "convert",
        "tasks.json",
        "--out",
        "out",
        "--schema",
        str(ROOT / "tests" / "base" / "schema"),
        prepare=prepare_tasks,
        least=1000,
    ),
)


# One article: numbers


def write_toll(folder: Path, words: str) -> None:
    text = f"They counted {words} people."
    start = len("They counted ")
    spans = make_spans(text, [("Toll", start, start + len(words))], wording="exact")
    write_article(write_project(folder), "one", text, dict.fromkeys((GOLD, *ANNOTATORS), Labels(spans)))


def prepare_digits(folder: Path, size: int) -> None:
    write_toll(folder, "123456789" * (size // 9))


def prepare_groups(folder: Path, size: int) -> None:
    write_toll(folder, "1" + ",111" * (size // 4))


def prepare_number_words(folder: Path, size: int) -> None:
    write_toll(folder, "hundred " * (size // 8) + "two")


def prepare_number_task(folder: Path, size: int) -> None:
    good, words = "A thing.", "9" * size
    write_export(
        folder, [encode_task(1, good, [("Thing", 2, 7, "thing")]), encode_task(2, words, [("Toll", 0, size, words)])]
    )


# One article: overlapping spans


def list_intervals(size: int) -> tuple[str, list[Range]]:
    """Return a text whose words have about so many intervals, and all of them."""
    words = int((2 * size) ** 0.5)
    text, places = count_words(words)
    return text, [
        ("Thing", places[first][0], places[last][1]) for first in range(words) for last in range(first, words)
    ]


def prepare_intervals(folder: Path, size: int) -> None:
    write_small(folder, *list_intervals(size))


def prepare_shifted_intervals(folder: Path, size: int) -> None:
    """One annotator has all intervals of at least two words, the other all but those that begin with the first word."""
    text, ranges = list_intervals(size)
    corpus = write_project(folder)
    one, two = make_spans(text, ranges[: len(ranges) * 2 // 3]), make_spans(text, ranges[len(ranges) // 3 :])
    write_article(corpus, "one", text, {GOLD: Labels(one), "anna": Labels(one), "ben": Labels(two)})


def prepare_nested(folder: Path, size: int) -> None:
    text, places = count_words(2 * size)
    write_small(folder, text, [("Thing", places[index][0], places[-1 - index][1]) for index in range(size)])


def prepare_mutual(folder: Path, size: int) -> None:
    """Spans that all hold the middle of a short text; those of the other annotator begin a character later."""
    half = int(size**0.5)
    text = "\n".join(["a" * 2 * half] * 2)
    ranges = [("Thing", start, end) for start in range(half) for end in range(half + 1, 2 * half + 1)]
    first, second = (make_spans(text, [(name, at + more, end) for name, at, end in ranges]) for more in (0, 1))
    labels = {GOLD: Labels(first), "anna": Labels(first), "ben": Labels(second)}
    write_article(write_project(folder), "one", text, labels)


# One article: findings


def prepare_wrong_texts(folder: Path, size: int) -> None:
    text, places = count_words(size)
    spans = [msgspec.structs.replace(one, text="no") for one in make_spans(text, [("Thing", *at) for at in places])]
    write_article(write_project(folder), "one", text, {"anna": Labels(spans)})


def prepare_unknown_labels(folder: Path, size: int) -> None:
    text, places = count_words(size)
    spans = make_spans(text, [("Ghost", *place) for place in places])
    write_article(write_project(folder), "one", text, dict.fromkeys((GOLD, *ANNOTATORS), Labels(spans)))


def prepare_unrelated(folder: Path, size: int) -> None:
    """Each span lacks the relation that its label requires: one mistake in the inventory."""
    text, places = count_words(size)
    spans = make_spans(text, [("Claim", *place) for place in places])
    write_article(write_project(folder), "one", text, dict.fromkeys((GOLD, *ANNOTATORS), Labels(spans)))


def prepare_reversed_pieces(folder: Path, size: int) -> None:
    text, places = count_words(size)
    relations = [("continues", index, index + 1) for index in range(size - 1)]
    write_small(folder, text, [("Thing", *place) for place in places], relations)


def prepare_unrelated_task(folder: Path, size: int) -> None:
    text, places = count_words(size)
    write_export(folder, [encode_task(1, text, [("Claim", start, end, text[start:end]) for start, end in places])])


def prepare_wrong_task(folder: Path, size: int) -> None:
    """Each region quotes words that the text does not have."""
    text, places = count_words(size)
    write_export(folder, [encode_task(1, text, [("Thing", start, end, "nowhere") for start, end in places])])


# One article: offsets


def prepare_decomposed_brat(folder: Path, size: int) -> None:
    text, places = count_words(size, "e\u0301")
    write_brat(folder, text, [f"T{n}\tThing {a} {b}\t{text[a:b]}" for n, (a, b) in enumerate(places)])


def to_utf16(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le")) // 2


def prepare_utf16_brat(folder: Path, size: int) -> None:
    """Each word has a character beyond the first plane: offsets drift by one a word."""
    text, places = count_words(size, "\U0001f600")
    lines = [f"T{n}\tThing {a + n} {b + n + 1}\t{text[a:b]}" for n, (a, b) in enumerate(places)]
    write_brat(folder, text, lines)


def prepare_utf16_task(folder: Path, size: int) -> None:
    text, places = count_words(size, "\U0001f600")
    regions = [("Thing", a + n, b + n + 1, text[a:b]) for n, (a, b) in enumerate(places)]
    write_export(folder, [encode_task(1, text, regions)])


def prepare_missing_words(folder: Path, size: int) -> None:
    text, places = count_words(size)
    write_brat(folder, text, [f"T{n}\tThing {a} {b}\tnowhere{n}" for n, (a, b) in enumerate(places)])


def prepare_quoted_csv(folder: Path, size: int) -> None:
    """A table of quotes, none of which occurs in the text."""
    text, _ = count_words(size)
    write_article(write_project(folder), "one", text, {})
    rows = "".join(f"one,Thing,nowhere{number}\n" for number in range(size))
    (folder / "spans.csv").write_text(f"article,label,quote\n{rows}")


# One article: long texts


def prepare_one_line(folder: Path, size: int) -> None:
    text = ("Words in a line, without an end. " * (size // 33)).rstrip()
    write_small(folder, text, [("Thing", 0, 5), ("Part", 6, 8)], [("part_of", 1, 0)])


def prepare_long_text(folder: Path, size: int) -> None:
    text = ("Some words on a line that ends.\n" * (size // 32)).rstrip()
    write_small(folder, text, [("Thing", 0, 4), ("Part", 5, 10)], [("part_of", 1, 0)])


def prepare_text_file(folder: Path, size: int) -> None:
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    (folder / "long.txt").write_text(("Some words on a line that ends.\n" * (size // 32)).rstrip() + "\n")


def prepare_long_baseline(folder: Path, size: int) -> None:
    prepare_baseline(folder, 100)
    text = ("Some words on a line that ends.\n" * (size // 32)).rstrip()
    write_article(Corpus(folder / "corpus"), "one", text, {})


def prepare_long_brat(folder: Path, size: int) -> None:
    text = ("Some words on a line that ends.\n" * (size // 32)).rstrip()
    write_brat(folder, text, ["T1\tThing 0 4\tSome"])


def prepare_long_task(folder: Path, size: int) -> None:
    text = ("Some words on a line that ends.\n" * (size // 32)).rstrip()
    write_export(folder, [encode_task(1, text, [("Thing", 0, 4, "Some")])])


def prepare_unknown_labels_of_many(folder: Path, size: int) -> None:
    """As many unknown labels as the inventory has names to choose from."""
    prepare_many_labels(folder, size)
    for path in (folder / "corpus" / "annotations").rglob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"label": "L', b'"label": "M'))


def prepare_cycle(folder: Path, size: int) -> None:
    """A chain of relations whose end is its beginning."""
    text, places = count_words(size)
    relations = [("part_of", (index + 1) % size, index) for index in range(size)]
    write_small(folder, text, [("Part", *place) for place in places], relations)


def prepare_many_spans(folder: Path, size: int) -> None:
    text, places = count_words(size)
    ranges = [("Thing" if index % 2 == 0 else "Part", *place) for index, place in enumerate(places)]
    write_small(folder, text, ranges, [("part_of", index, index - 1) for index in range(1, size, 2)])


def prepare_chain(folder: Path, size: int) -> None:
    text, places = count_words(size + 1)
    ranges = [("Thing" if index == 0 else "Part", *place) for index, place in enumerate(places)]
    write_small(folder, text, ranges, [("part_of", index + 1, index) for index in range(size)])


def prepare_star(folder: Path, size: int) -> None:
    text, places = count_words(size + 1)
    ranges = [("Thing" if index == 0 else "Part", *place) for index, place in enumerate(places)]
    write_small(folder, text, ranges, [("part_of", index + 1, 0) for index in range(size)])


def prepare_pieces(folder: Path, size: int) -> None:
    text, places = count_words(size)
    relations = [("continues", index + 1, index) for index in range(size - 1)]
    write_small(folder, text, [("Thing", *place) for place in places], relations)


def prepare_many_annotators(folder: Path, size: int) -> None:
    text, places = count_words(40)
    people = [f"p{number}" for number in range(size)]
    labels = Labels(make_spans(text, [("Thing", *place) for place in places]))
    write_article(
        write_project(folder, (*ANNOTATORS, *people)), "one", text, dict.fromkeys((GOLD, *ANNOTATORS, *people), labels)
    )


def prepare_many_labels(folder: Path, size: int) -> None:
    more = "".join(
        f"  L{number}: {{layer: things, alone: true, definition: Number {number}., "
        f'color: "#{0x200000 + 31 * number:06x}", guideline: page.md}}\n'
        for number in range(size)
    )
    text, places = count_words(size)
    corpus = write_project(folder, labels=LABELS.replace("attributes:\n", f"{more}attributes:\n", 1))
    labels = Labels(make_spans(text, [(f"L{number}", *place) for number, place in enumerate(places)]))
    write_article(corpus, "one", text, dict.fromkeys((GOLD, *ANNOTATORS), labels))


def prepare_links(folder: Path, size: int) -> None:
    """One article with many links that each bind two words of it, and their spans."""
    import json

    text, places = count_words(size + 1)
    write_small(folder, text, [("Thing", *place) for place in places])

    def passage(index: int) -> dict[str, object]:
        start, end = places[index]
        return {"article": "one", "start": start, "end": end, "text": text[start:end]}

    links = [
        {"kind": "same incident", "passages": [passage(index), passage(index + 1)], "note": "Made up."}
        for index in range(size)
    ]
    (folder / "corpus" / "links.json").write_text(json.dumps({"links": links}))


# Hostile files


def prepare_deep_json(folder: Path, size: int) -> None:
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    path = folder / "corpus" / "annotations" / "anna" / "one.json"
    path.write_bytes(b'{"article": ' + b"[" * size + b"]" * size + b"}")


def prepare_deep_task(folder: Path, size: int) -> None:
    write_export(folder, [encode_task(1, "A thing.", [("Thing", 2, 7, "thing")])])
    task = (folder / "export.json").read_bytes()
    (folder / "export.json").write_bytes(task.replace(b'"meta":{}', b'"meta":{"a":' + b"[" * size + b"]" * size + b"}"))


def write_page(folder: Path, page: str) -> None:
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    (folder / "guidelines" / "page.md").write_text(f"# Page\n\n{page}\n")


def prepare_brackets(folder: Path, size: int) -> None:
    write_page(folder, "[" * size)


def prepare_link_starts(folder: Path, size: int) -> None:
    write_page(folder, "[a](" * size)


def prepare_comments(folder: Path, size: int) -> None:
    write_page(folder, "<!-- a " * size)


def prepare_markers(folder: Path, size: int) -> None:
    write_page(folder, "<!-- generated: label Thing -->\n" * size)


def prepare_addresses(folder: Path, size: int) -> None:
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    person = f'  - {{id: long, kind: person, training: {"a" * size}, since: "2026-01-01"}}\n'
    with (folder / "corpus" / "annotators.yaml").open("a") as file:
        file.write(person)


def prepare_aliases(folder: Path, size: int) -> None:
    """Each line is a list of the one before it, nine times: the value has nine to the power of the lines."""
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    lines = [f"a0: &a0 [{', '.join('x' * 9)}]"]
    lines += (f"a{index}: &a{index} [{', '.join([f'*a{index - 1}'] * 9)}]" for index in range(1, size))
    (folder / "corpus" / "annotators.yaml").write_text("\n".join(lines))


def prepare_long_value(folder: Path, size: int) -> None:
    """A value of any length where a short one is expected: a message shows it."""
    write_small(folder, "A thing.", [("Thing", 2, 7)])
    (folder / "corpus" / "annotators.yaml").write_text(f"annotators: {'x' * size}\n")


def prepare_baseline(folder: Path, size: int) -> None:
    """A text that the patterns of this repository's baseline try at each of its words."""
    folder.mkdir(parents=True)
    for name in ("schema", "guidelines"):
        shutil.copytree(ROOT / name, folder / name)
    text = ("Aa " * (size // 3)).rstrip()
    (folder / "corpus" / "articles").mkdir(parents=True)
    (folder / "corpus" / "sources").mkdir()
    write_article(Corpus(folder / "corpus"), "one", text, {})


def prepare_brat_config(folder: Path, size: int) -> None:
    config = "[entities]\n" + "A\n" + "[relations]\n" + "[events]\n" + f"B {'Arg:A, ' * size}\n" + "[attributes]\n"
    folder.mkdir(parents=True)
    (folder / "annotation.conf").write_text(f"{config}C Arg:A, Value:{'x|' * size}\n")


def prepare_brat_spaces(folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    (folder / "annotation.conf").write_text(f"[entities]\nA{' ' * size}B\n[relations]\nC Arg1:A,{' ' * size}Arg2\n")


ONE = ("annotate", "check")
AGREE, BUILD = ("annotate", "agree"), ("annotate", "build", "--out", "out")
SCORE = ("annotate", "score", "corpus/annotations/anna", "corpus/annotations/ben")
CONVERT = ("annotate", "convert", "export.json", "--out", "out")
IMPORT = ("annotate", "import", "--format", "brat", "brat", "--map", "map.yaml", "--annotator", "anna")
PAGE = ("annotate", "release", "page", "--out", "out")
PRINT = ("annotate", "generate", "--printable", "out")
LINEAR = "linear"
EXPORTS = {
    name: ("annotate", "export", "--format", name, "--out", "out")
    for name in ("brat", "xmi", "docbin", "bio", "jsonl", "csv")
}
_ANY = frozenset({0, 1, 2})

ARTICLE_CASES = (
    Case("digits check", 10_000, prepare_digits, ONE, "linear, no traceback"),
    Case("digits build", 10_000, prepare_digits, BUILD, "linear, no traceback"),
    Case("digit groups check", 10_000, prepare_groups, ONE, "linear, no traceback"),
    Case("number words check", 20_000, prepare_number_words, ONE, "linear, no traceback"),
    Case("digits convert", 2_000, prepare_number_task, CONVERT, "the other task is converted"),
    Case("intervals agree", 259, prepare_intervals, AGREE, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("intervals score", 259, prepare_intervals, SCORE, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("intervals build", 259, prepare_intervals, BUILD, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("intervals that differ agree", 259, prepare_shifted_intervals, AGREE, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("intervals that differ score", 259, prepare_shifted_intervals, SCORE, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("intervals that differ page", 259, prepare_shifted_intervals, PAGE, "≤ 2 s, ≤ 150 MB at 1,035"),
    Case("nested check", 500, prepare_nested, ONE, LINEAR),
    Case("nested agree", 250, prepare_nested, AGREE, "linear, seconds at 10,000"),
    Case("nested score", 250, prepare_nested, SCORE, "linear, seconds at 10,000"),
    Case("nested build", 250, prepare_nested, BUILD, "linear, seconds at 10,000"),
    Case("nested page", 250, prepare_nested, PAGE, LINEAR),
    Case("mutual agree", 2_500, prepare_mutual, AGREE, "seconds at 10,000"),
    Case("mutual score", 2_500, prepare_mutual, SCORE, "seconds at 10,000"),
    Case("wrong texts check", 2_500, prepare_wrong_texts, ONE, LINEAR),
    Case("reversed pieces check", 2_500, prepare_reversed_pieces, ONE, LINEAR),
    Case("unrelated convert", 2_500, prepare_unrelated_task, CONVERT, LINEAR),
    Case("wrong texts convert", 2_500, prepare_wrong_task, CONVERT, LINEAR),
    Case("unrelated check", 2_500, prepare_unrelated, ONE, "linear, 20 lines a code"),
    Case("unknown label check", 2_500, prepare_unknown_labels, ONE, "linear, 20 lines a code"),
    Case("decomposed brat", 1_000, prepare_decomposed_brat, IMPORT, LINEAR),
    Case("utf-16 brat", 2_500, prepare_utf16_brat, IMPORT, LINEAR),
    Case("utf-16 convert", 2_500, prepare_utf16_task, CONVERT, LINEAR),
    Case("missing words brat", 2_500, prepare_missing_words, IMPORT, LINEAR),
    Case("missing words brat --fix", 2_500, prepare_missing_words, (*IMPORT, "--fix"), LINEAR),
    Case(
        "missing words csv", 2_500, prepare_quoted_csv,
        ("annotate", "import", "--format", "csv", "spans.csv", "--annotator", "anna"), LINEAR,
    ),
    Case("one line check", 250_000, prepare_one_line, ONE, LINEAR),
    Case("one line build", 250_000, prepare_one_line, BUILD, LINEAR),
    Case("one line agree", 250_000, prepare_one_line, AGREE, LINEAR),
    Case("one line page", 250_000, prepare_one_line, PAGE, LINEAR),
    Case("one line coverage", 250_000, prepare_one_line, ("annotate", "coverage", "--init"), LINEAR),
    *(Case(f"one line export {name}", 250_000, prepare_one_line, words, LINEAR) for name, words in EXPORTS.items()),
    Case("baseline prelabel", 10_000, prepare_baseline, ("annotate", "prelabel", "--out", "out"), LINEAR),
    Case("e-mail check", 20_000, prepare_addresses, ONE, LINEAR),
    Case("aliases check", 25, prepare_aliases, ONE, LINEAR, codes=_ANY),
    Case("long value check", 1_000_000, prepare_long_value, ONE, LINEAR, codes=_ANY),
    Case(
        "brat config", 10_000, prepare_brat_config,
        ("annotate", "init", "out", "--from-brat", "annotation.conf"), LINEAR, codes=_ANY,
    ),
    Case(
        "brat config spaces", 20_000, prepare_brat_spaces,
        ("annotate", "init", "out", "--from-brat", "annotation.conf"), LINEAR, codes=_ANY,
    ),
    Case("comments check", 20_000, prepare_comments, ONE, LINEAR),
    Case("markers generate", 5_000, prepare_markers, ("annotate", "generate", "--check"), LINEAR, codes=_ANY),
    Case("brackets check", 25_000, prepare_brackets, ONE, LINEAR),
    Case("brackets printable", 25_000, prepare_brackets, PRINT, LINEAR, codes=_ANY),
    Case("link starts check", 25_000, prepare_link_starts, ONE, LINEAR),
    Case("link starts printable", 25_000, prepare_link_starts, PRINT, LINEAR, codes=_ANY),
    Case("labels check", 1_250, prepare_many_labels, ONE, LINEAR),
    Case("labels agree", 1_250, prepare_many_labels, AGREE, LINEAR),
    Case("labels score", 1_250, prepare_many_labels, SCORE, LINEAR),
    Case("labels build", 1_250, prepare_many_labels, BUILD, LINEAR),
    Case("labels config", 1_250, prepare_many_labels, ("annotate", "studio", "config"), LINEAR, codes=_ANY),
    Case("labels generate", 1_250, prepare_many_labels, ("annotate", "generate", "--check"), LINEAR),
    Case("annotators check", 125, prepare_many_annotators, ONE, LINEAR),
    Case("annotators agree", 125, prepare_many_annotators, AGREE, LINEAR),
    Case("annotators build", 125, prepare_many_annotators, BUILD, LINEAR),
    *(
        Case(f"{shape} {name}", 5_000, prepare, words, LINEAR)
        for shape, prepare in (("chain", prepare_chain), ("star", prepare_star), ("pieces", prepare_pieces))
        for name, words in (("check", ONE), ("agree", AGREE), ("score", SCORE), ("build", BUILD), ("page", PAGE))
    ),
    *(
        Case(f"spans {name}", 50_000, prepare_many_spans, words, LINEAR)
        for name, words in (("check", ONE), ("agree", AGREE), ("score", SCORE), ("build", BUILD), ("page", PAGE))
    ),
    *(Case(f"spans export {name}", 25_000, prepare_many_spans, words, LINEAR) for name, words in EXPORTS.items()),
    *(
        Case(f"text {name}", 12_500_000, prepare_long_text, words, LINEAR)
        for name, words in (
            ("check", ONE),
            ("agree", AGREE),
            ("score", SCORE),
            ("build", BUILD),
            ("page", PAGE),
            ("split", ("annotate", "split")),
            ("coverage", ("annotate", "coverage", "--init")),
        )
    ),
    Case(
        "text add", 12_500_000, prepare_text_file,
        ("annotate", "add", "long.txt", "--title", "Long", "--rights", "Made up.", "--language", "en"), LINEAR,
    ),
    Case("text prelabel", 2_500_000, prepare_long_baseline, ("annotate", "prelabel", "--out", "out"), LINEAR),
    Case("text brat", 12_500_000, prepare_long_brat, IMPORT, LINEAR),
    Case("text convert", 12_500_000, prepare_long_task, CONVERT, LINEAR),
    Case("unknown labels of many check", 1_250, prepare_unknown_labels_of_many, ONE, LINEAR),
    Case("cycle check", 2_500, prepare_cycle, ONE, LINEAR),
    Case("links check", 2_500, prepare_links, ONE, LINEAR),
    Case("links build", 2_500, prepare_links, BUILD, LINEAR),
    Case("links split", 2_500, prepare_links, ("annotate", "split"), LINEAR),
    Case("links page", 2_500, prepare_links, PAGE, LINEAR),
    Case("deep json check", 25_000, prepare_deep_json, ONE, LINEAR),
    Case("deep json convert", 25_000, prepare_deep_task, CONVERT, LINEAR),
)  # fmt: skip

CASES: tuple[Case, ...] = (*CORPUS_CASES, *ARTICLE_CASES)
