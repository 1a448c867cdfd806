"""A patch turns OLD into NEW byte for byte: generated corpora, and this repository's own history."""

import subprocess
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.comparison import patch
from annotate.comparison.compare import Comparison
from annotate.comparison.patch import Patch, decode_patch, encode_patch
from annotate.comparison.sources import open_version
from annotate.comparison.trees import FolderTree
from annotate.corpus import encode_annotation
from annotate.errors import CannotRun
from tests.comparison.conftest import Pair
from tests.conftest import BASE, ROOT, read_files
from tests.strategies import annotations, texts

Files = dict[str, bytes]
SCHEMA = (BASE / "schema" / "labels.yaml").read_bytes()
METADATA = st.dictionaries(
    st.sampled_from(["id", "title", "date", "rights", "other"]),
    st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.integers(0, 2**70)),
)


@st.composite
def corpora(draw: st.DrawFn) -> Files:
    """Files of a corpus: articles, labels in canonical form and not, lists, and bytes that are no text."""
    files = {"schema/labels.yaml": SCHEMA + draw(st.sampled_from([b"", b"# looks\n"])), "corpus/articles/z.txt": b"z"}
    for article in draw(st.lists(st.sampled_from(["a", "b"]), unique=True)):
        text = draw(texts)
        files[f"corpus/articles/{article}.txt"] = text.encode()
        files[f"corpus/articles/{article}.json"] = msgspec.json.encode(draw(METADATA))
        for version in draw(st.lists(st.sampled_from(["gold", "anna"]), unique=True)):
            data = encode_annotation(draw(annotations(text)))
            files[f"corpus/annotations/{version}/{article}.json"] = data + draw(st.sampled_from([b"", b"", b"\n"]))
    for name in draw(
        st.lists(st.sampled_from(["links.json", "splits/test.txt", "sources/s", "deep/er/x"]), unique=True)
    ):
        files[f"corpus/{name}"] = draw(st.one_of(st.binary(max_size=20), texts.map(str.encode)))
    return files


def laid_out(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def difference(old: str | Path, new: str | Path) -> Patch:
    with open_version(str(old)) as before, open_version(str(new)) as after:
        return decode_patch(b"".join(encode_patch(Comparison(before, after))), "made here")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(corpora(), corpora())
def test_patch_turns_any_corpus_into_any_other(old: Files, new: Files) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before, after = laid_out(folder / "old", old), laid_out(folder / "new", new)
        made = difference(before, after)
        assert made.changes.keys() == {file for file in old | new if old.get(file) != new.get(file)}
        with open_version(str(before)) as tree:
            patch.write_patched(made, tree, folder / "out")
            assert read_files(folder / "out") == new
            assert isinstance(tree, FolderTree)
            assert patch.patch_in_place(made, tree) == len(made.changes)
            assert read_files(before) == new
            assert patch.patch_in_place(made, tree) == 0


def revisions() -> list[str]:
    """Revisions of this repository at which the corpus changed and that have an inventory, as far as the clone goes."""
    words = ["git", "log", "--format=%H", "--reverse", "--", "corpus", "schema/labels.yaml"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    known = (["git", "cat-file", "-e", f"{revision}:schema/labels.yaml"] for revision in listed)
    found = [subprocess.run(words, cwd=ROOT, capture_output=True, check=False).returncode == 0 for words in known]
    return [revision for revision, has in zip(listed, found, strict=True) if has]


def test_patches_reproduce_the_history_of_this_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    listed = revisions()
    assert listed
    for number, (old, new) in enumerate(zip(listed, [*listed[1:], "corpus"], strict=True)):
        out = tmp_path / str(number)
        made = difference(old, new)
        with open_version(old) as before, open_version(new) as after:
            patch.write_patched(made, before, out)
            assert read_files(out) == {file: after.read(file) for file in after.files()}


def test_labels_alone_make_a_canonical_file(pair: Pair) -> None:
    pair.respan("harbour", "s1", start=4)
    pair.respan("harbour", "s5", label="Words", note="why")
    (change,) = pair.compared()[0]
    assert change.edits is None
    assert [one.kinds for one in change.spans] == [("moved",), ("relabelled", "note")]


@pytest.fixture
def changed(pair: Pair) -> tuple[Patch, Pair]:
    pair.respan("harbour", "s1", start=4)
    pair.new.path("corpus/links.json").unlink()
    return difference(pair.folder / "old", pair.folder / "new"), pair


def test_patch_of_another_version_is_rejected(changed: tuple[Patch, Pair]) -> None:
    made, pair = changed
    pair.respan("harbour", "s2", start=20)
    before = pair.new.snapshot()
    with open_version(str(pair.new.root)) as tree:
        assert isinstance(tree, FolderTree)
        with pytest.raises(patch.PatchRejected, match=r"harbour\.json: is not the old version"):
            patch.patch_in_place(made, tree)
        with pytest.raises(patch.PatchRejected, match=r"harbour\.json: is not the old version"):
            patch.write_patched(made, tree, pair.folder / "out")
    assert pair.new.snapshot() == before
    assert sorted(path.name for path in pair.folder.iterdir()) == ["new", "old"]


def test_change_that_was_tampered_with_is_rejected(changed: tuple[Patch, Pair]) -> None:
    made, pair = changed
    for file, change in made.changes.items():
        if change.spans:
            made.changes[file] = msgspec.structs.replace(change, spans=change.spans[:0])
    with (
        open_version(str(pair.folder / "old")) as tree,
        pytest.raises(patch.PatchRejected, match="does not give the new version"),
    ):
        patch.write_patched(made, tree, pair.folder / "out")


def test_existing_folder_is_not_written_to(changed: tuple[Patch, Pair]) -> None:
    made, pair = changed
    with open_version(str(pair.folder / "old")) as tree, pytest.raises(CannotRun, match="exists and is not empty"):
        patch.write_patched(made, tree, pair.folder / "new")


def test_interrupted_run_can_be_repeated(changed: tuple[Patch, Pair]) -> None:
    made, pair = changed
    old = pair.folder / "old"
    (old / "corpus" / "links.json").unlink()
    with open_version(str(old)) as tree:
        assert isinstance(tree, FolderTree)
        assert patch.patch_in_place(made, tree) == 1
    assert read_files(old) == read_files(pair.folder / "new")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"{", "is not a difference"),
        (b"[]", "is not a difference"),
        (b'{"format": 2}', "is not a difference"),
        (b'{"format": 3}', "has format 3; this toolkit reads format 2; install a newer toolkit"),
        (b'{"format": 1}', "a file is missing from it; make it again: `annotate diff OLD NEW --format json`"),
        (b'{"format": true}', "is not a difference"),
        (b'{"format": "x"}', "is not a difference"),
        (b"\xff", "is not a difference"),
        (b"[" * 100_000, "is not a difference"),
    ],
)
def test_data_that_is_not_a_difference(data: bytes, problem: str) -> None:
    with pytest.raises(CannotRun, match=problem) as error:
        decode_patch(data, "changes.json")
    assert "\n" not in str(error.value)
