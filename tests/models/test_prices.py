"""Prices and limits."""

from pathlib import Path

import pytest

from annotate.errors import CannotRun
from annotate.models.budget import Budget, BudgetReached, TokenTotals
from annotate.models.chat import ChatAnswer, TokenUsage
from annotate.models.prices import Price, load_price
from annotate.models.token_estimate import estimate_request, estimate_tokens
from tests.models.first_word import make_request

TABLE = "currency: EUR\nmodels:\n  m: {input: 1, output: 4.5, cached: 0.1}\n  n: {input: 2, output: 3}\n"


def test_a_price_has_three_parts(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(TABLE)
    price, currency = load_price(str(file), "m")
    assert currency == "EUR"
    assert price.cost(TokenUsage(2_000_000, 1_000_000, 1_000_000)) == pytest.approx(1 + 0.1 + 4.5)
    assert load_price(str(file), "n")[0].cost(TokenUsage(1_000_000, 0, 500_000)) == pytest.approx(2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  m:",
            "  mm:",
            "has no price of the model 'm'",
        ),
        ("input: 1", "input: -1", "the price of 'm': is negative"),
        ("input: 1", "input: .inf", "prices.yaml"),
        ("input: 1", "input: free", "prices.yaml: the price of 'm': input: "),
        ("input: 1", "inputs: 1", "prices.yaml: the price of 'm': "),
        ("currency: EUR", "currency: ''", "currency: is not the name of a currency"),
        ("currency: EUR", "currency: EUR\ncurrency: USD", "line 2"),
        ("models:", "models: [", "line "),
    ],
)
def test_a_wrong_table_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(CannotRun, match=message):
        load_price(str(file), "m")


def test_tokens_are_estimated_by_bytes() -> None:
    assert estimate_tokens("Anna works at the quay.") == 7
    assert estimate_tokens("地点") == 2
    words = estimate_tokens("Repeat the first word as JSON.") + 8
    assert estimate_request(make_request("", schema=None)) == words
    assert estimate_request(make_request("", schema={"type": "object"})) == words + estimate_tokens('{"type":"object"}')


def test_totals_keep_counts_and_estimates_apart() -> None:
    totals, price = TokenTotals(), Price(input=1_000_000, output=2_000_000)
    request = make_request("Anna works.")
    totals.add(request, ChatAnswer(text="x" * 35, finish_reason="stop", format="text"), price)
    totals.add(request, ChatAnswer(text="x", finish_reason="stop", format="text", usage=TokenUsage(100, 10, 60)), price)
    estimated = estimate_request(request)
    assert totals == TokenTotals(
        answers=2,
        input=100,
        output=10,
        cached=60,
        without_usage=1,
        estimated_input=estimated,
        estimated_output=10,
        cost=estimated + 20 + 120,
    )


def test_a_request_in_flight_is_reckoned_with() -> None:
    request = make_request("Anna works.", max_tokens=100)
    price = Price(input=0, output=1_000_000)
    budget = Budget(max_cost=250, price=price)
    with (
        budget.reserve(request),
        budget.reserve(request),
        pytest.raises(BudgetReached, match=r"--max-cost: reached: 0\.0000 spent, .* may cost 100\.0000"),
    ):
        budget.reserve(request).__enter__()
    budget.add(request, ChatAnswer(text="", finish_reason="stop", format="text", usage=TokenUsage(0, 200)))
    with pytest.raises(BudgetReached, match=r"200\.0000 spent"):
        budget.reserve(request).__enter__()
    with budget.reserve(make_request("Anna works.", max_tokens=50)):
        pass
