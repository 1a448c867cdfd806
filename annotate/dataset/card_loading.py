"""The sections of the card on how to load the dataset, on its tables, and on their columns."""

from collections.abc import Iterator

from annotate.dataset.card_example import show_row, show_text
from annotate.dataset.facts import Facts, describe_columns, loadable_tables
from annotate.dataset.features import ARTICLES
from annotate.dataset.statistics import Row
from annotate.dataset.tables.tokens import TOKENS
from annotate.util.escape import (
    Markdown,
    escape_markdown_words,
    markdown_code,
    markdown_code_block,
    markdown_table,
)
from annotate.util.nouns import count_noun, with_pieces

MAX_VALUE = 100
"""Most characters of a value after the code that reads it."""
_HUB = "https://huggingface.co/datasets/"


def loading_section(facts: Facts) -> Markdown:
    """Return code that loads the articles, and code that reads a row."""
    parts = [Markdown("## Load"), markdown_code_block("\n".join(_loading_code(facts)), "python")]
    config = next((name for name in facts.inventory.records if name in loadable_tables(facts)), None)
    reading = [*(_reading_code(facts, config) if config else _reading_code_of_articles(facts))]
    if reading:
        parts += [Markdown("Read a row:"), markdown_code_block("\n".join(reading), "python")]
    notes = [
        "Offsets count Unicode code points: `text[start:end]`.",
        "Spans may nest, overlap and coincide, so one tag for each word cannot express them.",
        "A class is an int, and `None` means that there is no value.",
        *(["In a record, an empty list means that nothing fills the role."] if facts.inventory.records else []),
    ]
    return Markdown("\n\n").join([*parts, Markdown(" ".join(notes))])


def _loading_code(facts: Facts) -> Iterator[str]:
    name = facts.citation.dataset if facts.citation else None
    other = f'"{name.removeprefix(_HUB)}"' if name else "its name on the Hub"
    yield "from datasets import load_dataset"
    yield ""
    # Not ".": `datasets` 5.2 names a dataset after the last part of its path, and fails where there is none.
    yield f'dataset = "path/to/this/folder"  # or {other}'
    yield f"articles = load_dataset(dataset, split={show_text(loadable_tables(facts)[ARTICLES][0].split)})"


def _reading_code(facts: Facts, config: str) -> Iterator[str]:
    """Yield lines that read the words and the first class of a record, each with its value."""
    example = facts.counts.examples[config]
    row = example.row
    yield f'{config} = load_dataset(dataset, "{config}", split={show_text(example.split)})'
    yield f"row = {config}[{example.index}]"
    yield from _show_reading("row", row, facts.text)
    for role in facts.inventory.records[config].roles:
        if row[role]:
            yield from _show_reading(f'row["{role}"][0]', row[role][0], facts.text)
    for name, feature in facts.configs[config].items():
        if feature.get("_type") == "ClassLabel" and row[name] is not None:
            yield f'{config}.features["{name}"].int2str(row["{name}"])  # {feature["names"][row[name]]!r}'
            return


def _reading_code_of_articles(facts: Facts) -> Iterator[str]:
    """Yield lines that read the first span of an article; none if the article has no span."""
    example = facts.counts.examples[ARTICLES]
    if example.row["spans"]:
        span = f'articles[{example.index}]["spans"][0]'
        yield f"span = {span}"
        yield from _show_reading("span", example.row["spans"][0], facts.text)
        name = facts.configs[ARTICLES]["spans"]["feature"]["label"]["names"][example.row["spans"][0]["label"]]
        yield f'span["label"]  # {example.row["spans"][0]["label"]}: {name}'


def _show_reading(code: str, value: Row, has_text: bool) -> Iterator[str]:
    """Yield a line that reads the words of a span with their value, or its offsets where there are no words."""
    if has_text:
        shown = repr(value["text"])
        yield f'{code}["text"]  # {shown if len(shown) <= MAX_VALUE else shown[:MAX_VALUE] + "…"}'
    else:
        yield f'{code}["start"], {code}["end"]  # {(value["start"], value["end"])}'


def tables_section(facts: Facts) -> Markdown:
    """Return what each table holds, and the number of its rows in each split."""
    splits = list(dict.fromkeys(table.split for table in facts.tables))
    rows = [
        (
            markdown_code(name),
            escape_markdown_words(table.definition),
            *(f"{facts.counts.rows[name, split]:,}" for split in splits),
        )
        for name, table in facts.types.items()
    ]
    table = markdown_table(("table", "what it holds", *(f"rows in {split}" for split in splits)), rows)
    empty = "" if len(loadable_tables(facts)) == len(facts.types) else " A table without rows cannot be loaded."
    note = f'Load a table by its name: `load_dataset(dataset, "NAME")`.{empty} [Columns](#columns) lists its columns.'
    return Markdown("## Tables\n\n{}\n\n{}").format(table, Markdown(note))


def columns_section(facts: Facts) -> Markdown:
    """Return the columns of each table, and a row of it."""
    introduction = (
        "The columns of each table, and a row of it to unfold. Long texts and lists are shortened there, and comments"
        " name the classes."
    )
    parts = [Markdown("## Columns"), Markdown(introduction)]
    readable = loadable_tables(facts)
    for config, features in facts.configs.items():
        parts.append(Markdown("### {}").format(markdown_code(config)))
        table = facts.types[config]
        parts.append(escape_markdown_words(f"{table.definition} {table.about}"))
        parts.append(
            markdown_table(
                ("column", "type", "what it holds", "rows with a value"),
                (
                    (markdown_code(name), kind, escape_markdown_words(words), f"{facts.counts.filled[config, name]:,}")
                    for name, kind, words in describe_columns(table)
                ),
            )
        )
        if config == TOKENS:
            unfit = ", ".join(f"{reason} {number:,}" for reason, number in sorted(facts.counts.unfit.items()))
            spans, pieces = facts.counts.spans.total(), facts.counts.pieces.total()
            counted = with_pieces(count_noun(spans, "span"), spans, pieces)
            parts.append(Markdown("Spans in `unfit`, of {}: {}.").format(counted, unfit or "none"))
        if config not in readable:
            parts.append(Markdown("The table has no row, so it cannot be loaded."))
            continue
        example = facts.counts.examples[config]
        name = "" if config == ARTICLES else f', "{config}"'
        call = f"load_dataset(dataset{name}, split={show_text(example.split)})[{example.index}]"
        row = markdown_code_block(f">>> {call}\n{show_row(example.row, features)}", "python")
        parts.append(Markdown("<details><summary>A row</summary>\n\n{}\n\n</details>").format(row))
    return Markdown("\n\n").join(parts)
