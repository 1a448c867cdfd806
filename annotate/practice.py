"""Practice texts, `guidelines/practice/NAME.yaml`: texts that were made up to practise on, each with its labels.

A span is named by its words, as in guidelines: whoever writes a practice text counts no characters.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import sort_annotation
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Article, AttributeValue, Relation, SourceRange, Span, is_article_id
from annotate.offsets import sha256
from annotate.quotes import PlacedQuote, QuotedText
from annotate.schemas import convert_value, require_valid
from annotate.util.escape import quote
from annotate.util.files import decode_yaml, read_bytes
from annotate.util.folders import find_files

FOLDER, SUFFIX = "practice", ".yaml"
SCHEMA = "practice"
ID_PREFIX = "practice-"
"""What the article id of a practice text begins with."""
_HINT = "correct it; `annotate check` finds all faults"


class PracticeSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A span of a practice text, named by its words.

    Attributes:
        id: The name that relations use.
        label: The label.
        quote: The words, as the text has them.
        occurrence: Which occurrence of the words it is, counted from 1; None if there is one.
        attributes: The attributes.
        why: The rule of the guidelines behind it.
    """

    id: str
    label: str
    quote: str
    occurrence: int | None = None
    attributes: dict[str, AttributeValue] = {}
    why: str = ""


class PracticeRelation(msgspec.Struct, frozen=True, kw_only=True):
    """A relation of a practice text; see `Relation`."""

    label: str
    head: str
    tail: str
    why: str = ""


class PracticeFile(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a file of practice."""

    title: str
    text: str
    spans: tuple[PracticeSpan, ...]
    relations: tuple[PracticeRelation, ...] = ()


class PracticeText(NamedTuple):
    """A practice text as an article, and its labels; a note of a label is the rule behind it.

    Attributes:
        article: The article.
        gold: The labels.
        problems: Why some labels are left out: words that are not in the text, and ends that no span has.
    """

    article: Article
    gold: Annotation
    problems: list[str]


def list_practice_files(guidelines: str | Path) -> list[Path]:
    """Return the files of the practice texts of a folder of guidelines, in the order of their names."""
    folder = Path(guidelines) / FOLDER
    return find_files(folder, SUFFIX) if folder.is_dir() else []


def read_practice_texts(guidelines: str | Path, inventory: Inventory) -> dict[str, PracticeText]:
    """Read the practice texts of a folder of guidelines.

    Args:
        guidelines: The folder. Without practice texts, or if it does not exist, there are none.
        inventory: The inventory of the labels.

    Returns:
        The texts by article id.

    Raises:
        CannotRun: A file cannot be read, does not follow its schema, or has labels that its text does not have.
    """
    texts: dict[str, PracticeText] = {}
    for path in list_practice_files(guidelines):
        value = decode_yaml(path, read_bytes(path, "make it a file that can be read", within=Path(guidelines)))
        require_valid(path, value, SCHEMA)
        text = make_practice_text(path.stem, convert_value(path, value, PracticeFile, _HINT), inventory)
        for problem in text.problems:
            raise CannotRun(path, problem, _HINT)
        texts[text.article.id] = text
    return texts


def make_practice_text(name: str, file: PracticeFile, inventory: Inventory) -> PracticeText:
    """Make an article and its labels of a file of practice.

    Args:
        name: The name of the file, without its suffix.
        file: Its contents.
        inventory: The inventory of the labels.
    """
    text = file.text.strip()
    article_id = f"{ID_PREFIX}{name}"
    article = Article(
        id=article_id,
        title=file.title,
        language=inventory.language,
        author=None,
        publisher=None,
        date=None,
        rights="made up to practise on",
        source=SourceRange(file=f"{name}{SUFFIX}", sha256=sha256(text), start=0, end=len(text)),
        text_sha256=sha256(text),
        text=text,
    )
    problems = [] if is_article_id(article_id) else ["its name is not an id; use lower-case letters, as in two-denials"]
    spans = list(_place_spans(file, text, problems))
    ids = {span.id for span in file.spans}
    for relation in file.relations:
        problems += [
            f"a relation {quote(relation.label)} names {quote(end)}, which no span has as its id"
            for end in (relation.head, relation.tail)
            if end not in ids
        ]
    gold = Annotation(
        article=article_id,
        annotator=GOLD,
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=article.text_sha256,
        spans=tuple(spans),
        relations=tuple(
            Relation(label=relation.label, head=relation.head, tail=relation.tail, note=relation.why)
            for relation in file.relations
        ),
    )
    return PracticeText(article, gold if problems else sort_annotation(gold), problems)


def _place_spans(file: PracticeFile, text: str, problems: list[str]) -> Iterator[Span]:
    """Yield the spans whose words the text has, and add a problem for each of the others."""
    quoted = QuotedText(text)
    for span in file.spans:
        place = quoted.place(span.quote, span.occurrence)
        if not isinstance(place, PlacedQuote):
            problems.append(f"span {quote(span.id)}: {place.describe(span.quote, span.occurrence)}")
        elif place.differences:
            words = text[place.start : place.end]
            problems.append(f"span {quote(span.id)}: the text has {quote(words)}, not {quote(span.quote)}")
        else:
            yield Span(
                id=span.id,
                label=span.label,
                start=place.start,
                end=place.end,
                text=text[place.start : place.end],
                attributes=span.attributes,
                note=span.why,
            )
