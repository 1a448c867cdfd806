"""V1: the version: large enough, the same wherever it stands, and told in the changelog."""

from collections.abc import Iterator

from annotate.dataset.inputs import CITATION
from annotate.diff.versions import next_version, parsed, version_needed
from annotate.findings import Problem, Rule, rule
from annotate.release.candidate import Candidate


@rule("V101")
def no_step_forward(candidate: Candidate) -> Iterator[Problem]:
    """A version is higher than the one released last.

    Why: whoever asks for the newest release would get an older one.
    Fails: 0.1.9 after 0.2.0; 0.2.0 again.
    Passes: 0.2.1 after 0.2.0.
    """
    last = candidate.last
    if last and parsed(candidate.version) <= parsed(last):
        yield Problem(f"{candidate.version} is not above {last}, the last release; choose a higher one")


@rule("V102")
def step_too_small(candidate: Candidate) -> Iterator[Problem]:
    """A version is as high as the changes since the last release ask for.

    Why: users read from the number alone whether results stay comparable and programs keep working.
    Fails: 1.2.1 after 1.2.0, with an article added: that asks for 1.3.0.
    Passes: 1.3.0, 1.4.0 or 2.0.0; `annotate release plan` says the smallest. docs/versioning.md has the rules.
    """
    if candidate.comparison is None or candidate.last is None:
        return
    needed = version_needed(candidate.comparison.summary)
    smallest = next_version(candidate.last, needed.level)
    if parsed(candidate.last) < parsed(candidate.version) < parsed(smallest):
        for reason in needed.forcing:
            yield Problem(
                f"{candidate.version} is too small ({reason.code}: {reason.message}); release it as {smallest}"
            )


@rule("V103")
def versions_disagree(candidate: Candidate) -> Iterator[Problem]:
    """CITATION.cff and the newest entry of the data's changelog have the version and the day of the release, too.

    Why: a citation that names another version cites other data. The card quotes both files.
    Fails: `version: 0.1.0` in CITATION.cff, and 0.2.0 to be released; another day in each of the two files.
    Passes: both files after `annotate release cut` has prepared the version. The toolkit has a version of its own.
    """
    version, said = candidate.version, candidate.citation.get("version")
    newest = candidate.entries[0] if candidate.entries else None
    if str(said) != version:
        yield Problem(
            f"has the version {said}, not {version}; `annotate release cut {version}` puts it in", file=CITATION
        )
    if newest and newest.version != version:
        problem = f"{newest.version} is its newest entry, not {version}; the newest stands at the top"
        yield Problem(problem, file=candidate.named(candidate.changelog_path), line=newest.line)
    day, entry = candidate.citation.get("date-released"), candidate.entry
    if entry and entry.day and day != entry.day:
        yield Problem(f"has the day {day}, and the changelog {entry.day}; keep one of them", file=CITATION)


@rule("V104")
def not_told(candidate: Candidate) -> Iterator[Problem]:
    """The data's changelog has an entry for the version with a day, and a person has read it.

    Why: counts say how much has changed, and only words say why.
    Fails: no entry; one that says "(not released)" in place of a day; one that still has the line of the draft.
    Passes: `## 0.2.0 (2026-03-01)`, with counts and words.
    """
    entry, file = candidate.entry, candidate.named(candidate.changelog_path)
    if entry is None:
        yield Problem(
            f"has no entry for {candidate.version}; `annotate release cut {candidate.version}` drafts it", file=file
        )
    elif entry.is_draft:
        yield Problem(
            "is a draft; say what changed and why, and delete the line that says so", file=file, line=entry.line
        )
    elif entry.day is None:
        yield Problem(f"{candidate.version} has no day, as (2026-03-01), in its heading", file=file, line=entry.line)


@rule("V105")
def counts_not_named(candidate: Candidate) -> Iterator[Problem]:
    """The entry names the counts that the difference to the last release gives.

    Why: words written before a late correction tell of a release that never was.
    Fails: "Gold spans: 12 added." where 13 were.
    Passes: the lines that `annotate release cut` drafted, with any words around them.
    """
    if candidate.entry:
        for one in candidate.entry.lacks(candidate.counts):
            file = candidate.named(candidate.changelog_path)
            yield Problem(f"the entry lacks {one!r}; put it in", file=file, line=candidate.entry.line)


@rule("V106")
def inventory_version(candidate: Candidate) -> Iterator[Problem]:
    """The inventory has the version of the release in which it last changed.

    Why: each annotation names the inventory that it was made with; one name must not stand for two meanings.
    Fails: a label added since 0.1.0, and still `version: 0.1.0` in labels.yaml; 3.0.0 there, and 0.2.0 to be released.
    Passes: 0.2.0 in labels.yaml and in annotations looked through again; still 0.1.0, if only labels were corrected.
    """
    version, own = candidate.version, candidate.inventory.version
    file = candidate.named(candidate.schema / "labels.yaml")
    if own == version:
        return
    if candidate.comparison is None:
        yield Problem(f"has the version {own}, and the first release is to be {version}; make them one", file=file)
        return
    before = candidate.comparison.inventories[0].version
    changed = [one for one in candidate.comparison.summary.inventory if one.kind != "presented"]
    if own != before:
        yield Problem(f"has the version {own}, which is neither {version} nor {before}, the last one", file=file)
    elif changed:
        first = changed[0]
        problem = f"the {first.what} {first.name} was {first.kind} since {own}; raise the version to {version}"
        yield Problem(f"{problem}, and look the labels through", file=file)


RULES: tuple[Rule, ...] = (
    no_step_forward,
    step_too_small,
    versions_disagree,
    not_told,
    counts_not_named,
    inventory_version,
)
