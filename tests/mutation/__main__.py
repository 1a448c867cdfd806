"""Print the table of mutations: `python -m tests.mutation`."""

import tempfile
from pathlib import Path

from tests.mutation.decided import DECIDED, DecidedProject
from tests.mutation.mutations import list_mutations
from tests.mutation.project import MutableProject


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project, decided = MutableProject(Path(folder) / "project"), DecidedProject(Path(folder) / "decided")
        mutations = [*((project, each) for each in list_mutations(project)), *((decided, each) for each in DECIDED)]
        uncaught = wrong = 0
        print("| mutation | findings | expected |\n| --- | --- | --- |")
        for project, mutation in mutations:
            mutation.change(project)
            codes = tuple(sorted(project.find_codes()))
            project.restore()
            uncaught += not codes
            wrong += codes != mutation.codes
            expected = "" if codes == mutation.codes else ", ".join(mutation.codes) or "none"
            print(f"| {mutation.name} | {', '.join(codes) or 'none'} | {expected} |")
        print(f"\n{len(mutations)} mutations, {uncaught} without a finding, {wrong} not as expected")


if __name__ == "__main__":
    main()
