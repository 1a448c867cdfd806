"""The data statement of a corpus, with the dataset's figures in its text."""

from collections.abc import Mapping
from string import Formatter

from annotate.corpus import Corpus
from annotate.errors import CannotRun


def fill_statement(corpus: Corpus, figures: Mapping[str, int]) -> dict[str, str]:
    """Return the corpus's data statement, heading to text, with figures in place of their names in braces.

    Args:
        corpus: The corpus.
        figures: Figures by name.

    Raises:
        CannotRun: The statement names an unknown figure, or has a brace without a counterpart.
    """
    texts = {name: f"{number:,}" for name, number in figures.items()}
    try:
        return {heading: _fill(text, texts).strip() for heading, text in corpus.read_statement().items()}
    except ValueError as error:
        problem = f"has a brace without a counterpart ({error})"
        raise CannotRun(corpus.statement_path, problem, "write {{ and }} for braces") from error
    except KeyError as error:
        names = ", ".join(f"{{{name}}}" for name in texts)
        raise CannotRun(corpus.statement_path, f"unknown figure {error}", f"choose from: {names}") from error


def _fill(text: str, texts: Mapping[str, str]) -> str:
    """Return a text with figures in place of their names in braces.

    Raises:
        KeyError: It has another name there, or more than a name: a width could fill the memory.
        ValueError: A brace has no counterpart.
    """
    parts = []
    for words, name, format_spec, conversion in Formatter().parse(text):
        parts.append(words)
        if name is not None:
            asked = f"{name}{f'!{conversion}' if conversion else ''}{f':{format_spec}' if format_spec else ''}"
            parts.append(texts[asked])
    return "".join(parts)


def count_sentences(corpus: Corpus) -> int:
    """Return the number of sentences in the corpus's coverage files."""
    return sum(len(corpus.read_coverage(article_id).sentences) for article_id in corpus.covered_ids())
