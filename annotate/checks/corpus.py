"""C: the corpus as a whole: what belongs together, and that nothing is missing or left over.

C5: class ids: the file that keeps them is there, and has every name of the inventory.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from annotate import inventory as classes
from annotate.corpus import Corpus
from annotate.findings import Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, SourceFile


class ArticleFacts(NamedTuple):
    """What is kept of an article: the hash of its text, and which code points `[start, end)` of which file it is."""

    text_sha256: str
    source: str
    start: int
    end: int


@dataclass
class Contents:
    """What the checks of single files found in a corpus: enough to check the whole, with no text kept.

    `articles` are those with readable metadata, `whole` those whose text is the one that the metadata names;
    `annotated` has, sorted, the folders with labels of an article; `files` are those that do not belong to a corpus.
    """

    inventory_version: str
    files: list[str] = field(default_factory=list)
    metadata_ids: list[str] = field(default_factory=list)
    text_ids: list[str] = field(default_factory=list)
    articles: dict[str, ArticleFacts] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    annotated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    annotators: list[Annotator] = field(default_factory=list)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    source_sizes: dict[str, int] = field(default_factory=dict)
    source_hashes: dict[str, str] = field(default_factory=dict)
    splits: dict[str, list[str]] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        """Ids of articles that have a file, also where it could not be read."""
        return {*self.metadata_ids, *self.text_ids}

    @property
    def annotator_ids(self) -> set[str]:
        return {annotator.id for annotator in self.annotators}


def _article(name: str, ending: str = "json") -> str:
    return f"articles/{name}.{ending}"


@rule("C101")
def half_an_article(contents: Contents) -> Iterator[Problem]:
    """An article has both its text and its metadata.

    Why: a text with no source and no rights cannot be released; metadata with no text cannot be labelled.
    Fails: articles/a.txt without articles/a.json.
    Passes: both, as `annotate add` writes them.
    """
    metadata, texts = set(contents.metadata_ids), set(contents.text_ids)
    for name in sorted(metadata - texts):
        yield Problem(f"has no {_article(name, 'txt')}; restore the text", file=_article(name), article=name)
    for name in sorted(texts - metadata):
        yield Problem(
            f"has no {_article(name)}; take it in with `annotate add`", file=_article(name, "txt"), article=name
        )


@rule("C102", "warning")
def article_without_gold(contents: Contents) -> Iterator[Problem]:
    """Each article has gold labels, if any has.

    Why: an article with no labels looks, in the dataset, like one in which nobody claims anything.
    Fails: two articles, and annotations/gold/ with one file.
    Passes: a file for each; no gold at all in a corpus that has yet to be labelled.
    """
    gold = {name for name, versions in contents.annotated.items() if GOLD in versions}
    for name in sorted(contents.known - gold) if gold else []:
        yield Problem(
            f"has no labels in annotations/{GOLD}/; label it, or take it out", file=_article(name), article=name
        )


@rule("C103")
def annotation_without_article(contents: Contents) -> Iterator[Problem]:
    """The article of an annotation is in the corpus.

    Why: labels without their text are numbers.
    Fails: annotations/gold/b.json where articles/ has no b.
    Passes: an annotation beside its article.
    """
    for name in sorted(set(contents.annotated) - contents.known):
        for version in contents.annotated[name]:
            file = f"annotations/{version}/{name}.json"
            yield Problem(
                f"labels the article {name!r}, which is not in articles/; restore it", file=file, article=name
            )


@rule("C104")
def unknown_annotator(contents: Contents) -> Iterator[Problem]:
    """Each folder of annotations is gold or an annotator of annotators.yaml.

    Why: readers must know what kind of annotator made a label.
    Fails: annotations/anna/ where annotators.yaml lists no anna.
    Passes: the same folder, with anna listed as a person or a model.
    """
    versions = {version for versions in contents.annotated.values() for version in versions}
    for version in sorted(versions - contents.annotator_ids - {GOLD}):
        yield Problem(f"{version!r} is no annotator of annotators.yaml; list it there", file=f"annotations/{version}")


@rule("C105")
def annotator_differs(annotation: Annotation, version: str, annotators: set[str]) -> Iterator[Problem]:
    """An annotation names the annotator in whose folder it stands; in gold, one of annotators.yaml.

    Why: a file copied into another folder would count as agreement of two annotators.
    Fails: annotations/anna/a.json with `"annotator": "ben"`.
    Passes: annotations/anna/a.json with `"annotator": "anna"`.
    """
    if version != GOLD and annotation.annotator != version:
        yield Problem(f"annotator is {annotation.annotator!r}, but it stands in {version}/; move or fix it")
    elif version == GOLD and annotation.annotator not in annotators:
        yield Problem(f"annotator {annotation.annotator!r} is not in annotators.yaml; list it there")


@rule("C106")
def split_of_unknown_article(contents: Contents) -> Iterator[Problem]:
    """A split names articles of the corpus.

    Why: a name that is misspelt takes its article out of every split.
    Fails: splits/train.txt with a line for an article that is not there.
    Passes: one id a line, each in articles/.
    """
    known = contents.known
    for split, names in contents.splits.items():
        for line, name in enumerate(names, 1):
            if name not in known:
                yield Problem(f"names {name!r}, which is no article; fix or remove it", line=line, file=_split(split))


def _split(name: str) -> str:
    return f"splits/{name}.txt"


@rule("C107")
def article_in_two_splits(contents: Contents) -> Iterator[Problem]:
    """An article is in one split, once.

    Why: what was trained on cannot be tested on.
    Fails: one id in train.txt and in test.txt.
    Passes: each id in one file.
    """
    first: dict[str, str] = {}
    for split, names in contents.splits.items():
        for line, name in enumerate(names, 1):
            if name in first:
                yield Problem(
                    f"{name!r} is in {first[name]} already; keep it in one split",
                    line=line,
                    file=_split(split),
                    article=name,
                )
            first.setdefault(name, split)


@rule("C108", "warning")
def article_in_no_split(contents: Contents) -> Iterator[Problem]:
    """Each article is in a split, where there are splits.

    Why: an article in no split is in no table of the dataset.
    Fails: splits/train.txt that lists one of two articles, and no other split.
    Passes: every id in one file.
    """
    placed = {name for names in contents.splits.values() for name in names}
    for name in sorted(set(contents.metadata_ids) - placed) if contents.splits else []:
        yield Problem("is in no file of splits/; add its id to one", file=_article(name), article=name)


@rule("C109")
def stale_inventory(annotation: Annotation, version: str) -> Iterator[Problem]:
    """An annotation was made, or brought up to date, with the inventory in use.

    Why: a label may have meant something else in an earlier version.
    Fails: `"inventory": "0.1.0"` where labels.yaml is 0.2.0.
    Passes: the version of labels.yaml, put there once the labels were looked through again.
    """
    if annotation.inventory != version:
        yield Problem(f"was made with inventory {annotation.inventory}, in use is {version}; look the labels through")


@rule("C110")
def source_not_accounted_for(contents: Contents) -> Iterator[Problem]:
    """The articles cut from a source file, and what was left out, add up to the whole file.

    Why: nothing may drop out between two articles unseen, and nothing may be in two of them.
    Fails: articles at [0, 100) and [120, 300) with nothing said of [100, 120).
    Passes: the same, with [100, 120) listed as omitted, and why.
    """
    ranges: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for name, facts in contents.articles.items():
        ranges[facts.source].append((facts.start, facts.end, f"article {name}"))
    if len(contents.articles) < len(contents.metadata_ids):
        return  # an article that cannot be read has its own finding; what it covers is not known
    for file, record in contents.sources.items():
        if file not in contents.source_sizes:
            continue
        omitted = [(entry.start, entry.end, "an omitted range") for entry in record.omitted]
        at = 0
        for start, end, what in [*sorted(ranges[file] + omitted), (contents.source_sizes[file],) * 2 + ("the end",)]:
            if start > at:
                yield Problem(
                    f"[{at}, {start}) is in no article and not listed as omitted; list it, and why",
                    file=f"sources/{file}.json",
                )
            elif start < at:
                yield Problem(
                    f"{what} begins at {start}, inside what ends at {at}; fix the ranges", file=f"sources/{file}.json"
                )
            at = max(at, end)


@rule("C111")
def source_without_record(contents: Contents) -> Iterator[Problem]:
    """A source file that an article names is in sources/, with its record beside it.

    Why: the record says why the articles were cut where they are.
    Fails: an article cut from a.txt where sources/ has no a.txt, or no a.txt.json.
    Passes: both files, as `annotate add` writes them.
    """
    for name, facts in contents.articles.items():
        file = facts.source
        for path, there in ((file, file in contents.source_sizes), (f"{file}.json", file in contents.sources)):
            if not there:
                yield Problem(
                    f"was cut from {file}, but sources/{path} is missing or unreadable; restore it",
                    file=_article(name),
                    article=name,
                )


@rule("C112")
def source_record_differs(contents: Contents) -> Iterator[Problem]:
    """The record of a source file names the SHA-256 of that file.

    Why: the source files are kept byte for byte.
    Fails: a source file that was opened and saved.
    Passes: the file as it was taken in.
    """
    for file, record in contents.sources.items():
        actual = contents.source_hashes.get(file)
        if actual and actual != record.sha256:
            yield Problem(f"sha256 is not that of sources/{file}; restore the file", file=f"sources/{file}.json")


@rule("C113")
def made_from_nothing(annotation: Annotation, version: str, annotated_by: set[str]) -> Iterator[Problem]:
    """An adjudicated annotation names the annotations it was made from, and they are in the corpus.

    Why: gold is as good as what it was decided from, and readers may decide otherwise.
    Fails: `"process": "adjudicated"` with an empty `made_from`, or with an annotator who did not label the article.
    Passes: `"made_from": ["anna", "ben"]`, both with a file for it; a single pass with none.
    """
    if annotation.process == "adjudicated" and not annotation.made_from:
        yield Problem("is adjudicated, but made_from is empty; name the annotators, or call it a single pass")
    for name in annotation.made_from:
        if name not in annotated_by or name == version:
            yield Problem(f"was made from the labels of {name!r}, who has none for this article; restore them")


@rule("C114", "warning")
def same_text_twice(contents: Contents) -> Iterator[Problem]:
    """No two articles have the same text.

    Why: it would be labelled twice, counted twice and, split apart, trained and tested on.
    Fails: one wire story taken in under two ids.
    Passes: one of the two.
    """
    first: dict[str, str] = {}
    for name, facts in contents.articles.items():
        twin = first.setdefault(facts.text_sha256, name)
        if twin != name:
            yield Problem(f"has the text of {twin!r}; keep one of the two", file=_article(name), article=name)


@rule("C118")
def half_a_source(contents: Contents) -> Iterator[Problem]:
    """A file in sources/ has its record beside it, and a record its file, also where no article names them.

    Why: a file without a record is what an interrupted `annotate add` leaves; nobody knows which articles it holds.
    Fails: sources/a.txt without sources/a.txt.json, and no article that was cut from it.
    Passes: both files, as `annotate add` writes them. Where an article names the file, C111 says what is missing.
    """
    named = {facts.source for facts in contents.articles.values()}
    for file in sorted((contents.source_sizes.keys() ^ contents.sources.keys()) - named):
        if file.startswith("."):
            continue
        if file in contents.source_sizes:
            problem = (
                "has no record that can be read; restore it, or move the file out and take it in with `annotate add`"
            )
            yield Problem(problem, file=f"sources/{file}")
        else:
            yield Problem(f"has no sources/{file}; restore it, or remove the record", file=f"sources/{file}.json")


_BELONGS = re.compile(
    r"(CHANGELOG\.md|README\.md|(annotators|statement|release)\.yaml|links\.json|coverage/[^/]+\.json|adjudication/[^/]+\.yaml|articles/[^/]+\.(txt|json)"
    r"|annotations/[^/]+/[^/]+\.json"
    r"|sources/[^/.][^/]*|splits/[^/]+\.txt|(articles|annotations(/[^/]+)?|sources|splits)/\.gitkeep)"
)


def belongs(file: str) -> bool:
    """Whether a file, named relative to the corpus, has a place in its layout; what macOS leaves beside it passes."""
    return _BELONGS.fullmatch(file) is not None or file.rpartition("/")[2].startswith("._")


@rule("C115", "warning")
def unexpected_file(contents: Contents) -> Iterator[Problem]:
    """Every file of a corpus has a place in its layout.

    Why: an annotation in the wrong folder is read by nobody; a stray copy is released with the rest.
    Fails: annotations/a.json; articles/a.txt.orig.
    Passes: annotations/gold/a.json.
    """
    for file in contents.files:
        yield Problem("has no place in a corpus; move it to where it belongs, or remove it", file=file)


@rule("C116")
def personal_data(text: str) -> Iterator[Problem]:
    """The list of annotators holds no address of a person.

    Why: annotators are pseudonyms; a release cannot be taken back.
    Fails: `training: trained by anna@example.org`.
    Passes: `training: two hours with the guidelines`.
    """
    for line, words in enumerate(text.split("\n"), 1):
        if re.search(r"[\w.+-]+@[\w-]+\.\w", words):
            yield Problem("holds an e-mail address; remove it, also from the history", line=line)


@rule("C117")
def annotator_twice(contents: Contents) -> Iterator[Problem]:
    """An annotator is listed once, and none is called like the gold folder.

    Why: two entries for one pseudonym say two things of one annotator.
    Fails: two entries with the id anna; an annotator with the id gold.
    Passes: one entry for each.
    """
    for name, count in Counter(annotator.id for annotator in contents.annotators).items():
        if count > 1:
            yield Problem(f"{name!r} is listed {count} times; keep one entry")
        if name == GOLD:
            yield Problem(f"{GOLD!r} is the folder of adjudicated labels; choose another pseudonym")


@rule("C119")
def decisions_elsewhere(value: Any, name: str, known: set[str]) -> Iterator[Problem]:
    """A file of adjudication/ holds the decisions on the article that it is named after, and the corpus has that.

    Why: gold is made of it; decisions on another article would make gold of that.
    Fails: adjudication/a.yaml with `article: b`, or where articles/ has no a.
    Passes: adjudication/a.yaml with `article: a`, as `annotate adjudicate plan` writes it.
    """
    article = value.get("article") if isinstance(value, dict) else None
    if article != name:
        yield Problem(f"is of the article {article!r}, but the file's name says {name!r}; fix the one that is wrong")
    elif name not in known:
        yield Problem(f"decides on the article {name!r}, which is not in articles/; restore it")


OF_ANNOTATION: tuple[Rule, ...] = (annotator_differs, stale_inventory, made_from_nothing)
OF_ANNOTATORS: tuple[Rule, ...] = (personal_data, annotator_twice)
OF_CONTENTS: tuple[Rule, ...] = (
    half_an_article,
    article_without_gold,
    annotation_without_article,
    unknown_annotator,
    split_of_unknown_article,
    article_in_two_splits,
    article_in_no_split,
    source_not_accounted_for,
    source_without_record,
    source_record_differs,
    half_a_source,
    same_text_twice,
    unexpected_file,
)
RULES: tuple[Rule, ...] = (*OF_ANNOTATION, *OF_ANNOTATORS, *OF_CONTENTS, decisions_elsewhere)


@rule("C501")
def class_without_id(inventory: Inventory, file: str) -> Iterator[Problem]:
    """Every label, relation and value has its class id in classes.json, once `annotate generate` has given ids.

    Why: who trained on an earlier dataset knows classes by their numbers; without the file they would silently shift.
    Fails: schema/ with annotation.schema.json, which is generated with it, but without classes.json; a label in
    labels.yaml that classes.json does not list.
    Passes: classes.json as `annotate generate` last wrote it; neither file, before it ever ran.
    """
    path = Path(inventory.folder) / classes.FILE_CLASSES
    for fault in classes.faults(inventory.numbers, inventory.named, path):
        yield Problem(f"{fault.problem}; {fault.hint}", file=file)


def place(corpus: Corpus, inventory: Inventory) -> str:
    """The file of class ids as a finding names it: relative to the corpus, unless it was given from the root."""
    path = Path(inventory.folder) / classes.FILE_CLASSES
    return path.as_posix() if path.is_absolute() else Path(os.path.relpath(path, corpus.root)).as_posix()


RULES_CLASS_IDS: tuple[Rule, ...] = (class_without_id,)
