"""Where words are in a text, for many searches of one text."""

_CANDIDATES = 200
"""Places that are compared with words one by one; the text is searched for words that may be at more of them."""
_WINDOWS = 8
"""Parts of long words that are looked up; the rarest is taken."""


def search_places(text: str, words: str) -> tuple[int, ...]:
    """Return the first two places of words in a text, which may overlap, by searches of the text."""
    first = text.find(words)
    second = text.find(words, first + 1) if first >= 0 else -1
    return tuple(place for place in (first, second) if place >= 0)


class WordIndex:
    """The places of a text, sorted by the few characters that begin there.

    The characters of a place are packed into one number, so that sorting and searching compare numbers. An alphabet of
    100 letters allows nine characters a number.
    """

    def __init__(self, text: str) -> None:
        import numpy as np

        self._text = text
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        alphabet, numbers = np.unique(codes, return_inverse=True)
        self._numbers = {chr(code): number for number, code in enumerate(alphabet.tolist(), 1)}
        # 0 stands for the end of the text.
        self._bits = len(alphabet).bit_length()
        self._length = 62 // max(self._bits, 1)
        keys = np.zeros(len(codes), np.int64)
        for shift in range(self._length):
            keys <<= self._bits
            keys[: max(len(codes) - shift, 0)] |= numbers.reshape(-1)[shift:] + 1
        # A stable sort leaves places with the same characters in the order of the text.
        self._places = np.argsort(keys, kind="stable")
        self._keys = keys[self._places]

    def find_places(self, words: str) -> tuple[int, ...]:
        """Return the first two places of words, which may overlap.

        Args:
            words: The words; not empty.
        """
        if not set(words) <= self._numbers.keys():
            return ()
        last = max(len(words) - self._length, 0)
        step = max(self._length, -(-last // _WINDOWS))
        windows = {offset: self._find_range(words, offset) for offset in (*range(0, last, step), last)}
        offset, (start, end) = min(windows.items(), key=lambda window: window[1][1] - window[1][0])
        candidates = self._places[start:end]
        if len(words) <= self._length:
            # They are in the order of the text only where the same characters follow the words.
            if len(candidates) > 2:
                candidates = candidates.copy()
                candidates.partition(1)
            return tuple(sorted(candidates[:2].tolist()))
        if len(candidates) > _CANDIDATES:
            return search_places(self._text, words)
        places = [place - offset for place in candidates.tolist()]
        return tuple(place for place in places if place >= 0 and self._text.startswith(words, place))[:2]

    def _find_range(self, words: str, offset: int) -> tuple[int, int]:
        """Return where in the sorted places are those at which some of the words begin, as a range."""
        part = words[offset : offset + self._length]
        key = 0
        for character in part:
            key = (key << self._bits) | self._numbers[character]
        missing = self._bits * (self._length - len(part))
        start, end = self._keys.searchsorted([key << missing, (key + 1) << missing])
        return int(start), int(end)
