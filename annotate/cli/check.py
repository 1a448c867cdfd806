"""`annotate check`: print all findings on a corpus."""

from pathlib import Path

import click

import annotate
from annotate.cli.findings_output import FORMATS, show_findings
from annotate.cli.options import (
    FilesCommand,
    all_option,
    corpus_argument,
    guidelines_option,
    schema_option,
    workers_option,
)
from annotate.cli.terminal import count_noun, count_progress, echo


@click.command("check", cls=FilesCommand)
@corpus_argument
@schema_option
@guidelines_option
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Output format."
)
@all_option
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option(
    "--annotator",
    "annotators",
    multiple=True,
    metavar="ID",
    help="Annotator whose errors are errors, not warnings; repeatable.",
)
@click.option(
    "--article", "articles", multiple=True, metavar="ID", help="Changed article, or pattern of ids; repeatable."
)
@click.option(
    "--files",
    multiple=True,
    type=click.Path(),
    metavar="FILE...",
    help="Changed files; all words up to the next option are files.",
)
@click.option("--no-cache", is_flag=True, help="Check unchanged files, too, as if for the first time.")
@workers_option
@click.option("--fix", is_flag=True, help="Repair what is safe to repair: canonical form, white space at span ends.")
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    schema: str,
    guidelines: str,
    format_: str,
    show_all: bool,
    strict: bool,
    annotators: tuple[str, ...],
    articles: tuple[str, ...],
    files: tuple[str, ...],
    no_cache: bool,
    fix: bool,
    workers: int | None,
) -> None:
    """Check every file of a corpus, then the corpus as a whole.

    As text, findings on one unknown name are one line, and of each code the first 20 findings are printed, unless --all
    is given; the other formats have all. Those that corpus/waivers.yaml waives are counted, with the reason
    (docs/how-to/waivers.md).

    Errors in the labels of a single annotator are warnings, unless they cannot be waived. With --annotator, those of
    that annotator are errors. Those in gold always are.

    With --article or --files, only the changed articles are checked, and of the others what their change can affect
    (docs/how-to/check-a-change.md). A changed inventory, guideline or annotators.yaml affects all. What is known of
    unchanged files is kept in the user's cache directory.

    Exit code 0: no errors (with --strict, no warnings either); 1: errors (with --strict, warnings, too), or --fix left
    a file alone that was changed meanwhile; 2: could not run.

    \b
    annotate check
    annotate check my-corpus --schema my-schema --strict
    annotate check --annotator anna
    annotate check --article raqqa-2017
    annotate check --files corpus/articles/raqqa-2017.txt corpus/annotations/gold/raqqa-2017.json
    annotate check --format sarif > findings.sarif
    """
    from annotate.checks import CATALOGUE, fixes
    from annotate.findings import Finding
    from annotate.util.lock import writing_to

    inventory, store = annotate.load_inventory(schema), annotate.Corpus(corpus)
    left_alone, waived = list[str](), list[Finding]()

    def check() -> list[Finding]:
        waived.clear()
        with count_progress("checking", article_count) as progress:
            return annotate.check(
                store,
                inventory,
                workers=workers,
                progress=progress,
                folders=(guidelines,),
                handle_waived=waived.append,
                annotators=annotators,
                articles=articles,
                files=files,
                use_cache=not (no_cache or fix),
            )

    with writing_to(*([store.root] if fix else [])):
        article_count = len(store.article_ids())
        findings = check()
        if fix and any(finding.fix for finding in findings):
            fixed, left_alone = fixes.apply_fixes(store, findings)
            for file in fixed:
                echo(f"fixed {Path(corpus) / file}", err=True)
            for file in left_alone:
                problem = "was changed by another program while it was checked, and was left alone; check it again"
                echo(f"{Path(corpus) / file}: {problem}", err=True)
            findings = check()
    annotation_count = sum(len(store.annotated_ids(annotation_set)) for annotation_set in store.annotation_sets())
    counts = f"{count_noun(article_count, 'article')}, {count_noun(annotation_count, 'annotation')}"
    part = "the change of " if articles or files else ""
    subject = f"{part}{corpus} ({counts}, {len(CATALOGUE)} rules)"
    show_findings(findings, format_, store.root, CATALOGUE, subject, waived=waived, show_all=show_all)
    if left_alone or any(strict or finding.severity == "error" for finding in findings):
        ctx.exit(1)
