"""The blocks of the documentation, and how they are run; docs/how-to/write-a-page.md describes the notation.

A page is run in a scratch folder, block after block, and what its commands print is compared with what it shows.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

DOCS = ROOT / "docs"
ELISION = "…"
COMMAND_LANGUAGES = ("console", "sh")
FILE_LANGUAGES = ("yaml", "python", "json", "xml", "text", "jsonl", "ini")
CLONED = (
    *("corpus", "schema", "guidelines", "examples", "releases", "tools"),
    *("README.md", "CITATION.cff", "LICENSE", "LICENSE-CC-BY-4.0", ".gitignore"),
)
"""What a scratch clone has of the repository."""

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]+) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?: (?P<argument>[^\n]+))?\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)

Step = Callable[[Path], None]
"""What happens outside of the terminal, such as labelling in a browser; it is given the folder of the page."""


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes:
        page: The page.
        line: The line of the page on which the block begins.
        language: The language: `console` has prompts and output, `sh` has commands alone, `text` what they print.
        argument: What follows the language: the path of a file, `>> ` and the path of a file that gets the lines at its
            end, or `refused` for commands that fail.
        text: The lines of the block.
        note: What the comment directly above it says: `not run: REASON`, `run by: TEST`, `after: STEP` or
            `run as: COMMAND`.
        before: The page up to the block.
    """

    page: Path
    line: int
    language: str
    argument: str
    text: str
    note: str
    before: str

    @property
    def location(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str:
        """Return the path of the file that the block is about; an empty text without one."""
        return "" if self.argument == "refused" else self.argument.removeprefix(">> ")

    @property
    def is_appended(self) -> bool:
        return self.argument.startswith(">> ")

    def read_note(self, kind: str) -> str:
        """Return what a note of a kind says; an empty text if the note is of another kind."""
        name, _, rest = self.note.partition(": ")
        return rest if name == kind else ""


@dataclass(frozen=True)
class Command:
    """A command of a block, with the lines that it prints there; None if they are not shown."""

    text: str
    output: str | None


def lay_out_clone(folder: Path) -> None:
    """Make a git repository with the corpus in it, as someone has who has just cloned."""
    folder.mkdir()
    for name in CLONED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.exists():
            shutil.copy(path, folder / name)
    words = ("-c", "user.name=Carla", "-c", "user.email=carla@example.org")
    for arguments in (("init", "--quiet", "-b", "main"), ("add", "."), (*words, "commit", "--quiet", "-m", "A clone")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def list_sections(page: Path) -> list[str]:
    """Return the titles of the sections of a page, those of level 2."""
    return re.findall(r"^## ([^\n]+)$", page.read_text("utf-8"), re.MULTILINE)


def read_section(page: Path, title: str) -> list[Block]:
    """Return the blocks of a section; those before the first section have the title ""."""
    titles = [(block, re.findall(r"^## ([^\n]+)$", block.before, re.MULTILINE)) for block in read_blocks(page)]
    return [block for block, before in titles if (before or [""])[-1] == title]


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in their order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page,
            text[: match.start("indent")].count("\n") + 1,
            match["language"],
            match["argument"] or "",
            re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
            match["note"] or "",
            text[: match.start()],
        )
        for match in _BLOCK.finditer(text)
    ]


def read_commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a block: in `console`, lines after `$ ` (more of one after `> `), then what it prints."""
    if block.language == "sh":
        yield Command(block.text, None)
        return
    words, output = "", list[str]()
    for line in [*block.text.splitlines(), "$ "]:
        if line.startswith("$ "):
            if words:
                yield Command(words, "".join(f"{each}\n" for each in output))
            words, output = line[2:], []
        elif line.startswith("> ") and not output:
            words += f"\n{line[2:]}"
        else:
            assert words, f"{block.location}: the block begins without a prompt"
            output.append(line)


def output_pattern(shown: str) -> str:
    """Return a pattern for shown output: an elision is a part of a line, or any number of lines if it is alone."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == ELISION else ".*".join(map(re.escape, line.rstrip().split(ELISION))) + r"\n"
        for line in shown.splitlines()
    ]
    return "".join(lines)


def is_shown(shown: str, printed: str) -> bool:
    """Tell whether a page shows what was printed. Blank lines at the start and the end do not count."""
    lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines()).strip("\n")
    return re.fullmatch(output_pattern(shown.strip("\n")), f"{lines}\n" if lines else "") is not None


def apply_edit(path: Path, edit: str) -> None:
    """Replace the lines of an edit with `-` by those with `+`; they must be in the file once."""
    lines = edit.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in signs) for signs in ("- ", "+ "))
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} has {text.count(old)} times: {old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def append_lines(path: Path, lines: str) -> None:
    """Add lines at the end of a file that exists, as in a text editor."""
    text = path.read_text("utf-8")
    assert text.endswith("\n"), f"{path.name} ends within a line"
    path.write_text(text + lines, encoding="utf-8")


def make_environment(home: Path) -> dict[str, str]:
    """Return the variables of someone who has just installed the toolkit, and whose git knows them."""
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Carla\n\temail = carla@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    unset = ("XDG_", "GIT_", "LABEL_STUDIO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "150",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }


class PageRunner:
    """Runs the blocks of a page as one shell would: a command leaves its folder and its variables to the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str], steps: Mapping[str, Step] | None = None) -> None:
        self.folder, self.environment, self.steps = folder, dict(environment), steps or {}
        self.output, self.status = "", 0
        self._state = folder.parent / f"{folder.name}-shell"
        for path in (self._state.with_suffix(".folder"), self._state.with_suffix(".variables")):
            path.unlink(missing_ok=True)

    def run_page(self, blocks: list[Block]) -> None:
        """Run blocks in their order, and compare what they print with what the page shows."""
        for block in blocks:
            if block.read_note("not run") or block.read_note("run by"):
                continue
            if step := block.read_note("after"):
                self.steps[step](self.folder)
            self.run_block(block)

    def run_block(self, block: Block) -> None:
        """Run a block, write or extend its file, apply its edit, or compare it with what was printed before it."""
        path = self.folder / block.file
        if block.language in COMMAND_LANGUAGES:
            self._run_commands(block)
        elif block.language == "text" and not block.argument:
            assert is_shown(block.text, self.output), f"{block.location}: the commands printed\n{self.output}"
        elif block.language == "diff" and block.argument:
            apply_edit(path, block.text)
        elif block.language in FILE_LANGUAGES and block.is_appended:
            append_lines(path, block.text)
        elif block.language in FILE_LANGUAGES and block.argument:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")

    def _run_commands(self, block: Block) -> None:
        commands = list(read_commands(block))
        for index, command in enumerate(commands):
            following = commands[index + 1].text if index + 1 < len(commands) else ""
            self.run_script(block.read_note("run as") or command.text)
            failed = self.status not in ((1, 2) if block.argument == "refused" else (0,))
            assert not failed or following == "echo $?", f"{block.location}: {command.text}: {self.output}"
            if command.output is not None:
                is_same = is_shown(command.output, self.output)
                assert is_same, f"{block.location}: {command.text} printed\n{self.output}\nnot\n{command.output}"

    def run_script(self, script: str) -> None:
        """Run lines of the shell where the last ones ended; keep what they print and their exit code."""
        folder, variables = self._state.with_suffix(".folder"), self._state.with_suffix(".variables")
        restore = f'. "{variables}"\n' if variables.exists() else ""
        trap = f'trap \'pwd > "{folder}"; export -p > "{variables}"\' EXIT\n'
        done = subprocess.run(
            ["bash", "-e", "-c", f"{restore}{trap}{_with_status(script, self.status)}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self.output, self.status = done.stdout, done.returncode
        if folder.exists():
            self.folder = Path(folder.read_text("utf-8").strip())


def _with_status(script: str, status: int) -> str:
    """Return a script in which `$?` at the start is the exit code of the last one."""
    return script.replace("$?", str(status), 1) if script.startswith("echo $?") else script
