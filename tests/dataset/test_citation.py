"""CITATION.cff: valid for `cffconvert`, whose BibTeX has the content of ours."""

import re
import subprocess
from pathlib import Path

import pytest

from annotate.dataset.citation import read_citation
from annotate.errors import CannotRun
from tests.conftest import ROOT

CFFCONVERT = ROOT / ".venv-cff" / "bin" / "cffconvert"
"""In an environment of its own, which `make` sets up: it needs an older jsonschema than the toolkit."""

FULL = """\
cff-version: 1.2.0
message: Cite it.
title: "Port & news: 100 % of a corpus"
authors:
  - family-names: Doe
    given-names: Jane
  - family-names: Berg
    given-names: Ana
    name-particle: van den
    name-suffix: Jr.
  - name: The Harbour Office
  - alias: quay
version: 1.0.0
doi: 10.5281/zenodo.1234567
date-released: 2026-03-04
url: https://example.org/port-page
repository-code: https://example.org/port
"""
SHORT = """\
cff-version: 1.2.0
message: Cite it.
title: Port news
authors:
  - family-names: Doe
repository-code: https://example.org/port
"""


def converted(*words: str) -> str:
    assert CFFCONVERT.is_file(), "run `make .venv-cff/ready` first"
    done = subprocess.run([str(CFFCONVERT), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fields(bibtex: str | None) -> dict[str, str]:
    """Field → content, without the braces and escapes that guard it."""
    found = re.findall(r"^\s*(\w+) = \{(.*)\},?$", bibtex or "", re.MULTILINE)
    return {name: re.sub(r"[{}]|\\(?=[&%$#_])", "", text) for name, text in found}


def test_the_citation_of_this_corpus_is_valid() -> None:
    assert "valid according to schema version 1.2.0" in converted("--validate", "-i", str(ROOT / "CITATION.cff"))


@pytest.mark.parametrize("text", [(ROOT / "CITATION.cff").read_text("utf-8"), FULL, SHORT])
def test_our_bibtex_says_what_cffconvert_says(tmp_path: Path, text: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(text, "utf-8")
    theirs = fields(converted("-f", "bibtex", "-i", str(path)))
    ours = fields(read_citation(path).bibtex)
    assert theirs["title"] == ours["title"]
    # We leave out the month, and name the version, by which a corpus is loaded.
    assert {**theirs, "month": None, "version": None} == {**ours, "month": None, "version": None}


def test_authors_have_their_whole_names(tmp_path: Path) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(FULL)
    assert [(author.name, author.person) for author in read_citation(path).authors] == [
        ("Jane Doe", True),
        ("Ana van den Berg Jr.", True),
        ("The Harbour Office", False),
        ("quay", False),
    ]


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        ("url: javascript:alert(1)", "javascript"),
        ("license-url: 'data:text/html,x'", "data:text"),
        ('url: "https://example.org/}\\n}\\n@misc{x"', "@misc{x"),
        ('date-released: "20}}"', "20}}"),
        ('doi: "10.1/x}\\n@misc{y"', "@misc{y"),
        ("version: '1 \\input{x}'", "\\input"),
    ],
)
def test_no_field_ends_its_entry_or_leads_out_of_the_web(tmp_path: Path, line: str, absent: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(f"title: A\nauthors: [{{name: B}}]\nlicense: X-1\n{line}\n")
    citation = read_citation(path)
    assert citation.bibtex
    assert absent not in citation.bibtex
    assert absent not in f"{citation.url} {citation.licence}"
    assert len(citation.bibtex.split("\n")) <= 7


@pytest.mark.parametrize("keywords", ["3", "true", "1.5", "port", "{a: b}"])
def test_keywords_are_a_list(tmp_path: Path, keywords: str) -> None:
    """A number ended the command with a traceback."""
    path = tmp_path / "CITATION.cff"
    path.write_text(f"title: A\nauthors: [{{name: B}}]\nkeywords: {keywords}\n")
    with pytest.raises(CannotRun, match="keywords is not a list"):
        read_citation(path)


@pytest.mark.parametrize(
    ("title", "key"), [("Port news: loads", "port-news"), (": Port news", "port-news"), ("港口新闻", "dataset")]
)
def test_the_entry_has_a_key_for_any_title(tmp_path: Path, title: str, key: str) -> None:
    path = tmp_path / "CITATION.cff"
    path.write_text(f"title: '{title}'\nauthors: [{{name: The Port}}]\n", "utf-8")
    assert (read_citation(path).bibtex or "").startswith(f"@misc{{{key},")
