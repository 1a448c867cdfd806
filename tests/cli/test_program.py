"""The program: its commands, their help, exit codes, and what it imports."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click
import pytest

from annotate import cli
from annotate.cli.lazy_group import Entry, LazyGroup
from tests.conftest import ROOT, annotate


def list_commands(group: LazyGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """Yield every command of the tables, with its path."""
    for name, entry in group.entries.items():
        yield (*path, name), entry
        command = group.get_command(click.Context(group), name)
        if isinstance(command, LazyGroup):
            yield from list_commands(command, (*path, name))


PROGRAM = cli.cli
assert isinstance(PROGRAM, LazyGroup)
COMMANDS = dict(list_commands(PROGRAM))
PEOPLE = [("studio", "people", name) for name in ("add", "remove", "reset-password", "export", "import")]
PATHS = [*COMMANDS, ("adjudicate", "plan"), ("adjudicate", "apply"), *PEOPLE]

HEAVY = (
    "dask",
    "datasets",
    "httpx",
    "jinja2",
    "jsonschema",
    "label_studio_sdk",
    "msgspec",
    "numpy",
    "pandas",
    "pyarrow",
    "rich",
    "yaml",
)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_has_an_example(path: tuple[str, ...]) -> None:
    result = annotate(*path, "--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.output.splitlines()]
    assert any(line.startswith(f"annotate {path[0]}") for line in lines), result.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_table_has_the_first_sentence_of_the_help(path: tuple[str, ...]) -> None:
    group: click.Command | None = PROGRAM
    for name in path:
        assert isinstance(group, LazyGroup)
        group = group.get_command(click.Context(group), name)
    assert group is not None
    assert group.name == path[-1]
    assert group.get_short_help_str(limit=300) == COMMANDS[path].help


def test_help_of_a_command_imports_no_heavy_library() -> None:
    """One process asks for the help of each command in turn, so the first that imports a library is named."""
    code = f"""
import sys
from annotate import cli
for path in {list(map(list, PATHS))!r}:
    try:
        cli.cli([*path, "--help"])
    except SystemExit:
        pass
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    if heavy:
        sys.exit(f"annotate {{' '.join(path)}} --help imports {{heavy}}")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["studio", "--help"], ["release", "--help"]], ids=" ".join)
def test_help_imports_no_command(words: list[str]) -> None:
    code = f"""
import sys
from annotate import cli
try:
    cli.cli({words!r})
except SystemExit:
    pass
own = {{target.target.partition(":")[0] for target in cli.cli.entries.values()}} - {{"annotate.cli." + {words[0]!r}}}
loaded = [name for name in (*{HEAVY!r}, *own) if name in sys.modules]
sys.exit(f"imports {{loaded}}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_shows_each_command_in_its_section() -> None:
    output = annotate("--help").output
    for title, commands in cli.SECTIONS.items():
        section = output.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert re.findall(r"^  (\S+)  ", section, re.MULTILINE) == list(commands)


def test_module_runs_the_program() -> None:
    words = [sys.executable, "-P", "-m", "annotate", "--version"]
    done = subprocess.run(words, cwd=ROOT / "docs", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[-1]) == (0, metadata.version("contested-claims"))


def test_another_distribution_of_the_same_name_is_one_line_on_standard_error(tmp_path: Path) -> None:
    info = tmp_path / "annotate-9.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: annotate\nVersion: 9.1\n")
    (info / "RECORD").write_text("annotate/__init__.py,,\n")
    (tmp_path / "annotate").mkdir()
    (tmp_path / "annotate" / "__init__.py").touch()  # Python 3.12 leaves out a file that does not exist
    words = [sys.executable, "-P", "-m", "annotate", "rules", "P303", "--format", "json"]

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **variables}
        return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    alone, clashing = run(), run(PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)]))
    assert (alone.returncode, alone.stderr) == (0, "")
    assert (clashing.returncode, clashing.stdout) == (0, alone.stdout)
    assert clashing.stderr.startswith("annotate: the distribution annotate 9.1 has a package of the same name")
    assert clashing.stderr.count("\n") == 1


def test_search_for_another_distribution_does_not_import_the_metadata_library() -> None:
    code = (
        "import sys; from annotate.util.distributions import find_name_clash\n"
        "print(find_name_clash(), 'importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None False\n"


def test_unknown_command_and_option_are_usage_errors() -> None:
    assert annotate("cheque").exit_code == 2
    assert annotate("check", "--fixx").exit_code == 2


def test_version_is_that_of_the_package() -> None:
    assert metadata.version("contested-claims") in annotate("--version").output


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
