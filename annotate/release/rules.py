"""The rules of releases, in the order in which they are asked.

V1: the version: large enough, the same wherever it stands, and told in the changelog.

V2: the repository: nothing uncommitted, nothing released twice, and earlier releases as they were.

What a corpus must reach to be released: `corpus/release.yaml`.

V3: what is released: clean by its own rules, free to be passed on, and agreed upon as far as was promised.

V4: the dataset: built to the same bytes twice, loaded table by table, and listed hash by hash.

All findings on a candidate. A corpus with errors is not built: no rule on its agreement or its tables is asked.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from annotate.comparison.semver import next_version, parsed, version_needed
from annotate.corpus import Corpus
from annotate.dataset.build import CITATION
from annotate.dataset.facts import licence
from annotate.dataset.hub import stale
from annotate.errors import CannotRun
from annotate.findings import Finding, Problem, Rule, rule
from annotate.offsets import sha256
from annotate.release import changelog
from annotate.release.agreement import block, tabled
from annotate.release.candidate import Candidate
from annotate.release.git import PREFIX
from annotate.release.load_check import load
from annotate.release.manifest import dataset_differences, decode, differences, manifest_path
from annotate.schemas import explain, package_schema
from annotate.util.escape import markdown_table
from annotate.util.files import parse_yaml, read_if_file


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


RULES_VERSIONS: tuple[Rule, ...] = (
    no_step_forward,
    step_too_small,
    versions_disagree,
    not_told,
    counts_not_named,
    inventory_version,
)


@rule("V201")
def tree_not_clean(candidate: Candidate) -> Iterator[Problem]:
    """Everything is committed.

    Why: what is in no commit is under no tag, and cannot be found again.
    Fails: a file changed, or a new one that is neither committed nor ignored.
    Passes: an empty `git status`.
    """
    for file in candidate.repository.changes():
        yield Problem("is not committed; commit it, or take it away", file=file)


@rule("V202")
def tag_exists(candidate: Candidate) -> Iterator[Problem]:
    """No release has the version already.

    Why: a release is never changed; two things of one name cannot be told apart.
    Fails: 0.1.0, with a tag v0.1.0 in the repository.
    Passes: a version without a tag.
    """
    if candidate.repository.tagged(candidate.version):
        yield Problem(f"the tag {PREFIX}{candidate.version} is there already; raise the version")


@rule("V203")
def earlier_release_changed(candidate: Candidate) -> Iterator[Problem]:
    """Each earlier release is what its manifest says: under its tag, and in what is told of it now.

    Why: people compare with what was released; it has to stay.
    Fails: a tag moved to another commit; releases/0.1.0.json or the entry 0.1.0 of the changelog edited afterwards.
    Passes: a release with an error, and a new one with the error fixed.
    """
    for version in candidate.repository.versions():
        if version != candidate.version:
            yield from _changed(candidate, version)


def _changed(candidate: Candidate, version: str) -> Iterator[Problem]:
    repository, tag = candidate.repository, f"{PREFIX}{version}"
    path = manifest_path(candidate.place, version)
    file = candidate.named(path)
    then = repository.file(tag, path)
    if then is None:
        yield Problem(f"the tag {tag} has no manifest; was it made by hand, or moved?", file=file)
        return
    try:
        manifest = decode(f"{tag}:{file}", then)
    except CannotRun as error:
        yield Problem(f"under {tag} {error.problem}; {error.hint}", file=file)
        return
    if not path.is_file() or path.read_bytes() != then:
        yield Problem(f"is not as it was under {tag}; restore it", file=file)
    story = candidate.changelog_path
    blobs = repository.at(tag)
    known = {name: blob for name, blob in blobs.items() if name in manifest.files}
    hashes = dict(zip(known, map(sha256, repository.contents(list(known.values()))), strict=True))
    for name, what in differences(manifest, hashes):
        yield Problem(f"{what} under {tag}; was the tag moved?", file=name)
    told = changelog.entries((repository.file(tag, story) or b"").decode("utf-8", "replace"))
    before = next((entry for entry in told if entry.version == version), None)
    now = next((entry for entry in candidate.entries if entry.version == version), None)
    if before and (now is None or (now.rest, now.body) != (before.rest, before.body)):
        line = now.line if now else None
        yield Problem(f"the entry {version} is not as it was under {tag}", file=candidate.named(story), line=line)


@rule("V204")
def split_moved(candidate: Candidate) -> Iterator[Problem]:
    """No article changes its split, but in a major version.

    Why: a system trained on one list would be tested on what it has seen.
    Fails: an article of train.txt in test.txt, from 1.1.0 to 1.2.0.
    Passes: the same in 2.0.0; a new article in any list.
    """
    if candidate.comparison is None or candidate.last is None:
        return
    if parsed(candidate.version) < parsed(next_version(candidate.last, "major")):
        for move in candidate.comparison.summary.moves:
            if move.old:
                problem = f"was in {move.old} in {candidate.last} and is in {move.new or 'none'} now; put it back"
                file = f"{candidate.named(candidate.corpus.root)}/splits/{move.old}.txt"
                yield Problem(problem, file=file, article=move.article)


RULES_HISTORY: tuple[Rule, ...] = (tree_not_clean, tag_exists, earlier_release_changed, split_moved)


class AgreementGate(msgspec.Struct, frozen=True):
    """The least overlap F1 of each label; `labels` has those of single labels."""

    least: float
    labels: dict[str, float] = {}

    def of(self, label: str) -> float:
        return self.labels.get(label, self.least)


class Gate(msgspec.Struct, frozen=True):
    agreement: AgreementGate


def read_gate(corpus: Corpus) -> Gate | None:
    """The gate of a corpus; None where it states none. Raises CannotRun for a file that is not of its schema."""
    path = corpus.release_path
    data = read_if_file(path, "restore it")
    if data is None:
        return None
    try:
        value = parse_yaml(data)
    except ValueError as error:
        raise CannotRun(path, str(error), "fix the YAML") from error
    for fault in explain(value, package_schema("release")):
        raise CannotRun(path, f"{fault.place}: {fault.message}", fault.hint)
    return msgspec.convert(value, Gate, strict=False)


README = "README.md"


@rule("V301")
def corpus_not_clean(candidate: Candidate) -> Iterator[Problem]:
    """All checks of the corpus pass, without a warning, and no near-duplicate paragraphs stand in two splits.

    Why: an error in a release is everybody's.
    Fails: any finding of `annotate check --strict`.
    Passes: none.
    """
    for code, number in Counter(finding.code for finding in candidate.findings).items():
        first = next(finding for finding in candidate.findings if finding.code == code)
        more = f", and {number - 1} more" if number > 1 else ""
        file = f"{candidate.named(candidate.corpus.root)}/{first.file}"
        yield Problem(f"{code}: {first.message}{more}; see `annotate check --strict`", file=file, line=first.line)


@rule("V302")
def no_rights(candidate: Candidate) -> Iterator[Problem]:
    """Each article says what rights there are in it, and CITATION.cff names the licence of the labels.

    Why: what nobody may use, nobody should be handed.
    Fails: `"rights": " "`; no CITATION.cff, or one without `license`.
    Passes: a sentence on each article; `license: CC-BY-4.0`.
    """
    for name in candidate.corpus.article_ids():
        if not candidate.corpus.read_article(name).rights.strip():
            file = candidate.named(candidate.corpus.article_path(name))
            yield Problem(
                "says nothing of the rights in it; say whose it is and what is allowed", file=file, article=name
            )
    if licence(candidate.citation) is None:
        yield Problem("names no licence of the labels; add `license: CC-BY-4.0`, or another of SPDX's", file=CITATION)


@rule("V303")
def agreement_too_low(candidate: Candidate) -> Iterator[Problem]:
    """Agreement on each label reaches what corpus/release.yaml states.

    Why: a label on which annotators do not agree says more of them than of the texts.
    Fails: an overlap F1 of 0.61, with `least: 0.8`; no release.yaml; gold that was made from one annotator's labels.
    Passes: 0.85, with `least: 0.8`; 0.7, with `labels: {Stance: 0.65}`.
    """
    gate, file = read_gate(candidate.corpus), candidate.named(candidate.corpus.release_path)
    if gate is None:
        yield Problem("is missing: state what agreement a release needs, as `agreement: {least: 0.8}`", file=file)
        return
    for label in sorted(gate.agreement.labels.keys() - candidate.inventory.spans.keys()):
        yield Problem(f"names {label!r}, which is no label of the inventory; fix it", file=file)
    if candidate.agreement is None:
        yield Problem("nothing can be measured: gold was made from the labels of fewer than two annotators", file=file)
        return
    for row in candidate.agreement.labels:
        value, least = row.overlap.value, gate.agreement.of(row.name)
        if row.kind == "label" and value is not None and value < least:
            # Cut, since rounded it could be the number that it does not reach.
            shown = math.floor(value * 1000) / 1000
            yield Problem(f"agreement on {row.name} is {shown:.3f}, and {least:.3f} is needed", file=file)


@rule("V304")
def agreement_stale(candidate: Candidate) -> Iterator[Problem]:
    """The agreement in README.md, where it shows one, is the one that the labels give now, as in the card.

    Why: figures that were typed, or computed last year, are believed like those of today.
    Fails: a table between `<!-- generated: agreement -->` and `<!-- /generated -->` that other labels gave.
    Passes: the table of the card; no such lines in README.md.
    """
    readme = candidate.place / README
    shown = block(readme.read_text("utf-8", errors="replace")) if readme.is_file() else None
    if shown is None or candidate.agreement is None:
        return
    table = tabled(candidate.agreement)
    if shown.strip() != f"{table.note}\n\n{markdown_table(table.head, table.rows)}".strip():
        yield Problem("shows other agreement than the labels give now; put the card's table there", file=README)


RULES_CONTENTS: tuple[Rule, ...] = (corpus_not_clean, no_rights, agreement_too_low, agreement_stale)


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


RULES_BUILT: tuple[Rule, ...] = (not_reproducible, table_does_not_load, manifest_stale)


RULES: tuple[Rule, ...] = (*RULES_VERSIONS, *RULES_HISTORY, *RULES_CONTENTS, *RULES_BUILT)


_OF_SOUND = frozenset(rule.code for rule in (agreement_too_low, agreement_stale, *RULES_BUILT))


def check(candidate: Candidate, rules: Iterable[Rule] = RULES) -> Iterator[Finding]:
    """The findings, rule by rule."""
    for check_ in rules:
        if check_.code not in _OF_SOUND or not any(finding.severity == "error" for finding in candidate.findings):
            yield from check_("", None, candidate)
