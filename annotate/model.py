"""The nouns: what an article, an annotation, a span and a relation are.

Offsets everywhere are Unicode code points into `Article.text`, half open: `text[start:end]`.
"""

import math
import re
from itertools import chain
from operator import attrgetter, methodcaller
from typing import Literal, get_args

import msgspec

from annotate.model_run import ModelRun

GOLD = "gold"
"""Name of the folder, and of the version, that adjudication writes."""

ALL, NEITHER = "all", "neither"
"""What a decision between annotators takes in place of the version of one of them."""

ARTICLE_ID_PATTERN = r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$(?!\n)"
"""The form of an article's id, which is a file's name, too; as in JSON Schema, with the end of
`schemas.patterns`. Annotators' ids have the same form."""
ARTICLE_ID_LENGTH = 100
"""The most characters of an article's id."""
_ARTICLE_ID = re.compile(ARTICLE_ID_PATTERN)

AttributeValue = str | int | float
MetadataValue = str | int | float
"""Text, a choice, a date or a number."""
LARGEST = (1 << 63) - 1
"""The largest integer that an attribute can have: the tables hold 64-bit integers."""
_EXACT = 1 << 53
"""Up to here, floating-point numbers hold every integer."""
Process = Literal["single pass", "adjudicated", "promoted", "corrected"]
PROCESSES: tuple[Process, ...] = get_args(Process)
LABEL_ORIGINS = ("manual", "prediction", "prediction-changed")
"""How Label Studio says that a region came about: by hand, from a prediction as it is, or from one that was changed."""
LONGEST_WORK = 10_000_000
"""The most seconds that work on an article may take: a third of a year."""


def is_article_id(name: str) -> bool:
    """Return whether an article or an annotator can have this id."""
    return len(name) <= ARTICLE_ID_LENGTH and _ARTICLE_ID.fullmatch(name) is not None


def normal_number(value: object) -> int | float | None:
    """Return a number in the one form that the attributes of a corpus have: without a point if it is an integer.

    Args:
        value: Any value.

    Returns:
        The number, an integer if it is one of at most 2^53; None if the value is not a finite number, or is an integer
        that 64 bits of floating point would round.
    """
    if type(value) is not float and type(value) is not int:
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number) or number != value:
        return None
    return int(number) if abs(number) <= _EXACT and number.is_integer() else number


class Span(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A labelled stretch of an article's text.

    `text` repeats `article.text[start:end]`, so that a shifted offset shows. Spans may nest, overlap and coincide.
    """

    id: str
    label: str
    start: int
    end: int
    text: str
    attributes: dict[str, AttributeValue] = {}
    note: str = ""


class Relation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A labelled arrow from one span to another; its three fields are its identity, so it has no id."""

    label: str
    head: str
    tail: str
    note: str = ""


class Annotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The labels that one annotator, or an adjudication, gave one article.

    `annotator` is a pseudonym from `annotators.yaml`; `made_from` names the annotators whose labels were adjudicated,
    the one whose labels became gold as they are (`promoted`), or the one whose labels the annotator began with
    (`corrected`): gold, a model or another annotator; it is empty if that is not known any more.
    `text_sha256` is the hash of the text the labels were made on, `inventory` the version of the inventory with
    which someone last looked at the labels.
    `lead_time` is the time in seconds that the annotator worked on the article; None if it is not known. `origins`
    counts the regions by how they came about (`LABEL_ORIGINS`); it is empty if all were made by hand.
    """

    article: str
    annotator: str
    process: Process
    made_from: tuple[str, ...]
    lead_time: float | None = None
    origins: dict[str, int] = {}
    inventory: str
    text_sha256: str
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]


def find_value_types(annotation: Annotation) -> set[type]:
    """Return the types of the values of all attributes; without a loop in Python, since each file read needs it."""
    attributes = map(attrgetter("attributes"), annotation.spans)
    return set(map(type, chain.from_iterable(map(methodcaller("values"), attributes))))


class SourceRange(msgspec.Struct, frozen=True, kw_only=True):
    """Where an article was cut from: code points `[start, end)` of the decoded source file."""

    file: str
    sha256: str
    start: int
    end: int


class Article(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One article: its text and what is known of it; None where the text does not say.

    `metadata` has the values of the fields that the inventory declares. It is empty where there are none.
    """

    id: str
    title: str | None
    language: str
    author: str | None
    publisher: str | None
    date: str | None
    rights: str
    metadata: dict[str, MetadataValue] = {}
    source: SourceRange
    text_sha256: str
    text: str


class Annotator(msgspec.Struct, frozen=True, kw_only=True):
    """Who labelled: a pseudonym, never a name or an address.

    Attributes:
        id: The pseudonym.
        kind: What the annotator is.
        training: What the annotator had learned or was given.
        since: First day of the work.
        until: Its last day; None while it goes on.
        model: Name and version of a model; None for a person, and where it is not known.
        run: How a language model made the labels; None for a person, and where it is not recorded.
    """

    id: str
    kind: Literal["person", "model"]
    training: str
    since: str
    until: str | None = None
    model: str | None = None
    run: ModelRun | None = None


class Omission(msgspec.Struct, frozen=True, kw_only=True):
    """A range of a source file, code points `[start, end)`, that belongs to no article, and why."""

    start: int
    end: int
    reason: str


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A source file kept byte for byte; `boundaries` says why the articles were cut where they are."""

    file: str
    sha256: str
    boundaries: str
    omitted: tuple[Omission, ...]


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence `[start, end)` of an article and what the gold labels have of it.

    `has` counts the spans that start in it, by label; `reason` says why it has none, and is None for a sentence with
    labels.
    """

    start: int
    end: int
    text: str
    has: dict[str, int]
    reason: str | None = None


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Every sentence of an article, so that none was passed over unseen."""

    article: str
    text_sha256: str
    sentences: tuple[Sentence, ...]


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """Code points `[start, end)` of an article."""

    article: str
    start: int
    end: int
    text: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Passages, of one or of several articles, that tell of the same thing.

    same incident: they tell of one event. repeats: they are one wire text, word for word or nearly so. disputes: what
    one claims, another contests.
    """

    kind: Literal["same incident", "repeats", "disputes"]
    passages: tuple[Passage, ...]
    note: str


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """All links of a corpus."""

    links: tuple[Link, ...]
