"""`annotate split`: propose splits that keep together what belongs together, and folds."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from annotate.cli.options import all_option, corpus_argument, format_option, schema_option, split_ids
from annotate.cli.terminal import (
    MAX_SHOWN,
    count_noun,
    describe_rest,
    echo,
    echo_cut_lines,
    echo_json,
    echo_lines,
    show_steps,
)
from annotate.errors import CannotRun
from annotate.splits import SPLITS
from annotate.util.escape import has_unseen, quote

if TYPE_CHECKING:
    from annotate.splits.groups import Bond
    from annotate.splits.propose import Proposal, Strata


def _parse_ratios(_ctx: click.Context, _option: click.Parameter, value: str) -> dict[str, float]:
    """Parse three shares of train, validation and test, such as 80:10:10; leave out splits without a share."""
    try:
        shares = [float(part) for part in value.split(":")]
    except ValueError:
        shares = []
    if len(shares) != len(SPLITS) or not all(0 <= share < float("inf") for share in shares) or not any(shares):
        raise click.BadParameter(f"{quote(value)} is not three shares, as in 80:10:10")
    return {split: share for split, share in zip(SPLITS, shares, strict=True) if share}


@click.command("split")
@corpus_argument
@click.option("--plan", "_plan", is_flag=True, help="Show the proposal and write nothing.  [default]")
@click.option("--write", is_flag=True, help="Add the articles that are in no list to the lists in splits/.")
@click.option("--folds", is_flag=True, help="Print folds as JSON: leave one group out, and leave one article out.")
@click.option(
    "--ratios",
    callback=_parse_ratios,
    metavar="T:V:T",
    default="80:10:10",
    show_default=True,
    help="Shares of train, validation and test.",
)
@click.option(
    "--balance",
    metavar="FIELDS",
    help="Fields of articles, separated by commas, whose values the splits have in proportion, as in language,party.",
)
@schema_option
@format_option
@all_option
@click.pass_context
def command(
    ctx: click.Context,
    corpus: str,
    _plan: bool,
    write: bool,
    folds: bool,
    ratios: dict[str, float],
    balance: str | None,
    schema: str,
    format_: str,
    show_all: bool,
) -> None:
    """Propose a split for every article that is not in one yet.

    An article that is in a list never moves.

    Articles that a link of links.json binds, or a paragraph that is nearly the same, stay in one split, and so does
    what is bound through them. The lists in splits/ decide: this only adds to them.

    With --balance, each split has about the same proportions of the values of some fields: language, publisher,
    author, date (by year), or fields of metadata that the inventory declares. Numbers count by their quarter, dates by
    their year. No value counts like a value, and a value that only one article has does not count.

    As text, the first 20 bonds, and the first 20 new articles of each split, are shown, unless --all is given.

    Folds are for a corpus too small to hold out a part for good. In their JSON, `by_group` holds out one group at a
    time and leaks nothing; it is empty where all articles are one group. `by_article` holds out one article at a time,
    and names as `bound` the others that share something with it. `note` says what these articles allow.

    Exit code 0: proposed or written; 1: nothing was written, because a group is in two splits already or a list was
    changed meanwhile; 2: could not run.

    \b
    annotate split
    annotate split --ratios 70:10:20 --write
    annotate split --balance language,party --write
    annotate split --folds > folds.json
    """
    from annotate.corpus import Corpus, decode_split
    from annotate.inventory import load_inventory
    from annotate.splits import propose as splits
    from annotate.splits.groups import groups_among
    from annotate.util.lock import writing_to

    if write and (_plan or folds):
        raise click.UsageError("--write goes with neither --plan nor --folds")
    if balance is not None and folds:
        raise click.UsageError("--balance does not go with --folds")
    fields = split_ids(balance or "")
    inventory = load_inventory(schema) if set(fields) - {*splits.BALANCED} else None
    store = Corpus(corpus)
    with writing_to(*([store.root] if write else [])):
        article_ids = store.article_ids()
        if not article_ids:
            raise CannotRun(store.root / "articles", "has no articles", "add some with `annotate add`")
        for article_id in article_ids:
            if has_unseen(article_id):
                raise CannotRun(store.article_path(article_id), "has a name that cannot be printed", "rename it")
        with show_steps() as progress:
            bonds = splits.bonds_of(store, article_ids, progress)
        if folds:
            echo_json(splits.encode_folds(splits.folds(article_ids, bonds)))
            return
        together = splits.is_one_group(groups_among(article_ids, bonds))
        files = store.read_split_files()
        current = {split: decode_split(data) for split, data in files.items()}
        strata = splits.find_strata(store.articles(), fields, inventory) if fields else {}
        proposal = splits.propose(article_ids, bonds, current, ratios, strata)
        written = splits.write_splits(store, proposal, files) if write and not proposal.torn else []
    if format_ == "json":
        echo_json(_as_json(proposal, bonds, written))
    else:
        _show_bonds(proposal, bonds, show_all)
        echo_lines([*_list_changes(proposal, written, together, show_all)])
        echo_lines(_list_proportions(proposal, fields, strata))
    if proposal.torn:
        ctx.exit(1)


def _list_proportions(proposal: "Proposal", fields: list[str], strata: "Strata") -> list[str]:
    """Return a line for each field and split: how many articles have each value."""
    lines = []
    for name in fields:
        for split, article_ids in proposal.lists().items():
            values = Counter(value for key in article_ids for field, value in strata.get(key, ()) if field == name)
            counts = ", ".join(
                f"{'none' if value is None else value} {count}"
                for value, count in sorted(values.items(), key=lambda item: (-item[1], str(item[0])))
            )
            lines.append(f"{name} in {split}: {counts or 'nothing'}")
    return lines


def _as_json(proposal: "Proposal", bonds: list["Bond"], written: list[str]) -> str:
    import msgspec

    data = {"new": proposal.new, "torn": proposal.torn, "written": written, "bonds": bonds}
    return json.dumps(msgspec.to_builtins(data), indent=2)


def _show_bonds(proposal: "Proposal", bonds: list["Bond"], show_all: bool) -> None:
    """Print which articles stay together, and which groups are in two splits; the numbers first if there are many."""
    if max(len(bonds), len(proposal.torn)) > MAX_SHOWN:
        torn = f"; {count_noun(len(proposal.torn), 'group')} in two splits" if proposal.torn else ""
        echo(f"{count_noun(len(bonds), 'pair')} of articles that stay together{torn}")
    lines = (f"{bond.first} and {bond.second} stay together: {bond.why}" for bond in bonds)
    echo_cut_lines(lines, "pair", show_all)
    groups = (
        f"in two splits: {_join_ids(group, show_all)}; keep them in one list of splits/" for group in proposal.torn
    )
    echo_cut_lines(groups, "group", show_all)


def _join_ids(article_ids: Sequence[str], show_all: bool) -> str:
    """Return article ids as one text: all, or the first ones and the number of the others."""
    if show_all or len(article_ids) <= MAX_SHOWN:
        return ", ".join(article_ids)
    return f"{', '.join(article_ids[:MAX_SHOWN])}, {describe_rest(len(article_ids) - MAX_SHOWN, 'article')}"


def _list_changes(proposal: "Proposal", written: list[str], together: bool, show_all: bool) -> list[str]:
    lines = []
    for split, article_ids in proposal.lists().items():
        new = proposal.new.get(split, [])
        lines.append(f"{split}: {len(article_ids)}, {len(new)} new{': ' if new else ''}{_join_ids(new, show_all)}")
    if written:
        lines.append(f"written: {', '.join(f'splits/{split}.txt' for split in written)}")
    elif not proposal.new:
        lines.append("nothing to write: every article is in a list")
    if together:
        lines.append("all articles are one group: none can be held out without a leak")
    return lines
