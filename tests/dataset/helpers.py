"""Helpers of several test modules."""

from collections.abc import Iterable

import pyarrow as pa

from annotate.dataset.table_builder import TableBuilder
from annotate.dataset.tables.table import Reads
from annotate.model import Annotation, Article


def build_rows(
    builder: TableBuilder, pairs: Iterable[tuple[Article, Annotation]], reads: Reads = "gold"
) -> dict[str, pa.Table]:
    """Return the rows of each table for articles, each with an annotation of it."""
    return builder.build(builder.batch_of_pairs(pairs), reads)
