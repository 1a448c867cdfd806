"""What a finding on labels asks of who labels, person or model: the advice of its rule, with the names filled in."""

from collections.abc import Mapping, Sequence

from annotate.findings import Finding
from annotate.inventory import Inventory
from annotate.model import Span

_SEVERAL = {"value": " and ", "stated": " and "}
"""How a list is joined; those of names are joined by "or"."""


def describe_advice(finding: Finding, span: Span | None, inventory: Inventory, *, is_on_screen: bool) -> str:
    """Return what is wrong and what to do, in words for who labelled.

    Args:
        finding: The finding.
        span: The span that it is on; None if it is about the whole annotation.
        inventory: Names labels, relations, attributes and values.
        is_on_screen: Whether these have the names that the labelling screen shows, or those of the inventory.

    Returns:
        The advice of the rule (`annotate.findings.Rule`); the message of the finding if the rule has none.
    """
    names = _Names(inventory, is_on_screen)
    return finding.advice.format_map(_name_details(finding, span, names)) or finding.message


class _Names:
    """How an advice names the parts of an inventory."""

    def __init__(self, inventory: Inventory, is_on_screen: bool) -> None:
        self.inventory, self.is_on_screen = inventory, is_on_screen

    def show(self, key: str, detail: str | Sequence[str] | Mapping[str, Sequence[str]]) -> str:
        """Return a detail, by the name of its placeholder."""
        if isinstance(detail, Mapping):
            return " and ".join(self._show_values(name, values) for name, values in detail.items())
        names = [detail] if isinstance(detail, str) else detail
        return _SEVERAL.get(key, " or ").join(self._show_name(key, name) for name in names)

    def show_value(self, attribute: str, value: str) -> str:
        """Return a value of an attribute."""
        known = self.inventory.attributes.get(attribute)
        return known.display_value(value) if known and self.is_on_screen else value

    def _show_values(self, name: str, values: Sequence[str]) -> str:
        """Return an attribute and the values that it should have one of."""
        shown = " or ".join(f"‘{self.show_value(name, value)}’" for value in values)
        return f"‘{self._show_name('attribute', name)}’ to {shown}"

    def _show_name(self, key: str, name: str) -> str:
        if not self.is_on_screen:
            return name
        inventory = self.inventory
        if key in ("label", "labels", "other_label"):
            return inventory.spans[name].display_name if name in inventory.spans else name
        if key in ("relation", "relations"):
            return inventory.relations[name].display_name if name in inventory.relations else name
        if key in ("attribute", "minimum", "maximum", "wording"):
            return inventory.attributes[name].display_name if name in inventory.attributes else name
        return name


def _name_details(finding: Finding, span: Span | None, names: _Names) -> dict[str, str]:
    """Return what each placeholder of an advice stands for."""
    label, inventory = span.label if span else "", names.inventory
    details: dict[str, str | Sequence[str] | Mapping[str, Sequence[str]]] = {"label": label, **finding.details}
    if span and details.get("attribute") == "attributes" and "attributes" not in inventory.attributes:
        details["attribute"] = _missing_attributes(span, inventory)  # all of them are missing
    wording = str(details.get("wording"))
    if wording in inventory.attributes and isinstance(answer := details.get("answer"), str):
        details["answer"] = names.show_value(wording, answer)
    return {key: names.show(key, value) for key, value in details.items()}


def _missing_attributes(span: Span, inventory: Inventory) -> list[str]:
    attributes = inventory.attributes_of(span.label) if span.label in inventory.spans else []
    return [attribute.name for attribute in attributes if attribute.required and attribute.name not in span.attributes]
