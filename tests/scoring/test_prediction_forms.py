"""Gold written in each form scores exactly what the form can carry; wrong predictions of each form are one line."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy
from spacy.tokens import DocBin

from annotate.model import Annotation
from annotate.quotes import QuotedText
from tests.conftest import ROOT, Project, annotate

GOLD = "corpus/annotations/gold"
Scores = dict[str, Any]


def score(project: Project, *words: str) -> Scores:
    result = project.annotate("score", *words, "--format", "json", "--samples", "0")
    assert result.exit_code == 0, result.output
    scores: Scores = json.loads(result.stdout)
    return {**scores, "shared": []}  # not every form names an annotator


def without_ceiling(scores: Scores) -> Scores:
    return {**scores, "ceiling": None}


def f1(scores: Scores, name: str = "all labels") -> float | None:
    value: float | None = next(row for row in scores["labels"] if row["name"] == name)["exact"]["f1"]["value"]
    return value


def read_table(project: Project, table: str) -> list[dict[str, Any]]:
    if not project.path("ds").exists():
        assert project.annotate("build", "--out", "ds").exit_code == 0
    files = sorted(project.path(f"ds/data/{table}").iterdir())
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def write_lines(project: Project, name: str, rows: list[Any]) -> str:
    path = project.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return name


def write_json(project: Project, name: str, value: Any) -> str:
    project.path(name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return name


def list_gold(project: Project) -> list[tuple[str, Annotation]]:
    names = sorted(path.stem for path in project.path(GOLD).iterdir())
    return [(project.corpus.read_text(name), project.corpus.read_annotation("gold", name)) for name in names]


@pytest.fixture
def perfect(project: Project) -> Scores:
    scores = score(project, GOLD, GOLD)
    assert f1(scores) == 1
    return scores


@pytest.mark.parametrize(
    "words",
    [
        ["brat"],
        ["xmi"],
        ["jsonl"],
        ["csv"],
        ["csv", "--bom", "--separator", "semicolon"],
    ],
)
def test_export_scores_like_annotation_files(project: Project, perfect: Scores, words: list[str]) -> None:
    """The formats that carry all labels, with spans in pieces, attributes and relations."""
    assert project.annotate("export", "--format", *words, "--out", "out").exit_code == 0
    assert score(project, GOLD, "out") == perfect


def test_docbin_scores_all_spans_with_the_edges_of_tokens(project: Project, perfect: Scores) -> None:
    exported = project.annotate("export", "--format", "docbin", "--out", "out")
    assert exported.exit_code == 0, exported.output
    assert "token edge" not in exported.output, "the test needs gold that spaCy can hold"
    assert without_ceiling(score(project, GOLD, "out")) == perfect


def test_rows_of_records_score_their_records(project: Project, perfect: Scores) -> None:
    """Each table by itself, and all in one folder; class ids as the table has them, and names from Parquet."""
    inventory = project.inventory
    by_name = {row["name"]: row for row in perfect["records"]}
    for name, type_ in inventory.records.items():
        rows = read_table(project, name)
        assert rows
        for predictions in (write_lines(project, f"{name}.jsonl", rows), f"ds/data/{name}"):
            scores = score(project, GOLD, predictions)
            assert f1(scores, type_.anchor) == 1
            record = next(row for row in scores["records"] if row["name"] == name)
            assert [record["anchors"], record["full_exact"]] == [
                by_name[name][key] for key in ("anchors", "full_exact")
            ]
            anchored = {each.name for each in inventory.attributes_of(type_.anchor)}
            for attribute in scores["attributes"]:
                if attribute["name"] in anchored:
                    assert attribute == next(row for row in perfect["attributes"] if row["name"] == attribute["name"])
        shutil.copytree(project.path(f"ds/data/{name}"), project.path(f"views/data/{name}"))
    scores = score(project, GOLD, "views")
    assert scores["records"] == perfect["records"]


def test_documents_of_a_spacy_pipeline_are_read_without_other_features(project: Project) -> None:
    """Parts of speech and links to a database are not in the inventory; entities are labels."""
    text, annotation = list_gold(project)[0]
    doc = spacy.blank("en").make_doc(text)
    verb = next(span for span in annotation.spans if span.label == "Verb")
    entity = doc.char_span(verb.start, verb.end, label="Verb", kb_id="Q1")
    assert entity is not None
    doc.ents = [entity]
    for token in doc:
        token.pos_ = "X"
    project.path("theirs").mkdir()
    project.path("theirs/a.spacy").write_bytes(
        DocBin(docs=[doc], store_user_data=True, attrs=["POS", "ENT_IOB", "ENT_TYPE", "ENT_KB_ID"]).to_bytes()
    )
    result = project.annotate("score", GOLD, "theirs", "--format", "json", "--samples", "0")
    assert result.exit_code == 0, result.output
    for name in ("kb_id", "pos"):
        assert f"theirs: '{name}' is no attribute of the inventory; left out (1)" in result.stderr
    row = next(each for each in json.loads(result.stdout)["labels"] if each["name"] == "Verb")
    assert (row["predicted"], row["exact"]["precision"]["value"]) == (1, 1)


def test_fillers_that_no_relation_can_stand_for_are_counted(project: Project) -> None:
    """A role that only the records around fill needs the rows of these."""
    project.replace("schema/labels.yaml", "        relation: reported_by\n        enclosing", "        enclosing")
    assert project.annotate("generate").exit_code == 0
    text = project.corpus.read_text("market")
    start = text.index("Two to 3 carts")
    reporter = {"start": 0, "end": 3, "label": "Speaker", "distance": 1, "through": "s1"}
    row = {"article": "market", "start": start, "end": start + 14, "reporter": [reporter]}
    result = project.annotate("score", GOLD, write_lines(project, "loads.jsonl", [row]), "--samples", "0")
    assert result.exit_code == 0, result.output
    assert (
        "loads.jsonl: fillers of loads.reporter that need the rows of another table are left out (1)" in result.stderr
    )


def test_rows_of_relations_score_all_relations(project: Project, perfect: Scores) -> None:
    """Spans in no relation are not in the table."""
    rows = read_table(project, "relations")
    for predictions in (write_lines(project, "p.jsonl", rows), "ds/data/relations"):
        scores = score(project, GOLD, predictions)
        assert scores["relations"] == perfect["relations"]
    # A system's own rows: names, no ids, an unrelated pair.
    ends = ("label", "start", "end", "text", "pieces")
    names = project.inventory.class_ids.relations
    labels = project.inventory.class_ids.spans
    own = [
        {
            "article": row["article"],
            "label": names[row["label"]],
            **{
                end: {**{key: row[end][key] for key in ends}, "label": labels[row[end]["label"]]}
                for end in ("head", "tail")
            },
        }
        for row in rows
    ]
    own.append({**own[0], "label": "none"})
    assert score(project, GOLD, write_lines(project, "own.jsonl", own))["relations"] == perfect["relations"]


def test_tables_of_this_corpus_score_what_they_hold(tmp_path: Path) -> None:
    """Its records have fillers by way of others, and an attribute that has the name of a column of quotes."""
    built = annotate("build", "--out", str(tmp_path / "ds"), cwd=ROOT)
    assert built.exit_code == 0, built.output

    def score_tables(*names: str) -> Scores:
        folder = tmp_path / "-".join(names)
        for name in names:
            shutil.copytree(tmp_path / "ds" / "data" / name, folder / "data" / name)
        result = annotate("score", GOLD, str(folder), "--format", "json", "--samples", "0", cwd=ROOT)
        assert result.exit_code == 0, result.output
        scores: Scores = json.loads(result.stdout)
        return scores

    perfect = score_tables("articles")
    by_name = {row["name"]: row for row in perfect["records"]}
    for name in by_name:
        assert [row for row in score_tables(name)["records"] if row["name"] == name] == [by_name[name]]
    together = score_tables("relations", *by_name)
    assert (together["relations"], together["records"]) == (perfect["relations"], perfect["records"])


def test_examples_of_the_docs_are_read(tmp_path: Path) -> None:
    """Each example says the same of one sentence, as far as its form can."""
    page = (ROOT / "docs/reference/scoring.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"For the text `(.*?)` with the id `a`", page)
    examples = dict(re.findall(r"`(\w+\.(?:jsonl?|conll))`[^\n]*:\n\n```\w*\n(.*?)```", page, re.DOTALL))
    assert len(examples) == page.count("```json") + 1
    gold = tmp_path / "gold.jsonl"
    spans = [("Source", 0, 9), ("Cue", 10, 14), ("Content", 15, 30)]
    row = {
        "id": "a",
        "text": text,
        "spans": [{"label": label, "start": start, "end": end} for label, start, end in spans],
    }
    gold.write_text(json.dumps(row), encoding="utf-8")
    for name, example in examples.items():
        path = tmp_path / name
        path.write_text(example, encoding="utf-8")
        result = annotate("score", str(gold), str(path), "--format", "json", "--samples", "0")
        assert result.exit_code == 0, f"{name}: {result.output}"
        labels = next(row for row in json.loads(result.stdout)["labels"] if row["kind"] == "all")
        assert labels["predicted"] >= 1
        assert labels["exact"]["precision"]["value"] == 1, name


def test_all_tables_of_a_folder_are_put_together(project: Project, perfect: Scores) -> None:
    for name in ("relations", *project.inventory.records):
        write_lines(project, f"tables/{name}.jsonl", read_table(project, name))
    scores = score(project, GOLD, "tables")
    assert (scores["relations"], scores["records"]) == (perfect["relations"], perfect["records"])


def quote_spans(project: Project) -> list[dict[str, Any]]:
    """Gold in words: each span by its quote and occurrence, relations by id; ids are strings."""
    rows = []
    for text, annotation in list_gold(project):
        table = QuotedText(text)
        spans = [
            {
                "id": span.id,
                "quote": span.text,
                "occurrence": table.find_occurrence(span.start, span.end),
                "label": span.label,
                "attributes": span.attributes,
            }
            for span in annotation.spans
        ]
        assert all(span["occurrence"] for span in spans)
        relations = [
            {"label": relation.label, "head_id": relation.head, "tail_id": relation.tail}
            for relation in annotation.relations
        ]
        rows.append({"id": annotation.article, "spans": spans, "relations": relations})
    return rows


def test_quotes_score_like_annotation_files(project: Project, perfect: Scores) -> None:
    rows = quote_spans(project)
    assert score(project, GOLD, write_lines(project, "p.jsonl", rows)) == perfect
    assert score(project, GOLD, write_json(project, "p.json", rows)) == perfect
    keyed = {row["id"]: {"spans": row["spans"], "relations": row["relations"]} for row in rows}
    assert score(project, GOLD, write_json(project, "keyed.json", keyed)) == perfect


def test_quotes_of_pieces_and_paragraphs(project: Project) -> None:
    """A span in pieces quotes each; a scope counts within a paragraph."""
    (text, annotation), *_ = [(text, each) for text, each in list_gold(project) if any(
        relation.label == project.inventory.pieces for relation in each.relations)]  # fmt: skip
    joining = next(relation for relation in annotation.relations if relation.label == project.inventory.pieces)
    by_id = {span.id: span for span in annotation.spans}
    pieces = [by_id[joining.tail], by_id[joining.head]]
    table = QuotedText(text)
    scope = [text.rfind("\n", 0, pieces[0].start) + 1, len(text)]
    occurrences = [table.find_occurrence(piece.start, piece.end, (scope[0], scope[1])) for piece in pieces]
    span = {"quote": [piece.text for piece in pieces], "occurrence": occurrences, "scope": scope}
    row = {"id": annotation.article, "spans": [{**span, "label": pieces[0].label}]}
    scores = score(project, GOLD, write_lines(project, "p.jsonl", [row]))
    found = next(each for each in scores["labels"] if each["name"] == pieces[0].label)
    assert (found["predicted"], found["exact"]["precision"]["value"]) == (1, 1)
    assert scores["written"]["predicted"] == 2


def test_quotes_that_differ_or_are_not_there_are_counted(project: Project) -> None:
    """None is dropped silently: what the text does not have is a wrong prediction."""
    text, annotation = list_gold(project)[0]
    span = next(span for span in annotation.spans if text.count(span.text) == 1)
    label = span.label
    changed = span.text.upper()
    row = {
        "id": annotation.article,
        "spans": [
            {"quote": changed, "label": label},
            {"quote": "not in the text", "label": label},
            {"quote": "nor this", "label": label},
            {"quote": "e", "label": label},
        ],
        "relations": [],
    }
    write_lines(project, "p.jsonl", [row])
    result = project.annotate("score", GOLD, "p.jsonl", "--format", "json", "--samples", "0")
    assert "p.jsonl: 1 quote differs from the text (case 1); placed all the same" in result.stderr
    assert (
        "p.jsonl: 3 quotes have no place (absent 2, ambiguous 1), the first at p.jsonl:1, span 1: the text does not"
        in (result.stderr)
    )
    exact = next(each for each in json.loads(result.stdout)["labels"] if each["name"] == label)
    assert (exact["predicted"], exact["exact"]["precision"]["value"]) == (4, 1 / 4)


def make_entities(text: str, annotation: Annotation, change: Callable[[str], str] = str) -> list[dict[str, Any]]:
    return [
        {"entity_group": span.label, "score": 0.9, "word": change(span.text), "start": span.start, "end": span.end}
        for span in annotation.spans
    ]


def test_aggregated_pipeline_output_scores_all_spans(project: Project) -> None:
    """Lines with id and entities; lines and a file keyed by article; an uncased tokenizer."""
    bare = [
        {
            "id": each.article,
            "spans": [{"label": span.label, "start": span.start, "end": span.end} for span in each.spans],
        }
        for _, each in list_gold(project)
    ]
    expected = score(project, GOLD, write_lines(project, "spans.jsonl", bare))
    assert f1(expected, "Verb") == 1
    by_article = {each.article: make_entities(text, each) for text, each in list_gold(project)}
    lower = {each.article: make_entities(text, each, str.lower) for text, each in list_gold(project)}
    lines = [{"id": name, "entities": entities} for name, entities in by_article.items()]
    assert without_ceiling(score(project, GOLD, write_lines(project, "lines.jsonl", lines))) == expected
    keyed = write_lines(project, "keys.jsonl", [{name: entities} for name, entities in by_article.items()])
    assert without_ceiling(score(project, GOLD, keyed)) == expected
    assert without_ceiling(score(project, GOLD, write_json(project, "keyed.json", by_article))) == expected
    assert without_ceiling(score(project, GOLD, write_json(project, "lower.json", lower))) == expected
    project.path("files").mkdir()
    for name, entities in by_article.items():
        write_json(project, f"files/{name}.json", entities)
    assert without_ceiling(score(project, GOLD, "files")) == expected


def test_tags_of_a_pipeline_are_joined(project: Project) -> None:
    """Pieces of words with their tags; a token that the pipeline left out ends a span."""
    text = project.corpus.read_text("market")
    start = text.index("Two to 3 carts")
    words = [(0, 3, "B-Load", 1), (4, 6, "I-Load", 2), (7, 8, "I-Load", 3), (9, 12, "I-Load", 4), (12, 14, "I-Load", 5)]
    entities = [
        {
            "entity": tag,
            "index": index,
            "word": ("##" if first == 12 else "") + text[start + first : start + last].lower(),
            "start": start + first,
            "end": start + last,
        }
        for first, last, tag, index in words
    ]
    scores = score(project, GOLD, write_json(project, "p.json", {"market": entities, "harbour": []}))
    row = next(each for each in scores["labels"] if each["name"] == "Load")
    assert (row["predicted"], row["exact"]["precision"]["value"]) == (1, 1)
    entities[3]["index"], entities[4]["index"] = 5, 6
    scores = score(project, GOLD, write_json(project, "p.json", {"market": entities}))
    assert next(each for each in scores["labels"] if each["name"] == "Load")["predicted"] == 2


@pytest.mark.parametrize(
    ("entity", "says"),
    [
        ({"entity_group": "PER"}, "unknown span label 'PER'; choose from Speaker"),
        ({"start": None}, "start is null; use a fast tokenizer"),
        ({"start": "4"}, "start '4' is text, not a number"),
        ({"start": 10**6}, "is not a range of the text"),
        ({"word": "elsewhere"}, "not 'elsewhere'"),
        ({"entity_group": 3}, "entity_group and entity are missing"),
    ],
)
def test_pipeline_output_that_does_not_fit_is_one_line(project: Project, entity: dict[str, Any], says: str) -> None:
    text, annotation = list_gold(project)[0]
    entities = make_entities(text, annotation)
    entities[0] |= entity
    write_json(project, "p.json", {annotation.article: entities})
    result = project.annotate("score", GOLD, "p.json")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert f"p.json, '{annotation.article}', entity 0: read as output of a token classification pipeline; " in (
        result.stderr.replace(", span 0", ", entity 0")
    )
    assert says in result.stderr


@pytest.fixture
def emoji(project: Project) -> str:
    """An article with a character of two UTF-16 units, and its gold in the words of a system: start, end, text."""
    text = "🚢🚢 The master said so.\nThe master left.\n"
    project.path("ship.txt").write_text(text, encoding="utf-8")
    return text.strip()


def write_gold(project: Project, text: str) -> str:
    start = text.index("said")
    row = {"id": "ship", "text": text, "spans": [{"label": "Verb", "start": start, "end": start + 4, "text": "said"}]}
    return write_lines(project, "gold.jsonl", [row])


@pytest.mark.parametrize("form", ["articles", "pipeline"])
def test_offsets_in_utf16_are_refused_with_the_diagnosis(project: Project, emoji: str, form: str) -> None:
    gold = write_gold(project, emoji)
    start = len(emoji[: emoji.index("said")].encode("utf-16-le")) // 2
    words = {"text" if form == "articles" else "word": "said", "start": start, "end": start + 4}
    labels = {"label": "Verb"} if form == "articles" else {"entity_group": "Verb"}
    row = {"id": "ship", "spans" if form == "articles" else "entities": [{**labels, **words}]}
    result = project.annotate("score", gold, write_lines(project, "p.jsonl", [row]))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "(diagnosis: UTF-16 units)" in result.stderr


def test_brat_with_offsets_in_utf16_is_refused_as_on_import(project: Project, emoji: str) -> None:
    gold = write_gold(project, emoji)
    start = len(emoji[: emoji.index("said")].encode("utf-16-le")) // 2
    project.path("b").mkdir()
    project.path("b/ship.txt").write_text(emoji, encoding="utf-8")
    project.path("b/ship.ann").write_text(f"T1\tVerb {start} {start + 4}\tsaid\n", encoding="utf-8")
    result = project.annotate("score", gold, "b")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "b/ship.ann:1: read as brat; offsets read " in result.stderr
    assert "(diagnosis: UTF-16 units)" in result.stderr
    project.path("b/ship.ann").write_text("T1\tShout 0 2\t🚢🚢\nT2\tShout 0 2\t🚢🚢\n", encoding="utf-8")
    result = project.annotate("score", gold, "b")
    assert (result.exit_code, "'Shout' (the first of 2 faults in this text)" in result.stderr) == (2, True), (
        result.output
    )
    project.path("b/ship.txt").write_text("Another text.", encoding="utf-8")
    project.path("b/ship.ann").write_text("", encoding="utf-8")
    result = project.annotate("score", gold, "b")
    assert (result.exit_code, "was made on another text" in result.stderr) == (2, True), result.output


def test_offsets_as_text_are_refused(project: Project, emoji: str) -> None:
    gold = write_gold(project, emoji)
    row = {"id": "ship", "spans": [{"label": "Verb", "start": "15", "end": "19"}]}
    result = project.annotate("score", gold, write_lines(project, "p.jsonl", [row]))
    says = "span 0: read as rows of the table articles; start '15' is text, not a number; write numbers without"
    assert (result.exit_code, result.stderr.count("\n"), says in result.stderr) == (2, 1, True), result.output


@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_byte_order_mark_is_skipped(project: Project, perfect: Scores, suffix: str) -> None:
    write = write_lines if suffix == "jsonl" else write_json
    name = write(project, f"p.{suffix}", quote_spans(project))
    path = project.path(name)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert score(project, GOLD, name) == perfect


@pytest.mark.parametrize(
    ("name", "data"), [("p.jsonl", b""), ("p.json", b"[]"), ("p.json", b"{}"), ("harbour.conll", b"")]
)
def test_empty_system_scores_zero(project: Project, name: str, data: bytes) -> None:
    project.path(name).write_bytes(data)
    result = project.annotate("score", GOLD, name, "--format", "json", "--samples", "0")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [
        f"{name}: holds no predictions; scored as nothing found",
        f"{name}: no predictions for 2 of 2 articles ('harbour', 'market'); scored as nothing found",
    ]
    scores = json.loads(result.stdout)
    assert (f1(scores), scores["unpredicted"]) == (0, ["harbour", "market"])
    assert project.annotate("score", name, GOLD).stderr.count("holds no labels") == 1


def test_unknown_articles_and_missing_ones_are_counted(project: Project) -> None:
    rows = quote_spans(project)[:1]
    rows += [{"id": f"pier-{number}", "spans": []} for number in range(5)]
    result = project.annotate("score", GOLD, write_lines(project, "p.jsonl", rows), "--samples", "0")
    assert result.exit_code == 0, result.output
    assert "p.jsonl: 5 articles are unknown ('pier-0', 'pier-1', 'pier-2', …), and not scored\n" in result.stderr
    assert "p.jsonl: no predictions for 1 of 2 articles ('market'); scored as nothing found\n" in result.stderr


def test_duplicated_predictions_count_once(project: Project, perfect: Scores) -> None:
    rows = quote_spans(project)
    copies = [{name: value for name, value in span.items() if name != "id"} for span in rows[0]["spans"][:2]]
    rows[0]["spans"] += copies
    result = project.annotate(
        "score", GOLD, write_lines(project, "p.jsonl", rows), "--format", "json", "--samples", "0"
    )
    assert json.loads(result.stdout) == perfect
    assert "p.jsonl: 2 spans appear again with the same label, offsets and attributes; counted once" in result.stderr


def test_relations_that_appear_twice_count_once(project: Project, perfect: Scores) -> None:
    rows = read_table(project, "relations")
    name = write_lines(project, "p.jsonl", [*rows, rows[0]])
    result = project.annotate("score", GOLD, name, "--format", "json", "--samples", "0")
    assert json.loads(result.stdout)["relations"] == perfect["relations"]
    assert "p.jsonl: 1 relation appears again with the same label and ends; counted once" in result.stderr


def test_classes_of_another_corpus_are_refused(project: Project) -> None:
    """By name; in Parquet, also by id, since the file names its classes."""
    read_table(project, "articles")
    file = next(project.path("ds/data/articles").iterdir())
    table = pq.read_table(file)
    metadata = {b"huggingface": (table.schema.metadata or {})[b"huggingface"].replace(b'"Verb"', b'"Shout"')}
    pq.write_table(table.replace_schema_metadata(metadata), project.path("p.parquet"))
    result = project.annotate("score", GOLD, "p.parquet")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "unknown span label 'Shout'; choose from Speaker, Verb" in result.stderr


def test_class_ids_are_those_that_a_parquet_file_names(project: Project, perfect: Scores) -> None:
    """The ids of another version of the classes, or of another corpus with the same names."""
    read_table(project, "articles")
    for file in project.path("ds/data/articles").iterdir():
        table = pq.read_table(file)
        metadata = json.loads((table.schema.metadata or {})[b"huggingface"])
        label = metadata["info"]["features"]["spans"]["feature"]["label"]
        label["names"] = ["unused", *label["names"]]
        spans = [[{**span, "label": span["label"] + 1} for span in row] for row in table["spans"].to_pylist()]
        column = pa.array(spans, table.schema.field("spans").type)
        table = table.set_column(table.schema.get_field_index("spans"), "spans", column)
        table = table.replace_schema_metadata({b"huggingface": json.dumps(metadata)})
        project.path("moved").mkdir(exist_ok=True)
        pq.write_table(table, project.path(f"moved/{file.name}"))
    assert score(project, GOLD, "moved") == perfect


def test_rows_of_the_first_release_have_the_class_ids_that_their_file_names(project: Project, perfect: Scores) -> None:
    """Before 0.2.0, relations of `articles` were numbered without `none`."""
    read_table(project, "articles")
    for file in project.path("ds/data/articles").iterdir():
        table = pq.read_table(file)
        metadata = json.loads((table.schema.metadata or {})[b"huggingface"])
        names = metadata["info"]["features"]["relations"]["feature"]["label"]["names"]
        assert names.pop(0) == "none"
        relations = [[{**each, "label": each["label"] - 1} for each in row] for row in table["relations"].to_pylist()]
        index = table.schema.get_field_index("relations")
        table = table.set_column(index, "relations", pa.array(relations, table.schema.field("relations").type))
        table = table.replace_schema_metadata({b"huggingface": json.dumps(metadata)})
        project.path("first").mkdir(exist_ok=True)
        pq.write_table(table, project.path(f"first/{file.name}"))
    assert score(project, GOLD, "first") == perfect


def test_a_relation_without_a_class_is_refused(project: Project) -> None:
    spans = [{"label": "Verb", "start": 0, "end": 3}, {"label": "Words", "start": 4, "end": 7}]
    rows = [{"id": "market", "spans": spans, "relations": [{"label": 0, "head": 0, "tail": 1}]}]
    result = project.annotate("score", GOLD, write_lines(project, "p.jsonl", rows))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    says = "relation 0: read as rows of the table articles; its label is 'none', the class of spans that no relation"
    assert says in result.stderr


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"article": "market", "head": {}}, "read as rows of the table relations; column label is missing"),
        ({"label": 1, "head": {}, "tail": {}}, "read as rows of the table relations; column article is missing"),
        (
            {"article": "market", "label": "words", "head": 3, "tail": {}},
            "head is not an object; write a span with label, start and end",
        ),
        (
            {"article": "market", "label": "words", "head": {"label": "Verb"}, "tail": {"label": "Words"}},
            "read as rows of the table relations; start is missing; give start and end",
        ),
        ({"article": "market", "label": "shouts", "head": {}, "tail": {}}, "unknown relation label 'shouts'"),
        ({"article": "market", "speech_1": ["O"]}, "read as rows of the table tokens; column tokens is missing"),
        ({"article": "market", "tokens": ["The"]}, "read as rows of the table tokens; has no column of tags"),
        ({"spans": []}, "read as rows of the table articles; column id is missing"),
        ({"id": "market", "entities": 3}, "pipeline; entities is not a list of objects"),
        ({"speaker": [], "words": []}, "read as rows of the table sayings; column article is missing"),
        ({"article": "market", "quay": [], "start": 0}, "read as rows of the table loads; end is missing"),
        ({"article": "market", "quay": 3, "start": 0, "end": 3}, "quay is not a list of objects"),
        ({"article": 3, "quay": []}, "article 3 is not an id"),
        (
            {"id": "market", "spans": [{"label": "Verb", "quote": "The", "occurrence": "2"}]},
            "occurrence '2' is not a number from 1",
        ),
        ({"id": "market", "spans": [{"label": "Verb", "quote": 3}]}, "quote is neither words nor a list of words"),
        ({"id": "market", "spans": [{"label": "Verb", "quote": "The", "scope": 3}]}, "3 is not a start and an end"),
        (
            {"id": "market", "spans": [{"label": "Verb", "quote": ["The"], "occurrence": [1, 2]}]},
            "occurrence and quote differ in length",
        ),
        ({"id": "market", "spans": [{"quote": "The"}]}, "span label is missing; choose from"),
    ],
)
def test_rows_name_their_form_and_what_is_missing(project: Project, row: dict[str, Any], says: str) -> None:
    result = project.annotate("score", GOLD, write_lines(project, "p.jsonl", [row]))
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert result.stderr.startswith("annotate: p.jsonl:1")
    assert says in result.stderr


@pytest.mark.parametrize(
    ("table", "data", "says"),
    [
        ("spans", b"article,span,label,start\n", "spans.csv: read as tables for spreadsheets; column end is missing"),
        ("spans", b"\xff", "spans.csv: read as tables for spreadsheets; is not UTF-8"),
        ("spans", b'article,span,label,start,end\n"a', "spans.csv: read as tables for spreadsheets; is not CSV"),
        (
            "spans",
            b"article,span,label,start,end\nmarket,s1\n",
            "row 2: read as tables for spreadsheets; has more or fewer",
        ),
        ("spans", b"article,span,label,start,end\nmarket,s1,Verb,x,3\n", "start 'x' is text, not a number"),
        (
            "relations",
            b"article,relation\n",
            "relations.csv: read as tables for spreadsheets; column head_span is missing",
        ),
    ],
)
def test_csv_tables_that_do_not_fit_are_one_line(project: Project, table: str, data: bytes, says: str) -> None:
    assert project.annotate("export", "--format", "csv", "--out", "out").exit_code == 0
    project.path(f"out/{table}.csv").write_bytes(data)
    result = project.annotate("score", GOLD, "out")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, ""), result.output
    assert says in result.stderr


def test_rows_that_contradict_each_other_are_one_line(project: Project) -> None:
    rows = read_table(project, "sayings")
    result = project.annotate("score", GOLD, write_lines(project, "p.jsonl", [*rows, rows[0]]))
    assert (result.exit_code, "has two rows; give each anchor one row" in result.stderr) == (2, True), result.output
    changed = {**rows[0], "start": rows[0]["start"] + 1, "article": rows[0]["article"]}
    changed["pieces"] = []
    result = project.annotate("score", GOLD, write_lines(project, "p.jsonl", [*rows, changed]))
    assert (result.exit_code, "another span has the id" in result.stderr) == (2, True), result.output
