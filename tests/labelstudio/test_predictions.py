"""Predictions that are read when they are used."""

from annotate.labelstudio.predictions import LazySequence


def test_lazy_sequence_reads_on_access() -> None:
    read: list[str] = []

    def upper(key: str) -> str:
        read.append(key)
        return key.upper()

    several = LazySequence(["a", "b", "c"], upper)
    assert (len(several), several.keys, read) == (3, ["a", "b", "c"], [])
    assert (several[-1], read) == ("C", ["c"])
    assert len(several[1:]) == 2
    assert read == ["c"]
    assert [*several, *several[:1]] == ["A", "B", "C", "A"]
    assert read == ["c", "a", "b", "c", "a"]
