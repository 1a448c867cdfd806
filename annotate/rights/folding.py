"""Text as two copies of one article have it in common: white space, quotation marks and dashes are of one kind."""

from functools import cached_property

_ALIKE = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


class Folded:
    """The folded form of a text, and where in the text each of its characters stands.

    A run of white space, line ends as well, is one space; what is not seen is left out.
    """

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        self._places: list[int] = []
        for place, letter in enumerate(text):
            seen = " " if letter.isspace() else _ALIKE.get(letter, letter)
            if seen not in _UNSEEN and not (seen == " " and letters[-1:] == [" "]):
                letters.append(seen)
                self._places.append(place)
        self.text = "".join(letters)
        self._length = len(text)

    @cached_property
    def _index(self) -> dict[int, int]:
        return {place: at for at, place in enumerate(self._places)}

    def at(self, place: int) -> int:
        """The folded offset of the first character at or behind an offset of the text."""
        while place < self._length:
            if (at := self._index.get(place)) is not None:
                return at
            place += 1
        return len(self.text)

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The range in the text, without what is unseen at its end, of a folded range that is not empty."""
        return self._places[start], self._places[end - 1] + 1
