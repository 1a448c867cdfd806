"""C52: releases of a corpus, as the manifests in `releases/` list them. `annotate release check` also asks git."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from annotate.checks import files
from annotate.checks.corpus import path_from_corpus
from annotate.class_ids import MANIFEST_SUFFIX, RELEASES_FOLDER
from annotate.corpus import CITATION, Corpus, find_parent_folder
from annotate.errors import CannotRun
from annotate.findings import Finding, Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.released_files import ReleasedFiles, decode_released
from annotate.util.escape import quote
from annotate.util.files import is_regular, load_yaml
from annotate.util.folders import list_names
from annotate.util.suggestions import suggest
from annotate.versions import is_older, is_version

_LINKS, _CHANGELOG = "links.json", "CHANGELOG.md"
_OF_THE_WHOLE = (_LINKS, "statement.yaml", "release.yaml")
"""Files of a corpus that are about no single article, and that no other finding misses."""
_KINDS = ("adjudication", "annotations/gold", "coverage", "splits")
"""Folders of which nothing says, once all their files are gone, that they had any."""


@rule("C521", waivable=True)
def released_file_gone(paths: Sequence[str], version: str) -> Iterator[Problem]:
    """A file about the whole corpus that the last release had is still there: links, statement, licences, CITATION.cff.

    So is the changelog of the data, and not all gold, decisions, coverage files or splits are gone.

    Why: the corpus has no other trace of them; a release without them has no licence, or splits that leak.
    Fails: corpus/links.json deleted after a release that lists it; an empty LICENSE; all files of splits/ deleted.
    Passes: the file; `{"links": []}` in a corpus that links nothing any more; one of several splits deleted, which C108
    reports.
    """
    for path in paths:
        hint = "restore it, or write an empty one" if PurePath(path).name == _LINKS else "restore it"
        yield Problem(f"is missing or empty, and release {version} had it; {hint}", file=path)


@rule("C522")
def manifest_at_odds(
    name: str, release: ReleasedFiles | CannotRun, citation_version: str | None, inventory_version: str
) -> Iterator[Problem]:
    """The manifest of a release can be read, and has the version of its name. It is of no version to come.

    Why: class ids, differences and the next version number are counted from the last release.
    Fails: releases/9.0.0.json where CITATION.cff has `version: 1.0.0`; releases/1.0.0.json with `"version": "1.1.0"`;
    a manifest that names a later inventory than labels.yaml; a manifest called v1.0.0.json, which no command would
    find.
    Passes: the manifests that `annotate release cut` wrote, as it wrote them.
    """
    if isinstance(release, CannotRun):
        yield Problem(f"{release.problem}; {release.hint}")
    elif release.version != name:
        versions = f"the version {quote(release.version)}, and its name says {quote(name)}"
        yield Problem(f"has {versions}; restore the manifest")
    elif citation_version is not None and is_older(citation_version, release.version):
        yield Problem(
            f"is the manifest of {release.version}, and {CITATION} has the version {citation_version}; remove the "
            f"manifest if that version was not released, or correct {CITATION}"
        )
    elif is_older(inventory_version, release.inventory):
        problem = f"has the inventory {quote(release.inventory)}, and labels.yaml has the version {inventory_version}"
        yield Problem(f"{problem}; restore the manifest")


@rule("C523", "warning", waivable=True)
def citation_of_no_version(version: str) -> Iterator[Problem]:
    """Once there is a release, CITATION.cff has the version of one.

    Why: whoever cites the corpus cannot say which data they used.
    Fails: `version: first`, or no `version`, next to releases/1.0.0.json.
    Passes: `version: 1.0.0`, as `annotate release cut` writes it.
    """
    yield Problem(f"has no version such as {version}, the last release; add it")


@rule("C524")
def gate_of_no_label(labels: Iterable[str], attributes: Iterable[str], inventory: Inventory) -> Iterator[Problem]:
    """corpus/release.yaml names labels and attributes of the inventory.

    Why: the agreement that a misspelt label should reach is asked of no label.
    Fails: `labels: {Speeker: 0.7}` where labels.yaml has Speaker.
    Passes: `labels: {Speaker: 0.7}`; `least` alone, which is about all labels.
    """
    for kind, names, defined in (("label", labels, inventory.spans), ("attribute", attributes, inventory.attributes)):
        for name in names:
            if name not in defined:
                problem = f"names {quote(name)}, which is no {kind} of the inventory{suggest(name, defined)}"
                yield Problem(f"{problem}; correct or remove it")


RULES: tuple[Rule, ...] = (released_file_gone, manifest_at_odds, citation_of_no_version, gate_of_no_label)


def check_releases(corpus: Corpus, inventory: Inventory) -> Iterator[Finding]:
    """Check the manifests next to a corpus, and that what the last one lists is there."""
    folder = find_parent_folder(corpus.root)
    citation, last = _read_citation(folder), None
    version = citation.get("version", "")
    citation_version = version if isinstance(version, str) and is_version(version) else None
    for name in sorted(list_names(f"{folder}/{RELEASES_FOLDER}", MANIFEST_SUFFIX)):
        file = f"{RELEASES_FOLDER}/{name}{MANIFEST_SUFFIX}"
        shown = path_from_corpus(corpus, folder / file)
        data, unreadable = files.read_file(folder, file, None)
        if data is None:
            yield from unreadable and files.unreadable_file(shown, None, "is not a readable file")
            continue
        try:
            release: ReleasedFiles | CannotRun = decode_released(shown, data, ReleasedFiles)
        except CannotRun as error:
            release = error
        # A file that is neither called nor made like a manifest is something else.
        if is_version(name) or not isinstance(release, CannotRun):
            yield from manifest_at_odds(shown, None, name, release, citation_version, inventory.version)
        if isinstance(release, CannotRun) or not is_version(name):
            continue
        if last is None or is_older(last[0], name):
            last = name, release.files.keys()
    if last is not None:
        gone = [path_from_corpus(corpus, folder / path) for path in _list_gone(corpus, folder, last[1])]
        yield from released_file_gone("", None, gone, last[0])
        if citation and citation_version is None and isinstance(version, str | int | float):  # C126 reports other types
            yield from citation_of_no_version(path_from_corpus(corpus, folder / CITATION), None, last[0])


def _list_gone(corpus: Corpus, folder: Path, listed: Collection[str]) -> list[str]:
    """Return the files of the whole corpus that are listed and gone, and one of each kind of which all are gone."""
    name = corpus.root.resolve().name
    gone = [path for path in sorted({*listed, f"{name}/{_CHANGELOG}"}) if _is_gone(path, corpus, folder)]
    for kind in _KINDS:
        of_kind = [path for path in sorted(listed) if path.startswith(f"{name}/{kind}/")]
        # The article may be gone, with all its files.
        left = [path for path in of_kind if kind == "splits" or corpus.article_path(PurePath(path).stem).is_file()]
        has_some = bool(list_names(f"{corpus.root}/{kind}", ""))
        # C205 reports coverage without gold.
        if left and not has_some and not (kind == "annotations/gold" and corpus.covered_ids()):
            gone.append(left[0])
    return gone


def _is_gone(path: str, corpus: Corpus, folder: Path) -> bool:
    parent, _, name = path.rpartition("/")
    if parent:
        is_of_the_whole = parent == corpus.root.resolve().name and name in (*_OF_THE_WHOLE, _CHANGELOG)
        return is_of_the_whole and not os.path.lexists(folder / path)
    is_licence = name.startswith("LICENSE")
    if not is_licence and name != CITATION:
        return False
    return not os.path.lexists(folder / path) or (is_licence and not (folder / path).stat().st_size)


def _read_citation(folder: Path) -> Mapping[str, object]:
    """Return what CITATION.cff says; nothing if it cannot be read, which other findings say."""
    path = folder / CITATION
    try:
        value = load_yaml(path, "", within=folder) if is_regular(path, within=folder) else None
    except CannotRun:
        return {}
    return value if isinstance(value, Mapping) else {}
