"""A language model as suggester: the prompts, the ledger and the limits of `annotate prelabel --model`."""

import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock

import msgspec

from annotate.model import Annotation, Article
from annotate.models.article_queue import label_articles
from annotate.models.budget import BudgetReached
from annotate.models.chat_client import ChatClient
from annotate.models.labelling import LabellingMethod
from annotate.models.ledger import open_ledger
from annotate.models.session import ModelSession
from annotate.service.suggesters import LONGEST_VERSION

RECOVERY = 30.0
"""Seconds after which an endpoint that answered nothing is asked again."""


class ModelSuggester:
    """Suggests what a model labels.

    Args:
        open_session: Begins to ask the model; called again after an endpoint answered nothing for a while.
        client: The client of the sessions.
        method: How articles are labelled.
        annotator: The pseudonym of the model.
        concurrency: The number of requests about an article that are in flight at once.
    """

    def __init__(
        self,
        open_session: Callable[[], ModelSession],
        client: ChatClient,
        method: LabellingMethod,
        annotator: str,
        concurrency: int,
    ) -> None:
        self._open_session, self._client, self._method = open_session, client, method
        self._annotator, self._concurrency = annotator, concurrency
        self._session, self._guard, self._closed_since = open_session(), Lock(), 0.0
        description = method.describe()
        parts = [client.model, client.parameters, description]
        self._version = sha256(msgspec.json.encode(parts)).hexdigest()[:LONGEST_VERSION]

    @property
    def annotator(self) -> str:
        """The pseudonym of the model."""
        return self._annotator

    def version(self) -> str:
        """Return the hash of model, parameters and prompt."""
        return self._version

    def suggest(self, article: Article) -> Annotation | None:
        """Return what the model labels. Answers that are kept are not asked for again.

        Raises:
            CannotRun: A request is not answered, or the limits of the run are reached.
        """
        client, session = self._client, self._current_session()
        # Only while an article is labelled: between, `prelabel` may use the answers of the model.
        with open_ledger(client.endpoint, client.model, client.parameters):
            (outcome,) = label_articles([article], self._method, session.ask, client.stop, self._concurrency)
        if outcome.error is not None:
            raise outcome.error
        if outcome.labelled is None:
            return None
        return msgspec.structs.replace(outcome.labelled.annotation, annotator=self._annotator)

    def _current_session(self) -> ModelSession:
        """Return the session, a new one if the endpoint has had time to recover."""
        with self._guard:
            closed = self._session.closed
            if closed is None or isinstance(closed, BudgetReached):
                self._closed_since = 0.0
            elif not self._closed_since:
                self._closed_since = time.monotonic()
            elif time.monotonic() - self._closed_since > RECOVERY:
                self._session, self._closed_since = self._open_session(), 0.0
            return self._session
