"""V2: the repository: nothing uncommitted, nothing released twice, and earlier releases as they were."""

from collections.abc import Iterator

from annotate.diff.versions import next_version, parsed
from annotate.errors import CannotRun
from annotate.findings import Problem, Rule, rule
from annotate.offsets import sha256
from annotate.release import changelog
from annotate.release.candidate import Candidate
from annotate.release.manifest import decode, differences, manifest_path
from annotate.release.repository import PREFIX


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
    Passes: a release with an error, and a new one with the error mended.
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
        yield Problem(f"under {tag} {error.problem}; {error.mend}", file=file)
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


RULES: tuple[Rule, ...] = (tree_not_clean, tag_exists, earlier_release_changed, split_moved)
