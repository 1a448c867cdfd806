"""The dataset's card: README.md with the YAML that the Hugging Face Hub reads, and its first screen."""

from collections import Counter
from typing import Any

import yaml

from annotate.dataset.card_loading import columns_section, loading_section, tables_section
from annotate.dataset.card_sections import (
    agreement_section,
    annotators_section,
    citation_section,
    labels_section,
    left_out_section,
    limitations_section,
    metadata_section,
    model_runs_section,
    rights_section,
    statement_section,
    upkeep_section,
    waivers_section,
    without_text_note,
)
from annotate.dataset.card_splits import split_note, splits_section
from annotate.dataset.card_texts import text_note, texts_section
from annotate.dataset.facts import Facts, is_by_models_alone, list_annotators, loadable_tables
from annotate.dataset.features import ARTICLES, Feature
from annotate.util.escape import (
    Markdown,
    escape_markdown_prose,
    escape_markdown_words,
    escape_yaml,
    has_unseen,
    markdown_link,
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
_CREATORS = {"model": "machine-generated", "person": "expert-generated"}


def card(facts: Facts) -> str:
    """Return the text of README.md. A section is `Markdown`, in which all that comes from data was escaped."""
    parts = (
        _first_screen(facts),
        texts_section(facts),
        loading_section(facts),
        tables_section(facts),
        labels_section(facts),
        metadata_section(facts),
        splits_section(facts),
        annotators_section(facts),
        model_runs_section(facts),
        agreement_section(facts),
        left_out_section(facts),
        limitations_section(facts),
        statement_section(facts),
        rights_section(facts),
        upkeep_section(facts),
        waivers_section(facts),
        citation_section(facts),
        columns_section(facts),
    )
    body = Markdown("\n\n").join(part for part in parts if part)
    return f"{_front_matter(facts)}\n\n{body}\n"


def metadata(facts: Facts) -> dict[str, object]:
    """Return the card's YAML, as https://huggingface.co/docs/hub/datasets-cards defines it."""
    inventory, counts, hub = facts.inventory, facts.counts, facts.hub_metadata
    size = next((name for most, name in _SIZES if counts.articles.total() < most), "n>10M")
    kinds = {facts.annotators[name].kind for name in list_annotators(facts)}
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
    """Return what the data are, how many, who labelled, what they are for, and what may be done with them."""
    inventory, counts = facts.inventory, facts.counts
    spans = count_noun(counts.spans.total(), "span")
    sizes = [
        count_noun(counts.articles.total(), "article"),
        f"{with_pieces(spans, counts.spans.total(), counts.pieces.total())} with "
        f"{count_noun(len(inventory.spans), 'label')}",
    ]
    if inventory.relations:
        labels = count_noun(len(inventory.relations), "label")
        sizes.append(f"{count_noun(counts.relations.total(), 'relation')} with {labels}")
    points = {
        "Size": Markdown.escape(
            f"{', '.join(sizes)}. Labels: {describe_versions(inventory.version, counts.inventories)}."
        ),
        "Who labelled": _describe_annotators(facts),
        **_describe_uses(facts),
        "Rights": Markdown("{} {} See [Rights](#rights).").format(_describe_licence(facts), _describe_rights(facts)),
        "Splits": split_note(facts),
    }
    listed = Markdown("\n").join(Markdown("- **{}:** {}").format(title, text) for title, text in points.items())
    return Markdown("# {}\n\n{}{}{}\n\n{}").format(
        f"{inventory.title} {facts.corpus or ''}".strip(),
        without_text_note(facts),
        text_note(facts),
        escape_markdown_prose(inventory.about),
        listed,
    )


def _describe_licence(facts: Facts) -> Markdown:
    if facts.licence is None:
        return Markdown("No licence is stated for the labels.")
    return Markdown("Labels and guidelines: {}.").format(markdown_link(facts.licence.words, facts.licence.url))


def _describe_rights(facts: Facts) -> Markdown:
    """Return the rights in the texts where all articles state the same, and else that each states its own."""
    if len(facts.counts.rights) != 1:
        return Markdown("Texts: the rights that each article states.")
    [rights] = facts.counts.rights
    return Markdown("Texts: {}.").format(rights.rstrip("."))


def _describe_uses(facts: Facts) -> dict[str, Markdown]:
    """Return what the data statement says that the corpus is for, and is not for, also where it does not say it."""
    headings = {"For": "intended_uses", "Not for": "unsuitable_uses"}
    return {
        title: escape_markdown_words(facts.statement.get(heading, "not stated")) for title, heading in headings.items()
    }


def _describe_annotators(facts: Facts) -> Markdown:
    """Return by what kind of annotator, and in what way, the articles were labelled."""
    counts = facts.counts
    who = [
        f"{' and '.join(_count_kind(kind, number) for kind, number in sorted(kinds.items()))} {verb}"
        for verb, names in (("labelled", counts.labelled), ("adjudicated", counts.adjudicated))
        if (kinds := Counter(facts.annotators[name].kind for name in names if name in facts.annotators))
    ]
    if is_by_models_alone(facts):
        who.append("no person took part")
    words = ", ".join(who) or "not stated"
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
    if corrected := counts.processes["corrected"]:
        parts.append(
            f"{corrected:,} of {count_noun(total, 'article')} corrected: the labels of one annotator, who began"
            " with those of someone else or a model"
        )
    if adjudicated:
        parts.append(f"{adjudicated:,} of {count_noun(total, 'article')} adjudicated from several annotators' labels")
    return Markdown("{}. {}. See [Who labelled](#who-labelled).").format(words, "; ".join(parts))


def _count_kind(kind: str, number: int) -> str:
    return count_noun(number, kind, {"person": "people"}.get(kind))
