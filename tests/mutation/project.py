"""The project that is mutated: the made-up corpus with guidelines, releases, decisions, waivers and a baseline."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from annotate.checks import check
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.generate import find_stale_files
from annotate.inventory import load_inventory
from annotate.offsets import sha256
from annotate.util.files import write_together
from tests.conftest import BASE, read_files

GOLD = "corpus/annotations/gold/harbour.json"
ANNA = "corpus/annotations/anna/harbour.json"
_LISTS = ("spans", "relations", "sentences", "links", "omitted")
"""Lists of a file with one item a line."""
CANNOT_RUN = "exit 2"
"""In place of a code: the command says in one line why it cannot run."""


def dump(value: dict[str, Any]) -> str:
    """Return a JSON file of a corpus in canonical form, also where its values are wrong."""
    fields = []
    for key, item in value.items():
        if key in _LISTS and item and isinstance(item, list):
            text = "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in item) + "\n]"
        else:
            text = json.dumps(item, ensure_ascii=False)
        fields.append(f'"{key}": {text}')
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _sort_annotation(value: dict[str, Any]) -> None:
    """Put spans and relations into the canonical order, and leave out attributes that are empty."""
    value["spans"].sort(key=lambda span: (span["start"], span["end"], span["label"], span["id"]))
    for span in value["spans"]:
        if span.get("attributes") == {}:
            del span["attributes"]
    positions = {span["id"]: index for index, span in enumerate(value["spans"])}
    if isinstance(value.get("relations"), list) and all("head" in relation for relation in value["relations"]):
        value["relations"].sort(
            key=lambda each: (positions.get(each["head"], -1), positions.get(each["tail"], -1), each["label"])
        )


class MutableProject:
    """A project whose files can be changed and put back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(BASE, root)
        _add_words(self)
        _add_guidelines(self)
        _add_files(self)
        self.freeze()

    def freeze(self) -> None:
        """Make the files as they are now those that `restore` puts back."""
        self._files = read_files(self.root)

    def restore(self) -> None:
        """Put every file back as it was."""
        for file, data in read_files(self.root).items():
            if self._files.get(file) != data:
                (self.root / file).unlink()
        for file, data in self._files.items():
            path = self.root / file
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def read(self, file: str) -> str:
        return (self.root / file).read_bytes().decode("utf-8")

    def write(self, file: str, text: str | bytes) -> "MutableProject":
        """Write a file, and return the project."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return self

    def delete(self, file: str) -> "MutableProject":
        """Delete a file, and return the project."""
        (self.root / file).unlink()
        return self

    def replace(self, file: str, old: str, new: str) -> "MutableProject":
        """Replace the first occurrence of words that the file must have, and return the project."""
        text = self.read(file)
        assert old in text, (file, old)
        return self.write(file, text.replace(old, new, 1))

    def edit(self, file: str, change: Callable[[Any], object]) -> "MutableProject":
        """Change the value of a JSON file, write it in canonical form, and return the project."""
        value = json.loads(self.read(file))
        change(value)
        if isinstance(value.get("spans"), list) and all(isinstance(span["start"], int) for span in value["spans"]):
            _sort_annotation(value)
        return self.write(file, dump(value))

    def replace_words(self, old: str, new: str) -> "MutableProject":
        """Replace words of equal length in a text, its source, its labels and all hashes: as if published so."""
        assert len(old) == len(new), (old, new)
        files = {file: data.decode("utf-8") for file, data in read_files(self.root / "corpus").items()}
        hashed = [file for file in files if file.endswith(".txt") and not file.startswith("splits/")]
        old_hashes = {file: sha256(files[file]) for file in hashed}
        files = {file: text.replace(old, new) for file, text in files.items()}
        for file, old_hash in old_hashes.items():
            files = {name: text.replace(old_hash, sha256(files[file])) for name, text in files.items()}
        for file, text in files.items():
            self.write(f"corpus/{file}", text)
        return self

    def find_codes(self) -> list[str]:
        """Return the codes of the findings of `annotate check` and of what `annotate generate --check` reports."""
        corpus = Corpus(self.root / "corpus")
        try:
            inventory = load_inventory(self.root / "schema")
            return [finding.code for finding in check(corpus, inventory, folders=(self.root / "guidelines",))]
        except CannotRun:
            return [CANNOT_RUN]


def _add_words(project: MutableProject) -> None:
    project.replace(
        "schema/labels.yaml",
        "at most: no more, range: from and to, vague: no number",
        r"at most: {definition: no more, words: {imply: '(?i)\bat most \d'}}, range: from and to, "
        r"vague: {definition: no number, words: {exclude: '\d'}}",
    )
    project.replace(
        "schema/labels.yaml",
        "at least: no fewer",
        r"at least: {definition: no fewer, words: {imply: '(?i)\bat least \d'}}",
    )


def _add_guidelines(project: MutableProject) -> None:
    def page(title: str, *tables: str) -> str:
        return f"# {title}\n\n" + "".join(f"<!-- generated: {name} -->\n<!-- /generated -->\n\n" for name in tables)

    project.write(
        "guidelines/README.md",
        "# Guidelines\n\nRead [speech](speech.md), [cargo](cargo.md#cargo) and [cases](cases.md#two-loads).\n",
    )
    project.write("guidelines/cases.md", "# Cases\n\n## Two loads\n\nTake both. See [the labels](speech.md#speech).\n")
    project.write("guidelines/speech.md", page("Speech", "label Speaker", "label Verb", "label Words", "relations"))
    project.write("guidelines/cargo.md", page("Cargo", "label Load", "label Quay"))
    write_together(find_stale_files(project.root / "schema", project.root / "guidelines").files)


def _add_files(project: MutableProject) -> None:
    project.write(
        "schema/baseline.yaml",
        "version: 1.0.0\nsentence: '[^.\\n]+'\nparts:\n  say: said|added\nrules:\n"
        "  - {pattern: '(?P<verb>{say})', anchor: verb, spans: {verb: Verb}}\n"
        "attributes:\n  Speaker:\n    - {when: master, set: {rank: master}}\n",
    )
    project.write(
        "CITATION.cff",
        "cff-version: 1.2.0\nmessage: Cite it.\ntitle: Harbour\nversion: 1.0.0\nlicense: CC-BY-4.0\n"
        "authors:\n  - {family-names: Berg, given-names: Anna}\n",
    )
    project.write("LICENSE", "Made up.\n")
    project.write("corpus/statement.yaml", (BASE.parent.parent / "corpus" / "statement.yaml").read_bytes())
    project.write("corpus/release.yaml", "agreement:\n  least: 0.5\n")
    project.write("corpus/CHANGELOG.md", "# Changelog\n")
    listed = [file for file in read_files(project.root) if not file.endswith(".md")]
    project.write(
        "releases/1.0.0.json",
        json.dumps({"format": "annotate release 1", "version": "1.0.0", "inventory": "1.0.0",
                    "files": dict.fromkeys(listed, "0" * 64)}, indent=2),
    )  # fmt: skip
