"""Planning a push: what is kept of the server's tasks."""

from annotate.labelstudio.push_plan import digest_result, summarize_task


def test_only_hashes_are_kept_of_a_task() -> None:
    raw = {
        "id": 3,
        "data": {"text": "Long" * 1000, "article": "a"},
        "predictions": [{"id": 5, "result": [1], "x": 1}, 7],
    }
    kept = summarize_task(raw)
    assert "Long" not in repr(kept)
    assert [(shown.id, shown.digest) for shown in kept.predictions] == [(5, digest_result([1]))]
