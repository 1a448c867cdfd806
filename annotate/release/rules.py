"""The rules that a release must pass, in the order in which they are checked.

V1: the version is large enough, the same in every file, and explained in the changelog.
V2: the repository has nothing uncommitted, earlier releases are unchanged, and git has files that can be packed.
V3: the corpus passes its own checks, may be passed on, and reaches the agreement that `corpus/release.yaml` states.
V4: the dataset builds to the same bytes twice, loads table by table, and is listed hash by hash.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from annotate.changelog import find_entry, parse_changelog
from annotate.checks.waivers import load_waivers, waiver_refused
from annotate.comparison.paths import CORPUS
from annotate.comparison.release_manifest import compare_datasets, compare_files, decode_manifest, manifest_path
from annotate.comparison.releases import FOLDER, SUFFIX, TAG_PREFIX, Release
from annotate.comparison.semver import find_needed_version, next_version, parse_version
from annotate.corpus import CITATION, Corpus
from annotate.dataset.citation import parse_licence
from annotate.dataset.publication import explain_stale
from annotate.errors import CannotRun
from annotate.findings import Finding, Problem, Rule, merge_files, rule
from annotate.inventory import Attribute
from annotate.offsets import sha256
from annotate.passes import LeftOutPass
from annotate.release.agreement import agreement_block
from annotate.release.candidate import Candidate
from annotate.release.load_check import load_tables
from annotate.release.sources import explain_mode, explain_name, find_name_collisions
from annotate.release.template_texts import list_texts, template_examples
from annotate.schemas import require_valid
from annotate.util.escape import quote
from annotate.util.files import decode_yaml, read_bytes_if_present
from annotate.util.folders import find_files
from annotate.util.typed_values import convert_as
from annotate.versions import is_older

README = "README.md"


@rule("V101")
def no_step_forward(candidate: Candidate) -> Iterator[Problem]:
    """The version is higher than that of the last release.

    Why: users who ask for the newest release would get an older one.
    Fails: 0.1.9 after 0.2.0; 0.2.0 again. A release has a tag, or a committed manifest in releases/.
    Passes: 0.2.1 after 0.2.0.
    """
    version, highest = candidate.version, candidate.other_versions[-1] if candidate.other_versions else None
    if highest and parse_version(version) <= parse_version(highest):
        hint = "choose a higher version"
        if candidate.releases.tagged_commit(highest) is None:
            hint = f"{hint}, or remove {FOLDER}/{highest}{SUFFIX} if {highest} was not released"
        yield Problem(f"{version} is not higher than {highest}, the last release; {hint}")


@rule("V102")
def step_too_small(candidate: Candidate) -> Iterator[Problem]:
    """The version is as high as the changes since the last release require.

    Why: the version alone tells users whether results stay comparable and programs keep working.
    Fails: 1.2.1 after 1.2.0 with an added article, which requires 1.3.0.
    Passes: 1.3.0, 1.4.0 or 2.0.0. `annotate release plan` prints the smallest; docs/explanation/versioning.md has the
    rules.
    """
    if candidate.comparison is None or candidate.last_version is None:
        return
    needed = find_needed_version(candidate.comparison.summary)
    smallest = next_version(candidate.last_version, needed.level)
    if parse_version(candidate.last_version) < parse_version(candidate.version) < parse_version(smallest):
        for reason in needed.decisive_reasons:
            yield Problem(
                f"{candidate.version} is too small ({reason.code}: {reason.message}); release it as {smallest}"
            )


@rule("V103")
def versions_disagree(candidate: Candidate) -> Iterator[Problem]:
    """CITATION.cff and the newest entry of the data's changelog have the version and the day of the release.

    Why: a citation with another version cites other data. The dataset card quotes both files.
    Fails: `version: 0.1.0` in CITATION.cff for the release 0.2.0; two different days in the two files.
    Passes: both files after `annotate release cut` has prepared them. The toolkit has a version of its own.
    """
    version, cited_version = candidate.version, candidate.citation.get("version")
    newest = candidate.entries[0] if candidate.entries else None
    if str(cited_version) != version:
        problem = f"has the version {cited_version}, not {version}; `annotate release cut {version}` sets it"
        yield Problem(problem, file=CITATION)
    # V104 reports an entry that is missing.
    if newest and candidate.entry and newest.version != version:
        problem = f"the newest entry is {newest.version}, not {version}; put the newest entry at the top"
        yield Problem(problem, file=candidate.relative_path(candidate.changelog_path), line=newest.line)
    day, entry = candidate.citation.get("date-released"), candidate.entry
    if entry and entry.day and day != entry.day:
        yield Problem(f"has the day {day}, and the changelog has {entry.day}; keep one of them", file=CITATION)


@rule("V104")
def not_told(candidate: Candidate) -> Iterator[Problem]:
    """The data's changelog has a dated entry for the version, and a person has completed it.

    Why: counts say how much has changed; only words say why.
    Fails: no entry; "(not released)" in place of a day; an entry that still has the line of the draft.
    Passes: `## 0.2.0 (2026-03-01)`, with counts and words.
    """
    version, entry = candidate.version, candidate.entry
    file = candidate.relative_path(candidate.changelog_path)
    if entry is None:
        yield Problem(f"has no entry for {version}; `annotate release cut {version}` drafts it", file=file)
    elif entry.is_draft:
        problem = f"the entry {version} is a draft; say what changed and why, and delete the line of the draft"
        yield Problem(problem, file=file, line=entry.line)
    elif entry.day is None:
        problem = f"the entry {version} has no day; add it to the heading, as in (2026-03-01)"
        yield Problem(problem, file=file, line=entry.line)


@rule("V105")
def counts_not_named(candidate: Candidate) -> Iterator[Problem]:
    """The changelog entry has the counts of the changes since the last release.

    Why: an entry written before a late correction describes another release.
    Fails: "Gold spans: 12 added." where 13 were added.
    Passes: the lines that `annotate release cut` drafted, with any words around them. Where a span has several pieces,
    they say "33 (34 pieces)" as the card does, and changes are counted as "Pieces of gold spans".
    """
    if candidate.entry:
        file = candidate.relative_path(candidate.changelog_path)
        for count in candidate.entry.missing_counts(candidate.counts):
            yield Problem(f"the entry lacks {quote(count)}; add it", file=file, line=candidate.entry.line)


@rule("V106")
def inventory_version(candidate: Candidate) -> Iterator[Problem]:
    """The inventory has the version of the release in which it last changed.

    Why: each annotation names the version of its inventory; one version must not have two meanings.
    Fails: `version: 0.1.0` in labels.yaml after a label was added since 0.1.0; 3.0.0 there for the release 0.2.0.
    Passes: 0.2.0 in labels.yaml and in annotations that were reviewed; still 0.1.0 if only annotations were corrected;
    any version in labels.yaml for a first release. Where that is later than the version of the release, any later one
    after a change.
    """
    version, own_version = candidate.version, candidate.inventory.version
    file = candidate.relative_path(candidate.schema / "labels.yaml")
    if own_version == version or candidate.comparison is None:
        return
    last_version = candidate.comparison.inventories[0].version
    is_ahead = not is_older(last_version, version)
    changes = [change for change in candidate.comparison.summary.inventory if change.kind != "presented"]
    if own_version != last_version:
        if is_ahead and is_older(last_version, own_version):
            return
        needed = f"a version after {last_version}" if is_ahead else version
        problem = f"has the version {own_version}; use {needed}, or {last_version} if the inventory did not change"
        yield Problem(problem, file=file)
    elif changes:
        first = changes[0]
        needed = f"the version above {own_version}" if is_ahead else f"the version to {version}"
        problem = f"the {first.what} {first.name} was {first.kind} since {own_version}; raise {needed}"
        yield Problem(f"{problem}, and review the annotations", file=file)


@rule("V107", "warning")
def nothing_changed(candidate: Candidate) -> Iterator[Problem]:
    """Something changed since the last release: corpus, schema, guidelines, a licence or CITATION.cff.

    Why: users compare the two versions and find no difference. It does not refuse the release, since a later version of
    the toolkit may build another dataset from the same sources.
    Fails: 1.0.1 right after 1.0.0.
    Passes: 1.0.1 after a page of the guidelines was changed.
    """
    if candidate.comparison is not None and find_needed_version(candidate.comparison.summary).level == "none":
        problem = f"nothing changed since {candidate.last_version}"
        yield Problem(f"{problem}; release {candidate.version} only if the toolkit builds another dataset now")


@rule("V201")
def tree_not_clean(candidate: Candidate) -> Iterator[Problem]:
    """Everything is committed.

    Why: the tag does not contain what is not committed.
    Fails: a changed file; a new file that is neither committed nor ignored.
    Passes: a working tree that equals the last commit, with files that .gitignore names.
    """
    yield from report_uncommitted(candidate.uncommitted_files)


def report_uncommitted(files: Sequence[str]) -> Iterator[Problem]:
    """Yield the problem of V201 for files that are not committed."""
    yield from merge_files(files, "is not committed", "commit or remove it")


@rule("V202")
def tag_exists(candidate: Candidate) -> Iterator[Problem]:
    """The version has no tag yet.

    Why: a release never changes; two releases with one version cannot be told apart.
    Fails: 0.1.0, with a tag v0.1.0 in the repository.
    Passes: a version without a tag.
    """
    if candidate.releases.tagged_commit(candidate.version):
        yield Problem(f"the tag {TAG_PREFIX}{candidate.version} exists already; choose a higher version")


@rule("V203")
def earlier_release_changed(candidate: Candidate) -> Iterator[Problem]:
    """Each earlier release still equals its manifest, and its manifest and changelog entry are unchanged.

    Why: others compare their results with what was released.
    Fails: a tag moved to another commit; releases/0.1.0.json or the changelog entry 0.1.0 edited after the release.
    Passes: a new release that corrects an error of an earlier one; a release without a tag, whose manifest was last
    changed by a commit that has all the files that it lists.
    """
    for version in candidate.other_versions:
        release = candidate.releases.find(version)
        if release is not None:
            yield from _check_earlier_release(candidate, release)


def _check_earlier_release(candidate: Candidate, release: Release) -> Iterator[Problem]:
    repository, version, commit = candidate.repository, release.version, release.commit
    where = f"{'under' if release.is_tagged else 'at'} {release.source}"
    path = manifest_path(candidate.folder, version)
    file = candidate.relative_path(path)
    data = repository.read_file(commit, path)
    if data is None:
        yield Problem(f"the tag {release.source} has no manifest; was it made by hand, or moved?", file=file)
        return
    try:
        manifest = decode_manifest(f"{release.source}:{file}", data)
    except CannotRun as error:
        yield Problem(f"{where} {error.problem}; {error.hint}", file=file)
        return
    if read_bytes_if_present(path, "restore it", within=candidate.folder) != data:
        yield Problem(f"differs from the file {where}; restore it", file=file)
    blobs = {name: blob for name, blob in repository.list_blobs(commit).items() if name in manifest.files}
    hashes = dict(zip(blobs, map(sha256, repository.read_blobs(list(blobs.values()))), strict=True))
    doubt = "was the tag moved?"
    if not release.is_tagged:
        doubt = f"{file} last changed there; tag the commit of the release as {TAG_PREFIX}{version}"
    for change, files in _group_changes(manifest.files, hashes).items():
        yield from merge_files(files, f"{change} {where}", doubt)
    changelog = candidate.changelog_path
    old_text = (repository.read_file(commit, changelog) or b"").decode("utf-8", "replace")
    old, new = find_entry(parse_changelog(old_text), version), find_entry(candidate.entries, version)
    if old and (new is None or (new.rest, new.body) != (old.rest, old.body)):
        problem = f"the entry {version} differs from the one {where}; restore it"
        yield Problem(problem, file=candidate.relative_path(changelog), line=new.line if new else None)


def _group_changes(listed: Mapping[str, str], files: Mapping[str, str]) -> dict[str, list[str]]:
    """Return how files differ from those that a manifest lists → the files; see `compare_files`."""
    groups = defaultdict[str, list[str]](list)
    for name, change in compare_files(listed, files):
        groups[change].append(name)
    return groups


@rule("V204")
def split_moved(candidate: Candidate) -> Iterator[Problem]:
    """Articles change their split only in a major version.

    Why: a system trained on the old training split would be tested on articles that it has seen.
    Fails: an article of train.txt in test.txt, from 1.1.0 to 1.2.0.
    Passes: the same in 2.0.0; a new article in any split.
    """
    last = candidate.last_version
    if candidate.comparison is None or last is None:
        return
    if parse_version(candidate.version) < parse_version(next_version(last, "major")):
        for move in candidate.comparison.summary.moves:
            if move.old:
                problem = f"was in {move.old} in {last} and is in {move.new or 'no split'} now; move it back"
                file = f"{candidate.relative_path(candidate.corpus.root)}/splits/{move.old}.txt"
                yield Problem(problem, file=file, article=move.article)


@rule("V205")
def source_not_packable(candidate: Candidate) -> Iterator[Problem]:
    """Everything that git has of the sources is a regular file under a name that every system can unpack.

    Why: a link would bring a file of the maintainer's machine into the release, and a bad name would be unpacked
    elsewhere.
    Fails: a committed link (mode 120000) or submodule (160000); a name with `..`, `.git`, a backslash or a control
    character; `A.txt` beside `a.txt`.
    Passes: files (modes 100644 and 100755) in corpus, schema and guidelines.
    """
    entries = candidate.source_entries
    manifest = candidate.tree.get(candidate.relative_path(manifest_path(candidate.folder, candidate.version)))
    for entry in (*entries, *([manifest] if manifest else [])):
        problem = explain_mode(entry) or explain_name(entry.path)
        blob = candidate.blobs.get(entry.path)
        if problem and not (blob and blob.pointer):
            yield Problem(problem, file=entry.path)
    for path, earlier in find_name_collisions(entry.path for entry in entries):
        yield Problem(f"has the name of {earlier} where case makes no difference; rename one of them", file=path)


@rule("V206")
def pointer_in_place_of_file(candidate: Candidate) -> Iterator[Problem]:
    """Git has the sources themselves and not pointers of Git LFS or git-annex.

    Why: the source archive holds what git has, so that readers would unpack pointers.
    Fails: a source that Git LFS tracks; a file that was added with `git annex add`, locked or unlocked.
    Passes: the same file committed as it is. `annotate check` reads the file on disk and works with either.
    """
    remedies = {"Git LFS": "run `git lfs untrack`", "git-annex": "run `git annex unannex`"}
    for path, blob in candidate.blobs.items():
        if blob.pointer:
            remedy = f"{remedies[blob.pointer]} on it, then commit the file itself"
            yield Problem(f"is a pointer of {blob.pointer} and not the file; {remedy}", file=path)


@rule("V208", waivable=True)
def work_lost(candidate: Candidate) -> Iterator[Problem]:
    """The labels of annotators and the decisions of the last release are still there.

    Why: gold that was adjudicated from them cannot be explained any more, and agreement is measured on what is left.
    Fails: annotations/anna/a.json without a span, where the last release has some; a file of adjudication/ that is
    gone, with its article still in the corpus.
    Passes: labels that were corrected; an article that was removed with all its files. Where an annotator has withdrawn
    labels, a waiver says so.
    """
    files = candidate.last_state.lost_work if candidate.last_state is not None else ()
    paths = [f"{candidate.relative_path(candidate.corpus.root)}/{file.removeprefix(f'{CORPUS}/')}" for file in files]
    problem = f"is gone or has no labels, other than in {candidate.last_version}"
    yield from merge_files(paths, problem, "restore it, or waive V208")


class AgreementGate(msgspec.Struct, frozen=True):
    """The agreement that a release needs, from 0 to 1.

    Attributes:
        least: The overlap F1 that each label must reach.
        labels: Label → F1 that it must reach instead.
        least_alpha: The alpha that each attribute must reach, on its scale, but for texts; None for none.
        attributes: Attribute → alpha that it must reach instead.
    """

    least: float
    labels: dict[str, float] = {}
    least_alpha: float | None = None
    attributes: dict[str, float] = {}

    def threshold(self, label: str) -> float:
        """Return the F1 that a label must reach."""
        return self.labels.get(label, self.least)

    def attribute_thresholds(self, attributes: Iterable[Attribute]) -> dict[str, float]:
        """Return the alpha that attributes must reach, for those that must reach any."""
        least = (
            {}
            if self.least_alpha is None
            else {attribute.name: self.least_alpha for attribute in attributes if attribute.type != "text"}
        )
        return least | self.attributes


class Gate(msgspec.Struct, frozen=True):
    """What a corpus must reach to be released, as `corpus/release.yaml` states it."""

    agreement: AgreementGate


def read_gate(corpus: Corpus) -> Gate | None:
    """Read the gate of a corpus.

    Returns:
        The gate; None if the corpus has no `release.yaml`.

    Raises:
        CannotRun: The file cannot be read, or does not follow its schema.
    """
    path = corpus.release_path
    data = read_bytes_if_present(path, "restore it", within=path.parent)
    if data is None:
        return None
    value = decode_yaml(path, data)
    require_valid(path, value, "release")
    return convert_as(value, Gate, strict=False)


@rule("V301", waivable=True)
def corpus_not_clean(candidate: Candidate) -> Iterator[Problem]:
    """The corpus checks find nothing, not even a warning, and no near-duplicate paragraphs are in two splits.

    Why: every user gets the errors of a release.
    Fails: any finding of `annotate check --strict`, except those that V307 is about.
    Passes: no finding that corpus/waivers.yaml does not waive. A waiver of V301 itself is about warnings only.
    """
    causes: dict[str, list[Finding]] = {}
    for finding in candidate.findings:
        if not finding.downgraded:  # V307 reports the labels that it is on
            causes.setdefault(finding.group or finding.code, []).append(finding)
    for findings in causes.values():
        first = findings[0]
        more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        message = first.group if more and first.group else first.message
        file = f"{candidate.relative_path(candidate.corpus.root)}/{first.file}"
        if Path(first.file).is_absolute():
            file = candidate.relative_path(Path(first.file))
        yield Problem(
            f"{first.code}: {message}{more}; see `annotate check --strict`",
            file=file,
            line=first.line,
            waivable=not any(finding.is_error for finding in findings),
        )


@rule("V307", waivable=True)
def pass_left_out(candidate: Candidate) -> Iterator[Problem]:
    """No labels of single annotators are left out of the dataset because they have errors.

    Why: readers who study disagreement would lack them, and nobody may have noticed.
    Fails: an error in annotations/anna/a.json, which `annotate check` reports as a warning.
    Passes: the same file without the error; a waiver of V307, where the card names what is left out; a waiver of the
    rule that the labels break, with which they are in the dataset.
    """
    by_annotator: dict[str, list[LeftOutPass]] = {}
    for each in candidate.left_out:
        by_annotator.setdefault(each.annotator, []).append(each)
    for annotator, passes in by_annotator.items():
        paths = [candidate.corpus.annotation_path(annotator, each.article) for each in passes]
        codes = sorted({code for each in passes for code in each.codes})
        problem = f"has errors ({', '.join(codes)}), so the dataset leaves it out"
        hint = "correct it (`annotate check` lists them), or waive V307"
        yield from merge_files([candidate.relative_path(path) for path in paths], problem, hint)


@rule("V302")
def no_rights(candidate: Candidate) -> Iterator[Problem]:
    """Each article states the rights in it, and CITATION.cff names the licence of the labels.

    Why: users must know what they may do with the data.
    Fails: `"rights": " "`; no CITATION.cff, or one without `license`.
    Passes: a sentence about each article; `license: CC-BY-4.0`.
    """
    corpus = candidate.corpus
    silent = [article_id for article_id in corpus.article_ids() if not corpus.read_article(article_id).rights.strip()]
    files = [candidate.relative_path(corpus.article_path(article_id)) for article_id in silent]
    hint = "say who owns it and what is allowed"
    yield from merge_files(files, "does not state the rights in the article", hint)
    if parse_licence(candidate.citation) is None:
        problem = "names no licence of the labels; add `license: CC-BY-4.0`, or another SPDX identifier"
        yield Problem(problem, file=CITATION)


TEMPLATE_TEXTS = ("My Corpus", "The authors of My Corpus", "Say here, in one sentence,", "Say here ")
"""Beginnings of what `annotate init` writes, or once wrote, to be replaced."""


@rule("V306")
def template_text(candidate: Candidate) -> Iterator[Problem]:
    """The corpus has a title, a description, authors and a data statement of its own, and not those of `annotate init`.

    Why: the card, the tag and every citation repeat them, and a release never changes.
    Fails: `title: My Corpus` in labels.yaml or CITATION.cff; "Say here …" in a definition; an example in the comments
    of CITATION.cff or corpus/statement.yaml whose number signs were removed, and nothing else; a CITATION.cff without
    `title` or `authors`.
    Passes: your own words in these files. V302 reports a CITATION.cff that is missing.
    """
    inventory, file = candidate.inventory, candidate.relative_path(candidate.schema / "labels.yaml")
    texts = {"title": inventory.title, "about": inventory.about}
    texts |= {f"layers.{name}.definition": layer.definition for name, layer in inventory.layers.items()}
    texts |= {f"spans.{name}.definition": label.definition for name, label in inventory.spans.items()}
    replace = "is still the text of the template; replace it"
    for name, text in texts.items():
        if text.startswith(TEMPLATE_TEXTS):
            yield Problem(f"{name}: {quote(text)} {replace}", file=file)
    statement = candidate.corpus.statement_path
    examples = template_examples(f"corpus/{statement.name}")
    for name, text in list_texts(candidate.corpus.read_statement()):
        if text in examples:
            yield Problem(f"{name}: {quote(text)} {replace}", file=candidate.relative_path(statement))
    citation = candidate.citation
    if not citation:
        return
    missing = [name for name in ("title", "authors") if not citation.get(name)]
    if missing:
        hint = f"add {'them' if len(missing) > 1 else 'it'}, as in the comments of the file"
        yield Problem(f"has no {' and no '.join(missing)}; {hint}", file=CITATION)
    examples = template_examples(CITATION)
    for name, text in list_texts({name: citation.get(name) for name in ("title", "authors")}):
        if text in examples or text.startswith(TEMPLATE_TEXTS):
            yield Problem(f"{name}: {quote(text)} {replace}", file=CITATION)


@rule("V303", waivable=True)
def agreement_too_low(candidate: Candidate) -> Iterator[Problem]:
    """Agreement on each label and attribute reaches what corpus/release.yaml states.

    Why: a label on which annotators do not agree describes the annotators more than the texts.
    Fails: an overlap F1 of 0.61 with `least: 0.8`; an alpha of 0.38 with `least_alpha: 0.667`; no release.yaml.
    Passes: 0.85 with `least: 0.8`; 0.7 with `labels: {Stance: 0.65}`; an attribute that has no alpha, or no article
    with gold that two annotators have labelled, of both of which V305 warns.
    """
    gate, file = read_gate(candidate.corpus), candidate.relative_path(candidate.corpus.release_path)
    if gate is None:
        if candidate.agreement is not None:
            yield Problem(
                "is missing; state the agreement that a release needs, as in `agreement: {least: 0.8}`", file=file
            )
        return
    if candidate.agreement is None:
        return
    values = [
        (row.name, row.overlap.value, gate.agreement.threshold(row.name))
        for row in candidate.agreement.labels
        if row.kind == "label"
    ]
    thresholds = gate.agreement.attribute_thresholds(candidate.inventory.attributes.values())
    values += [
        (f"attribute {row.name} (alpha)", row.alpha.value, thresholds[row.name])
        for row in candidate.agreement.attributes
        if row.name in thresholds
    ]
    for name, value, least in values:
        if value is not None and value < least:
            # Truncated: the rounded value could equal the threshold that it does not reach.
            problem = f"agreement on {name} is {math.floor(value * 1000) / 1000:.3f}, and {least:.3f} is needed"
            yield Problem(f"{problem}; improve the guidelines and annotate again, or lower the threshold", file=file)


@rule("V305", "warning", waivable=True)
def agreement_unknown(candidate: Candidate) -> Iterator[Problem]:
    """Two annotators have labelled some of the articles with gold, and each attribute with a threshold has an alpha.

    Why: how far two annotators agree is the only figure of how clear the labels are. The card says that it is not
    known. It does not refuse the release.
    Fails: gold that was promoted from the labels of one annotator, where nobody else has labelled; `least_alpha: 0.667`
    where all spans have one value of an attribute, which gives no alpha.
    Passes: the same, with a second annotator for some articles: V303 is about that part, and the card says which.
    """
    if candidate.agreement is None:
        file = candidate.relative_path(candidate.corpus.root / "annotations")
        problem = "no article with gold was labelled by two annotators, so agreement is not known and not checked"
        yield Problem(f"{problem}; let a second annotator label some of them", file=file)
        return
    gate = read_gate(candidate.corpus)
    thresholds = gate.agreement.attribute_thresholds(candidate.inventory.attributes.values()) if gate else {}
    for row in candidate.agreement.attributes:
        if row.alpha.value is None and row.name in thresholds:
            file = candidate.relative_path(candidate.corpus.release_path)
            problem = f"attribute {row.name} has no alpha ({row.alpha.note}), so its threshold is not checked"
            yield Problem(f"{problem}; annotate more spans with it, or waive this warning", file=file)


@rule("V304")
def agreement_stale(candidate: Candidate) -> Iterator[Problem]:
    """The agreement tables in README.md and in the pages of docs/ are those that the labels give now.

    Why: readers take old figures for current ones.
    Fails: a table between `<!-- generated: agreement -->` and `<!-- /generated -->` that other labels gave.
    Passes: the tables of the dataset card; pages without such marks.
    """
    folder = candidate.folder
    for path in (folder / README, *find_files(folder / "docs", ".md", below=True)):
        page = read_bytes_if_present(path, "restore it", within=folder) or b""
        block = agreement_block(page.decode("utf-8", "replace"))
        if block is not None and block.strip() != candidate.agreement_table.render().strip():
            problem = "shows another agreement than the labels give now; put the tables of the dataset card there"
            yield Problem(problem, file=candidate.relative_path(path))


@rule("V401")
def not_reproducible(candidate: Candidate) -> Iterator[Problem]:
    """The dataset builds to the same bytes twice.

    Why: only a release that can be built again can be checked.
    Fails: rows in an order that depends on the hash seed of the process; the time of building in a file.
    Passes: two folders with equal files, built in two processes.
    """
    difference = explain_stale(candidate.datasets.second, candidate.datasets.first)
    if difference:
        yield Problem(f"the dataset, built a second time, {difference}; report it as an error of the toolkit")


@rule("V402")
def table_does_not_load(candidate: Candidate) -> Iterator[Problem]:
    """Each table of the dataset loads with the library `datasets`, in a process of its own, with all its rows.

    Why: it is the first thing that users do.
    Fails: a dataset card that names a missing file; an environment without the library, where this cannot be checked.
    Passes: as many rows as the manifest lists.
    """
    candidate.progress("loading every table", None)
    rows: Counter[str] = Counter()
    for table in candidate.datasets.manifest.tables:
        rows[table.config] += table.rows
    configs_by_problem: dict[str, list[str]] = {}
    for config, result in load_tables(candidate.datasets.first, list(+rows)).items():
        if result.problem:
            configs_by_problem.setdefault(result.problem, []).append(config)
        elif result.rows != rows[config]:
            yield Problem(f"the table {config} loads with {result.rows} rows; the manifest lists {rows[config]}")
    for problem, configs in configs_by_problem.items():
        yield Problem(f"{', '.join(configs)}: cannot be loaded: {problem}")


@rule("V403")
def manifest_stale(candidate: Candidate) -> Iterator[Problem]:
    """The manifest in releases/ lists the current hash of every source file and every table.

    Why: with it, users can check without git that they have what was released.
    Fails: a text edited after the manifest was written; no manifest.
    Passes: `annotate release cut` run again, and its manifest committed.
    """
    hint = f"`annotate release cut {candidate.version}` writes it"
    file = candidate.relative_path(manifest_path(candidate.folder, candidate.version))
    manifest = candidate.manifest
    if manifest is None:
        yield Problem(f"is missing; {hint}", file=file)
        return
    if manifest.version != candidate.version or manifest.inventory != candidate.inventory.version:
        problem = f"has the version {manifest.version} and the inventory {manifest.inventory}; {hint}"
        yield Problem(problem, file=file)
    for change, files in _group_changes(manifest.files, candidate.hash_sources()).items():
        yield from merge_files(files, f"{change} since the manifest was written", hint)
    for difference in compare_datasets(manifest.dataset, candidate.datasets.manifest):
        yield Problem(f"in the dataset, {difference}; {hint}", file=file)


RULES: tuple[Rule, ...] = (
    no_step_forward,
    step_too_small,
    versions_disagree,
    not_told,
    counts_not_named,
    inventory_version,
    nothing_changed,
    tree_not_clean,
    tag_exists,
    earlier_release_changed,
    split_moved,
    source_not_packable,
    pointer_in_place_of_file,
    work_lost,
    corpus_not_clean,
    pass_left_out,
    no_rights,
    template_text,
    agreement_too_low,
    agreement_unknown,
    agreement_stale,
    not_reproducible,
    table_does_not_load,
    manifest_stale,
)

_NEED_VALID_CORPUS = (
    agreement_too_low,
    agreement_unknown,
    agreement_stale,
    not_reproducible,
    table_does_not_load,
    manifest_stale,
)
"""Rules that measure agreement or build the dataset, which needs a corpus without errors."""


def check_candidate(candidate: Candidate, rules: Iterable[Rule] = RULES) -> Iterator[Finding]:
    """Yield the findings on a candidate that its corpus does not waive, rule by rule.

    Rules that need a valid corpus are skipped if the corpus checks find errors. What is waived is put into
    `candidate.waived`. A finding is a warning where the corpus says so; warnings do not refuse a release.
    """
    file = candidate.relative_path(candidate.corpus.waivers_path)
    loaded = load_waivers(candidate.corpus, RULES, file)
    yield from (finding for finding in loaded.findings if finding.code == waiver_refused.code)
    checked = list(rules)
    for rule_ in checked:
        if rule_ not in _NEED_VALID_CORPUS or not candidate.has_errors:
            yield from loaded.waivers.sort_out(rule_("", None, candidate), candidate.waived.append)
    if corpus_not_clean in checked and not candidate.has_errors:
        yield from loaded.check_use(file, {rule_.code for rule_ in RULES} - {rule_.code for rule_ in checked})
