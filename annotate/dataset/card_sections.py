"""The sections of the card below its first screen, but for the splits."""

from collections import Counter
from collections.abc import Iterable

from annotate.dataset.card_example import show_row
from annotate.dataset.facts import FEW, Facts, count_noun, describe_columns, loadable_tables
from annotate.dataset.features import ARTICLES
from annotate.dataset.folder import MANIFEST
from annotate.dataset.redact import SKELETON
from annotate.dataset.tables.tokens import TOKENS
from annotate.util.escape import markdown_table


def tables_section(facts: Facts) -> str:
    """Return the tables: columns, and an example row of each."""
    parts = [
        "## Tables",
        "Every table has its own `load_dataset` call, and a real row to unfold; long texts and lists are cut there, and"
        " the names of classes stand beside their ids.",
    ]
    readable = loadable_tables(facts)
    for config, features in facts.configs.items():
        parts.append(f"### `{config}`")
        table = facts.types[config]
        parts.append(" ".join(words for words in (table.definition, table.about) if words))
        parts.append(
            markdown_table(
                ("column", "type", "what it holds", "rows that have it"),
                (
                    (f"`{name}`", kind, words, f"{facts.counts.filled[config, name]:,}")
                    for name, kind, words in describe_columns(table)
                ),
            )
        )
        if config == TOKENS:
            unfit = ", ".join(f"{reason} {number:,}" for reason, number in sorted(facts.counts.unfit.items()))
            parts.append(f"In `unfit`, of {count_noun(facts.counts.spans.total(), 'span')}: {unfit or 'none'}.")
        if config not in readable:
            parts.append("No row yet, so that it cannot be loaded.")
            continue
        example = facts.counts.examples[config]
        name = "" if config == ARTICLES else f', "{config}"'
        call = f'load_dataset(dataset{name}, split="{example.split}")[{example.index}]'
        row = f"```python\n>>> {call}\n{show_row(example.row, features)}\n```"
        parts.append(f"<details><summary>A row</summary>\n\n{row}\n\n</details>")
    return "\n\n".join(parts)


def labels_section(facts: Facts) -> str:
    """Return the labels, relations and attributes, with their counts."""
    inventory, counts = facts.inventory, facts.counts
    parts = [
        "## Labels",
        "Class ids never shift: a new label or value has the next number, one that is dropped keeps its own.",
    ]
    for layer in inventory.layers.values():
        rows = (
            (f"`{label.name}`", label.definition, f"{counts.spans[label.name]:,}")
            for label in inventory.labels_of(layer.name)
        )
        parts += [f"### {layer.title}", layer.definition, markdown_table(("span", "what it marks", "count"), rows)]
    relations = (
        (
            f"`{relation.name}`",
            relation.definition,
            ", ".join(relation.head) or "any",
            ", ".join(relation.tail) or "any",
            counts.relations[relation.name],
        )
        for relation in inventory.relations.values()
    )
    parts += ["### Relations", markdown_table(("relation", "meaning", "from", "to", "count"), relations)]
    if inventory.attributes:
        parts += [
            "### Attributes",
            markdown_table(("attribute", "of", "value", "meaning", "count"), _attribute_rows(facts)),
        ]
    return "\n\n".join(parts)


def _attribute_rows(facts: Facts) -> Iterable[tuple[object, ...]]:
    for attribute in facts.inventory.attributes.values():
        counts: Counter[str | int] = Counter()
        for label in attribute.labels:
            counts.update(facts.counts.values.get((label, attribute.name), {}))
        on = ", ".join(attribute.labels)
        if attribute.type != "choice":
            yield f"`{attribute.name}`", on, attribute.type, attribute.definition, f"{counts.total():,}"
            continue
        yield f"`{attribute.name}`", on, "", attribute.definition, f"{counts.total():,}"
        for value, meaning in attribute.values.items():
            yield "", "", value, meaning, f"{counts[value]:,}"


def annotators_section(facts: Facts) -> str:
    """Return who labelled, by pseudonym."""

    def row(name: str) -> tuple[object, ...]:
        annotator = facts.annotators.get(name)
        numbers = [f"{counts[name]:,}" for counts in (labelled, facts.counts.gold_from, facts.counts.adjudicated)]
        if annotator is None:
            return f"`{name}`", "unknown", "", "", *numbers
        since, until = annotator.since, annotator.until
        active = since if since == until else f"{since} to {until or 'now'}"
        return f"`{name}`", annotator.kind, annotator.training, active, *numbers

    labelled = facts.counts.labelled
    names = sorted({*labelled, *facts.counts.adjudicated})
    header = ("pseudonym", "kind", "training", "active", "articles labelled", "gold made from", "adjudicated")
    return f"## Who labelled\n\n{markdown_table(header, map(row, names))}"


def rights_section(facts: Facts) -> str:
    """Return the licence of the labels, and the holders of rights in the texts."""
    rights = markdown_table(("rights in the text", "articles"), facts.counts.rights.most_common())
    publishers = markdown_table(
        ("publisher", "articles"),
        ((name or "not known", number) for name, number in facts.counts.publishers.most_common()),
    )
    without = (
        ""
        if facts.text
        else "\n\nThis copy has no word of the articles: titles, texts, notes and the words of spans are `None`;"
        " offsets, labels and hashes are there. Who has the texts puts them back with `annotate hydrate`, from"
        f" `{SKELETON}`."
    )
    licence = facts.licence
    licensed = (
        f"The labels and the guidelines are licensed under [{licence.words}]({licence.url}). That licence does not"
        " reach the articles' texts: they remain their publishers'."
        if licence
        else "No licence is named for the labels and the guidelines. The articles' texts remain their publishers'."
    )
    return f"""## Rights

{licensed}{without}

{rights}

{publishers}"""


def limitations_section(facts: Facts) -> str:
    """Return the limitations that the counts show."""
    inventory, counts = facts.inventory, facts.counts
    labellers = [facts.annotators[name].kind for name in counts.labelled if name in facts.annotators]
    size = f"{count_noun(counts.articles.total(), 'article')} ({counts.characters:,} characters)"
    points = [f"{size}: no sample that stands for a population of texts."]
    if labellers and set(labellers) == {"model"}:
        points.append(
            "No person has labelled: the labels show how a model applies the guidelines, not what people agree on."
        )
    if len(counts.labelled) < 2:
        points.append("One annotator: agreement between annotators cannot be told from this data.")
    rare = [name for name in (*inventory.spans, *inventory.relations) if (counts.spans + counts.relations)[name] < FEW]
    if rare:
        points.append(f"Fewer than {FEW} examples each: {', '.join(f'`{name}`' for name in rare)}.")
    points.append("Labels follow the words of the text; nothing was checked against the world.")
    return "## Limitations\n\n" + "\n".join(f"- {point}" for point in points)


def citation_section(facts: Facts) -> str:
    """Return how to cite the dataset, and what it was written with."""
    hashes = f"`{MANIFEST}` holds the hashes of the files and of their rows. Written with pyarrow {facts.pyarrow}."
    if facts.citation is None:
        return hashes
    home = f" Corpus, guidelines, examples and tools: {facts.citation.repository}" if facts.citation.repository else ""
    return f"## Citation\n\n```bibtex\n{facts.citation.bibtex}\n```\n\n{hashes}{home}"


def statement_section(facts: Facts) -> str:
    """Return the data statement; empty where the corpus has none."""
    parts = [f"### {heading.replace('_', ' ').capitalize()}\n\n{text}" for heading, text in facts.statement.items()]
    return "\n\n".join(["## Data statement", *parts]) if parts else ""


def agreement_section(facts: Facts) -> str:
    """Return the table of agreement; empty where no article was labelled twice."""
    if facts.agreement is None:
        return ""
    return f"## Agreement\n\n{facts.agreement.note}\n\n{markdown_table(facts.agreement.header, facts.agreement.rows)}"
