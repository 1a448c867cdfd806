"""The dataset's card: README.md with the YAML that the Hugging Face Hub reads, all of it computed.

`dataset_info` in the card's YAML: features, rows and sizes, in the form in which the Hub and `datasets` read it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from annotate.dataset import card_sections
from annotate.dataset.facts import Facts, counted, loadable
from annotate.dataset.features import ARTICLES, Feature
from annotate.dataset.statistics import Row
from annotate.util.escape import markdown_table

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


_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
SHOWN = 100
"""Characters of a value beside the code that reads it."""
_CREATORS = {"model": "machine-generated", "person": "expert-generated"}
_KINDS = {"model": "a model", "person": "a person"}


def card(facts: Facts) -> str:
    """The text of README.md."""
    parts = (
        _front_matter(facts),
        _first_screen(facts),
        card_sections.tables(facts),
        card_sections.labels(facts),
        card_sections.splits(facts),
        card_sections.people(facts),
        card_sections.agreement(facts),
        card_sections.statement(facts),
        card_sections.rights(facts),
        card_sections.limitations(facts),
        card_sections.citation(facts),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def metadata(facts: Facts) -> dict[str, object]:
    """The card's YAML, as the Hub defines it: https://huggingface.co/docs/hub/datasets-cards."""
    inventory, counts = facts.inventory, facts.counts
    size = next((name for most, name in _SIZES if counts.articles.total() < most), "n>10M")
    kinds = {facts.annotators[name].kind for name in counts.labelled if name in facts.annotators}
    languages = sorted({language.partition("-")[0] for language in counts.languages})
    layers = [layer.title for layer in inventory.layers.values()]
    words = facts.citation.keywords if facts.citation and facts.citation.keywords else layers
    choices = any(
        attribute.type == "choice" and record.anchor in attribute.labels
        for record in inventory.records.values()
        for attribute in inventory.attributes.values()
    )
    configs = [
        {
            "config_name": config,
            **({"default": True} if config == ARTICLES else {}),
            "data_files": [{"split": table.split, "path": table.file} for table in tables],
        }
        for config, tables in loadable(facts).items()
    ]
    return {
        "pretty_name": inventory.title,
        "language": languages,
        **_licence(facts),
        "annotations_creators": sorted(_CREATORS[kind] for kind in kinds) or ["other"],
        "language_creators": ["found"],
        "multilinguality": ["monolingual" if len(languages) == 1 else "multilingual"],
        "size_categories": [size],
        "source_datasets": ["original"],
        "task_categories": ["token-classification", *(["text-classification"] if choices else [])],
        "task_ids": ["multi-class-classification"] if choices else [],
        "tags": ["-".join(word.lower().split()) for word in words],
        "configs": configs,
        "dataset_info": dataset_info(facts),
    }


def _licence(facts: Facts) -> dict[str, str]:
    """The Hub filters by this: with texts in it, or a choice of licences, the whole is under none that it knows."""
    licence = facts.licence
    if licence is None:
        return {"license": "unknown"}
    if facts.text or " " in licence.id:
        return {"license": "other", "license_name": f"labels-{licence.hub}", "license_link": licence.url}
    return {"license": licence.hub}


def _front_matter(facts: Facts) -> str:
    return f"---\n{yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True, width=1000)}---"


def _first_screen(facts: Facts) -> str:
    inventory, counts = facts.inventory, facts.counts
    splits = list(dict.fromkeys(table.split for table in facts.tables))
    rows = [
        (f"`{name}`", table.definition, *(f"{counts.rows[name, split]:,}" for split in splits))
        for name, table in facts.types.items()
    ]
    version = f" {facts.corpus}" if facts.corpus else ""
    return f"""# {inventory.title}{version}

{inventory.about}

{counted(counts.articles.total(), "article")}, {counted(counts.spans.total(), "span")} with \
{counted(len(inventory.spans), "label")}, {counted(counts.relations.total(), "relation")} with \
{counted(len(inventory.relations), "label")}. Labels: inventory {inventory.version}.

{markdown_table(("table", "what it holds", *splits), rows)}

```python
{_quick_start(facts)}
```

{_uses(facts)}- **Who labelled:** {_made_by(facts)}
- **Rights:** {_licensed(facts)}; the articles' texts remain their publishers'. See [Rights](#rights).
- **Splits:** {card_sections.split_note(facts)}
- Spans may nest, overlap and coincide, so one tag a word cannot hold them: use `start` and `end`, which count \
Unicode code points (`text[start:end]`). A class is an int; `None` means not given; an empty list, that nobody fills \
the role."""


def _licensed(facts: Facts) -> str:
    return f"labels and guidelines are {facts.licence.words}" if facts.licence else "no licence is named for the labels"


def _uses(facts: Facts) -> str:
    """What the data statement says of what the corpus is for, and is not for: all of it, as a limit comes last."""
    said = {"For": "intended_uses", "Not for": "unsuitable_uses"}
    return "".join(
        f"- **{title}:** {facts.statement[heading]}\n" for title, heading in said.items() if heading in facts.statement
    )


def _quick_start(facts: Facts) -> str:
    """Loading the articles and a table of records, reading a row, and the name of a class."""
    found = loadable(facts)
    lines = [
        "from datasets import load_dataset",
        "",
        # Not ".": `datasets` 5.2 names a dataset after the last part of its path, and fails where there is none.
        'dataset = "path/to/this/folder"  # or its name on the Hub',
        f'articles = load_dataset(dataset, split="{found[ARTICLES][0].split}")',
    ]
    config = next((name for name in facts.inventory.records if name in found), None)
    if config is not None:
        example = facts.counts.examples[config]
        lines.append(f'{config} = load_dataset(dataset, "{config}", split="{example.split}")')
        lines.append("")
        lines.append(f"row = {config}[{example.index}]")
        lines += _reading(facts, config, example.row)
    return "\n".join(lines)


def _reading(facts: Facts, config: str, row: Row) -> Iterator[str]:
    """Lines that read the words and the first class of a row, each with what it gives."""
    roles = [name for name in facts.inventory.records[config].roles if row[name]]
    reads = ['row["text"]', *(f'[one["text"] for one in row["{name}"]]' for name in roles)]
    gives = [row["text"], *([one["text"] for one in row[name]] for name in roles)]
    for read, give in zip(reads, gives, strict=True):
        given = repr(give)
        yield f"{read}  # {given if len(given) <= SHOWN else given[:SHOWN] + '…'}"
    for name, feature in facts.configs[config].items():
        if feature.get("_type") == "ClassLabel" and row[name] is not None:
            yield f'{config}.features["{name}"].int2str(row["{name}"])  # {feature["names"][row[name]]!r}'
            return


def _made_by(facts: Facts) -> str:
    """How many articles were labelled how, and by what kind of annotator."""
    counts = facts.counts
    kinds = Counter(facts.annotators[name].kind for name in counts.labelled if name in facts.annotators)
    who = " and ".join(_kind(kind, number) for kind, number in sorted(kinds.items()))
    single, adjudicated = counts.processes["single pass"], counts.processes["adjudicated"]
    total = counts.articles.total()
    parts = []
    if single:
        parts.append(
            f"{single:,} of {counted(total, 'article')} in a single pass: labelled once, by one annotator, with nobody"
            " to compare with"
        )
    if adjudicated:
        parts.append(f"{adjudicated:,} of {counted(total, 'article')} adjudicated from several annotators' labels")
    if set(kinds) == {"model"}:
        who += ", no person"
    return f"{who or 'unknown'}; {'; '.join(parts)}. See [Who labelled](#who-labelled)."


def _kind(kind: str, number: int) -> str:
    return _KINDS[kind] if number == 1 else f"{number} {'people' if kind == 'person' else 'models'}"
