"""What a card is made from, and the Markdown that its parts share.

CITATION.cff → what the dataset says of it: BibTeX, authors, keywords, licence, and where the project lives.

Columns in words, for the card and for croissant.json.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.dataset.features import Feature
from annotate.dataset.statistics import Counts
from annotate.dataset.tables.common import TableType
from annotate.dataset.writer import Table
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.model import Annotator
from annotate.splits.groups import Shared
from annotate.util.escape import escape_bibtex
from annotate.util.files import load_yaml

_HINT = "fix it after https://citation-file-format.github.io"
_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-([1-9]\.[0-9])", re.IGNORECASE)
_SPDX = "https://spdx.org/licenses/"


class Author(msgspec.Struct, frozen=True):
    name: str
    person: bool


class Licence(msgspec.Struct, frozen=True):
    """The licence of labels and guidelines; the articles' texts have rights of their own.

    `id` is the one that SPDX has for it, or several with " OR " between.
    """

    id: str
    url: str

    @property
    def words(self) -> str:
        """What a sentence calls it."""
        return _COMMONS.sub(lambda found: f"CC {found[1]} {found[2]}".upper(), self.id)

    @property
    def hub(self) -> str:
        """What the Hub calls it, which has small letters."""
        return "-".join(self.id.lower().split())


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """`released` is a day, as year-month-day; `url` is the project's page, or else its repository."""

    bibtex: str
    authors: tuple[Author, ...]
    keywords: tuple[str, ...]
    repository: str | None
    released: str | None
    url: str | None
    licence: Licence | None


def read_citation(path: Path) -> Citation:
    """Raises CannotRun where the file is missing, is no YAML, or names no title or no author."""
    value = load_yaml(path, "name another with --citation")
    if not isinstance(value, dict) or not value.get("title") or not isinstance(value.get("authors"), list):
        raise CannotRun(path, "names no title or no authors", _HINT)
    keywords = tuple(str(word) for word in value.get("keywords") or ())
    repository = value.get("repository-code")
    return Citation(
        bibtex=_bibtex(value),
        authors=tuple(_named(author) for author in value["authors"]),
        keywords=keywords,
        repository=repository,
        released=value.get("date-released"),
        url=value.get("url") or repository,
        licence=licence(value),
    )


def licence(value: Mapping[str, Any]) -> Licence | None:
    """The licence that the fields of a CITATION.cff name, one or several to choose from; None where they name none."""
    named = value.get("license")
    ids = [one.strip() for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)]
    id_ = " OR ".join(filter(None, ids))
    if not id_:
        return None
    commons = _COMMONS.fullmatch(id_)
    if commons:
        return Licence(id_, f"https://creativecommons.org/licenses/{commons[1].lower()}/{commons[2]}/")
    return Licence(id_, str(value.get("license-url") or (_SPDX if " " in id_ else f"{_SPDX}{id_}.html")))


def _named(author: Any) -> Author:
    if isinstance(author, dict) and "family-names" in author:
        return Author(_words(author, "given-names", "name-particle", "family-names", "name-suffix"), person=True)
    name = (author.get("name") or author.get("alias") or "unknown") if isinstance(author, dict) else author
    return Author(str(name), person=False)


def _author(author: Any) -> str:
    """A person as "van Family Jr., Given"; anybody else in braces, so that BibTeX does not cut the name up."""
    if not isinstance(author, dict):
        return f"{{{escape_bibtex(str(author))}}}"
    if "family-names" in author:
        family = _words(author, "name-particle", "family-names", "name-suffix")
        return escape_bibtex(", ".join(part for part in (family, _words(author, "given-names")) if part))
    return f"{{{escape_bibtex(str(author.get('name') or author.get('alias') or 'unknown'))}}}"


def _words(author: Mapping[str, Any], *keys: str) -> str:
    return " ".join(str(author[key]) for key in keys if author.get(key))


def _bibtex(value: Mapping[str, Any]) -> str:
    year = str(value.get("date-released") or "")[:4]
    main_title = str(value["title"]).partition(":")[0]
    key = "-".join([*re.findall(r"[a-z0-9]+", main_title.lower()), *([year] if year else [])])
    fields = {
        "title": f"{{{escape_bibtex(str(value['title']))}}}",
        "author": " and ".join(_author(author) for author in value["authors"]),
        "year": year,
        "version": escape_bibtex(str(value.get("version") or "")),
        "doi": str(value.get("doi") or ""),
        "url": str(value.get("url") or value.get("repository-code") or ""),
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


FEW = 10
"""Fewer examples of a label, or articles to test on, than this are named in the card."""


class Agreement(NamedTuple):
    """How annotators agree, as a table that is ready to be shown; `note` says what was measured and how."""

    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a card is made from.

    `types` are the tables in their order; `tables` has one for each of them and each split, whose `file` is a pattern
    where there are several `files`; `left_out` counts the articles without gold labels or in no split; `text` is
    False where the words of the articles were taken out; `shared` says what binds articles together, None where that
    was not looked at.
    """

    inventory: Inventory
    types: dict[str, TableType]
    tables: tuple[Table, ...]
    counts: Counts
    annotators: dict[str, Annotator]
    corpus: str | None
    pyarrow: str
    left_out: int
    citation: Citation | None
    agreement: Agreement | None
    statement: dict[str, str]
    text: bool = True
    shared: Shared | None = None
    files: tuple[Table, ...] = ()

    @property
    def configs(self) -> dict[str, Feature]:
        """The columns of each table."""
        return {name: table.features for name, table in self.types.items()}

    @property
    def licence(self) -> Licence | None:
        """The licence of the labels, where the citation names one."""
        return self.citation.licence if self.citation else None


def loadable(facts: Facts) -> dict[str, list[Table]]:
    """The tables and splits that `load_dataset` can read: it fails on a split without a row."""
    found: dict[str, list[Table]] = {}
    for table in facts.tables:
        if table.rows:
            found.setdefault(table.config, []).append(table)
    return found


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def described(table: TableType) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each column of a table."""
    for name, feature in table.features.items():
        yield name, type_name(feature), table.columns[name]


def type_name(feature: Feature) -> str:
    """The type of a column, short enough for a table."""
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "ClassLabel":
        return f"ClassLabel ({len(feature['names'])})"
    if kind == "List":
        return f"List of {type_name(feature['feature'])}"
    return "struct"
