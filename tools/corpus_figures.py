"""Write the figures that are computed from the corpus into the documentation. `--check` only reports stale figures."""

import sys
from pathlib import Path

from annotate import inventory
from annotate.corpus import Corpus
from annotate.release.agreement import BLOCK, gold_agreement

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/explanation/corpus.md"


def update_figures(text: str) -> str:
    """Return the page with the agreement of the corpus between its markers."""
    agreement = gold_agreement(Corpus(ROOT / "corpus"), inventory.load_inventory(ROOT / "schema"))
    return BLOCK.sub(lambda match: f"{match[1]}\n{agreement.render()}\n\n{match[3]}", text)


if __name__ == "__main__":
    before = PAGE.read_text("utf-8")
    after = update_figures(before)
    if "--check" in sys.argv[1:]:
        sys.exit(f"{PAGE.name} is stale; run `make figures`" if after != before else 0)
    PAGE.write_text(after, "utf-8")
