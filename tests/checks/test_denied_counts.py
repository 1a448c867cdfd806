"""Rules of counts where an inventory tells denied ones: a denied number is claimed, and none is not a count."""

import pytest

from annotate.checks import check_annotation
from annotate.inventory import Inventory, load_inventory
from annotate.model import Annotation, AttributeValue, Span
from annotate.offsets import sha256
from tests.conftest import BASE, ROOT

SMALL = load_inventory(BASE / "schema")
DENYING = load_inventory(ROOT / "tests" / "invalid" / "P304-nobody-claims-it" / "schema")
EXACT: dict[str, AttributeValue] = {"wording": "exact", "least": 40, "most": 40}
DENIED: dict[str, AttributeValue] = {"truth": "denied"}


def find_codes(*loads: dict[str, AttributeValue], inventory: Inventory = DENYING) -> list[tuple[str, str]]:
    """The codes and the messages for loads with these attributes."""
    text = "sacks " * len(loads)
    annotation = Annotation(
        article="a",
        annotator="anna",
        process="single pass",
        made_from=(),
        inventory=inventory.version,
        text_sha256=sha256(text),
        spans=tuple(
            Span(id=f"s{index}", label="Load", start=6 * index, end=6 * index + 5, text="sacks", attributes=attributes)
            for index, attributes in enumerate(loads)
        ),
        relations=(),
    )
    return [(finding.code, finding.message) for finding in check_annotation(annotation, text, inventory)]


@pytest.mark.parametrize(
    "other",
    [
        EXACT,
        {"wording": "at least", "least": 40},
        {"wording": "at most", "most": 40, "truth": "there"},
        {"wording": "range", "least": 40, "most": 50, "truth": "supposed"},
    ],
)
def test_a_denied_number_may_be_claimed_in_any_wording(other: dict[str, AttributeValue]) -> None:
    assert find_codes(EXACT | DENIED, other) == []
    assert find_codes(other, EXACT | DENIED) == []


@pytest.mark.parametrize(
    "others", [[], [{"wording": "vague"}], [{"wording": "at least", "least": 12}], [EXACT | DENIED]]
)
def test_a_denied_number_that_nothing_claims_is_a_warning(others: list[dict[str, AttributeValue]]) -> None:
    findings = find_codes(EXACT | DENIED, *others)
    assert {code for code, _ in findings} == {"P304"}
    assert findings[0][1] == (
        "Load 'sacks' denies 40, which no other Load claims; label the claim, or mark this one as not denied"
    )


def test_denied_harm_without_a_count_needs_no_claim() -> None:
    assert find_codes(DENIED | {"wording": "vague"}) == []


@pytest.mark.parametrize("truth", [{}, {"truth": "there"}, DENIED])
def test_a_count_of_none_is_an_error(truth: dict[str, AttributeValue]) -> None:
    [(code, message)] = find_codes(truth | {"wording": "exact", "least": 0, "most": 0})
    assert (code, message) == ("P305", "Load 'sacks' counts 0; empty least and most, and set truth to denied")


def test_a_range_from_none_is_a_count() -> None:
    assert find_codes({"wording": "range", "least": 0, "most": 5}) == []


def test_without_denied_counts_in_the_inventory_none_is_a_count() -> None:
    assert find_codes({"wording": "exact", "least": 0, "most": 0}, inventory=SMALL) == []
