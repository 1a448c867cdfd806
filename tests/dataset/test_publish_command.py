"""Publishing to a Hub on this machine: what arrives, what is refused, and the state after a fault."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from annotate.dataset.publication import list_files, plan_steps
from tests.conftest import Project, read_files
from tests.dataset import hub as hubs
from tests.dataset.hub import TOKEN, Hub

REPO = "port-office/port-news"
CLOSED = "http://127.0.0.1:9"
"""An address without a server."""


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hubs.serving() as serving:
        yield serving
        assert [call for call in serving.calls if call.startswith("FAILED")] == []


@pytest.fixture(scope="session")
def _release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with a version, all of it committed, and its dataset built."""
    project = Project(tmp_path_factory.mktemp("publish") / "project")
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n\n- The first release.\n")
    project.path(".gitignore").write_text("/dist/\n/home/\n")
    git(project.root, "init", "--quiet")
    commit(project)
    return project.root


@pytest.fixture
def release(_release: Path, project: Project) -> Project:
    """A copy of it that a test may change."""
    shutil.copytree(_release, project.root, dirs_exist_ok=True)
    return project


def commit(project: Project) -> None:
    git(project.root, "add", "-A")
    git(project.root, "commit", "--quiet", "--allow-empty", "-m", "as it is")
    built = project.annotate("build", "--out", "dist/dataset")
    assert built.exit_code == 0, built.output


class Done:
    """The output of a run of the program; the token is never in it."""

    def __init__(self, run: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = run.returncode, run.stdout, run.stderr
        assert TOKEN not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr

    @property
    def line(self) -> str:
        """The one line on standard error."""
        (line,) = self.err.splitlines()
        return line


def publish(project: Project, url: str, *words: str, token: str | None = TOKEN, offline: bool = False) -> Done:
    """Run the program as its user would, with everything it reads from the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    env = kept | {
        "HF_ENDPOINT": url,
        "HF_HOME": str(project.path("home")),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **({"HF_TOKEN": token} if token else {}),
        **({"HF_HUB_OFFLINE": "1"} if offline else {}),
    }
    run = [str(Path(sys.executable).parent / "annotate"), "publish", "--repo", REPO, *words]
    return Done(subprocess.run(run, cwd=project.root, env=env, capture_output=True, text=True, check=False))


def built(project: Project) -> dict[str, bytes]:
    return read_files(project.path("dist/dataset"))


def published(hub: Hub, revision: str = "main") -> dict[str, bytes]:
    _, tree = hub.repos[REPO].tree(revision)
    return {path: data for path, data in tree.items() if path != ".gitattributes"}


def test_a_release_arrives_whole_and_comes_back_the_same(release: Project, hub: Hub, tmp_path: Path) -> None:
    done = publish(release, hub.url, "--create", "--private")
    assert done.code == 0, done.err
    assert published(hub) == published(hub, "1.0.0") == built(release)
    repo = hub.repos[REPO]
    assert repo.private
    assert [title for _, title, _ in repo.commits] == ["initial commit", "Release 1.0.0"]
    assert f"1.0.0 published as commit {repo.commits[-1][0]}" in done.out
    assert [call for call in hub.calls if call.startswith("PUT /lfs/")]
    script = f"""
import sys
from pathlib import Path
from datasets import load_dataset
from huggingface_hub import snapshot_download
folder = Path(snapshot_download({REPO!r}, repo_type="dataset", revision="1.0.0"))
for path in sorted(Path("dist/dataset").rglob("*")):
    if path.is_file():
        assert (folder / path.relative_to("dist/dataset")).read_bytes() == path.read_bytes(), path
there = load_dataset({REPO!r}, revision="1.0.0", split="train")
here = load_dataset("dist/dataset", split="train")
assert list(there) == list(here) and there.features == here.features
print(there.num_rows)
"""
    env = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "reader"), "HF_HUB_DISABLE_XET": "1"}
    words = [sys.executable, "-c", script]
    read = subprocess.run(words, cwd=release.root, env=env, capture_output=True, text=True, check=False)
    assert (read.returncode, read.stdout.strip()) == (0, "1"), read.stderr


def test_the_plan_says_what_would_change_and_changes_nothing(release: Project, hub: Hub) -> None:
    hub.make(REPO)
    done = publish(release, hub.url, "--plan", token=None)
    assert done.code == 0, done.err
    assert len(hub.repos[REPO].commits) == 1
    assert {call.partition(" ")[0] for call in hub.calls} <= {"GET", "HEAD"}
    rows = [line.split() for line in done.out.splitlines()[:-1]]
    sizes = {path: f"{len(data):,}" for path, data in built(release).items()}
    assert {(row[0], row[2], row[1]) for row in rows if row[0] == "new"} == {
        ("new", path, size) for path, size in sizes.items()
    }
    assert done.out.splitlines()[-1].startswith(f"{REPO}: version and tag 1.0.0; {len(sizes)} new, 1 kept; ")


def test_the_plan_says_what_speaks_against_it(release: Project, hub: Hub) -> None:
    hub.make(REPO).tags["1.0.0"] = "of another day"
    spoil_tree(release)
    done = publish(release, hub.url, "--plan")
    assert done.code == 1
    refused = [line for line in done.out.splitlines() if line.startswith("refused: ")]
    assert [line.split(":")[1].strip() for line in refused] == ["corpus", REPO]
    as_data = json.loads(publish(release, hub.url, "--plan", "--format", "json").out)
    assert [f"refused: {line}" for line in as_data["refused"]] == refused


def test_a_second_release_sends_changed_files_and_deletes_removed_ones(release: Project, hub: Hub) -> None:
    assert publish(release, hub.url, "--create").code == 0
    before = built(release)
    release.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.1.0\n\n## 1.0.0\n")
    (split,) = [path for path in release.path("corpus/splits").iterdir() if path.stem != "train"]
    release.path("corpus/splits/train.txt").write_text(
        "".join(sorted(path.read_text() for path in release.path("corpus/splits").iterdir()))
    )
    split.unlink()
    commit(release)
    gone = set(before) - set(built(release))
    assert gone
    planned = json.loads(publish(release, hub.url, "--plan", "--format", "json").out)
    assert {step["path"] for step in planned["files"] if step["change"] == "gone"} == gone
    done = publish(release, hub.url)
    assert done.code == 0, done.err
    assert published(hub) == built(release)
    assert published(hub, "1.0.0") == before
    assert set(hub.repos[REPO].tags) == {"1.0.0", "1.1.0"}


def test_a_choice_of_tables_is_what_the_corpus_builds_as_well(release: Project, hub: Hub) -> None:
    chosen = release.annotate("build", "--out", "dist/dataset", "--config", "relations", "--negatives")
    assert chosen.exit_code == 0, chosen.output
    assert publish(release, hub.url, "--create").code == 0
    assert published(hub) == built(release)


def test_a_dataset_without_text_stays_without(release: Project, hub: Hub) -> None:
    assert release.annotate("build", "--out", "dist/dataset", "--without-text").exit_code == 0
    done = publish(release, hub.url, "--create")
    assert done.code == 0, done.err
    assert published(hub) == built(release)
    assert not [path for path, data in published(hub).items() if b"harbour master" in data.lower()]


def spoil_tree(project: Project) -> None:
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n\n- Not committed.\n")


def spoil_checks(project: Project) -> None:
    project.replace("corpus/annotations/gold/harbour.json", '"start": ', '"start": 9')
    git(project.root, "commit", "--quiet", "-am", "broken")


def spoil_card(project: Project) -> None:
    with project.path("dist/dataset/README.md").open("a") as card:
        card.write("More.\n")


def spoil_folder(project: Project) -> None:
    project.path("dist/dataset/load.py").write_text("print()\n")


def spoil_version(project: Project) -> None:
    project.path("corpus/CHANGELOG.md").write_text("# Changes\n")
    commit(project)


def spoil_git(project: Project) -> None:
    project.path(".git").rename(project.path("home-of-git"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_tree, "annotate: corpus: the git tree has 1 change, the first in corpus/CHANGELOG.md; commit them"),
        (spoil_checks, "annotate: corpus: "),
        (spoil_card, "differs from what the corpus builds now in README.md; run `annotate build --out dist/dataset`"),
        (spoil_folder, "annotate: dist/dataset: holds load.py, which the corpus does not build now; run `annotate"),
        (spoil_version, "annotate: corpus/CHANGELOG.md: names no version; give the release a heading there"),
        (spoil_git, "annotate: corpus: is not in a git repository with a commit; commit the corpus first"),
    ],
)
def test_release_that_is_not_ready_is_refused_before_any_request(
    release: Project, hub: Hub, spoil: Callable[[Project], None], says: str
) -> None:
    spoil(release)
    result = release.annotate("publish", "--repo", REPO)
    assert result.exit_code == 1
    assert says in result.output
    assert len(result.output.splitlines()) == 1
    assert hub.calls == []


def test_a_version_is_published_once(release: Project, hub: Hub) -> None:
    assert publish(release, hub.url, "--create").code == 0
    commits = len(hub.repos[REPO].commits)
    again = publish(release, hub.url)
    assert again.code == 1
    assert again.line.endswith("the tag 1.0.0 exists; a release never changes, so raise the version")
    assert len(hub.repos[REPO].commits) == commits


def test_a_repository_of_others_is_left_alone(release: Project, hub: Hub) -> None:
    repo = hub.make(REPO, README__md=b"precious")
    done = publish(release, hub.url)
    assert done.code == 1
    assert done.line == f"annotate: {REPO}: holds README.md but no release of this toolkit; choose another repository"
    assert len(repo.commits) == 1


def test_a_missing_repository_is_made_only_when_asked_for(release: Project, hub: Hub) -> None:
    done = publish(release, hub.url)
    assert done.code == 1
    assert done.line == f"annotate: {REPO}: no such repository, or none that you may see; create it with --create"
    assert hub.repos == {}


def test_without_a_token_nothing_is_tried(release: Project, hub: Hub) -> None:
    done = publish(release, hub.url, token=None)
    assert done.code == 2
    assert done.line == f"annotate: {REPO}: there is no token; log in with `hf auth login`, or set HF_TOKEN"
    assert hub.calls == []


def test_a_wrong_token_is_refused_and_not_shown(release: Project, hub: Hub) -> None:
    repo, wrong = hub.make(REPO), "hf_WrongAndSecretAllTheSame"
    done = publish(release, hub.url, token=wrong)
    assert done.code == 2
    assert "the Hub does not accept the token (HTTP 401); log in" in done.line
    assert wrong not in done.out + done.err
    assert len(repo.commits) == 1


@pytest.mark.parametrize(
    ("call", "status", "says"),
    [
        (f"GET /api/datasets/{REPO}", 500, "the Hub failed (HTTP 500); try again later"),
        ("/preupload/", 403, "the Hub does not allow this (HTTP 403); ask for write access"),
        ("PUT /lfs/", 403, "the Hub does not allow this (HTTP 403)"),
        ("/commit/", 500, "the Hub failed (HTTP 500); try again later"),
        ("/commit/", 412, "the Hub reports that the repository has just changed (HTTP 412); see --plan"),
    ],
)
def test_a_fault_before_the_commit_changes_nothing(
    release: Project, hub: Hub, call: str, status: int, says: str
) -> None:
    repo = hub.make(REPO)
    hub.faults[call] = status
    done = publish(release, hub.url)
    assert done.code == 2
    assert done.line.startswith(f"annotate: {REPO}: {says}")
    assert (len(repo.commits), repo.tags) == (1, {})
    hub.faults.clear()
    assert publish(release, hub.url).code == 0
    assert published(hub, "1.0.0") == built(release)


def test_a_fault_between_commit_and_tag_is_finished_by_another_run(release: Project, hub: Hub) -> None:
    repo = hub.make(REPO)
    hub.faults["/tag/"] = 500
    done = publish(release, hub.url)
    assert done.code == 2
    oid = repo.commits[-1][0]
    assert f"commit {oid} was made, but not its tag 1.0.0" in done.line
    assert done.line.endswith("publish again, which only sets the tag")
    assert repo.tags == {}
    hub.faults.clear()
    assert publish(release, hub.url).code == 0
    assert (repo.commits[-1][0], repo.tags) == (oid, {"1.0.0": oid})


def test_a_hub_that_does_not_answer_is_one_line(release: Project) -> None:
    done = publish(release, CLOSED)
    assert done.code == 2
    assert done.line == f"annotate: {REPO}: cannot be reached; check the network and HF_ENDPOINT, then try again"


def test_an_offline_machine_is_one_line(release: Project, hub: Hub) -> None:
    done = publish(release, hub.url, "--plan", offline=True)
    assert done.code == 2
    assert done.line.startswith(f"annotate: {REPO}: cannot be reached; ")
    assert hub.calls == []


def test_a_fault_while_looking_is_one_line(release: Project, hub: Hub) -> None:
    assert publish(release, hub.url, "--create").code == 0
    hub.faults["/resolve/"] = 403  # what is asked again and again (a 500) takes half a minute
    done = publish(release, hub.url, "--plan")
    assert done.code == 2
    assert done.line.startswith(f"annotate: {REPO}: ")


def test_an_invalid_name_is_one_line(release: Project, hub: Hub) -> None:
    done = publish(release, hub.url, "--repo", "not a name")
    assert done.code == 2
    assert done.line == "annotate: not a name: not the name of a repository; write OWNER/NAME"


def test_files_are_known_by_either_hash(release: Project) -> None:
    local = list_files(release.path("dist/dataset"))
    for pick in (min, max):
        there = {one.path: one._replace(hashes=frozenset((pick(one.hashes, key=len),))) for one in local}
        assert {step.change for step in plan_steps(local, there, None)} == {"same"}
