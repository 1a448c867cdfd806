"""`annotate add`: add articles to a corpus, or metadata to its articles."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from annotate.cli.options import all_option, corpus_option, language_option, schema_option, split_ids
from annotate.cli.terminal import (
    count_noun,
    count_progress,
    echo,
    echo_summarized,
    show_default_language,
    show_steps,
)
from annotate.util.escape import quote

if TYPE_CHECKING:
    from annotate.article_metadata import MetadataUpdate
    from annotate.ingest import Addition, Intake

ONE_ARTICLE = "One file, one article."


@click.command("add")
@click.argument("files", nargs=-1, type=click.Path())
@corpus_option
@schema_option
@click.option("--id", "id_", help="Id of the article (one file only).  [default: made from the file name]")
@click.option(
    "--cut",
    "cuts",
    multiple=True,
    metavar="ID=START:END",
    help="Cut an article out of a file with several (one file only; repeatable). Code points, half open.",
)
@click.option("--omitted", help="Reason why the text between the cuts is in no article.")
@click.option(
    "--boundaries", default=ONE_ARTICLE, show_default=True, help="Reason why the articles begin and end there."
)
@click.option("--title", help="Headline.")
@language_option
@click.option("--author", help="Author, if the text names one.")
@click.option("--publisher", help="Publisher, if known.")
@click.option("--date", help="Date of publication, as YYYY, YYYY-MM or YYYY-MM-DD, if known.")
@click.option("--rights", default="The text belongs to its publisher.", show_default=True, help="Who owns the text.")
@click.option(
    "--meta",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a field of metadata that the inventory declares; NAME= for none (repeatable).",
)
@click.option(
    "--table",
    type=click.Path(),
    help="Table with the metadata of the articles, a row for each: .csv, .tsv, .json or .jsonl.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Replace the source files of these names by corrected ones, and the texts of the articles cut from them.",
)
@click.option("--clear", metavar="FIELDS", help="Fields that an empty cell of --table clears, separated by commas.")
@all_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    corpus: str,
    schema: str,
    id_: str | None,
    cuts: tuple[str, ...],
    omitted: str | None,
    boundaries: str,
    assignments: tuple[str, ...],
    table: str | None,
    replace: bool,
    clear: str | None,
    show_all: bool,
    language: str | None,
    **details: Any,
) -> None:
    """Add FILES to a corpus as articles.

    Each file is kept byte for byte as a source. The article is its text with LF line ends in Unicode normal form C,
    with the range and the hash of the part of the source that it was cut from. If one file is refused, nothing is
    written. A file is refused for its content, or for an option that `annotate check` would not pass. If the command
    was interrupted, run it again: it adds what is missing.

    The inventory declares the fields for --meta, and columns of --table, in its section `metadata`. With --table, each
    article needs a row, which names it in a column `id` or `file`; a row takes precedence over the options. Without
    FILES, --table gives the articles of the corpus their metadata, and --meta gives a value to each that has a row. An
    empty cell changes nothing: --clear names the fields whose value it takes away, and --meta NAME= takes away the
    value of each article whose row gives none.

    With --replace, FILES are corrected versions of source files of the corpus, by their names. Each article keeps its
    id and metadata, and is cut where it was. `annotate studio push --reanchor` then moves the labels to the new text.

    Without --language, articles are in the language of the inventory, and the command says so.

    Each fault of the table is shown in one run, of more than 20 the first 20 and their number, and nothing is written.
    Of more than 20 articles, their number comes first, and the first 20 are listed unless --all is given.

    Exit code 0: added or changed; 1: a file was refused, or everything was in the corpus already; 2: could not run, as
    with a fault in --table or --meta.

    \b
    annotate add news/*.txt
    annotate add wire.txt --id raqqa-strike --title "Strike on Raqqa" --date 2017-06-10
    annotate add page.txt --cut one=0:1200 --cut two=1310:2600 --omitted "a list of links"
    annotate add news/*.txt --table metadata.csv
    annotate add --table metadata.csv
    annotate add --table metadata.csv --clear title,party
    annotate add corrected/wire.txt --replace
    """
    from annotate.article_metadata import (
        describe_intake,
        load_metadata,
        parse_assignments,
        require_rows_used,
        update_metadata,
    )
    from annotate.corpus import Corpus
    from annotate.ingest import ArticleRejected, Cut, Details, add_articles, cut_articles
    from annotate.inventory import INVENTORY_FILE, load_inventory
    from annotate.util.files import read_bytes

    if not files and table is None:
        raise click.UsageError("Missing argument 'FILES...'.")
    if clear is not None and table is None:
        raise click.UsageError("--clear goes with --table")
    if (len(files) > 1 and (id_ is not None or cuts)) or (id_ is not None and cuts):
        raise click.UsageError("--id and --cut go with one file, and not together")
    parsed = []
    for cut in cuts:
        match = re.fullmatch(r"([^=]+)=(\d{1,12}):(\d{1,12})", cut)
        if not match:
            raise click.UsageError(f"--cut {quote(cut)} is not ID=START:END")
        parsed.append(Cut(match[1], int(match[2]), int(match[3])))
    if replace:
        _require_files_alone(ctx)
        _replace_sources(ctx, corpus, files, show_all)
        return
    if not files:
        _require_table_alone(ctx)
    folder, file = Corpus(corpus), ""
    # A corpus can be begun without an inventory.
    is_declared = os.path.lexists(Path(schema) / INVENTORY_FILE) or assignments or table is not None
    inventory = load_inventory(schema) if is_declared else None
    fields = inventory.metadata if inventory else {}
    shared = parse_assignments(assignments, fields)
    article_details = Details(**details)
    if language is not None or inventory:
        default = inventory.language if inventory else ""
        article_details = article_details._replace(language=default if language is None else language)
    rows = load_metadata(Path(table), fields) if table is not None else None
    if rows:
        rows.reject_unknown_columns()
        rows.clear_empty(split_ids(clear or ""))

    def read_intakes() -> Iterator["Intake"]:
        nonlocal file
        for file in files:
            data = read_bytes(Path(file), "name a file that can be read", within=None)
            whole = [Cut(id_, 0, len(data.decode("utf-8", "replace")))] if id_ is not None else []
            intake = cut_articles(Path(file).name, data, parsed or whole, article_details, boundaries, omitted)
            if described := describe_intake(intake, file, shared, rows, inventory) if inventory else intake:
                yield described
        if rows:
            require_rows_used(rows, folder)

    try:
        if files:
            with show_steps() as progress:
                additions = add_articles(folder, read_intakes(), len(files), progress)
            is_new = _show_additions(additions, show_all)
            if is_new and language is None and not (rows and rows.has_everywhere("language")):
                show_default_language(article_details.language, inventory is not None)
        elif rows and inventory:
            with show_steps() as progress:
                update = update_metadata(folder, rows, inventory, shared, progress)
            is_new = _show_update(update, rows.path, show_all)
    except ArticleRejected as error:
        echo(f"{file or table}: {error}", err=True)
        ctx.exit(1)
    if not is_new:
        ctx.exit(1)


def _require_files_alone(ctx: click.Context) -> None:
    """Refuse options that say something of new articles, next to --replace."""
    for parameter in ctx.command.params:
        is_given = ctx.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        if is_given and parameter.name not in ("files", "corpus", "schema", "replace", "show_all"):
            raise click.UsageError(f"{parameter.opts[0]} does not go with --replace")


def _replace_sources(ctx: click.Context, corpus: str, files: tuple[str, ...], show_all: bool) -> None:
    """Replace source files one after the other, and show what became of their articles."""
    from annotate.corpus import Corpus
    from annotate.ingest import ArticleRejected
    from annotate.source_replacement import replace_source
    from annotate.util.files import read_bytes
    from annotate.util.progress import count_items

    folder, replaced, rejection = Corpus(corpus), list[tuple[str, bool]](), ""
    try:
        with count_progress("replacing sources", len(files)) as progress:
            for file in count_items(files, progress):
                data = read_bytes(Path(file), "name a file that can be read", within=None)
                of_file = replace_source(folder, Path(file).name, data)
                replaced += [(article.id, has_new_text) for article, has_new_text in of_file]
    except ArticleRejected as error:
        rejection = f"{file}: {error}"
    finally:  # each file is replaced on its own, so what was done before an error is shown
        corrected = sum(has_new_text for _, has_new_text in replaced)
        lines = [
            f"{article_id}: {'the text is corrected' if has_new_text else 'the text is the same'}"
            for article_id, has_new_text in replaced
        ]
        counts = f"{corrected:,} with a corrected text, {len(replaced) - corrected:,} with the same text"
        echo_summarized(f"{count_noun(len(replaced), 'article')}: {counts}", lines, "article", show_all)
    if rejection:
        echo(rejection, err=True)
        ctx.exit(1)
    if corrected:
        echo("next: `annotate studio push --reanchor` moves the labels to the new text")


def _require_table_alone(ctx: click.Context) -> None:
    """Refuse options that say something of new articles."""
    for parameter in ctx.command.params:
        is_given = ctx.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
        if is_given and parameter.name not in (
            "files",
            "corpus",
            "schema",
            "table",
            "assignments",
            "clear",
            "show_all",
        ):
            raise click.UsageError(f"{parameter.opts[0]} goes with FILES")


def _show_additions(additions: "list[Addition]", show_all: bool) -> bool:
    """Show what was added, and return whether anything was new."""
    articles = [(article, addition) for addition in additions for article in addition.intake.articles]
    lines = [
        f"{article.id}: {count_noun(len(article.text), 'character')} from {addition.intake.source.file}"
        f"{'' if addition.is_new else '; it was in the corpus already'}"
        for article, addition in articles
    ]
    added, characters = sum(addition.is_new for _, addition in articles), sum(len(each.text) for each, _ in articles)
    known = f", {len(articles) - added:,} in the corpus already" if added < len(articles) else ""
    summary = f"{count_noun(added, 'article')} added{known}: {count_noun(characters, 'character')}"
    echo_summarized(summary, lines, "article", show_all)
    if any(addition.is_new for addition in additions):
        return True
    echo("Nothing was added: everything was in the corpus already.", err=True)
    return False


def _show_update(update: "MetadataUpdate", table: Path, show_all: bool) -> bool:
    """Show which articles have other metadata, and return whether any has."""
    lines = [f"{article_id}: metadata changed" for article_id in update.changed]
    echo_summarized(f"{count_noun(len(lines), 'article')}: metadata changed", lines, "article", show_all)
    if update.without_row:
        echo(f"{count_noun(len(update.without_row), 'article')} without a row in {table}", err=True)
    if not update.changed:
        echo("Nothing was changed: the articles have these metadata already.", err=True)
    return bool(update.changed)
