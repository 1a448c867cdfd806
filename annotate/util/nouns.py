"""Numbers with their nouns."""


def count_noun(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in the plural where the number is not 1.

    Args:
        number: The number.
        noun: The noun in the singular.
        plural: The plural, if it is not the singular with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def with_pieces(count: str, spans: int, pieces: int) -> str:
    """Return a count of spans, with the number of their pieces where some span has several.

    Args:
        count: The number of spans, as it is shown.
        spans: The number of spans.
        pieces: The number of stretches of text that they consist of.
    """
    return count if spans == pieces else f"{count} ({pieces:,} pieces)"
