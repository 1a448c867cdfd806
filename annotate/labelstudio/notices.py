"""What an annotator reads above an article: findings on their labels, or where several people's labels differ.

The labelling config shows the key `config.NOTICE` of a task's data as HTML. The page runs no script in it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from annotate.util.html import render


class NoticeVersion(NamedTuple):
    """What one of several people has at a place: whose it is, and what they have, in words."""

    name: str
    labels: str


class NoticeItem(NamedTuple):
    """One point of a notice.

    Attributes:
        words: The words of the article that it is about.
        message: What is to be looked at, for readers who are no programmers.
        guideline: The title of the guidelines' page on it, as the instructions show it; empty if there is none.
        versions: What several people have there; empty if it is about one.
    """

    words: str
    message: str
    guideline: str = ""
    versions: Sequence[NoticeVersion] = ()


def render_notice(title: str, items: Sequence[NoticeItem], note: str = "") -> str:
    """Return a notice as HTML, with every value escaped; the empty string if it has no items.

    Args:
        title: Its first line, which is shown when the notice is folded, too.
        items: Its points, in the order of the text.
        note: A last paragraph.
    """
    return render("labelstudio/notice.html", title=title, items=items, note=note) if items else ""
