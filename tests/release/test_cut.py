"""`annotate release cut`: two steps, one result; a killed, failed or refused run leaves nothing incomplete."""

import fcntl
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from annotate.release.cut import CutOptions, cut_release
from annotate.util.progress import Advance
from tests.release.conftest import DAY, DRAFT, VERSION, Maintained

FOLDER = f"dist/release/{VERSION}"
TO_COME = f"releases/{VERSION}.json"


def test_two_steps_and_what_they_say(port: Maintained) -> None:
    before = port.tree()
    first = port.annotate("release", "cut", VERSION, "--date", DAY)
    assert first.exit_code == 1
    assert first.output == (
        "prepared CITATION.cff\nprepared corpus/CHANGELOG.md\nprepared releases/1.0.0.json\nNot released yet. Next:\n"
        "  say in the changelog what changed and why, and delete the line of the draft\n"
        "  review the files and commit them\n  annotate release cut 1.0.0\n"
    )
    assert port.tree().keys() - before.keys() == {"corpus/CHANGELOG.md", TO_COME}
    changelog = port.path("corpus/CHANGELOG.md").read_text()
    assert changelog == (
        f"# Changes of the data\n\n## 1.0.0 ({DAY})\n\n{DRAFT}\n"
        "- Articles: 2.\n- Gold spans: 10 (11 pieces).\n- Gold relations: 6.\n"
    )
    assert port.path("CITATION.cff").read_text().endswith(f'version: 1.0.0\ndate-released: "{DAY}"\n')
    again = port.annotate("release", "cut", VERSION)
    assert again.exit_code == 1
    assert {line.split()[1] for line in again.output.splitlines()[:2]} == {"V104", "V201"}
    port.commit()
    assert "V104 the entry 1.0.0 is a draft" in port.annotate("release", "cut", VERSION).output
    assert not port.path("dist").exists()
    assert not port.git("tag")


@pytest.mark.parametrize(("first", "smallest", "inventory"), [("0.3.0", "0.4.0", "1.1.0"), ("3.0.0", "4.0.0", "4.0.0")])
def test_first_release_of_another_version_than_the_inventory(
    port: Maintained, first: str, smallest: str, inventory: str
) -> None:
    """The first release has any version (V106), and the next one follows it, whatever the inventory is."""
    assert "V106" not in port.annotate("release", "check", first).output
    port.prepare(first)
    assert port.annotate("release", "check", first).exit_code == 0
    port.finish(first)
    assert port.annotate("release", "verify", f"dist/release/{first}").exit_code == 0
    assert json.loads(port.path(f"releases/{first}.json").read_text())["inventory"] == "1.0.0"
    port.replace("schema/labels.yaml", "definition: Who speaks.", "definition: Who speaks aloud.")
    port.commit()
    assert port.annotate("release", "plan").output.startswith(f"{smallest} is the smallest version after {first}: ")
    assert "the label Speaker was redefined since 1.0.0" in port.annotate("release", "check", smallest).output
    oldest = "" if inventory.startswith("1.") else "oldest: 1.0.0\n"
    port.replace("schema/labels.yaml", "version: 1.0.0\n", f"version: {inventory}\n{oldest}")
    assert port.annotate("generate").exit_code == 0
    port.commit()
    port.prepare(smallest)
    port.finish(smallest)
    card = port.path(f"dist/release/{smallest}/dataset/README.md").read_text()
    assert f"Labels: inventory {inventory}, last looked at with 1.0.0 (2 articles)." in card


def test_tag_names_what_is_in_the_folder(released: Maintained) -> None:
    tag_message = released.git("cat-file", "tag", f"v{VERSION}")
    assert "\nPort news 1.0.0\n\nWritten by a person.\n\n- Articles: 2.\n" in tag_message
    sums = tag_message.split()[-1]
    done = released.annotate("release", "verify", FOLDER, "--sums", sums)
    assert (done.exit_code, done.output) == (0, f"{FOLDER}: is as it was released\n")
    listed = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=released.path(FOLDER), check=True)
    assert listed.returncode == 0


def test_another_clone_gives_the_same_bytes(prepared: Maintained, released: Maintained, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    prepared.git("clone", "--quiet", ".", str(elsewhere))
    clone = Maintained(elsewhere)
    clone.git("config", "user.name", "somebody")
    clone.git("config", "user.email", "somebody@example.org")
    clone.finish(VERSION)
    assert clone.built() == released.built()


def test_archive_has_the_sources_and_no_owner_or_time(released: Maintained) -> None:
    with tarfile.open(released.path(f"{FOLDER}/sources-{VERSION}.tar.gz")) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode) for member in members} == {
        (0, 0, 0, "", "", 0o644)
    }
    assert f"sources-{VERSION}/corpus/sources/port.txt" in {member.name for member in members}
    since = released.annotate("release", "plan", "--since", FOLDER)
    assert (since.exit_code, since.output) == (0, "Nothing changed since 1.0.0; there is nothing to release.\n")


def test_cutting_again_gives_the_folder_again(released: Maintained) -> None:
    before = released.built()
    shutil.rmtree(released.path("dist"))
    released.finish(VERSION)
    assert released.built() == before
    released.finish(VERSION)
    assert released.built() == before


def test_release_without_text_has_no_word_of_the_articles(released: Maintained) -> None:
    done = released.annotate("release", "cut", VERSION, "--without-text", "--out", "dist/open")
    assert done.exit_code == 0, done.output
    folder = released.path("dist/open")
    assert {path.name for path in folder.iterdir()} == {"dataset", "release.json", "provenance.json", "SHA256SUMS"}
    assert not [path for path in folder.rglob("*") if path.is_file() and "Café Quay".encode() in path.read_bytes()]
    assert released.annotate("release", "verify", "dist/open").exit_code == 0


def test_next_release_names_what_changed(released: Maintained) -> None:
    released.replace("corpus/annotations/gold/harbour.json", '"rank": "hand"', '"rank": "other"')
    refused = released.annotate("release", "cut", "1.0.1")
    assert refused.exit_code == 1
    assert "corpus/annotations/gold/harbour.json: V201 is not committed" in refused.output
    commands = released.annotate("release", "cut", "1.0.1", "--format", "github").output
    assert "::error file=corpus/annotations/gold/harbour.json,title=V201::is not committed" in commands
    released.commit()
    plan = released.annotate("release", "plan")
    assert plan.output.startswith("1.0.1 is the smallest version after 1.0.0: a patch change.\n  D301 patch: ")
    lower = released.annotate("release", "cut", "0.9.9")
    assert (lower.exit_code, "V101 0.9.9 is not higher than 1.0.0" in lower.output) == (1, True)
    released.prepare("1.0.1")
    changelog = released.path("corpus/CHANGELOG.md").read_text()
    assert "- Pieces of gold spans: 1 with other attributes.\n" in changelog
    assert changelog.index("## 1.0.1") < changelog.index("## 1.0.0")
    released.finish("1.0.1")
    assert released.git("tag").split() == ["v1.0.0", "v1.0.1"]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ("corpus/notes.orig", "V201"),
        ("corpus/splits/train.txt", "V301"),
    ],
)
def test_refused_release_writes_nothing(port: Maintained, spoil: str, code: str) -> None:
    port.write(spoil, "nobody\n")
    if code == "V301":
        port.commit()
    before = port.tree()
    done = port.annotate("release", "cut", VERSION)
    assert (done.exit_code, code in done.output) == (1, True), done.output
    assert port.tree() == before


def cut_until_killed(root: Path, what: str, times: int) -> None:
    """Cut a release, and die when the activity `what` begins for the n-th time."""
    seen = []

    def progress(activity: str, _total: int | None) -> Advance:
        seen.append(activity)
        if [each.startswith(what) for each in seen].count(True) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return lambda _: None

    os.chdir(root)
    tempfile.tempdir = str(root.parent)  # what a killed run leaves goes with the test
    cut_release(CutOptions(VERSION, Path("corpus"), Path("schema"), Path(FOLDER), DAY), progress)


def kill(root: Path, what: str, times: int = 1) -> None:
    process = multiprocessing.get_context("spawn").Process(target=cut_until_killed, args=(root, what, times))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_killed_while_it_prepares(port: Maintained, released: Maintained) -> None:
    kill(port.root, "building the dataset twice", 2)
    left = {".CITATION.cff.original.part", "CITATION.cff", "corpus/CHANGELOG.md"}
    assert set(port.git("status", "--porcelain").split()) - {"M", "??"} == left
    port.prepare(VERSION)
    port.finish(VERSION)
    assert (port.tree(), port.built()) == (released.tree(), released.built())


@pytest.mark.parametrize("what", ["packing the sources", "making the tag"])
def test_killed_while_it_writes(prepared: Maintained, released: Maintained, what: str) -> None:
    kill(prepared.root, what)
    assert not prepared.git("tag")
    assert prepared.path(FOLDER).exists() == (what == "making the tag")
    prepared.finish(VERSION)
    assert (prepared.tree(), prepared.built()) == (released.tree(), released.built())
    assert (
        prepared.git("cat-file", "tag", f"v{VERSION}").split()[-1]
        == released.git("cat-file", "tag", "v1.0.0").split()[-1]
    )


def test_temporary_files_of_a_killed_run_are_removed(port: Maintained, released: Maintained) -> None:
    port.write(".CITATION.cff.abcd1234.part", "half")
    port.write("corpus/.CHANGELOG.md.abcd1234.part", "half")
    port.write("releases/.1.0.0.json.abcd1234.part", "half")
    port.prepare(VERSION)
    port.finish(VERSION)
    assert port.tree() == released.tree()


@pytest.mark.parametrize("stage", ["prepare", "finish"])
def test_full_disk_leaves_everything_as_it_was(
    port: Maintained, prepared: Maintained, released: Maintained, stage: str
) -> None:
    """No file may be larger than one byte less than the largest of those that are written at this stage."""
    project = port if stage == "prepare" else prepared
    written = [data for name, data in released.built().items() if "/dataset/" in name or stage == "finish"]
    limit = max(map(len, written)) - 1
    if stage == "prepare":
        limit = len(released.path(TO_COME).read_bytes()) - 1

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    before = project.tree()
    words = [str(Path(sys.executable).parent / "annotate"), "release", "cut", VERSION, "--date", DAY]
    done = subprocess.run(words, cwd=project.root, preexec_fn=little_room, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
    assert "file too large" in done.stderr
    assert project.tree() == before
    assert not project.built()
    assert not project.git("tag")


def test_second_process_is_refused(port: Maintained) -> None:
    with port.path(".git/annotate-release.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = port.annotate("release", "cut", VERSION)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "another release is being cut; wait for its end" in done.output


@pytest.mark.parametrize(
    ("out", "words"),
    [("out", "is not ignored by git"), ("dist/mine", "exists and is not a release folder; choose another folder")],
)
def test_folder_that_is_not_a_release_is_not_replaced(prepared: Maintained, out: str, words: str) -> None:
    prepared.write("dist/mine/thesis.txt", "x")
    done = prepared.annotate("release", "cut", VERSION, "--out", out)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert words in done.output
    assert prepared.path("dist/mine/thesis.txt").read_text() == "x"
    assert not prepared.git("tag")


def test_old_contents_are_restored_on_a_full_disk(tmp_path: Path) -> None:
    """This runs in a process of its own, since the limit cannot be lifted."""
    code = """
import resource
from pathlib import Path
from annotate.release.cut import FileEdits
from annotate.util.files import FileToWrite
edits = FileEdits()
edits.write(FileToWrite(Path("old.txt"), b"new"))
edits.write(FileToWrite(Path("folder/new.txt"), b"new"))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
edits.undo()
"""
    (tmp_path / "old.txt").write_text("old")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {"old.txt": "old"}


def test_tag_that_git_did_not_create_is_created_by_the_next_run(
    prepared: Maintained, released: Maintained, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("user.name", "user.email"):
        prepared.git("config", "--unset", name)
    prepared.git("config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    done = prepared.annotate("release", "cut", VERSION)
    assert (done.exit_code, done.output) == (
        2,
        "annotate: v1.0.0: git did not create the tag; see `git tag`, and set user.name and user.email; "
        "then run it again\n",
    )
    assert prepared.built() == released.built()
    prepared.git("config", "user.name", "maintainer")
    prepared.git("config", "user.email", "maintainer@example.org")
    prepared.finish(VERSION)
    assert prepared.git("tag") == f"v{VERSION}"
