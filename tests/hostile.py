"""Hostile values for every field of a corpus, derived from the JSON Schemas, and what outputs may do with them.

A field that is added to a schema is found here. It has to be refused, or every output has to show it as words.
"""

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import yaml
from markdown_it import MarkdownIt

from annotate.annotation_schema import make_annotation_schema
from annotate.checks.runner import check
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.inventory import load_inventory
from annotate.schemas import package_schema
from tests.conftest import Project

Path_ = tuple[str | int, ...]
Value = Callable[[str], str]
"""Makes a value that holds a word, by which it is known in an output."""

SERVER = "http://127.0.0.1:9/"
"""Nothing answers here; a page that asks is seen by the browser's test."""


def one_line(word: str) -> str:
    """Return marks of every kind of output, on one line."""
    return (
        f"{word} *a* _b_ [d](javascript:alert(1)) ![e]({SERVER}e.png) <script>alert(1)</script>"
        f"<img src={SERVER}f onerror=alert(1)> </td></table></style></details> | ::stop-commands::tok ##[error]x"
        " &lt;b&gt; $x$ ~~y~~ # z \\ \" ' --> ]]>"
    )


FIRST_SIGNS = (
    "#",
    "-",
    "+",
    "*",
    "1.",
    "12)",
    ">",
    "::error::",
    "~~~",
    "```",
    "---",
    "===",
    "|",
    "<!--",
    "[a]: b",
    "\\",
)
"""What begins a block of Markdown, or a command to a CI service."""


def first_signs(word: str) -> str:
    """Return a value that begins with a mark, in turn."""
    return f"{FIRST_SIGNS[int(word[1:-1]) % len(FIRST_SIGNS)]} {word}"


def paragraphs(word: str) -> str:
    """Return blocks of Markdown and lines that look like commands."""
    # Two fences of one length on a line would be code, which prose may have.
    fence = "`" * (3 + int(word[1:-1]))
    blocks = ("## Licence", "All of this is CC0.", f"{fence}\n::stop-commands::tok", "| a | b |\n| - | - |\n| 1 | 2 |")
    more = ("<script>alert(1)</script>", "- a", "1. b", "    code", "***", f"[r]: {SERVER}r", "~~~\n---\n<!--\n")
    return "\n\n".join((word, *blocks, *more))


def controls(word: str) -> str:
    """Return what a terminal obeys."""
    return f"{word}\x1b]0;OWNED\x07\x1b[2J\x9b31m\u202e\u2028\r\n::stop-commands::tok"


HOSTILE: dict[str, Value] = {
    "one line": one_line,
    "first signs": first_signs,
    "paragraphs": paragraphs,
    "controls": controls,
}


def harmless(value: str) -> str:
    """Return words that no output has to escape, in as many paragraphs as a value has; the first has its word."""
    word = re.search(r"m\d+x", value)
    paragraphs = [part for part in re.split(r"\n\s*\n", value) if part.strip()]
    return "\n\n".join([f"{word[0] if word else ''} plain words", *["plain words"] * (len(paragraphs) - 1)])


class Field(NamedTuple):
    """A text in a file of a project.

    Attributes:
        file: The file, relative to the project.
        path: The keys and indices that lead to it.
        is_key: Whether it is a new key of the object at `path`, and not the value there.
    """

    file: str
    path: Path_
    is_key: bool = False

    @property
    def name(self) -> str:
        """The file and the path, in words."""
        return f"{self.file}: {'.'.join(map(str, self.path))}{'.*' if self.is_key else ''}"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8")) if path.suffix in (".yaml", ".cff") else json.loads(path.read_text())


def write(path: Path, value: Any) -> None:
    # JSON is YAML, but for what is not printable: that has escapes in either.
    path.write_text(json.dumps(value, indent=1), "utf-8")


def find_fields(schema: dict[str, Any], value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, bool]]:
    """Yield the path to each text that a schema allows in a value or could have there, and to each object of free keys.

    Args:
        schema: The schema.
        value: A valid value, or None where there is none yet.
        path: The path to the value.
    """
    schema = {**schema}
    for part in _matching_parts(schema, value):
        for keyword, inner in part.items():
            both = isinstance(inner, dict) and isinstance(schema.get(keyword), dict)
            schema[keyword] = {**schema[keyword], **inner} if both else inner
    types = schema.get("type", [])
    if "string" in ([types] if isinstance(types, str) else types) and "enum" not in schema:
        yield path, False
    if isinstance(value, list):
        for index, item in enumerate(value[:1]):
            yield from find_fields(schema.get("items", {}), item, (*path, index))
    properties = schema.get("properties", {})
    if isinstance(value, dict) or (value is None and properties):
        for key, inner in properties.items():
            yield from find_fields(inner, (value or {}).get(key), (*path, key))
        free = schema.get("additionalProperties")
        if isinstance(free, dict) and isinstance(value, dict):
            yield path, True
            for key in value:
                yield from find_fields(free, value[key], (*path, key))


def _matching_parts(schema: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a schema that a condition adds for the value."""
    for part in (schema, *schema.get("allOf", ())):
        if "if" in part:
            holds = jsonschema_rs.Draft202012Validator(part["if"]).is_valid(value)
            chosen = part.get("then" if holds else "else", {})
            yield chosen
            yield from _matching_parts(chosen, value)


def list_fields(project: Project) -> list[Field]:
    """Return all texts of a project's files that have a schema, and all texts in its CITATION.cff."""
    inventory = project.inventory
    schemas = {
        "corpus/articles/harbour.json": package_schema("article"),
        "corpus/annotators.yaml": package_schema("annotators"),
        "corpus/sources/port.txt.json": package_schema("source"),
        "corpus/coverage/harbour.json": package_schema("coverage"),
        "corpus/links.json": package_schema("links"),
        "corpus/statement.yaml": package_schema("statement"),
        "corpus/release.yaml": package_schema("release"),
        "corpus/waivers.yaml": package_schema("waivers"),
        "schema/labels.yaml": package_schema("inventory"),
        "corpus/annotations/gold/harbour.json": json.dumps(make_annotation_schema(inventory)),
        "corpus/annotations/anna/harbour.json": json.dumps(make_annotation_schema(inventory)),
    }
    fields = [
        Field(file, path, is_key)
        for file, schema in schemas.items()
        for path, is_key in find_fields(json.loads(schema), read(project.path(file)))
    ]
    return fields + [Field("CITATION.cff", path) for path in _texts(CITATION)]


def _texts(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, key))


CITATION: dict[str, Any] = {
    "cff-version": "1.2.0",
    "message": "Cite it.",
    "title": "Port news",
    "authors": [
        {"family-names": "Doe", "given-names": "Jane", "name-particle": "van", "name-suffix": "Jr."},
        {"name": "The Harbour Office"},
        {"alias": "port"},
        "Someone",
    ],
    "version": "1.0.0",
    "license": "CC-BY-4.0",
    "license-url": "https://example.org/licence",
    "date-released": "2026-03-04",
    "repository-code": "https://example.org/port",
    "url": "https://example.org/",
    "doi": "10.1234/port",
    "keywords": ["Ports", "port news"],
}
"""Every field of a CITATION.cff that the toolkit reads."""


RUN: dict[str, Any] = {
    "asked": "Model 7",
    "answered": ["model-7-2026"],
    "mode": "json",
    "started": "2026-01-31T23:59:58Z",
    "ended": "2026-02-01T00:10:00Z",
    "toolkit": "0.2.0",
    "prompt_sha256": "0a" * 32,
    "schema_sha256": "0b" * 32,
    "inventory": "1.0.0",
    "inventory_sha256": "0c" * 32,
    "guidelines": "1.0.0",
    "prompt_left_out": ["a page"],
    "parameters": {"temperature": 0, "effort": "low"},
    "formats": {"schema": 8},
    "usage": {"answers": 8, "input": 800, "output": 80, "cost": 1.5},
    "corrections": {},
    "currency": "USD",
    "articles": 2,
    "spans": 11,
    "relations": 6,
    "left_out": {"limit reached": 1},
    "aligned": {"case": 4},
    "findings": {"A104": 1},
    "quarantined": {"A301": 2},
}
"""The run of a model, with every field that a run can have."""


def make_project(root: Path) -> Project:
    """Return a project that has every kind of file, and several annotators."""
    project = Project(root)
    statement = json.loads(package_schema("statement"))["properties"]
    texts = {heading: f"About {heading}." for heading, field in statement.items() if field["type"] == "string"}
    write(project.path("corpus/statement.yaml"), texts)
    write(
        project.path("corpus/release.yaml"),
        {"agreement": {"least": 0, "labels": {"Load": 0}, "attributes": {"rank": 0}}},
    )
    limits = {"articles": ["market"], "annotators": ["anna"], "files": ["annotations/*"]}
    waiver = {"code": "P401", "severity": "warning", "reason": "Half words.", "until": "2999-12-31", **limits}
    write(project.path("corpus/waivers.yaml"), {"waivers": [waiver]})
    write(project.path("CITATION.cff"), CITATION)
    shutil.copytree(project.path("corpus/annotations/anna"), project.path("corpus/annotations/ben"))
    for path in project.path("corpus/annotations/ben").iterdir():
        path.write_text(path.read_text("utf-8").replace('"annotator": "anna"', '"annotator": "ben"'), "utf-8")
    annotators = {entry["id"]: entry for entry in read(project.path("corpus/annotators.yaml"))["annotators"]}
    entries = [annotators["ben"] | {"model": "Model 7", "run": RUN}, annotators["anna"]]
    write(project.path("corpus/annotators.yaml"), {"annotators": entries})
    inventory = read(project.path("schema/labels.yaml"))
    view = {
        "definition": "The number.",
        "source": "From the words.",
        "count": ["minimum", "words"],
        "words": {"a few": 3},
    }
    inventory["intervals"][0]["views"] = {"number": {**view, "words_for": ["exact"]}}
    write(project.path("schema/labels.yaml"), inventory)
    # Gold is made from both, so that the card has a table of agreement.
    for path in project.path("corpus/annotations/gold").iterdir():
        value = read(path)
        write(path, value | {"annotator": "ben", "process": "adjudicated", "made_from": ["anna", "ben"]})
    folder = project.path("guidelines")
    folder.mkdir()
    (folder / "README.md").write_text(
        "# Labels\n\n<!-- generated: labels -->\n<!-- /generated -->\n"
        "\n<!-- generated: relations -->\n<!-- /generated -->\n"
    )
    labels = [name for name, label in project.inventory.spans.items() if label.guideline == "cargo.md"]
    for page, names in (("speech.md", ["Speaker"]), ("cargo.md", labels)):
        tables = "".join(f"\n<!-- generated: label {name} -->\n<!-- /generated -->\n" for name in names)
        (folder / page).write_text(f"# Page\n{tables}")
    return project


def put(project: Project, fields: dict[Field, str]) -> None:
    """Write values into fields of a project."""
    for file in {field.file for field in fields}:
        value = read(project.path(file))
        # Keys last: a path to a value stays as it is.
        for field in sorted((field for field in fields if field.file == file), key=lambda field: field.is_key):
            value = _replace(value, field, field.path, fields[field])
        write(project.path(file), value)


def _replace(value: Any, field: Field, path: Path_, new: str) -> Any:
    if not path:
        if not field.is_key:
            return new
        entries = list(value.values())
        return {**value, new: copy.deepcopy(entries[-1]) if entries else 1}
    if isinstance(value, list):
        return [_replace(item, field, path[1:], new) if at == path[0] else item for at, item in enumerate(value)]
    value = value or {}
    return {**value, path[0]: _replace(value.get(path[0]), field, path[1:], new)}


def is_refused(project: Project, field: Field, value: str) -> str | None:
    """Return why a project with a value in a field is refused; None if it passes all checks.

    The project is as it was afterwards.
    """
    path = project.path(field.file)
    before = path.read_bytes()
    try:
        put(project, {field: value})
        inventory = load_inventory(project.schema)
        errors = [
            finding for finding in check(Corpus(project.root / "corpus"), inventory) if finding.severity == "error"
        ]
        return f"{errors[0].code}: {errors[0].message}" if errors else None
    except CannotRun as error:
        return str(error)
    finally:
        path.write_bytes(before)


class _Structure(HTMLParser):
    """The tags of a page with the names of their attributes, and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        addresses = [str(value) for name, value in attrs if name in ("href", "src") and not str(value).startswith("#")]
        self.tags.append((tag, *(name for name, _ in attrs), *(address.partition("//")[0] for address in addresses)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--",))


def structure_of_html(text: str) -> list[tuple[str, ...]]:
    """Return the tags of HTML, the names of their attributes, and the schemes of addresses."""
    parser = _Structure()
    parser.feed(text)
    parser.close()
    return parser.tags


def structure_of_markdown(text: str) -> list[tuple[str, ...]]:
    """Return the tags of Markdown that is rendered as GitHub and the Hub do, which show raw HTML."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return structure_of_html(parser.render(text))


def render_markdown(text: str) -> str:
    """Return Markdown as a page of HTML."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))
