"""What a command prints is escaped where it is printed, and nowhere else is anything printed."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotate.util.escape import TerminalText, has_unseen
from tests.conftest import ROOT, Project

NASTY = "e\x1b]0;OWNED\x07\x1b[2J\x9b31m\u202e\n::stop-commands::tok"
PACKAGE = ROOT / "annotate"


def run(project: Project, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program as its user does: its own errors are printed as well."""
    return subprocess.run([sys.executable, "-m", "annotate", *words], cwd=project.root, capture_output=True)


def assert_nothing_obeyed(output: bytes) -> None:
    """Assert that the output has no character that a terminal obeys, and no command to a CI service."""
    lines = output.decode("utf-8").split("\n")
    assert [line for line in lines if has_unseen(line.replace("\t", ""))] == []
    assert [line for line in lines if line.lstrip().startswith("::stop") or "##[" in line] == []


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "click" and node.attr in ("echo", "secho", "style")
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] == "rich" and node.module != "rich.progress"
    return isinstance(node, ast.Name) and node.id == "print"


def test_only_one_module_prints() -> None:
    """`click.echo`, `print` and consoles of rich are used by `cli.terminal` alone."""
    printing = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if any(_prints(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    ]
    # The others are processes of ours: one answers the process that started it, one writes the server's log.
    assert printing == ["cli/terminal.py", "labelstudio/accounts.py", "labelstudio/server_process.py"]


@pytest.fixture
def spoilt(project: Project) -> Project:
    """A project with hostile names of folders and files, ids, keys and notes."""
    folder = project.path(f"corpus/annotations/{NASTY}")
    folder.mkdir()
    (folder / "harbour.json").write_text("{}")
    project.path("corpus/articles/::error::x\x1b\u202e.json").write_text("{}")
    project.path("corpus/##[error]top\x85.txt").write_text("x")
    os.close(os.open(os.fsencode(project.path("corpus")) + b"/caf\xe9\x1b.txt", os.O_CREAT))
    project.replace("corpus/annotations/anna/harbour.json", '"id": "s1"', f'"id": {json.dumps(NASTY)}')
    project.replace("corpus/annotations/anna/market.json", '"label":', f'{json.dumps("k" + NASTY)}: 1, "label":')
    return project


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "corpus/."),
        ("check", "--format", "github"),
        ("check", "--format", "json"),
        ("check", "--format", "sarif"),
        ("agree",),
        ("build", "--out", "out"),
        ("split",),
        ("diff", "corpus", "corpus"),
        ("score", f"no{NASTY}"),
        (NASTY,),
        (f"--{NASTY}",),
        ("check", NASTY),
        ("check", "corpus", NASTY),
        ("check", f"--{NASTY}"),
        ("check", "--format", NASTY),
        ("rules", NASTY),
        ("add", NASTY),
        ("add", "--cut", NASTY, "x"),
        ("split", "--ratios", NASTY),
        ("convert", NASTY, "--out", NASTY),
        ("export", "--format", "brat", "--out", "x", "--annotator", NASTY),
        ("import", "--format", "brat", NASTY, "--annotator", "x"),
        ("init", f"{NASTY}/x"),
    ],
)
def test_no_command_prints_what_a_terminal_or_a_log_obeys(spoilt: Project, words: tuple[str, ...]) -> None:
    result = run(spoilt, *words)
    assert_nothing_obeyed(result.stdout)
    assert_nothing_obeyed(result.stderr)
    assert b"Traceback" not in result.stderr


def test_a_file_at_the_top_of_the_corpus_begins_no_command(project: Project) -> None:
    project.path("corpus/::stop-commands::tok").write_text("x")
    result = subprocess.run(
        [sys.executable, "-m", "annotate", "check", ".", "--schema", "../schema"],
        cwd=project.path("corpus"),
        capture_output=True,
    )
    assert rb"\x3a:stop-commands::tok: " in result.stdout
    assert_nothing_obeyed(result.stdout)


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_machines_read_the_value_itself(project: Project, format_: str) -> None:
    name = "a\x9b\u202e\u2028b"
    project.replace("corpus/annotations/anna/harbour.json", '"label": "Quay"', f'"label": "{name}"')
    shown = run(project, "check", "--format", format_).stdout.decode("utf-8")
    assert not has_unseen(shown.replace("\n", ""))
    assert repr(name)[1:-1] in str(json.loads(shown)).replace("\\\\", "\\")


def test_lines_of_a_value_stay_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    from annotate.cli.terminal import echo, echo_json, echo_lines, format_tables, show_bars, show_status, terminal
    from annotate.util.tables import make_table

    echo("a\nb")
    echo(TerminalText("{}:\n{}").format("c\nd", "::e::"))
    echo_lines(["f\x1b", "::g::"])
    echo("::warning::h", commands=True)
    echo_json('{"i": "\u202e"}\n')
    terminal().print("j\n[red]:smile: k")
    echo(format_tables(["l\nm"], [make_table("t", "n\no", ["p\nq"], [["r\ns[b]"]], ["u\nv"])], colour=False))
    with show_status("x\ny[b"), show_bars() as bars:
        assert bars is None
    shown = capsys.readouterr().out
    assert shown.split("\n")[:11] == [
        r"a\nb",
        r"c\nd:",
        r"\x3a:e::",
        r"f\x1b",
        r"\x3a:g::",
        "::warning::h",
        r'{"i": "\u202e"}',
        r"j\n[red]:smile: k",
        r"l\nm",
        "",
        r"n\no",
    ]
    assert [r"p\nq" in shown, r"r\ns[b]" in shown, r"  u\nv" in shown] == [True] * 3


def test_usage_errors_keep_the_choices_of_a_missing_argument(project: Project) -> None:
    result = run(project, "export", "--out", "x")
    assert (result.returncode, b"Missing option '--format'" in result.stderr) == (2, True)
    assert b"\\n" not in result.stderr


def test_a_path_is_shown_by_its_name(tmp_path: Path) -> None:
    from annotate.errors import CannotRun

    error = CannotRun(tmp_path / "a\nb", "is wrong", "fix it")
    assert TerminalText.escape(error).endswith(r"a\nb: is wrong; fix it")
