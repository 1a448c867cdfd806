"""What a corpus must reach to be released: `corpus/release.yaml`."""

import msgspec

from annotate.errors import CannotRun
from annotate.files import parse_yaml, read_if_file
from annotate.schemas import explain, package_schema
from annotate.store import Corpus


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
        raise CannotRun(path, str(error), "mend the YAML") from error
    for fault in explain(value, package_schema("release")):
        raise CannotRun(path, f"{fault.place}: {fault.message}", fault.mend)
    return msgspec.convert(value, Gate, strict=False)
