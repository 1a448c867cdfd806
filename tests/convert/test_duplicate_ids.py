"""Ids that several tasks have are found by their hashes, in any division of the work."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.convert import duplicate_ids
from annotate.convert.duplicate_ids import IdHashes, hash_ids
from tests.convert.conftest import Place, made_up

shards = st.lists(st.lists(st.integers(0, 30).map(str), max_size=12), max_size=6)


@given(shards, st.sampled_from([1, 3, 1 << 24]))
@settings(deadline=None, max_examples=150)
def test_repeated_hashes_are_those_that_counting_finds(ids: list[list[str]], at_once: int) -> None:
    counted = Counter(name for shard in ids for name in shard)
    want = {
        number: {hash_ids([name])[0] for name in shard if counted[name] > 1}
        for number, shard in enumerate(ids)
        if any(counted[name] > 1 for name in shard)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicate_ids, "SORTED_AT_ONCE", at_once)
        found = IdHashes()
        for shard in ids:
            found.add(hash_ids(shard))
        assert found.find_repeated() == want
    assert [found.of_shard(number) for number in range(len(found))] == [hash_ids(shard) for shard in ids]


def test_export_given_twice_is_converted_once(place: Place) -> None:
    place.export(made_up(1, 9))
    place.export(made_up(1, 9), "again.json")
    words = ("export.json", "again.json", "--shard-size", "50K")
    assert place.convert(*words, workers=2).exit_code == 1
    assert place.convert("export.json", "--shard-size", "50K", out="once").exit_code == 0
    assert place.manifest()["set_aside"] == {"I204": 9}
    for table in ("articles", "annotations", "relations", "tokens"):
        assert place.rows(table) == place.rows(table, "once")
    assert {line["file"] for line in place.aside()} == {"again.json"}


def test_ids_with_the_same_hash_are_not_confused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal hashes, almost impossible with 64 bits and forced here, quarantine no task."""
    monkeypatch.setattr("annotate.convert.run.hash_ids", lambda ids: hash_ids("same" for _ in ids))
    place.export(made_up(1, 9))
    assert place.convert("export.json", "--shard-size", "50K").exit_code == 0
    assert place.manifest()["articles"] == 9
