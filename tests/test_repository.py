"""The repository as a whole: one source for each fact, and no file that may not be published."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from annotate.changelog import parse_changelog
from annotate.corpus import Corpus
from annotate.inventory import Inventory
from tests.conftest import ROOT

GUIDELINES = ROOT / "guidelines"
CONSTRUCTED = "*(constructed)* "
"""Marks an example that was made up for the guidelines."""
SECTIONS = ("## Test", "## Where it starts and ends", "## Examples", "## Not this label", "## Borderline cases")


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows, or would with the next `git add`."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for name in listed if (path := ROOT / name).is_file()]


def test_toolkit_names_no_label_of_this_corpus(labels: Inventory) -> None:
    """Labels with a capital are names of their own; `Place` and `Time` are looked for only as quoted words."""
    quoted = re.compile(rf"[\"']({'|'.join(labels.spans)})[\"']")
    quotes = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked("annotate/*.py")
        for match in quoted.finditer(path.read_text())
    }
    assert not quotes


def test_versions_agree(labels: Inventory) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    entries = parse_changelog((ROOT / "corpus" / "CHANGELOG.md").read_text())
    assert citation["version"] == next(entry.version for entry in entries if entry.day), "an entry without a day waits"
    assert f"## {metadata.version('contested-claims')}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"## {labels.version}" in (ROOT / "corpus" / "CHANGELOG.md").read_text()
    assert f"## {labels.version}" in (GUIDELINES / "CHANGELOG.md").read_text()


def pins(purpose: str) -> list[tuple[str, str]]:
    """Return the packages of a requirement file with their versions; several versions have different markers."""
    text = (ROOT / "requirements" / f"{purpose}.txt").read_text()
    return re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE)


@pytest.mark.parametrize("purpose", ["setup", "run", "dev", "cff", "eval"])
def test_requirement_files_have_hashes_and_no_address(purpose: str) -> None:
    text = (ROOT / "requirements" / f"{purpose}.txt").read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if not entry.startswith("#")]
    assert len(entries) == len(pins(purpose))
    assert [entry.split()[0] for entry in entries if " --hash=sha256:" not in entry] == []
    assert "://" not in text
    assert [line for line in text.splitlines() if re.match(r"\s*(-|[./~])", line) and "--hash=" not in line] == []


def test_requirement_files_pin_what_is_asked_for() -> None:
    def names(words: list[str]) -> set[str]:
        return {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", word)[0]).lower() for word in words}

    def pinned(purpose: str) -> set[str]:
        return {name for name, _ in pins(purpose)}

    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    core = project["project"]["dependencies"]
    assert names([*core, *extras["studio"], *extras["dataset"]]) <= pinned("run")
    assert names(groups["setup"]) <= pinned("setup")
    assert names([*core, *extras.pop("eval")]) <= pinned("eval")  # it cannot share an environment with Label Studio
    wanted = [
        *core,
        *(word for words in (*extras.values(), *groups.values()) for word in words if isinstance(word, str)),
    ]
    assert names(wanted) <= pinned("dev")
    assert {"cffconvert", "jsonschema"} <= pinned("cff")


@pytest.mark.parametrize("purpose", ["setup", "run"])
def test_requirement_files_pin_the_versions_of_development(purpose: str) -> None:
    assert set(pins(purpose)) <= set(pins("dev"))


def test_each_label_has_a_page_with_its_sections(labels: Inventory) -> None:
    for label in labels.spans.values():
        page = (GUIDELINES / label.guideline).read_text()
        assert page.startswith(f"# {label.name}\n")
        assert f"<!-- generated: label {label.name} -->" in page
        assert [section for section in SECTIONS if f"\n{section}\n" not in page] == [], label.guideline
        part = {
            title: page.split(f"\n{title}\n")[1].split("\n## ")[0] for title in ("## Examples", "## Not this label")
        }
        assert part["## Examples"].count("\n> ") >= 2
        assert part["## Not this label"].count("\n> ") >= 1
    for relation in labels.relations.values():
        assert (GUIDELINES / relation.guideline).is_file()


def test_each_example_of_the_guidelines_is_in_an_article_or_marked_as_constructed(corpus: Corpus) -> None:
    texts = [article.text for article in corpus.articles()]
    examples = [
        (path.name, line[2:])
        for path in GUIDELINES.rglob("*.md")
        for line in path.read_text().splitlines()
        if line.startswith("> ")
    ]
    constructed = [example for example in examples if example[1].startswith(CONSTRUCTED)]
    assert len(examples) - len(constructed) >= 33
    is_found = {words: any(words in text for text in texts) for _, line in examples if (words := _example_words(line))}
    marked = {example: is_found[_example_words(example[1])] for example in constructed}
    assert not any(marked.values()), "a passage of an article is marked as constructed"
    unmarked = [example for example in examples if example not in marked]
    assert [example for example in unmarked if not is_found[_example_words(example[1])]] == []


@pytest.mark.parametrize("name", ["raqqa-phosphorus", "syria-fronts"])
def test_bold_words_of_an_example_are_labelled_in_gold_as_the_page_says(
    name: str, corpus: Corpus, labels: Inventory
) -> None:
    """Bold words have the label of their page in gold; those under "Not this label" do not."""
    text, gold = corpus.read_text(name), corpus.read_annotation("gold", name)
    labelled = {(span.label, span.start, span.end) for span in gold.spans}
    wrong, examples = [], 0
    for label in labels.spans.values():
        section = ""
        for line in (GUIDELINES / label.guideline).read_text().splitlines():
            section = line if line.startswith("#") else section
            start = text.find(_example_words(line[2:])) if line.startswith("> ") else -1
            for bold in re.finditer(r"\*\*(.+?)\*\*", line) if start >= 0 else ():
                before = start + len(_example_words(line[2 : bold.start()]))
                found = (label.name, before, before + len(bold[1])) in labelled
                wrong += [f"{label.guideline}: {section}: {bold[1]}"] * (found == (section == "## Not this label"))
                examples += 1
    assert wrong == []
    assert examples >= 20


def _example_words(line: str) -> str:
    return line.removeprefix(CONSTRUCTED).replace("**", "")


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "guidelines", "docs"])
def test_links_within_the_repository_lead_somewhere(file: str) -> None:
    root = ROOT / file
    pages = [root] if root.is_file() else sorted(root.rglob("*.md"))
    assert pages
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
    broken = [
        f"{page.relative_to(ROOT)}: {match[1]}"
        for page in pages
        for match in link.finditer(page.read_text())
        if not (page.parent / match[1]).exists()
    ]
    assert broken == []


def test_gold_is_adjudicated_and_covers_every_sentence(corpus: Corpus) -> None:
    for name in corpus.article_ids():
        gold = corpus.read_annotation("gold", name)
        assert gold.process == "adjudicated"
        assert len(gold.made_from) >= 2
        assert corpus.read_coverage(name).sentences


def test_articles_say_whose_they_are(corpus: Corpus) -> None:
    for article in corpus.articles():
        assert "publisher" in article.rights
        assert "CC BY 4.0" in article.rights
