"""Each mistake in a small project gives the findings that it must give, and no others."""

from pathlib import Path

import pytest

from tests.mutation.changes import Mutation
from tests.mutation.decided import DECIDED, DecidedProject
from tests.mutation.mutations import list_mutations
from tests.mutation.project import MutableProject


@pytest.fixture(scope="module")
def mutable(tmp_path_factory: pytest.TempPathFactory) -> MutableProject:
    return MutableProject(tmp_path_factory.mktemp("mutation") / "project")


def test_project_has_no_finding_and_is_put_back(mutable: MutableProject) -> None:
    assert mutable.find_codes() == []
    mutable.write("corpus/links.json", "").write("new/file.txt", "").delete("LICENSE").restore()
    assert mutable.find_codes() == []
    assert not Path(mutable.root / "new" / "file.txt").exists()


def find_wrong(project: MutableProject, mutations: list[Mutation]) -> list[str]:
    """Return the mutations that give other findings than they must."""
    wrong = []
    for mutation in mutations:
        mutation.change(project)
        codes = tuple(sorted(project.find_codes()))
        project.restore()
        if codes != mutation.codes:
            wrong.append(f"{mutation.name}: {codes}, not {mutation.codes}")
    return wrong


def test_each_mistake_is_found(mutable: MutableProject) -> None:
    assert find_wrong(mutable, list_mutations(mutable)) == []


def test_each_mistake_in_decided_gold_is_found(tmp_path: Path) -> None:
    project = DecidedProject(tmp_path / "project")
    assert project.find_codes() == []
    assert find_wrong(project, DECIDED) == []


def test_a_waived_error_explains_no_difference_from_decisions(tmp_path: Path) -> None:
    project = DecidedProject(tmp_path / "project")
    (mutation,) = (mutation for mutation in DECIDED if mutation.codes == ("P303",))
    mutation.change(project)
    project.write("corpus/waivers.yaml", "waivers:\n- {code: P303, reason: The words are a misprint.}\n")
    assert project.find_codes() == ["C803"]


def test_table_of_mutations_is_large_and_explains_what_is_not_one_finding(mutable: MutableProject) -> None:
    mutations = [*list_mutations(mutable), *DECIDED]
    assert len(mutations) >= 550
    assert len({mutation.name for mutation in mutations}) == len(mutations)
    unexplained = [mutation.name for mutation in mutations if len(mutation.codes) != 1 and not mutation.why]
    assert unexplained == []
