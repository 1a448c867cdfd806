"""Exports in any layout give the dataset of `build`, whichever workers convert them."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from annotate import inventory
from annotate.corpus import Corpus
from annotate.dataset.table_builder import TableBuilder
from annotate.labelstudio.tasks import result_items, task_data
from annotate.model import GOLD
from annotate.offsets import sha256
from tests.conftest import BASE, ROOT, Project, annotate
from tests.convert.conftest import SMALL, Place, made_up
from tests.dataset.conftest import load  # noqa: F401 - a fixture
from tests.dataset.helpers import build_rows
from tests.migration.test_additions import ATTRIBUTE, RELATION
from tests.migration.test_additions import run as migrate

CODES = {"taken": 0, "set aside": 1, "could not run": 2}


def exported(corpus: Corpus, schema: Path) -> list[dict[str, Any]]:
    """Return the labels of a corpus as a server exports them: gold as ground truth, then the other annotators'."""
    labels, tasks = inventory.load_inventory(schema), []
    for number, name in enumerate(corpus.article_ids(), 1):
        annotations = [
            {
                "id": place,
                "completed_by": place,
                "ground_truth": annotation_set == GOLD,
                "result": result_items(corpus.read_annotation(annotation_set, name), labels),
            }
            for place, annotation_set in enumerate(sorted(corpus.annotation_sets()), 1)
            if name in corpus.annotated_ids(annotation_set)
        ]
        tasks.append({"id": number, "data": task_data(corpus.read_article(name)), "annotations": annotations})
    return tasks


@pytest.mark.parametrize("root", [BASE, ROOT], ids=["made up", "this corpus"])
def test_rows_equal_those_of_build(place: Place, root: Path) -> None:
    corpus = Corpus(root / "corpus")
    place.export(exported(corpus, root / "schema"))
    done = place.convert("export.json", schema=root / "schema")
    assert done.exit_code == CODES["taken"], done.output
    builder = TableBuilder(inventory.load_inventory(root / "schema"))
    made = build_rows(
        builder, [(corpus.read_article(name), corpus.read_annotation(GOLD, name)) for name in corpus.article_ids()]
    )
    differ = {
        "annotator",
        "process",
        "made_from",
        "inventory",
        "source",
        "title",
        "rights",
        "publisher",
        "date",
        "author",
    }
    for table, rows in made.items():
        want = [without(row, differ) for row in rows.to_pylist()]
        assert [without(row, differ) for row in place.rows(table)] == want, table
        assert want or table != "articles"
    everybody = {(row["article"], row["annotator"]) for row in place.rows("annotations")}
    assert len(everybody) == sum(
        len(corpus.annotated_ids(annotation_set)) for annotation_set in corpus.annotation_sets()
    )


def without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a row without the fields that only a corpus has, and without notes of relations, which a server drops."""
    kept = {name: value for name, value in row.items() if name not in names | {"note"}}
    for relation in kept.get("relations", ()):
        del relation["note"]
    return kept


PLAIN_INVENTORY = """\
version: 0.1.0
title: Plain
about: Names without relations.
language: zh
layers: {label: {title: label, definition: A name.}}
spans:
  Town: {layer: label, definition: A town., hotkey: "1", color: "#1f6fb4", guideline: labels/town.md}
  River: {layer: label, definition: A river., hotkey: "2", color: "#1f7fb7", guideline: labels/town.md}
attributes: {}
intervals: []
relations: {}
records: {}
"""


@pytest.mark.parametrize(
    ("text", "name"), [("It is in Leeds today.", "Leeds"), ("船在上海停了。", "上海"), ("เรือจอดที่ลำปางวันนี้", "ลำปาง")]
)
def test_plain_entities_are_converted_in_any_script(place: Place, text: str, name: str) -> None:
    """Without relations no span needs one (R116), and without spaces none cuts a word (P401)."""
    schema = place.root / "schema"
    schema.mkdir()
    (schema / "labels.yaml").write_text(PLAIN_INVENTORY)
    assert annotate("generate", "--schema", str(schema), cwd=place.root).exit_code == 0
    start = text.index(name)
    value = {"start": start, "end": start + len(name), "text": name, "labels": ["Town"]}
    item = {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    place.export([{"id": 1, "data": {"text": text}, "annotations": [{"id": 1, "completed_by": 1, "result": [item]}]}])
    done = place.convert("export.json", schema=schema)
    assert done.exit_code == CODES["taken"], done.output
    assert [[span["text"] for span in row["spans"]] for row in place.rows("annotations")] == [[name]]


def test_bytes_do_not_depend_on_workers_or_compression(place: Place) -> None:
    tasks = made_up(37, 44) + made_up(79, 82)
    path = place.export(tasks)
    one = place.convert(path, "--shard-size", SMALL)
    assert one.exit_code == 0, one.output
    assert place.convert(path, "--shard-size", SMALL, out="three", workers=3).exit_code == 0
    assert place.digests("three") == place.digests()
    assert len(place.manifest()["tables"]) == 6
    assert len({row["id"] for row in place.rows("articles")}) == len(tasks) == place.manifest()["articles"]
    assert 3 <= place.manifest()["shards"] <= 6
    place.export(gzip.compress(path.read_bytes()), "export.json.gz")
    place.export(zstd.compress(path.read_bytes()), "export.json.zst")
    for packed in ("export.json.gz", "export.json.zst"):
        out = f"of {packed}"
        assert place.convert(packed, "--shard-size", SMALL, out=out, workers=2).exit_code == 0
        assert logical(place, out) == logical(place, "out")


def logical(place: Place, out: str) -> Any:
    """Return the rows without the name of the export."""
    rows = place.rows("articles", out)
    for row in rows:
        del row["source"]["file"]
    return rows, place.rows("relations", out), place.rows("tokens", out)


@pytest.mark.parametrize("form", ["indented", "lines", "ascii"])
def test_layout_of_an_export_does_not_matter(place: Place, form: str) -> None:
    tasks = made_up(78, 81)
    place.export(tasks)
    assert place.convert("export.json").exit_code == 0
    (place.root / form).mkdir()
    written = {
        "indented": lambda: json.dumps(tasks, indent=2, ensure_ascii=False),
        "lines": lambda: "\n".join(json.dumps(dict(reversed(task.items())), ensure_ascii=False) for task in tasks),
        "ascii": lambda: json.dumps(tasks),
    }[form]()
    place.export(written.encode(), f"{form}/export.json")
    assert place.convert(f"{form}/export.json", out="other").exit_code == 0
    names = [name for name in place.digests() if name.startswith("data/") or name == "README.md"]
    assert len(names) == 7
    assert [place.digests("other")[name] for name in names] == [place.digests()[name] for name in names]


def test_card_says_that_shared_incidents_were_not_checked(place: Place) -> None:
    place.export(made_up(1, 7))
    assert place.convert("export.json").exit_code == 0
    section = (place.root / "out" / "README.md").read_text("utf-8").partition("## Splits\n")[2].partition("\n## ")[0]
    assert "Which articles are linked or repeat one another was not examined: any split or fold may leak." in section
    assert "# Leave one article out.\n" in section


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("rights", [None, "Ours alone."])
def test_croissant_can_be_read_and_claims_no_rights_that_were_not_given(place: Place, rights: str | None) -> None:
    import mlcroissant

    place.export(made_up(1, 7))
    given = ("--rights", rights) if rights else ()
    assert place.convert("export.json", "--shard-size", SMALL, *given).exit_code == 0
    path = place.root / "out" / "croissant.json"
    dataset = mlcroissant.Dataset(str(path))
    assert not dataset.metadata.ctx.issues.errors
    assert len(list(dataset.records("articles/train"))) == 7
    described = json.loads(path.read_bytes())
    assert "license" not in described
    sentence = rights or "The rights in the text are not stated."
    assert described["description"].endswith(f"No licence is stated for the labels; of the articles' texts: {sentence}")
    card = (place.root / "out" / "README.md").read_text("utf-8")
    assert "license: unknown" in card
    assert "belongs to its publisher" not in card


def test_a_conversion_brings_its_inventory_and_is_scored_with_it(place: Place) -> None:
    place.export(made_up(1, 7))
    assert place.convert("export.json").exit_code == 0
    (place.root / "elsewhere").mkdir()
    shutil.move(place.root / "out", place.root / "elsewhere/out")
    result = annotate("score", "out", "out", "--samples", "0", cwd=place.root / "elsewhere")
    assert result.exit_code == 0, result.output


def test_hashes_are_those_of_the_files(place: Place) -> None:
    place.export(made_up(1, 7))
    assert place.convert("export.json", "--shard-size", SMALL).exit_code == 0
    files, manifest = place.digests(), place.manifest()
    shards = [json.loads(line) for line in (place.root / "out" / "shards.jsonl").read_text().splitlines()]
    listed = {table["file"]: table["sha256"] for shard in shards for table in shard["tables"]}
    assert {name: digest for name, digest in files.items() if name.startswith("data/")} == listed
    assert manifest["shards_sha256"] == files["shards.jsonl"]
    assert manifest["card_sha256"] == files["README.md"]
    assert manifest["croissant_sha256"] == files["croissant.json"]
    assert manifest["files"] == {name: files[name] for name in ("classes.json", "schema/labels.yaml")}
    assert len(files) == len(listed) + 6
    whole = (place.root / "export.json").read_bytes()
    for shard in shards:
        assert shard["sha256"] == sha256(whole[shard["offset"] : shard["offset"] + shard["size"]])
    articles = "".join(f"{name}\n" for name in (s["tables"][0]["sha256"] for s in shards))
    assert manifest["tables"][0]["sha256"] == sha256(articles)


def test_datasets_load_every_table_of_several_shards(place: Place, load: Any) -> None:  # noqa: F811
    place.export(made_up(1, 9))
    assert place.convert("export.json", "--shard-size", SMALL).exit_code == 0
    for table in place.manifest()["tables"]:
        loaded = load(str(place.root / "out"), table["config"], split="train")
        assert len(loaded) == table["rows"] > 0, table["config"]
        assert [row["article" if "article" in row else "id"] for row in loaded] == [
            row["article" if "article" in row else "id"] for row in place.rows(table["config"])
        ]


def test_selected_table_comes_with_articles(place: Place) -> None:
    place.export(made_up(1, 2))
    assert place.convert("export.json", "--config", "sayings").exit_code == 0
    assert [table["config"] for table in place.manifest()["tables"]] == ["articles", "sayings"]
    refused = place.convert("export.json", "--config", "songs", out="other")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert not (place.root / "other").exists()


def test_ground_truth_represents_a_task_else_the_newest(place: Place) -> None:
    task = made_up(1, 1)[0]
    [whole] = task["annotations"]
    bare = {**whole, "result": [], "id": 9, "completed_by": {"id": 9, "email": "somebody"}}
    cases: dict[str, tuple[dict[str, Any], int]] = {
        "newest": ({"updated_at": "2027-01-01T00:00:00Z"}, 0),
        "older": ({"updated_at": "2025-01-01T00:00:00Z"}, 40),
        "truth": ({"updated_at": "2025-01-01T00:00:00Z", "ground_truth": True}, 0),
    }
    for name, (change, spans) in cases.items():
        place.export([{**task, "annotations": [whole, {**bare, **change}]}])
        assert place.convert("export.json", out=name).exit_code == 0
        assert [len(row["spans"]) for row in place.rows("articles", name)] == [spans], name
        assert sorted(row["annotator"] for row in place.rows("annotations", name)) == ["user-2", "user-9"]


def test_people_and_annotators_are_read_from_files(place: Place) -> None:
    place.export(made_up(1, 3))
    place.export(b"2: anna\n3: ben\n", "people.yaml")
    words = ("--people", "people.yaml", "--annotators", str(BASE / "corpus" / "annotators.yaml"))
    assert place.convert("export.json", *words).exit_code == 0
    kinds = [(row["annotator"], row["kind"]) for row in place.rows("annotations")]
    assert kinds == [("anna", 0), ("ben", 1), ("user-1", None)]
    place.export(b"- anna\n", "people.yaml")
    refused = place.convert("export.json", *words, out="other")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)


def test_people_without_a_number_are_told_apart_by_address(place: Place) -> None:
    [task] = made_up(1, 1)
    [annotation] = task["annotations"]
    task["annotations"] = [
        {**annotation, "completed_by": {"email": "name@example.org"}},
        {**annotation, "completed_by": None, "created_username": "other"},
        {**annotation, "completed_by": 7},
    ]
    place.export([task])
    done = place.convert("export.json")
    assert (done.exit_code, list(place.manifest()["set_aside"])) == (1, ["I207"]), done.output
    assert "name@example.org" not in done.output
    for number, people in enumerate(
        (
            b"name@example.org: anna\nother: ben\n7: carla\n",
            b'{"name@example.org": "anna", "other": "ben", "7": "carla"}',
        )
    ):
        place.export(people, "people.yaml")
        out = f"mapped{number}"
        assert place.convert("export.json", "--people", "people.yaml", out=out).exit_code == 0
        assert sorted(row["annotator"] for row in place.rows("annotations", out)) == ["anna", "ben", "carla"]


def test_people_are_named_only_in_quarantined_tasks(place: Place) -> None:
    good, bad = made_up(1, 2)
    for task in (good, bad):
        task["annotations"][0]["completed_by"] = {"id": 5, "email": "somebody@localhost.localdomain"}
    bad["annotations"][0]["result"][0]["value"]["labels"] = ["Nobody"]
    place.export([good, bad])
    done = place.convert("export.json")
    assert done.exit_code == 1
    assert "somebody" not in done.output
    named = [
        path.name for path in (place.root / "out").rglob("*") if path.is_file() and b"somebody" in path.read_bytes()
    ]
    assert named == ["000000.jsonl"]


def test_export_of_an_earlier_inventory_says_what_it_lacks(place: Place, project: Project) -> None:
    place.export(exported(project.corpus, project.schema))
    assert migrate(project, ATTRIBUTE).exit_code == 0
    done = place.convert("export.json", schema=project.schema)
    assert done.exit_code == CODES["set aside"]
    words = "'certainty' is missing; add it, one of: asserted, denied; required since inventory 1.1.0"
    assert words in done.output + json.dumps(place.aside())


def test_export_of_a_later_inventory_is_reported_item_by_item(place: Place, project: Project) -> None:
    """The inventory in use lacks an attribute and a relation that the export has."""
    assert migrate(project, ATTRIBUTE + RELATION).exit_code == 0
    tasks = exported(project.corpus, project.schema)
    items = tasks[0]["annotations"][0]["result"]
    loads = [item["id"] for item in items if item.get("value", {}).get("labels") == ["Load"]]
    items.append({"type": "relation", "from_id": loads[0], "to_id": loads[1], "direction": "right"})
    items[-1]["labels"] = ["the same as"]
    place.export(tasks)
    done = place.convert("export.json")
    assert done.exit_code == CODES["set aside"]
    findings = [finding for entry in place.aside() for finding in entry["findings"]]
    added = [
        item
        for task in tasks
        for annotation in task["annotations"]
        for item in annotation["result"]
        if str(item.get("from_name")).endswith(".certainty")
    ]
    assert len([finding for finding in findings if finding["code"] == "L202"]) == len(added)
    assert len([finding for finding in findings if finding["code"] == "L403"]) == 1


WAIVERS = "waivers: [{{code: P401, reason: Half words were wanted.{limits}}}]\n"


@pytest.fixture
def cut(place: Place, project: Project) -> Project:
    """A project next to an export of it in which P401 and P303 find something in the labels of anna."""
    project.replace(
        "corpus/annotations/anna/market.json",
        '"end": 32, "text": "Two to 3 carts"',
        '"end": 31, "text": "Two to 3 cart"',
    )
    place.export(exported(project.corpus, project.schema))
    return project


@pytest.mark.parametrize("fast", [True, False], ids=["fast path", "slow path"])
@pytest.mark.parametrize(("limits", "waived"), [("", 1), (", annotators: [user-1]", 1), (", annotators: [nobody]", 0)])
def test_waivers_of_the_corpus_hold_for_its_exports(
    place: Place, cut: Project, fast: bool, limits: str, waived: int
) -> None:
    """`convert` looks for them next to the schema folder, as `check` does in the corpus."""
    words = [] if fast else ["--search-keys"]
    before = place.convert("export.json", *words, schema=cut.schema, out="before")
    assert (before.exit_code, "warnings: P401 × 1" in before.output) == (0, True), before.output
    assert "waived" not in before.output
    cut.path("corpus/waivers.yaml").write_text(WAIVERS.format(limits=limits))
    after = place.convert("export.json", *words, schema=cut.schema)
    assert (after.exit_code, "waived: P401 × 1" in after.output) == (0, bool(waived)), after.output
    assert place.manifest()["waived"] == ({"P401": 1} if waived else {})
    assert place.manifest()["warnings"] == ({} if waived else {"P401": 1})
    assert "Half words were wanted." in (place.root / "out" / "README.md").read_text()
    resumed = place.convert("export.json", "--resume", *words, schema=cut.schema)
    assert resumed.exit_code == 0, resumed.output


def test_an_error_that_is_a_warning_here_quarantines_nothing(place: Place, cut: Project) -> None:
    cut.replace("corpus/annotations/anna/market.json", '"least": 2', '"least": 1')
    place.export(exported(cut.corpus, cut.schema))
    assert place.convert("export.json", schema=cut.schema, out="before").exit_code == CODES["set aside"]
    file = place.root / "accepted.yaml"
    file.write_text("waivers: [{code: P303, severity: warning, reason: Counts were rounded.}]\n")
    done = place.convert("export.json", "--waivers", file, schema=cut.schema)
    assert (done.exit_code, "warnings: P303 × 1, P401 × 1" in done.output) == (0, True), done.output
    file.write_text("waivers: [{code: P303, reason: Counts were rounded., until: 2020-01-01}]\n")
    done = place.convert("export.json", "--waivers", file, schema=cut.schema, out="after")
    assert (done.exit_code, "the waiver of P303 ended on 2020-01-01" in done.output) == (CODES["set aside"], True)
    changed = place.convert("export.json", "--resume", schema=cut.schema)
    assert (changed.exit_code, "was started with other" in changed.output) == (2, True)


@pytest.mark.parametrize("text", ["waivers: [", "waivers: [{code: P401}]", "[]"])
def test_faulty_waivers_are_one_line(place: Place, cut: Project, text: str) -> None:
    cut.path("corpus/waivers.yaml").write_text(text)
    done = place.convert("export.json", schema=cut.schema)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert "corpus/waivers.yaml" in done.output
    assert not (place.root / "out").exists()
