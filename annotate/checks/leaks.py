"""What only a corpus that is shipped is asked for: no near-duplicate paragraphs in two splits."""

from annotate.checks.splits import group_in_two_splits
from annotate.findings import Finding
from annotate.store import Corpus


def leaks(corpus: Corpus) -> list[Finding]:
    """Near-duplicate paragraphs that stand in two splits; none is looked for where there are not two."""
    from annotate.splits.corpus import bonds_of

    splits = corpus.splits()
    if len(splits) < 2:
        return []
    placed = {name for names in splits.values() for name in names}
    return list(group_in_two_splits("", None, bonds_of(corpus, placed), splits))
