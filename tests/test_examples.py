"""The examples run unchanged and offline on the dataset of the repository's corpus."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from annotate.corpus import Corpus
from annotate.model import AttributeValue, Relation
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpus, schema, and the built dataset, as a researcher has them."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("corpus", "schema"):
        shutil.copytree(ROOT / name, folder / name)
    set_factuality(folder)
    run(folder, str(Path(sys.executable).parent / "annotate"), "build", "--out", "dataset")
    return folder


CHANGED: dict[tuple[str, str], dict[str, AttributeValue]] = {
    ("Casualty", "25 injured"): {"factuality": "denied"},
    ("Casualty", "More than 10 people were killed"): {"factuality": "possible"},
    ("Casualty", "killed at least 14 people"): {"factuality": "hypothetical"},
    ("Stance", "does not deny"): {"position": "deny"},
}
"""The attributes of spans, by label and words, that the tests change."""
DISPUTE = (("Stance", "does not deny"), ("Casualty", "33 people were killed"))
"""A stance, and the casualty that it is to deny."""


def set_factuality(folder: Path) -> None:
    """Let some of the claims be denied, possible, hypothetical or disputed."""
    corpus = Corpus(folder / "corpus")
    for annotation_set in corpus.annotation_sets():
        for article_id in corpus.annotated_ids(annotation_set):
            annotation = corpus.read_annotation(annotation_set, article_id)
            spans, relations = [], list(annotation.relations)
            for span in annotation.spans:
                attributes = span.attributes | CHANGED.get((span.label, span.text), {})
                spans.append(msgspec.structs.replace(span, attributes=attributes))
            ids = {(span.label, span.text): span.id for span in spans}
            if ids.keys() >= set(DISPUTE):
                head, tail = (ids[key] for key in DISPUTE)
                relations.append(Relation(label="towards", head=head, tail=tail))
            changed = msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations))
            corpus.write_annotation(annotation_set, changed)


def run(folder: Path, *words: str) -> str:
    """Run a program offline and return its output; standard error must be empty."""
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "cache"),
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "MPLCONFIGDIR": str(folder / "cache"),
    }
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_load_and_look_draws_every_count(clone: Path) -> None:
    said = run(clone, sys.executable, str(EXAMPLES / "load_and_look.py"), "dataset", "counts.png")
    lines = said.splitlines()
    assert "The agency | 33 people were killed | exact 33 33 | asserted | disputed by The US-led coalition" in lines
    assert "The agency | 25 injured | exact 25 25 | denied" in lines
    number, listed = map(int, re.findall(r"plots the (\d+) claims .* and lists (\d+) not claimed", said)[0])
    assert (number > 3, listed) == (True, 5)
    picture = clone.joinpath("counts.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert 1000 < width < 2000
    assert 600 < height < 3000


def test_baseline_is_scored_next_to_the_rules(clone: Path) -> None:
    said = run(clone, sys.executable, str(EXAMPLES / "baseline.py"), "dataset")
    assert "no fold is free of leaks" in said
    rows = {
        found[1]: found for line in said.splitlines() if (found := re.match(r"(\w+(?: labels)?) +(\d+) +(.*)", line))
    }
    whole = [float(value) for value in rows["all labels"][3].split()]
    assert len(whole) == 6
    # Exact is at most partial is at most overlap, of the rules and of the CRF, which has learned something.
    assert whole[:3] == sorted(whole[:3])
    assert 0 < whole[3] <= whole[4] <= whole[5]
    assert rows["Cue"][2] == "42"


def test_folds_of_a_card_work_with_load_dataset_alone(clone: Path) -> None:
    """A card's own code, in a process that has no toolkit: every article is held out once, and never trained on.

    All articles of this corpus are in `test`, for which the card has no folds: here they are in `train`.
    """
    shutil.copytree(clone / "corpus", clone / "training" / "corpus")
    splits = clone / "training" / "corpus" / "splits"
    (splits / "test.txt").rename(splits / "train.txt")
    annotate = str(Path(sys.executable).parent / "annotate")
    run(clone, annotate, "build", "training/corpus", "--out", "folds")
    card = clone.joinpath("folds/README.md").read_text(encoding="utf-8")
    section = card.partition("\n## Splits\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    code = f'dataset = "folds"\n{code}    print(sorted(set(test["article"])), sorted(set(train["article"])))\n'
    said = run(clone, sys.executable, "-c", f"import sys\nsys.modules['annotate'] = None\n{code}")
    assert said.splitlines() == [
        "['raqqa-phosphorus'] ['syria-fronts']",
        "['syria-fronts'] ['raqqa-phosphorus']",
    ]


@pytest.mark.parametrize("script", ["baseline.py", "load_and_look.py"])
def test_an_example_says_in_one_line_what_keeps_it_from_running(script: str, tmp_path: Path) -> None:
    """A missing folder, and a missing corpus."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # At once, since what takes the time is what they import.
    runs = [
        subprocess.Popen(
            [sys.executable, str(EXAMPLES / script), *words],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for words in (["nowhere"], [])
    ]
    (missing,), (nothing,) = (run.communicate()[0].splitlines() for run in runs)
    assert all(run.returncode for run in runs)
    assert missing == "nowhere holds no dataset; write it with `annotate build --out nowhere`"
    assert nothing.startswith("annotate: schema/labels.yaml: no such file")


def test_documentation_names_every_example() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    scripts = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert scripts == ["baseline.py", "load_and_look.py"]
    for name in scripts:
        assert f"examples/{name}" in pages
