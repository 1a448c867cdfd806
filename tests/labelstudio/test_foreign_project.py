"""A project that was made elsewhere, on a real server: its labels are pulled by a map, and nothing in it is changed."""

import shlex
from typing import Any

import pytest

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.labelstudio.client import Studio
from annotate.labelstudio.config import labelling_config
from annotate.labelstudio.projects import require_project
from annotate.labelstudio.state import State
from annotate.labelstudio.tasks import result_items
from annotate.model import Annotation
from tests.conftest import Project, annotate, read_files
from tests.convert.test_label_map import MAP
from tests.docs_blocks import DOCS, read_commands, read_section
from tests.labelstudio.loop import Loop
from tests.labelstudio.test_controls import LABELS, rename

pytestmark = pytest.mark.server

CONFIG = """<View>
  <Labels name="talk" toName="content"><Label value="谁在说"/><Label value="A verb"/><Label value="Words"/></Labels>
  <Labels name="FREIGHT" toName="content"><Label value="1 load"/><Label value="QUAY-2"/></Labels>
  <Text name="content" value="$body"/>
  <Choices name="Rang" toName="content" perRegion="true">
    <Choice value="HAND (dock)"/><Choice value="master"/>
  </Choices>
  <Choices name="Load.wording" toName="content" perRegion="true">
    <Choice value="exact"/><Choice value="at least"/><Choice value="range"/><Choice value="vague"/>
  </Choices>
  <Number name="at least" toName="content" perRegion="true"/>
  <Number name="Load.most" toName="content" perRegion="true"/>
  <TextArea name="Comment" toName="content" perRegion="true"/>
  <Choices name="mood" toName="content"><Choice value="sad"/></Choices>
  <Relations>
    <Relation value="is said by"/><Relation value="words"/><Relation value="lies_at"/><Relation value="reported_by"/>
    <Relation value="continues"/>
  </Relations>
</View>"""
MOOD = {"id": "m", "from_name": "mood", "to_name": "content", "type": "choices", "value": {"choices": ["sad"]}}


class ForeignProject:
    """The texts of a corpus in a project that has other names, with the labels of gold if wanted."""

    def __init__(self, loop: Loop, labelled: bool = True) -> None:
        self.loop, corpus = loop, loop.corpus
        settings = {"label_config": CONFIG, "description": "Not ours."}
        self.id = loop.studio.create_project(loop.title, settings).id
        texts = {article_id: corpus.read_text(article_id) for article_id in corpus.article_ids()}
        # A text that `annotate add` would trim: the offsets of its labels are two larger.
        tasks = [{"data": {"body": f"\n {text}\n", "ref": id_, "own": [1]}} for id_, text in texts.items()]
        loop.studio.import_tasks(self.id, tasks)
        for task in self.tasks() if labelled else ():
            items = self.items(corpus.read_annotation("gold", task["data"]["ref"]))
            loop.studio.write("POST", f"api/tasks/{task['id']}/annotations/", {"result": [*items, MOOD]})

    def items(self, annotation: Annotation) -> list[Any]:
        items = [rename(item) for item in result_items(annotation, self.loop.project.inventory)]
        for item in items:
            for key in ("start", "end"):
                if key in item.get("value", {}):
                    item["value"][key] += 2
        return items

    def tasks(self) -> list[Any]:
        return self.loop.studio.list_tasks(self.id)

    def state(self) -> tuple[Any, list[Any]]:
        """Return what must not change: settings and tasks, without what the server counts itself."""
        settings = self.loop.studio.get_settings(self.id)
        kept = {key: settings[key] for key in ("title", "label_config", "description", "expert_instruction")}
        return kept, [(task["id"], task["data"], task["annotations"]) for task in self.tasks()]


@pytest.fixture
def loop(project: Project, started: State, studio: Studio) -> Loop:
    (project.root / "schema/maps").mkdir()
    (project.root / "schema/maps/labelstudio.yaml").write_text(MAP)
    return Loop(project, started, studio)


def test_labels_are_pulled_and_the_project_stays_as_it_is(loop: Loop) -> None:
    foreign = ForeignProject(loop)
    before = foreign.state()
    pulled = loop.annotate("pull", "--annotator", "anna")
    assert pulled.exit_code == 0, pulled.output
    assert f"left out by the map: mood × {len(before[1])}" in pulled.stdout
    for article_id in loop.corpus.article_ids():
        gold, anna = (loop.corpus.read_annotation(name, article_id) for name in ("gold", "anna"))
        assert anna.spans == gold.spans
        assert {(each.label, each.head, each.tail) for each in anna.relations} == {
            (each.label, each.head, each.tail) for each in gold.relations
        }
    compared = loop.annotate("compare")
    assert compared.exit_code == 0, compared.output
    status = loop.annotate("status")
    assert status.exit_code == 0, status.output
    assert loop.annotate("pull").stdout.count("unchanged") == 1
    assert foreign.state() == before


def page_commands() -> list[list[str]]:
    """Return the words of the commands that docs/how-to/coming-from.md has for a running project."""
    section = read_section(DOCS / "how-to/coming-from.md", "A Label Studio project")
    (block,) = (block for block in section if block.language == "console")
    return [shlex.split(command.text) for command in read_commands(block)]


def test_three_commands_make_a_dataset_of_a_project(loop: Loop) -> None:
    foreign = ForeignProject(loop)
    before = foreign.state()
    folder = ["--dir", str(loop.state.folder)]
    init, change_folder, pull, build = page_commands()
    assert init == ["annotate", "init", "their-corpus", "--from-studio", "Port news"]
    made = loop.project.annotate(*init[1:-1], loop.title, *folder)
    assert made.exit_code == 0, made.output
    assert "mood" in made.stderr
    theirs = loop.project.root / change_folder[1]
    assert annotate("check", cwd=theirs).exit_code == 0
    printed = [shlex.split(line) for line in made.stdout.splitlines() if line.startswith("  ")]
    assert printed == [change_folder, [*pull, *folder], build]
    pulled = annotate(*pull[1:], *folder, cwd=theirs)
    assert pulled.exit_code == 0, pulled.output
    built = annotate(*build[1:], cwd=theirs)
    assert built.exit_code == 0, built.output
    corpus, inventory = Corpus(theirs / "corpus"), load_inventory(theirs / "schema")
    assert corpus.article_ids() == sorted(f"task-{task_id}" for task_id, *_ in before[1])
    for article_id in corpus.article_ids():
        (annotator,) = corpus.read_annotators()
        read = corpus.read_annotation(annotator, article_id)
        article = corpus.read_article(article_id)
        (ours,) = (each for each in loop.corpus.articles() if each.text == article.text)
        gold = loop.corpus.read_annotation("gold", ours.id)
        assert [(span.start, span.end, span.text) for span in read.spans] == [
            (span.start, span.end, span.text) for span in gold.spans
        ]
        shown = [inventory.spans[span.label].display_name for span in read.spans]
        names = {label: name for name, label in LABELS.items()}
        assert shown == [names.get(span.label, span.label) for span in gold.spans]
        assert len(read.relations) == len(gold.relations)
    before_migration = read_files(theirs)
    label = next(iter(inventory.spans))
    (theirs / "rename.yaml").write_text(
        f"from: 0.1.0\nto: 0.2.0\nsteps:\n- {{rename: label, from: {label}, to: Pier}}\n"
    )
    migrated = annotate("migrate", "rename.yaml", *folder, cwd=theirs)
    assert (migrated.exit_code, "--take-over" in migrated.stderr) == (1, True), migrated.output
    assert {name: data for name, data in read_files(theirs).items() if name != "rename.yaml"} == before_migration
    alone = annotate("migrate", "rename.yaml", "--no-server", *folder, cwd=theirs)
    assert alone.exit_code == 0, alone.output
    again = annotate("studio", "pull", "--all", *folder, cwd=theirs)
    assert (again.exit_code, "0 written" in again.stdout) == (0, True), again.output
    assert foreign.state() == before


def test_push_and_migrate_leave_a_foreign_config_alone(loop: Loop) -> None:
    foreign = ForeignProject(loop)
    before = foreign.state()
    for words in (["push"], ["push", "--plan"], ["push", "--restore-config"]):
        refused = loop.annotate(*words)
        assert refused.exit_code == 1, refused.output
        assert "made elsewhere" in refused.stderr
        assert "--take-over" in refused.stderr
    orphaned = loop.annotate("push", "--take-over")
    assert orphaned.exit_code == 1
    assert "of what the new config lacks" in orphaned.stderr
    loop.project.path("rename.yaml").write_text(
        "from: 1.0.0\nto: 2.0.0\nsteps:\n- {rename: label, from: Quay, to: Pier}\n"
    )
    assert loop.annotate("pull", "--annotator", "anna").exit_code == 0
    migrated = loop.annotate("migrate", "rename.yaml")
    assert migrated.exit_code == 1
    assert "--take-over" in migrated.stderr
    assert foreign.state() == before


def test_a_project_without_labels_can_be_taken_over(loop: Loop) -> None:
    foreign = ForeignProject(loop, labelled=False)
    done = loop.annotate("push", "--take-over")
    assert done.exit_code == 0, done.output
    project = require_project(loop.studio, loop.state, loop.title)
    assert project.id == foreign.id
    assert project.config.strip() == labelling_config(loop.project.inventory).strip()
    (first, *_) = tasks = foreign.tasks()
    assert sorted(task["data"]["article"] for task in tasks) == loop.corpus.article_ids()
    assert first["data"]["own"] == [1]
    assert first["data"]["text"] == loop.corpus.read_text(first["data"]["article"])
    again = loop.annotate("push")
    assert again.exit_code == 0, again.output
    assert f"{len(tasks)} unchanged" in again.stdout
    labels = loop.project.path("schema/labels.yaml")
    labels.write_text(labels.read_text().replace('hotkey: "1"', 'hotkey: "8"'))
    changed = loop.annotate("push")
    assert changed.exit_code == 0, changed.output  # from now on it is a project of the toolkit
    config = require_project(loop.studio, loop.state, loop.title).config
    loop.studio.update_project(project.id, {"label_config": config.replace('hotkey="8"', 'hotkey="9"')})
    drifted = loop.annotate("push")
    assert (drifted.exit_code, "was changed on the server" in drifted.stderr) == (1, True), drifted.output


def test_a_name_that_the_map_lacks_is_told_before_anything_is_taken(loop: Loop) -> None:
    ForeignProject(loop, labelled=False)
    path = loop.project.path("schema/maps/labelstudio.yaml")
    path.write_text(MAP.replace("  mood: null\n", "").replace("  QUAY-2: {label: Quay}\n", ""))
    told = loop.annotate("pull", "--annotator", "anna", "--user", "1")
    assert "names that the map lacks: mood, FREIGHT: QUAY-2" in told.stderr


NESTED = """<View>
  <Labels name="label" toName="text"><Label value="Person"/></Labels><Text name="text" value="$article"/>
  <Taxonomy name="kind" toName="text" perRegion="true">
    <Choice value="Ship"><Choice value="Barge"/></Choice><Choice value="Pier"/>
  </Taxonomy>
</View>"""


def test_keys_that_hold_something_else_cost_no_text(loop: Loop) -> None:
    """Nobody said that `article`, `title` and `language` of a task are the id, title and language of its text."""
    project_id = loop.studio.create_project(loop.title, {"label_config": NESTED}).id
    texts = ["Anna waits.", "Ben waits.", "Cleo waits."]
    data = [{"article": text, "language": "English", "title": "A title"} for text in texts]
    loop.studio.import_tasks(project_id, [{"data": each} for each in [*data, data[0]]])
    region = {"id": "a", "from_name": "label", "to_name": "text", "type": "labels"}
    value = {"start": 0, "end": 3, "text": "Ben", "labels": ["Person"]}
    kind = {
        "id": "a",
        "from_name": "kind",
        "to_name": "text",
        "type": "taxonomy",
        "value": {"taxonomy": [["Ship", "Barge"]]},
    }
    task_id = loop.studio.list_tasks(project_id)[1]["id"]
    result = [region | {"value": value}, kind]
    loop.studio.write("POST", f"api/tasks/{task_id}/annotations/", {"result": result})
    folder = ["--dir", str(loop.state.folder)]
    words = ["init", "theirs", "--from-studio", str(project_id), *folder]
    made = loop.project.annotate(*words)
    assert made.exit_code == 0, made.output
    assert "key language left out: in tasks: 4 (" in made.stderr
    assert "it holds what is no language, such as 'English'" in made.stderr
    assert "3 articles" in made.stdout
    theirs = loop.project.root / "theirs"
    articles = list(Corpus(theirs / "corpus").articles())
    assert [(article.text, article.title, article.language) for article in articles] == [
        (text, "A title", "en") for text in texts
    ]
    again = loop.project.annotate(*words)  # as after an interruption before the project was remembered
    assert again.exit_code == 0, again.output
    pull = ("studio", "pull", *folder)
    pulled = annotate(*pull, cwd=theirs)
    assert "the map lacks" not in pulled.output + pulled.stderr
    assert "is of no article of the corpus" in pulled.output
    assert pulled.exit_code == 1
    (span,) = Corpus(theirs / "corpus").read_annotation("annotator-1", f"task-{task_id}").spans
    assert span.attributes == {"kind": "Ship/Barge"}
    repeated = annotate(*pull, cwd=theirs)
    assert (repeated.exit_code, "1 of which are tasks of no article" in repeated.stderr) == (0, True), repeated.output
    assert annotate(*pull, "--all", cwd=theirs).exit_code == 0
    status = annotate("studio", "status", *folder, cwd=theirs)
    assert (status.exit_code, "is of no article" in status.output) == (1, True)
    duplicate = loop.studio.list_tasks(project_id)[3]["id"]
    loop.studio.write("POST", f"api/tasks/{duplicate}/annotations/", {"result": result})
    changed = annotate(*pull, cwd=theirs)
    assert (changed.exit_code, "of which" in changed.stderr) == (1, False), changed.output
    assert annotate(*pull, cwd=theirs).exit_code == 0
