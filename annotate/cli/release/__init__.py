"""`annotate release`: plan a version, check it, cut it, verify a download. One file a command."""

import click

from annotate.cli.lazy_group import Entry, LazyGroup

SECTIONS = {
    "Commands": {
        "plan": Entry(
            "annotate.cli.release.plan:plan",
            "Compute the smallest version that the changes since the last release allow.",
        ),
        "check": Entry("annotate.cli.release.check:check", "Check whether the corpus may be released as VERSION."),
        "cut": Entry("annotate.cli.release.cut:cut", "Release the corpus as VERSION."),
        "verify": Entry(
            "annotate.cli.release.verify:verify",
            "Check every file, table and source of a downloaded release, with or without text, by its hash.",
        ),
        "page": Entry(
            "annotate.cli.release.page:page",
            "Show the gold labels of a corpus on one HTML page, for a browser or for print.",
        ),
        "report": Entry(
            "annotate.cli.release.report:report",
            "Answer the questions that reviewers ask about a corpus, from its files.",
        ),
    },
}


@click.group("release", cls=LazyGroup, sections=SECTIONS)
def command() -> None:
    """Release a corpus: plan its version, check it and cut it. Verify a downloaded release.

    \b
    annotate release plan
    annotate release cut 0.1.0
    annotate release verify dist/release/0.1.0
    """
