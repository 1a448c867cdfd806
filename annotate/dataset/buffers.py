"""What Arrow arrays hold, seen by numpy where it lies: most columns are so short that a kernel of Arrow costs more."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def numbers(array: pa.Array, type_: type[np.integer[Any]], buffer: int = 1, more: int = 0) -> npt.NDArray[Any]:
    """The numbers of a buffer for this array, one a value and so many `more`; what stands for None may be any."""
    count = len(array) + more
    if not len(array):
        return np.zeros(count, type_)
    return np.frombuffer(array.buffers()[buffer], type_, array.offset + count)[array.offset :]


def ends(array: pa.Array) -> npt.NDArray[np.int64]:
    """Where each list or string begins among all values, and where the last one ends."""
    return numbers(array, np.int32, more=1).astype(np.int64)


def valid(array: pa.Array) -> npt.NDArray[np.uint8]:
    """A byte for each value: 0 for None, 1 for any other."""
    if not array.null_count:
        return np.ones(len(array), np.uint8)
    first, behind = array.offset, array.offset + len(array)
    bits = np.frombuffer(array.buffers()[0], np.uint8)[first // 8 : -(-behind // 8)]
    return np.unpackbits(bits, bitorder="little")[first % 8 :][: len(array)]


def lengths(array: pa.Array) -> npt.NDArray[Any]:
    """Of each list or string; 0 for None."""
    return np.diff(ends(array)) * valid(array)
