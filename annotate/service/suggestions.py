"""Suggestions while people label: the contract between what makes them and the service that shows them.

A suggester labels a whole article; an assistant adds to what an annotator has just marked. Both give annotations in the
terms of the inventory, with offsets in code points; the service alone knows Label Studio.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from annotate.inventory import Inventory
from annotate.labelstudio.tasks import prediction_name
from annotate.model import Annotation, Article


class MarkedRegions(NamedTuple):
    """What an annotator has on the screen.

    Attributes:
        drawn: All labels of the article as they are on the screen, the marked span among them.
        marked: The id of the span that was marked last.
    """

    drawn: Annotation
    marked: str


class Suggester(Protocol):
    """Labels whole articles, before or while people label them. Its methods are called in several threads."""

    @property
    def annotator(self) -> str:
        """The id of whoever made the labels, which `made_from` names in an annotation that began with them."""

    def version(self) -> str:
        """Return a short name that changes with everything that the labels depend on.

        Label Studio asks once for each, and waits a second for it.
        """

    def suggest(self, article: Article) -> Annotation | None:
        """Return labels for an article; None if there are none to suggest.

        Raises:
            CannotRun: The article cannot be labelled now.
        """


@runtime_checkable
class LearningSuggester(Protocol):
    """A suggester or an assistant that learns from what annotators submit."""

    def learn(self, annotations: Sequence[Annotation]) -> None:
        """Take annotations that were submitted or changed since the last call, one an annotator and article.

        It is called in one thread, at the beginning and after each poll that finds some; it may take its time.
        """


class Assistant(Protocol):
    """Adds spans and relations to what an annotator has just marked. It is called in several threads."""

    @property
    def annotator(self) -> str:
        """The id of whoever adds them, which `made_from` names in an annotation that has some of them."""

    def assist(self, article: Article, regions: MarkedRegions) -> Annotation:
        """Return the spans and relations to add, without those on the screen.

        A relation may join a new span to one on the screen, by its id. The service gives new spans ids of their own,
        and leaves out relations that the page cannot take.

        Raises:
            CannotRun: Nothing can be added now.
        """


def name_suggestions(suggester: Suggester, inventory: Inventory) -> str:
    """Return the name of the predictions of a suggester on the server.

    It begins with the annotator's id, by which a pull knows who made the labels that an annotator began with.
    """
    return f"{prediction_name(suggester.annotator, inventory.version)} {suggester.version()}"
