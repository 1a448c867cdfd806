"""What is compared: the articles that two annotators or more have labelled, and their versions side by side.

A text as a row of positions, characters or tokens, and which labels each annotator gave each of them.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import Literal, NamedTuple

from annotate.agreement.bootstrap import Place
from annotate.agreement.matching import Matching, exact, mentions_of, overlap, union
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation
from annotate.offsets import sha256
from annotate.records import Graph, Mention, Piece

Units = Literal["tokens", "characters"]

_TOKEN = re.compile(r"\w+|[^\w\s]")
"""A run of letters and digits, or one sign. For a script without spaces, count characters instead."""

Labels = frozenset[str]
Pattern = tuple[Labels, ...]

DEPTH = 16
"""Bits that count the spans of one label open at a position: enough for 65,535."""
MASK = (1 << DEPTH) - 1


class Positions(NamedTuple):
    """How many positions a text has, and at which of them its paragraphs (lines that are not blank) start.

    A blank line belongs to the paragraph before it. `starts` and `ends` are the code points of each token; None where
    positions are the code points themselves.
    """

    size: int
    paragraphs: list[int]
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def range(self, piece: Piece) -> Piece:
        """The positions that a stretch of text touches; a token that it cuts is touched."""
        if self.starts is None or self.ends is None:
            return piece
        return Piece(bisect_right(self.ends, piece.start), bisect_left(self.starts, piece.end))


def paragraph_starts(text: str) -> list[int]:
    """Where the paragraphs start, in code points; the first always at 0."""
    return [0, *[line.start() for line in re.finditer(r"^.*\S", text, re.MULTILINE)][1:]]


def positions(text: str, units: Units) -> Positions:
    """The positions of a text."""
    paragraphs = paragraph_starts(text)
    if units == "characters":
        return Positions(len(text), paragraphs)
    # Arrays, as a study keeps the tokens of all texts: a list of numbers takes nine times the memory.
    starts, ends = array("I"), array("I")
    for match in _TOKEN.finditer(text):
        starts.append(match.start())
        ends.append(match.end())
    return Positions(len(starts), [bisect_left(starts, start) for start in paragraphs], starts, ends)


def covered(mentions: Iterable[Mention], ruler: Positions) -> list[Piece]:
    """The stretches that mentions cover, in positions: what overlaps is one stretch, what only touches is two."""
    return union(ruler.range(piece) for mention in mentions for piece in mention.pieces)


def patterns(versions: Sequence[Iterable[Mention]], ruler: Positions) -> list[dict[Pattern, int]]:
    """For each paragraph: which sets of labels the versions give one position → how many positions have just these.

    One sweep over the ends of spans; stretches with the same labels are counted at once. While it lasts, the labels of
    all versions are one number, with a field of `DEPTH` bits for each version and label: how many spans are open there.
    """
    fields: dict[tuple[int, str], int] = {}
    changes: defaultdict[int, int] = defaultdict(int)
    tokens = ruler.starts is not None
    for number, mentions in enumerate(versions):
        steps: dict[str, int] = {}
        for mention in mentions:
            label = mention.label
            if label not in steps:
                fields[number, label] = len(fields)
                steps[label] = 1 << DEPTH * fields[number, label]
            step = steps[label]
            for piece in mention.pieces:
                start, end = ruler.range(piece) if tokens else piece
                if start < end:
                    changes[start] += step
                    changes[end] -= step
    breaks = set(ruler.paragraphs[1:])
    found: list[Counter[int]] = [Counter() for _ in ruler.paragraphs]
    here, at, open_ = iter(found), 0, 0
    counts = next(here)
    for place in sorted({*changes, *breaks, ruler.size}):
        if place > at:
            counts[open_] += place - at
            at = place
        if place in breaks:
            counts = next(here)
        open_ += changes.get(place, 0)
    known: dict[int, Pattern] = {}
    return [_labelled(counts, fields, len(versions), known) for counts in found]


def _labelled(
    counts: Counter[int], fields: dict[tuple[int, str], int], versions: int, known: dict[int, Pattern]
) -> dict[Pattern, int]:
    """The counts by sets of labels; how many spans are open of a label makes no difference."""
    found: Counter[Pattern] = Counter()
    for open_, number in counts.items():
        if open_ not in known:
            sets: list[set[str]] = [set() for _ in range(versions)]
            for (version, label), field in fields.items():
                if open_ >> DEPTH * field & MASK:
                    sets[version].add(label)
            known[open_] = tuple(map(frozenset, sets))
        found[known[open_]] += number
    return dict(found)


class Version:
    """One annotator's labels of one article, in the shapes that measures want."""

    def __init__(self, annotator: str, annotation: Annotation, inventory: Inventory) -> None:
        self.annotator = annotator
        self.graph = Graph(annotation, inventory)
        self.mentions = mentions_of(self.graph, inventory)

    def labelled(self, labels: Collection[str]) -> list[Mention]:
        return [mention for mention in self.mentions if mention.label in labels]


class Comparison:
    """Two versions of one article, and which of their mentions are the same."""

    def __init__(self, text: "Text", first: Version, second: Version) -> None:
        self.text, self.first, self.second = text, first, second

    @cached_property
    def exact(self) -> Matching:
        return exact(self.first.mentions, self.second.mentions)

    @cached_property
    def overlap(self) -> Matching:
        return overlap(self.first.mentions, self.second.mentions)


class Text:
    """An article with two versions or more, in the order of the study's annotators."""

    def __init__(self, number: int, article: str, text: str, versions: list[Version], units: Units) -> None:
        self.number, self.article, self.text, self.versions = number, article, text, versions
        self.ruler: Positions = positions(text, units)
        self._paragraphs = positions(text, "characters").paragraphs
        self.comparisons = [Comparison(self, *pair) for pair in combinations(versions, 2)]

    @property
    def places(self) -> list[Place]:
        return [(self.number, paragraph) for paragraph in range(len(self._paragraphs))]

    def place(self, *among: Mention) -> Place:
        """The paragraph in which the first of some mentions starts: there they count."""
        return self.number, bisect_right(self._paragraphs, min(mention.start for mention in among)) - 1

    def paragraph(self, place: Place) -> Piece:
        """The code points of a paragraph, without white space at its end."""
        start = self._paragraphs[place[1]]
        end = [*self._paragraphs, len(self.text)][place[1] + 1]
        return Piece(start, start + len(self.text[start:end].rstrip()))


class Study(NamedTuple):
    """What is compared with what; `alone` are the articles that only one of the annotators has labelled."""

    inventory: Inventory
    annotators: tuple[str, ...]
    units: Units
    texts: list[Text]
    alone: list[str]

    @property
    def places(self) -> list[Place]:
        return [place for text in self.texts for place in text.places]

    def comparisons(self) -> Iterator[Comparison]:
        return (comparison for text in self.texts for comparison in text.comparisons)

    def mentions(self, annotator: str) -> Iterator[Mention]:
        """What an annotator has in the articles that are compared."""
        for text in self.texts:
            for version in text.versions:
                if version.annotator == annotator:
                    yield from version.mentions


def study(
    inventory: Inventory, texts: Sequence[tuple[str, str, dict[str, Annotation]]], units: Units = "tokens"
) -> Study:
    """A study of article ids, their texts, and their annotations by annotator; annotators in order of appearance."""
    annotators = tuple(dict.fromkeys(name for _, _, versions in texts for name in versions))
    shared = [entry for entry in texts if len(entry[2]) > 1]
    made = [
        Text(number, article, text, [Version(n, versions[n], inventory) for n in annotators if n in versions], units)
        for number, (article, text, versions) in enumerate(shared)
    ]
    return Study(inventory, annotators, units, made, [article for article, _, versions in texts if len(versions) == 1])


def read(
    corpus: Corpus,
    inventory: Inventory,
    annotators: Sequence[str] = (),
    with_gold: bool = False,
    units: Units = "tokens",
) -> Study:
    """The study of a corpus: of the annotators named, or else of all but gold.

    Raises CannotRun for an annotator who has labelled nothing, for fewer than two, where no article has labels of two,
    and for labels that do not fit their text.
    """
    known = corpus.versions()
    names = corpus.labelled_by(annotators or [name for name in known if name != GOLD])
    if with_gold and GOLD in known and GOLD not in names:
        names.append(GOLD)
    if len(names) < 2:
        who = f"only {names[0]}" if names else "nobody"
        raise CannotRun(corpus.root / "annotations", f"{who} to compare", "agreement needs two annotators or more")
    labelled = {name: set(corpus.annotated_ids(name)) for name in names}
    texts = []
    for article in sorted(set().union(*labelled.values())):
        text = corpus.read_text(article)
        versions = {name: _fitting(corpus, name, article, text) for name in names if article in labelled[name]}
        texts.append((article, text, versions))
    found = study(inventory, texts, units)
    if not found.texts:
        raise CannotRun(
            corpus.root / "annotations", f"no article has labels of two of {', '.join(names)}", "pull their labels"
        )
    return found._replace(annotators=tuple(names))


def _fitting(corpus: Corpus, annotator: str, article: str, text: str) -> Annotation:
    annotation = corpus.read_annotation(annotator, article)
    fits = annotation.text_sha256 == sha256(text) and all(
        0 <= span.start <= span.end <= len(text) for span in annotation.spans
    )
    if not fits:
        path = corpus.annotation_path(annotator, article)
        raise CannotRun(path, "was made on another text", "`annotate check` says where it differs")
    return annotation
