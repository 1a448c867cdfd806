"""Replace a source file by a corrected one: the articles that were cut from it get its words and their new ranges."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.corpus import Corpus, encode_source
from annotate.ingest import WHITE_SPACE, ArticleRejected, Cut, Details, cut_articles
from annotate.model import Article, Omission, SourceFile
from annotate.offsets import sha256
from annotate.text_edits import OffsetMap, find_edits
from annotate.util.files import FileToWrite, write_together
from annotate.util.lock import writing_to

_UNKNOWN = "?"
_MapRange = Callable[[int, int], tuple[int, int]]


class ReplacedArticle(NamedTuple):
    """An article of a replaced source file, and whether its text is another one now."""

    article: Article
    is_changed: bool


def replace_source(corpus: Corpus, name: str, data: bytes) -> list[ReplacedArticle]:
    """Replace a source file of the corpus, and cut its articles where they were.

    The corpus is locked and only then read. The source file is written last: an interrupted replacement is completed
    by repeating it.

    Args:
        corpus: The corpus.
        name: The name of the source file.
        data: Its new bytes.

    Returns:
        Its articles, in the order of their ids.

    Raises:
        ArticleRejected: The corpus has no such source file, it was edited in place, an article would not pass
            `annotate check`, or new words are in no article. Nothing is written.
        Refused: A file was changed by another program meanwhile. Nothing is written.
    """
    with writing_to(corpus.root):
        if name not in corpus.source_files():
            raise ArticleRejected(f"no source file of the corpus is called {name}; add it without --replace")
        record, old_data = corpus.read_source(name), corpus.read_file(corpus.source_path(name))
        # The record of an interrupted replacement is new already, and the file is still the old one.
        if record.sha256 not in (sha256(old_data), sha256(data)):
            hint = "restore it, and give the corrected file under another folder"
            raise ArticleRejected(f"the source file {name} of the corpus was edited in place; {hint}")
        old_articles = [article for article in corpus.articles() if article.source.file == name]
        if not old_articles:
            raise ArticleRejected(f"no article was cut from {name}; remove it, and add the new one")
        cutter = _Cutter(record, old_data, data)
        articles, source = cutter.cut(old_articles)
        files = list(_changed_files(corpus, articles))
        for path, new in (
            (corpus.source_record_path(name), encode_source(source)),
            (corpus.source_path(name), data),
        ):
            files.append(corpus.prepare_file(path, new, corpus.read_file(path)))
        old_hashes = {article.id: article.text_sha256 for article in old_articles}
        write_together([file for file in files if file.data != file.old])
    return [ReplacedArticle(article, article.text_sha256 != old_hashes[article.id]) for article in articles]


def _changed_files(corpus: Corpus, articles: Sequence[Article]) -> Iterator[FileToWrite]:
    for article in articles:
        for file in corpus.prepare_article(article):
            yield file._replace(old=corpus.read_file(file.path))


class _Cutter:
    """Cuts the articles of a source file out of its new bytes."""

    def __init__(self, record: SourceFile, old_data: bytes, data: bytes) -> None:
        self._record, self._data, self._new_hash = record, data, sha256(data)
        try:
            self._text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ArticleRejected(f"is not UTF-8 at byte {error.start}; convert it first") from error
        self._offsets = OffsetMap(find_edits(old_data.decode("utf-8", "replace"), self._text))

    def cut(self, old_articles: Sequence[Article]) -> tuple[list[Article], SourceFile]:
        """Return the articles with their new ranges and texts, and the record of the source file."""
        reasons = {omission.reason for omission in self._record.omitted}
        if len(old_articles) == 1 and reasons <= {WHITE_SPACE}:
            cuts = [Cut(old_articles[0].id, 0, len(self._text))]  # also what was added before its first word
        else:
            cuts = [
                Cut(article.id, *self._map(article.source.sha256)(article.source.start, article.source.end))
                for article in old_articles
            ]
        name, boundaries = self._record.file, self._record.boundaries
        intake = cut_articles(name, self._data, cuts, Details(), boundaries, _UNKNOWN)
        new = {article.id: article for article in intake.articles}
        articles = [
            msgspec.structs.replace(
                article,
                source=new[article.id].source,
                text=new[article.id].text,
                text_sha256=new[article.id].text_sha256,
            )
            for article in old_articles
        ]
        omitted = tuple(self._give_reasons(intake.source.omitted))
        return articles, msgspec.structs.replace(intake.source, omitted=omitted)

    def _map(self, source_sha256: str) -> _MapRange:
        """Return what maps a range of the source file with this hash to the new one."""
        if source_sha256 == self._new_hash:
            return lambda start, end: (start, end)
        return lambda start, end: (self._offsets.map(start), self._offsets.map(end, end=True))

    def _give_reasons(self, omitted: Sequence[Omission]) -> Iterator[Omission]:
        """Yield the ranges that are in no article, with the reasons that they had."""
        move = self._map(self._record.sha256)
        old = [(*move(omission.start, omission.end), omission.reason) for omission in self._record.omitted]
        for omission in omitted:
            if omission.reason != _UNKNOWN:
                yield omission
                continue
            reasons = [
                reason
                for start, end, reason in old
                if start < omission.end and end > omission.start and reason != WHITE_SPACE
            ]
            if not reasons:
                place = f"[{omission.start}, {omission.end}) is in no article"
                raise ArticleRejected(f"{place}; add new words between those of an article")
            yield msgspec.structs.replace(omission, reason=reasons[0])
