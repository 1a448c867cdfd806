"""The data statement and the agreement of annotators, as parts of a card."""

from collections.abc import Mapping

from annotate.dataset.facts import Facts, grid
from annotate.errors import CannotRun
from annotate.store import Corpus


def filled(corpus: Corpus, figures: Mapping[str, int]) -> dict[str, str]:
    """The corpus's data statement, heading → text, with its figures put in.

    Raises CannotRun for a figure that there is none of.
    """
    shown = {name: f"{number:,}" for name, number in figures.items()}
    try:
        return {heading: text.format_map(shown).strip() for heading, text in corpus.read_statement().items()}
    except (KeyError, ValueError, IndexError) as error:
        known = ", ".join(f"{{{name}}}" for name in shown)
        raise CannotRun(corpus.statement_path, f"no figure is called {error}", f"use one of: {known}") from error


def sentences(corpus: Corpus) -> int:
    """The number of sentences that the coverage files list."""
    return sum(len(corpus.read_coverage(name).sentences) for name in corpus.covered_ids())


def statement(facts: Facts) -> str:
    """The data statement, one heading a part; empty where the corpus has none."""
    parts = [f"### {heading.replace('_', ' ').capitalize()}\n\n{text}" for heading, text in facts.statement.items()]
    return "\n\n".join(["## Data statement", *parts]) if parts else ""


def agreement(facts: Facts) -> str:
    """The table of agreement; empty where nothing was labelled twice."""
    if facts.agreement is None:
        return ""
    return f"## Agreement\n\n{facts.agreement.note}\n\n{grid(facts.agreement.head, facts.agreement.rows)}"
