"""What labels an article with a model: the contract between the labeller of an article and the run over a corpus."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from annotate.findings import Finding
from annotate.model import Annotation, Article
from annotate.models.chat import ChatAnswer, ChatRequest


class LabelRequest(NamedTuple):
    """A request about an article.

    Attributes:
        key: Names the request among those of the article, such as `paragraph 3`, `link`, `repair 1 of paragraph 3`.
        chat: What is asked.
        is_correction: Whether it sends an answer back with what is wrong.
    """

    key: str
    chat: ChatRequest
    is_correction: bool = False


class QuarantinedAnswer(NamedTuple):
    """A part of an answer that could not be taken.

    Attributes:
        code: The code of the rule that it breaks.
        request: The key of its request.
        reason: Why, in words.
        raw: The part as the model wrote it.
    """

    code: str
    request: str
    reason: str
    raw: str


class LabelledArticle(NamedTuple):
    """What a model made of an article.

    Attributes:
        annotation: The labels that were taken; those of the checks' errors that repair did not mend are not among them.
        quarantined: What was not taken.
        findings: Findings of the checks on the labels that were taken, and findings on answers (refused, empty, cut).
        aligned: The number of quotes by how they differ from the text; see `quotes.Difference`.
        repaired: The number of findings that a repair pass removed.
    """

    annotation: Annotation
    quarantined: list[QuarantinedAnswer]
    findings: list[Finding]
    aligned: dict[str, int]
    repaired: int


class ArticleLabeller(Protocol):
    """Labels one article: asks, takes the answers, asks again, until there is nothing more to ask."""

    def next_requests(self) -> Sequence[LabelRequest]:
        """Return the requests that can be sent now, in any order; none if the article is done."""

    def take(self, request: LabelRequest, answer: ChatAnswer) -> None:
        """Take the answer to a request."""

    def result(self) -> LabelledArticle:
        """Return what was made of the article."""


class LabellingDescription(NamedTuple):
    """What a run tells of how articles are labelled, so that it can be repeated.

    Attributes:
        mode: The form of the answers, such as `json` or `tags`.
        prompt_sha256: The hash of what is the same in all requests.
        schema_sha256: The hash of the JSON Schema of the answers; empty if there is none.
        guidelines: The version of the guidelines, or the hash of what was used of them; empty without guidelines.
        left_out: What the token budget left out of the prompt, in words.
    """

    mode: str
    prompt_sha256: str
    schema_sha256: str = ""
    guidelines: str = ""
    left_out: tuple[str, ...] = ()


class LabellingMethod(Protocol):
    """How the articles of a run are labelled: prompts from one inventory and its guidelines."""

    def describe(self) -> LabellingDescription:
        """Return what a run tells of the method."""

    def plan_article(self, article: Article) -> Sequence[LabelRequest]:
        """Return the requests about an article that are known before any answer."""

    def label_article(self, article: Article) -> ArticleLabeller:
        """Return what labels an article."""
