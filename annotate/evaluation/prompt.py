"""What a model is told: the labels of the inventory, the guidelines, the form of an answer, and an article.

Paragraphs have numbers, so that the occurrences of a quote are counted within a paragraph and not within the article.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from annotate.generate import without_generated_tables
from annotate.inventory import Attribute, Inventory, RelationLabel
from annotate.tokens import list_words

_QUOTED_WORDS = 5
"""A quotation in the guidelines with as many words in a row of an article that is evaluated gives its answers away."""
_EMPHASIS = re.compile(r"\*+")

_FORM = """\
Answer with one JSON object and nothing else:

{"spans": [{"id": "s1", "label": "…", "paragraph": 1, "quote": "…", "occurrence": 1, "attributes": {}}], \
"relations": [{"label": "…", "head": "s2", "tail": "s1"}]}

- `id` is yours to choose; each span has another one. Relations name spans by it.
- `quote` has the words of the span exactly as the article has them, from the first to the last.
- `paragraph` is the number in brackets before the paragraph with the words; the number is not part of the text. It
  is null for words of several paragraphs.
- `occurrence` is 1 if the paragraph has these words once, or if the first is meant; 2 for the second, and so on.
- `attributes` has the attributes of the label. Leave out those without a value.
- Label everything that the definitions cover. If there is nothing, write empty lists."""


def list_paragraphs(text: str) -> list[tuple[int, int]]:
    """Return the code points `[start, end)` of the paragraphs of a text: its lines that are not blank."""
    paragraphs, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            paragraphs.append((start, start + len(line)))
        start += len(line) + 1
    return paragraphs


def show_article(text: str) -> str:
    """Return an article for a prompt: its paragraphs with their numbers, from 1."""
    paragraphs = enumerate(list_paragraphs(text), 1)
    return "\n\n".join(f"[{number}] {text[start:end]}" for number, (start, end) in paragraphs)


def write_instructions(inventory: Inventory, pages: Mapping[str, str]) -> str:
    """Return the instructions for a model.

    Args:
        inventory: The inventory.
        pages: The pages of the guidelines by their paths; none for instructions with the definitions alone.
    """
    sections = [
        f'You label an article with the labels of "{inventory.title}". {inventory.about}',
        _FORM,
        describe_labels(inventory),
    ]
    if inventory.relations:
        sections.append(describe_relations(inventory.relations.values()))
    if pages:
        sections.append("\n\n".join(["# Guidelines", *pages.values()]))
    return "\n\n".join(sections)


def shorten_page(page: str, texts: Collection[str] | None) -> str:
    """Return a page of the guidelines without what a prompt has anyway, and without quotations of some articles.

    Generated tables repeat the definitions. A block quote with words of an article that is evaluated may show how it is
    labelled; it is left out with the rest of its section, which explains it.

    Args:
        page: The page, in Markdown.
        texts: The texts of the articles that are evaluated; None to leave out all block quotes.
    """
    words = None if texts is None else [_join_words(text) for text in texts]
    kept: list[str] = []
    is_left_out = False
    for block in re.split(r"\n{2,}", without_generated_tables(page).strip()):
        if block.startswith(">"):
            is_left_out = words is None or _quotes_any(_EMPHASIS.sub("", block.replace("\n>", "\n")[1:]), words)
        elif block.startswith("#"):
            is_left_out = False
        if not is_left_out:
            kept.append(block)
    return "\n\n".join(kept)


def _join_words(text: str) -> str:
    return f" {' '.join(list_words(text)).casefold()} "


def _quotes_any(quotation: str, texts: Collection[str]) -> bool:
    """Return whether a text, given as its joined words, has five words in a row of a quotation, or a short one."""
    words = list_words(quotation)
    length = min(len(words), _QUOTED_WORDS)
    runs = (_join_words(" ".join(words[start : start + length])) for start in range(len(words) - length + 1))
    return length > 0 and any(run in text for run in runs for text in texts)


def describe_labels(inventory: Inventory) -> str:
    """Return the section of a prompt that defines the labels of spans, their attributes and the values of these."""
    return "\n".join(["# Labels of spans", *_list_labels(inventory)])


def describe_relations(labels: Iterable[RelationLabel]) -> str:
    """Return the section of a prompt that defines some labels of relations, with what they may join."""
    return "\n".join(["# Labels of relations", "", *map(describe_relation, labels)])


def _list_labels(inventory: Inventory) -> Iterator[str]:
    for layer in inventory.layers.values():
        yield f"\n## {layer.title}\n\n{layer.definition}\n"
        for label in inventory.labels_of(layer.name):
            yield f"- `{label.name}`: {label.definition}"
            yield from map(_describe_attribute, inventory.attributes_of(label.name))


def _describe_attribute(attribute: Attribute) -> str:
    need = "required" if attribute.required else "optional"
    lines = [f"  - attribute `{attribute.name}` ({attribute.type}, {need}): {attribute.definition}"]
    lines += [f"    - `{value}`: {definition}" for value, definition in attribute.values.items()]
    return "\n".join(lines)


def describe_relation(label: RelationLabel) -> str:
    """Return the line of a prompt that defines a label of relations, with what it may join."""
    if label.joins_pieces:
        ends = "head and tail: two pieces of one span, with the same label"
    else:
        ends = f"head: {_show_labels(label.head)}; tail: {_show_labels(label.tail)}"
    return f"- `{label.name}`: {label.definition} ({ends})"


def _show_labels(names: Collection[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)
