"""No value of a corpus becomes anything but words in any output: each field of the schemas × each output.

The fields are found in the schemas (`tests.hostile`). A value is refused with a finding, or the outputs have the same
structure as with plain words in its place.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from annotate.util.escape import has_unseen
from tests.conftest import Project
from tests.hostile import (
    HOSTILE,
    Field,
    harmless,
    is_refused,
    list_fields,
    make_project,
    put,
    structure_of_html,
    structure_of_markdown,
)

XMI = "export --format xmi --out xmi"


WRITTEN = ("front matter", "card", "entry", "guidelines/README.md", "guidelines/cargo.md", "guidelines/speech.md")
"""Outputs that are files, which no log shows."""


class Output(NamedTuple):
    """What a command printed or wrote.

    Attributes:
        kind: `text`, `commands`, `json`, `html`, `markdown`, `xml`, `yaml` or `bibtex`.
        text: The output.
    """

    kind: str
    text: str


def outputs(project: Project, before: Project) -> Iterator[tuple[str, Output]]:
    """Yield the name of each output of a project, and the output; differences are from the project before."""
    commands = {
        "check": "text",
        "check --strict --format github": "commands",
        "check --format json": "json",
        "check --format sarif": "json",
        "coverage": "text",
        "agree --by-article --confusion --samples 0": "text",
        "agree --format json --samples 0": "json",
        "agree --format html --samples 0": "html",
        "split": "text",
        "generate": "text",
        "build --out out": "text",
        "build --out json --format json": "json",
        XMI: "text",
        "export --format jsonl --out jsonl --report json": "json",
        "export --format brat --out brat": "text",
        "export --format csv --out tables": "text",
        "studio config": "xml",
        "score corpus/annotations/gold corpus/annotations/anna --samples 0": "text",
        "score corpus/annotations/gold corpus/annotations/anna --samples 0 --format markdown": "markdown",
        "release page --out page.html": "text",
        "release page --folder pages": "text",
        "release report": "text",
        "release report --format md": "markdown",
        "release report --format html": "html",
        f"diff {before.root} .": "text",
        f"diff {before.root} . --format json": "json",
        f"diff {before.root} . --format md": "markdown",
        f"diff {before.root} . --format html": "html",
        "adjudicate plan --from anna,ben": "text",
        "rules": "text",
        "doubts": "text",
        "doubts --by article --format json": "json",
        "doubts --annotators gold,anna --format markdown": "markdown",
    }
    for words, kind in commands.items():
        result = project.annotate(*words.split())
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        if words == XMI and result.exit_code == 2:  # XML cannot hold what a note has
            assert re.fullmatch("annotate: article harbour: .*; export it as jsonl\n", result.stderr)
            continue
        assert result.exit_code != 2, (words, result.output)
        yield words.replace(str(before.root), "before"), Output(kind, result.stdout)
        yield f"{words.replace(str(before.root), 'before')}: errors", Output("text", result.stderr)
    card = project.path("out/README.md").read_text("utf-8")
    _, front, body = card.split("---\n", 2)
    yield "front matter", Output("yaml", front)
    yield "card", Output("markdown", body)
    yield "entry", Output("bibtex", body.split("```bibtex\n")[1].split("\n```")[0])
    yield "croissant", Output("json", project.path("out/croissant.json").read_text("utf-8"))
    yield "page", Output("html", project.path("page.html").read_text("utf-8"))
    for page in sorted(project.path("pages").rglob("*.html")):
        yield f"pages/{page.name}", Output("html", page.read_text("utf-8"))
    from annotate.labelstudio.instructions import render_instructions

    yield "instructions", Output("html", render_instructions(project.path("guidelines"), project.inventory))
    for name in ("README.md", "cargo.md", "speech.md"):
        yield f"guidelines/{name}", Output("markdown", project.path(f"guidelines/{name}").read_text("utf-8"))
    for name in ("harbour.xmi", "TypeSystem.xml"):
        if project.path(f"xmi/{name}").exists():
            yield f"xmi/{name}", Output("markup", project.path(f"xmi/{name}").read_text("utf-8"))


def structure(output: Output) -> Any:
    """Return what must not depend on the words in an output."""
    text = output.text
    if output.kind == "json":
        return _shape(json.loads(text))
    if output.kind == "yaml":
        return _shape(yaml.safe_load(text))
    if output.kind == "html":
        return structure_of_html(text)
    if output.kind == "markdown":
        return structure_of_markdown(text)
    if output.kind in ("xml", "markup"):
        # A value that the labelling screen would read otherwise is stored by its alias.
        elements = ET.fromstring(text).iter()  # noqa: S314 - our own
        return [(element.tag, *(name for name in element.attrib if name != "alias")) for element in elements]
    if output.kind == "bibtex":
        text = re.sub(r"^@misc\{[a-z0-9-]+,\n", "@misc{key,\n", text)
        unescaped = re.sub(r"\\textbackslash\{\}|\\[\^~]\{\}|\\.", "", text)
        return [line.partition("=")[0] for line in unescaped.split("\n")], unescaped.count("{"), unescaped.count("}")
    return len(text.split("\n"))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key if re.fullmatch(r"[\w@:]+", key) else "*": _shape(inner) for key, inner in value.items()}
    return [_shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


class Spoilt(NamedTuple):
    """A project with a hostile value in each field that takes one, and the same with plain words.

    Attributes:
        fields: The values, by the field that takes them.
        refused: Why the values of other fields are refused.
        hostile: The outputs with these values.
        plain: The outputs with words in their place.
    """

    fields: dict[Field, str]
    refused: dict[Field, str]
    hostile: dict[str, Output]
    plain: dict[str, Output]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module", params=HOSTILE)
def spoilt(request: pytest.FixtureRequest, folder: Path) -> Spoilt:
    make, kind = HOSTILE[request.param], request.param.replace(" ", "-")
    before, hostile, plain = (make_project(folder / kind / name) for name in ("before", "after", "plain"))
    words = {field: f"m{number}x" for number, field in enumerate(list_fields(hostile))}
    refused = {}
    for field, word in words.items():
        reason = None if field.file == "CITATION.cff" else is_refused(hostile, field, make(word))
        if reason is not None:
            refused[field] = reason
    taken = {field: make(word) for field, word in words.items() if field not in refused}
    put(hostile, taken)
    put(plain, {field: harmless(value) for field, value in taken.items()})
    # The name of the folder is part of a difference.
    shown = dict(outputs(hostile, before))
    return Spoilt(taken, refused, shown, dict(outputs(plain, before)))


def test_values_change_words_and_nothing_else(spoilt: Spoilt) -> None:
    """How many words a difference shows depends on the words; then the kinds of tags are compared."""
    assert {name for name in spoilt.hostile.keys() ^ spoilt.plain.keys() if "xmi" not in name} == set()
    for name, output in spoilt.hostile.items():
        shape, plain = structure(output), structure(spoilt.plain[name])
        if name.startswith("diff ") and output.kind in ("html", "markdown"):
            shape, plain = set(shape), set(plain)
        assert shape == plain or (name.startswith("diff ") and output.kind in ("text", "json")), name


def test_no_output_has_what_a_terminal_or_a_log_obeys(spoilt: Spoilt) -> None:
    for name, output in spoilt.hostile.items():
        if output.kind == "markup":  # a file for other programs
            continue
        lines = output.text.split("\n")
        assert [line for line in lines if has_unseen(line.replace("\t", ""))] == [], name
        begun = [line for line in lines if line.lstrip().startswith("::")]
        assert [
            line for line in begun if output.kind != "commands" or not re.match("::(error|warning) ", line)
        ] == [], name
        assert "##[" not in output.text or name in WRITTEN, name


def test_a_refusal_names_the_problem_on_one_line(spoilt: Spoilt) -> None:
    for field, reason in spoilt.refused.items():
        assert not has_unseen(reason), field.name
        assert ";" in reason, (field.name, reason)


def test_json_has_the_values_themselves(spoilt: Spoilt) -> None:
    croissant = json.loads(spoilt.hostile["croissant"].text)
    for path, shown in ((("title",), "name"), (("about",), "description")):
        field = Field("schema/labels.yaml", path)
        assert field not in spoilt.fields or spoilt.fields[field] in croissant[shown]


def test_every_field_is_refused_or_seen(spoilt: Spoilt) -> None:
    """A field that no output shows would be tested for nothing."""
    everything = "\n".join(output.text for output in spoilt.hostile.values())
    words = {field: re.search(r"m\d+x", value) for field, value in spoilt.fields.items()}
    unseen = {field.name for field, word in words.items() if word and word[0] not in everything}
    assert unseen == {"CITATION.cff: message"}  # no output has it, and any text fits
    assert len(spoilt.fields) + len(spoilt.refused) > 150
