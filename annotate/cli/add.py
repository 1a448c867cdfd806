"""`annotate add`: add articles to a corpus."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from annotate.cli.options import corpus_option
from annotate.cli.terminal import echo

ONE_ARTICLE = "One file, one article."


@click.command("add")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@corpus_option
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
@click.option("--language", default="en", show_default=True, help="Language, as in BCP 47.")
@click.option("--author", help="Author, if the text names one.")
@click.option("--publisher", help="Publisher, if known.")
@click.option("--date", help="Date of publication, as YYYY-MM-DD, if known.")
@click.option("--rights", default="The text belongs to its publisher.", show_default=True, help="Who owns the text.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    corpus: str,
    id_: str | None,
    cuts: tuple[str, ...],
    omitted: str | None,
    boundaries: str,
    **details: Any,
) -> None:
    """Add FILES to a corpus as articles.

    Each file is kept byte for byte as a source. The article is its text with LF line ends in Unicode normal form C,
    with the range and the hash of the part of the source that it was cut from. If one file is refused, nothing is
    written. A file is refused for its content, or for an option that `annotate check` would not pass. If the command
    was interrupted, run it again: it adds what is missing.

    Exit code 0: added; 1: refused, or everything was in the corpus already; 2: could not run.

    \b
    annotate add news/*.txt
    annotate add wire.txt --id raqqa-strike --title "Strike on Raqqa" --date 2017-06-10
    annotate add page.txt --cut one=0:1200 --cut two=1310:2600 --omitted "a list of links"
    """
    from annotate.cli.terminal import count_noun
    from annotate.corpus import Corpus
    from annotate.ingest import ArticleRejected, Cut, Details, Intake, add_articles, cut_articles
    from annotate.util.files import read_bytes

    if (len(files) > 1 and (id_ is not None or cuts)) or (id_ is not None and cuts):
        raise click.UsageError("--id and --cut go with one file, and not together")
    parsed = []
    for cut in cuts:
        match = re.fullmatch(r"([^=]+)=(\d{1,12}):(\d{1,12})", cut)
        if not match:
            raise click.UsageError(f"--cut {cut!r} is not ID=START:END")
        parsed.append(Cut(match[1], int(match[2]), int(match[3])))
    folder, file = Corpus(corpus), ""

    def read_intakes() -> Iterator[Intake]:
        nonlocal file
        for file in files:
            data = read_bytes(Path(file), "name a file that can be read", within=None)
            whole = [Cut(id_, 0, len(data.decode("utf-8", "replace")))] if id_ is not None else []
            yield cut_articles(Path(file).name, data, parsed or whole, Details(**details), boundaries, omitted)

    try:
        additions = add_articles(folder, read_intakes())
    except ArticleRejected as error:
        echo(f"{file}: {error}", err=True)
        ctx.exit(1)
    for intake, is_new in additions:
        for article in intake.articles:
            counts = count_noun(len(article.text), "character")
            note = "" if is_new else "; it was in the corpus already"
            echo(f"{article.id}: {counts} from {intake.source.file}{note}")
    if not any(addition.is_new for addition in additions):
        echo("Nothing was added: everything was in the corpus already.", err=True)
        ctx.exit(1)
