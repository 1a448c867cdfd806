"""What guidelines quote of articles is left out of them, and the rules around it stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.models.quotations import QUOTED_WORDS, ArticleQuotations
from annotate.tokens import list_words

TEXT = "The harbour master said that two ships sank off the quay. He sang."


def shorten(page: str, *, examples: bool = True, text: str = TEXT) -> tuple[str, int]:
    return ArticleQuotations([page], [text]).shorten(page, examples=examples)


def test_a_block_quote_is_left_out_with_what_explains_it() -> None:
    page = "# Verb\n\n> He **sang**.\n\nIt is the verb.\n\n> She left.\n\nOwn.\n\n## Not\n\n> sang.\n\nText."
    assert shorten(page) == ("# Verb\n\n> She left.\n\nOwn.\n\n## Not", 2)
    assert shorten(page, examples=False) == ("# Verb\n\n## Not", 2)
    assert shorten(page, text="Nothing of this.") == (page, 0)


@pytest.mark.parametrize(
    ("block", "shortened"),
    [
        ('- Outside ("that two ships sank off") in all.', '- Outside ("…") in all.'),
        ('- With "sank" inside ("two ships **sank** off the").', '- With "sank" inside ("…").'),
        ('| "two ships sank" off the quay | yes |', '| "…" off the quay | yes |'),
        ("| Two ships SANK, off the quay | one |\n| no ship | none |", "| no ship | none |"),
        ("Two ships sank\noff the quay.", ""),
        ('"two ships sank', '"two ships sank'),
        ('"two ships sank off the quay', ""),
        ("Two ships sank.", "Two ships sank."),
    ],
)
def test_words_of_an_article_are_left_out_of_rules(block: str, shortened: str) -> None:
    kept = ["# Page", *([shortened] if shortened else [])]
    assert shorten(f"# Page\n\n{block}") == ("\n\n".join(kept), int(block != shortened))


@given(st.text('ab \n">*|#', max_size=60), st.text("ab .\n", max_size=60))
def test_no_run_of_words_remains(page: str, text: str) -> None:
    shortened, removed = shorten(page, text=text)
    runs = [
        {tuple(words[start : start + QUOTED_WORDS]) for start in range(len(words) - QUOTED_WORDS + 1)}
        for words in (list_words(shortened.replace("*", "")), list_words(text))
    ]
    blocks_share = any(
        " ".join(list_words(block.replace("*", ""))).find(" ".join(run)) >= 0
        for block in shortened.split("\n\n")
        for run in runs[0] & runs[1]
    )
    assert not blocks_share
    if not removed:
        assert shortened.replace("\n", "") == page.strip().replace("\n", "")
