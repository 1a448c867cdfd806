"""C5: class ids: the file that keeps them is there, and has every name of the inventory."""

import os
from collections.abc import Iterator
from pathlib import Path

from annotate import classes
from annotate.findings import Problem, Rule, rule
from annotate.inventory import Inventory
from annotate.store import Corpus


@rule("C501")
def class_without_id(inventory: Inventory, file: str) -> Iterator[Problem]:
    """Every label, relation and value has its class id in classes.json, once `annotate generate` has given ids.

    Why: who trained on an earlier dataset knows classes by their numbers; without the file they would silently shift.
    Fails: schema/ with annotation.schema.json, which is generated with it, but without classes.json; a label in
    labels.yaml that classes.json does not list.
    Passes: classes.json as `annotate generate` last wrote it; neither file, before it ever ran.
    """
    path = Path(inventory.folder) / classes.FILE
    for fault in classes.faults(inventory.numbers, inventory.named, path):
        yield Problem(f"{fault.problem}; {fault.mend}", file=file)


def place(corpus: Corpus, inventory: Inventory) -> str:
    """The file of class ids as a finding names it: relative to the corpus, unless it was given from the root."""
    path = Path(inventory.folder) / classes.FILE
    return path.as_posix() if path.is_absolute() else Path(os.path.relpath(path, corpus.root)).as_posix()


RULES: tuple[Rule, ...] = (class_without_id,)
