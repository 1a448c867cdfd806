"""`annotate import --format labelstudio`: a corpus of an export, with the labels of everyone in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import Corpus
from tests.conftest import BASE, annotate
from tests.convert.conftest import Place, made_up
from tests.convert.test_label_map import MAP, elsewhere
from tests.labelstudio.test_results import HAND, LOAD, TEXT, VERB, region, relation

PEOPLE = "annotators:\n" + "".join(
    f"- {{id: {name}, kind: person, training: none, since: 2026-01-01}}\n" for name in ("anna", "ben")
)
Task = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a corpus without articles, next to the inventory of the made-up one."""
    assert annotate("init", "new", cwd=tmp_path).exit_code == 0
    root = tmp_path / "new"
    (root / "schema/labels.yaml").write_bytes((BASE / "schema/labels.yaml").read_bytes())
    (root / "corpus/annotators.yaml").write_text(PEOPLE)
    return root


def entry(user: object, *items: Any, **fields: Any) -> Task:
    return {"id": 1, "completed_by": user, "result": list(items)} | fields


def task(*entries: Task, **fields: Any) -> Task:
    return {"id": 5, "data": {"text": TEXT, "article": "harbour"}, "annotations": list(entries)} | fields


def run(folder: Path, tasks: Any, *words: str) -> tuple[int, str, str]:
    (folder / "export.json").write_text(json.dumps(tasks))
    result = annotate("import", "export.json", "--format", "labelstudio", *words, cwd=folder)
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stdout, result.stderr


def labels(folder: Path, name: str, article_id: str = "harbour") -> list[str]:
    return [span.label for span in Corpus(folder / "corpus").read_annotation(name, article_id).spans]


BOTH = ("--annotator", "1=anna", "--annotator", "2=ben")


def test_everyone_comes_in_as_an_annotator(folder: Path) -> None:
    tasks = [task(entry(1, HAND, VERB, relation("v", "h", "speaker")), entry({"id": 2, "email": "x@y.org"}, LOAD))]
    code, out, err = run(folder, tasks, *BOTH)
    language = "Language of the articles for which none is given: en, that of labels.yaml; --language names another\n"
    assert (code, err) == (0, f"{language}Next: annotate check corpus\n")
    assert "4 items: 4 taken, 0 left out, 0 reported. 3 spans, 1 relation." in out
    assert labels(folder, "anna") == ["Speaker", "Verb"]
    assert labels(folder, "ben") == ["Load"]
    assert Corpus(folder / "corpus").read_article("harbour").text == TEXT
    code, out, _ = run(folder, tasks, *BOTH)
    assert (code, "0 new, 2 there already" in out) == (0, True)


def test_of_several_annotations_by_one_person_one_is_taken_and_the_others_are_reported(folder: Path) -> None:
    old, new = (
        entry(1, HAND, updated_at="2026-01-01T00:00:00Z"),
        entry(1, VERB, LOAD, updated_at="2026-01-02T00:00:00Z"),
    )
    code, out, _ = run(folder, [task(new | {"id": 3}, old | {"id": 9})], *BOTH[:2])
    assert code == 1
    assert "L104 harbour: anna has several annotations of this article (3, 9); 3 was taken" in out
    assert "3 items: 2 taken, 0 left out, 1 reported" in out
    assert labels(folder, "anna") == ["Verb", "Load"]


@pytest.mark.parametrize(
    ("tasks", "code", "message"),
    [
        ([task(entry(1, HAND, was_cancelled=True))], 0, "L105"),
        ([task(drafts=[entry(1, HAND), 7])], 0, "L106 harbour: 1 has a draft that was not submitted; it was not taken"),
        ([task(predictions=[{"model_version": "m", "result": [HAND, VERB]}])], 0, "2 left out"),
        ([task()], 0, "I210 harbour: the task at byte 1 has no annotation; its text was left out"),
        ([task(entry(3, HAND))], 1, "F107 '3' labelled it, who is not in annotators.yaml"),
        ([task(entry("anna", "no object"))], 1, "L201"),
        ([task(entry("anna", HAND) | {"result": "x"})], 1, "L103"),
        ([task(entry("anna", HAND)) | {"data": {"text": "", "article": "a"}}], 1, "has no text in data.text"),
        ([task(entry(1, HAND)) | {"data": {"text": TEXT, "article": "../a"}}], 1, "I202"),
        ([{"id": 1, "text": TEXT, "label": [{"start": 0, "end": 1}], "annotator": 1}], 1, "JSON_MIN"),
        ([7], 1, "I201"),
        ({"tasks": [task(entry(1, HAND))]}, 1, "I209"),
    ],
)
def test_what_is_not_taken_is_named(folder: Path, tasks: Any, code: int, message: str) -> None:
    people = BOTH[:2] if "L105" in message else ()
    done, out, _ = run(folder, tasks, *people)
    assert (done, message in out) == (code, True), out
    assert not Corpus(folder / "corpus").article_ids()


def test_a_map_gives_a_corpus_what_it_gives_a_dataset(folder: Path) -> None:
    tasks = [elsewhere(each) for each in made_up(38, 42)]
    (folder / "map.yaml").write_text(MAP)
    place = Place(folder)
    place.export(tasks)
    (folder / "people.yaml").write_text("".join(f"{user}: user-{user}\n" for user in range(1, 9)))
    assert place.convert("export.json", "--map", "map.yaml", "--people", "people.yaml").exit_code == 0
    rows = place.rows("annotations")
    users = sorted({row["annotator"] for row in rows})
    listed = "".join(f"- {{id: {name}, kind: person, training: none, since: 2026-01-01}}\n" for name in users)
    (folder / "corpus/annotators.yaml").write_text(f"annotators:\n{listed}")
    people = [word for name in users for word in ("--annotator", f"{name.removeprefix('user-')}={name}")]
    code, out, _ = run(folder, tasks, "--map", "map.yaml", *people)
    assert code == 0, out
    corpus = Corpus(folder / "corpus")
    for row in rows:
        annotation = corpus.read_annotation(row["annotator"], row["article"])
        assert row["text"] == corpus.read_article(row["article"]).text
        assert [(each["id"], each["start"], each["end"]) for each in row["spans"]] == [
            (span.id, span.start, span.end) for span in annotation.spans
        ]
        assert len(row["relations"]) == len(annotation.relations)
    assert sum(len(corpus.annotated_ids(name)) for name in users) == len(rows) >= len(tasks)


def test_an_export_of_a_folder_and_lines_of_json_are_read(folder: Path) -> None:
    (folder / "exports/below").mkdir(parents=True)
    (folder / "exports/a.json").write_text(json.dumps([task(entry(1, HAND))]))
    second = task(entry(1, VERB)) | {"data": {"text": f"{TEXT} Again.", "article": "again"}}
    (folder / "exports/below/b.jsonl").write_text(json.dumps(second) + "\n")
    (folder / "exports/notes.md").write_text("Notes.")
    result = annotate("import", "exports", "--format", "labelstudio", *BOTH[:2], cwd=folder)
    assert "F110" in result.stdout
    assert Corpus(folder / "corpus").article_ids() == ["again", "harbour"]


def test_white_space_at_the_ends_is_trimmed_on_request(folder: Path) -> None:
    loose = region("x", "said ", "Verb")
    code, out, _ = run(folder, [task(entry(1, loose))], *BOTH[:2], "--fix")
    assert (code, "L213" in out) == (0, True)
    (span,) = Corpus(folder / "corpus").read_annotation("anna", "harbour").spans
    assert span.text == "said"


def test_a_finding_names_its_text_and_its_region(folder: Path) -> None:
    unread = {"id": 6, "data": {"body": TEXT}, "annotations": [entry(1, HAND)]}
    _, out, _ = run(folder, [task(entry(1, HAND, region("v", "said", "Verb", start=0, end=4))), unread], *BOTH[:2])
    assert "export.json: L206 harbour span v: 'said' is not at 0–4" in out
    assert (
        "export.json: F104 task-6: has no text in data.text (keys: 'body'); put the text there, or name its key" in out
    )
