"""Answers to checklists for data sets from the files of a corpus, and the gaps: what no file says."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from annotate.agreement.report import Report
from annotate.corpus import CITATION, Corpus
from annotate.dataset.citation import find_citation, read_citation
from annotate.dataset.inputs import articles_by_split, corpus_version
from annotate.dataset.statement import count_sentences, fill_statement
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.labelstudio.instructions import page_names
from annotate.model import GOLD, Annotation
from annotate.release.agreement import UNKNOWN, measure_gold_agreement
from annotate.release.checklists import CHECKLISTS, Question
from annotate.schemas import package_schema
from annotate.util.escape import Markdown, escape_markdown_words, escape_terminal_line
from annotate.util.html import render
from annotate.util.nouns import count_noun
from annotate.util.progress import StartStep, count_items, ignore_steps

_LEADS = {"unsuitable_uses": "Not suitable: "}
"""What is put before a heading that questions about uses and risks share."""


class Answer(NamedTuple):
    """An answer.

    Attributes:
        text: What the file says.
        file: The file that says it.
    """

    text: str
    file: str


class Gap(NamedTuple):
    """What no file says: the file that should, and what is missing there."""

    file: str
    problem: str


class AnsweredQuestion(NamedTuple):
    """A question with its answers, and what is missing from them."""

    question: Question
    answers: list[Answer]
    gaps: list[Gap]


class ChecklistReport(NamedTuple):
    """Checklists with answers.

    Attributes:
        title: Title and version of the corpus.
        checklists: The questions of each checklist, by its title.
        gaps: Every gap once, with the questions that it leaves open.
    """

    title: str
    checklists: dict[str, list[AnsweredQuestion]]
    gaps: dict[Gap, list[str]]


def make_report(
    corpus: Corpus,
    inventory: Inventory,
    guidelines: Path,
    citation: str | None = None,
    progress: StartStep = ignore_steps,
) -> ChecklistReport:
    """Answer the checklists.

    Args:
        corpus: A corpus with gold labels.
        inventory: Its inventory.
        guidelines: The folder of the guidelines; it may be missing.
        citation: The CITATION.cff; None for the one next to the corpus folder.
        progress: Called at the start of each step with its name and its number of articles, or None.

    Raises:
        CannotRun: The corpus has no gold labels, or a file cannot be read.
    """
    facts = _Facts(corpus, inventory, guidelines, citation, progress)
    found: dict[str, Answer | Gap] = {}
    checklists: dict[str, list[AnsweredQuestion]] = {}
    gaps: dict[Gap, list[str]] = {}
    for title, questions in CHECKLISTS.items():
        checklists[title] = []
        for question in questions:
            found |= {name: facts.find(name) for name in question.facts if name not in found}
            results = [found[name] for name in question.facts]
            missing = [result for result in results if isinstance(result, Gap)]
            answers = [result for result in results if isinstance(result, Answer)]
            checklists[title].append(AnsweredQuestion(question, answers, missing))
            for gap in missing:
                gaps.setdefault(gap, []).append(f"{question.item}: {question.words}")
    return ChecklistReport(f"{inventory.title} {corpus_version(corpus) or ''}".strip(), checklists, gaps)


class _Facts:
    """Finds the facts of a corpus by name: a heading of the data statement, or what a method `_tell_NAME` returns."""

    def __init__(
        self, corpus: Corpus, inventory: Inventory, guidelines: Path, citation: str | None, progress: StartStep
    ) -> None:
        self._corpus, self._inventory, self._guidelines = corpus, inventory, guidelines
        self._folder = corpus.root.name
        self._splits = articles_by_split(corpus)
        article_ids = [article_id for ids in self._splits.values() for article_id in ids]
        counted_ids = count_items(article_ids, progress("reading articles", len(article_ids)))
        self._articles = [corpus.read_article(article_id) for article_id in counted_ids]
        progress("measuring", None)
        self._gold = [corpus.read_annotation(GOLD, article_id) for article_id in article_ids]
        self._spans = Counter(label for gold in self._gold for label in _list_labels(gold, inventory))
        self._annotators = corpus.read_annotators()
        path = find_citation(corpus, citation)
        self._citation_file = str(path or CITATION) if citation else CITATION
        self._citation = read_citation(path) if path else None
        self._statement = fill_statement(corpus, self._figures())
        self._headings = frozenset(json.loads(package_schema("statement"))["properties"])

    def _figures(self) -> dict[str, int]:
        processes = Counter(gold.process for gold in self._gold)
        return {
            "articles": len(self._articles),
            "characters": sum(len(article.text) for article in self._articles),
            "sentences": count_sentences(self._corpus),
            "spans": self._spans.total(),
            "relations": sum(len(gold.relations) for gold in self._gold),
            "adjudicated": processes["adjudicated"],
            "promoted": processes["promoted"],
            "single_pass": processes["single pass"],
            "corrected": processes["corrected"],
        }

    def find(self, name: str) -> Answer | Gap:
        """Return what a file says, or what it leaves open."""
        file = f"{self._folder}/{self._corpus.statement_path.name}"
        if name in self._statement:
            return Answer(_LEADS.get(name, "") + self._statement[name], file)
        tell: Callable[[], Answer | Gap] | None = getattr(self, f"_tell_{name}", None)
        if tell is not None:
            return tell()
        if name in self._headings:
            return Gap(file, f"says nothing of `{name}`; write a sentence under this key")
        return Gap(file, f"has no key for {name.replace('_', ' ')}; answer this in the paper")

    def _people(self) -> list[str]:
        return [name for name, annotator in self._annotators.items() if annotator.kind == "person"]

    def _without_people(self, name: str) -> Answer | Gap:
        """Return the answer to a question about annotators who are people."""
        file = f"{self._folder}/{self._corpus.annotators_path.name}"
        if self._annotators and not self._people():
            return Answer("Does not apply: no annotator is a person.", file)
        place = f"{self._folder}/{self._corpus.statement_path.name}"
        return Gap(place, f"does not say how annotators were treated ({name}); answer this in the paper")

    def _tell_recruitment(self) -> Answer | Gap:
        return self._without_people("recruitment and payment")

    def _tell_creators(self) -> Answer | Gap:
        authors = [author.name for author in self._citation.authors] if self._citation else []
        if not authors:
            return Gap(self._citation_file, "names no authors; add `authors`")
        return Answer(f"{', '.join(authors)}. Cite as the file says.", self._citation_file)

    def _tell_licence(self) -> Answer | Gap:
        licence = self._citation.licence if self._citation else None
        if licence is None:
            return Gap(self._citation_file, "names no licence of the labels; add `license`")
        return Answer(f"Labels and guidelines: {licence.words} ({licence.url}).", self._citation_file)

    def _tell_rights(self) -> Answer | Gap:
        counts = Counter(" ".join(article.rights.split()) for article in self._articles)
        if "" in counts:
            return Gap(f"{self._folder}/articles", f"{count_noun(counts[''], 'article')} without `rights`; state them")
        texts = "; ".join(f"{rights} ({count_noun(count, 'article')})" for rights, count in counts.most_common())
        return Answer(f"Texts: {texts}", f"{self._folder}/articles")

    def _tell_repository(self) -> Answer | Gap:
        if self._citation is None or self._citation.url is None:
            return Gap(self._citation_file, "names no address; add `repository-code` or `url`")
        return Answer(self._citation.url, self._citation_file)

    def _tell_size(self) -> Answer:
        figures = self._figures()
        nouns = ("article", "character", "sentence", "span", "relation")
        parts = [count_noun(figures[f"{noun}s"], noun) for noun in nouns]
        return Answer(f"{', '.join(parts)}, in gold.", f"{self._folder}/annotations/{GOLD}")

    def _tell_splits(self) -> Answer:
        parts = [f"{split}: {count_noun(len(ids), 'article')}" for split, ids in self._splits.items()]
        return Answer(f"{', '.join(parts)}.", f"{self._folder}/splits")

    def _tell_labels(self) -> Answer:
        relations = Counter(relation.label for gold in self._gold for relation in gold.relations)
        parts = [f"{name} {self._spans[name]:,}" for name in self._inventory.spans]
        ties = [f"{name} {relations[name]:,}" for name in self._inventory.relations]
        text = f"Spans: {', '.join(parts)}." + (f" Relations: {', '.join(ties)}." if ties else "")
        return Answer(text, "schema/labels.yaml")

    def _tell_left_out(self) -> Answer:
        left_out = len(self._corpus.article_ids()) - len(self._articles)
        empty = Counter(
            name for article in self._articles for name in ("title", "author", "date") if not getattr(article, name)
        )
        parts = [f"{count_noun(left_out, 'article')} without gold labels or split"]
        parts += [f"{count_noun(count, 'article')} without {name}" for name, count in empty.items()]
        return Answer(f"{'; '.join(parts)}.", f"{self._folder}/articles")

    def _tell_links(self) -> Answer:
        number = len(self._corpus.read_links().links)
        text = f"{count_noun(number, 'link')} between passages that tell of one thing."
        return Answer(text, f"{self._folder}/{self._corpus.links_path.name}")

    def _tell_sources(self) -> Answer:
        files = {article.source.file for article in self._articles}
        text = (
            f"The articles are cut from {count_noun(len(files), 'source file')}, kept byte for byte with a hash. A"
            " dataset that is built without text needs the reader's own copies."
        )
        return Answer(text, f"{self._folder}/sources")

    def _tell_annotator_list(self) -> Answer | Gap:
        file = f"{self._folder}/{self._corpus.annotators_path.name}"
        if not self._annotators:
            return Gap(file, "names no annotator; describe each under a pseudonym")
        people = self._annotators.items()
        return Answer(" ".join(f"{name} ({who.kind}): {who.training.strip()}" for name, who in people), file)

    def _tell_models(self) -> Answer:
        names = [name for name, annotator in self._annotators.items() if annotator.kind == "model"]
        text = f"Annotators that are models: {', '.join(names)}." if names else "No annotator is a model."
        return Answer(text, f"{self._folder}/{self._corpus.annotators_path.name}")

    def _tell_period(self) -> Answer | Gap:
        file = f"{self._folder}/{self._corpus.annotators_path.name}"
        if not self._annotators:
            return Gap(file, "names no annotator; describe each under a pseudonym")
        since = min(annotator.since for annotator in self._annotators.values())
        until = [annotator.until for annotator in self._annotators.values()]
        last = "now" if None in until else max(filter(None, until))
        return Answer(f"Labelled from {since} to {last}.", file)

    def _tell_instructions(self) -> Answer | Gap:
        names = page_names(self._guidelines, self._inventory) if self._guidelines.is_dir() else []
        missing = [name for name in names if not (self._guidelines / name).is_file()]
        if not names or missing:
            return Gap(self._guidelines.name, "does not hold a page for each label; see `annotate generate --fix`")
        text = f"{count_noun(len(names), 'page')}; `annotate generate --printable` writes them as one."
        return Answer(text, self._guidelines.name)

    def _tell_agreement(self) -> Answer | Gap:
        report = measure_gold_agreement(self._corpus, self._inventory, brief=True)
        file = f"{self._folder}/annotations"
        return Gap(file, UNKNOWN) if report is None else Answer(_describe_agreement(report), file)

    def _tell_version(self) -> Answer | Gap:
        version = corpus_version(self._corpus)
        file = f"{self._folder}/CHANGELOG.md"
        return Answer(f"{version}.", file) if version else Gap(file, "names no version; see `annotate release plan`")


def _list_labels(gold: Annotation, inventory: Inventory) -> list[str]:
    """Return the label of each span; one in several pieces counts once, as on the card."""
    joining = {name for name, relation in inventory.relations.items() if relation.joins_pieces}
    later = {relation.head for relation in gold.relations if relation.label in joining}
    return [span.label for span in gold.spans if span.id not in later]


def _describe_agreement(report: Report) -> str:
    """Return the range of overlap F1 over labels."""
    rows = [(row.overlap.value, row.name) for row in report.labels if row.kind == "label"]
    values = sorted((value, name) for value, name in rows if value is not None)
    between = f"Between {' and '.join(report.annotators)}, on {count_noun(len(report.articles), 'article')}"
    if not values:
        return f"{between}: no label can be compared."
    (low, lowest), (high, highest) = values[0], values[-1]
    return f"{between}: overlap F1 by label from {low:.2f} ({lowest}) to {high:.2f} ({highest})."


def render_markdown(report: ChecklistReport) -> str:
    """Return the report as Markdown."""
    parts = [Markdown("# {}: checklists").format(report.title)]
    for title, questions in report.checklists.items():
        parts.append(Markdown("## {}").format(title))
        for question, answers, gaps in questions:
            parts.append(Markdown("**{}. {}**").format(question.item, question.words))
            parts += [Markdown("{} ({})").format(escape_markdown_words(text), file) for text, file in answers]
            parts += [Markdown("*Open:* {} {}").format(gap.file, escape_markdown_words(gap.problem)) for gap in gaps]
    parts.append(Markdown("## Gaps"))
    lines = [
        Markdown("- {}: {} ({})").format(gap.file, escape_markdown_words(gap.problem), "; ".join(questions))
        for gap, questions in report.gaps.items()
    ]
    parts.append(Markdown("\n").join(lines) if lines else Markdown("None."))
    return f"{Markdown(chr(10) * 2).join(parts)}\n"


def render_text(report: ChecklistReport) -> Iterator[str]:
    """Yield the lines of the report for a terminal."""
    return map(escape_terminal_line, _list_lines(report))


def _list_lines(report: ChecklistReport) -> Iterator[str]:
    yield f"{report.title}: checklists"
    for title, questions in report.checklists.items():
        yield ""
        yield title
        for question, answers, gaps in questions:
            yield f"  {question.item}. {question.words}"
            yield from (f"    {' '.join(text.split())} ({file})" for text, file in answers)
            yield from (f"    open: {gap.file} {gap.problem}" for gap in gaps)
    yield ""
    yield f"{count_noun(len(report.gaps), 'gap')}{':' if report.gaps else ''}"
    yield from (f"  {gap.file}: {gap.problem}" for gap in report.gaps)


def render_html(report: ChecklistReport) -> str:
    """Return the report as one HTML page, which needs no other file."""
    return render("release/checklists.html", title=f"{report.title}: checklists", report=report)


def require_gold(corpus: Corpus) -> None:
    """Check that the corpus has gold labels.

    Raises:
        CannotRun: It has none.
    """
    if not corpus.annotated_ids(GOLD):
        folder = corpus.root / "annotations" / GOLD
        raise CannotRun(folder, "has no gold labels", "make some with `annotate adjudicate`")
