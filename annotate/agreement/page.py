"""The report of a study as one HTML page, with each disagreement in its text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import pairwise
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import NamedTuple

from annotate.agreement.confusion import Confusion, confuse_labels, confuse_values, show_value
from annotate.agreement.disagreements import KINDS, Disagreement, Mark, find_disagreements
from annotate.agreement.explanations import EXPLANATIONS
from annotate.agreement.independence import describe_dependent
from annotate.agreement.report import ArticleRow, Report
from annotate.agreement.study import ArticleBatch, ComparedArticle, CorpusStudy, Study, StudyReader
from annotate.agreement.study_counts import ENOUGH
from annotate.agreement.tables import show_form, show_forms, tabulate_report
from annotate.findings import list_names
from annotate.inventory import Inventory
from annotate.model import AttributeValue
from annotate.offsets import find_line_range
from annotate.records import Piece
from annotate.util.html import templates
from annotate.util.parallel import count_cores, count_workers, map_in_order, process_pool, without_garbage_collection
from annotate.util.tables import format_value

_PART = 1 << 16
"""Characters of the rendered disagreements that are read at once."""
_PIECES = 64
"""Pieces of the page that are yielded as one part."""
CONTEXT = 70
"""Code points shown before and after the marks, within their paragraph."""


class Segment(NamedTuple):
    """A stretch of text on which the same marks lie.

    Attributes:
        text: The text.
        marks: The marks on it, the shortest first: its colour is shown.
    """

    text: str
    marks: list[Mark]

    @property
    def roles(self) -> str:
        """The roles of the marks, as classes of the style sheet."""
        return " ".join(sorted({mark.role for mark in self.marks}))

    @property
    def labels(self) -> str:
        """The labels of the marks with their roles."""
        return ", ".join(dict.fromkeys(f"{mark.label} ({mark.role})" for mark in self.marks))


def render_page(
    report: Report,
    study: Study | CorpusStudy,
    link: Callable[[str], str] | None = None,
    languages: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """Yield the page in parts.

    The disagreements of an article are rendered before the page, since their number is at its top, those of a corpus
    in one process for each core. They wait in a temporary file, so that few articles are in memory at a time.

    Args:
        report: The measures of the study.
        study: The study.
        link: Maps an article id to the address of its task in Label Studio; None for a page without links.
        languages: The language of each article, by which a browser chooses fonts and reads aloud.

    Raises:
        CannotRun: If labels of a corpus do not fit their text or the inventory.
    """
    from markupsafe import Markup

    inventory = study.inventory
    show_label = partial(_show_label, inventory)
    with TemporaryFile("w+", encoding="utf-8", newline="") as file:
        number = 0
        for rendered in _render_disagreements(study, link, languages):
            file.write(rendered.html)
            number += rendered.number
        file.seek(0)
        page = (
            templates()
            .get_template("agreement/page.html")
            .stream(
                title=f"Agreement: {inventory.title}",
                about=describe_report(report),
                report=report,
                tables=[show_forms(table, inventory) for table in tabulate_report(report)],
                confusions=[
                    confusion
                    for confusion in (confuse_labels(report, inventory), *confuse_values(report, inventory))
                    if confusion.values
                ],
                show_value=partial(_show_value, inventory),
                show_label=show_label,
                explanations=EXPLANATIONS.values(),
                rows=_index_rows(report),
                # Markup, since a template rendered them.
                disagreements=(Markup(part) for part in iter(partial(file.read, _PART), "")),  # noqa: S704
                number=number,
                format_value=format_value,
            )
        )
        page.enable_buffering(_PIECES)
        yield from page


class _RenderedDisagreements(NamedTuple):
    """The part of the page on some articles, and their number of disagreements."""

    html: str
    number: int


class _BatchToRender(NamedTuple):
    """Articles to read and render, with the address of the task of each, if the page has links, and its language."""

    articles: ArticleBatch
    links: dict[str, str] | None
    languages: dict[str, str]


class _BatchRenderer(NamedTuple):
    """Renders the disagreements of a batch; can be sent to another process."""

    reader: StudyReader

    def render(self, batch: _BatchToRender) -> _RenderedDisagreements:
        with without_garbage_collection():  # an article and its pairs refer to each other, and are freed afterwards
            link = None if batch.links is None else batch.links.__getitem__
            return _render_articles(self.reader.read(batch.articles), link, batch.languages)


def _render_disagreements(
    study: Study | CorpusStudy, link: Callable[[str], str] | None, languages: Mapping[str, str]
) -> Iterator[_RenderedDisagreements]:
    """Yield the part of the page on each batch of articles; the number of processes does not affect it."""
    if isinstance(study, Study):
        yield _render_articles(study, link, languages)
        return

    def list_batches() -> Iterator[_BatchToRender]:
        for batch in study.batches():
            names = [article.id for article in batch.articles]
            links = {name: link(name) for name in names} if link else None
            yield _BatchToRender(batch, links, {name: languages[name] for name in names if name in languages})

    workers = count_workers(study.article_count, ENOUGH, count_cores())
    with (
        process_pool(workers) as executor,
        closing(map_in_order(executor, _BatchRenderer(study.reader).render, list_batches(), workers)) as rendered,
    ):
        yield from rendered


def _render_articles(
    study: Study, link: Callable[[str], str] | None, languages: Mapping[str, str]
) -> _RenderedDisagreements:
    template, parts, number = templates().get_template("agreement/disagreements.html"), list[str](), 0
    values = {
        "inventory": study.inventory,
        "kinds": KINDS,
        "cut_segments": cut_segments,
        "frame_of": _frame,
        "show_label": partial(_show_label, study.inventory),
        "link": link,
        "languages": languages,
    }
    for article, disagreements in find_disagreements(study):
        parts.append(template.render(values, article=article, disagreements=disagreements))
        number += len(disagreements)
    return _RenderedDisagreements("".join(parts), number)


def _show_label(inventory: Inventory, name: str) -> str:
    """Return a label or relation as people see it, with its id where that differs; other words stay."""
    entry = inventory.spans.get(name) or inventory.relations.get(name)
    return show_form(name, entry.display_name) if entry else name


def _show_value(inventory: Inventory, confusion: Confusion, value: AttributeValue | None) -> str:
    """Return a label or a value of a confusion as people see it, with its id where that differs."""
    shown = show_value(value)
    if confusion.attribute is None:
        return _show_label(inventory, shown)
    return show_form(shown, inventory.attributes[confusion.attribute].display_value(shown))


def describe_report(report: Report) -> str:
    """Return what was compared and how, in one paragraph."""
    sampling = report.sampling
    sentences = [f"{', '.join(report.annotators)}: {len(report.articles)} articles with labels of two or more."]
    models = [name for name in report.annotators if report.kinds.get(name) == "model"]
    people = [name for name in report.annotators if report.kinds.get(name) == "person"]
    unknown = [name for name in report.annotators if report.kinds.get(name) == "unknown"]
    if models:
        sentences.append(f"Models: {', '.join(models)}. People: {', '.join(people) or 'none'}.")
        if unknown:
            sentences.append(f"Neither, since annotators.yaml does not list them: {', '.join(unknown)}.")
    if report.alone:
        sentences.append(f"Left out, with labels of one only: {list_names(report.alone)}.")
    sentences += [f"Not counted, since they are copies: {words}." for words in describe_dependent(report.dependent)]
    sentences.append(f"Alpha and kappa count {report.units}; spans match by overlap one to one.")
    if report.missing == "value":
        sentences.append(
            "A missing value of an attribute counts as a value; on ordinal and interval scales, it is left out."
        )
    sentences.append(
        f"Intervals: {sampling.level:.0%}, {sampling.samples} samples of {sampling.units} {sampling.drawn}, "
        f"seed {sampling.seed}."
    )
    return " ".join(sentences)


def _index_rows(report: Report) -> dict[tuple[str, str], ArticleRow]:
    """Map label and article id to the row of the report."""
    return {(row.label, row.article): row for row in report.by_article}


def _frame(article: ComparedArticle, disagreement: Disagreement) -> Piece:
    """Return the stretch of text that both sides of a disagreement show, so that their lines can be compared.

    It has some context, is cut between words and does not go beyond the paragraphs of the marks.
    """
    pieces = [mark.piece for side in disagreement.sides for mark in side.marks]
    first, last = min(piece.start for piece in pieces), max(piece.end for piece in pieces)
    begin, stop = find_line_range(article.text, first, last)
    start, end = max(begin, first - CONTEXT), min(stop, last + CONTEXT)
    if start > begin:
        start = article.text.find(" ", start, first) + 1 or first
    if end < stop:
        space = article.text.rfind(" ", last, end)
        end = space if space >= 0 else last
    return Piece(start, max(end, last))


def cut_segments(text: str, frame: Piece, marks: Sequence[Mark]) -> Iterator[Segment]:
    """Cut a stretch of text where a mark begins or ends; marks may nest and overlap.

    Args:
        text: The text of the article.
        frame: The stretch to cut, in code points, half open.
        marks: The marks.

    Yields:
        The segments in order, with an ellipsis where the stretch begins or ends within a paragraph.
    """
    start, end = frame
    if start > 0 and text[start - 1] != "\n":
        yield Segment("… ", [])
    inside = [mark for mark in marks if mark.piece.start < end and mark.piece.end > start]
    bounds = {start, end, *(bound for mark in inside for bound in mark.piece)}
    for left, right in pairwise(sorted(bounds)):
        over = [mark for mark in inside if mark.piece.start <= left and right <= mark.piece.end]
        over.sort(key=lambda mark: mark.piece.end - mark.piece.start)
        yield Segment(text[left:right], over)
    if end < len(text) and text[end] != "\n":
        yield Segment(" …", [])
