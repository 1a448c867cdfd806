"""The price table that the user gives: what a million tokens of a model cost."""

import math

import msgspec

from annotate.errors import CannotRun
from annotate.models.chat import TokenUsage
from annotate.schemas import convert_value
from annotate.util.escape import quote
from annotate.util.files import load_yaml
from annotate.util.suggestions import suggest

_MILLION = 1_000_000
_HINT = "see `--prices` in `annotate prelabel --help`"


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a million tokens cost.

    Attributes:
        input: Tokens of a request.
        output: Tokens of an answer.
        cached: Tokens of a request that the endpoint had from an earlier one; None if they cost as much as others.
    """

    input: float
    output: float
    cached: float | None = None

    def cost(self, usage: TokenUsage) -> float:
        """Return the price of a request and its answer."""
        cached = self.input if self.cached is None else self.cached
        fresh = usage.input - usage.cached
        return (fresh * self.input + usage.cached * cached + usage.output * self.output) / _MILLION


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of models in one currency; each is read apart, so that an error names the model."""

    currency: str
    models: dict[str, object]


def load_price(path: str, model: str) -> tuple[Price, str]:
    """Return the price of a model, and its currency.

    Args:
        path: A YAML file: `currency`, and `models` with `input`, `output` and `cached` for each.
        model: The name of the model.

    Raises:
        CannotRun: The file cannot be read, is no price table, or lacks the model.
    """
    value = load_yaml(path, "name a price table with --prices", within=None)
    table = convert_value(path, value, PriceTable, _HINT)
    if not table.currency.strip() or len(table.currency) > 20:
        raise CannotRun(path, "currency: is not the name of a currency", "write one such as USD")
    prices = dict[str, Price]()
    for name, value in table.models.items():
        where = f"{path}: the price of {quote(name)}"
        prices[name] = price = convert_value(where, value, Price, _HINT)
        if not all(math.isfinite(part) and part >= 0 for part in (price.input, price.output, price.cached or 0)):
            raise CannotRun(where, "is negative or infinite", "write what a million tokens cost")
    if model not in prices:
        problem = f"has no price of the model {quote(model)}{suggest(model, prices)}"
        raise CannotRun(path, problem, "add it")
    return prices[model], table.currency
