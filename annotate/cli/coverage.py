"""`annotate coverage`: show the gold labels of each sentence."""

from typing import TYPE_CHECKING, NamedTuple

import click

from annotate.cli.options import all_option, corpus_argument, schema_option
from annotate.cli.terminal import MAX_SHOWN, count_noun, count_progress, describe_rest, echo, echo_cut_lines
from annotate.util.escape import TerminalText

if TYPE_CHECKING:
    from annotate.model import Coverage

MAX_SENTENCES = 100
"""Sentences of an article that are listed without --all."""


@click.command("coverage")
@corpus_argument
@schema_option
@click.option(
    "--write",
    is_flag=True,
    help="Count again and write the files; the reason of a sentence that has labels is removed.",
)
@click.option(
    "--init", is_flag=True, help="Make the file of each article that has gold labels and no file, with its sentences."
)
@click.option(
    "--reason", metavar="TEXT", help="With --init: why a sentence has no labels, for each that has none in a new file."
)
@all_option
@click.pass_context
def command(
    ctx: click.Context, corpus: str, schema: str, write: bool, init: bool, reason: str | None, show_all: bool
) -> None:
    """Show the gold labels of each sentence, or why it has none.

    coverage/<article>.json lists the sentences. `annotate check` proves that the list is complete. --init splits the
    articles into sentences (docs/reference/formats.md#coverage). Correct the files where it splits wrongly, and write
    the reason of each sentence without labels into `reason`; --write counts again.

    Of more than 20 articles, the first 20 are shown, those with open sentences or stale counts before the others, below
    the totals of all, unless --all is given.

    Exit code 0: every sentence has labels or a reason; 1: some have neither, or counts are stale; 2: could not run.

    \b
    annotate coverage
    annotate coverage --write
    annotate coverage --init
    annotate coverage --init --reason "read, and nothing is claimed"
    """
    from annotate.annotation_files import require_known_names
    from annotate.corpus import Corpus, encode_coverage
    from annotate.coverage import draft_coverage, update_coverage
    from annotate.errors import CannotRun
    from annotate.inventory import load_inventory
    from annotate.model import GOLD, Coverage
    from annotate.util.files import FileToWrite, write_together
    from annotate.util.lock import writing_to
    from annotate.util.progress import count_items

    if reason is not None and (not init or not reason.strip() or not reason.isprintable()):
        problem = "has no words, or some that cannot be printed" if init else "goes with --init"
        raise CannotRun("--reason", problem, "write one line, together with --init")
    store, files, report = Corpus(corpus), list[FileToWrite](), _Report(show_all)
    drafts: dict[str, Coverage] = {}
    with writing_to(*([store.root] if write or init else [])):
        inventory, article_ids = load_inventory(schema), store.covered_ids()
        if init:
            gold = set(store.annotated_ids(GOLD)) & set(store.article_ids())
            if not gold:
                hint = "make some with `annotate adjudicate promote` or `annotate adjudicate apply`"
                raise CannotRun(store.root / "annotations" / GOLD, "has no labels", hint)
            for article_id in sorted(gold.difference(article_ids)):
                article, annotation = store.read_article(article_id), store.read_annotation(GOLD, article_id)
                drafts[article_id] = draft_coverage(article, annotation, inventory, reason)
            article_ids = sorted({*article_ids, *drafts})
        if not article_ids:
            hint = "run `annotate coverage --init`, which lists the sentences of each article with gold labels"
            raise CannotRun(store.root / "coverage", "has no files", hint)
        with count_progress("counting labels", len(article_ids)) as progress:
            for article_id in count_items(article_ids, progress):
                path = store.coverage_path(article_id)
                old = store.read_file_if_present(path)
                if draft := drafts.get(article_id):
                    files.append(store.prepare_file(path, encode_coverage(draft), old))
                before = draft or store.read_coverage(article_id)
                annotation = store.read_annotation(GOLD, article_id)
                require_known_names(store.annotation_path(GOLD, article_id), annotation, inventory)
                after = update_coverage(before, annotation, inventory)
                if write and after != before:
                    files.append(store.prepare_file(path, encode_coverage(after), old))
                report.add(after, is_stale=after != before and not write)
        write_together(files)
    report.show()
    if report.is_open:
        ctx.exit(1)


class _Counts(NamedTuple):
    """Numbers of sentences: of all, of those with labels, with a reason, and with neither."""

    sentences: int = 0
    labelled: int = 0
    explained: int = 0
    open: int = 0

    def plus(self, other: "_Counts") -> "_Counts":
        return _Counts(*(left + right for left, right in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return (
            f"{count_noun(self.sentences, 'sentence')}, {self.labelled:,} with labels, "
            f"{self.explained:,} without and a reason, "
            f"{self.open:,} open"
        )


class _CoveredArticle(NamedTuple):
    """An article with the counts of its sentences."""

    coverage: "Coverage"
    counts: _Counts
    is_stale: bool

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.is_stale or self.counts.open > 0


class _Report:
    """What is shown: the totals of all articles, and the articles that are listed.

    Args:
        show_all: Whether all articles are listed, in their order. Otherwise, those of more than `MAX_SHOWN` are in
            memory only as numbers.
    """

    def __init__(self, show_all: bool) -> None:
        self._show_all, self._number, self._stale, self._counts = show_all, 0, 0, _Counts()
        self._first, self._first_open = list[_CoveredArticle](), list[_CoveredArticle]()

    @property
    def is_open(self) -> bool:
        """Whether something is left to do in some article."""
        return self._stale > 0 or self._counts.open > 0

    def add(self, coverage: "Coverage", *, is_stale: bool) -> None:
        """Count an article, and keep it if it may be listed."""
        empty = [sentence for sentence in coverage.sentences if not sentence.has]
        silent, every = sum(not sentence.reason for sentence in empty), len(coverage.sentences)
        counts = _Counts(every, every - len(empty), len(empty) - silent, silent)
        article = _CoveredArticle(coverage, counts, is_stale)
        self._number, self._stale, self._counts = self._number + 1, self._stale + is_stale, self._counts.plus(counts)
        if self._show_all or len(self._first) < MAX_SHOWN:
            self._first.append(article)
        if article.is_open and len(self._first_open) < MAX_SHOWN:
            self._first_open.append(article)

    def show(self) -> None:
        """Print the totals if they are not of one article or a few, then the articles."""
        if self._show_all or self._number <= MAX_SHOWN:
            shown = self._first
        else:
            shown = [*self._first_open, *(article for article in self._first if not article.is_open)][:MAX_SHOWN]
        rest = self._number - len(shown)
        if rest:
            stale = f"; counts of {count_noun(self._stale, 'article')} are stale" if self._stale else ""
            echo(f"{count_noun(self._number, 'article')}: {self._counts}{stale}")
        for article in shown:
            self._show_article(article)
        if rest:
            echo(describe_rest(rest, "article"))

    def _show_article(self, article: _CoveredArticle) -> None:
        stale = "; counts are stale, run with --write" if article.is_stale else ""
        echo(f"{article.coverage.article}: {article.counts}{stale}")
        lines = (
            TerminalText("  [{}, {}) {}\n    {}").format(
                sentence.start, sentence.end, sentence.text, sentence.reason or "no reason given"
            )
            for sentence in article.coverage.sentences
            if not sentence.has
        )
        echo_cut_lines(lines, "sentence", self._show_all, limit=MAX_SENTENCES)
