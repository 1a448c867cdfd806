"""`annotate release report`: answer checklists for data sets from the corpus's files."""

from pathlib import Path

import click

import annotate
from annotate.cli.options import citation_option, corpus_argument, guidelines_option, out_option, schema_option
from annotate.cli.terminal import echo_lines, show_steps, write_output


@click.command("report")
@corpus_argument
@schema_option
@guidelines_option
@citation_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "md", "html")),
    default="text",
    show_default=True,
    help="Output format.",
)
@out_option
@click.option("--strict", is_flag=True, help="Exit with 1 if a question is open.")
@click.pass_context
def report(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    citation: str | None,
    format_: str,
    out: str | None,
    strict: bool,
) -> None:
    """Answer the questions that reviewers ask about a corpus, from its files.

    The questions are those of the responsible-NLP checklist of ACL Rolling Review, without A3 and part C, which are
    about the paper, and of "Datasheets for Datasets" (Gebru et al., 2021), in short. Answers come from statement.yaml,
    annotators.yaml, CITATION.cff, the articles, the gold labels and the guidelines, and name their file. The last
    section lists the gaps: what no file says.

    Exit code 0: written; 1: a question is open (with --strict); 2: could not run.

    \b
    annotate release report
    annotate release report --format md --out dist/checklists.md
    annotate release report --strict
    """
    from annotate.release.checklist_report import make_report, render_html, render_markdown, render_text, require_gold

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    require_gold(store)
    with show_steps() as progress:
        answered = make_report(store, inventory, Path(guidelines), citation, progress)
    if format_ == "html":
        text = render_html(answered)
    elif format_ == "md":
        text = render_markdown(answered)
    else:
        text = "\n".join(render_text(answered)) + "\n"
    if format_ == "text" and not out:
        echo_lines(render_text(answered))  # which escapes what a log would obey
    else:
        write_output(out, text)
    if strict and answered.gaps:
        ctx.exit(1)
