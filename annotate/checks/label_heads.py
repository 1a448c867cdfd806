"""What the checks of the corpus compare of a file of labels, read without the labels themselves."""

from typing import Any

import msgspec


class _AnyLabel(msgspec.Struct):
    """A span or a relation, of which nothing is read."""


class LabelHead(msgspec.Struct):
    """Who made labels, of what, with which inventory, and how many spans and relations there are.

    It has the fields of `Annotation` with the same names. The schema has not seen the file.
    """

    annotator: Any
    process: Any
    made_from: Any
    inventory: str
    spans: list[_AnyLabel]
    relations: list[_AnyLabel]
    origins: Any = msgspec.UNSET

    def is_bare_pass_of(self, annotation_set: str) -> bool:
        """Return whether these are labels of one annotator, who was shown none, in a folder of the same name."""
        names = (self.annotator, self.process, self.made_from)
        return names == (annotation_set, "single pass", []) and self.origins is msgspec.UNSET


_DECODER = msgspec.json.Decoder(LabelHead)


def decode_head(data: bytes) -> LabelHead | None:
    """Decode the head of a file of labels; None if it is not such a file, or the schema has to look at it."""
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
