"""What people install: the sdist with its tests, the wheel alone, `datasets` alone. Each does its first hour."""

import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.bare_environments import BareEnvironment, find_wheel
from tests.conftest import ROOT, annotate

PAGE = ROOT / "docs" / "package.md"
TESTS = (
    "tests/test_model.py",
    "tests/test_tokens.py",
    "tests/dataset/test_eval_file.py",
    "tests/evaluation/test_answers.py",
)
"""A part of the tests. Those that need the real corpus are skipped."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of this corpus, in a folder without anything else."""
    folder = tmp_path_factory.mktemp("hour")
    assert annotate("build", "--out", str(folder / "dataset")).exit_code == 0
    return folder / "dataset"


def read_blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def test_metadata_of_the_wheel_can_be_shown_anywhere(distributions: Path) -> None:
    with zipfile.ZipFile(find_wheel(distributions)) as wheel:
        names = wheel.namelist()
        (path,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        metadata = BytesParser().parsebytes(wheel.read(path))
    description = str(metadata.get_payload())
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert description.strip() == PAGE.read_text("utf-8").strip()
    assert [link for link in re.findall(r"\]\(([^)]*)\)", description) if not link.startswith("https://")] == []
    assert "<img" not in description
    assert len(metadata["Summary"]) < 120
    assert {"annotate/py.typed", "annotate/schemas/inventory.schema.json"} <= set(names)
    assert [name for name in names if not name.startswith(("annotate/", "contested_claims-"))] == []


def test_extras_of_the_page_are_those_of_the_distribution() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE) == list(extras)


def test_tests_run_from_the_sdist(distributions: Path, tmp_path: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert not (folder / "corpus").exists()
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d+ passed, \d+ skipped", done.stdout), done.stdout


def test_the_page_does_what_it_says(wheel_alone: BareEnvironment, dataset: Path, tmp_path: Path) -> None:
    """In an empty folder, with a dataset, its inventory, and predictions."""
    page = PAGE.read_text("utf-8")
    shutil.copytree(dataset, tmp_path / "dataset")
    shutil.copytree(ROOT / "schema", tmp_path / "schema")
    (tmp_path / "predictions.jsonl").write_text('{"id": "syria-fronts", "spans": []}\n', "utf-8")
    (code,) = read_blocks(page, "python")
    done = wheel_alone.run("python", "-c", code, cwd=tmp_path)
    assert done.stdout.strip() == code.rpartition("  # ")[2].strip()
    folder = tmp_path
    for line in "".join(read_blocks(page, "sh")).splitlines():
        words = shlex.split(line.split("  #")[0])
        if words[0] == "cd":
            folder /= words[1]
        elif words[0] == "annotate":
            wheel_alone.run(*words, cwd=folder)


def test_the_wheel_alone_scores_what_it_builds(wheel_alone: BareEnvironment, dataset: Path, tmp_path: Path) -> None:
    """A dataset against itself, and without any extra."""
    shutil.copytree(dataset, tmp_path / "dataset")
    schema = str(ROOT / "schema")
    done = wheel_alone.run(
        "annotate", "score", "dataset", "dataset", "--schema", schema, "--samples", "5", cwd=tmp_path
    )
    assert re.search(r"all labels +(\d+) +\1 +1\.00", done.stdout)
    done = wheel_alone.run("annotate", "score", "dataset", "nowhere.jsonl", "--schema", schema, cwd=tmp_path, status=2)
    assert len(done.stderr.strip().splitlines()) == 1


def test_datasets_alone_loads_each_table(datasets_alone: BareEnvironment, dataset: Path) -> None:
    code = """
from datasets import get_dataset_config_names, load_dataset
for name in get_dataset_config_names("dataset"):
    for split, rows in load_dataset("dataset", name).items():
        print(name, split, len(rows), sorted(rows[0]) == sorted(rows.features))
"""
    done = datasets_alone.run("python", "-c", code, cwd=dataset.parent)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert sorted(line[0] for line in lines) == sorted(path.name for path in (dataset / "data").iterdir())
    assert all(int(line[2]) > 0 and line[3] == "True" for line in lines)


def test_code_of_the_card_runs_with_datasets_alone(datasets_alone: BareEnvironment, dataset: Path) -> None:
    card = (dataset / "README.md").read_text("utf-8")
    assert '"path/to/this/folder"' in card
    lines = "".join(read_blocks(card, "python")).splitlines()
    # Below a prompt is what the line gives, shortened; another test compares it.
    code = [line for line in lines if not line.startswith((" ", "{", "}", ">>>"))]
    code += [line.removeprefix(">>> ") for line in lines if line.startswith(">>>")]
    script = "\n".join(code).replace("path/to/this/folder", "dataset")
    assert script.count("load_dataset(") > 8
    datasets_alone.run("python", "-c", script, cwd=dataset.parent)
