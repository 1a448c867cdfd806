"""The hooks, the action and the workflows: their steps run here as they would on a machine of GitHub."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotate.comparison.render_comment import make_comment_mark
from tests.bare_environments import copy_tracked_files, is_index_missing
from tests.comparison.test_pull_request import TOKEN, Forge, forge
from tests.conftest import ROOT, annotate

__all__ = ["forge"]
ACTION = ROOT / "action.yml"
TEMPLATE = ROOT / "annotate/corpus_templates/ci/corpus.yml"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GIT = {
    **{f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
TOOL = str(Path(sys.executable).parent)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def list_steps(path: Path) -> list[dict[str, Any]]:
    value = load(path)
    if "runs" in value:
        return list(value["runs"]["steps"])
    return [step for job in value["jobs"].values() for step in job.get("steps", [])]


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **GIT}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class Machine:
    """A repository with a corpus on a machine of GitHub, with the toolkit of this environment installed."""

    def __init__(self, folder: Path) -> None:
        self.repository, self.temporary = folder / "repository", folder / "temporary"
        assert annotate("init", str(self.repository), "--template", "quotations", "--with", "ci").exit_code == 0
        text = folder / "harbour.txt"
        text.write_text("The harbour is closed, said @octocat.\n", "utf-8")
        assert annotate("add", str(text), "--rights", "Mine.", cwd=self.repository).exit_code == 0
        git(self.repository, "init", "--quiet")
        self.base = self.commit()
        self.temporary.mkdir()
        (self.temporary / "annotate").symlink_to(Path(TOOL).parent)

    def commit(self) -> str:
        git(self.repository, "add", "--all")
        git(self.repository, "commit", "--quiet", "--message", "as it is")
        return git(self.repository, "rev-parse", "HEAD")

    def run(self, step: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action, by its name."""
        (script,) = [each["run"] for each in list_steps(ACTION) if each.get("name") == step]
        files = {name: str(self.temporary / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        paths = {"CORPUS": "corpus", "SCHEMA": "schema", "GUIDELINES": "guidelines", "STRICT": "false", "SARIF": "true"}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.repository,
            env={**os.environ, **GIT, "RUNNER_TEMP": str(self.temporary), **files, **paths, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def read(self, name: str) -> str:
        return (self.temporary / name).read_text("utf-8")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_action_checks_and_reports(machine: Machine) -> None:
    done = machine.run("Check")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.read("GITHUB_OUTPUT") == "sarif=true\nstatus=0\n"
    article = next((machine.repository / "corpus/articles").glob("*.json"))
    article.write_text(article.read_text("utf-8").replace('"language": "en"', '"language": "klingon::"'), "utf-8")
    done = machine.run("Check")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"(?m)^::error file=corpus/articles/{article.name},line=\d+,title=S\d+::", done.stdout)
    assert machine.read("GITHUB_OUTPUT").splitlines()[-1] == "status=1"
    sarif = json.loads(machine.read("annotate.sarif"))
    assert sarif["runs"][0]["results"][0]["level"] == "error"
    assert machine.run("Report the verdict", STATUS="1").returncode == 1


def test_action_reports_stale_generated_files_and_unreadable_inventories(machine: Machine) -> None:
    (machine.repository / "schema/annotation.schema.json").write_text("{}\n")
    done = machine.run("Check")
    assert "::error file=schema/annotation.schema.json,title=stale::" in done.stdout
    assert machine.read("GITHUB_OUTPUT") == "sarif=true\nstatus=1\n"
    (machine.repository / "schema/labels.yaml").write_text("spans: [")
    assert machine.run("Check").returncode == 0
    assert machine.read("GITHUB_OUTPUT").splitlines()[2:] == ["status=2"]


def test_action_says_what_a_pull_request_changes(machine: Machine, forge: Forge) -> None:
    compare = "Compare with the base of the pull request"
    inventory = machine.repository / "schema/labels.yaml"
    layer = re.search(r"(?m)^layers:\n  (\w+):", inventory.read_text("utf-8"))
    assert layer
    fields = {"color": "'#cccccc'", "definition": "Where it is.", "guideline": "labels/verb.md", "layer": layer[1]}
    label = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    changed = inventory.read_text("utf-8").replace("spans:\n", f"spans:\n  Place:\n{label}", 1)
    inventory.write_text(changed, "utf-8")
    assert annotate("generate", cwd=machine.repository).exit_code == 0
    machine.commit()
    environ = {"BASE": machine.base, "NUMBER": "12", "GITHUB_TOKEN": TOKEN, "COMMENT": "false"}
    done = machine.run(compare, **environ)
    assert (done.returncode, forge.comments) == (0, []), done.stderr
    assert "A minor version is needed:" in machine.read("GITHUB_STEP_SUMMARY")
    done = machine.run(compare, **{**environ, "COMMENT": "true"})
    assert done.returncode == 0, done.stderr
    (comment,) = forge.comments
    assert comment["body"].startswith(f"{make_comment_mark('corpus')}\n## ")
    assert "the label Place was added" in comment["body"]


def test_action_compares_with_no_base_that_has_no_corpus(machine: Machine) -> None:
    git(machine.repository, "checkout", "--quiet", "--orphan", "empty")
    git(machine.repository, "rm", "-r", "--quiet", "--cached", ".")
    git(machine.repository, "commit", "--quiet", "--allow-empty", "--message", "empty")
    base = git(machine.repository, "rev-parse", "HEAD")
    done = machine.run("Compare with the base of the pull request", BASE=base, NUMBER="12", COMMENT="true")
    assert done.returncode == 0, done.stderr
    assert machine.read("GITHUB_STEP_SUMMARY") == "The base has no corpus to compare with.\n"


def test_workflow_of_a_new_corpus_has_the_steps_of_the_action() -> None:
    action = {step["name"]: step.get("run") for step in list_steps(ACTION) if "name" in step}
    template = {step["name"]: step.get("run") for step in list_steps(TEMPLATE) if "name" in step}
    assert list(action) == list(template)
    assert {name for name in action if action[name] != template[name]} == {"Install the toolkit"}


@pytest.mark.parametrize("path", [ACTION, TEMPLATE, *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_by_hash(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", path.read_text("utf-8"))
    assert [use for use, version in used if not re.fullmatch(r"\S+@[0-9a-f]{40}", use) and use != "./"] == []
    assert [use for use, version in used if use != "./" and not re.fullmatch(r"v[0-9.]+", version)] == []


def test_scripts_take_values_from_the_environment_alone() -> None:
    """An expression in a script is filled in before bash reads it, so that a value could be a command."""
    for path in (ACTION, TEMPLATE, *WORKFLOWS):
        for step in list_steps(path):
            assert "${{" not in step.get("run", ""), f"{path.name}: {step}"


def test_toolkit_is_released_from_main_alone(tmp_path: Path) -> None:
    """A tag may be pushed on any commit: one that is not on main was not reviewed."""
    steps = list_steps(ROOT / ".github/workflows/release.yml")
    (script,) = [step["run"] for step in steps if step.get("name") == "Check that the commit is on main"]
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", str(origin))
    commits = []
    for branch in ("main", "main", "other"):
        git(origin, "checkout", "--quiet", "-B", branch)
        git(origin, "commit", "--quiet", "--allow-empty", "--message", f"on {branch}")
        commits.append(git(origin, "rev-parse", "HEAD"))
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    codes = []
    for commit in commits:
        environment = {**os.environ, **GIT, "GITHUB_SHA": commit}
        done = subprocess.run(["bash", "-e", "-c", script], cwd=clone, env=environment, check=False)
        codes.append(done.returncode)
    assert codes == [0, 0, 1]


def test_commands_of_workflows_exist() -> None:
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"))
    named = [
        target
        for path in WORKFLOWS
        for step in list_steps(path)
        for target in re.findall(r"(?m)^make ([a-z-]+)", step.get("run", ""))
    ]
    assert named
    assert set(named) <= set(targets)


class Hooks:
    """A repository with a corpus, in which pre-commit runs the hooks of this repository."""

    def __init__(self, folder: Path) -> None:
        self._source, self.repository, self._cache = folder / "toolkit", folder / "repository", folder / "cache"
        copy_tracked_files(self._source)
        assert annotate("init", str(self.repository)).exit_code == 0
        for each in (self._source, self.repository):
            git(each, "init", "--quiet")
            git(each, "add", "--all")
            git(each, "commit", "--quiet", "--message", "as it is")

    def run(self) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [f"{TOOL}/pre-commit", "try-repo", str(self._source), "--all-files"],
            cwd=self.repository,
            env={**os.environ, **GIT, "PRE_COMMIT_HOME": str(self._cache)},
            capture_output=True,
            text=True,
            check=False,
        )
        if is_index_missing(done.stdout):
            pytest.skip("no package index can be reached")
        return done


def test_hooks_of_this_repository_run_in_another(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    done = hooks.run()
    assert done.returncode == 0, done.stdout
    for name in ("annotate check", "annotate check --fix", "annotate generate --check"):
        assert re.search(rf"(?m)^{name}\.+Passed$", done.stdout), done.stdout
    (hooks.repository / "corpus/articles/a.json").write_text("{}\n")
    (hooks.repository / "schema/annotation.schema.json").write_text("{}\n")
    git(hooks.repository, "add", "--all")
    done = hooks.run()
    assert done.returncode == 1
    assert re.search(r"corpus/articles/a\.json(:\d+)?: S1\d\d ", done.stdout), done.stdout
    assert "schema/annotation.schema.json: is stale" in done.stdout
