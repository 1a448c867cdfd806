"""`annotate coverage`: show the gold labels of each sentence."""

import click

from annotate.cli.options import corpus_argument, schema_option
from annotate.cli.terminal import echo


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
@click.pass_context
def command(ctx: click.Context, corpus: str, schema: str, write: bool, init: bool, reason: str | None) -> None:
    """Show the gold labels of each sentence, or why it has none.

    coverage/<article>.json lists the sentences. `annotate check` proves that the list is complete. --init splits the
    articles into sentences (docs/formats.md#coverage). Correct the files where it splits wrongly, and write the reason
    of each sentence without labels into `reason`; --write counts again.

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

    if reason is not None and (not init or not reason.strip() or not reason.isprintable()):
        problem = "has no words, or some that cannot be printed" if init else "goes with --init"
        raise CannotRun("--reason", problem, "write one line, together with --init")
    store, open_, files = Corpus(corpus), 0, list[FileToWrite]()
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
        for article_id in article_ids:
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
            stale = after != before and not write
            empty = [sentence for sentence in after.sentences if not sentence.has]
            silent = [sentence for sentence in empty if not sentence.reason]
            echo(
                f"{article_id}: {len(after.sentences)} sentences, {len(after.sentences) - len(empty)} with labels, "
                f"{len(empty) - len(silent)} without and a reason, {len(silent)} open"
                f"{'; counts are stale, run with --write' if stale else ''}"
            )
            for sentence in empty:
                echo(f"  [{sentence.start}, {sentence.end}) {sentence.text}")
                echo(f"    {sentence.reason or 'no reason given'}")
            open_ += len(silent) + stale
        write_together(files)
    if open_:
        ctx.exit(1)
