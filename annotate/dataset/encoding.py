"""How each column is laid out in Parquet. docs/formats.md has what the choices were measured against.

- zstd at level 3: a third smaller than snappy, which saves a quarter of the time; level 1 saves 4 % of the time for 5 %
  more bytes.
- Class ids and strings by dictionary, as most repeat, but words of articles and ids as they are, which do not: a
  dictionary that is given up midway leaves a column with pages of both kinds, which fastparquet reads as None.
- Other numbers, offsets and lengths most of them, as differences: half the bytes of a dictionary, and faster both ways.
- Least and greatest values only of columns that readers filter by, those that are no part of another; an index of
  pages, by which viewers fetch a part of a row group.
"""

import re
from collections.abc import Iterator
from typing import Any

from annotate.dataset.features import INTEGER, Feature

_PLAIN = re.compile(r"(.*[._])?(text|id)")
"""The columns with words of articles (the whole, a part, a mention, what a role says), and those with ids."""


def options(features: Feature) -> dict[str, Any]:
    """What `pyarrow.parquet.ParquetWriter` is told of a table."""
    leaves = dict(_leaves(features))
    numbers = [path for path, feature in leaves.items() if feature == INTEGER]
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": [path for path in leaves if path not in numbers and not _PLAIN.fullmatch(path)],
        "column_encoding": dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        "write_statistics": [path for path in leaves if path in features],
        "write_page_index": True,
    }


def _leaves(features: Feature, path: str = "") -> Iterator[tuple[str, Feature]]:
    """The columns without parts, by the paths that Parquet has for them."""
    for name, feature in features.items():
        where = f"{path}{name}"
        while feature.get("_type") == "List":
            where, feature = f"{where}.list.element", feature["feature"]
        if "_type" in feature:
            yield where, feature
        else:
            yield from _leaves(feature, f"{where}.")
