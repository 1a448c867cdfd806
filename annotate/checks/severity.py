"""The severity of findings on one annotator's labels: what only that annotator can correct stops nobody else."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from annotate.findings import Finding
from annotate.model import GOLD
from annotate.passes import annotation_set_of


def downgrade_findings(findings: Iterable[Finding], annotators: Collection[str] = ()) -> Iterator[Finding]:
    """Yield findings, with errors in the annotation files of single annotators as warnings.

    Errors in gold remain errors. So do those that cannot be waived, in any file: without them, labels would be lost or
    misread, or a reader would be in danger.

    Args:
        findings: Findings on a corpus.
        annotators: The annotators whose errors remain errors.
    """
    strict = {GOLD, None, *annotators}
    for finding in findings:
        is_downgraded = (
            finding.severity == "error"
            and finding.waivable
            and finding.article is not None
            and annotation_set_of(finding.file) not in strict
        )
        yield replace(finding, severity="warning", downgraded=True) if is_downgraded else finding
