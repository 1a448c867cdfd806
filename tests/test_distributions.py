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

from annotate import load_inventory
from tests.bare_environments import BareEnvironment, find_wheel
from tests.conftest import ROOT, annotate

PAGE = ROOT / "docs" / "package.md"
TESTS = (
    "tests/test_model.py",
    "tests/test_tokens.py",
    "tests/dataset/test_eval_file.py",
    "tests/evaluation/test_task_data.py",
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
    for name in ("predictions.jsonl", "other.jsonl"):
        (tmp_path / name).write_text('{"id": "syria-fronts", "spans": []}\n', "utf-8")
    load, measure = read_blocks(page, "python")
    number, label, quoted = wheel_alone.run("python", "-c", load, cwd=tmp_path).stdout.split(maxsplit=2)
    assert int(number) > 100
    assert label in load_inventory(ROOT / "schema").spans
    assert quoted.strip()
    done = wheel_alone.run("python", "-c", measure, cwd=tmp_path)
    assert done.stdout.strip() == measure.rpartition("  # ")[2].strip()
    folder = tmp_path
    for line in "".join(read_blocks(page, "sh")).splitlines():
        words = shlex.split(line.split("  #")[0])
        if words[0] == "cd":
            folder /= words[1]
        elif words[0] == "annotate":
            wheel_alone.run(*words, cwd=folder)


FORMS = {
    "rows.jsonl": '{"id": "syria-fronts", "spans": [{"label": "LABEL", "start": START, "end": END}]}\n',
    "quotes.jsonl": '{"id": "syria-fronts", "spans": [{"label": "LABEL", "quote": "WORDS", "occurrence": 1}]}\n',
    "pipeline.jsonl": (
        '{"id": "syria-fronts", "entities": '
        '[{"entity_group": "LABEL", "score": 0.9, "word": "WORDS", "start": START, "end": END}]}\n'
    ),
}
"""One span of gold in several forms of predictions."""


def test_the_first_hour_with_the_wheel_alone(wheel_alone: BareEnvironment, dataset: Path, tmp_path: Path) -> None:
    """Look at a dataset, score a system of each form, and compare two, with its own inventory and no extra."""
    shutil.copytree(dataset, tmp_path / "dataset")
    done = wheel_alone.run("annotate", "score", "dataset", "dataset", "--samples", "5", cwd=tmp_path)
    assert re.search(r"all labels +(\d+) +\1 +1\.00", done.stdout)
    code = (
        "from annotate import load\n"
        "article = next(row for row in load('dataset') if row.article == 'syria-fronts')\n"
        "span = next(span for span in article.spans if article.text.index(span.text) == span.start)\n"
        "print(span.label, span.start, span.end, span.text, sep='\\n')"
    )
    label, start, end, words = wheel_alone.run("python", "-c", code, cwd=tmp_path).stdout.splitlines()
    for name, line in FORMS.items():
        filled = line.replace("LABEL", label).replace("START", start).replace("END", end).replace("WORDS", words)
        (tmp_path / name).write_text(filled, "utf-8")
        done = wheel_alone.run("annotate", "score", "dataset", name, "--samples", "0", cwd=tmp_path)
        assert re.search(rf"{label} +\d+ +1 +1\.00", done.stdout), (name, done.stdout)
    gold = shutil.copytree(ROOT / "corpus" / "annotations" / "gold", tmp_path / "gold")
    options = ["dataset", str(gold), "--compare", "rows.jsonl", "--samples", "20", "--format", "markdown"]
    done = wheel_alone.run("annotate", "score", *options, cwd=tmp_path)
    assert re.search(r"\| all labels \| exact F1 \| 1\.00 \| 0\.01 \| 0\.99 \(.*\) \| 1\.00 \|", done.stdout), (
        done.stdout
    )
    done = wheel_alone.run("annotate", "score", "dataset", "nowhere.jsonl", cwd=tmp_path, status=2)
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
