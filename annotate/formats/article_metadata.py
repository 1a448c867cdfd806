"""The table of metadata of an import: the row of a document, and what is wrong with the others."""

from collections.abc import Iterator
from typing import Any

from annotate.article_metadata import MetadataTable, list_keys
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.document import RawDocument
from annotate.util.escape import quote


def find_details(table: MetadataTable, document: RawDocument) -> dict[str, Any]:
    """Return the fields of a document's article; none if it has no row, or its row was used for another article."""
    keys = list_keys(document.article_id, document.source_name, (document.text_file, document.file))
    row = table.find(document.article_id, keys)
    return row.details if row else {}


def list_table_findings(table: MetadataTable) -> Iterator[Finding]:
    """Yield a finding for each column that is no field of articles, and for each row that is not for one article."""
    for name in table.unknown_columns:
        yield from rules.unknown_column(str(table.path), None, name)
    for line, keys, article_id, others, rival in table.unused_rows():
        if not article_id and rival:
            why = f"the text with the {keys} is that of line {rival}; remove one of them"
        elif others and article_id:
            articles = ", ".join(map(quote, others))
            why = f"the row was used for {quote(article_id)}, and {articles} also has the {keys}; give the path"
        else:
            why = f"no text of the import has the {keys}; correct the row, or remove it"
        yield from rules.unused_row(str(table.path), None, line, why)
