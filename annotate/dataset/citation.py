"""CITATION.cff, and what the dataset takes from it: BibTeX, authors, keywords, licence, and the project's address."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from annotate.corpus import CITATION, Corpus, find_parent_folder
from annotate.errors import CannotRun
from annotate.util.escape import escape_address, escape_bibtex
from annotate.util.files import load_yaml

_HINT = "fix it after https://citation-file-format.github.io"
_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-([1-9]\.[0-9])", re.IGNORECASE)
_DOI = "/.()-_;:,+@"
"""Signs of a DOI that BibTeX and an address take as they are."""
_HUB_DATASET = re.compile(r"https://huggingface\.co/datasets/[\w.-]+(?:/[\w.-]+)?", re.ASCII)
_WORD = re.compile("[a-z0-9]+")
_SPDX = "https://spdx.org/licenses/"


class Author(msgspec.Struct, frozen=True):
    """An author: a person, or an organisation."""

    name: str
    person: bool


class Licence(msgspec.Struct, frozen=True):
    """The licence of labels and guidelines; the articles' texts have rights of their own.

    Attributes:
        id: Id in the SPDX licence list, or several joined by " OR ".
        url: Its text, or a list of licences.
    """

    id: str
    url: str

    @property
    def words(self) -> str:
        """The licence as a sentence names it."""
        return _COMMONS.sub(lambda match: f"CC {match[1]} {match[2]}".upper(), self.id)

    @property
    def hub(self) -> str:
        """The licence as the Hub names it, in lower case."""
        return "-".join(self.id.lower().split())


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """What a CITATION.cff says of the project.

    Attributes:
        bibtex: The entry; None where the file names no title or no authors yet.
        authors: The authors, in their order.
        keywords: The keywords.
        repository: Address of the repository.
        released: Day of the release, as year-month-day.
        url: Address of the project's page, or else of its repository.
        licence: The licence of labels and guidelines.
        version: The version that the file names.
        doi: The DOI, without the address of its resolver.
        contacts: Whom to write to, as the file names them.
        dataset: Address of the dataset on the Hugging Face Hub.
    """

    bibtex: str | None
    authors: tuple[Author, ...]
    keywords: tuple[str, ...]
    repository: str | None
    released: str | None
    url: str | None
    licence: Licence | None
    version: str | None = None
    doi: str | None = None
    contacts: tuple[str, ...] = ()
    dataset: str | None = None

    @property
    def doi_url(self) -> str | None:
        """The address that the DOI resolves to."""
        return f"https://doi.org/{_quote_doi(self.doi)}" if self.doi else None


def read_citation(path: Path) -> Citation:
    """Read a CITATION.cff.

    Raises:
        CannotRun: The file is missing, is not YAML, or is none of a citation.
    """
    value = load_yaml(path, "name another with --citation", within=path.parent)
    if not isinstance(value, dict) or not isinstance(value.get("authors") or [], list):
        raise CannotRun(path, "is no mapping, or authors is not a list", _HINT)
    keywords = value.get("keywords") or []
    if not isinstance(keywords, list):
        raise CannotRun(path, "keywords is not a list", _HINT)
    repository = _address(value, "repository-code")
    return Citation(
        bibtex=_bibtex(value) if value.get("title") and value.get("authors") else None,
        authors=tuple(_parse_author(author) for author in value.get("authors") or []),
        keywords=tuple(map(str, keywords)),
        repository=repository,
        released=value.get("date-released"),
        url=_address(value, "url") or repository,
        licence=parse_licence(value),
        version=str(value["version"]) if value.get("version") else None,
        doi=_find_doi(value),
        contacts=tuple(_describe_contact(contact) for contact in _list(value, "contact")),
        dataset=_find_dataset(value),
    )


def parse_licence(value: Mapping[str, Any]) -> Licence | None:
    """Return the licence, or the licences to choose from, that a CITATION.cff names; None if it names none.

    Args:
        value: The fields of the file.
    """
    license_ = value.get("license")
    ids = [id_.strip() for id_ in (license_ if isinstance(license_, list) else [license_]) if isinstance(id_, str)]
    id_ = " OR ".join(filter(None, ids))
    if not id_:
        return None
    commons = _COMMONS.fullmatch(id_)
    if commons:
        return Licence(id_, f"https://creativecommons.org/licenses/{commons[1].lower()}/{commons[2]}/")
    url = _address(value, "license-url")
    return Licence(id_, url or (_SPDX if " " in id_ else f"{_SPDX}{quote(id_, safe='')}.html"))


def _address(value: Mapping[str, Any], key: str) -> str | None:
    """Return an address of the web; None if the file has none there, or one that is not of the web."""
    address = value.get(key)
    return escape_address(address) if isinstance(address, str) else None


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    return value[key] if isinstance(value.get(key), list) else []


def _find_doi(value: Mapping[str, Any]) -> str | None:
    """Return the DOI, or else the first of `identifiers` that is one."""
    listed = (entry for entry in _list(value, "identifiers") if isinstance(entry, dict) and entry.get("type") == "doi")
    doi = value.get("doi") or next((entry.get("value") for entry in listed), None)
    return str(doi).removeprefix("https://doi.org/") if doi else None


def _quote_doi(doi: str) -> str:
    return quote(doi, safe=_DOI)


def _find_dataset(value: Mapping[str, Any]) -> str | None:
    """Return the first address in the file that is one of a dataset on the Hub."""
    addresses = (
        (_address(value, key) or "").rstrip("/")
        for key in ("repository", "repository-artifact", "url", "repository-code")
    )
    return next(filter(_HUB_DATASET.fullmatch, addresses), None)


def _describe_contact(contact: Any) -> str:
    """Return a contact with its address, as text."""
    name = _parse_author(contact).name
    details = (
        [str(contact[key]) for key in ("email", "website") if contact.get(key)] if isinstance(contact, dict) else []
    )
    return f"{name} ({', '.join(details)})" if details else name


def _parse_author(author: Any) -> Author:
    if isinstance(author, dict) and "family-names" in author:
        return Author(_join_fields(author, "given-names", "name-particle", "family-names", "name-suffix"), person=True)
    name = (author.get("name") or author.get("alias") or "unknown") if isinstance(author, dict) else author
    return Author(str(name), person=False)


def _bibtex_author(author: Any) -> str:
    """Return a person as "van Family Jr., Given", and an organisation in braces, which keep its name together."""
    if not isinstance(author, dict):
        return f"{{{escape_bibtex(str(author))}}}"
    if "family-names" in author:
        family = _join_fields(author, "name-particle", "family-names", "name-suffix")
        return escape_bibtex(", ".join(part for part in (family, _join_fields(author, "given-names")) if part))
    return f"{{{escape_bibtex(str(author.get('name') or author.get('alias') or 'unknown'))}}}"


def _join_fields(author: Mapping[str, Any], *keys: str) -> str:
    return " ".join(str(author[key]) for key in keys if author.get(key))


def _bibtex(value: Mapping[str, Any]) -> str:
    year = str(value.get("date-released") or "")[:4]
    year = year if re.fullmatch("[0-9]{4}", year) else ""
    title = str(value["title"]).lower()
    words = next(filter(None, (_WORD.findall(part) for part in (title.partition(":")[0], title))), ["dataset"])
    key = "-".join([*words, *([year] if year else [])])
    fields = {
        "title": f"{{{escape_bibtex(str(value['title']))}}}",
        "author": " and ".join(_bibtex_author(author) for author in value["authors"]),
        "year": year,
        "version": escape_bibtex(str(value.get("version") or "")),
        "doi": _quote_doi(_find_doi(value) or ""),
        "url": _address(value, "url") or _address(value, "repository-code") or "",
    }
    lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def find_citation(corpus: Corpus, path: str | None = None) -> Path | None:
    """Return the CITATION.cff to quote: `path`, or else the one in the folder of the corpus folder, if there is one."""
    default = find_parent_folder(corpus.root) / CITATION
    return Path(path) if path else default if default.is_file() else None
