"""The paragraphs of many articles with their tokens, as columns."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from annotate.columns import Numbers, owners
from annotate.dataset.tokenizing import Tokenizer, Tokens
from annotate.model import Article


class Paragraphs(NamedTuple):
    """The lines of each article that have anything to read; all of it where it has none of them.

    Those of article n are at the places from `bounds[n]` to `bounds[n + 1]`. `starts` and `ends` are code points of the
    article. Tokens count through the batch, those of paragraph n are from `token_bounds[n]` to `token_bounds[n + 1]`;
    they stand in a text of their own, in which paragraph n begins at `at[n]`.
    """

    bounds: Numbers
    starts: Numbers
    ends: Numbers
    texts: list[str]
    at: Numbers
    tokens: Tokens
    token_bounds: Numbers

    def holding(self, articles: Numbers, offsets: Numbers) -> Numbers:
        """The paragraph at or before each offset of an article; the first one where there is none."""
        # Articles one behind the other, each as long as the longest.
        long = max(self.ends.max(initial=0), offsets.max(initial=0)) + 1
        begins = owners(self.bounds) * long + self.starts
        before: Numbers = np.searchsorted(begins, articles * long + offsets, "right") - 1
        return np.maximum(before, self.bounds[articles])


def paragraphs(articles: Sequence[Article], tokenize: Tokenizer) -> Paragraphs:
    bounds, starts, texts, lines = [0], list[int](), list[str](), list[str]()
    for article in articles:
        start = 0
        for line in article.text.split("\n"):
            if line and not line.isspace():
                starts.append(start)
                texts.append(line)
                lines.append(line)
            start += len(line) + 1
        if len(starts) == bounds[-1]:
            starts.append(0)
            texts.append(article.text)
            lines.append(" " * len(article.text))
        bounds.append(len(starts))
    tokens = tokenize("\n".join(lines))
    at = np.cumsum([0, *(len(line) + 1 for line in lines)])
    return Paragraphs(
        np.array(bounds, np.int64),
        np.array(starts, np.int64),
        np.array(starts, np.int64) + np.fromiter(map(len, texts), np.int64, len(texts)),
        texts,
        at[:-1],
        tokens,
        np.searchsorted(tokens.starts, at),
    )
