"""C1, C5: the corpus as a whole. Its files belong together, nothing is missing or left over, every class has an id."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from annotate.bare_gold import LabelOrigin, describe_origin, find_unproven, list_evaluated
from annotate.checks.model_runs import LabelTotals
from annotate.class_ids import ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE, find_class_id_faults
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.findings import Finding, Problem, Rule, list_names, merge_files, rule
from annotate.generate import MissingPage, PageFault, generated_paths
from annotate.inventory import Inventory
from annotate.model import GOLD, Annotation, Annotator, SourceFile
from annotate.page_links import DeadLink
from annotate.util.escape import quote, shorten
from annotate.util.suggestions import list_choices
from annotate.versions import is_older, same_major


class ArticleFacts(NamedTuple):
    """What the checks of the whole corpus need of an article.

    Attributes:
        text_sha256: The hash of its text.
        source: The source file that it was cut from.
        start: The first code point of the article in that file.
        end: The code point after its last one.
    """

    text_sha256: str
    source: str
    start: int
    end: int


class AnnotatorNames(NamedTuple):
    """The annotators that a file of labels names.

    Attributes:
        annotation_set: The folder of annotations that it is in.
        article: The id of its article.
        annotator: The annotator.
        process: How the labels were made.
        made_from: The annotators whose labels it was made from.
        has_predictions: Whether a span came from a prediction that was shown.
    """

    annotation_set: str
    article: str
    annotator: str
    process: str
    made_from: tuple[str, ...]
    has_predictions: bool = False

    @property
    def file(self) -> str:
        """The path of the file, relative to the corpus folder."""
        return f"annotations/{self.annotation_set}/{self.article}.json"


def names_to_check(annotation: Annotation, annotation_set: str, article_id: str) -> AnnotatorNames | None:
    """Return the annotators that a file of labels names; None for a bare pass of its folder, other than gold."""
    own = AnnotatorNames(annotation_set, article_id, annotation_set, "single pass", ())
    names = AnnotatorNames(annotation_set, article_id, *describe_origin(annotation))
    return None if names == own and annotation_set != GOLD else names


@dataclass
class CorpusFacts:
    """What the checks of single files learned of a corpus: enough to check the whole, without the texts.

    Attributes:
        inventory_version: The version of the inventory in use.
        misplaced_files: The paths that have no place in the layout of a corpus.
        unprintable_files: The paths that cannot be printed as they are.
        leftovers: The temporary files and folders that killed commands left in the corpus and schema folders.
        metadata_ids: The ids of articles that have a metadata file.
        text_ids: The ids of articles that have a text file.
        articles: The articles with readable metadata, by id.
        whole: The ids of articles whose text is the one that the metadata names.
        annotated: The annotation sets that have labels of an article, sorted, by article id.
        annotators: The entries of annotators.yaml.
        label_totals: The labels of each annotator with the run of a model.
        has_annotators: Whether annotators.yaml can be read.
        names: The annotators that files of labels name, but for bare passes of the annotator of their folder.
        sources: The records of source files, by file name.
        broken_records: The names of the source files whose record has a finding of its own.
        misread_sources: The source files of which an article has another range than its metadata says.
        source_sizes: The code points of each source file.
        source_hashes: The SHA-256 of each source file.
        splits: The article ids of each split, in the order of its lines.
        decided: The ids of articles that have a file in adjudication/.
        misnamed_decisions: The articles that decisions in a file of another name are about.
    """

    inventory_version: str
    misplaced_files: list[str] = field(default_factory=list)
    unprintable_files: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    metadata_ids: list[str] = field(default_factory=list)
    text_ids: list[str] = field(default_factory=list)
    articles: dict[str, ArticleFacts] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    annotated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    annotators: list[Annotator] = field(default_factory=list)
    label_totals: dict[str, LabelTotals] = field(default_factory=dict)
    has_annotators: bool = False
    names: list[AnnotatorNames] = field(default_factory=list)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    broken_records: set[str] = field(default_factory=set)
    misread_sources: set[str] = field(default_factory=set)
    source_sizes: dict[str, int] = field(default_factory=dict)
    source_hashes: dict[str, str] = field(default_factory=dict)
    splits: dict[str, list[str]] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    misnamed_decisions: set[str] = field(default_factory=set)

    @property
    def changed_sources(self) -> set[str]:
        """The source files that do not have the hash of their record (C112)."""
        hashes = self.source_hashes
        return {file for file, record in self.sources.items() if hashes.get(file, record.sha256) != record.sha256}

    @property
    def article_ids(self) -> set[str]:
        """The ids of articles that have a text or metadata, readable or not."""
        return {*self.metadata_ids, *self.text_ids}

    @property
    def annotator_ids(self) -> set[str]:
        """The ids in annotators.yaml."""
        return {annotator.id for annotator in self.annotators}

    @property
    def annotation_sets(self) -> set[str]:
        """The folders of annotations that have files."""
        return {name for names in self.annotated.values() for name in names}

    @property
    def unlisted_sets(self) -> set[str]:
        """The folders of annotations that annotators.yaml does not list; none if it cannot be read."""
        return self.annotation_sets - self.annotator_ids - {GOLD} if self.has_annotators else set()

    @property
    def misnamed_sets(self) -> dict[str, str]:
        """The folders all of whose files name one other annotator, to that annotator.

        A single file is in the wrong folder instead, unless annotators.yaml does not list the folder.
        """
        files = Counter(name for names in self.annotated.values() for name in names)
        pairs = Counter(
            (names.annotation_set, names.annotator)
            for names in self.names
            if names.annotation_set not in (GOLD, names.annotator)
        )
        unlisted = self.unlisted_sets
        return {
            folder: annotator
            for (folder, annotator), count in pairs.items()
            if count == files[folder] and (count > 1 or folder in unlisted)
        }


def _article(article_id: str, ending: str = "json") -> str:
    return f"articles/{article_id}.{ending}"


@rule("C101")
def half_an_article(contents: CorpusFacts) -> Iterator[Problem]:
    """An article has both its text and its metadata.

    Why: a text without source and rights cannot be released; metadata without a text cannot be labelled.
    Fails: articles/a.txt without articles/a.json.
    Passes: both, as `annotate add` writes them.
    """
    metadata, texts = set(contents.metadata_ids), set(contents.text_ids)
    for article_id in sorted(metadata - texts):
        yield Problem(
            f"has no {_article(article_id, 'txt')}; restore the text", file=_article(article_id), article=article_id
        )
    for article_id in sorted(texts - metadata):
        yield Problem(
            f"has no {_article(article_id)}; add the article with `annotate add`",
            file=_article(article_id, "txt"),
            article=article_id,
        )


@rule("C102", "warning", waivable=True)
def article_without_gold(contents: CorpusFacts) -> Iterator[Problem]:
    """If any article has gold labels, every article has.

    Why: in the dataset, an article without labels looks like an article that claims nothing.
    Fails: two articles, and one file in annotations/gold/.
    Passes: a gold file for each article; no gold at all in a corpus that is not labelled yet.
    """
    gold = {article_id for article_id, annotation_sets in contents.annotated.items() if GOLD in annotation_sets}
    for article_id in sorted(contents.article_ids - gold) if gold else []:
        yield Problem(
            f"has no labels in annotations/{GOLD}/; label it, or remove it from the corpus",
            file=_article(article_id),
            article=article_id,
        )


@rule("C103")
def annotation_without_article(contents: CorpusFacts) -> Iterator[Problem]:
    """The article of an annotation is in the corpus.

    Why: without their text, labels are only offsets.
    Fails: annotations/gold/b.json where articles/ has no b.
    Passes: annotations/gold/b.json where articles/ has b.txt and b.json.
    """
    for article_id in sorted(set(contents.annotated) - contents.article_ids):
        for annotation_set in contents.annotated[article_id]:
            yield Problem(
                f"labels the article {quote(article_id)}, which is not in articles/; restore it",
                file=f"annotations/{annotation_set}/{article_id}.json",
                article=article_id,
            )


@rule("C104", waivable=True)
def unknown_annotator(contents: CorpusFacts) -> Iterator[Problem]:
    """Each folder of annotations is called gold or is named after an annotator in annotators.yaml.

    Why: readers must know what kind of annotator made a label.
    Fails: annotations/anna/ where annotators.yaml does not list anna.
    Passes: the same folder, with anna listed as a person or a model.
    """
    for name in sorted(contents.unlisted_sets - contents.misnamed_sets.keys()):
        yield Problem(f"{quote(name)} is not listed in annotators.yaml; list it there", file=f"annotations/{name}")


@rule("C105")
def annotator_differs(contents: CorpusFacts) -> Iterator[Problem]:
    """An annotation names the annotator whose folder it is in; in gold, an annotator in annotators.yaml.

    Why: a file that was copied into another folder would count as agreement between two annotators.
    Fails: annotations/anna/a.json with `"annotator": "ben"`.
    Passes: annotations/anna/a.json with `"annotator": "anna"`.
    """
    misnamed = contents.misnamed_sets
    for folder, annotator in misnamed.items():
        problem = f"the files name the annotator {quote(annotator)}, but the folder is {quote(folder)}"
        yield Problem(f"{problem}; rename the folder, or correct the files", file=f"annotations/{folder}")
    known = contents.annotator_ids | contents.annotation_sets  # C104 reports folders that are not listed
    unknown: defaultdict[str, list[AnnotatorNames]] = defaultdict(list)
    for names in contents.names:
        if names.annotation_set == GOLD:
            if contents.has_annotators and names.annotator not in known:
                unknown[names.annotator].append(names)
        elif names.annotator != names.annotation_set and names.annotation_set not in misnamed:
            problem = f"annotator is {quote(names.annotator)}, but the file is in {names.annotation_set}/"
            yield Problem(f"{problem}; move or fix it", file=names.file, article=names.article)
    for annotator, of_gold in unknown.items():
        where = f", here and in {_count_more(of_gold)}" if len(of_gold) > 1 else ""
        problem = f"annotator {quote(annotator)} is not in annotators.yaml{where}; list it there"
        yield Problem(problem, file=of_gold[0].file, article=of_gold[0].article)


def _count_more(files: Sequence[AnnotatorNames]) -> str:
    return f"{len(files) - 1:,} more file{'s' if len(files) > 2 else ''} of {files[0].annotation_set}"


@rule("C106")
def split_of_unknown_article(contents: CorpusFacts) -> Iterator[Problem]:
    """A split lists articles of the corpus.

    Why: if an id is misspelt, its article is in no split.
    Fails: splits/train.txt with the id of an article that does not exist.
    Passes: one id a line, each in articles/.
    """
    in_corpus = contents.article_ids
    for split, article_ids in contents.splits.items():
        for line, article_id in enumerate(article_ids, 1):
            if article_id not in in_corpus:
                yield Problem(
                    f"lists {quote(article_id)}, which is no article; fix or remove it",
                    line=line,
                    file=_split_file(split),
                )


def _split_file(split: str) -> str:
    return f"splits/{split}.txt"


@rule("C107")
def article_in_two_splits(contents: CorpusFacts) -> Iterator[Problem]:
    """An article is in one split, and listed there once.

    Why: a system must not be tested on what it was trained on.
    Fails: an id that is in train.txt and in test.txt.
    Passes: each id in one file.
    """
    first: dict[str, str] = {}
    for split, article_ids in contents.splits.items():
        for line, article_id in enumerate(article_ids, 1):
            if article_id in first:
                yield Problem(
                    f"{quote(article_id)} is in {first[article_id]} already; keep it in one split",
                    line=line,
                    file=_split_file(split),
                    article=article_id,
                )
            first.setdefault(article_id, split)


@rule("C108", "warning", waivable=True)
def article_in_no_split(contents: CorpusFacts) -> Iterator[Problem]:
    """If the corpus has splits, each article is in one.

    Why: an article in no split is in no table of the dataset.
    Fails: splits/train.txt that lists one of two articles, and no other split; a file of splits/ that was emptied: one
    finding for all its articles.
    Passes: every id in one file.
    """
    in_splits = {article_id for article_ids in contents.splits.values() for article_id in article_ids}
    if not in_splits <= contents.article_ids:
        return  # C106 reports an id that may be the misspelt one of an article in no split
    missing = sorted(set(contents.metadata_ids) - in_splits) if contents.splits else []
    empty = [split for split, article_ids in contents.splits.items() if not article_ids]
    if missing and empty:
        problem = f"is empty, and {list_names(missing)} {'are' if len(missing) > 1 else 'is'} in no file of splits/"
        yield Problem(f"{problem}; add the ids, or remove the file", file=_split_file(empty[0]))
        return
    for article_id in missing:
        yield Problem("is in no file of splits/; add its id to one", file=_article(article_id), article=article_id)


@rule("C109", waivable=True)
def stale_inventory(annotation: Annotation, inventory: Inventory) -> Iterator[Problem]:
    """A person last looked at an annotation with a version of the inventory that the one in use is compatible with.

    Why: a label may have meant something else in an earlier version, and a later one may have labels that are lost.
    Fails: `"inventory": "0.3.0"` where labels.yaml is 0.2.0; an earlier version than `oldest` in labels.yaml; without
    `oldest`, another MAJOR: 0.9.0 where labels.yaml is 1.0.0.
    Passes: 0.1.0 where labels.yaml is 0.2.0 and nothing that 0.1.0 has was redefined; the version of labels.yaml,
    which `annotate reviewed` writes there after a person has read the labels again.
    """
    made_with, version, oldest = annotation.inventory, inventory.version, inventory.oldest
    if is_older(version, made_with):
        hint = "use the inventory that it was made with, or review the labels"
        yield Problem(f"was made with inventory {made_with}, which is later than {version}; {hint}")
    elif is_older(made_with, oldest):
        hint = "review the labels, then run `annotate reviewed`"
        yield Problem(f"was made with inventory {made_with}, and labels.yaml asks for {oldest} or later; {hint}")
    elif oldest is None and not same_major(made_with, version):
        unless = f"write `oldest: {made_with}` into labels.yaml if they need no review"
        hint = f"review the labels and run `annotate reviewed`, or {unless}"
        yield Problem(f"was made with inventory {made_with}, not {version}; {hint}")


@rule("C110")
def source_not_accounted_for(contents: CorpusFacts) -> Iterator[Problem]:
    """The articles cut from a source file and the ranges listed as omitted cover the whole file, without overlap.

    Why: no words may get lost between two articles, and none may be in both.
    Fails: articles at [0, 100) and [120, 300), with no entry for [100, 120).
    Passes: the same articles, with [100, 120) listed as omitted, and the reason.
    """
    ranges: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for article_id, facts in contents.articles.items():
        ranges[facts.source].append((facts.start, facts.end, f"article {article_id}"))
    if len(contents.articles) < len(contents.article_ids) or not ranges.keys() <= contents.source_sizes.keys():
        return  # an article that cannot be read, or whose source is missing, has a finding; its range is unknown
    has_findings = contents.changed_sources | contents.misread_sources
    for file, record in contents.sources.items():
        if file not in contents.source_sizes or file in has_findings:
            continue
        omitted = [(entry.start, entry.end, "an omitted range") for entry in record.omitted]
        covered = 0
        for start, end, what in [*sorted(ranges[file] + omitted), (contents.source_sizes[file],) * 2 + ("the end",)]:
            if start > covered:
                yield Problem(
                    f"[{covered}, {start}) is in no article and not listed as omitted; list it with a reason",
                    file=f"sources/{file}.json",
                )
            elif start < covered:
                yield Problem(
                    f"{what} begins at {start}, inside the range that ends at {covered}; fix the ranges",
                    file=f"sources/{file}.json",
                )
            covered = max(covered, end)


@rule("C111")
def source_without_record(contents: CorpusFacts) -> Iterator[Problem]:
    """A source file that an article names is in sources/, and so is its record.

    Why: the record says why the articles were cut where they were.
    Fails: an article that was cut from a.txt, where sources/ has no a.txt or no a.txt.json.
    Passes: both files, as `annotate add` writes them.
    """
    articles: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for article_id, facts in contents.articles.items():
        file = facts.source
        paths = [file] if file not in contents.source_sizes else []
        paths += [f"{file}.json"] if file not in contents.sources and file not in contents.broken_records else []
        if paths:
            articles[(file, *paths)].append(article_id)
    for (file, *paths), article_ids in articles.items():
        shown = shorten(file)
        names = " and ".join(f"sources/{shown}{path.removeprefix(file)}" for path in paths)
        more = f", like {len(article_ids) - 1:,} more," if len(article_ids) > 1 else ","
        are = "are" if len(paths) > 1 else "is"
        yield Problem(
            f"was cut from {shown}{more} but {names} {are} missing or unreadable; restore it",
            file=_article(article_ids[0]),
            article=article_ids[0],
        )


@rule("C112")
def source_record_differs(contents: CorpusFacts) -> Iterator[Problem]:
    """The record of a source file has the SHA-256 of that file.

    Why: source files are kept byte for byte.
    Fails: a source file that an editor opened and saved.
    Passes: the file as it was added.
    """
    for file, record in contents.sources.items():
        actual = contents.source_hashes.get(file)
        if actual and actual != record.sha256:
            yield Problem(f"sha256 is not that of sources/{file}; restore the file", file=f"sources/{file}.json")


@rule("C113")
def made_from_nothing(contents: CorpusFacts) -> Iterator[Problem]:
    """Gold that was adjudicated or promoted names the annotators of its labels, and their labels are in the corpus.

    Why: gold is only as good as the labels behind it, and readers may want to decide otherwise.
    Fails: `"process": "adjudicated"` with an empty `made_from`, or with an annotator who has not labelled the article;
    `"process": "corrected"` by anna, made from the labels of anna.
    Passes: `"made_from": ["anna", "ben"]`, where both have labelled the article; a single pass with an empty list;
    `"process": "promoted"` with one annotator; `"process": "corrected"`, made from a model whose labels the corpus does
    not have.
    """
    annotation_sets, misnamed = contents.annotation_sets, contents.misnamed_sets
    unknown: defaultdict[tuple[str, str], list[AnnotatorNames]] = defaultdict(list)
    for names in contents.names:
        if names.process == "adjudicated" and not names.made_from:
            problem = "is adjudicated, but made_from is empty; name the annotators, or call it a single pass"
            yield Problem(problem, file=names.file, article=names.article)
        if names.process == "promoted" and len(names.made_from) != 1:
            problem = "is promoted, which is gold of one annotator; name that annotator alone in made_from"
            yield Problem(problem, file=names.file, article=names.article)
        if names.process == "corrected":
            if names.annotator in names.made_from or names.annotation_set in names.made_from:
                problem = "is corrected from labels of the same annotator; name in made_from what they began with"
                yield Problem(problem, file=names.file, article=names.article)
            continue
        if names.process == "single pass":
            continue  # C125 reports made_from
        labelled = contents.annotated.get(names.article, ())
        for name in names.made_from:
            if any(misnamed.get(folder) == name for folder in labelled):
                continue  # C105 reports the folder
            if name not in annotation_sets:
                unknown[names.annotation_set, name].append(names)
            elif name not in labelled or name == names.annotation_set:
                problem = f"was made from the labels of {quote(name)}, who has none for this article; restore them"
                yield Problem(problem, file=names.file, article=names.article)
    for (_, name), files in unknown.items():
        if len(files) == 1:
            problem = f"was made from the labels of {quote(name)}, who has none for this article; restore them"
        else:
            more = _count_more(files)
            problem = f"was made, like {more}, from the labels of {quote(name)}, who has none"
            problem += "; restore them, or correct the id"
        yield Problem(problem, file=files[0].file, article=files[0].article)


@rule("C125")
def single_pass_of_others(contents: CorpusFacts) -> Iterator[Problem]:
    """A single pass names no labels that it was made from.

    Why: a single pass counts as independent of all others, and labels that were made from others do not.
    Fails: `"process": "single pass"` with `"made_from": ["ben"]`.
    Passes: `"process": "corrected"` with `"made_from": ["ben"]`, where the annotator began with the labels of ben; a
    single pass with an empty list.
    """
    for names in contents.names:
        if names.process == "single pass" and names.made_from:
            problem = f"is a single pass, and made_from names {list_names(names.made_from)}"
            hint = "empty made_from, or call the process corrected"
            yield Problem(f"{problem}; {hint}", file=names.file, article=names.article)


@rule("C123", "warning", waivable=True)
def unlisted_source(contents: CorpusFacts) -> Iterator[Problem]:
    """Labels that began with those of another name gold or an annotator in annotators.yaml.

    Why: readers must know whether the labels began with those of a person or of a model, and of which.
    Fails: `"process": "corrected", "made_from": ["baseline"]`, where annotators.yaml does not list baseline.
    Passes: the same, with baseline listed as a model; `"made_from": ["gold"]`; an empty list, where it is not known.
    """
    known = contents.annotator_ids | contents.annotation_sets | {GOLD}
    files: defaultdict[str, list[AnnotatorNames]] = defaultdict(list)
    for names in contents.names:
        if names.process == "corrected" and contents.has_annotators:
            for name in names.made_from:
                if name not in known:
                    files[name].append(names)
    for name, of_source in files.items():
        more = f", as do {len(of_source) - 1:,} more" if len(of_source) > 1 else ""
        problem = (
            f"began with labels of {quote(name)}{more}; list {name} in annotators.yaml, a model with `kind: model`"
        )
        yield Problem(problem, file=of_source[0].file, article=of_source[0].article)


@rule("C124", "warning", waivable=True)
def shown_labels_in_gold(contents: CorpusFacts) -> Iterator[Problem]:
    """The gold of an evaluated article was made of bare passes: of labels by annotators who were shown no labels.

    Why: annotators who are shown labels keep many of them, so that whoever made those labels scores too high.
    Fails: gold in the split test or validation, adjudicated or promoted from labels with `"process": "corrected"`, or
    with spans that came from a prediction (`origins`), directly or by way of other labels; such gold itself.
    Passes: gold that was made of single passes, of people or of models; the same gold in the split train, or
    without splits. C113 reports labels that are missing.
    """
    evaluated = list_evaluated(contents.splits)
    names_by_file = {(names.annotation_set, names.article): names for names in contents.names}

    def find_origin(annotation_set: str, article_id: str) -> LabelOrigin | None:
        if annotation_set not in contents.annotated.get(article_id, ()):
            return None
        names = names_by_file.get((annotation_set, article_id))
        if names is None and annotation_set == GOLD:
            return None  # the file of gold has a finding
        origin = LabelOrigin(*names[2:]) if names else LabelOrigin(annotation_set, "single pass", ())
        return origin._replace(made_from=()) if origin.process == "single pass" else origin  # C125 reports made_from

    for article_id, split in evaluated.items():
        gold = find_origin(GOLD, article_id)
        unproven = find_unproven(gold, partial(find_origin, article_id=article_id)) if gold else []
        # C113 reports gold that was made from gold.
        has_gold_in_itself = gold is not None and GOLD in gold.made_from
        shown = ("shown",) if has_gold_in_itself else ("shown", "circular")
        why = "; ".join(each.describe() for each in unproven if each.why in shown)
        if why:
            hint = "adjudicate or promote labels that were made on the bare text, or move the article to train"
            yield Problem(
                f"is gold of the split {split}, and not made of bare passes: {why}; {hint}",
                file=f"annotations/{GOLD}/{article_id}.json",
                article=article_id,
            )


@rule("C114", "warning", waivable=True)
def same_text_twice(contents: CorpusFacts) -> Iterator[Problem]:
    """No two articles have the same text.

    Why: it would be labelled twice and counted twice, and could be trained on in one split and tested on in another.
    Fails: a wire story that was added under two ids.
    Passes: one of the two articles.
    """
    first: dict[str, str] = {}
    for article_id, facts in contents.articles.items():
        duplicate = first.setdefault(facts.text_sha256, article_id)
        if duplicate != article_id:
            yield Problem(
                f"has the text of {quote(duplicate)}; keep one of the two",
                file=_article(article_id),
                article=article_id,
            )


@rule("C118")
def half_a_source(contents: CorpusFacts) -> Iterator[Problem]:
    """Each file in sources/ has a record, and each record a file, also if no article names them.

    Why: an interrupted `annotate add` leaves a file without a record; it is unknown which articles the file holds.
    Fails: sources/a.txt without sources/a.txt.json, and no article that was cut from it.
    Passes: both files, as `annotate add` writes them. If an article names the file, C111 reports what is missing.
    """
    cited = {facts.source for facts in contents.articles.values()}
    for file in sorted((contents.source_sizes.keys() ^ contents.sources.keys()) - cited - contents.broken_records):
        if file.startswith("."):
            continue
        if file in contents.source_sizes:
            problem = "has no record that can be read; restore it, or move the file out and add it with `annotate add`"
            yield Problem(problem, file=f"sources/{file}")
        else:
            yield Problem(f"has no sources/{file}; restore it, or remove the record", file=f"sources/{file}.json")


_LAYOUT = re.compile(
    r"(CHANGELOG\.md|README\.md|(annotators|statement|release|waivers)\.yaml|links\.json|coverage/[^/]+\.json|adjudication/[^/]+\.yaml|articles/[^/]+\.(txt|json)"
    r"|annotations/[^/]+/[^/]+\.json"
    r"|sources/[^/.][^/]*|splits/[^/]+\.txt|(articles|annotations(/[^/]+)?|sources|splits)/\.gitkeep)"
)


def is_in_layout(file: str) -> bool:
    """Tell whether a path, relative to the corpus, has a place in its layout; files that macOS leaves behind pass."""
    return _LAYOUT.fullmatch(file) is not None or file.rpartition("/")[2].startswith("._")


@rule("C115", "warning", waivable=True)
def unexpected_file(contents: CorpusFacts) -> Iterator[Problem]:
    """Every file of a corpus has a place in its layout.

    Why: an annotation in the wrong folder is never read; a stray copy would be released with the rest.
    Fails: annotations/a.json; articles/a.txt.orig.
    Passes: annotations/gold/a.json.
    """
    for file in contents.misplaced_files:
        yield Problem("has no place in a corpus; move it to where it belongs, or remove it", file=file)


# It begins only where a run of such characters does, and never goes back: a long run is read once.
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++\.\w")


@rule("C121")
def unprintable_name(contents: CorpusFacts) -> Iterator[Problem]:
    """Names of files and folders have no control characters, no characters of direction, and are UTF-8.

    Why: a terminal or the log of a CI service obeys such characters, and a reader does not see what the name is.
    Fails: a folder in annotations/ whose name has a line end; a file name with U+202E, which reverses what follows.
    Passes: annotations/anna/.
    """
    for file in contents.unprintable_files:
        yield Problem("has a name with characters that cannot be printed; rename it", file=file)


@rule("C116")
def personal_data(text: str) -> Iterator[Problem]:
    """The list of annotators has no e-mail address.

    Why: annotators are pseudonyms, and a release cannot be withdrawn.
    Fails: `training: trained by anna@example.org`.
    Passes: `training: two hours with the guidelines`.
    """
    for line, words in enumerate(text.split("\n"), 1):
        if _ADDRESS.search(words):
            yield Problem("has an e-mail address; remove it, also from the history", line=line)


@rule("C117")
def annotator_twice(contents: CorpusFacts) -> Iterator[Problem]:
    """An annotator is listed once, and none is called gold.

    Why: two entries for one pseudonym may contradict each other.
    Fails: two entries with the id anna; an annotator with the id gold.
    Passes: one entry for each annotator.
    """
    for name, count in Counter(annotator.id for annotator in contents.annotators).items():
        if count > 1:
            yield Problem(f"{quote(name)} is listed {count} times; keep one entry")
        if name == GOLD:
            yield Problem(f"{quote(GOLD)} is the folder of adjudicated labels; choose another pseudonym")


@rule("C120", "warning")
def leftover(contents: CorpusFacts) -> Iterator[Problem]:
    """Neither the corpus folder nor the schema folder has a temporary file or folder of a killed command.

    Why: it is half of a file that was not written; a stray copy would be released with the rest.
    Fails: articles/.a.json.k3w9x0ab.part, which no running command writes.
    Passes: the same folder after the next command that writes to it, which removes the file; a file that a running
    command writes.
    """
    for file in contents.leftovers:
        yield Problem("was left by a command that was killed; run that command again, which removes it", file=file)


OF_ANNOTATION: tuple[Rule, ...] = (stale_inventory,)
OF_ANNOTATORS: tuple[Rule, ...] = (personal_data, annotator_twice)
OF_CONTENTS: tuple[Rule, ...] = (
    half_an_article,
    article_without_gold,
    annotation_without_article,
    unknown_annotator,
    annotator_differs,
    split_of_unknown_article,
    article_in_two_splits,
    article_in_no_split,
    source_not_accounted_for,
    source_without_record,
    source_record_differs,
    half_a_source,
    made_from_nothing,
    single_pass_of_others,
    unlisted_source,
    shown_labels_in_gold,
    same_text_twice,
    unexpected_file,
    unprintable_name,
    leftover,
)


@rule("C501")
def class_without_id(inventory: Inventory, file: str) -> Iterator[Problem]:
    """Once `annotate generate` has run, every label, relation and value has its class id in classes.json.

    Why: models trained on an earlier dataset know classes by their ids; without the file these would silently shift.
    Fails: schema/ with annotation.schema.json, which the same command writes, but without classes.json; a label in
    labels.yaml that classes.json does not list.
    Passes: classes.json as `annotate generate` last wrote it; neither file, before it first ran.
    """
    path = Path(inventory.folder) / CLASS_IDS_FILE
    for fault in find_class_id_faults(inventory.committed_class_ids, inventory.class_names, path):
        yield Problem(f"{fault.problem}; {fault.hint}", file=file)


@rule("C502")
def schema_incomplete(inventory: Inventory, file: str) -> Iterator[Problem]:
    """Once `annotate generate` has run, the schema folder has all files that it writes.

    Why: other programs check annotations with these files; an interrupted command may have written only some.
    Fails: schema/ with annotation.schema.json, but without links.schema.json.
    Passes: all of them; neither annotation.schema.json nor classes.json, before `annotate generate` first ran.
    """
    folder = Path(inventory.folder)
    if inventory.folder and any((folder / name).is_file() for name in (ANNOTATION_SCHEMA_FILE, CLASS_IDS_FILE)):
        # C501 reports a missing classes.json.
        missing = [path.name for path in generated_paths(folder) if path.name != CLASS_IDS_FILE and not path.is_file()]
        if missing:
            yield Problem(f"lacks {list_choices(missing)}; run `annotate generate`", file=file)


@rule("C503")
def generated_file_outdated(paths: list[str]) -> Iterator[Problem]:
    """Generated files say what labels.yaml says.

    Why: annotators would read other definitions than those of the inventory, and a release would have both.
    Fails: a definition that was changed in labels.yaml, and not in the tables of the guidelines; classes.json with a
    label that the inventory lost before the first release.
    Passes: the files as `annotate generate` writes them. The schemas that it copies from the toolkit are not compared.
    """
    yield from merge_files(paths, "does not say what labels.yaml says", "run `annotate generate`")


@rule("C504", "warning")
def label_without_page(pages: dict[str, MissingPage]) -> Iterator[Problem]:
    """Each page that the inventory names is in the guidelines.

    Why: annotators decide by the page of a label; the tables of the guidelines link to it.
    Fails: `guideline: labels/load.md` in labels.yaml, where guidelines/labels/ has no load.md.
    Passes: the page, as a person or `annotate generate --fix` writes it; a corpus whose guidelines/ has no such page
    and no generated table, or that has no such folder.
    """
    way_out = "write it, or run `annotate generate --fix`, which writes a page to fill in"
    names = [name for page in pages.values() for name in page.names]
    yield from merge_files(list(pages), f"is missing, the page of {list_names(names)}", way_out)


@rule("C505")
def page_without_label(fault: PageFault, path: str) -> Iterator[Problem]:
    """Each generated table of the guidelines is about a label of the inventory.

    Why: annotators would use a label that cannot be stored, and `annotate generate` can fill no table for it.
    Fails: a page with `<!-- generated: label Load -->`, where labels.yaml has no Load.
    Passes: the page after `annotate generate --fix`, which deletes it, or removes the table from a page with others.
    """
    yield Problem(f"{fault.problem}; {fault.hint}", file=path, line=fault.line)


@rule("C506", "warning", waivable=True)
def page_not_written(paths: list[str]) -> Iterator[Problem]:
    """A page of the guidelines does not ask for its own description any more.

    Why: annotators decide by the page; without the test to apply, each decides by a test of their own.
    Fails: a page that still says "Write here the test to apply, …", as `annotate init` and `annotate generate --fix`
    write it.
    Passes: the page with the test, examples, and what is not this label.
    """
    yield from merge_files(paths, "still asks for the test to apply", "write the page, and remove that line")


@rule("C507", "warning", waivable=True)
def page_of_nothing(paths: list[str]) -> Iterator[Problem]:
    """A page next to those of labels and relations is the page of one, or another page links to it.

    Why: annotators would learn a label that is gone.
    Fails: guidelines/labels/load.md, where the inventory names other pages in labels/, and none is load.md.
    Passes: a page that labels.yaml names as `guideline`; a page that another one links to; the folder without the page,
    which `annotate generate --fix` deletes if nobody has written on it.
    """
    problem = "is the page of no label or relation, and no page links to it"
    yield from merge_files(paths, problem, "delete it, or link to it")


@rule("C512", "warning", waivable=True)
def dead_link(links: Sequence[DeadLink], path: str) -> Iterator[Problem]:
    """A link from one page of the guidelines to a file or a heading of theirs leads there.

    Why: an annotator in doubt follows the link to the rule, and the rule is gone.
    Fails: `[the rules](how-to-labl.md)`; `[pieces](how-to-label.md#peices)`.
    Passes: the name of a file relative to the page, and the anchor of a heading as GitHub makes it. Addresses and links
    out of the guidelines are not looked at. C504 reports the page of a label that is missing, once for all links to it.
    """
    for link in links:
        what = "no such file" if link.lacks == "file" else "the page has no such heading"
        yield Problem(f"links to {quote(link.target)}: {what}; correct the link", file=path, line=link.line)


@rule("C510", "warning", waivable=True)
def table_missing(missing: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """If a page of the guidelines has the generated table of a label, the page of each label has its table.

    Why: annotators would not see which attributes and values the label has, or would see those of an earlier inventory.
    Fails: a page of a label whose `<!-- generated: label Load -->` was deleted; a page of
    relations alone, and no page with `<!-- generated: relations -->`.
    Passes: the two marks, with the table that `annotate generate` writes between them; guidelines without any table.
    """
    for path, tables in missing.items():
        marks = list_names([f"<!-- generated: {table} -->" for table in tables])
        yield Problem(
            f"lacks {marks}; add it with its end, <!-- /generated -->, then run `annotate generate`", file=path
        )


@rule("C511")
def baseline_broken(error: CannotRun, path: str, line: int | None) -> Iterator[Problem]:
    """The data file of the baseline can be read, its expressions are valid, and its names are in the inventory.

    Why: `annotate prelabel` would refuse it, long after the change that broke it.
    Fails: baseline.yaml with an unbalanced bracket, or with a label or value that labels.yaml does not have.
    Passes: a file that `annotate prelabel` reads; no such file.
    """
    yield Problem(f"{error.problem}; {error.hint}", file=path, line=line)


OF_SCHEMA: tuple[Rule, ...] = (
    class_without_id,
    schema_incomplete,
    generated_file_outdated,
    label_without_page,
    page_without_label,
    page_not_written,
    page_of_nothing,
    dead_link,
    table_missing,
    baseline_broken,
)


_OUTDATED = frozenset({class_without_id.code, generated_file_outdated.code})
_FORGOTTEN = frozenset({*_OUTDATED, label_without_page.code})
_FORGOTTEN_HINT = (
    "labels.yaml was changed, and `annotate generate` has not run since; run it, and commit what it writes. If you"
    " renamed a label, undo that, and rename it with `annotate migrate`"
)


def group_forgotten_generate(findings: Iterable[Finding], inventory: Inventory) -> Iterator[Finding]:
    """Yield findings; those of one cause, that labels.yaml was changed and nothing was generated since, as a group.

    Args:
        findings: What `OF_SCHEMA` found.
        inventory: The inventory. A `classes.json` that is missing is another cause.
    """
    findings = list(findings)
    codes = _FORGOTTEN if inventory.committed_class_ids is not None else _FORGOTTEN - {class_without_id.code}
    is_forgotten = any(finding.code in codes & _OUTDATED for finding in findings)
    for finding in findings:
        is_member = is_forgotten and finding.code in codes
        yield replace(finding, group=_FORGOTTEN_HINT) if is_member else finding


def path_from_corpus(corpus: Corpus, path: str | Path) -> str:
    """Return a path beside the corpus as findings name it: relative to the corpus, unless it is absolute."""
    path = Path(path)
    return path.as_posix() if path.is_absolute() else Path(os.path.relpath(path, corpus.root)).as_posix()


RULES: tuple[Rule, ...] = (*OF_ANNOTATION, *OF_ANNOTATORS, *OF_CONTENTS, *OF_SCHEMA)
