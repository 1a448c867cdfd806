"""Patterns of the paths of texts and labels."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import CannotRun
from annotate.formats.file_patterns import FileFields, PathPattern, make_layout


@pytest.mark.parametrize(
    ("pattern", "path", "fields"),
    [
        ("{id}.ann", "a.b.ann", ("", "a.b", "")),
        ("{id}.ann", "a/b.ann", None),
        ("{id}.ann", ".ann", None),
        ("{id}.ann", ".hidden.ann", None),
        ("{id}.{annotator}.ann", "a.b.anna.ann", ("", "a.b", "anna")),
        ("{annotator}_{id}.ann", "anna_my_text.ann", ("", "my_text", "anna")),
        ("{annotator}/{id}.ann", "anna/a.ann", ("", "a", "anna")),
        ("{id}/{annotator}.ann", "a/anna.ann", ("", "a", "anna")),
        ("{id}/{id}.ann", "a/a.ann", ("", "a", "")),
        ("{id}/{id}.ann", "a/b.ann", None),
        ("{folder}/{id}.ann", "a.ann", ("", "a", "")),
        ("{folder}/{id}.ann", "x/y/a.ann", ("x/y", "a", "")),
        ("data/{folder}/ann/{id}.ann", "data/x/ann/a.ann", ("x", "a", "")),
        ("data/{folder}/ann/{id}.ann", "data/ann/a.ann", ("", "a", "")),
        ("data/{folder}/ann/{id}.ann", "ann/a.ann", None),
        ("{folder}/{id}.ann", ".git/a.ann", None),
        ("*/{id}_*.ann", "x/a_b_c.ann", ("", "a_b", "")),
        ("*/{id}.ann", "x/y/a.ann", None),
        ("text[1]/{id}.(ann)", "text[1]/a.(ann)", ("", "a", "")),
    ],
)
def test_fields_of_a_path(pattern: str, path: str, fields: tuple[str, str, str] | None) -> None:
    assert PathPattern(pattern, "--labels").match(path) == (FileFields(*fields) if fields else None)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{name}.ann", "has the unknown field {name}"),
        ("{ID}.ann", "has the unknown field {ID}"),
        ("text.ann", "has no {id}"),
        ("{id}_{id}.ann", "has {id} twice in one name"),
        ("{id}{annotator}.ann", "has two wildcards with nothing between them"),
        ("{id}**.ann", "has two wildcards with nothing between them"),
        ("{folder}{id}.ann", "has {folder} together with something else in one name"),
        ("{folder}/{folder}/{id}.ann", "has {folder} twice"),
        ("../{id}.ann", "is not a path within the folder"),
        ("/data/{id}.ann", "is not a path within the folder"),
        ("", "is not a path within the folder"),
        ("*a" * 20 + "/{id}", "has more than 20 parts in one name"),
    ],
)
def test_a_pattern_that_is_not_valid_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(CannotRun) as caught:
        PathPattern(pattern, "--labels")
    assert caught.value.problem.startswith(says)


@pytest.mark.parametrize(
    ("texts", "labels", "says"),
    [
        ("{annotator}/{id}.txt", ["{id}.ann"], "has no {annotator}, which --texts has"),
        ("{id}.txt", ["{id}.a1", "{annotator}/{id}.a2"], "has other fields than '{id}.a1'"),
    ],
)
def test_patterns_that_do_not_fit_together_are_refused(texts: str, labels: list[str], says: str) -> None:
    with pytest.raises(CannotRun, match="use the same fields in both") as caught:
        make_layout(texts, labels)
    assert caught.value.problem == says


def test_hostile_names_take_no_time() -> None:
    pattern = PathPattern("*a*a*a*a*a*a*a*a/{id}a{annotator}b*c*d.ann", "--labels")
    started = time.process_time()
    for _ in range(20):
        assert pattern.match(f"{'a' * 255}b/{'a' * 250}") is None
    assert time.process_time() - started < 5


names = st.text("ab.-_", min_size=1, max_size=6).filter(lambda name: not name.startswith("."))


@given(st.lists(st.tuples(names, names, st.sampled_from([".txt", ".ann", ".a1", ".a2", ".pdf"])), unique=True))
def test_each_file_is_in_one_place(parts: list[tuple[str, str, str]]) -> None:
    """Each file with an ending of a text or of labels is in one group, or is unmatched."""
    paths = [f"{folder}/{name}{ending}" for folder, name, ending in parts]
    for texts, labels in ((None, ()), ("a/{id}.txt", ("*/{id}.{annotator}.ann",)), ("*/{id}.txt", ("{id}/{id}.ann",))):
        files = make_layout(texts, labels).arrange(paths, (".txt", ".ann", ".a1", ".a2"))
        placed = [path for path, _ in files.unmatched]
        placed += [path for group in files.groups for path in group.labels]
        placed += {group.text for group in files.groups if group.text}
        assert sorted(placed) == sorted(path for path in paths if not path.endswith(".pdf"))


def test_a_file_that_could_be_text_and_labels_is_labels_if_their_text_exists() -> None:
    layout = make_layout("{id}.txt", ["{id}_{annotator}.txt"])
    groups = layout.arrange(["a.txt", "a_anna.txt", "my_text.txt", "my_text_ben.txt"], ()).groups
    assert [(group.text, group.labels) for group in groups] == [
        ("a.txt", ("a_anna.txt",)),
        ("my_text.txt", ("my_text_ben.txt",)),
    ]
