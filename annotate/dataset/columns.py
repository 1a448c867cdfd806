"""What each column of a record's table holds, in words, for the card."""

from collections.abc import Iterator

from annotate.dataset.features import Feature
from annotate.inventory import Inventory, RecordType

_FIXED = {
    "id": "article id, slash, span id; unique in the table",
    "article": "id of the article; joins with `id` of `articles`",
    "title": "title of the article, `None` where it has none",
    "span_id": "id of the anchor among the `spans` of its article",
    "text": "the anchor's words; the words of a span in pieces are joined by ` … `",
    "start": "where they start in the article's text, in Unicode code points",
    "end": "where they end, half open: `text[start:end]`",
    "pieces": "start and end of each piece; one, unless the span is interrupted",
    "paragraph": "the paragraph in which the anchor stands, and its place in the article",
    "annotator": "who labelled it, by pseudonym",
    "process": "labelled once (single pass), or settled from several annotators' labels (adjudicated)",
}


def described(inventory: Inventory, record: RecordType, features: Feature) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each column of a record's table."""
    for name, feature in features.items():
        if name in record.roles:
            yield name, type_name(feature), _role(inventory, record, name)
        elif name in _FIXED:
            yield name, type_name(feature), _FIXED[name]
        else:
            yield name, type_name(feature), inventory.attributes[name].definition


def _role(inventory: Inventory, record: RecordType, name: str) -> str:
    role = record.roles[name]
    meaning = inventory.relations[role.relation].definition
    if role.enclosing:
        around = role.enclosing
        meaning += (
            f" Where there is no such relation: the `{around.take}` of the `{around.record}` whose `{around.within}`"
            " holds the anchor, nearest first; `distance` is 0 for the relation, 1 for the nearest, and so on."
        )
    return meaning


def type_name(feature: Feature) -> str:
    """The type of a column, short enough for a table."""
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "ClassLabel":
        return f"ClassLabel ({len(feature['names'])})"
    if kind == "List":
        return f"List of {type_name(feature['feature'])}"
    return "struct"
