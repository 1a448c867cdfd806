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
@click.pass_context
def command(ctx: click.Context, corpus: str, schema: str, write: bool) -> None:
    """Show the gold labels of each sentence, or why it has none.

    coverage/<article>.json lists the sentences. `annotate check` proves that the list is complete.

    Exit code 0: every sentence has labels or a reason; 1: some have neither, or counts are stale; 2: could not run.

    \b
    annotate coverage
    annotate coverage --write
    """
    from annotate.annotation_files import require_known_names
    from annotate.corpus import Corpus, encode_coverage
    from annotate.coverage import update_coverage
    from annotate.errors import CannotRun
    from annotate.inventory import load_inventory
    from annotate.model import GOLD
    from annotate.util.files import FileToWrite, write_together
    from annotate.util.lock import writing_to

    store, open_, files = Corpus(corpus), 0, list[FileToWrite]()
    with writing_to(*([store.root] if write else [])):
        inventory, article_ids = load_inventory(schema), store.covered_ids()
        if not article_ids:
            hint = "list each article's sentences there (docs/formats.md)"
            raise CannotRun(store.root / "coverage", "has no files", hint)
        for article_id in article_ids:
            path = store.coverage_path(article_id)
            old = store.read_file_if_present(path)
            before = store.read_coverage(article_id)
            gold = store.read_annotation(GOLD, article_id)
            require_known_names(store.annotation_path(GOLD, article_id), gold, inventory)
            after = update_coverage(before, gold, inventory)
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
