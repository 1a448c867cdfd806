"""The card's section on splits: what is held out, what articles share, folds, and what a score on them is worth.

All of it is computed from the corpus, so that a card never promises more than its articles can hold.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from annotate.corpus import Corpus
from annotate.dataset.card_example import show_text
from annotate.dataset.facts import FEW, Facts, loadable_tables
from annotate.dataset.features import ARTICLES
from annotate.dataset.tables.tokens import TOKENS
from annotate.splits.groups import NEAR, BoundGroups, bonds_of_links, groups_among
from annotate.splits.propose import bonds_of
from annotate.util.escape import Markdown, markdown_code, markdown_code_block
from annotate.util.nouns import count_noun

TEST = "test"
"""The split that is loaded to evaluate systems."""
MAX_GROUPS = 20
"""Most groups of articles that the card names."""
MAX_COMPARED = 1_000
"""Most articles whose paragraphs are compared for the card; `annotate split` compares those of any number."""


def find_shared(corpus: Corpus, splits: Mapping[str, Sequence[str]]) -> BoundGroups:
    """Return what articles share: links, and near-duplicate paragraphs where the articles are few enough.

    Raises:
        CannotRun: Paragraphs may be near-duplicates, and datasketch, which decides, is not installed.
    """
    inside = {article_id for article_ids in splits.values() for article_id in article_ids}
    compared = len(inside) <= MAX_COMPARED
    bonds = bonds_of(corpus, inside) if compared else bonds_of_links(corpus.read_links())
    within = {bond.why for bond in bonds if {bond.first, bond.second} <= inside}
    return BoundGroups(
        tuple(group for group in groups_among(inside, bonds) if len(group) > 1), tuple(sorted(within)), compared
    )


def split_note(facts: Facts) -> Markdown:
    """Return the splits in half a line, for the card's first screen."""
    counts = facts.counts
    if _is_for_evaluation(facts):
        return Markdown("{} only: to evaluate systems that were not trained on it.").format(markdown_code(TEST))
    if _has_held_out(facts):
        sizes = Markdown(", ").join(
            Markdown("{} {}").format(markdown_code(split), count_noun(number, "article"))
            for split, number in counts.articles.items()
        )
        return sizes + Markdown("; no article is in two.")
    names = Markdown(" and ").join(map(markdown_code, counts.articles))
    none = names + Markdown(" only; nothing is held out for testing")
    number = counts.articles.total()
    if number == 1:
        return none + Markdown(", as there is one article.")
    if _is_one_group(facts):
        leak = ", and no fold is free of leaks: all {:,} articles are one group. See [Splits](#splits)."
        return none + Markdown(leak).format(number)
    return none + Markdown(". [Folds](#splits) hold out one article or group of articles at a time.")


def splits_section(facts: Facts) -> Markdown:
    """Return the section, with code that makes folds where nothing is held out for good."""
    note = split_note(facts).replace(" See [Splits](#splits).", "").replace("[Folds](#splits)", "Folds")
    parts: list[str] = [Markdown(f"{note[0].upper()}{note[1:]}"), _describe_shared(facts), _describe_use(facts)]
    if facts.left_out:
        parts.append(
            f"Left out, since they have no settled labels or no split: {count_noun(facts.left_out, 'article')}."
        )
    paragraphs = (Markdown("## Splits"), Markdown(" ").join(filter(None, parts)), _folds(facts))
    return Markdown("\n\n").join(part for part in paragraphs if part)


def _is_for_evaluation(facts: Facts) -> bool:
    return list(facts.counts.articles) == [TEST]


def _has_held_out(facts: Facts) -> bool:
    return len(facts.counts.articles) > 1


def _is_one_group(facts: Facts) -> bool:
    return facts.shared is not None and facts.shared.holds_all(facts.counts.articles.total())


def _describe_shared(facts: Facts) -> Markdown:
    """Return which articles share something, and what, and how far this was examined."""
    number, shared = facts.counts.articles.total(), facts.shared
    if number == 1:
        return Markdown()
    if shared is None:
        return Markdown("Which articles are linked or repeat one another was not examined: any split or fold may leak.")
    unseen = Markdown(
        "" if shared.compared else " Their paragraphs were not compared here: `annotate split --folds` does that."
    )
    if not shared.groups:
        what = "a link or a near-duplicate paragraph" if shared.compared else "a link"
        return Markdown("No two articles share {}.{}").format(what, unseen)
    links = [markdown_code(name) for name in shared.why if name != NEAR]
    why = Markdown(" and ").join(
        [Markdown("links ({})").format(Markdown(", ").join(links))] * bool(links)
        + [Markdown(NEAR)] * (NEAR in shared.why)
    )
    if _is_one_group(facts):
        whole = Markdown(
            "What binds them, directly or through others: {}. Whichever is held out, what was trained on is bound to"
            " it.{}"
        )
        if _is_for_evaluation(facts):
            whole = Markdown(
                "The articles are one group, so that none can be trained on while another is tested. What binds them,"
                " directly or through others: {}.{}"
            )
        return whole.format(why, unseen)
    shown = Markdown("; ").join(Markdown(", ").join(map(markdown_code, group)) for group in shared.groups[:MAX_GROUPS])
    more = f"; and {len(shared.groups) - MAX_GROUPS:,} more groups" if len(shared.groups) > MAX_GROUPS else ""
    return Markdown("These are bound together by {}: {}{}.{}").format(
        why or "articles that are not in the dataset", shown, more, unseen
    )


def _describe_use(facts: Facts) -> Markdown:
    """Return what the splits are good for, and what a score on them says."""
    counts, shared = facts.counts.articles, facts.shared
    if _is_for_evaluation(facts):
        is_small = counts.total() < FEW
        return Markdown(
            f"With fewer than {FEW} articles, a score says little about other articles." if is_small else ""
        )
    if _has_held_out(facts):
        few = Markdown(", ").join(
            Markdown("{} has {:,}").format(markdown_code(name), number)
            for name, number in [*counts.items()][1:]
            if number < FEW
        )
        warning = "With fewer than {} articles held out ({}), a score says little about other articles."
        return Markdown(warning).format(FEW, few) if few else Markdown()
    if counts.total() == 1:
        return Markdown(
            "It is good to look at and to write rules and prompts on; a score on it says nothing about other articles."
        )
    if _is_one_group(facts):
        return Markdown(
            "The articles are good to look at, to write rules and prompts on, and as one of several sets; a score on a"
            " held-out article is no estimate for unseen articles. Leaving one article out shows that a system runs:"
            " give such a figure with this leak, or not at all."
        )
    if shared is None:
        return Markdown(
            "To evaluate, hold out whole articles: rows of one share their writer, their subject and their annotator."
        )
    number = counts.total() - sum(len(group) - 1 for group in shared.groups)
    note = f" With {number:,} folds, give each fold's figure beside the mean." if number < FEW else ""
    held = (
        "Articles that are bound together are held out together"
        if shared.groups
        else "One article is held out at a time"
    )
    return Markdown(f"{held}: nothing that is known to be shared is both trained and tested on.{note}")


class _Fold(NamedTuple):
    """How the code in the card divides the folds; `first` maps an article to the first of its group."""

    comment: str
    first: dict[str, str]


def _folds(facts: Facts) -> Markdown:
    """Return code that makes folds with `load_dataset` alone: a group is held out as a whole, unless it is all."""
    shared, number = facts.shared, facts.counts.articles.total()
    if _has_held_out(facts) or _is_for_evaluation(facts) or number < 2:
        return Markdown()
    if shared is not None and len(shared.groups) > MAX_GROUPS:
        return Markdown("The folds are many: `annotate split --folds` prints them as JSON.")
    if _is_one_group(facts):
        fold = _Fold("# Leave one article out. It leaks: all articles are one group.", {})
    elif shared is None:
        fold = _Fold("# Leave one article out.", {})
    else:
        fold = _Fold(
            "# Leave one group of articles out." if shared.groups else "# Leave one article out.",
            {name: group[0] for group in shared.groups for name in group},
        )
    config, key = (TOKENS, "article") if TOKENS in loadable_tables(facts) else (ARTICLES, "id")
    group = f"first = {fold.first!r}  # article: the first of those that it is bound to\n" if fold.first else ""
    of = f'first.get(row["{key}"], row["{key}"])' if fold.first else f'row["{key}"]'
    code = f"""from datasets import load_dataset

{fold.comment}
{group}rows = load_dataset(dataset, "{config}", split={show_text(next(iter(facts.counts.articles)))})
for held_out in sorted({{{of} for row in rows}}):
    train = rows.filter(lambda row: {of} != held_out)
    test = rows.filter(lambda row: {of} == held_out)"""
    return markdown_code_block(code, "python")
