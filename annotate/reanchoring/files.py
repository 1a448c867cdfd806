"""The files of a corpus that have offsets of an article: annotations, coverage, decisions and links."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.agreement.decisions import encode_decisions, read_decisions
from annotate.agreement.relabel import AnnotationChange, Relabelling, relabel_decisions
from annotate.corpus import Corpus, encode_annotation, encode_coverage, encode_links
from annotate.coverage import split_sentences, update_coverage
from annotate.errors import CannotRun
from annotate.inventory import Inventory
from annotate.migration.transaction import MigratedFile
from annotate.model import GOLD, Annotation, Coverage, Link, Links, Sentence
from annotate.offsets import trim_range
from annotate.reanchoring.labels import LabelMove, MovedAnnotation, move_annotation
from annotate.reanchoring.ranges import Misfit, RangeMover
from annotate.util.escape import quote


class MovedFiles(NamedTuple):
    """The files of an article on its new text, what moved in each annotation set, and what a person has to look at."""

    files: list[MigratedFile]
    annotations: dict[str, MovedAnnotation]
    notes: list[str]


class UnknownTextError(Exception):
    """A file was made on a text that is neither the article's nor known; the message is a line for people."""


FindMover = Callable[[str], RangeMover | None]
"""Return the mover from the text with a hash; None for the hash of the present text.

Raises:
    KeyError: The text with this hash is not known.
"""


def move_files(corpus: Corpus, inventory: Inventory, article_id: str, text: str, find_mover: FindMover) -> MovedFiles:
    """Move what the corpus has of an article to its new text; nothing is written.

    Args:
        corpus: The corpus.
        inventory: Its inventory.
        article_id: The article.
        text: Its new text.
        find_mover: Finds the old text that a file was made on.

    Raises:
        UnknownTextError: The text that a file was made on is not known.
        CannotRun: A file cannot be read.
    """
    files, notes = list[MigratedFile](), list[str]()
    moved: dict[str, MovedAnnotation] = {}
    changes: dict[str, AnnotationChange] = {}
    for annotation_set in corpus.annotation_sets():
        path = corpus.annotation_path(annotation_set, article_id)
        annotation = corpus.find_annotation(annotation_set, article_id)
        mover = _find(find_mover, annotation.text_sha256, path) if annotation else None
        if annotation is not None and mover is not None:
            moved[annotation_set] = move_annotation(annotation, mover, _sha256_of(corpus, article_id))
            changes[annotation_set] = AnnotationChange(annotation, moved[annotation_set].annotation)
            files.append(_change(corpus, path, encode_annotation(moved[annotation_set].annotation)))
    path = corpus.coverage_path(article_id)
    if corpus.read_file_if_present(path) is not None:
        coverage = corpus.read_coverage(article_id)
        mover = _find(find_mover, coverage.text_sha256, path)
        if mover is not None:
            gold = moved[GOLD].annotation if GOLD in moved else corpus.find_annotation(GOLD, article_id)
            new, coverage_notes = _move_coverage(coverage, mover, gold, inventory, _sha256_of(corpus, article_id))
            files.append(_change(corpus, path, encode_coverage(new)))
            notes += [f"{path}: {note}" for note in coverage_notes]
    path = corpus.adjudication_path(article_id)
    if corpus.read_file_if_present(path) is not None:
        decisions = read_decisions(corpus, article_id)
        mover = _find(find_mover, decisions.text_sha256, path)
        if mover is not None:
            try:
                relabelling = _move_only(mover)
                new_decisions, reopened = relabel_decisions(decisions, mover.old, changes, relabelling, text)
            except ValueError as error:
                raise CannotRun(path, str(error), "fix it, or remove it and plan again") from error
            files.append(_change(corpus, path, encode_decisions(new_decisions)))
            notes += [f"{path}: to be decided again: {each.key} ({each.take}: {each.reason})" for each in reopened]
    return MovedFiles(files, moved, notes)


def _find(find_mover: FindMover, text_sha256: str, path: Path) -> RangeMover | None:
    try:
        return find_mover(text_sha256)
    except KeyError:
        problem = "was made on a text that no task on the server has"
        raise UnknownTextError(f"{path}: {problem}; restore that text, or remove the file") from None


def _sha256_of(corpus: Corpus, article_id: str) -> str:
    return corpus.read_article(article_id).text_sha256


def _change(corpus: Corpus, path: Path, new: bytes) -> MigratedFile:
    return MigratedFile(str(path.absolute()), corpus.read_file(path), new)


def _move_only(mover: RangeMover) -> Relabelling:
    """Return what becomes of decisions: only the ranges change."""

    def move(start: int, end: int) -> tuple[int, int] | None:
        target = mover.move(start, end)
        return None if isinstance(target, Misfit) else (target.start, target.end)

    return Relabelling(
        label=lambda label: label,
        relation=lambda label: label,
        attributes=dict,
        span_attributes=lambda _, values: dict(values),
        range=move,
    )


def _move_coverage(
    coverage: Coverage, mover: RangeMover, gold: Annotation | None, inventory: Inventory, text_sha256: str
) -> tuple[Coverage, list[str]]:
    """Move the sentences, leave out those that are gone, add those that are new, and count their labels again."""
    sentences, notes, text = list[Sentence](), list[str](), mover.new
    starts = {start for start, _ in split_sentences(text)}

    def add_new(end: int) -> int:
        """Add the new sentences up to an offset; return where new words begin that belong to the sentence there."""
        begin = sentences[-1].end if sentences else 0
        for first, last in split_sentences(text[begin : max(begin, end)]):
            start, stop = begin + first, begin + last
            if start not in starts and sentences:
                sentences[-1] = _resize(sentences[-1], text, sentences[-1].start, stop)
            elif end not in starts and not text[stop:end].strip():
                return start
            else:
                sentences.append(Sentence(start=start, end=stop, text=text[start:stop], has={}))
        return end

    for sentence in coverage.sentences:
        target = mover.stretch(sentence.start, sentence.end)
        previous_end = sentences[-1].end if sentences else 0
        start, end = trim_range(text, max(target.start, previous_end), max(target.end, previous_end))
        if start == end:
            notes.append(f"a sentence that is not in the text any more is left out: {quote(sentence.text)}")
            continue
        start = add_new(start)
        sentences.append(_resize(sentence, text, start, end))
    add_new(len(text))
    new = msgspec.structs.replace(coverage, text_sha256=text_sha256, sentences=tuple(sentences))
    new = update_coverage(new, gold, inventory) if gold is not None else new
    reasonless = [each for each in new.sentences if not each.has and not each.reason]
    notes += [f"say why it has no labels, or label it: {quote(each.text)}" for each in reasonless]
    return new, notes


def _resize(sentence: Sentence, text: str, start: int, end: int) -> Sentence:
    return msgspec.structs.replace(sentence, start=start, end=end, text=text[start:end])


class MovedLinks(NamedTuple):
    """Links with the passages of some articles on their new texts, and what does not fit.

    Attributes:
        links: The links.
        unfit: Article id → its passages that do not fit.
        dropped: Article id → the links that these passages were in, as they were.
    """

    links: Links
    unfit: dict[str, list[LabelMove]]
    dropped: dict[str, list[Link]]


def move_links(links: Links, movers: Mapping[str, Sequence[RangeMover]]) -> MovedLinks:
    """Move the passages of links; those that do not fit are left out, and a link of fewer than two with them.

    Args:
        links: The links.
        movers: Article id → movers from its old texts; the one whose text has the passage is taken.
    """
    kept, unfit, dropped = [], dict[str, list[LabelMove]](), dict[str, list[Link]]()
    for link in links.links:
        passages = []
        for passage in link.passages:
            fitting = [
                mover
                for mover in movers.get(passage.article, ())
                if mover.old[passage.start : passage.end] == passage.text
            ]
            target = fitting[0].move(passage.start, passage.end) if fitting else None
            if target is None:
                passages.append(passage)
            elif isinstance(target, Misfit):
                change = LabelMove(f"link ({link.kind})", passage.text, reason=target.reason)
                unfit.setdefault(passage.article, []).append(change)
                dropped.setdefault(passage.article, []).append(link)
            else:
                words = fitting[0].new[target.start : target.end]
                passages.append(msgspec.structs.replace(passage, start=target.start, end=target.end, text=words))
        if len(passages) == len(link.passages) or len(passages) > 1:
            kept.append(msgspec.structs.replace(link, passages=tuple(passages)))
    return MovedLinks(Links(links=tuple(kept)), unfit, dropped)


def change_links(corpus: Corpus, links: Links) -> MigratedFile | None:
    """Return the file of the links before and after; None if nothing changes."""
    old = corpus.read_file_if_present(corpus.links_path)
    new = encode_links(links)
    return None if old is None or old == new else MigratedFile(str(corpus.links_path.absolute()), old, new)
