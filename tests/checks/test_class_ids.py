"""Class ids that moved since the last release are found, where git has the released file."""

import json
from pathlib import Path

import pytest

from annotate.findings import Finding
from annotate.offsets import sha256
from tests.conftest import Project
from tests.release.conftest import Maintained

IDS, MANIFEST = "schema/classes.json", "releases/1.0.0.json"


@pytest.fixture
def released(project: Project) -> Maintained:
    """A project with class ids, whose release 1.0.0 has a manifest and a tag."""
    assert project.annotate("generate").exit_code == 0
    maintained = Maintained(project.root)
    listed = {IDS: sha256(project.path(IDS).read_bytes())}
    manifest = {"format": "annotate release 1", "version": "1.0.0", "inventory": "1.0.0", "files": listed}
    maintained.write(MANIFEST, json.dumps(manifest))
    maintained.write("corpus/CHANGELOG.md", "# Changes of the data\n")
    maintained.git("init", "--quiet")
    maintained.git("config", "user.name", "maintainer")
    maintained.git("config", "user.email", "maintainer@example.org")
    maintained.commit()
    maintained.git("tag", "v1.0.0")
    return maintained


def find(project: Project) -> list[Finding]:
    return [finding for finding in project.check() if finding.code == "C509"]


def test_names_that_changed_places(released: Maintained) -> None:
    assert find(released) == []
    released.replace(IDS, '"Speaker",\n    "Verb"', '"Verb",\n    "Speaker"')
    [finding] = find(released)
    assert finding.message == (
        "spans: the class ids of Speaker, Verb differ from those of 1.0.0; restore the order of the file, and add new "
        "names at the end"
    )
    assert finding.file.endswith(IDS)
    released.commit()
    assert len(find(released)) == 1
    released.write("corpus/waivers.yaml", "waivers:\n  - {code: C509, reason: A major version.}\n")
    assert released.check() == []


def test_without_a_tag_the_commit_of_the_manifest_counts(released: Maintained) -> None:
    released.git("tag", "--delete", "v1.0.0")
    released.replace(IDS, '"master",\n      "hand"', '"hand",\n      "master"')
    released.commit()
    assert [finding.message.partition(":")[0] for finding in find(released)] == ["attributes.rank"]


def test_a_new_name_at_the_end_and_a_renamed_one_are_no_finding(released: Maintained) -> None:
    released.replace(IDS, '"Load",\n    "Quay"', '"Load",\n    "Pier",\n    "Quay2"')
    assert find(released) == []


def test_another_file_at_the_commit_of_the_release_is_not_compared(released: Maintained) -> None:
    released.replace(MANIFEST, '"files": {', f'"files": {{"x": "{"0" * 64}", ')
    released.replace(IDS, '"Speaker",\n    "Verb"', '"Verb",\n    "Speaker"')
    manifest = json.loads(released.path(MANIFEST).read_text())
    manifest["files"][IDS] = "0" * 64
    released.write(MANIFEST, json.dumps(manifest))
    assert find(released) == []


@pytest.mark.parametrize("files", ["[]", "{}", f'{{"{IDS}": 3}}', f'{{"{IDS}": "0"}}', ""])
def test_without_a_repository_nothing_is_compared(
    project: Project, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path(project.root).parent))
    assert project.annotate("generate").exit_code == 0
    project.replace(IDS, '"Speaker",\n    "Verb"', '"Verb",\n    "Speaker"')
    project.path("releases").mkdir()
    project.path(MANIFEST).write_text(f'{{"files": {files}}}')
    assert find(project) == []
