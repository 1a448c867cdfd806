"""Commands that write to one corpus at the same time, and editors that write to it while a command runs.

Commands wait for each other: the result is that of one after the other. What an editor saved is never lost.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from annotate.corpus import Corpus
from tests.conftest import BASE, Project
from tests.kills import Edit, Killer, Run, open_killer
from tests.migration.test_transaction import STEPS
from tests.test_kills import SCENARIOS, Scenario, start, tree
from tests.util.test_lock import held_by_another

ROUNDS = 5


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with open_killer("annotate", "datasketch") as killer:
        yield killer


def findings(killer: Killer, root: Path) -> set[str]:
    """Return the codes of the errors in a corpus."""
    checked = killer.run(root, ["check", "--format", "json"])
    return {finding["code"] for finding in json.loads(checked.output) if finding["severity"] == "error"}


def race(killer: Killer, folder: Path, *commands: str) -> list[Run]:
    """Run commands in a copy of the project, all at once; the copy must have no finding and no leftover then."""
    root = folder / "round"
    # The folder of the corpus stays: a server's state is tied to it, and refuses another one at the same path.
    for path in [*root.glob("*"), *root.glob("corpus/*")]:
        if path.is_dir() and path != root / "corpus":
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()
    shutil.copytree(folder / "start", root, dirs_exist_ok=True)
    runs = killer.run_together(root, *(command.split() for command in commands))
    assert not any(run.code < 0 or "Traceback" in run.output for run in runs), runs
    assert findings(killer, root) == set()
    assert not [file for file in tree(root) if file.endswith(".part")]
    return runs


def begin(folder: Path) -> Path:
    root = folder / "start"
    shutil.copytree(BASE, root)
    (folder / "tmp").mkdir()
    return root


def write_brat(folder: Path, text: str) -> None:
    folder.mkdir()
    for name in ("a", "b", "c", "d"):
        (folder / f"{name}.txt").write_text(f"{text} {name}.")
        (folder / f"{name}.ann").write_text("")


def test_two_adds_of_one_id_take_one_article(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    for number in (0, 1):
        (root / f"x{number}.txt").write_text(f"Text {number} of Anna.")
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "add --id same x0.txt", "add --id same x1.txt")
        assert sorted(run.code for run in runs) == [0, 1]
        winner = [run.code for run in runs].index(0)
        assert Corpus(tmp_path / "round/corpus").read_text("same") == f"Text {winner} of Anna."
        assert "an article with the id 'same' is in the corpus already" in runs[1 - winner].output


def test_one_text_under_two_ids_is_taken_once(killer: Killer, tmp_path: Path) -> None:
    (begin(tmp_path) / "x.txt").write_text("Text of Anna.")
    shutil.copy(tmp_path / "start/x.txt", tmp_path / "start/y.txt")
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "add --id one x.txt", "add --id two y.txt")
        assert sorted(run.code for run in runs) == [0, 1]


def test_three_adds_take_three_articles(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    for number in range(3):
        (root / f"x{number}.txt").write_text(f"Text {number} of Anna.")
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "add x0.txt", "add x1.txt", "add x2.txt")
        assert [run.code for run in runs] == [0, 0, 0]
        assert {"x0", "x1", "x2"} < set(Corpus(tmp_path / "round/corpus").article_ids())


def test_two_imports_of_other_texts_do_not_mix(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    write_brat(root / "one", "Anna wrote the text")
    write_brat(root / "two", "Ben wrote the text")
    for _ in range(ROUNDS):
        command = "import {} --format brat --annotator anna"
        runs = race(killer, tmp_path, command.format("one"), command.format("two"))
        assert sorted(run.code for run in runs) == [0, 1]
        corpus = Corpus(tmp_path / "round/corpus")
        assert len({corpus.read_text(name).split()[0] for name in "abcd"}) == 1


def test_add_and_import_take_both(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    write_brat(root / "one", "Anna wrote the text")
    (root / "x.txt").write_text("Text of Anna.")
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "import one --format brat --annotator anna", "add x.txt")
        assert [run.code for run in runs] == [0, 0]
        assert {*"abcd", "x"} < set(Corpus(tmp_path / "round/corpus").article_ids())


def test_two_splits_put_no_article_into_two(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    SCENARIOS["split"].prepare(killer, root)
    for path in (root / "corpus/articles").glob("ship-*"):
        path.unlink()
    for number in range(8):
        (root / f"text-{number}.txt").write_text(f"Only text {number} says {'very ' * number}much.")
    assert killer.run(root, ["add", *(f"text-{number}.txt" for number in range(8))]).code == 0
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "split --write --ratios 90:5:5", "split --write --ratios 5:5:90")
        assert [run.code for run in runs] == [0, 0]
        corpus = Corpus(tmp_path / "round/corpus")
        assert sorted(name for names in corpus.splits().values() for name in names) == corpus.article_ids()


def test_migration_and_add_wait_for_each_other(killer: Killer, tmp_path: Path) -> None:
    root = begin(tmp_path)
    (root / "steps.yaml").write_text(STEPS)
    (root / "x.txt").write_text("Text of Anna.")
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, "migrate steps.yaml --no-server", "add x.txt", "coverage --write")
        assert [run.code for run in runs[:2]] == [0, 0], runs
        assert "x" in Corpus(tmp_path / "round/corpus").article_ids()


@pytest.mark.parametrize("name", ["generate", "adjudicate plan", "adjudicate apply", "check --fix", "coverage"])
def test_command_twice_at_once_gives_what_it_gives_once(killer: Killer, tmp_path: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    root = start(killer, scenario, tmp_path)
    shutil.copytree(root, tmp_path / "whole")
    assert killer.run(tmp_path / "whole", scenario.words.split()).code == 0
    for _ in range(ROUNDS):
        runs = race(killer, tmp_path, scenario.words, scenario.words)
        assert [run.code for run in runs] == [0, 0], runs
        assert tree(tmp_path / "round") == tree(tmp_path / "whole")


def test_two_inits_lay_out_one_corpus(killer: Killer, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent):  # the temporary files of a command are next to its folder
        (folder / "tmp").mkdir(exist_ok=True)
    for number in range(ROUNDS):
        runs = killer.run_together(tmp_path, ["init", f"c{number}"], ["init", f"c{number}"])
        assert sorted(run.code for run in runs) == [0, 2], runs
        assert killer.run(tmp_path / f"c{number}", ["check"]).code == 0
        assert killer.run(tmp_path / f"c{number}", ["generate", "--check"]).code == 0


COMMANDS = {
    "add": "add x.txt",
    "import": "import brat --format brat --annotator anna",
    "split": "split --write",
    "adjudicate plan": "adjudicate plan --from anna,ben",
    "adjudicate apply": "adjudicate apply --as ben",
    "reviewed": "reviewed market --annotator anna",
    "check": "check --fix",
    "coverage": "coverage --write",
    "generate": "generate",
    "apply": "apply corpus changes.json --write",
    "migrate": "migrate steps.yaml --no-server",
    "release": "release cut 1.0.0",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_waits_for_the_lock_and_says_for_whom(project: Project, name: str) -> None:
    """It reads after it has the lock: nothing is written before, and it does its work then."""
    for scenario in ("import", "adjudicate apply"):
        prepare(project, scenario)
    project.path("x.txt").write_text("Text of Anna.")
    project.path("steps.yaml").write_text(STEPS)
    project.path("changes.json").write_text(project.annotate("diff", "corpus", "corpus", "--format", "json").output)
    before = project.snapshot()
    words = [sys.executable, "-c", "from annotate.cli import main; main()", *COMMANDS[name].split()]
    with (
        held_by_another(project.path("corpus"), "annotate", "add") as other,
        subprocess.Popen(words, cwd=project.root, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run,
    ):
        assert run.stderr is not None
        assert run.stderr.readline() == f"annotate: corpus: waiting for `annotate add` (process {other.pid})\n"
        assert {file: data for file, data in project.snapshot().items() if not file.startswith(".studio")} == before
        assert other.stdin is not None
        other.stdin.close()
        output = run.communicate(timeout=60)
    assert run.returncode in ((2,) if name == "release" else (0,)), output


def prepare(project: Project, name: str) -> None:
    with open_killer("annotate.cli") as killer:
        SCENARIOS[name].prepare(killer, project.root)


@pytest.mark.parametrize("words", ["check", "split", "coverage", "generate --check", "build --out out --workers 1"])
def test_command_that_only_reads_does_not_wait(project: Project, words: str) -> None:
    with held_by_another(project.path("corpus")):
        result = project.annotate(*words.split())
    assert "waiting for" not in result.output


EDITED = "Saved by an editor.\n"
TOGETHER = {
    "generate": "guidelines/labels.md",
    "split": "corpus/splits/validation.txt",
    "adjudicate plan": "corpus/adjudication/market.yaml",
    "adjudicate apply": "corpus/annotations/gold/market.json",
}
ONE_BY_ONE = {
    "add": "corpus/articles/two.txt",
    "import": "corpus/articles/second.txt",
    "check --fix": "corpus/annotations/anna/market.json",
    "coverage": "corpus/coverage/market.json",
    "apply --write": "corpus/articles/market.json",
}


@pytest.mark.parametrize(("name", "file"), [*TOGETHER.items(), *ONE_BY_ONE.items()])
def test_what_an_editor_saves_meanwhile_is_not_lost(killer: Killer, tmp_path: Path, name: str, file: str) -> None:
    """Saved before any write of the command, it is there afterwards; the command says so, or had done its work."""
    scenario = SCENARIOS[name]
    root = start(killer, scenario, tmp_path)
    if name == "split":
        (root / "corpus/splits").mkdir()
        (root / file).write_text("market\n")
    old = tree(root)
    whole = tmp_path / "whole"
    shutil.copytree(root, whole)
    done = killer.run(whole, scenario.words.split())
    new = tree(whole)
    assert new[file] != old.get(file)
    renames = sum(old.get(path) != data for path, data in new.items() if data is not None)
    is_replaced = refused = 0
    for point in range(1, done.writes + 1):
        target = tmp_path / f"edited-{point}"
        shutil.copytree(root, target)
        for folder in (target / file).parents:
            folder.mkdir(parents=True, exist_ok=True)
        run = killer.run(target, scenario.words.split(), edit=Edit(point, file, EDITED))
        after = tree(target)
        if after[file] == new[file]:
            is_replaced += 1  # saved between the comparison and the rename, which the system does not allow to prevent
            continue
        assert after[file] == EDITED.encode(), point
        assert run.code in (0, 1), (point, run)
        if run.code == 1:
            refused += 1
            # Saved after its own repair, the file has a finding of its own.
            assert file in run.output, (point, run)
            assert "by another program" in run.output or f"fixed {file}" in run.output, (point, run)
        others = {path: data for path, data in after.items() if path != file and data is not None}
        assert all(data in (old.get(path), new.get(path)) for path, data in others.items()), point
        if name in TOGETHER and point <= done.writes - renames:
            assert run.code == 1, (point, run)
            assert all(old.get(path) == data for path, data in others.items()), (point, run)
        shutil.rmtree(target)
    assert refused > 1
    assert is_replaced <= 1 or name == "import"  # which writes in several threads


def test_migration_writes_nothing_if_an_editor_changed_a_file(killer: Killer, tmp_path: Path) -> None:
    root = start(killer, Scenario("", lambda killer, root: None), tmp_path)
    (root / "steps.yaml").write_text(STEPS)
    words = ["migrate", "steps.yaml", "--no-server"]
    shutil.copytree(root, tmp_path / "whole")
    writes = killer.run(tmp_path / "whole", words).writes
    file, refused = "corpus/annotations/gold/market.json", 0
    for point in range(1, writes + 1, 10):
        target = tmp_path / f"edited-{point}"
        shutil.copytree(root, target)
        run = killer.run(target, words, edit=Edit(point, file, EDITED))
        if "was changed by another program meanwhile; restore it first" in run.output:
            left = {path: data for path, data in tree(target).items() if path.startswith(("corpus/", "schema/"))}
            expected = {path: data for path, data in tree(root).items() if path.startswith(("corpus/", "schema/"))}
            assert left == {**expected, file: EDITED.encode()}, point
            refused += 1
            assert run.code == 1
            undone = killer.run(target, ["migrate", "--undo"])
            assert (undone.code, "restore it first" in undone.output) == (1, True), undone
            shutil.copy(root / file, target / file)
            assert killer.run(target, words).code == 0
            assert findings(killer, target) == set()
            break
    assert refused


def test_release_writes_nothing_if_an_editor_changed_a_file(killer: Killer, tmp_path: Path) -> None:
    from annotate.errors import Refused
    from annotate.release.cut import FileEdits
    from annotate.util.files import FileToWrite

    path = tmp_path / "CITATION.cff"
    path.write_bytes(b"edited")
    edits = FileEdits()
    with pytest.raises(Refused, match="was changed by another program while the command ran; run the command again"):
        edits.write(FileToWrite(path, b"new", old=b"read"))
    edits.undo()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"CITATION.cff": b"edited"}


def test_fix_of_a_span_that_an_editor_moved_meanwhile_is_left_out(project: Project) -> None:
    """The finding was made on the file as it was; its offsets do not fit the file as it is."""
    from annotate.checks import fixes
    from annotate.checks.runner import check

    annotation = project.corpus.read_annotation("anna", "market")
    span = annotation.spans[0]
    text = project.corpus.read_text("market")
    wide = msgspec.structs.replace(span, end=span.end + 1, text=text[span.start : span.end + 1])
    project.corpus.write_annotation("anna", msgspec.structs.replace(annotation, spans=(wide, *annotation.spans[1:])))
    found = list(check(project.corpus, project.inventory))
    fixable = [finding for finding in found if finding.fix]
    assert fixable, found
    moved = msgspec.structs.replace(wide, start=0, end=3, text=text[:3])
    project.corpus.write_annotation("anna", msgspec.structs.replace(annotation, spans=(moved, *annotation.spans[1:])))
    before = project.snapshot()
    assert fixes.apply_fixes(project.corpus, found) == ([], ["annotations/anna/market.json"])
    assert project.snapshot() == before


def test_lock_that_is_not_given_up_is_one_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from annotate.util import lock

    monkeypatch.setattr(lock, "_acquire", lambda folder, _, hint, acquire=lock._acquire: acquire(folder, 0.2, hint))
    project.path("x.txt").write_text("Text of Anna.")
    before = project.snapshot()
    with held_by_another(project.path("corpus")) as other:
        result = project.annotate("add", "x.txt")
    expected = f"annotate: corpus: process {other.pid} is writing to it; wait until it ends, then try again\n"
    assert (result.exit_code, result.output.endswith(expected)) == (2, True), result.output
    assert project.snapshot() == before
