"""The parts of a card below its first screen.

A row as a reader sees it: a Python literal, shortened, with the names of classes beside their ids.

The card's section on its splits: what is held out, what articles share, folds, and what a score on them is worth.

All of it is computed from the corpus, so that a card never promises more than its articles can hold.

The data statement and the agreement of annotators, as parts of a card.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from annotate.corpus import Corpus
from annotate.dataset.facts import FEW, Facts, counted, described, loadable
from annotate.dataset.features import ARTICLES, Feature
from annotate.dataset.redact import SKELETON
from annotate.dataset.statistics import Row
from annotate.dataset.tables.tokens import TOKENS
from annotate.dataset.writer import MANIFEST
from annotate.errors import CannotRun
from annotate.splits.groups import NEAR, Shared, bonds_of_links, groups_among
from annotate.splits.propose import bonds_of
from annotate.util.escape import markdown_table

LINE = 110
LONGEST_TEXT = 100
LONGEST_LIST = 2
MOST_ABSENT = 3
"""More columns without a value than this are named in one line, not shown."""


def shown(row: Row, features: Feature) -> str:
    """The row over several lines."""
    return "\n".join(_lines(row, features, "", "", ""))


def _text(value: str) -> str:
    return json.dumps(value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…", ensure_ascii=False)


def _lines(value: Any, feature: Feature, indent: str, name: str, comma: str) -> Iterator[str]:
    flat, notes = _flat(value, feature, "")
    line = f"{indent}{name}{flat}{comma}"
    if not isinstance(value, dict | list) or (len(line) <= LINE and indent and not _is_long(value)):
        yield line + (f"  # {', '.join(notes)}" if notes else "")
    elif isinstance(value, dict):
        yield f"{indent}{name}{{"
        absent = [key for key, part in value.items() if part is None]
        for key, part in value.items():
            if part is not None or len(absent) <= MOST_ABSENT:
                yield from _lines(part, feature[key], f"{indent}    ", f'"{key}": ', ",")
        if len(absent) > MOST_ABSENT:
            yield f"{indent}    # None: {', '.join(absent)}"
        yield f"{indent}}}{comma}"
    else:
        yield f"{indent}{name}["
        for part in value[:LONGEST_LIST]:
            yield from _lines(part, feature["feature"], f"{indent}    ", "", ",")
        if _is_long(value):
            yield f"{indent}    # and {len(value) - LONGEST_LIST} more"
        yield f"{indent}]{comma}"


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) > LONGEST_LIST


def _flat(value: Any, feature: Feature, name: str) -> tuple[str, list[str]]:
    """The value on one line, and the names of the classes in it."""
    if isinstance(value, dict):
        parts = {key: _flat(part, feature[key], key) for key, part in value.items()}
        inner = ", ".join(f'"{key}": {text}' for key, (text, _) in parts.items())
        return f"{{{inner}}}", [note for _, notes in parts.values() for note in notes]
    if isinstance(value, list):
        items = [_flat(part, feature["feature"], name) for part in value]
        return f"[{', '.join(text for text, _ in items)}]", [note for _, notes in items for note in notes]
    if isinstance(value, int) and feature.get("_type") == "ClassLabel":
        label = str(feature["names"][value])
        return str(value), [f"{name}: {label}" if name else label]
    return (_text(value) if isinstance(value, str) else repr(value)), []


def tables(facts: Facts) -> str:
    parts = [
        "## Tables",
        "Every table has its own `load_dataset` call, and a real row to unfold; long texts and lists are cut there, and"
        " the names of classes stand beside their ids.",
    ]
    readable = loadable(facts)
    for config, features in facts.configs.items():
        parts.append(f"### `{config}`")
        table = facts.types[config]
        parts.append(" ".join(words for words in (table.definition, table.about) if words))
        parts.append(
            markdown_table(
                ("column", "type", "what it holds", "rows that have it"),
                (
                    (f"`{name}`", kind, words, f"{facts.counts.filled[config, name]:,}")
                    for name, kind, words in described(table)
                ),
            )
        )
        if config == TOKENS:
            unfit = ", ".join(f"{reason} {number:,}" for reason, number in sorted(facts.counts.unfit.items()))
            parts.append(f"In `unfit`, of {counted(facts.counts.spans.total(), 'span')}: {unfit or 'none'}.")
        if config not in readable:
            parts.append("No row yet, so that it cannot be loaded.")
            continue
        example = facts.counts.examples[config]
        name = "" if config == ARTICLES else f', "{config}"'
        call = f'load_dataset(dataset{name}, split="{example.split}")[{example.index}]'
        row = f"```python\n>>> {call}\n{shown(example.row, features)}\n```"
        parts.append(f"<details><summary>A row</summary>\n\n{row}\n\n</details>")
    return "\n\n".join(parts)


def labels(facts: Facts) -> str:
    inventory, counts = facts.inventory, facts.counts
    parts = [
        "## Labels",
        "Class ids never shift: a new label or value has the next number, one that is dropped keeps its own.",
    ]
    for layer in inventory.layers.values():
        rows = (
            (f"`{one.name}`", one.definition, f"{counts.spans[one.name]:,}") for one in inventory.labels_of(layer.name)
        )
        parts += [f"### {layer.title}", layer.definition, markdown_table(("span", "what it marks", "count"), rows)]
    relations = (
        (
            f"`{one.name}`",
            one.definition,
            ", ".join(one.head) or "any",
            ", ".join(one.tail) or "any",
            counts.relations[one.name],
        )
        for one in inventory.relations.values()
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


def people(facts: Facts) -> str:
    def row(name: str) -> tuple[object, ...]:
        who = facts.annotators.get(name)
        numbers = [f"{counts[name]:,}" for counts in (labelled, facts.counts.gold_from, facts.counts.adjudicated)]
        if who is None:
            return f"`{name}`", "unknown", "", "", *numbers
        active = who.since if who.since == who.until else f"{who.since} to {who.until or 'now'}"
        return f"`{name}`", who.kind, who.training, active, *numbers

    labelled = facts.counts.labelled
    names = sorted({*labelled, *facts.counts.adjudicated})
    head = ("pseudonym", "kind", "training", "active", "articles labelled", "gold made from", "adjudicated")
    return f"## Who labelled\n\n{markdown_table(head, map(row, names))}"


def rights(facts: Facts) -> str:
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


def limitations(facts: Facts) -> str:
    inventory, counts = facts.inventory, facts.counts
    labellers = [facts.annotators[name].kind for name in counts.labelled if name in facts.annotators]
    size = f"{counted(counts.articles.total(), 'article')} ({counts.characters:,} characters)"
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


def citation(facts: Facts) -> str:
    made = f"`{MANIFEST}` holds the hashes of the files and of their rows. Written with pyarrow {facts.pyarrow}."
    if facts.citation is None:
        return made
    home = f" Corpus, guidelines, examples and tools: {facts.citation.repository}" if facts.citation.repository else ""
    return f"## Citation\n\n```bibtex\n{facts.citation.bibtex}\n```\n\n{made}{home}"


SHOWN = 20
"""Groups of articles that the card names."""
COMPARED = 1_000
"""Up to so many articles, their paragraphs are compared for the card; `annotate split` compares those of any number."""


def shared(corpus: Corpus, splits: Mapping[str, Sequence[str]]) -> Shared:
    """What binds the articles of the dataset: links, and near-duplicate paragraphs where they are few enough.

    Raises CannotRun where paragraphs may be near-duplicates and datasketch, which tells, is not installed.
    """
    inside = {name for names in splits.values() for name in names}
    compared = len(inside) <= COMPARED
    bonds = bonds_of(corpus, inside) if compared else bonds_of_links(corpus.read_links())
    within = {bond.why for bond in bonds if {bond.first, bond.second} <= inside}
    return Shared(
        tuple(group for group in groups_among(inside, bonds) if len(group) > 1), tuple(sorted(within)), compared
    )


def split_note(facts: Facts) -> str:
    """The splits in half a line, for the card's first screen."""
    counts = facts.counts
    if _held_out(facts):
        sizes = ", ".join(f"`{split}` {counted(number, 'article')}" for split, number in counts.articles.items())
        return f"{sizes}; no article is in two."
    none = f"{' and '.join(f'`{split}`' for split in counts.articles)} only; nothing is held out for testing"
    number = counts.articles.total()
    if number == 1:
        return f"{none}, as there is one article."
    if _one_group(facts):
        return f"{none}, and no fold is free of leaks: all {number:,} articles are one group. See [Splits](#splits)."
    return f"{none}. [Folds](#splits) hold out one article or group of articles at a time."


def splits(facts: Facts) -> str:
    """The section, with code that makes folds where nothing is held out for good."""
    note = split_note(facts).replace(" See [Splits](#splits).", "").replace("[Folds](#splits)", "Folds")
    parts = [f"{note[0].upper()}{note[1:]}", _bound(facts), _worth(facts)]
    if facts.left_out:
        parts.append(f"Left out, for want of settled labels or of a split: {counted(facts.left_out, 'article')}.")
    return "\n\n".join(part for part in ("## Splits", " ".join(filter(None, parts)), _folds(facts)) if part)


def _held_out(facts: Facts) -> bool:
    return len(facts.counts.articles) > 1


def _one_group(facts: Facts) -> bool:
    return facts.shared is not None and facts.shared.holds_all(facts.counts.articles.total())


def _bound(facts: Facts) -> str:
    """Which articles share something, and what; how far was looked."""
    number, found = facts.counts.articles.total(), facts.shared
    if number == 1:
        return ""
    if found is None:
        return (
            "Which articles tell of one incident or repeat one another was not looked at: any split or fold may leak."
        )
    unseen = "" if found.compared else " Their paragraphs were not compared here: `annotate split --folds` does that."
    if not found.groups:
        what = "a link or a near-duplicate paragraph" if found.compared else "a link"
        return f"No two articles share {what}.{unseen}"
    links = [f"`{name}`" for name in found.why if name != NEAR]
    why = " and ".join([f"links ({', '.join(links)})"] * bool(links) + [NEAR] * (NEAR in found.why))
    if _one_group(facts):
        return (
            f"What binds them, at once or through others: {why}. Whichever is held out, what was trained on tells of"
            f" the same incidents or has some of the same words.{unseen}"
        )
    shown = "; ".join(", ".join(f"`{name}`" for name in group) for group in found.groups[:SHOWN])
    more = f"; and {len(found.groups) - SHOWN:,} more groups" if len(found.groups) > SHOWN else ""
    return f"These are bound together by {why or 'articles that are not in the dataset'}: {shown}{more}.{unseen}"


def _worth(facts: Facts) -> str:
    """What the splits are good for, and what a score on them says."""
    counts, found = facts.counts.articles, facts.shared
    if _held_out(facts):
        few = ", ".join(f"`{name}` has {number:,}" for name, number in [*counts.items()][1:] if number < FEW)
        return f"With fewer than {FEW} articles held out ({few}), a score says little of other articles." if few else ""
    if counts.total() == 1:
        return "It is good to look at and to write rules and prompts on; a score on it says nothing of other articles."
    if _one_group(facts):
        return (
            "The articles are good to look at, to write rules and prompts on, and as one of several sets; a score on a"
            " held-out article is no estimate for unseen news. Leaving one article out shows that a system runs: give"
            " such a figure with this leak, or not at all."
        )
    if found is None:
        return "To evaluate, hold out whole articles: rows of one share their writer, their events and their annotator."
    number = counts.total() - sum(len(group) - 1 for group in found.groups)
    few = f" With {number:,} folds, give each fold's figure beside the mean." if number < FEW else ""
    held = (
        "Articles that are bound together are held out together"
        if found.groups
        else "One article is held out at a time"
    )
    return f"{held}: nothing that is known to be shared is both trained and tested on.{few}"


class _Fold(NamedTuple):
    """How the code in the card tells the folds apart."""

    comment: str
    first: dict[str, str]


def _folds(facts: Facts) -> str:
    """Code that makes folds with `load_dataset` alone: what is bound is held out as a whole, unless that is all."""
    found, number = facts.shared, facts.counts.articles.total()
    if _held_out(facts) or number < 2:
        return ""
    if found is not None and len(found.groups) > SHOWN:
        return "The folds are many: `annotate split --folds` prints them as JSON."
    if _one_group(facts):
        fold = _Fold("# Leave one article out. It leaks: all articles are one group.", {})
    elif found is None:
        fold = _Fold("# Leave one article out.", {})
    else:
        fold = _Fold(
            "# Leave one group of articles out." if found.groups else "# Leave one article out.",
            {name: group[0] for group in found.groups for name in group},
        )
    config, key = (TOKENS, "article") if TOKENS in loadable(facts) else (ARTICLES, "id")
    group = f"first = {fold.first!r}  # article: the first of those that it is bound to\n" if fold.first else ""
    of = f'first.get(row["{key}"], row["{key}"])' if fold.first else f'row["{key}"]'
    return f"""```python
from datasets import load_dataset

{fold.comment}
{group}rows = load_dataset(dataset, "{config}", split="{next(iter(facts.counts.articles))}")
for held_out in sorted({{{of} for row in rows}}):
    train = rows.filter(lambda row: {of} != held_out)
    test = rows.filter(lambda row: {of} == held_out)
```"""


def filled(corpus: Corpus, figures: Mapping[str, int]) -> dict[str, str]:
    """The corpus's data statement, heading → text, with its figures put in.

    Raises CannotRun for a figure that there is none of.
    """
    shown = {name: f"{number:,}" for name, number in figures.items()}
    try:
        return {heading: text.format_map(shown).strip() for heading, text in corpus.read_statement().items()}
    except (KeyError, ValueError, IndexError) as error:
        known = ", ".join(f"{{{name}}}" for name in shown)
        raise CannotRun(corpus.statement_path, f"no figure is called {error}", f"use one of: {known}") from error


def sentences(corpus: Corpus) -> int:
    """The number of sentences that the coverage files list."""
    return sum(len(corpus.read_coverage(name).sentences) for name in corpus.covered_ids())


def statement(facts: Facts) -> str:
    """The data statement, one heading a part; empty where the corpus has none."""
    parts = [f"### {heading.replace('_', ' ').capitalize()}\n\n{text}" for heading, text in facts.statement.items()]
    return "\n\n".join(["## Data statement", *parts]) if parts else ""


def agreement(facts: Facts) -> str:
    """The table of agreement; empty where nothing was labelled twice."""
    if facts.agreement is None:
        return ""
    return f"## Agreement\n\n{facts.agreement.note}\n\n{markdown_table(facts.agreement.head, facts.agreement.rows)}"
