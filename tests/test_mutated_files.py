"""No file ends a command with a traceback, however its structure is damaged.

Each reader gets the same few damaged files in every run. RUNS of the environment sets another number, to look for more.
"""

import ast
import json
import os
import random
import shutil
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy
import yaml
from spacy.tokens import Doc, DocBin, SpanGroup

from annotate.comparison.release_manifest import ReleaseManifest, encode_manifest
from annotate.dataset.folder import read_manifest
from annotate.errors import CannotRun
from annotate.labelstudio.config import labelling_config, read_vocabulary
from annotate.migration.steps import load_migration
from annotate.offsets import sha256
from annotate.release.bundle import SUMS, archive_name, encode_sums, write_archive
from annotate.released_files import FORMAT
from annotate.schemas import package_schema
from tests import mutations
from tests.conftest import ROOT, Project
from tests.convert.conftest import made_up
from tests.formats.conftest import TEXT
from tests.formats.test_accounting import MAP
from tests.formats.test_xmi_layers import TYPES, make_xmi
from tests.mutations import Mutation
from tests.test_baseline import SMALL

SEED, RUNS = 20261128, int(os.environ.get("RUNS", "6"))
VERSION = "1.0.0"
BRAT = """T1\tPerson 2 6\tAnna
T2\tLOC 20 28\tOld Pier
T3\tSay 7 12\twaits
E1\tSay:T3 Who:T1 At:T2
E2\tSay:T3 Who:E1
R1\tNear Arg1:T1 Arg2:T2
A1\trole T1 boss
N1\tReference T2 Atlas:12\tOld Pier
#1\tAnnotatorNotes R1\tnear
*\tSame T1 T2
"""
CONLL = "-DOCSTART- -X- O\n\nAnna NNP B-Person\nwaits VB O\n\nthe DT O\nOld NNP B-LOC\nPier NNP I-LOC\n"
MIGRATION = """from: 1.0.0
to: 1.1.0
steps:
  - {rename: label, from: Speaker, to: Person}
  - {add: value, attribute: rank, name: boss, definition: Leads.}
  - {split: Words, default: Words, into: {Words: {}, Aside: {definition: By the way.}}, exceptions: {harbour/s3: Aside}}
  - {drop: relation, name: reported_by}
"""
METADATA = """
metadata:
  party: {type: choice, required: false, definition: The party., values: {left: on the left bank, right: opposite}}
  printed: {type: date, required: false, definition: When it was printed.}
  seats: {type: number, required: false, definition: How many seats it has.}
  place: {type: text, required: false, definition: Where it was printed.}
"""
CITATION = """cff-version: 1.2.0
title: Port news
authors: [{family-names: Doe, given-names: Jane}, {name: The port office}]
license: CC-BY-4.0
date-released: 2026-03-04
"""


def make_doc() -> Doc:
    """Return a document of spaCy with one of everything that is read."""
    doc = spacy.blank("en").make_doc(TEXT)
    anna, pier = doc.char_span(2, 6, "Person", kb_id="Q1"), doc.char_span(20, 28, "LOC", span_id="p")
    doc.ents = [span for span in (anna, pier) if span]
    doc.spans["sc"] = SpanGroup(doc, attrs={"scores": [0.5]}, spans=[span for span in (anna,) if span])
    doc.cats, doc.user_data["x"], doc[1].lemma_ = {"sad": 1.0}, 1, "anna"
    return doc


def make_files(project: Project) -> None:
    """Write a file for each reader."""

    def write(file: str, data: str | bytes) -> None:
        project.path(file).parent.mkdir(parents=True, exist_ok=True)
        project.path(file).write_bytes(data if isinstance(data, bytes) else data.encode())

    def run(words: str) -> str:
        result = project.annotate(*words.split())
        assert result.exit_code == 0, result.output
        return result.stdout

    write("schema/labels.yaml", project.path("schema/labels.yaml").read_text("utf-8") + METADATA)
    write("own.csv", "id,party,printed,seats,place\nharbour,left,2017-06,2.5,Pier\nmarket,right,2017,-3,\n")
    run("add --table own.csv")
    write("rows.csv", 'file;title;date;party;seats;place\na.txt;"One; first";2017-06;left;2.5;"at Café Quay"\n')
    row = {"id": "a", "language": "en", "party": "left", "printed": "2017-06-30", "seats": 1e3, "place": None}
    write("rows.json", json.dumps([row]))
    write("rows.jsonl", f"{json.dumps(row)}\n")
    write("new/annotators.yaml", project.path("corpus/annotators.yaml").read_bytes())
    write("map.yaml", MAP)
    for file, data in {"brat/a.txt": TEXT, "brat/a.ann": BRAT, "bio/a.conll": CONLL}.items():
        write(file, data)
    for file, data in {"xmi/TypeSystem.xml": TYPES, "xmi/doc.xmi": make_xmi()}.items():
        write(file, data)
    write("docbin/a.spacy", DocBin(docs=[make_doc()], store_user_data=True).to_bytes())
    for format_ in ("jsonl", "docbin", "bio", "brat", "csv"):
        run(f"export --format {format_} --out own-{format_}")
    tasks = made_up(1, 2)
    write("export.json", json.dumps(tasks, ensure_ascii=False))
    write("export.jsonl", "".join(f"{json.dumps(task)}\n" for task in tasks))
    write("people.yaml", "1: anna\nname@example.org: ben\n")
    write("config.xml", labelling_config(project.inventory))
    run("build --out ds")
    for table, columns in (
        ("articles", None),
        ("tokens", ("article", "number", "tokens", "speech_1")),
        ("relations", ("article", "label", "head", "tail")),
        ("sayings", ("article", "span_id", "start", "end", "text", "pieces", "speaker", "words")),
    ):
        files = sorted(project.path(f"ds/data/{table}").iterdir())
        rows = [row for file in files for row in pq.read_table(file).to_pylist()]
        rows = [{name: row[name] for name in columns or row} for row in rows]
        write(f"score/{table}.jsonl", "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))
        pq.write_table(pa.Table.from_pylist(rows), project.path(f"score/{table}.parquet"))
    quoted = {"id": "c", "label": "Verb", "quote": "said", "occurrence": 1, "scope": [0, 400], "attributes": {}}
    pieces = {"id": "p", "label": "Words", "quote": ["two", "carts"], "occurrence": [1, None]}
    relation = {"label": "words", "head_id": "c", "tail_id": "p"}
    write(
        "score/quotes.jsonl", json.dumps({"id": "harbour", "spans": [quoted, pieces], "relations": [relation]}) + "\n"
    )
    text = project.corpus.read_text("market")
    tag = {"entity": "B-Load", "index": 1, "word": text[:3], "start": 0, "end": 3}
    group = {"entity_group": "Load", "score": 0.5, "word": text[4:9], "start": 4, "end": 9}
    write("score/pipeline.json", json.dumps({"market": [tag, group], "harbour": []}))
    write("schema/baseline.yaml", SMALL)
    fields = json.loads(package_schema("statement"))["properties"]
    headings = [heading for heading, field in fields.items() if field["type"] == "string"]
    write("corpus/statement.yaml", yaml.safe_dump({heading: f"About {heading}." for heading in headings}))
    write("corpus/release.yaml", "agreement: {least: 0.5, labels: {Load: 0}}\n")
    write("CITATION.cff", CITATION)
    write("to.yaml", MIGRATION)
    run("generate")
    for name in ("harbour", "market"):
        annotation = json.loads(project.path(f"corpus/annotations/anna/{name}.json").read_bytes())
        others = [span | {"note": "seen"} for span in annotation["spans"]]
        write(f"corpus/annotations/ben/{name}.json", json.dumps(annotation | {"annotator": "ben", "spans": others}))
    run("adjudicate plan --from anna,ben")
    for side in ("v1", "v2"):
        for folder in ("corpus", "schema"):
            shutil.copytree(project.path(folder), project.path(f"{side}/{folder}"))
    project.replace("v2/corpus/articles/market.json", "Made up", "Taken over")
    project.replace("v2/corpus/annotators.yaml", "training: none", "training: some")
    project.replace("v2/corpus/annotations/anna/harbour.json", '"start": 4', '"note": "x", "start": 4')
    write("changes.json", run("diff v1 v2 --format json"))
    run("build --without-text --out open")
    # As version 0.1 wrote it: a manifest with the hash of the skeleton would refuse every damaged one unread.
    project.replace("open/manifest.json", '"skeleton_sha256": "', '"was": "')
    make_release(project, project.path("bundle"))


def make_release(project: Project, folder: Path) -> None:
    """Write the folder of a release, of which nobody asks whether it was made in the right way."""
    shutil.copytree(project.path("ds"), folder / "dataset")
    names = sorted(name for name in project.snapshot() if name.startswith(("corpus/", "schema/")))
    data = {name: project.path(name).read_bytes() for name in names}
    dataset = read_manifest(folder / "dataset")
    assert dataset is not None
    hashes = {name: sha256(content) for name, content in data.items()}
    manifest = ReleaseManifest(format=FORMAT, version=VERSION, inventory="1.0.0", files=hashes, dataset=dataset)
    (folder / "release.json").write_bytes(encode_manifest(manifest))
    write_archive(folder / archive_name(VERSION), data.items(), f"sources-{VERSION}")
    (folder / SUMS).write_bytes(encode_sums(folder))


class Reader(NamedTuple):
    """A file, how it is damaged, and the command that reads it."""

    file: str
    mutate: Mutation
    command: str


IMPORT = "--annotator anna --corpus new --plan --report json"
MAPPED = f"{IMPORT} --map map.yaml"
SCORE = "score corpus/annotations/gold score/{} --samples 3"
CONVERT = "convert {} --schema schema --out out --workers 1"
OF_CORPUS: dict[str, Mutation] = {
    "annotators.yaml": mutations.mutate_yaml,
    "articles/harbour.json": mutations.mutate_json,
    "articles/harbour.txt": mutations.mutate_lines,
    "annotations/anna/harbour.json": mutations.mutate_json,
    "coverage/harbour.json": mutations.mutate_json,
    "links.json": mutations.mutate_json,
    "release.yaml": mutations.mutate_yaml,
    "sources/port.txt.json": mutations.mutate_json,
    "statement.yaml": mutations.mutate_yaml,
}
READERS: dict[str, Reader] = {
    "brat": Reader("brat/a.ann", mutations.mutate_lines, f"import brat {MAPPED} --format brat --fix"),
    "bio": Reader("bio/a.conll", mutations.mutate_lines, f"import bio {MAPPED} --format bio"),
    "own bio": Reader("own-bio/corpus.conll", mutations.mutate_lines, f"import own-bio {IMPORT} --format bio"),
    "jsonl": Reader(
        "own-jsonl/annotations.jsonl", mutations.mutate_json_lines, f"import own-jsonl {IMPORT} --format jsonl"
    ),
    "docbin": Reader("docbin/a.spacy", mutations.mutate_docbin, f"import docbin {MAPPED} --format docbin"),
    "own docbin": Reader(
        "own-docbin/000000.spacy", mutations.mutate_docbin, f"import own-docbin {IMPORT} --format docbin"
    ),
    "xmi": Reader("xmi/doc.xmi", mutations.mutate_cas, f"import xmi {MAPPED} --format xmi"),
    "type system": Reader("xmi/TypeSystem.xml", mutations.mutate_type_system, f"import xmi {MAPPED} --format xmi"),
    **{
        f"metadata in {file}": Reader(file, mutate, f"import brat {MAPPED} --format brat --metadata {file}")
        for file, mutate in {
            "rows.csv": mutations.mutate_lines,
            "rows.json": mutations.mutate_json,
            "rows.jsonl": mutations.mutate_json_lines,
        }.items()
    },
    "map": Reader("map.yaml", mutations.mutate_yaml, f"import brat {MAPPED} --format brat"),
    "export": Reader("export.json", mutations.mutate_json, CONVERT.format("export.json")),
    "export lines": Reader("export.jsonl", mutations.mutate_json_lines, CONVERT.format("export.jsonl")),
    "map of convert": Reader("map.yaml", mutations.mutate_yaml, f"{CONVERT.format('export.json')} --map map.yaml"),
    "people": Reader("people.yaml", mutations.mutate_yaml, f"{CONVERT.format('export.json')} --people people.yaml"),
    "article rows": Reader("score/articles.jsonl", mutations.mutate_json_lines, SCORE.format("articles.jsonl")),
    "token rows": Reader("score/tokens.jsonl", mutations.mutate_json_lines, SCORE.format("tokens.jsonl")),
    "article table": Reader("score/articles.parquet", mutations.mutate_parquet, SCORE.format("articles.parquet")),
    "token table": Reader("score/tokens.parquet", mutations.mutate_parquet, SCORE.format("tokens.parquet")),
    "relation rows": Reader("score/relations.jsonl", mutations.mutate_json_lines, SCORE.format("relations.jsonl")),
    "record rows": Reader("score/sayings.jsonl", mutations.mutate_json_lines, SCORE.format("sayings.jsonl")),
    "record table": Reader("score/sayings.parquet", mutations.mutate_parquet, SCORE.format("sayings.parquet")),
    "quotes": Reader("score/quotes.jsonl", mutations.mutate_json_lines, SCORE.format("quotes.jsonl")),
    "pipeline output": Reader("score/pipeline.json", mutations.mutate_json, SCORE.format("pipeline.json")),
    "spans of a spreadsheet": Reader(
        "own-csv/spans.csv", mutations.mutate_lines, "score corpus/annotations/gold own-csv --samples 3"
    ),
    **{
        f"imported {table}": Reader(
            f"own-csv/{table}.csv", mutations.mutate_lines, "import own-csv --format csv --replace --report json"
        )
        for table in ("spans", "relations", "articles")
    },
    "scored brat": Reader(
        "own-brat/market.ann", mutations.mutate_lines, "score corpus/annotations/gold own-brat --samples 3"
    ),
    "tags": Reader("own-bio/corpus.conll", mutations.mutate_lines, "score corpus/annotations/gold own-bio --samples 3"),
    "annotations": Reader(
        "corpus/annotations/anna/harbour.json", mutations.mutate_json, "agree --with-gold --samples 3"
    ),
    "decisions": Reader("corpus/adjudication/harbour.yaml", mutations.mutate_yaml, "adjudicate apply --as anna"),
    **{file: Reader(f"corpus/{file}", mutate, "check") for file, mutate in OF_CORPUS.items()},
    "statement of a card": Reader("corpus/statement.yaml", mutations.mutate_yaml, "build --out out"),
    "citation": Reader("CITATION.cff", mutations.mutate_yaml, "build --out out"),
    "inventory": Reader("schema/labels.yaml", mutations.mutate_yaml, "check"),
    "inventory of a config": Reader("schema/labels.yaml", mutations.mutate_yaml, "studio config"),
    "class ids": Reader("schema/classes.json", mutations.mutate_json, "check"),
    "patterns": Reader("schema/baseline.yaml", mutations.mutate_yaml, "prelabel --out out --time-limit 0.5"),
    "version": Reader("v2/corpus/annotations/anna/harbour.json", mutations.mutate_json, "diff v1 v2"),
    "inventory of a version": Reader("v2/schema/labels.yaml", mutations.mutate_yaml, "diff v1 v2"),
    "patch": Reader("changes.json", mutations.mutate_json, "apply v1 changes.json --out out"),
    "skeleton": Reader(
        "open/skeleton.jsonl", mutations.mutate_json_lines, "hydrate open --texts corpus/articles --out out"
    ),
    "dataset": Reader("ds/manifest.json", mutations.mutate_json, "build --out ds"),
    "sums": Reader("bundle/SHA256SUMS", mutations.mutate_lines, "release verify bundle"),
    "release": Reader("bundle/release.json", mutations.mutate_json, "seal"),
    "dataset of a release": Reader("bundle/dataset/manifest.json", mutations.mutate_json, "seal"),
    "archive": Reader(f"bundle/{archive_name(VERSION)}", mutations.mutate_gzip, "seal"),
    "migration": Reader("to.yaml", mutations.mutate_yaml, "load migration"),
    "config": Reader("config.xml", mutations.mutate_xml, "load config"),
}


def read_config(path: Path) -> None:
    try:
        read_vocabulary(path.read_bytes().decode("utf-8", "replace"))
    except ValueError as error:
        raise CannotRun(path, str(error), "export it again") from error


LOADERS: dict[str, Callable[[Path], object]] = {"load migration": load_migration, "load config": read_config}
"""What only commands with a label server read."""


def damage(data: bytes, mutate: Mutation, chance: random.Random) -> bytes:
    return (mutations.mutate_bytes if chance.random() < 0.15 else mutate)(data, chance)


def read_damaged(project: Project, reader: Reader) -> None:
    """Read a damaged file; fail unless the command ends as it should."""
    words = reader.command
    if words in LOADERS:
        try:
            LOADERS[words](project.path(reader.file))
        except CannotRun as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right
        return
    if words == "seal":
        bundle = project.path("bundle")
        (bundle / SUMS).unlink()
        (bundle / SUMS).write_bytes(encode_sums(bundle))
        words = "release verify bundle"
    result = project.annotate(*words.split())
    if result.exception and not isinstance(result.exception, SystemExit):
        raise AssertionError("".join(traceback.format_exception(result.exception)))
    assert result.exit_code in (0, 1, 2), result.output
    assert max(map(len, result.output.split("\n"))) <= LONGEST_LINE or "--report json" in words, result.output[:2000]
    if result.exit_code == 2:
        assert result.stderr.startswith("annotate: "), result.output
        assert result.stderr.count("\n") == 1, result.output
    elif words.startswith("import"):
        lines = json.loads(result.stdout.splitlines()[-1])["lines"]
        assert lines["read"] == lines["taken"] + lines["left_out"] + lines["reported"], lines
        assert min(lines.values()) >= 0, lines


def read_damaged_copies(project: Project, name: str) -> Iterator[tuple[int, bytes, str]]:
    """Damage a file again and again; yield the number, the data and the error of each run that does not end well."""
    reader, chance = READERS[name], random.Random(f"{SEED} {name}")  # noqa: S311 - the same in each run
    path = project.path(reader.file)
    whole = path.read_bytes()
    for number in range(RUNS):
        data = damage(whole, reader.mutate, chance)
        path.write_bytes(data)
        try:
            read_damaged(project, reader)
        except AssertionError as error:
            yield number, data, str(error)
        shutil.rmtree(project.path("out"), ignore_errors=True)
    path.write_bytes(whole)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("damaged") / "project")
    make_files(project)
    return project


@pytest.mark.parametrize("name", READERS)
def test_damaged_file_is_a_clear_line_or_a_finding(damaged: Project, name: str) -> None:
    errors = [
        f"run {number}: {data[:2000]!r}\n{error[-1500:]}" for number, data, error in read_damaged_copies(damaged, name)
    ]
    assert not errors, f"{len(errors)} of {RUNS}\n" + "\n".join(errors[:5])


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 25)
)
"""A value of nine to the power of 25 in 1.2 kB."""
DEPTHS = (400, 900, 100_000)
"""Levels: near the limits of Python and of msgspec, and far beyond."""
LONGEST_LINE = 1_500


def list_hostile_json(data: bytes) -> Iterator[bytes]:
    """Yield a file with a deep, long or large value in its first object, and one of brackets alone."""
    first = data.index(b"{") + 1
    values = [b"[" * depth + b"]" * depth for depth in DEPTHS]
    values += [b'{"a":' * depth + b"1" + b"}" * depth for depth in DEPTHS]
    values += [b"9" * 309, b"9" * 4_301, b"9" * 100_000, b"1e999999999", b'"%s"' % (b"x" * 100_000)]
    yield from (data[:first] + b'"zz":' + value + b"," + data[first:] for value in values)
    yield data[:first] + b'"%s":1,' % (b"k" * 100_000) + data[first:]
    yield b"[" * 100_000


def list_hostile_yaml(data: bytes) -> Iterator[bytes]:
    """Yield a file with a document that aliases make large, or that is deep or long."""
    values = [f"zz: {'[' * depth}{']' * depth}" for depth in DEPTHS]
    values += [f"zz: {'9' * 100_000}", f"zz: 1{':59' * 10_000}", f"zz: {'x' * 100_000}", f"{'k' * 1000}: 1", BOMB]
    yield from (data + b"\n" + value.encode() + b"\n" for value in values)
    yield from (text.encode() for text in (BOMB, "- " * 20_000, "x" * 100_000, "[" * 100_000, "&a [*a]"))


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if ".json" in reader.file])
def test_hostile_json_is_a_clear_line_or_a_finding(damaged: Project, name: str) -> None:
    read_hostile(damaged, READERS[name], list_hostile_json)


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.file.endswith(".yaml")])
def test_hostile_yaml_is_a_clear_line_or_a_finding(damaged: Project, name: str) -> None:
    read_hostile(damaged, READERS[name], list_hostile_yaml)


def read_hostile(project: Project, reader: Reader, list_hostile: Callable[[bytes], Iterator[bytes]]) -> None:
    """Read each hostile file in place of a good one; fail for a traceback, or for a line that repeats a value."""
    path = project.path(reader.file)
    whole = path.read_bytes()
    try:
        for data in list_hostile(whole):
            path.write_bytes(data)
            read_damaged(project, reader)
            shutil.rmtree(project.path("out"), ignore_errors=True)
    finally:
        path.write_bytes(whole)


def test_every_format_and_table_is_damaged() -> None:
    from annotate.formats import FORMATS

    commands = " ".join(reader.command for reader in READERS.values())
    assert all(f"--format {name}" in commands for name in FORMATS)


def test_no_reader_of_json_forgets_what_its_parser_raises() -> None:
    """Besides its own errors, msgspec raises UnicodeDecodeError for text within, and RecursionError for brackets."""
    forgetful = set()
    for path in sorted((ROOT / "annotate").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Try) and "json.decode(" in "".join(map(ast.unparse, node.body)):
                caught = " ".join(ast.unparse(handler.type) for handler in node.handlers if handler.type)
                if "Unicode" not in caught or "RecursionError" not in caught:
                    forgetful.add(path.relative_to(ROOT / "annotate").as_posix())
    # These look at the bytes before.
    assert forgetful == {"checks/files.py", "convert/reader_slow.py"}
