"""A command that is killed before any of its writes leaves each file old or new, and is completed by repeating it.

`make test` samples the points of most commands. `make kill-test` kills each command before each of its writes. The
commands of `annotate studio` are killed in `tests/labelstudio/test_interruptions.py`,
`tests/reanchoring/test_reanchor.py`, `tests/service/test_watch.py` and `tests/migration/test_transaction.py`, `annotate
release cut` also in `tests/release/test_cut.py`, and `prelabel --model` in `tests/models/test_prelabel_command.py`.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import yaml

from annotate.corpus import Corpus
from annotate.inventory import load_inventory
from annotate.labelstudio.tasks import result_items, task_data
from tests.conftest import BASE
from tests.kills import Killer, open_killer
from tests.models.model_runs import edit_record, write_run
from tests.release.conftest import VERSION

SIGKILL = -9
SAMPLED = 8
"""Points of a command that `make test` samples."""
LEFTOVER = re.compile(r"(.*/)?\.[^/]+\.[a-z0-9_]{8}(\.part|/.*)?|(.*/)?work-[a-z0-9_]{8}/.*")
"""A temporary file or folder, or what is in it."""


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with open_killer("annotate", "pyarrow.parquet", "datasketch") as killer:
        yield killer


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: these tests wait for the disk most of the time."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder there
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="annotate-kills-") as name:
        yield Path(name)


class Scenario(NamedTuple):
    """A command to kill.

    Attributes:
        words: The command.
        prepare: Puts a copy of the made-up project into the state in which the command has something to write.
        repeat: The command that completes it; by default the same.
        code: Its exit code when it completes.
        passing: The paths of files that it removes at its end, as a regular expression.
        is_complete: Whether each point is killed, also by `make test`.
    """

    words: str
    prepare: Callable[[Killer, Path], None]
    repeat: str = ""
    code: int = 0
    passing: str = ""
    is_complete: bool = False


def nothing(_: Killer, root: Path) -> None:
    """Prepare nothing."""


def start_empty(_: Killer, root: Path) -> None:
    shutil.rmtree(root)
    root.mkdir()


def start_with_config(_: Killer, root: Path) -> None:
    start_empty(_, root)
    (root / "theirs.xml").write_text(
        '<View><Text name="t" value="$text"/><Labels name="names" toName="t"><Label value="地点"/></Labels></View>'
    )


def make_sources(_: Killer, root: Path) -> None:
    (root / "one.txt").write_text("The mayor counted 3 crates.\n")
    (root / "two.txt").write_text("Anna spoke at the pier. *** Ben did not.\n")


def correct_source(_: Killer, root: Path) -> None:
    (root / "new").mkdir()
    text = (root / "corpus/sources/port.txt").read_text("utf-8")
    (root / "new/port.txt").write_text(text.replace("sacks", "bags").replace("carts", "vans"), "utf-8")


def declare_metadata(_: Killer, root: Path) -> None:
    """Require a field of all articles, and give it to them in a table."""
    labels = root / "schema/labels.yaml"
    field = "metadata: {party: {type: text, required: true, definition: The party.}}\n"
    labels.write_text(f"{labels.read_text()}\n{field}")
    (root / "parties.csv").write_text("id,party\nharbour,left\nmarket,right\n")


def make_brat(_: Killer, root: Path) -> None:
    for name, text in (("first", "Anna spoke at the pier."), ("second", "Ben was at the old quay.")):
        (root / "brat").mkdir(exist_ok=True)
        (root / f"brat/{name}.txt").write_text(text)
        (root / f"brat/{name}.ann").write_text(f"T1\tQuay {len(text) - 5} {len(text) - 1}\t{text[-5:-1]}\n")


def import_brat(killer: Killer, root: Path) -> None:
    """Import texts, and change the labels of both and the title of one."""
    make_brat(killer, root)
    killer.run(root, ["import", "brat", "--format", "brat", "--annotator", "anna"])
    for name in ("first", "second"):
        (root / f"brat/{name}.ann").write_text("")
    (root / "titles.csv").write_text("file,title\nfirst.txt,At the pier\n")


def write_model_run(_: Killer, root: Path) -> None:
    write_run(root)


def import_other_run(killer: Killer, root: Path) -> None:
    """Import a run of a model, and make another one with fewer labels."""
    out = write_run(root)
    killer.run(root, ["import", "out", "--format", "prelabel"])
    labels = json.loads((out / "market.json").read_bytes())
    (out / "market.json").write_text(json.dumps({**labels, "spans": []}))
    spans = sum(len(json.loads((out / f"{name}.json").read_bytes())["spans"]) for name in ("harbour", "market"))
    edit_record(out, started="2026-11-29T08:00:00Z", ended="2026-11-29T09:00:00Z", spans=spans)


def raise_version(_: Killer, root: Path) -> None:
    path = root / "schema/labels.yaml"
    path.write_text(path.read_text("utf-8").replace("version: 1.0.0", "version: 1.1.0"), "utf-8")


def make_page_of_no_label(killer: Killer, root: Path) -> None:
    make_guidelines(killer, root)
    (root / "guidelines/gone.md").write_text("# Gone\n\n<!-- generated: label Gone -->\n<!-- /generated -->\n")


def make_guidelines(_: Killer, root: Path) -> None:
    (root / "guidelines").mkdir()
    for name in ("labels", "relations", "label Quay"):
        page = f"# Page\n\n<!-- generated: {name} -->\n<!-- /generated -->\n"
        (root / f"guidelines/{name.replace(' ', '-')}.md").write_text(page)


def remove_splits(_: Killer, root: Path) -> None:
    shutil.rmtree(root / "corpus/splits")
    corpus = Corpus(root / "corpus")
    article = corpus.read_article("market")
    for number in range(4):
        text = f"Ship {number} left {'early ' * number}for the sea."
        corpus.write_article(msgspec.structs.replace(article, id=f"ship-{number}", text=text))


def make_baseline(_: Killer, root: Path) -> None:
    from tests.test_baseline import SMALL

    (root / "schema/baseline.yaml").write_text(SMALL)


def label_twice(_: Killer, root: Path) -> None:
    """Let ben have the labels of anna, without one attribute in each article."""
    corpus = Corpus(root / "corpus")
    for article in ("harbour", "market"):
        annotation = corpus.read_annotation("anna", article)
        spans = tuple(
            msgspec.structs.replace(span, attributes={**span.attributes, "rank": "master"})
            if span.label == "Speaker"
            else span
            for span in annotation.spans
        )
        corpus.write_annotation("ben", msgspec.structs.replace(annotation, annotator="ben", spans=spans))


def decide(killer: Killer, root: Path) -> None:
    label_twice(killer, root)
    assert killer.run(root, ["adjudicate", "plan", "--from", "anna,ben"]).code == 0
    for path in (root / "corpus/adjudication").iterdir():
        decisions = yaml.safe_load(path.read_text())
        for difference in decisions["differences"]:
            difference |= {"take": "anna", "reason": "said so"}
        path.write_text(yaml.safe_dump(decisions))
    planned = killer.run(root, ["adjudicate", "plan", "--from", "anna,ben"])
    assert planned.code == 0, planned.output


def remove_gold(_: Killer, root: Path) -> None:
    for path in (root / "corpus/annotations/gold").iterdir():
        path.unlink()


def promote(killer: Killer, root: Path) -> None:
    remove_gold(killer, root)
    assert killer.run(root, ["adjudicate", "promote", "anna"]).code == 0


def spoil_form(_: Killer, root: Path) -> None:
    for name in ("annotations/anna/market.json", "articles/harbour.json", "links.json", "coverage/market.json"):
        path = root / "corpus" / name
        path.write_bytes(msgspec.json.format(path.read_bytes(), indent=4))


def spoil_counts(_: Killer, root: Path) -> None:
    for path in (root / "corpus/coverage").iterdir():
        coverage = json.loads(path.read_bytes())
        for sentence in coverage["sentences"]:
            sentence["has"] = {}
        path.write_bytes(json.dumps(coverage).encode())


def build_open(killer: Killer, root: Path) -> None:
    built = killer.run(root, ["build", "--without-text", "--out", "open", "--workers", "1"])
    assert built.code == 0, built.output


def make_export(_: Killer, root: Path) -> None:
    corpus, inventory = Corpus(root / "corpus"), load_inventory(root / "schema")
    tasks = [
        {
            "id": number,
            "data": task_data(corpus.read_article(name)),
            "annotations": [
                {"id": 1, "completed_by": 1, "result": result_items(corpus.read_annotation("anna", name), inventory)}
            ],
        }
        for number, name in enumerate(corpus.article_ids(), 1)
    ]
    (root / "export.json").write_text(json.dumps(tasks))


def make_difference(killer: Killer, root: Path) -> None:
    """Write the difference to a version with a changed file, a new one and one less, and the old version next to it."""
    shutil.copytree(root, root / "new", ignore=shutil.ignore_patterns("new"))
    new = Corpus(root / "new/corpus")
    article = new.read_article("market")
    new.write_article(msgspec.structs.replace(article, title="Another title"))
    new.write_article(msgspec.structs.replace(article, id="later"))
    shutil.rmtree(new.root / "annotations/anna")
    difference = killer.run(root, ["diff", "corpus", "new/corpus", "--format", "json"])
    (root / "changes.json").write_text(difference.output)


def make_repository(_: Killer, root: Path) -> None:
    from tests.release.conftest import commit_releasable

    commit_releasable(root)


SCENARIOS = {
    "init": Scenario("init corpus-of-mine", start_empty),
    "init from a config": Scenario("init corpus-of-mine --from-config theirs.xml", start_with_config),
    "add": Scenario("add one.txt two.txt", make_sources, is_complete=True),
    "add with cuts": Scenario(
        "add two.txt --cut anna=0:23 --cut ben=28:40 --omitted stars", make_sources, is_complete=True
    ),
    "add --replace": Scenario("add new/port.txt --replace", correct_source, is_complete=True),
    "add --table": Scenario("add --table parties.csv", declare_metadata, is_complete=True),
    "import": Scenario("import brat --format brat --annotator anna", make_brat, is_complete=True),
    "import --replace": Scenario(
        "import brat --format brat --annotator anna --replace --metadata titles.csv", import_brat, is_complete=True
    ),
    "import a run": Scenario("import out --format prelabel", write_model_run, is_complete=True),
    "import another run": Scenario("import out --format prelabel --replace", import_other_run, is_complete=True),
    "generate": Scenario("generate", make_guidelines),
    "generate --fix": Scenario("generate --fix", make_page_of_no_label),
    "split": Scenario("split --write --ratios 50:25:25", remove_splits),
    "prelabel": Scenario("prelabel --out out", make_baseline),
    "adjudicate plan": Scenario("adjudicate plan --from anna,ben", label_twice),
    "adjudicate apply": Scenario("adjudicate apply --as ben", decide),
    "reviewed": Scenario("reviewed harbour market --annotator anna", raise_version, is_complete=True),
    "adjudicate promote": Scenario("adjudicate promote anna", remove_gold),
    "adjudicate promote --undo": Scenario("adjudicate promote anna --undo", promote),
    "check --fix": Scenario("check --fix", spoil_form),
    "coverage": Scenario("coverage --write", spoil_counts),
    "coverage --init": Scenario(
        "coverage --init", lambda killer, root: shutil.rmtree(root / "corpus/coverage"), code=1
    ),
    "build": Scenario("build --out out --workers 1", nothing),
    "hydrate": Scenario("hydrate open --texts corpus/articles --out out", build_open),
    "convert": Scenario(
        "convert export.json --out out --workers 1",
        make_export,
        "convert export.json --out out --workers 1 --resume",
        passing=r"out/\.convert(/.*)?",
    ),
    "export": Scenario("export --format brat --out out", nothing),
    "export --format csv": Scenario("export --format csv --out out", nothing),
    "apply --write": Scenario("apply corpus changes.json --write", make_difference),
    "apply --out": Scenario("apply corpus changes.json --out out", make_difference),
}


def tree(root: Path) -> dict[str, bytes | None]:
    """Return each file with its contents, and each folder, without git's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if ".git" not in path.relative_to(root).parts
    }


def start(killer: Killer, scenario: Scenario, folder: Path) -> Path:
    """Put the project of a scenario into a folder."""
    root = folder / "start"
    shutil.copytree(BASE, root)
    (folder / "tmp").mkdir()
    scenario.prepare(killer, root)
    return root


def kill_at_points(killer: Killer, scenario: Scenario, folder: Path, points: int | None) -> None:
    """Kill a command before some of its writes, or before all, and repeat it."""
    root = start(killer, scenario, folder)
    old, words = tree(root), scenario.words.split()
    whole = folder / "whole"
    shutil.copytree(root, whole, symlinks=True)
    done = killer.run(whole, words)
    assert done.code == scenario.code, done.output
    new = tree(whole)
    assert new != old
    total = done.writes
    step = max((total - 1) / ((points or total) - 1), 1) if total > 1 else 1
    for point in sorted({round(1 + step * index) for index in range(points or total)}):
        if point <= total:
            target = folder / f"killed-{point}"
            shutil.copytree(root, target, symlinks=True)
            kill_once(killer, scenario, target, point, old, new)
            shutil.rmtree(target)


def kill_once(
    killer: Killer,
    scenario: Scenario,
    root: Path,
    point: int,
    old: dict[str, bytes | None],
    new: dict[str, bytes | None],
) -> None:
    killed = killer.run(root, scenario.words.split(), point)
    assert killed.code == SIGKILL, (point, killed)
    for file, data in tree(root).items():
        if not LEFTOVER.fullmatch(file) and not re.fullmatch(scenario.passing, file):
            assert data in (old.get(file, b"no such file"), new.get(file, b"no such file")), (point, file)
    assert_way_out(killer, scenario, root, point)
    repeated = killer.run(root, (scenario.repeat or scenario.words).split())
    assert repeated.code == scenario.code, (point, repeated.output)
    assert tree(root) == new, (point, repeated.output)


def assert_way_out(killer: Killer, scenario: Scenario, root: Path, point: int) -> None:
    """`check` passes the corpus, or says with each finding what to do; and it reports each leftover of the corpus."""
    folder = root / "corpus-of-mine" if scenario.words.startswith("init") else root
    if not folder.is_dir():
        return
    checked = killer.run(folder, ["check", "--format", "json"])
    if checked.code == 2:
        assert checked.output.startswith("annotate: "), (point, checked.output)
        assert "; " in checked.output, (point, checked.output)
        return
    findings = json.loads(checked.output)
    assert all("; " in finding["message"] for finding in findings), (point, findings)
    assert (checked.code == 1) == any(finding["severity"] == "error" for finding in findings)
    leftovers = {file for file in tree(folder) if LEFTOVER.fullmatch(file) and file.startswith(("corpus/", "schema/"))}
    assert {finding["file"] for finding in findings if finding["code"] == "C120"} == leftovers, point
    names = [f"{name}.schema.json" for name in ("annotation", "article", "links")]
    has_schema = [name for name in names if (folder / "schema" / name).is_file()]
    assert checked.code == 1 or len(has_schema) in (0, len(names)), point


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_command_is_completed_by_repeating_it(killer: Killer, folder: Path, name: str) -> None:
    scenario = SCENARIOS[name]
    kill_at_points(killer, scenario, folder, None if scenario.is_complete else SAMPLED)


@pytest.mark.kills
@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if not scenario.is_complete])
def test_command_is_killed_before_each_of_its_writes(killer: Killer, folder: Path, name: str) -> None:
    kill_at_points(killer, SCENARIOS[name], folder, None)


@pytest.mark.kills
def test_release_is_killed_before_each_of_its_writes(killer: Killer, folder: Path) -> None:
    scenario = Scenario(f"release cut {VERSION} --date 2026-03-01", make_repository, code=1)
    kill_at_points(killer, scenario, folder, None)
