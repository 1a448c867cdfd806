"""All bonds of a corpus, and its split lists put back on disk."""

from collections.abc import Iterable

from annotate.files import write_atomically
from annotate.splits.groups import Bond, bonds_of_links, bonds_of_words
from annotate.splits.near import near_duplicates
from annotate.splits.proposal import Proposal
from annotate.store import Corpus


def bonds_of(corpus: Corpus, articles: Iterable[str]) -> list[Bond]:
    """What binds the articles of a corpus: its links, and the near-duplicate paragraphs of these articles."""
    near = near_duplicates(articles, corpus.read_text)
    return sorted({*bonds_of_links(corpus.read_links()), *bonds_of_words(near)})


def write(corpus: Corpus, proposal: Proposal) -> list[str]:
    """Write the lists that have something new; their names. Each file is written whole or not at all."""
    lists = proposal.lists()
    for split in proposal.new:
        path = corpus.root / "splits" / f"{split}.txt"
        write_atomically(path, "".join(f"{name}\n" for name in lists[split]).encode())
    return list(proposal.new)
