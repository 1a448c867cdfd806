"""The commands of the documentation run in their order, page by page, and print what the pages show."""

import gzip
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import httpx
import msgspec
import pytest
import yaml
from docs_pages import PARTS, fill_page, walk_commands

import annotate
from annotate import Corpus, load_inventory
from annotate.cli import cli
from annotate.dataset.tables import table_features
from annotate.labelstudio.client import Studio, find_server
from annotate.labelstudio.location import open_state
from annotate.labelstudio.server import load_credentials
from annotate.labelstudio.tasks import result_items
from tests.conftest import ROOT
from tests.docs_blocks import (
    COMMAND_LANGUAGES,
    DOCS,
    PageRunner,
    is_shown,
    lay_out_clone,
    make_environment,
    read_blocks,
)

MATERIALS = ROOT / "examples/own-corpus"


def lay_out_materials(folder: Path) -> None:
    """Lay out the folder in which the tutorial of a corpus of one's own begins."""
    shutil.copytree(MATERIALS, folder / "contested-claims/examples/own-corpus")


def lay_out_imports(folder: Path) -> None:
    """Make a clone with an annotator, and with texts and labels that were made elsewhere."""
    lay_out_clone(folder)
    with (folder / "corpus/annotators.yaml").open("a", encoding="utf-8") as file:
        file.write('  - {id: reader-7, kind: person, training: none, since: "2025-03-04"}\n')
    text = "A strike began, the mayor said.\nIt ends today, she said.\n"
    files = {
        "map.yaml": "spans: {PER: {label: Source}}\n",
        "others/harbour.txt": "The master counts crates.\n",
        "others/harbour.ann": "T1\tPER 0 10\tThe master\n",
        "texts/port-strike.txt": text,
    }
    for name, words in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(words, encoding="utf-8")


def lay_out_exports(folder: Path) -> None:
    """Make a clone with exports of a Label Studio project in which somebody labelled its articles as gold has them."""
    lay_out_clone(folder)
    corpus, inventory = Corpus(folder / "corpus"), load_inventory(folder / "schema")
    tasks = [
        {
            "id": number,
            "data": {"article": article.id, "title": article.title, "language": article.language, "text": article.text},
            "annotations": [
                {
                    "id": number,
                    "completed_by": 7,
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                    "result": result_items(corpus.read_annotation("gold", article.id), inventory),
                }
            ],
        }
        for number, article in enumerate(corpus.articles(), 1)
    ]
    (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    for task in tasks:
        with gzip.open(folder / f"part-{task['id']}.json.gz", "wt", encoding="utf-8") as file:
            json.dump([task], file)


STARTS: dict[str, Callable[[Path], None]] = {
    "tutorials/own-corpus": lay_out_materials,
    "tutorials/researcher": lay_out_clone,
    "tutorials/maintainer": lay_out_clone,
    "how-to/baseline": lay_out_clone,
    "how-to/check-a-change": lay_out_clone,
    "how-to/install": lay_out_clone,
    "how-to/releasing": lay_out_clone,
    "how-to/run-in-ci": lay_out_clone,
    "how-to/scale": lay_out_exports,
    "how-to/splits": lay_out_clone,
    "guidelines": lay_out_clone,
    "reference/interchange": lay_out_imports,
}
"""The pages that run from beginning to end, with what makes the folder that they begin in."""


RUN_ELSEWHERE = {
    "tutorials/annotator": "tests/test_docs.py",
    "how-to/add-an-import-format": "tests/formats/test_how_to.py",
    "how-to/coming-from": "tests/test_coming_from.py",
    "how-to/evaluation": "tests/test_dataset_pages.py",
    "how-to/label-studio": "tests/labelstudio/test_how_to.py",
    "how-to/models": "tests/models/test_models_page.py",
    "how-to/publishing": "tests/test_dataset_pages.py",
    "how-to/recipes": "tests/test_recipes.py",
    "how-to/rights": "tests/test_dataset_pages.py",
    "package": "tests/test_distributions.py",
    "reference/scoring": "tests/test_dataset_pages.py",
}
"""The pages that other tests run, each in a folder of its own kind."""

NOT_RUN = {
    "explanation/agreement": 1,
    "explanation/tried-on": 2,
    "how-to/add-a-rule": 2,
    "how-to/deploy": 4,
    "how-to/install": 2,
    "how-to/migrations": 1,
    "how-to/models": 1,
    "how-to/releasing": 1,
    "how-to/scale": 1,
    "reference/formats": 1,
    "reference/interchange": 3,
    "tutorials/annotator": 2,
    "tutorials/maintainer": 1,
    "tutorials/own-corpus": 1,
    "tutorials/researcher": 1,
}
"""The number of blocks on each page that are not run; a comment above each gives the reason."""

NO_COMMANDS = ("annotate classes 1", "annotate count")
"""A format in a file that begins with `annotate`, and the command that a how-to adds."""

PAGES = sorted(DOCS.rglob("*.md"))
TOP_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "RELEASING.md")]


def name_page(path: Path) -> str:
    return path.relative_to(DOCS).with_suffix("").as_posix()


@pytest.mark.parametrize("page", STARTS)
def test_commands_of_a_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    STARTS[page](folder)
    PageRunner(folder, make_environment(tmp_path / "home")).run_page(read_blocks(DOCS / f"{page}.md"))


def submit_headline(folder: Path) -> None:
    """Submit the labels of the tutorial's headline, as the annotator does in the browser."""
    corpus = Corpus(folder / "corpus")
    gold = corpus.read_annotation("gold", "raqqa-phosphorus")
    end = len(corpus.read_text(gold.article).partition("\n")[0])
    spans = {span.id: span for span in gold.spans if span.end <= end and span.label in ("Source", "Cue", "Content")}
    relations = tuple(each for each in gold.relations if each.head in spans and each.tail in spans)
    assert len(spans) == 3
    labels = msgspec.structs.replace(gold, spans=tuple(spans.values()), relations=relations)
    items = result_items(labels, load_inventory(folder / "schema"))
    state = open_state(str(folder / "corpus"))
    login = load_credentials(state)
    with Studio(find_server(state)) as studio:
        (project,) = studio.list_projects()
        task = next(task for task in studio.list_tasks(project["id"]) if task["data"]["article"] == gold.article)
        address = f"{studio.url}/api/tasks/{task['id']}/annotations/"
    header = {"Authorization": f"Token {login.token}"}
    answer = httpx.post(address, json={"result": items, "lead_time": 60}, headers=header, trust_env=False, timeout=60)
    assert answer.status_code == 201, answer.text


@pytest.mark.server
@pytest.mark.usefixtures("first_start")
def test_commands_of_the_annotators_tutorial_run_on_a_server(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    lay_out_clone(folder)
    environment = make_environment(tmp_path / "home") | {name: os.environ[name] for name in ("XDG_DATA_HOME",)}
    runner = PageRunner(folder, environment, {"label the headline": submit_headline})
    blocks = read_blocks(DOCS / "tutorials/annotator.md")
    (end,) = [number for number, block in enumerate(blocks) if block.text.startswith("$ make studio-down")]
    try:
        runner.run_page(blocks[:end])
        baseline, push = read_blocks(DOCS / "how-to/baseline.md")[:2]
        runner.run_page([baseline])
        runner.run_block(push)
        runner.run_page(blocks[end:])
    finally:
        runner.run_script("annotate studio down")


def test_an_elision_stands_for_words_or_lines() -> None:
    assert is_shown("a … d\n…\nz\n", "\na b c d\nx\ny\nz\n\n")
    assert is_shown("a\n…\n", "a\n")
    assert is_shown("a\n\nb\n", "   \na \n  \nb\n  \n")
    assert is_shown("", "")
    assert not is_shown("", "a\n")
    assert not is_shown("a …\nz\n", "a b\nc\nz\n")
    assert not is_shown("a\n", "a\nb\n")


def test_a_block_is_added_to_the_end_of_a_file(tmp_path: Path) -> None:
    page, folder = tmp_path / "page.md", tmp_path / "work"
    folder.mkdir()
    page.write_text("Open `people.yaml`:\n\n```yaml >> people.yaml\n  - id: ben\n```\n", encoding="utf-8")
    people = folder / "people.yaml"
    people.write_text("annotators:\n  - id: anna\n", encoding="utf-8")
    runner = PageRunner(folder, {})
    runner.run_page(read_blocks(page))
    assert people.read_text("utf-8") == "annotators:\n  - id: anna\n  - id: ben\n"
    people.unlink()
    with pytest.raises(FileNotFoundError):
        runner.run_page(read_blocks(page))


def test_the_annotators_tutorial_leaves_the_clone_as_it_was(tmp_path: Path) -> None:
    """The steps that need no server are run: the file that is edited, the labels that are pulled, and the end."""
    folder = tmp_path / "work"
    lay_out_clone(folder)
    blocks = read_blocks(DOCS / "tutorials/annotator.md")
    (entry,) = [block for block in blocks if block.is_appended]
    runner = PageRunner(folder, make_environment(tmp_path / "home"))
    runner.run_page([entry])
    people = yaml.safe_load((folder / "corpus/annotators.yaml").read_text("utf-8"))["annotators"]
    assert people[-1]["id"] == "anna"
    labels = folder / "corpus/annotations/anna/raqqa-phosphorus.json"
    labels.parent.mkdir()
    shutil.copy(folder / "corpus/annotations/gold/raqqa-phosphorus.json", labels)
    runner.run_page(blocks[-1:])
    runner.run_script("git status --porcelain")
    assert runner.output == ""


def test_each_block_of_commands_is_run_or_says_why_not() -> None:
    counts = dict[str, int]()
    for page in PAGES:
        name = name_page(page)
        for block in read_blocks(page):
            if block.language not in COMMAND_LANGUAGES:
                continue
            if block.read_note("not run"):
                counts[name] = counts.get(name, 0) + 1
            elif test := block.read_note("run by") or RUN_ELSEWHERE.get(name):
                assert page.stem in (ROOT / test).read_text("utf-8"), f"{block.location}: {test} does not name the page"
            else:
                assert name in STARTS, f"{block.location}: is not run; add the page to STARTS, or say why above it"
    assert counts == NOT_RUN


def test_notes_above_blocks_are_of_a_known_kind() -> None:
    notes = {block.note.partition(": ")[0] for page in PAGES for block in read_blocks(page) if block.note}
    assert notes <= {"not run", "run by", "run as", "after"}


def test_commands_are_in_blocks_with_a_language() -> None:
    """A block without a language is not read by `read_blocks`, so that nothing would run its commands."""
    for page in [*PAGES, *TOP_PAGES]:
        for block in re.findall(r"^```\n(.*?)^```$", _drop_blocks_with_language(page), re.DOTALL | re.MULTILINE):
            commands = [line for line in block.splitlines() if re.match(r"\$ |annotate [a-z]+ |make |git ", line)]
            assert commands == [], f"{page.relative_to(ROOT)}: begin the block with ```sh or ```console"


def _drop_blocks_with_language(page: Path) -> str:
    return re.sub(r"^( *)```\w.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def list_shown_commands(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of `annotate` on a page, in blocks and in sentences, with where they are."""
    text = path.read_text("utf-8")
    blocks = [block for block in read_blocks(path) if block.language in COMMAND_LANGUAGES]
    lines = [line for block in blocks for line in block.text.splitlines()]
    lines += [" ".join(code.split()) for code in re.findall(r"(?<!`)`(annotate [^`]+)`(?!`)", text)]
    for line in lines:
        unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", "WORDS", line.removeprefix("$ "))
        command = re.split(r"  #|[|;<>\\]|&&", unquoted)[0].strip()
        if command.startswith("annotate ") and command not in NO_COMMANDS:
            yield f"{path.relative_to(ROOT)}: {line}", command.split()[1:]


@pytest.mark.parametrize(
    "path", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "RELEASING.md"], ids=lambda path: path.stem
)
def test_commands_and_options_on_a_page_exist(path: Path) -> None:
    for location, words in list_shown_commands(path):
        command: click.Command = cli
        rest = list(words)
        while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z][a-z-]*,?", rest[0]):
            word = rest.pop(0).rstrip(",")
            found = command.get_command(click.Context(command), word)
            assert found, f"{location}: no command {word}"
            command = found
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        options = {word.partition("=")[0].rstrip(",") for word in rest if re.match(r"--[a-z]", word)}
        assert options <= known | {"--help", "--version"}, f"{location}: {sorted(options - known)}"


def test_files_that_a_block_writes_are_named_before_it() -> None:
    """The path in the first line of a block is not shown: the paragraphs before it name the file."""
    for page in (DOCS / "tutorials").glob("*.md"):
        for block in read_blocks(page):
            assert block.file in block.before[-700:], block.location


def test_texts_of_an_annotator_are_those_of_the_corpus() -> None:
    texts = {path.name: path.read_bytes() for path in (MATERIALS / "texts").iterdir()}
    assert texts == {path.name: path.read_bytes() for path in (MATERIALS / "labels-anna").glob("*.txt")}


def test_layers_of_the_architecture_are_drawn_in_their_order() -> None:
    page = (DOCS / "explanation/architecture.md").read_text("utf-8")
    drawn = fill_page("docs/explanation/architecture", page)
    assert "```mermaid" not in drawn
    assert drawn.index("<b>cli</b>") < drawn.index("<b>release</b>") < drawn.index("inventory<br/>")


@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_have_a_page(name: str) -> None:
    pages = [page for page in PAGES if f"<!-- generated: {name} -->" in page.read_text("utf-8")]
    assert len(pages) == 1
    assert fill_page(f"docs/{name_page(pages[0])}", f"<!-- generated: {name} -->") == PARTS[name]()


def test_reference_has_every_command_rule_column_and_name() -> None:
    parts = {name: render() for name, render in PARTS.items()}
    assert [name for name, _ in walk_commands() if name != "annotate" and f"# {name}\n" not in parts["commands"]] == []
    rules = [f"### {rule.code} {rule.name}\n" for rule in annotate.list_rules()]
    assert [rule for rule in rules if rule not in parts["rules"]] == []
    assert [name for name in annotate.__all__ if f"### {name}\n" not in parts["library"]] == []
    columns = table_features(load_inventory(ROOT / "schema"))
    assert [name for table in columns.values() for name in table if f"| `{name}` |" not in parts["tables"]] == []
