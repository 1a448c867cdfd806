"""Any `.ann` file is read line by line."""

from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.formats import brat


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_each_line_is_one_item(lines: str) -> None:
    """No line keeps the others from being read, and each that is not empty is one item."""
    items = list(brat.parse(lines))
    assert len(items) == sum(bool(line.strip()) for line in lines.removeprefix("\ufeff").split("\n"))
