"""Findings on an annotation outside of the corpus, for the commands that read and write such annotations."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotate.annotation_files import AnnotationFile
    from annotate.findings import Finding
    from annotate.inventory import Inventory


def find_errors(file: "AnnotationFile", inventory: "Inventory") -> "list[Finding]":
    """Return the errors that `annotate check` would report, without warnings; those on vocabulary come first."""
    from annotate.checks import check_annotation

    findings = check_annotation(file.annotation, file.text, inventory, str(file.path))
    return [finding for finding in findings if finding.severity == "error"]
