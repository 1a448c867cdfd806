"""What a dataset is built from beside the corpus: the citation, and what goes into the head of a skeleton."""

from pathlib import Path

from annotate.classes import FILE as CLASS_IDS
from annotate.dataset.build import corpus_version
from annotate.files import read_bytes
from annotate.inventory import FILE
from annotate.rights.skeleton import Head, head_of
from annotate.store import Corpus, beside

CITATION = "CITATION.cff"


def cited(corpus: Corpus, citation: str | None = None) -> Path | None:
    """The CITATION.cff to quote: the one that is named, or the one beside the corpus folder, if there is one."""
    own = beside(corpus.root) / CITATION
    return Path(citation) if citation else own if own.is_file() else None


def head(
    corpus: Corpus, schema: str, citation: Path | None, tables: tuple[str, ...] = (), negatives: bool = False
) -> Head:
    """The head of the skeleton of a dataset without text, with the files that `annotate hydrate` needs."""
    files = (Path(schema) / name for name in (FILE, CLASS_IDS))
    texts = {path.name: path.read_bytes().decode() for path in files if path.is_file()}
    quoted = read_bytes(citation, "name another with --citation").decode() if citation else None
    return head_of(corpus, corpus_version(corpus), texts, quoted, tables, negatives)
