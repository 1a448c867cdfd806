"""Where a release comes from: the revision, every input with its hash, and what built it; no time of building."""

import platform
import zlib
from importlib import metadata
from pathlib import Path

import msgspec

from annotate.offsets import sha256
from annotate.release.candidate import Candidate

FILE = "provenance.json"
FORMAT = "annotate provenance 1"
LOCK = "requirements/run.txt"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """`built_with` names versions; `lock` is the SHA-256 of the file that pins the toolkit's dependencies, if there is
    one beside the corpus; `inputs` are path → SHA-256, with the changelog of the data."""

    format: str
    version: str
    revision: str
    built_with: dict[str, str]
    lock: str | None
    inputs: dict[str, str]


def provenance(candidate: Candidate) -> Provenance:
    import pyarrow as pa

    lock = candidate.place / LOCK
    return Provenance(
        format=FORMAT,
        version=candidate.version,
        revision=candidate.repository.head,
        built_with={
            "contested-claims": metadata.version("contested-claims"),
            "pyarrow": pa.__version__,
            "python": platform.python_version(),
            "zlib": zlib.ZLIB_RUNTIME_VERSION,
        },
        lock=_hash(lock) if lock.is_file() else None,
        inputs={name: _hash(candidate.place / name) for name in candidate.paths},
    )


def _hash(path: Path) -> str:
    return sha256(path.read_bytes())
