"""The settings of a pass: with the inventory and the guidelines, they say how its prompts are made."""

from typing import Annotated

import msgspec
from msgspec import Meta

from annotate.models.prompts import GUIDELINE_TOKENS, AnswerMode
from annotate.schemas import convert_value
from annotate.util.files import load_yaml

_HINT = "see docs/how-to/models.md for the settings of a pass"


class PassSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a pass, as a settings file and the record of a run have them.

    Attributes:
        answers: The form of the answers.
        guideline_tokens: The most tokens of the guidelines in a request.
        examples: Whether the examples of the guidelines are in it that are not from articles of the corpus.
        temperature: The chance in the answers; None leaves it to the endpoint.
        seed: The seed of the answers; None for none.
        max_tokens: The most tokens of an answer; None for the endpoint's own limit.
    """

    answers: AnswerMode = "json"
    guideline_tokens: Annotated[int, Meta(ge=0)] = GUIDELINE_TOKENS
    examples: bool = False
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = 0.0
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None


def load_settings(path: str) -> PassSettings:
    """Read the settings of a pass.

    Args:
        path: A YAML file; a setting that it does not name has its default.

    Raises:
        CannotRun: The file cannot be read, has an unknown setting, or a value that does not fit.
    """
    value = load_yaml(path, "name a settings file with --settings", within=None)
    return convert_value(path, {} if value is None else value, PassSettings, _HINT)
