"""V3: what is released: clean by its own rules, free to be passed on, and agreed upon as far as was promised."""

import math
from collections import Counter
from collections.abc import Iterator

from annotate.dataset.citation import licence
from annotate.dataset.facts import grid
from annotate.dataset.inputs import CITATION
from annotate.findings import Problem, Rule, rule
from annotate.release.candidate import Candidate
from annotate.release.figures import block, tabled
from annotate.release.gate import read_gate

README = "README.md"


@rule("V301")
def corpus_not_clean(candidate: Candidate) -> Iterator[Problem]:
    """All checks of the corpus pass, without a warning, and no near-duplicate paragraphs stand in two splits.

    Why: an error in a release is everybody's.
    Fails: any finding of `annotate check --strict`.
    Passes: none.
    """
    for code, number in Counter(finding.code for finding in candidate.findings).items():
        first = next(finding for finding in candidate.findings if finding.code == code)
        more = f", and {number - 1} more" if number > 1 else ""
        file = f"{candidate.named(candidate.corpus.root)}/{first.file}"
        yield Problem(f"{code}: {first.message}{more}; see `annotate check --strict`", file=file, line=first.line)


@rule("V302")
def no_rights(candidate: Candidate) -> Iterator[Problem]:
    """Each article says what rights there are in it, and CITATION.cff names the licence of the labels.

    Why: what nobody may use, nobody should be handed.
    Fails: `"rights": " "`; no CITATION.cff, or one without `license`.
    Passes: a sentence on each article; `license: CC-BY-4.0`.
    """
    for name in candidate.corpus.article_ids():
        if not candidate.corpus.read_article(name).rights.strip():
            file = candidate.named(candidate.corpus.article_path(name))
            yield Problem(
                "says nothing of the rights in it; say whose it is and what is allowed", file=file, article=name
            )
    if licence(candidate.citation) is None:
        yield Problem("names no licence of the labels; add `license: CC-BY-4.0`, or another of SPDX's", file=CITATION)


@rule("V303")
def agreement_too_low(candidate: Candidate) -> Iterator[Problem]:
    """Agreement on each label reaches what corpus/release.yaml states.

    Why: a label on which annotators do not agree says more of them than of the texts.
    Fails: an overlap F1 of 0.61, with `least: 0.8`; no release.yaml; gold that was made from one annotator's labels.
    Passes: 0.85, with `least: 0.8`; 0.7, with `labels: {Stance: 0.65}`.
    """
    gate, file = read_gate(candidate.corpus), candidate.named(candidate.corpus.release_path)
    if gate is None:
        yield Problem("is missing: state what agreement a release needs, as `agreement: {least: 0.8}`", file=file)
        return
    for label in sorted(gate.agreement.labels.keys() - candidate.inventory.spans.keys()):
        yield Problem(f"names {label!r}, which is no label of the inventory; mend it", file=file)
    if candidate.agreement is None:
        yield Problem("nothing can be measured: gold was made from the labels of fewer than two annotators", file=file)
        return
    for row in candidate.agreement.labels:
        value, least = row.overlap.value, gate.agreement.of(row.name)
        if row.kind == "label" and value is not None and value < least:
            # Cut, since rounded it could be the number that it does not reach.
            shown = math.floor(value * 1000) / 1000
            yield Problem(f"agreement on {row.name} is {shown:.3f}, and {least:.3f} is needed", file=file)


@rule("V304")
def agreement_stale(candidate: Candidate) -> Iterator[Problem]:
    """The agreement in README.md, where it shows one, is the one that the labels give now, as in the card.

    Why: figures that were typed, or computed last year, are believed like those of today.
    Fails: a table between `<!-- generated: agreement -->` and `<!-- /generated -->` that other labels gave.
    Passes: the table of the card; no such lines in README.md.
    """
    readme = candidate.place / README
    shown = block(readme.read_text("utf-8", errors="replace")) if readme.is_file() else None
    if shown is None or candidate.agreement is None:
        return
    table = tabled(candidate.agreement)
    if shown.strip() != f"{table.note}\n\n{grid(table.head, table.rows)}".strip():
        yield Problem("shows other agreement than the labels give now; put the card's table there", file=README)


RULES: tuple[Rule, ...] = (corpus_not_clean, no_rights, agreement_too_low, agreement_stale)
