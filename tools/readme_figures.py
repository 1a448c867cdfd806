"""Put the figures that are computed from the corpus into the README; `--check` only says whether they are stale."""

import sys
from pathlib import Path

from annotate import inventory
from annotate.corpus import Corpus
from annotate.dataset.facts import grid
from annotate.release.agreement import BLOCK, gold_agreement

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def fresh(text: str) -> str:
    """The README with the agreement of the corpus between its markers."""
    found = gold_agreement(Corpus(ROOT / "corpus"), inventory.load(ROOT / "schema"))
    table = f"{found.note}\n\n{grid(found.head, found.rows)}" if found else "No article was labelled twice."
    return BLOCK.sub(lambda match: f"{match[1]}\n{table}\n\n{match[3]}", text)


if __name__ == "__main__":
    before = README.read_text("utf-8")
    after = fresh(before)
    if "--check" in sys.argv[1:]:
        sys.exit("README.md is stale; run `make figures`" if after != before else 0)
    README.write_text(after, "utf-8")
