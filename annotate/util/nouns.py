"""Numbers with their nouns."""


def count_noun(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in the plural where the number is not 1.

    Args:
        number: The number.
        noun: The noun in the singular.
        plural: The plural, if it is not the singular with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
