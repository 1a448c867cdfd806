"""The command line: its contract of commands, help, exit codes, and what importing it costs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from annotate import cli
from tests.conftest import ROOT, annotate

COMMANDS = [
    ["init"],
    ["add"],
    ["check"],
    ["rules"],
    ["build"],
    ["convert"],
    ["hydrate"],
    ["export"],
    ["import"],
    ["coverage"],
    ["agree"],
    ["prelabel"],
    ["score"],
    ["split"],
    ["adjudicate"],
    ["adjudicate", "plan"],
    ["adjudicate", "apply"],
    ["generate"],
    ["studio"],
    *(["studio", name] for name in ("up", "down", "config", "push", "pull", "compare", "status", "migrate")),
    *(["studio", *words] for words in (["people"], ["people", "add"], ["assign"], ["adjudicate"])),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_an_example(words: list[str]) -> None:
    result = annotate(*words, "--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.output.splitlines()]
    assert any(line.startswith(f"annotate {words[0]}") for line in lines), result.output


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "datasets",
        "pandas",
        "pyarrow",
        "label_studio_sdk",
        "dask",
        "jsonschema",
        "msgspec",
        "yaml",
        "markdown_it",
    )
    code = f"""
import sys
from annotate import cli
try:
    cli.cli(["--help"])
except SystemExit:
    pass
loaded = [name for name in {heavy!r} if name in sys.modules]
sys.exit(f"imports {{loaded}}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_shows_each_command_in_its_section() -> None:
    shown = annotate("--help").output
    for title, commands in cli.SECTIONS.items():
        section = shown.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  (\S+)  ", section, re.MULTILINE) == list(commands)


def test_unknown_command_and_option_are_usage_errors() -> None:
    assert annotate("cheque").exit_code == 2
    assert annotate("check", "--fixx").exit_code == 2


def test_version_is_that_of_the_package() -> None:
    assert "0.1.0" in annotate("--version").output


@pytest.mark.parametrize(
    "words",
    [["check", "nowhere"], ["build", "nowhere", "--out", "x"], ["generate", "--check", "--guidelines", "nowhere"]],
    ids=" ".join,
)
def test_missing_folder_is_one_line(words: list[str]) -> None:
    result = annotate(*words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert result.output.startswith("annotate: nowhere: no such folder; ")


def test_generated_files_are_fresh() -> None:
    result = annotate("generate", "--check")
    assert result.exit_code == 0, result.output


def test_a_program_does_without_pandas(tmp_path: Path) -> None:
    """pyarrow imports it with the first list that it is given: a third of the memory of a small run."""
    code = (
        "import sys; from annotate.cli import main\n"
        f"sys.argv = {['annotate', 'build', '--out', str(tmp_path / 'out')]}\n"
        "try: main()\nfinally: print('pyarrow' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("True False\n")


def test_a_path_is_read_without_fsspec(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b"0123456789")
    code = (
        "import sys; from annotate.convert.storage import read_range\n"
        f"print(read_range({str(tmp_path / 'one.json')!r}, 2, 3), 'fsspec' in sys.modules)\n"
        f"print(read_range({(tmp_path / 'one.json').as_uri()!r}, 2, 3), 'fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["b'234' False", "b'234' True"], done.stderr
