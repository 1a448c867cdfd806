"""Render a difference as the comment on a pull request: Markdown that fits into one, without notifications."""

from collections.abc import Iterator, Sequence

from annotate.comparison.compare import Comparison
from annotate.comparison.render_markdown import render_markdown
from annotate.offsets import sha256
from annotate.util.escape import mute_references
from annotate.util.tables import Table

MAX_COMMENT = 60_000
"""Characters of a comment. GitHub takes 65,536."""


def make_comment_mark(corpus: str) -> str:
    """Return the first line of the comments about a corpus. A workflow finds its own comment by it, and replaces it.

    Args:
        corpus: The path of the corpus in the repository, which may have several.
    """
    # A path could end the comment of HTML.
    return f"<!-- annotate diff {sha256(corpus)[:16]} -->"


def render_comment(
    comparison: Comparison, mark: str, more: Sequence[Table] = (), most: int = MAX_COMMENT
) -> Iterator[str]:
    """Compare two versions and yield the difference as the comment on a pull request, in parts.

    The summary comes first, with the version that is needed. After `most` characters, the other lines are counted.

    Args:
        comparison: The two versions.
        mark: The first line, from `make_comment_mark`.
        more: Further tables, shown last.
        most: The length of the comment, in characters, without the line that says how many lines are left out.
    """
    yield f"{mark}\n"
    length, hidden = len(mark) + 1, 0
    for part in render_markdown(comparison, more):
        for line in mute_references(part).splitlines(keepends=True):
            length += len(line)
            if length <= most:
                yield line
            elif line.strip():
                hidden += 1
    if hidden:
        yield f"\n… {hidden:,} more lines; `annotate diff --format md` shows all.\n"
