"""The commands on the pages about the dataset run as they are, in a folder with the corpus and a system's labels."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, annotate
from tests.docs_blocks import DOCS, read_blocks

PAGES = ("reference/scoring", "how-to/evaluation", "how-to/rights", "how-to/publishing")
ELSEWHERE = ("annotate publish",)
"""Commands that other tests run, with a server in place of the Hub."""


def list_commands(page: str) -> list[list[str]]:
    """Return the commands of `annotate` in the blocks of a page, without their comments."""
    blocks = [block for block in read_blocks(DOCS / f"{page}.md") if block.language == "sh"]
    lines = "".join(block.text for block in blocks).splitlines()
    commands = [line for line in lines if line.startswith("annotate ") and not line.startswith(ELSEWHERE)]
    return [shlex.split(command, comments=True) for command in commands]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus, its dataset, and gold itself as the labels of systems in the files that the pages name."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("corpus", "schema", "guidelines"):
        shutil.copytree(ROOT / name, folder / name)
    out, gold = folder / "out", folder / "corpus/annotations/gold"
    for name in ("baseline", "a", "b"):
        shutil.copytree(gold, out / name)
    shutil.copytree(folder / "corpus/articles", folder / "my-copies")
    for path in (folder / "my-copies").glob("*.json"):
        path.unlink()
    assert annotate("build", "--out", "dist/dataset", cwd=folder).exit_code == 0
    rows, entities = [], []
    for path in sorted(gold.glob("*.json")):
        annotation = json.loads(path.read_text("utf-8"))
        rows.append({"id": annotation["article"], "spans": annotation["spans"]})
        spans = [
            {**span, "entity_group": span["label"], "score": 1.0, "word": span["text"]} for span in annotation["spans"]
        ]
        entities.append({"id": annotation["article"], "entities": spans})
    for name, lines in (("predicted", rows), ("a", rows), ("pipeline", entities)):
        (out / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert annotate("export", "--format", "bio", "--out", "bio", cwd=folder).exit_code == 0
    tags = "\n".join(path.read_text("utf-8") for path in sorted((folder / "bio").glob("*.conll")))
    for name in ("predicted", "b"):
        (out / f"{name}.conll").write_text(tags, "utf-8")
    shutil.copytree(gold, folder / "answers")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page_run(page: str, folder: Path) -> None:
    commands = list_commands(page)
    assert commands
    for words in commands:
        result = annotate(*words[1:], cwd=folder)
        assert result.exit_code == 0, (words, result.output)
