"""A released version without a tag is the last commit that changed its manifest."""

import json
import shutil
from pathlib import Path

import pytest

from annotate.comparison.releases import ReleaseHistory, keep_versions, version_of
from annotate.util.git import find_repository
from tests.release.conftest import VERSION, Maintained, committed_root, prepared_root, released, released_root
from tests.release.test_rules import BY_CODE, LABELS, MAJOR, MANIFEST, NEXT, check_rule, move_between_splits

__all__ = ["committed_root", "prepared_root", "released", "released_root"]
NEW_RANK = ("corpus/annotations/gold/harbour.json", '"rank": "hand"', '"rank": "other"')


@pytest.fixture
def untagged(released: Maintained) -> Maintained:
    """A corpus whose release 1.0.0 has a committed manifest and no tag, and whose last commit is a later one."""
    released.git("tag", "--delete", f"v{VERSION}")
    released.write("README.md", "The port.\n")
    released.commit()
    return released


def short_head(project: Maintained, revision: str = "HEAD") -> str:
    return project.git("rev-parse", revision)[:7]


def fail(project: Maintained, *words: str) -> str:
    """Return the one line of a command that cannot run."""
    done = project.annotate(*words)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    return done.output


def history(project: Maintained) -> ReleaseHistory:
    repository = find_repository(project.root)
    assert repository is not None
    return ReleaseHistory(repository, "corpus", "schema")


def test_plan_compares_with_the_commit_of_the_manifest(untagged: Maintained) -> None:
    commit = short_head(untagged, "HEAD~1")
    assert untagged.annotate("release", "plan").output == (
        f"Nothing changed since 1.0.0 (no tag; the manifest is of commit {commit}); there is nothing to release.\n"
    )
    untagged.replace(*NEW_RANK)
    text = untagged.annotate("release", "plan").output
    assert text.startswith(
        f"1.0.1 is the smallest version after 1.0.0 (no tag; the manifest is of commit {commit}): a patch change.\n"
        "  D301 patch: "
    )
    for since in ([], ["--since", VERSION], ["--since", f"v{VERSION}"]):
        plan = json.loads(untagged.annotate("release", "plan", "--format", "json", *since).output)
        assert (plan["last"], plan["smallest"]) == (VERSION, "1.0.1")
        assert plan["source"] == (None if since else commit)


def test_rules_compare_with_the_commit_of_the_manifest(untagged: Maintained) -> None:
    assert check_rule(untagged, NEXT, BY_CODE["V203"]) == []
    (message,) = check_rule(untagged, "0.9.0", BY_CODE["V101"])
    assert "0.9.0 is not higher than 1.0.0, the last release; choose a higher version, or remove" in message
    assert f"{MANIFEST} if 1.0.0 was not released" in message
    move_between_splits(untagged)
    assert any(
        "was in test in 1.0.0 and is in train now" in line for line in check_rule(untagged, NEXT, BY_CODE["V204"])
    )
    assert any("D106" in line and "release it as 2.0.0" in line for line in check_rule(untagged, NEXT, BY_CODE["V102"]))
    untagged.replace(LABELS, "definition: Who speaks.", "definition: Who speaks aloud.")
    assert any("since 1.0.0" in line for line in check_rule(untagged, MAJOR, BY_CODE["V106"]))


def test_next_release_of_an_untagged_one(untagged: Maintained) -> None:
    untagged.replace(*NEW_RANK)
    untagged.commit()
    untagged.prepare("1.0.1")
    assert "- Pieces of gold spans: 1 with other attributes.\n" in untagged.path("corpus/CHANGELOG.md").read_text()
    untagged.finish("1.0.1")
    assert untagged.git("tag").split() == ["v1.0.1"]


def test_tags_and_manifests_together(released: Maintained) -> None:
    """1.0.0 has a tag, 1.0.1 only a manifest: 1.0.1 is the last release before 1.0.2."""
    tagged = released.git("rev-parse", "HEAD")
    released.replace(*NEW_RANK)
    released.commit()
    released.prepare("1.0.1")
    prepared = released.git("rev-parse", "HEAD")
    released.path(MANIFEST).write_text(released.path(MANIFEST).read_text() + "\n")
    released.commit()
    assert history(released).versions == ["1.0.0", "1.0.1"]
    releases = [history(released).find_verified(version) for version in ("1.0.0", "1.0.1", "1.0.2")]
    assert [release and (release.commit, release.is_tagged) for release in releases] == [
        (tagged, True),
        (prepared, False),
        None,
    ]
    released.replace("corpus/annotations/gold/harbour.json", '"rank": "other"', '"rank": "hand"')
    assert released.annotate("release", "plan").output.startswith("1.0.2 is the smallest version after 1.0.1 (no tag; ")
    assert check_rule(released, "1.0.1", BY_CODE["V101"]) == [], "its own manifest is no other release"


def test_name_of_a_version_is_its_tag_or_its_commit(released: Maintained) -> None:
    released.replace(*NEW_RANK)
    released.commit()
    for tagged in (True, False):
        for name in (VERSION, f"v{VERSION}"):
            done = released.annotate("diff", name, ".", "--exit-code")
            assert (done.exit_code, f"{name} → ." in done.output) == (1, True), done.output
        assert released.annotate("diff", VERSION, "HEAD~1", "--exit-code").exit_code == 0
        if tagged:
            released.git("tag", "--delete", f"v{VERSION}")
    released.git("tag", VERSION)
    assert released.annotate("diff", VERSION, "HEAD", "--exit-code").exit_code == 0, "a revision has precedence"
    shutil.copytree(released.root, released.root.parent / "copy")
    shutil.move(released.root.parent / "copy", released.path(VERSION))
    assert released.annotate("diff", VERSION, "HEAD", "--exit-code").exit_code == 0, "a folder has precedence"


def test_manifest_that_is_not_committed(untagged: Maintained) -> None:
    untagged.write("releases/1.0.5.json", untagged.path(MANIFEST).read_text())
    problem = "releases/1.0.5.json: is not committed, so that no commit is known to be 1.0.5; commit it, or remove it"
    assert problem in fail(untagged, "diff", "1.0.5")
    assert problem in fail(untagged, "release", "check", NEXT)
    assert "Nothing changed since 1.0.0 " in untagged.annotate("release", "plan").output
    assert "1.0.5" not in "".join(check_rule(untagged, "1.0.5", BY_CODE["V101"]))


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("corpus/articles/market.json", "corpus/articles/market.json was changed"),
        ("schema/labels.yaml", "schema/labels.yaml was changed"),
        ("corpus/articles/new.txt", "corpus/articles/new.txt was added"),
        ("corpus/splits/test.txt", "corpus/splits/test.txt is missing"),
    ],
)
def test_manifest_of_another_corpus(untagged: Maintained, file: str, change: str) -> None:
    """The manifest was edited after the corpus had changed: its last commit is not the release."""
    path = untagged.path(file)
    if change.endswith("missing"):
        path.unlink()
    else:
        path.write_text(path.read_text() + " " if path.exists() else "A text.\n")
    untagged.commit()
    untagged.path(MANIFEST).write_text(untagged.path(MANIFEST).read_text() + "\n")
    untagged.commit()
    problem = (
        f"releases/1.0.0.json: does not fit {short_head(untagged)}, the last commit that changed it, where {change}"
    )
    hint = "; tag the commit of the release as v1.0.0, or commit the manifest with its files"
    for words in (("diff", VERSION), ("release", "plan"), ("release", "check", NEXT)):
        line = fail(untagged, *words)
        assert problem in line
        assert hint in line
    (message,) = check_rule(untagged, NEXT, BY_CODE["V203"]) or ["not listed"]
    assert message == "not listed" if change.endswith("added") else message.startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"version": "1.0.0"', '"version": "1.0.1"', "has the version 1.0.1; restore it, or rename it"),
        ('"files"', '"folders"', "is not a release manifest"),
        ("annotate release 1", "annotate release 2", "has the format 'annotate release 2'"),
        (None, "", "is not a release manifest"),
    ],
)
def test_manifest_that_is_broken(untagged: Maintained, old: str | None, new: str, problem: str) -> None:
    path = untagged.path(MANIFEST)
    path.write_text(path.read_text().replace(old, new, 1) if old else new)
    untagged.commit()
    assert problem in fail(untagged, "diff", VERSION)
    assert problem in fail(untagged, "release", "plan")


def test_manifest_of_a_higher_version(untagged: Maintained) -> None:
    untagged.write("releases/3.0.0.json", untagged.path(MANIFEST).read_text())
    untagged.commit()
    (message,) = check_rule(untagged, NEXT, BY_CODE["V101"])
    assert message.endswith(
        "1.1.0 is not higher than 3.0.0, the last release; choose a higher version, or remove releases/3.0.0.json if "
        "3.0.0 was not released"
    )
    assert check_rule(untagged, NEXT, BY_CODE["V102"]) == [], "1.1.0 is compared with 1.0.0"


def test_manifest_that_was_removed_is_no_release(untagged: Maintained) -> None:
    untagged.git("rm", "--quiet", MANIFEST)
    untagged.commit()
    assert untagged.annotate("release", "plan").output.startswith("1.0.0 is the first release: there is no tag and no ")
    assert "`git tag` lists the tagged ones, and releases/ the others" in fail(untagged, "diff", VERSION)


def test_shallow_clone_lacks_the_commit(untagged: Maintained, tmp_path: Path) -> None:
    untagged.git("clone", "--quiet", "--depth", "1", f"file://{untagged.root}", str(tmp_path / "shallow"))
    shallow = Maintained(tmp_path / "shallow")
    assert "1.0.0: is not in this shallow clone; run `git fetch --unshallow --tags`" in fail(shallow, "diff", VERSION)
    assert "is in a shallow clone, which lacks the earlier releases" in fail(shallow, "release", "plan")


def test_corpus_below_the_top_of_the_repository(untagged: Maintained) -> None:
    untagged.path("data").mkdir()
    for name in ("corpus", "schema", "releases", "CITATION.cff"):
        untagged.git("mv", name, f"data/{name}")
    untagged.commit()
    commit = short_head(untagged)
    below = Maintained(untagged.path("data"))
    below.replace(*NEW_RANK)
    assert (
        f"after 1.0.0 (no tag; the manifest is of commit {commit}): a patch" in below.annotate("release", "plan").output
    )
    assert below.annotate("diff", VERSION, "corpus", "--exit-code").exit_code == 1


def test_manifest_changed_on_a_branch_that_was_merged(untagged: Maintained) -> None:
    main = untagged.git("branch", "--show-current")
    untagged.git("checkout", "--quiet", "-b", "side")
    untagged.path(MANIFEST).write_text(untagged.path(MANIFEST).read_text() + "\n")
    untagged.commit()
    changed = untagged.git("rev-parse", "HEAD")
    untagged.git("checkout", "--quiet", main)
    untagged.replace(*NEW_RANK)
    untagged.commit()
    untagged.git("merge", "--quiet", "--no-edit", "side")
    release = history(untagged).find_verified(VERSION)
    assert release is not None
    assert release.commit == changed


def test_names_of_versions() -> None:
    assert [version_of(name) for name in ("0.1.0", "v0.1.0", "v0.1", "HEAD", "0.1.0\n", "V0.1.0", "vv0.1.0")] == [
        *("0.1.0", "0.1.0"),
        *[None] * 5,
    ]
    assert list(keep_versions(["0.1.0", "01.1.0", "x", "1.0.0.1", "10.0.0"])) == ["0.1.0", "10.0.0"]
