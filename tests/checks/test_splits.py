"""Articles that belong together, in two splits: which bond and which line a finding names."""

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks.splits import group_in_two_splits
from annotate.splits.groups import Bond
from tests.operations import LINEAR, CountedText
from tests.splits.helpers import BONDS, IDS, bond


@given(BONDS, st.dictionaries(st.sampled_from(["train", "test"]), st.lists(IDS, max_size=9)))
@settings(deadline=None)
def test_a_finding_names_the_first_bond_to_another_split(
    bonds: list[Bond], splits: Mapping[str, Sequence[str]]
) -> None:
    split_of = {id_: split for split in reversed(list(splits)) for id_ in splits[split]}
    for problem in group_in_two_splits.check(bonds, splits):
        assert problem.article is not None
        split = split_of[problem.article]
        others = [bond.other(problem.article) for bond in bonds if problem.article in (bond.first, bond.second)]
        other = next((id_ for id_ in others if split_of.get(id_, split) != split), None)
        assert (problem.file, problem.line) == (f"splits/{split}.txt", splits[split].index(problem.article) + 1)
        named = f"{other!r}, bound to it (near-duplicate" if other else "bound to it (one group, through "
        assert named in problem.message


def test_many_findings_take_linear_time() -> None:
    def operations(size: int) -> int:
        train, test = ([CountedText(f"{split}-{number}") for number in range(size)] for split in ("train", "test"))
        bonds = [bond(first, second) for first, second in zip(train, test, strict=True)]
        splits = {"train": [*map(CountedText, train)], "test": [*map(CountedText, test)]}
        found: list[object] = []
        count = CountedText.count_operations(lambda: found.extend(group_in_two_splits.check(bonds, splits)))
        assert len(found) == size
        return count

    assert 0 < operations(400) <= LINEAR * operations(200)


def test_an_article_bound_through_many_names_a_few() -> None:
    def find_messages(size: int) -> list[str]:
        spokes = [f"spoke-{number:03}" for number in range(size)]
        bonds = [bond("hub", spoke) for spoke in spokes]
        splits = {"train": spokes[:1], "test": spokes[1:]}
        return [problem.message for problem in group_in_two_splits.check(bonds, splits)]

    short, long = find_messages(200), find_messages(400)
    assert (len(short), len(long)) == (199, 399)
    assert sum(map(len, long)) <= LINEAR * sum(map(len, short))
    assert "(one group, through hub, spoke-002, spoke-003, spoke-004, spoke-005 and 194 more)" in short[0]
    (only,) = find_messages(2)
    assert "(one group, through hub)" in only
