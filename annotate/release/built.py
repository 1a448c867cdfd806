"""V4: the dataset: built to the same bytes twice, loaded table by table, and listed hash by hash."""

from collections.abc import Iterator

from annotate.dataset.release import stale
from annotate.findings import Problem, Rule, rule
from annotate.release.candidate import Candidate
from annotate.release.loading import load
from annotate.release.manifest import dataset_differences, differences, manifest_path


@rule("V401")
def not_reproducible(candidate: Candidate) -> Iterator[Problem]:
    """The dataset comes out the same, byte for byte, when it is built twice.

    Why: a release that cannot be built again cannot be checked by anybody.
    Fails: a row whose order hangs on the hashing of the process; a time of building in a file.
    Passes: two folders, built in two processes, with the same files.
    """
    reason = stale(candidate.built.second, candidate.built.first)
    if reason:
        yield Problem(f"the dataset, built a second time, {reason}; report it as a fault of the toolkit")


@rule("V402")
def table_does_not_load(candidate: Candidate) -> Iterator[Problem]:
    """Each table of the dataset loads with the library `datasets`, in a process of its own, with all its rows.

    Why: it is what users do first.
    Fails: a card that names a file which is not there; an environment without the library, where nobody knows.
    Passes: as many rows as the manifest lists.
    """
    candidate.step("loading every table")
    wanted: dict[str, int] = {}
    for table in candidate.built.manifest.tables:
        wanted[table.config] = wanted.get(table.config, 0) + table.rows
    loaded = load(candidate.built.first, [config for config, rows in wanted.items() if rows])
    reasons: dict[str, list[str]] = {}
    for config, found in loaded.items():
        if found.problem:
            reasons.setdefault(found.problem, []).append(config)
        elif found.rows != wanted[config]:
            yield Problem(f"the table {config} loads with {found.rows} rows; the manifest lists {wanted[config]}")
    for problem, configs in reasons.items():
        yield Problem(f"{', '.join(configs)}: cannot be loaded: {problem}")


@rule("V403")
def manifest_stale(candidate: Candidate) -> Iterator[Problem]:
    """The manifest in releases/ lists the hash of every source and every table, as they are.

    Why: it is how anybody finds out, without git, whether what they have is what was released.
    Fails: a text edited after the manifest was written; no manifest.
    Passes: `annotate release cut` run again, and its manifest committed.
    """
    again = f"`annotate release cut {candidate.version}` writes it"
    file = candidate.named(manifest_path(candidate.place, candidate.version))
    manifest = candidate.manifest
    if manifest is None:
        yield Problem(f"is missing; {again}", file=file)
        return
    if manifest.version != candidate.version or manifest.inventory != candidate.inventory.version:
        yield Problem(f"is of {manifest.version}, with inventory {manifest.inventory}; {again}", file=file)
    for name, what in differences(manifest, candidate.hashes()):
        yield Problem(f"{what} since the manifest was written; {again}", file=name)
    for problem in dataset_differences(manifest.dataset, candidate.built.manifest):
        yield Problem(f"of the dataset, {problem}; {again}", file=file)


RULES: tuple[Rule, ...] = (not_reproducible, table_does_not_load, manifest_stale)
