"""The parts of the documentation that are made from the toolkit, as Markdown: commands, rules, tables, library.

`make docs` puts each in place of its marker, `<!-- generated: NAME -->`, in a page of docs/reference/.
"""

import difflib
import inspect
import json
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

import annotate
from annotate.cli import SECTIONS, cli
from annotate.comparison.semver import RULES as VERSION_RULES
from annotate.comparison.semver import VersionRule
from annotate.dataset.facts import describe_columns
from annotate.dataset.tables import select_tables
from annotate.findings import Rule
from annotate.inventory import load_inventory
from annotate.util.escape import (
    Markdown,
    escape_markdown_prose,
    escape_markdown_words,
    markdown_code,
    markdown_code_block,
    markdown_table,
)

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "docs/reference"
"""The folder of the pages: their links are relative to it."""
LONGEST_DIFF = 30
"""Number of lines that are shown of an invalid example."""
MOST_FINDINGS = 4
"""Number of findings that are shown of an invalid example."""

_DIAGRAM = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NODE = re.compile(r'(\w+)\["([^"]*)"\]')
_MARKER = re.compile(r"<!-- generated: (\w+) -->")
_PAGE = re.compile(r"(?:docs|guidelines)/[\w/-]+\.md(?:#[\w-]+)?")
_PARAGRAPH = re.compile(r"\n *\n")
_SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises|Example|Examples|Note|Source):")
_ITEM = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)", re.DOTALL)

GROUPS = {
    "S": "Shape of files",
    "M": "Metadata of articles",
    "T": "Texts",
    "P": "Spans",
    "R": "Relations",
    "C": "The corpus",
    "B": "Patterns of the baseline",
    "L": "Results of Label Studio",
    "F": "Files of other formats",
    "I": "Exports to convert",
    "A": "Answers of models",
    "V": "Releases",
    "D": "The version that a difference needs",
}


def link_pages(text: str) -> str:
    """Return Markdown in which each page that is named by its path is a link."""

    def link(match: re.Match[str]) -> str:
        path, _, anchor = match[0].partition("#")
        if not (ROOT / path).is_file():
            return match[0]
        return f"[{match[0]}]({os.path.relpath(path, FOLDER)}{f'#{anchor}' if anchor else ''})"

    return _PAGE.sub(link, text)


def walk_commands(command: click.Command = cli, name: str = "annotate") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with the words that call it, groups among them, in the order of `--help`."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for word in command.list_commands(context):
            child = command.get_command(context, word)
            if child is not None:
                yield from walk_commands(child, f"{name} {word}")


def render_commands() -> str:
    """Return usage, help and options of every command, by the sections of `annotate --help`."""
    parts = []
    sections = {entry: title for title, entries in SECTIONS.items() for entry in entries}
    title = ""
    for name, command in walk_commands():
        words = name.split()
        if len(words) == 1:
            continue
        if sections[words[1]] != title:
            title = sections[words[1]]
            parts.append(f"## {title}")
        with click.Context(command, info_name=name) as context:
            usage = " ".join([name, *command.collect_usage_pieces(context)])
            parts += [f"{'#' * (1 + len(words))} {name}", str(markdown_code_block(usage, "text"))]
            parts += _render_help(inspect.cleandoc(command.help or ""))
            rows = list(_list_options(command, context))
            if rows:
                parts.append(str(markdown_table(["option", "what it does"], rows)))
    return "\n\n".join(parts)


def _render_help(text: str) -> Iterator[str]:
    r"""Yield the paragraphs of a help text; one that begins with \b is shown as it is."""
    for paragraph in _PARAGRAPH.split(text.replace("\f", "")):
        if paragraph.startswith("\b"):
            yield str(markdown_code_block(paragraph.removeprefix("\b").strip("\n"), "text"))
        else:
            yield link_pages(str(escape_markdown_prose(paragraph)))


def _list_options(command: click.Command, context: click.Context) -> Iterator[tuple[Markdown, Markdown]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[0] != "--help":
            yield markdown_code(record[0]), Markdown(link_pages(str(escape_markdown_words(record[1]))))


def render_rules() -> str:
    """Return the catalogue of rules: what each demands, why, and an example that breaks it."""
    rules: list[Rule | VersionRule] = [*annotate.list_rules(), *VERSION_RULES]
    parts = []
    for letter, title in GROUPS.items():
        parts.append(f"## {title} ({letter}…)")
        for rule in rules:
            if rule.code.startswith(letter):
                parts += _render_rule(rule)
    unknown = {rule.code for rule in rules if rule.code[0] not in GROUPS}
    if unknown:
        raise ValueError(f"rules of no group: {', '.join(sorted(unknown))}; add their letter to GROUPS")
    return "\n\n".join(parts)


def _render_rule(rule: Rule | VersionRule) -> Iterator[str]:
    note = ", may be waived" if getattr(rule, "waivable", False) else ""
    yield f"### {rule.code} {rule.name}"
    yield f"*{rule.severity}{note}*"
    for line in _join_lines(rule.documentation.split("\n")):
        yield _render_documentation_line(line)
    for example in sorted((ROOT / "tests/invalid").glob(f"{rule.code}-*")):
        yield from _render_example(example)


def _join_lines(lines: Iterable[str]) -> list[str]:
    """Return the parts of a rule's documentation, each on one line."""
    parts: list[str] = []
    for line in lines:
        if not line.strip() or re.match(r"\w+: ", line) or not parts:
            parts.append(line.strip())
        else:
            parts[-1] = f"{parts[-1]} {line.strip()}"
    return [part for part in parts if part]


def _render_documentation_line(line: str) -> str:
    name, colon, rest = line.partition(": ")
    if not colon or not name.isalpha():
        return link_pages(str(escape_markdown_words(line)))
    if name == "Guideline" and rest.partition("#")[0].endswith(".md"):
        rest = f"guidelines/{rest}"
    return f"**{name}**: {link_pages(str(escape_markdown_words(rest)))}"


def _render_example(folder: Path) -> Iterator[str]:
    findings = json.loads((folder / "expected.json").read_text("utf-8"))
    words = folder.name.partition("-")[2].replace("-", " ")
    yield f"Invalid example: *{words}*."
    difference = _diff_example(folder)
    if difference:
        yield str(markdown_code_block("\n".join(difference), "diff"))
    lines = []
    for finding in findings[:MOST_FINDINGS]:
        place = ":".join(str(finding[key]) for key in ("file", "line") if finding[key])
        lines.append(f"{place}: {finding['code']} {finding['message']}")
    if len(findings) > len(lines):
        lines.append(f"… and {len(findings) - len(lines)} more")
    yield str(markdown_code_block("\n".join(lines), "text"))


def _diff_example(folder: Path) -> list[str]:
    """Return how the files of an invalid example differ from those of the made-up corpus of the tests."""
    lines: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in ("expected.json", "removed.txt"):
            continue
        name = path.relative_to(folder)
        base = ROOT / "tests/base" / name
        try:
            before = base.read_text("utf-8").splitlines() if base.is_file() else []
            after = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            lines.append(f"  {name}: bytes that are not UTF-8")
            continue
        changes = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
        lines += [f"  {name}", *(line for line in changes if not line.startswith("@@"))]
    removed = folder / "removed.txt"
    lines += [f"  {name}: removed" for name in (removed.read_text("utf-8").split() if removed.exists() else ())]
    return [*lines[:LONGEST_DIFF], "  …"] if len(lines) > LONGEST_DIFF else lines


def render_tables() -> str:
    """Return the columns of each table of this corpus's dataset."""
    parts = []
    for name, table in select_tables(load_inventory(ROOT / "schema")).items():
        parts += [f"## {name}", str(escape_markdown_prose(table.definition))]
        parts += [str(escape_markdown_prose(table.about))] if table.about else []
        rows = [
            (markdown_code(column), kind, escape_markdown_words(what)) for column, kind, what in describe_columns(table)
        ]
        parts.append(str(markdown_table(["column", "type", "what it holds"], rows)))
    return "\n\n".join(parts)


def render_library() -> str:
    """Return signature and docstring of every public name of the library, functions first."""
    names = sorted(annotate.__all__, key=lambda name: (not name[0].islower(), name.lower()))
    parts = []
    for name in names:
        value = getattr(annotate, name)
        parts += [f"### {name}", str(markdown_code_block(_render_signature(name, value), "python"))]
        parts += _render_docstring(inspect.getdoc(value) or "")
        if inspect.isclass(value):
            for method, function in _list_methods(value):
                parts += [
                    f"#### {name}.{method}",
                    str(markdown_code_block(_render_signature(method, function), "python")),
                ]
                parts += _render_docstring(inspect.getdoc(function) or "")
    return "\n\n".join(parts)


def _list_methods(class_: type) -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield the public methods that a class itself defines, with their names."""
    for name, value in vars(class_).items():
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _render_signature(name: str, value: object) -> str:
    if not callable(value):
        return name
    try:
        signature = inspect.signature(value)
    except ValueError:  # an exception has none
        return f"class {name}"
    parameters = [_render_parameter(parameter) for parameter in signature.parameters.values()]
    keyword_only = [parameter.kind is parameter.KEYWORD_ONLY for parameter in signature.parameters.values()]
    if any(keyword_only) and "*" not in "".join(parameters):
        parameters.insert(keyword_only.index(True), "*")
    result = (
        ""
        if signature.return_annotation is signature.empty or inspect.isclass(value)
        else _render_type(signature.return_annotation)
    )
    head = f"{'class ' if inspect.isclass(value) else ''}{name}("
    tail = f"){f' -> {result}' if result else ''}"
    line = f"{head}{', '.join(parameters)}{tail}"
    return line if len(line) <= 88 else "\n".join([head, *(f"    {each}," for each in parameters), tail])


def _render_parameter(parameter: inspect.Parameter) -> str:
    stars = "*" * (parameter.kind is parameter.VAR_POSITIONAL) + "**" * (parameter.kind is parameter.VAR_KEYWORD)
    text = f"{stars}{parameter.name}"
    has_type = parameter.annotation is not parameter.empty
    if has_type:
        text += f": {_render_type(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    default = "..." if callable(parameter.default) else repr(parameter.default)
    return f"{text} = {default}" if has_type else f"{text}={default}"


def _render_type(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[a-z_]+\.)+([A-Z]\w*)", r"\1", text)


def _render_docstring(text: str) -> Iterator[str]:
    """Yield the paragraphs of a docstring in Google style; its sections become lists."""
    for paragraph in _PARAGRAPH.split(text):
        head, _, rest = paragraph.partition("\n")
        if not _SECTION.fullmatch(head.strip()):
            yield link_pages(str(escape_markdown_prose(paragraph)))
            continue
        yield f"**{head.strip().removesuffix(':')}**"
        items = _split_items(textwrap.dedent(rest))
        yield "\n".join(f"- {_render_item(item)}" for item in items)


def _split_items(text: str) -> list[str]:
    """Return the items of a section, each on one line: an indented line goes on with the item before it."""
    items: list[str] = []
    for line in text.splitlines():
        begins = not line.startswith(" ") and (not items or _ITEM.fullmatch(line) or _ITEM.fullmatch(items[-1]))
        if begins:
            items.append(line.strip())
        else:
            items[-1] = f"{items[-1]} {line.strip()}"
    return items


def _render_item(item: str) -> str:
    match = _ITEM.fullmatch(item)
    if match is None:
        return link_pages(str(escape_markdown_words(item)))
    return f"{markdown_code(match[1])}: {link_pages(str(escape_markdown_words(match[2])))}"


def draw_layers(diagram: str) -> str:
    """Return the layers of a flowchart as HTML: from top to bottom, a row for each node, or for those of a frame.

    GitHub draws the flowchart itself; the site does without a library from the network.
    """
    rows: dict[str, list[str]] = {}
    frame = ""
    for line in diagram.splitlines():
        if match := re.match(r" *subgraph (\w+)", line):
            frame = match[1]
        elif line.strip() == "end":
            frame = ""
        elif match := _NODE.search(line):
            rows.setdefault(frame or match[1], []).append(f'<div class="box">{match[2]}</div>')
    chain = next(line for line in diagram.splitlines() if "-->" in line)
    order = [name.strip() for name in chain.split("-->")]
    if set(order) != set(rows):
        raise ValueError(f"the chain of a diagram and its nodes differ: {sorted(set(order) ^ set(rows))}")
    layers = "\n".join(f'<div class="layer">{"".join(rows[name])}</div>' for name in order)
    return f'<div class="layers">\n{layers}\n</div>\n'


PARTS: dict[str, Callable[[], str]] = {
    "commands": render_commands,
    "rules": render_rules,
    "tables": render_tables,
    "library": render_library,
}


def fill_page(name: str, text: str) -> str:
    """Return a page with its generated part in place of the marker, and its diagrams as HTML.

    Args:
        name: Path of the page in the repository, without its ending.
        text: The page.
    """
    text = _DIAGRAM.sub(lambda match: draw_layers(match[1]), text)
    if not name.startswith(f"{FOLDER}/"):
        return text
    return _MARKER.sub(lambda match: PARTS[match[1]](), text)
