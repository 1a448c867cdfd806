"""The dataset's card: README.md with the YAML that the Hugging Face Hub reads, and its first screen."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from annotate.dataset.card_example import show_text
from annotate.dataset.card_sections import (
    agreement_section,
    annotators_section,
    citation_section,
    labels_section,
    limitations_section,
    metadata_section,
    rights_section,
    statement_section,
    tables_section,
    waivers_section,
)
from annotate.dataset.card_splits import split_note, splits_section
from annotate.dataset.card_texts import text_note, texts_section
from annotate.dataset.facts import Facts, loadable_tables
from annotate.dataset.features import ARTICLES, Feature
from annotate.dataset.statistics import Row
from annotate.util.escape import (
    Markdown,
    escape_markdown_prose,
    escape_markdown_words,
    escape_yaml,
    has_unseen,
    markdown_code,
    markdown_code_block,
    markdown_table,
)
from annotate.util.nouns import count_noun, with_pieces
from annotate.versions import describe_versions

Yaml = dict[str, Any]


def dataset_info(facts: Facts) -> list[Yaml]:
    """Return `dataset_info` of the card's YAML: features, rows and sizes of each table that can be loaded.

    Sizes are bytes: those to download, and those of the columns before compression.
    """
    return [
        {
            "config_name": config,
            "features": _yaml_columns(facts.configs[config]),
            "splits": [
                {"name": table.split, "num_bytes": table.uncompressed, "num_examples": table.rows} for table in tables
            ],
            "download_size": sum(table.bytes for table in tables),
            "dataset_size": sum(table.uncompressed for table in tables),
        }
        for config, tables in loadable_tables(facts).items()
    ]


def _yaml_columns(struct: Feature) -> list[Yaml]:
    return [{"name": name, **_yaml_type(feature)} for name, feature in struct.items()]


def _yaml_type(feature: Feature) -> Yaml:
    """Return a column's type; a list has the columns of its items, or their type alone where they have no columns."""
    kind = feature.get("_type")
    if kind == "Value":
        return {"dtype": feature["dtype"]}
    if kind == "ClassLabel":
        return {"dtype": {"class_label": {"names": {str(place): name for place, name in enumerate(feature["names"])}}}}
    if kind == "List":
        item = _yaml_type(feature["feature"])
        return {"list": next(iter(item.values())) if list(item) in (["dtype"], ["struct"]) else item}
    return {"struct": _yaml_columns(feature)}


_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
MAX_VALUE = 100
"""Most characters of a value after the code that reads it."""
_CREATORS = {"model": "machine-generated", "person": "expert-generated"}
_KINDS = {"model": "a model", "person": "a person"}


def card(facts: Facts) -> str:
    """Return the text of README.md. A section is `Markdown`, in which all that comes from data was escaped."""
    parts = (
        _first_screen(facts),
        texts_section(facts),
        tables_section(facts),
        labels_section(facts),
        metadata_section(facts),
        splits_section(facts),
        annotators_section(facts),
        agreement_section(facts),
        statement_section(facts),
        rights_section(facts),
        limitations_section(facts),
        waivers_section(facts),
        citation_section(facts),
    )
    body = Markdown("\n\n").join(part for part in parts if part)
    return f"{_front_matter(facts)}\n\n{body}\n"


def metadata(facts: Facts) -> dict[str, object]:
    """Return the card's YAML, as https://huggingface.co/docs/hub/datasets-cards defines it."""
    inventory, counts, hub = facts.inventory, facts.counts, facts.hub_metadata
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
        for config, tables in loadable_tables(facts).items()
    ]
    return {
        "pretty_name": inventory.title,
        "language": languages,
        **_yaml_licence(facts),
        "annotations_creators": sorted(_CREATORS[kind] for kind in kinds) or ["other"],
        **{key: hub[key] for key in ("language_creators",) if key in hub},
        "multilinguality": ["monolingual" if len(languages) == 1 else "multilingual"],
        "size_categories": [size],
        **{key: hub[key] for key in ("source_datasets",) if key in hub},
        "task_categories": ["token-classification", *(["text-classification"] if choices else [])],
        "task_ids": ["multi-class-classification"] if choices else [],
        "tags": ["-".join(word.lower().split()) for word in words],
        "configs": configs,
        "dataset_info": dataset_info(facts),
    }


def _yaml_licence(facts: Facts) -> dict[str, str]:
    """Return the licence by which the Hub filters: with texts, or several licences, it is none that the Hub knows."""
    licence = facts.licence
    if licence is None:
        return {"license": "unknown"}
    if facts.text or " " in licence.id:
        return {"license": "other", "license_name": f"labels-{licence.hub}", "license_link": licence.url}
    return {"license": licence.hub}


def _front_matter(facts: Facts) -> str:
    dumped = yaml.dump(metadata(facts), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{escape_yaml(dumped)}---"


class _Dumper(yaml.SafeDumper):
    """Writes text with characters that need an escape in double quotes, where YAML has escapes."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if has_unseen(text) else None)


_Dumper.add_representer(str, _represent_text)


def _first_screen(facts: Facts) -> Markdown:
    inventory, counts = facts.inventory, facts.counts
    splits = list(dict.fromkeys(table.split for table in facts.tables))
    rows = [
        (
            markdown_code(name),
            escape_markdown_words(table.definition),
            *(f"{counts.rows[name, split]:,}" for split in splits),
        )
        for name, table in facts.types.items()
    ]
    spans = count_noun(counts.spans.total(), "span")
    sizes = [
        count_noun(counts.articles.total(), "article"),
        f"{with_pieces(spans, counts.spans.total(), counts.pieces.total())} with "
        f"{count_noun(len(inventory.spans), 'label')}",
    ]
    if inventory.relations:
        labels = count_noun(len(inventory.relations), "label")
        sizes.append(f"{count_noun(counts.relations.total(), 'relation')} with {labels}")
    size = f"{', '.join(sizes)}. Labels: {describe_versions(inventory.version, counts.inventories)}."
    return Markdown("""# {}

{}{}

{}

{}

{}

{}- **Who labelled:** {}
- **Rights:** {}; {}. See [Rights](#rights).
- **Splits:** {}
- Spans may nest, overlap and coincide, so one tag a word cannot hold them: use `start` and `end`, which count \
Unicode code points (`text[start:end]`). A class is an int; `None` means not given{}.""").format(
        f"{inventory.title} {facts.corpus or ''}",
        text_note(facts),
        escape_markdown_prose(inventory.about),
        size,
        markdown_table(("table", "what it holds", *splits), rows),
        markdown_code_block(_quick_start(facts), "python"),
        _uses(facts),
        _describe_annotators(facts),
        _describe_licence(facts),
        _describe_rights(facts),
        split_note(facts),
        "; an empty list, that nobody fills the role" if inventory.records else "",
    )


def _describe_licence(facts: Facts) -> str:
    return f"labels and guidelines are {facts.licence.words}" if facts.licence else "no licence is named for the labels"


def _describe_rights(facts: Facts) -> Markdown:
    """Return the rights in the texts where all articles state the same, and else that each states its own."""
    if len(facts.counts.rights) != 1:
        return Markdown("the rights in the texts are those that each article states")
    [rights] = facts.counts.rights
    return Markdown("texts: {}").format(rights.rstrip("."))


def _uses(facts: Facts) -> Markdown:
    """Return what the data statement says that the corpus is for, and is not for, in full: limits come last."""
    headings = {"For": "intended_uses", "Not for": "unsuitable_uses"}
    return Markdown().join(
        Markdown("- **{}:** {}\n").format(title, escape_markdown_words(facts.statement[heading]))
        for title, heading in headings.items()
        if heading in facts.statement
    )


def _quick_start(facts: Facts) -> str:
    """Return code that loads the articles and a table of records, and reads a row and the name of a class."""
    loadable = loadable_tables(facts)
    lines = [
        "from datasets import load_dataset",
        "",
        # Not ".": `datasets` 5.2 names a dataset after the last part of its path, and fails where there is none.
        'dataset = "path/to/this/folder"  # or its name on the Hub',
        f"articles = load_dataset(dataset, split={show_text(loadable[ARTICLES][0].split)})",
    ]
    config = next((name for name in facts.inventory.records if name in loadable), None)
    if config is not None:
        example = facts.counts.examples[config]
        lines.append(f'{config} = load_dataset(dataset, "{config}", split={show_text(example.split)})')
        lines.append("")
        lines.append(f"row = {config}[{example.index}]")
        lines += _reading_code(facts, config, example.row)
    return "\n".join(lines)


def _reading_code(facts: Facts, config: str, row: Row) -> Iterator[str]:
    """Yield lines that read the words and the first class of a row, each with its value."""
    roles = [name for name in facts.inventory.records[config].roles if row[name]]
    reads = ['row["text"]', *(f'[one["text"] for one in row["{name}"]]' for name in roles)]
    values = [row["text"], *([filler["text"] for filler in row[name]] for name in roles)]
    for read, value in zip(reads, values, strict=True):
        shown = repr(value)
        yield f"{read}  # {shown if len(shown) <= MAX_VALUE else shown[:MAX_VALUE] + '…'}"
    for name, feature in facts.configs[config].items():
        if feature.get("_type") == "ClassLabel" and row[name] is not None:
            yield f'{config}.features["{name}"].int2str(row["{name}"])  # {feature["names"][row[name]]!r}'
            return


def _describe_annotators(facts: Facts) -> Markdown:
    """Return how many articles were labelled how, and by what kind of annotator."""
    counts = facts.counts
    kinds = Counter(facts.annotators[name].kind for name in counts.labelled if name in facts.annotators)
    who = " and ".join(_kind(kind, number) for kind, number in sorted(kinds.items()))
    single, adjudicated = counts.processes["single pass"], counts.processes["adjudicated"]
    promoted, total = counts.processes["promoted"], counts.articles.total()
    parts = []
    if single:
        parts.append(
            f"{single:,} of {count_noun(total, 'article')} in a single pass: labelled once, by one annotator"
            + (", with nobody to compare with" if len(counts.labelled) < 2 else "")
        )
    if promoted:
        parts.append(
            f"{promoted:,} of {count_noun(total, 'article')} promoted: the labels of one annotator, as they are, which"
            " nobody else has decided on"
        )
    if adjudicated:
        parts.append(f"{adjudicated:,} of {count_noun(total, 'article')} adjudicated from several annotators' labels")
    if set(kinds) == {"model"}:
        who += ", no person"
    return Markdown("{}; {}. See [Who labelled](#who-labelled).").format(who or "unknown", "; ".join(parts))


def _kind(kind: str, number: int) -> str:
    return _KINDS[kind] if number == 1 else f"{number} {'people' if kind == 'person' else 'models'}"
