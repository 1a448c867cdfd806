"""Sequences whose items are read when they are looked at, so that one at a time is held."""

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """What `read` gives for each of `keys`, each time that it is asked for; the keys are known beforehand."""

    def __init__(self, keys: Sequence[str], read: Callable[[str], T]) -> None:
        self.keys, self._read = keys, read

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return Lazy(self.keys[index], self._read) if isinstance(index, slice) else self._read(self.keys[index])
