"""`annotate.load`: the rows are those of the corpus, and what contradicts itself is one clear line."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import annotate
from annotate import CannotRun, LoadedArticle, LoadedLink, LoadedPair, LoadedRecord, LoadedTokens, load, metrics
from annotate.dataset.folder import FORMAT
from tests.conftest import BASE, Project
from tests.dataset import hub as hubs
from tests.mutations import mutate_bytes, mutate_tree

RELEASED = Path(__file__).parent / "dataset-0.1.0"
"""Tables of the made-up corpus, as the toolkit of release 0.1.0 of the data wrote them."""
REPO = "port-office/port-news"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("load") / "project")
    for name, words in (("dataset", ()), ("bare", ("--without-text",))):
        done = project.annotate("build", "--out", name, *words)
        assert done.exit_code == 0, done.output
    return project.root


@pytest.fixture
def dataset(built: Path, tmp_path: Path) -> Path:
    """A copy of the dataset that a test may change."""
    return Path(shutil.copytree(built / "dataset", tmp_path / "dataset"))


def rows(folder: Path, table: str = "articles", **options: Any) -> list[Any]:
    return list(load(folder, table, **options))


def test_articles_are_those_of_the_corpus(built: Path) -> None:
    corpus = annotate.Corpus(BASE / "corpus")
    table = load(built / "dataset")
    assert (table.name, table.splits) == ("articles", ("train", "test"))
    assert "Verb" in table.classes["spans[].label"]
    loaded = list(table)
    assert sorted(row.id or "" for row in loaded) == corpus.annotated_ids("gold")
    assert list(table) == loaded, "each iteration starts again"
    for row in loaded:
        assert isinstance(row, LoadedArticle)
        gold = corpus.read_annotation("gold", row.article)
        assert row.text == corpus.read_text(row.article)
        assert [(span.id, span.label, span.text, span.attributes) for span in row.spans] == [
            (span.id, span.label, span.text, span.attributes) for span in gold.spans
        ]
        assert {(each.label, each.head.id, each.tail.id) for each in row.relations} == {
            (each.label, each.head, each.tail) for each in gold.relations
        }
        assert all(each.head in row.spans for each in row.relations)
        assert row.columns["process"] == gold.process
    (row,) = rows(built / "dataset", split="train")
    assert row.columns["id"] == row.id
    assert metrics.score_exact_spans(loaded, loaded)["all labels"].f1 == 1
    assert metrics.score_relations(loaded, loaded, samples=0)["all labels"].exact.f1.value == 1


def test_rows_of_every_table_have_their_type(built: Path) -> None:
    types = {
        "annotations": LoadedArticle,
        "tokens": LoadedTokens,
        "relations": LoadedPair,
        "links": LoadedLink,
        "sayings": LoadedRecord,
        "loads": LoadedRecord,
    }
    for table, type_ in types.items():
        loaded = rows(built / "dataset", table)
        assert loaded
        assert {type(row) for row in loaded} == {type_}
    texts = {row.id: row.text for row in rows(built / "dataset")}
    for row in rows(built / "dataset", "tokens"):
        assert all(texts[row.article][token.start : token.end] == token.text for token in row.tokens)
        assert {len(tags) for tags in row.tags.values()} == {len(row.tokens)}
        assert all(re.fullmatch(r"O|[BI]-[A-Z]\w+", tag) for tags in row.tags.values() for tag in tags)
    for row in rows(built / "dataset", "relations"):
        assert isinstance(row.label, str)
        assert row.head.text
    for row in rows(built / "dataset", "links"):
        assert all(texts[each.attributes["article"]][each.start : each.end] == each.text for each in row.passages)
    for row in rows(built / "dataset", "loads"):
        assert set(row.roles) == {"quay", "reporter"}
        assert row.anchor.text in texts[row.article]
        assert row.columns["wording"] in ("exact", "at least", "at most", "range", "vague")
    loads = rows(built / "dataset", "loads")
    assert metrics.score_records([loads], [loads], samples=0).exact.f1.value == 1


def test_a_dataset_without_text_has_offsets_and_labels(built: Path) -> None:
    whole = {row.id: row for row in rows(built / "dataset")}
    for row in rows(built / "bare"):
        assert row.text is None
        assert [(span.label, span.start, span.end) for span in row.spans] == [
            (span.label, span.start, span.end) for span in whole[row.id].spans
        ]
        assert {span.text for span in row.spans} <= {None}
    for table in ("tokens", "relations", "links", "sayings", "loads"):
        assert len(rows(built / "bare", table)) == len(rows(built / "dataset", table))


def test_datasets_of_release_0_1_0_are_read(built: Path) -> None:
    for table in ("articles", "tokens", "relations", "loads", "links"):
        assert rows(RELEASED, table)
    (old,), (new,) = (rows(folder, split="train") for folder in (RELEASED, built / "dataset"))
    assert old.text == new.text
    assert {(span.label, span.text) for span in old.spans} <= {(span.label, span.text) for span in new.spans}
    assert {each.label for each in old.relations} <= {each.label for each in new.relations}


def test_conversions_are_read(project: Project) -> None:
    task = {"id": 1, "data": {"text": "Be calm.", "article": "calm"}, "annotations": [{"id": 1, "result": []}]}
    project.path("export.json").write_text(json.dumps([task]))
    annotate.convert_exports([str(project.path("export.json"))], str(project.path("out")), project.inventory)
    (row,) = rows(project.path("out"))
    assert (row.text, row.spans) == ("Be calm.", ())


Change = Callable[[list[dict[str, Any]]], None]


def change_rows(folder: Path, table: str, change: Change) -> Path:
    (path,) = folder.glob(f"data/{table}/train-*.parquet")
    old = pq.read_table(path)
    changed = old.to_pylist()
    change(changed)
    pq.write_table(pa.Table.from_pylist(changed, schema=old.schema), path)
    return path


@pytest.mark.parametrize(
    ("table", "change", "problem"),
    [
        (
            "articles",
            lambda row: row["spans"][0].update(text="other"),
            r"span 0: the text has '.*' at \d+–\d+, not 'other'",
        ),
        ("articles", lambda row: row["spans"][0].update(end=10**9), r"span 0: .* is not a range of the text"),
        ("articles", lambda row: row["spans"][0].update(start=-1), "span 0: -1–.* is not a range"),
        ("articles", lambda row: row["spans"][0].update(start=None), "span 0: start is None, not a number"),
        ("articles", lambda row: row["spans"][0].update(label=99), r"spans\[\].label has no class 99, only 0 to 4"),
        ("articles", lambda row: row["spans"][0].update(label=-1), r"spans\[\].label has no class -1"),
        ("articles", lambda row: row["relations"][0].update(head=99), "relation 0: head 99 is not the index of a span"),
        ("articles", lambda row: row["relations"][0].update(tail_id="s99"), "relation 0: tail .* not 's99'"),
        ("articles", lambda row: row["relations"][0].update(label=None), "relation 0: label is None, not text"),
        ("articles", lambda row: row.update(id=None), "row: id is None, not text"),
        ("articles", lambda row: row["spans"].append(None), "is None, not a span"),
        ("tokens", lambda row: row["tokens"].pop(), "tokens, starts, ends and tags differ in length"),
        ("tokens", lambda row: row["tokens"].__setitem__(0, "X"), "token 0: the text has"),
        ("loads", lambda row: row.update(text="X"), "anchor: the text has"),
        ("relations", lambda row: row["head"].update(text="X"), "head: the text has"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(
    dataset: Path, table: str, change: Callable[[dict[str, Any]], Any], problem: str
) -> None:
    path = change_rows(dataset, table, lambda all_rows: change(all_rows[0]))
    with pytest.raises(CannotRun, match=problem) as raised:
        rows(dataset, table)
    assert str(raised.value).startswith(f"{path}, row 0: ")
    assert str(raised.value).endswith("; download or build the dataset again")
    assert "\n" not in str(raised.value)


def test_folders_that_are_no_dataset_are_refused(dataset: Path, tmp_path: Path) -> None:
    def refusal(*words: Any) -> str:
        with pytest.raises(CannotRun) as raised:
            list(load(*words))
        return str(raised.value).replace(f"{tmp_path}/", "")

    (article,) = dataset.glob("data/articles/train-*.parquet")
    assert "no such folder; name a folder of `annotate build`, or OWNER/NAME on the Hub" in refusal(tmp_path / "no")
    assert "is not a folder" in refusal(article)
    tables = "annotations, articles, links, loads, relations, sayings, tokens"
    assert refusal(dataset, "nope") == f"dataset: has no table 'nope'; choose from {tables}"
    assert refusal(dataset, "../articles").startswith("dataset: has no table '../articles'")
    assert (
        refusal(dataset, "articles", None, "nope") == "dataset: articles has no split 'nope'; choose from train, test"
    )
    assert refusal(dataset, "articles", "1.0.0").startswith("dataset: is a folder, which has no revisions; ")
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty").startswith("empty/data: no such file or directory; ")

    table = pq.read_table(article)
    pq.write_table(table.replace_schema_metadata({}), article)
    assert "has no metadata of `datasets`, which names its classes" in refusal(dataset)
    pq.write_table(table.replace_schema_metadata({"huggingface": '{"info": {"features": {"id": [1]}}}'}), article)
    assert "has a column of a type that this version does not know" in refusal(dataset)
    article.write_bytes(b"PAR1")
    assert "is not Parquet" in refusal(dataset)
    article.unlink()
    article.symlink_to("/etc/passwd")
    assert "is a link, and links are not followed" in refusal(dataset)
    article.unlink()
    os.mkfifo(article)
    assert "is not a regular file" in refusal(dataset)
    for path in dataset.glob("data/articles/*"):
        path.unlink()
    assert "has no files such as train-00000-of-00001.parquet" in refusal(dataset)


def test_manifests_of_other_formats_are_refused(dataset: Path) -> None:
    manifest = dataset / "manifest.json"
    name, _, number = FORMAT.rpartition(" ")
    newer = manifest.read_text().replace(FORMAT, f"{name} {int(number) + 1}")
    for text, problem in (
        (
            newer,
            f"has format {int(number) + 1}, newer than {number}, the newest that this version reads; install a newer",
        ),
        ('{"format": "annotate release 1"}', "is the manifest of 'annotate release 1', not of a dataset"),
        ('{"format": "annotate dataset x"}', "is the manifest of 'annotate dataset x', not of a dataset"),
        ('{"format": 1}', "is not the manifest of a dataset"),
        ("[" * 100_000, "is not the manifest of a dataset"),
    ):
        manifest.write_text(text)
        with pytest.raises(CannotRun, match=problem):
            load(dataset)
    manifest.unlink()
    assert rows(dataset)


SCRIPT = """
import sys
from annotate import CannotRun, load
for revision, split in ((None, None), ("1.0.0", "test"), ("2.0.0", None), (None, "nope")):
    try:
        print([(row.id, len(row.spans)) for row in load("port-office/port-news", revision=revision, split=split)])
    except CannotRun as error:
        print(error)
for repo, table in (("port-office/port-news", "nope"), ("port-office/nothing", "articles"), ("a/b/c", "articles")):
    try:
        load(repo, table)
    except CannotRun as error:
        print(error)
"""


def run(code: str, cwd: Path, **env: str) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    quiet = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    env = {**kept, **quiet, "HF_HOME": str(cwd / "home"), **env}
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_repositories_of_the_hub_are_read(dataset: Path, tmp_path: Path) -> None:
    files = {path.relative_to(dataset).as_posix(): path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    with hubs.serving() as hub:
        repo = hub.make(REPO)
        repo.tags["1.0.0"] = repo.add("Release 1.0.0", files)
        lines = run(SCRIPT, tmp_path, HF_ENDPOINT=hub.url)
    spans = [(row.id, len(row.spans)) for row in rows(dataset)]
    assert lines[0] == str(spans)
    assert lines[1] == str(spans[1:])
    assert lines[2] == f"{REPO}: has no revision '2.0.0'; name a tag, a branch or a commit"
    assert lines[3] == f"{REPO}: articles has no split 'nope'; choose from train, test"
    assert lines[4].startswith(f"{REPO}: nope cannot be loaded: ")
    assert lines[5].startswith(
        "port-office/nothing: no such folder, and the Hub has no such dataset, or it is private;"
    )
    assert lines[6] == "a/b/c: no such folder; name a folder of `annotate build`, or OWNER/NAME on the Hub"
    assert len(lines) == 7


def test_folders_are_read_without_the_extra(dataset: Path, tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["datasets"] = None
from annotate import CannotRun, load
print(len(list(load({str(dataset)!r}))))
try:
    load({REPO!r})
except CannotRun as error:
    print(error)
"""
    assert run(code, tmp_path) == [
        "2",
        f"{REPO}: no such folder, and the library datasets is not installed;"
        " reading from the Hub needs it: pip install 'contested-claims[dataset]'",
    ]


@pytest.mark.parametrize("table", ["articles", "annotations", "tokens", "relations", "links", "loads"])
def test_damaged_files_are_refused_or_read(dataset: Path, table: str) -> None:
    """Of a file, its metadata or its rows; other exceptions than CannotRun fail the test."""
    (path,) = dataset.glob(f"data/{table}/train-*.parquet")
    whole, old = path.read_bytes(), pq.read_table(path)
    original = old.to_pylist()
    features = json.loads((old.schema.metadata or {})[b"huggingface"])["info"]["features"]
    chance = random.Random(20261128)  # noqa: S311 - draws no secrets
    outcomes = Counter[bool | str]()
    for run in range(int(os.environ.get("RUNS", "6")) * 10):
        changed, types = original, features
        if run % 3 == 0:
            path.write_bytes(mutate_bytes(whole, chance))
        elif run % 3 == 1:
            types = mutate_tree(features, chance)
        else:
            changed = mutate_tree(original, chance)
        if run % 3:
            metadata = {"huggingface": json.dumps({"info": {"features": types}})}
            try:
                table_of_rows = pa.Table.from_pylist(changed)
            except (pa.ArrowException, AttributeError, LookupError, OverflowError, TypeError, ValueError):
                continue  # no Parquet can hold these rows
            try:
                pq.write_table(table_of_rows.replace_schema_metadata(metadata), path)
            except (pa.ArrowException, UnicodeEncodeError):
                continue
        try:
            msgspec.json.encode(rows(dataset, table, split="train"))
        except CannotRun as error:
            outcomes["\n" in str(error)] += 1
        else:
            outcomes["read"] += 1
    assert outcomes[False]
    assert not outcomes[True]
