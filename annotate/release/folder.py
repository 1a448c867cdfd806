"""The folder of a release: dataset, sources, page, manifest, provenance and sums; it appears whole or not at all."""

import shutil
from pathlib import Path

import msgspec

from annotate.dataset.build import build
from annotate.dataset.inputs import cited, head
from annotate.errors import CannotRun
from annotate.folders import taking_the_place
from annotate.offsets import sha256
from annotate.release import sums
from annotate.release.archive import archive_name, pack
from annotate.release.candidate import Candidate
from annotate.release.figures import tabled
from annotate.release.manifest import manifest_path
from annotate.release.page import Release, page
from annotate.release.provenance import FILE as PROVENANCE
from annotate.release.provenance import provenance

DATASET = "dataset"
MANIFEST = "release.json"
PAGE = "page.html"


def write(candidate: Candidate, out: Path, text: bool = True) -> str:
    """Write the folder `out`, in place of one that this wrote before; the SHA-256 of its SHA256SUMS.

    Without `text` it has no word of the articles: the dataset has none, and there is no source archive and no page.
    Raises CannotRun where something else is at `out`, or the disk is full; `out` is then as it was.
    """
    candidate.step(f"writing {out}")
    _refuse_others(out)
    try:
        with taking_the_place(out.resolve()) as folder:
            _dataset(candidate, folder / DATASET, text)
            if text:
                candidate.step("packing the sources")
                name = archive_name(candidate.version)
                pack(folder / name, candidate.place, candidate.paths, f"sources-{candidate.version}")
                candidate.step("drawing the page")
                with (folder / PAGE).open("wb") as file:
                    file.writelines(part.encode() for part in page(_release(candidate)))
            shutil.copyfile(manifest_path(candidate.place, candidate.version), folder / MANIFEST)
            told = msgspec.json.format(msgspec.json.encode(provenance(candidate)), indent=2) + b"\n"
            (folder / PROVENANCE).write_bytes(told)
            listed = sums.encode(folder)
            (folder / sums.FILE).write_bytes(listed)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotRun(out, f"cannot be written: {reason}", "make room, then run it again") from error
    return sha256(listed)


def _dataset(candidate: Candidate, target: Path, text: bool) -> None:
    if text:
        shutil.copytree(candidate.built.first, target, copy_function=shutil.copyfile)
        return
    corpus, quoted = candidate.corpus, cited(candidate.corpus)
    table = tabled(candidate.agreement) if candidate.agreement else None
    skeleton = head(corpus, str(candidate.schema), quoted)
    build(corpus, candidate.inventory, target, quoted, table, skeleton=skeleton)


def _release(candidate: Candidate) -> Release:
    return Release(
        corpus=candidate.corpus,
        inventory=candidate.inventory,
        version=candidate.version,
        entry=candidate.entry.body if candidate.entry else "",
        since=candidate.last,
        changes=candidate.comparison.summary if candidate.comparison else None,
        agreement=candidate.agreement,
    )


def _refuse_others(out: Path) -> None:
    """Raise CannotRun where `out` is anything but missing, empty, or a release."""
    if out.exists() and not (out / sums.FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise CannotRun(out, "is there and is no release", "choose another folder with --out")
