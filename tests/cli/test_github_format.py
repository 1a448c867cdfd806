"""Every command that prints findings can print them as workflow commands of GitHub."""

import json
import re

import pytest

from tests.conftest import Project

COMMAND = re.compile(r"::(error|warning|notice) file=[^,:]+(,line=[0-9]+)?,title=\w+::\S.*")
TASK = {"id": 1, "data": {"text": "a::error::b"}, "annotations": [{"id": 1, "result": [{"type": "labels"}]}]}


def list_commands(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("::")]


@pytest.fixture
def faulty(project: Project) -> Project:
    """A project with a fault for every command."""
    assert project.annotate("generate").exit_code == 0
    project.replace("corpus/annotations/gold/harbour.json", '"text": "The harbour master"', '"text": "Nobody"')
    files = {
        "schema/annotation.schema.json": "{}\n",
        "export.json": json.dumps([TASK]) + "::",
        "brat/a.txt": "Ships sank.",
        "brat/a.ann": "T1\tNo::Such 0 5\tShips\n",
    }
    for name, text in files.items():
        project.path(name).parent.mkdir(exist_ok=True)
        project.path(name).write_text(text)
    return project


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check",), 1),
        (("build", "--out", "out"), 1),
        (("generate", "--check"), 1),
        (("convert", "export.json", "--out", "out"), 1),
        (("import", "brat", "--format", "brat", "--annotator", "anna", "--plan"), 1),
    ],
)
def test_findings_are_commands(faulty: Project, words: tuple[str, ...], code: int) -> None:
    option = "--report" if words[0] == "import" else "--format"
    done = faulty.annotate(*words, option, "github")
    assert done.exit_code == code, done.output
    commands = list_commands(done.output)
    assert commands, done.output
    assert [command for command in commands if not COMMAND.fullmatch(command)] == []
