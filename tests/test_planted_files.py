"""No file of the current folder is ever imported, by any command: neither here, in a worker, nor in the label server.

Files are planted for every module that could be imported: those of Python, those of every installed library, and those
that the commands were seen to look for. A hook in every Python process also reports each search for a module while a
folder of the project is on the search path, so that a library that is optional and missing is covered, too.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from annotate.cli.lazy_group import LazyGroup
from annotate.labelstudio.location import open_state
from annotate.labelstudio.state import State
from tests.cli.test_program import COMMANDS, PROGRAM
from tests.conftest import Project

ANNOTATE = str(Path(sys.executable).parent / "annotate")
FOLDERS = ("", "corpus", ".studio")
PACKAGES = ("annotate", "datasets", "django", "label_studio", "numpy", "pyarrow")
"""Planted as folders; all other modules are files."""
OTHER_FILES = {
    "evil.pth": "import pathlib; pathlib.Path({mark!r}).open('a').write('pth\\n')\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p evil'\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p evil\n",
    ".env": "DJANGO_SETTINGS_MODULE=evil\nPYTHONPATH=.\n",
    ".netrc": "machine 127.0.0.1 login a password b\n",
    ".numba_config.yaml": "disable_jit: 1\nevil: 1\n",
    "matplotlibrc": "backend: module://evil\n",
}
RUN = "open({mark!r}, 'a').write(__file__ + '\\n')\nraise SystemExit('planted: ' + __file__)\n"
HOOK = """
import sys

class Hook:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None:
            with open({seen!r}, "a") as seen:
                seen.write(name + "\\\\n")
            here = [entry for entry in sys.path if entry in ("", ".") or entry.startswith({root!r})]
            if here:
                with open({mark!r}, "a") as mark:
                    mark.write(f"{{name}} was looked for in {{here}}\\\\n")

sys.meta_path.insert(0, Hook)
""".replace("\\\\n", "\\n")

GROUPS = {path for path in COMMANDS if path in {("studio",), ("release",)}}
WORK = {
    "init": "init fresh --from-config theirs.xml",
    "add": "add new.txt",
    "generate": "generate --fix",
    "import": "import dist/brat --format brat --map map.yaml --annotator anna --plan",
    "split": "split",
    "prelabel": "prelabel --help",
    "adjudicate": "adjudicate plan --from anna,ben",
    "reviewed": "reviewed harbour --annotator anna",
    "check": "check --workers 2",
    "rules": "rules C101",
    "coverage": "coverage",
    "doubts": "doubts",
    "agree": "agree --samples 5 --gamma --confusion --missing value",
    "score": "score corpus/annotations/anna corpus/annotations/gold --samples 5",
    "build": "build --out dist/open --without-text --workers 2",
    "convert": "convert export.json --out dist/converted --workers 2",
    "hydrate": "hydrate dist/open --texts corpus/articles --out dist/dataset",
    "export": "export --format brat --annotator anna --out dist/brat",
    "diff": "diff HEAD corpus --format json --out dist/diff.json",
    "apply": "apply corpus dist/diff.json --out dist/applied",
    "release plan": "release plan",
    "release check": "release check 1.0.0",
    "release cut": "release cut 1.0.0",
    "release verify": "release verify dist/release/1.0.0",
    "release page": "release page --out dist/page.html",
    "release report": "release report --format html --out dist/report.html",
    "publish": "publish --repo a/b --plan",
}
SUBCOMMANDS = {
    "adjudicate promote": "adjudicate promote anna --plan",
    "score --compare": "score corpus/annotations/gold corpus/annotations/anna --compare corpus/annotations/ben",
    "release page --folder": "release page --folder dist/pages",
    "generate --printable": "generate --printable dist/guidelines.html",
    "export --format csv": "export --format csv --annotator anna --bom --separator semicolon --out dist/tables",
    "check --files": "check --files corpus/articles/harbour.txt --article market",
    "agree --model": "agree --model corpus/annotations/anna",
    "import --format prelabel": "import dist/labels --format prelabel --plan",
    "prelabel --show-prompt": "prelabel --show-prompt --articles harbour",
    "prelabel --model": "prelabel --model m --endpoint http://127.0.0.1:1/v1 --out dist/model",
}
"""Commands of a group that is loaded as a whole, and formats that import a module of their own."""
STUDIO = {
    "studio up": "studio up --no-watch",
    "studio push": "studio push",
    "studio status": "studio status",
    "studio config": "studio config",
    "studio compare": "studio compare",
    "studio people": "studio people",
    "studio assign": "studio assign anna --hidden-gold 1",
    "studio train": "studio train anna --articles harbour",
    "studio quality": "studio quality",
    "studio pull": "studio pull",
    "studio restore": "studio restore anna",
    "studio watch": "studio watch --once",
    "studio suggest": "studio suggest --stop",
    "studio adjudicate": "studio adjudicate --from anna,ben",
    "migrate": "migrate to.yaml --plan",
    "studio down": "studio down",
    "studio reset-credentials": "studio reset-credentials",
    "studio adopt": "studio adopt former --dir dist/adopted",
}
PEOPLE = {
    "studio people add": "studio people add anna",
    "studio people export": "studio people export dist/people.json",
    "studio people import": "studio people import dist/people.json",
    "studio people reset-password": "studio people reset-password anna",
    "studio people remove": "studio people remove anna --yes",
}
REFUSED = {
    "agree --model",
    "generate --printable",
    "prelabel --model",
    "release verify",
    "studio adopt",
    "publish",
    "studio assign",
    "studio train",
    "studio quality",
    "studio restore",
    "studio adjudicate",
    "migrate",
    "import",
    "import --format prelabel",
    "apply",
}
"""Commands that cannot run here to their end; they have imported everything by then."""


def test_each_command_is_here() -> None:
    assert {*WORK, *STUDIO} == {" ".join(path) for path in COMMANDS if path not in GROUPS}
    assert all(isinstance(PROGRAM.entries[path[0]].target, str) for path in GROUPS)
    assert isinstance(PROGRAM, LazyGroup)


class Planted(Project):
    """A committed project with a planted file for every module."""

    def __init__(self, root: Path, outside: Path) -> None:
        super().__init__(root)
        self.mark, self.seen, self.hooks = outside / "RAN", outside / "seen", outside / "hooks"
        for name in ("harbour", "market"):
            labels = self.path(f"corpus/annotations/anna/{name}.json").read_text("utf-8")
            self.path("corpus/annotations/ben").mkdir(exist_ok=True)
            self.path(f"corpus/annotations/ben/{name}.json").write_text(labels.replace('"anna"', '"ben"'), "utf-8")
        tasks = [
            {"id": number, "data": {"text": f"Anna works {number}."}, "annotations": list[str]()} for number in (1, 2)
        ]
        self.path("export.json").write_text(json.dumps(tasks))
        self.path("theirs.xml").write_text(
            '<View><Text name="t" value="$t"/><Labels name="l" toName="t"><Label value="地点"/></Labels></View>'
        )
        self.path("new.txt").write_text("A new article about the harbour, and nothing else.\n")
        self.path("map.yaml").write_text("spans: {}\n")
        self.path(".gitignore").write_text("dist/\n")
        self.path("to.yaml").write_text("version: 9.9.9\nsteps: []\n")
        self.hooks.mkdir(parents=True)
        hook = HOOK.format(seen=str(self.seen), mark=str(self.mark), root=str(self.root))
        (self.hooks / "sitecustomize.py").write_text(hook)

    def plant(self, names: set[str]) -> None:
        for folder in FOLDERS:
            self.path(folder).mkdir(exist_ok=True)
            for name in names:
                package = name in PACKAGES
                path = self.path(folder) / (f"{name}/__init__.py" if package else f"{name}.py")
                path.parent.mkdir(exist_ok=True)
                path.write_text(RUN.format(mark=str(self.mark)))
                if package:
                    shutil.copy(path, path.with_name("__main__.py"))
            for name, text in OTHER_FILES.items():
                (self.path(folder) / name).write_text(text.replace("{mark!r}", repr(str(self.mark))))

    def run(self, words: str) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "LABEL_"))}
        environment = {**kept, "PYTHONPATH": str(self.hooks), "HF_ENDPOINT": "http://127.0.0.1:1"}
        return subprocess.run(
            [ANNOTATE, *words.split()], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def run_all(self, commands: dict[str, str]) -> None:
        """Run commands; assert that each does its work, and that no planted file ran."""
        for name, words in commands.items():
            done = self.run(words)
            marks = self.mark.read_text() if self.mark.exists() else ""
            assert not marks, (words, marks.splitlines()[:5], done.stderr)
            assert "Traceback" not in done.stderr, (words, done.stderr)
            assert "No such option" not in done.stderr, (words, done.stderr)
            assert done.returncode in ((0, 1, 2) if name in REFUSED else (0, 1)), (words, done.stdout, done.stderr)


def planted_names() -> set[str]:
    """Return the names of all modules of Python and of the installed libraries."""
    names = {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize", "conftest", "evil"}
    return {name for name in names if name.isidentifier()}


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    planted = Planted(tmp_path / "clone", tmp_path / "outside")
    planted.plant(planted_names())
    for words in ("init -q", "add -A -f", "-c user.name=a -c user.email=a@b commit -qm all"):
        subprocess.run(["git", *words.split()], cwd=planted.root, check=True)
    return planted


def test_no_command_imports_a_planted_file(planted: Planted) -> None:
    order = sorted(WORK, key=lambda name: (name == "add", list(WORK).index(name)))  # it changes the corpus
    order.sort(key=lambda name: name in ("import", "release cut", "release verify"))
    planted.run_all({**SUBCOMMANDS, **{name: WORK[name] for name in order}})
    seen = set(planted.seen.read_text().split())
    assert {"multiprocessing", "pyarrow", "datasets", "numba", "cassis", "spacy"} - seen <= {"cassis", "spacy"}
    assert not planted.mark.exists()


def test_the_hook_sees_a_current_folder_on_the_search_path(planted: Planted) -> None:
    """Without -P, Python itself runs planted files, before this package could prevent it."""
    environment = {**os.environ, "PYTHONPATH": str(planted.hooks)}
    words = [sys.executable, "-c", "import no_such_module"]
    subprocess.run(words, cwd=planted.root, env=environment, capture_output=True, check=False)
    assert planted.mark.read_text()


@pytest.mark.server
def test_no_command_of_the_label_server_imports_a_planted_file(
    planted: Planted, begin: Callable[[State], None]
) -> None:
    refused = planted.run("studio up")
    assert (refused.returncode, "is of a former server" in refused.stderr) == (1, True), refused.stderr
    planted.path(".studio").rename(planted.path("former"))
    begin(open_state(planted.corpus.root))
    try:
        planted.run_all({"studio up": STUDIO["studio up"], **PEOPLE, **STUDIO})
    finally:
        planted.run("studio down")
    seen = set(planted.seen.read_text().split())
    assert {"django", "label_studio", "label_studio_sdk"} <= seen
