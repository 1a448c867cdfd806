"""Annotations of many articles in little memory: as bytes, each read when it is asked for."""

import pickle
from collections.abc import Iterator, Mapping, MutableMapping
from typing import NamedTuple, cast

import msgspec

from annotate.bare_gold import AnnotationHead, LabelOrigin, describe_origin
from annotate.model import Annotation, find_value_types

_PLAIN = frozenset({str, int, float})
"""The types of values of attributes that are the same after they were read again."""
_DECODER = msgspec.msgpack.Decoder(Annotation)
_HEAD_DECODER = msgspec.msgpack.Decoder(AnnotationHead)


class PackedAnnotation(NamedTuple):
    """An annotation as bytes, which can be sent to another process in a tenth of the time of its objects.

    Attributes:
        data: The bytes.
        is_pickled: Whether they are a pickle, and not MessagePack.
    """

    data: bytes
    is_pickled: bool

    def unpack(self) -> Annotation:
        """Return the annotation, another object each time."""
        if self.is_pickled:
            return cast(Annotation, pickle.loads(self.data))  # noqa: S301 - bytes that `pack` made
        return _DECODER.decode(self.data)

    def describe_origin(self) -> LabelOrigin:
        """Return how the labels came about, of which none is read where that is possible."""
        return describe_origin(self.unpack() if self.is_pickled else _HEAD_DECODER.decode(self.data))


def pack(annotation: Annotation) -> PackedAnnotation:
    """Return an annotation as bytes.

    MessagePack takes a tenth of the time of pickle. It does not hold lone surrogates and integers of more than 64 bits.
    """
    if find_value_types(annotation) <= _PLAIN:
        try:
            return PackedAnnotation(msgspec.msgpack.encode(annotation), is_pickled=False)
        except (OverflowError, UnicodeEncodeError):
            pass
    return PackedAnnotation(pickle.dumps(annotation, pickle.HIGHEST_PROTOCOL), is_pickled=True)


class PackedAnnotations(MutableMapping[str, Annotation]):
    """Annotations by article id, kept as bytes and iterated in the order of the ids.

    The objects of an annotation take some ten times the memory of their bytes. A value is another object each time.

    Attributes:
        packed: The bytes of each annotation.
    """

    def __init__(self) -> None:
        self.packed: dict[str, PackedAnnotation] = {}

    def __getitem__(self, key: str) -> Annotation:
        """Return the annotation of an article."""
        return self.packed[key].unpack()

    def __setitem__(self, key: str, annotation: Annotation) -> None:
        """Keep the annotation of an article."""
        self.packed[key] = pack(annotation)

    def __delitem__(self, key: str) -> None:
        """Forget the annotation of an article."""
        del self.packed[key]

    def __contains__(self, key: object) -> bool:
        """Return whether there is an annotation of an article; it is not read."""
        return key in self.packed

    def __iter__(self) -> Iterator[str]:
        """Yield the article ids in their order."""
        return iter(sorted(self.packed))

    def __len__(self) -> int:
        """Return the number of articles."""
        return len(self.packed)


class PackedGold(Mapping[str, tuple[str, Annotation]]):
    """The text and the gold annotation of each article, by article id; the annotations are kept as bytes.

    Args:
        texts: The texts by article id, in the order of the ids.
        annotations: The annotations of the same articles.
    """

    def __init__(self, texts: Mapping[str, str], annotations: PackedAnnotations) -> None:
        self.texts, self.annotations = texts, annotations

    def __getitem__(self, key: str) -> tuple[str, Annotation]:
        """Return the text and the annotation of an article."""
        return self.texts[key], self.annotations[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the article ids in their order."""
        return iter(self.texts)

    def __len__(self) -> int:
        """Return the number of articles."""
        return len(self.texts)
