"""What the card says of texts that are not those that were labelled, and of values that `annotate hydrate` lacked."""

from annotate.dataset.facts import Facts
from annotate.dataset.features import ARTICLES, TEXT_STATUSES
from annotate.dataset.folder import MANIFEST
from annotate.redaction.hydrate import Hydration
from annotate.util.escape import Markdown, escape_markdown_words, markdown_code, markdown_table, quote
from annotate.util.nouns import count_noun


def text_note(facts: Facts) -> Markdown:
    """Return the line of the first screen, with an empty line after it; nothing for the published dataset."""
    hydration = facts.hydration
    if hydration is None:
        return Markdown("")
    parts = []
    if hydration.altered:
        count = f"{len(hydration.altered):,} of {count_noun(facts.counts.articles.total(), 'article')}"
        parts.append(f"the text of {count} is an altered copy, not the text that was labelled")
    if hydration.left_out:
        parts.append(f"{count_noun(len(hydration.left_out), 'article')} of the published dataset left out")
    if hydration.withheld:
        parts.append(f"{_count_withheld(hydration)} of metadata withheld")
    return Markdown("**Not the published dataset:** {}. See [Altered texts](#altered-texts).\n\n").format(
        "; ".join(parts)
    )


def texts_section(facts: Facts) -> Markdown:
    """Return what is moved, changed or lost in each altered text, and which articles and values are left out."""
    hydration = facts.hydration
    if hydration is None:
        return Markdown("")
    parts = [
        Markdown("## Altered texts"),
        Markdown(
            "`annotate hydrate` made this dataset of labels without text and of somebody's copies of the articles. Do"
            " not report results on it as results on the published dataset."
        ),
    ]
    if hydration.altered:
        parts += _describe_altered(hydration)
    if hydration.left_out:
        rows = [(markdown_code(article), reason) for article, reason in hydration.left_out.items()]
        parts += [
            Markdown("Left out, since no copy could be used:"),
            markdown_table(("article", "copy"), rows),
        ]
    if hydration.withheld:
        rows = [(markdown_code(name), f"{count:,}") for name, count in hydration.withheld.items()]
        parts += [
            Markdown("Withheld, since the dataset without text does not have them. They are `None`:"),
            markdown_table(("field of metadata", "values"), rows),
        ]
    return Markdown("\n\n").join(parts)


def _count_withheld(hydration: Hydration) -> str:
    return count_noun(sum(hydration.withheld.values()), "value")


def _describe_altered(hydration: Hydration) -> list[Markdown]:
    header = ("article", "as labelled", "moved", "retypeset", "reworded", "lost", "relations lost")
    rows = [
        (
            markdown_code(article),
            *(f"{count:,}" for count in (text.exact, text.moved, text.retypeset, text.reworded, text.lost)),
            f"{text.dropped_relations:,}",
        )
        for article, text in hydration.altered.items()
    ]
    about = (
        f"In the table {ARTICLES}, text_status is {quote(TEXT_STATUSES[1])} for these articles, and offsets count the"
        " characters of the copy. A stretch is a piece of text that labels, sentences or links refer to; each is"
        " counted once. Moved: the same words at another offset. Retypeset: other white space, quotation marks or"
        " dashes. Reworded: other words between the same neighbours, so that the labels may no longer hold. Lost: not"
        f" found, and left out with its labels. {MANIFEST} has these numbers, too; the report of the command names each"
        " stretch."
    )
    return [escape_markdown_words(about), markdown_table(header, rows)]
