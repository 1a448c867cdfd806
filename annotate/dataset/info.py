"""`dataset_info` in the card's YAML: features, rows and sizes, in the form in which the Hub and `datasets` read it."""

from typing import Any

from annotate.dataset.facts import Facts, loadable
from annotate.dataset.features import Feature

Yaml = dict[str, Any]


def dataset_info(facts: Facts) -> list[Yaml]:
    """One entry a table that can be loaded. Sizes are bytes: to download, and of the columns before compression."""
    return [
        {
            "config_name": config,
            "features": _columns(facts.configs[config]),
            "splits": [
                {"name": table.split, "num_bytes": table.uncompressed, "num_examples": table.rows} for table in tables
            ],
            "download_size": sum(table.bytes for table in tables),
            "dataset_size": sum(table.uncompressed for table in tables),
        }
        for config, tables in loadable(facts).items()
    ]


def _columns(struct: Feature) -> list[Yaml]:
    return [{"name": name, **_typed(feature)} for name, feature in struct.items()]


def _typed(feature: Feature) -> Yaml:
    """A column's type. A list names its items' columns, or the bare type of items that have nothing else to them."""
    kind = feature.get("_type")
    if kind == "Value":
        return {"dtype": feature["dtype"]}
    if kind == "ClassLabel":
        return {"dtype": {"class_label": {"names": {str(place): name for place, name in enumerate(feature["names"])}}}}
    if kind == "List":
        item = _typed(feature["feature"])
        return {"list": next(iter(item.values())) if list(item) in (["dtype"], ["struct"]) else item}
    return {"struct": _columns(feature)}
