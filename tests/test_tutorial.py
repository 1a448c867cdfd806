"""The commands of docs/tutorials/own-corpus.md run in their order, and print what the page shows.

A block with a path in its first line is a file, or an edit of one (`diff`). A block of `sh` is run, and fails if
`refused` follows. A block of `text` is what the commands before it print. A block of `console` is not run.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = ROOT / "docs/tutorials/own-corpus.md"
MATERIALS = ROOT / "examples/own-corpus"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ELISION = "…"


@dataclass
class Block:
    """A block of the page: `argument` is what its first line has after the language."""

    language: str
    argument: str
    text: str
    line: int
    before: str


def read_blocks() -> list[Block]:
    page = PAGE.read_text("utf-8")
    return [
        Block(match[1], match[2] or "", match[3], page[: match.start()].count("\n") + 1, page[: match.start()])
        for match in BLOCK.finditer(page)
    ]


def output_pattern(shown: str) -> str:
    """Return a pattern for shown output: an elision is a part of a line, or any number of lines if it is alone."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == ELISION else ".*".join(map(re.escape, line.rstrip().split(ELISION))) + r" *\n"
        for line in shown.splitlines()
    ]
    return "".join(lines)


def apply_edit(path: Path, edit: str) -> None:
    """Replace the lines of an edit with `-` by those with `+`; they must be in the file once."""
    lines = edit.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in signs) for signs in ("- ", "+ "))
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} has {text.count(old)} times: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of someone who has just installed the toolkit, and whose git knows them."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Carla\n\temail = carla@example.org\n")
    unset = ("XDG_", "GIT_", "LABEL_STUDIO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "150",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }


def test_commands_of_the_page_print_what_it_shows(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "work"
    shutil.copytree(MATERIALS, folder / "contested-claims/examples/own-corpus")
    where = tmp_path / "where"
    output = ""
    for block in read_blocks():
        at = f"{PAGE.name}:{block.line}"
        path = folder / block.argument
        if block.language == "sh":
            # The next block begins in the folder where this one ends.
            script = f"trap 'pwd > \"{where}\"' EXIT\n{block.text}"
            done = subprocess.run(
                ["bash", "-e", "-c", script],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            output, folder = done.stdout, Path(where.read_text().strip())
            assert done.returncode in ((1, 2) if block.argument == "refused" else (0,)), f"{at}: {output}"
        elif block.language == "text":
            assert re.fullmatch(output_pattern(block.text), output), f"{at}: the commands printed\n{output}"
        elif block.language == "diff":
            apply_edit(path, block.text)
        elif block.argument:
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


def test_each_block_is_of_a_kind_that_the_test_knows() -> None:
    blocks = read_blocks()
    assert {block.language for block in blocks} == {"sh", "text", "diff", "yaml", "python", "console"}
    assert {block.argument for block in blocks if block.language == "sh"} == {"", "refused"}
    assert not any(block.argument for block in blocks if block.language in ("text", "console"))
    assert all(block.argument for block in blocks if block.language in ("diff", "yaml", "python"))


def test_reader_is_told_which_file_a_block_is() -> None:
    """The path in the first line of a block is not shown: the paragraphs before it name it."""
    for block in read_blocks():
        if block.language in ("diff", "yaml", "python"):
            assert block.argument in block.before[-700:], f"{PAGE.name}:{block.line}"


def test_an_elision_stands_for_words_or_lines() -> None:
    assert re.fullmatch(output_pattern("a … d\n…\nz\n"), "a b c d\nx\ny\nz\n")
    assert re.fullmatch(output_pattern("a\n…\n"), "a\n")
    assert not re.fullmatch(output_pattern("a …\nz\n"), "a b\nc\nz\n")
    assert not re.fullmatch(output_pattern("a\n"), "a\nb\n")


def test_texts_of_an_annotator_are_those_of_the_corpus() -> None:
    texts = {path.name: path.read_bytes() for path in (MATERIALS / "texts").iterdir()}
    assert texts == {path.name: path.read_bytes() for path in (MATERIALS / "labels-anna").glob("*.txt")}
