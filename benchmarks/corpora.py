"""Made-up corpora of any size, shaped like the corpus of this repository: its articles with other words.

Each two articles are a copy of the two articles of the corpus. In each copy, the longer words are replaced by made-up
ones of the same length, so that every offset holds, spans nest, coincide and come in pieces as there, and no two copies
share a paragraph. Words that count, shorter words, digits and punctuation stay, since checks read them. A copy has
sources, coverage, links, a split, gold, and three annotators: `reader-4`, `reader-5` and `reader-6`. Each of them lacks
some of the relations that are not required, with the spans that only these lead to, so that annotators differ.

    python -m benchmarks.corpora DIR 1000
"""

import argparse
import random
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from msgspec.structs import replace

from annotate.corpus import (
    Corpus,
    encode_annotation,
    encode_article,
    encode_coverage,
    encode_links,
    encode_source,
    sort_annotation,
)
from annotate.count_words import COUNT_WORDS
from annotate.inventory import Inventory, load_inventory
from annotate.model import GOLD, Annotation, Article, Coverage, Link, Links, SourceFile, SourceRange
from annotate.offsets import sha256

ROOT = Path(__file__).resolve().parent.parent
READERS = ("reader-4", "reader-5", "reader-6")
COPIED = ("annotators.yaml", "statement.yaml", "release.yaml")
SPLITS = ("train",) * 8 + ("validation", "test")
"""The split of the articles of a copy, in turn."""
DROPPED = 0.1
"""The share of the relations that nothing requires which an annotator lacks."""

_WORD = re.compile(r"[A-Za-z]+")
_SHORTEST = 5
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
_NUMBER_WORDS = re.compile(
    "three|seven|eight|eleven|twelve|[a-z]+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|hundreds?|thousands?|millions?|billions?|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
)


def _list_kept_words() -> frozenset[str]:
    """Return the words of the count words, which are never replaced, in lower case."""
    tables = COUNT_WORDS["en"]
    phrases = (phrase for table in tables if table for phrase in map(str, table))
    return frozenset(word for phrase in phrases for word in phrase.lower().split())


class WordReplacer:
    """Replaces the words of texts by made-up words of the same length, the same word always by the same one.

    Args:
        number: The number of the copy; each has other words.
        kept: The words to keep, in lower case.
    """

    def __init__(self, number: int, kept: Collection[str]) -> None:
        self._chance = random.Random(number)  # noqa: S311 - no secret
        self._kept = kept
        self._words: dict[str, str] = {}

    def replace(self, text: str) -> str:
        """Return a text of the same length with other words."""
        return _WORD.sub(self._replace_word, text)

    def _replace_word(self, match: re.Match[str]) -> str:
        word = match[0]
        lower = word.lower()
        if len(word) < _SHORTEST or lower in self._kept or _NUMBER_WORDS.fullmatch(lower):
            return word
        if lower not in self._words:
            syllables = self._chance.choices(_SYLLABLES, k=len(word) // 2 + 1)
            self._words[lower] = "".join(syllables)[: len(word)]
        made = self._words[lower]
        return made.upper() if word.isupper() else made.capitalize() if word[0].isupper() else made


def name_copy(article_id: str, number: int) -> str:
    """Return the id of an article in copy `number`."""
    return f"{article_id}-{number:06}"


def copy_annotation(annotation: Annotation, made: Article) -> Annotation:
    """Return an annotation with the words of a copy of its article."""
    spans = tuple(replace(span, text=made.text[span.start : span.end]) for span in annotation.spans)
    return replace(annotation, article=made.id, text_sha256=made.text_sha256, spans=spans)


def drop_some(annotation: Annotation, inventory: Inventory, chance: random.Random) -> Annotation:
    """Return an annotation without some relations that nothing requires, and without what only these led to."""
    required = {
        name
        for name, one in inventory.relations.items()
        if one.joins_pieces or one.per_head.least or one.per_tail.least
    }
    dropped = [one for one in annotation.relations if one.label not in required and chance.random() < DROPPED]
    relations = tuple(one for one in annotation.relations if one not in dropped)
    held = {end for one in relations for end in (one.head, one.tail)}
    lost = {one.tail for one in dropped} - held
    spans = tuple(span for span in annotation.spans if span.id not in lost)
    relations = tuple(one for one in relations if one.head not in lost)
    return sort_annotation(replace(annotation, spans=spans, relations=relations))


def copy_coverage(coverage: Coverage, made: Article) -> Coverage:
    sentences = tuple(replace(one, text=made.text[one.start : one.end]) for one in coverage.sentences)
    return replace(coverage, article=made.id, text_sha256=made.text_sha256, sentences=sentences)


def copy_link(link: Link, number: int, say: Callable[[str], str]) -> Link:
    passages = tuple(replace(one, article=name_copy(one.article, number), text=say(one.text)) for one in link.passages)
    return replace(link, passages=passages)


def make_corpus(folder: Path, articles: int, first: int = 0) -> Path:
    """Write a corpus of so many articles with its schema and guidelines next to it, without fsync.

    Args:
        folder: A new folder; the corpus is `folder / "corpus"`.
        articles: How many articles; an even number.
        first: The number of the first copy.

    Returns:
        The folder of the corpus.
    """
    original = Corpus(ROOT / "corpus")
    inventory = load_inventory(ROOT / "schema")
    for name in ("schema", "guidelines"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("articles", "sources", "coverage", "splits", *(f"annotations/{one}" for one in (GOLD, *READERS))):
        (folder / "corpus" / name).mkdir(parents=True)
    corpus = Corpus(folder / "corpus")
    for name in COPIED:
        shutil.copyfile(ROOT / "corpus" / name, folder / "corpus" / name)
    kept, links = _list_kept_words(), list[Link]()
    splits: dict[str, list[str]] = {name: [] for name in dict.fromkeys(SPLITS)}
    originals = list(original.articles())
    annotations = {
        one.id: {name: original.read_annotation(name, one.id) for name in (GOLD, *READERS)} for one in originals
    }
    coverages = {one.id: original.read_coverage(one.id) for one in originals}
    old_links = original.read_links().links
    for number in range(first, first + articles // len(originals)):
        say = WordReplacer(number, kept).replace
        chance = random.Random(number)  # noqa: S311 - no secret
        for one in originals:
            text = say(one.text)
            name, digest = f"{name_copy(one.id, number)}.txt", sha256(text)
            source = SourceRange(file=name, sha256=digest, start=0, end=len(text))
            made = replace(
                one, id=name_copy(one.id, number), title=say(one.title) if one.title else None,
                author=say(one.author) if one.author else None, text=text, text_sha256=digest, source=source,
            )  # fmt: skip
            record = SourceFile(file=name, sha256=digest, boundaries="One file, one article.", omitted=())
            corpus.source_path(name).write_text(text, "utf-8", newline="")
            corpus.source_record_path(name).write_bytes(encode_source(record))
            corpus.text_path(made.id).write_text(text, "utf-8", newline="")
            corpus.article_path(made.id).write_bytes(encode_article(made))
            corpus.coverage_path(made.id).write_bytes(encode_coverage(copy_coverage(coverages[one.id], made)))
            for reader, annotation in annotations[one.id].items():
                copied = copy_annotation(annotation, made)
                if reader != GOLD:
                    copied = drop_some(copied, inventory, chance)
                corpus.annotation_path(reader, made.id).write_bytes(encode_annotation(copied))
            splits[SPLITS[number % len(SPLITS)]].append(made.id)
        links.extend(copy_link(link, number, say) for link in old_links)
    corpus.links_path.write_bytes(encode_links(Links(links=tuple(links))))
    for name, ids in splits.items():
        if ids:
            corpus.split_path(name).write_text("".join(f"{one}\n" for one in sorted(ids)))
    return folder / "corpus"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("articles", type=int)
    given = parser.parse_args()
    make_corpus(given.folder, given.articles)


if __name__ == "__main__":
    main()
