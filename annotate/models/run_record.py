"""The record of a run, which lies next to its labels: what made them, and what it took. It does not name the endpoint.

Labels and record may be read by strangers, and a record may come from one: it has only the fields below.
"""

import msgspec

from annotate.models.budget import TokenTotals
from annotate.models.chat_client import ModelParameters
from annotate.models.pass_settings import PassSettings

RUN_FORMAT = "annotate model run 1"
LEFT_OUT_REASONS = ("limit reached", "requests failed")
"""Why an article of a run can have no labels."""


class LeftOutArticle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article without labels, and why: a limit was reached, or its requests failed."""

    article: str
    reason: str


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model made the labels of a folder.

    Attributes:
        format: `RUN_FORMAT`.
        toolkit: The version of this toolkit.
        annotator: The pseudonym of the labels.
        model: The model that was asked for.
        answered: The models that answered, as the endpoint names them.
        mode: The form of the answers, such as `json` or `tags`.
        prompt_sha256: The hash of what is the same in all requests.
        schema_sha256: The hash of the JSON Schema of the answers; empty if there is none.
        inventory: The version of the inventory.
        inventory_sha256: The hash of `labels.yaml`.
        guidelines: The version of the guidelines, or the hash of what was used of them.
        prompt_left_out: What the token budget left out of the prompt.
        parameters: What else the model was told.
        settings: The settings of the pass, as a settings file has them; None in records of earlier versions.
        formats: The number of answers by how the endpoint was asked to shape them.
        started: When the first of the answers came, in UTC; when the run began if that is not known.
        ended: When the last of the answers came; when the run ended if that is not known.
        requests: The number of requests that the last command sent, repeated ones included.
        sent: The answers that it sent for.
        reused: The answers that were kept from earlier.
        corrections: Those of both that correct an answer: what the repair passes cost.
        currency: The currency of the costs; empty without a price table.
        articles: The number of articles with labels.
        left_out: The articles without labels.
        spans: The number of spans.
        relations: The number of relations.
        aligned: The number of quotes by how they differ from the text.
        repaired: The number of findings that a repair pass removed.
        findings: The number of findings by code.
        quarantined: The number of parts of answers that were not taken, by code.
    """

    format: str = RUN_FORMAT
    toolkit: str
    annotator: str
    model: str
    answered: tuple[str, ...]
    mode: str
    prompt_sha256: str
    schema_sha256: str
    inventory: str
    inventory_sha256: str
    guidelines: str
    prompt_left_out: tuple[str, ...]
    parameters: ModelParameters
    formats: dict[str, int]
    started: str
    ended: str
    requests: int
    sent: TokenTotals
    reused: TokenTotals
    corrections: TokenTotals
    currency: str
    articles: int
    left_out: tuple[LeftOutArticle, ...]
    spans: int
    relations: int
    aligned: dict[str, int]
    repaired: int
    findings: dict[str, int]
    quarantined: dict[str, int]
    settings: PassSettings | None = None


class LocalRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the user's own data directory remembers it: with the endpoint.

    Attributes:
        endpoint: The address.
        model: The model that was asked for.
        started: When the run began, in UTC.
        ended: When it ended.
        requests: The number of requests that were sent.
        sent: The answers that were sent for.
        reused: The answers of earlier runs.
        currency: The currency of the costs.
        ignored: The number of kept answers that could not be used.
        outcome: How it ended: `complete`, `partial`, or `stopped`.
    """

    endpoint: str
    model: str
    started: str
    ended: str
    requests: int
    sent: TokenTotals
    reused: TokenTotals
    currency: str
    ignored: int
    outcome: str
