"""The inventory of the corpus with roles for who claims, denies or disputes harm; what it has already stays."""

_ATTRIBUTE = """\
  factuality:
    labels: [Casualty]
    type: choice
    required: false
    definition: Whether the harm took place, as the nearest source has it.
    values: {asserted: it did, possible: it may, denied: it did not, hypothetical: it would, uncommitted: not said}
"""
_RELATION = """\
  refers_to:
    definition: From a Target that only points back to each claim that it means.
    head: [Target]
    tail: [Content, Casualty]
    refers: true
    guideline: labels/target.md
"""
_CLAIM = "      claim: {relation: towards, follow: refers_to}\n"
_ROLE = """\
      NAME:
        relation: claimed_by
        when: {factuality: [VALUES]}
        enclosing:
          record: attributions
          within: content
          take: source
          passes_on: {type: [assertion, accusation, perception, belief], polarity: [positive]}
"""
_DISPUTED_BY = """\
      disputed_by:
        enclosing: {record: stances, within: claim, take: holder, where: {position: [deny], about: [truth]}}
"""


def add_factuality(text: str) -> str:
    """Return `labels.yaml` of the corpus with the attribute, the relation and the roles that it lacks."""
    if "\n  factuality:\n" not in text:
        text = text.replace("  stated:\n", _ATTRIBUTE + "  stated:\n", 1)
    if "\n  refers_to:\n" not in text:
        text = text.replace("  victim:\n", _RELATION + "  victim:\n", 1)
    if "\n      claim: " not in text:
        target = "      target: {relation: towards}\n"
        text = text.replace(target, target + _CLAIM)
    if "\n      disputed_by:\n" not in text:
        before, _, after = text.partition("      claimant:\n")
        roles = [
            _ROLE.replace("NAME", name).replace("VALUES", values)
            for name, values in (
                ("claimant", "asserted, possible"),
                ("denier", "denied"),
                ("speaker", "hypothetical, uncommitted"),
            )
        ]
        text = before + "".join([*roles, _DISPUTED_BY]) + "      victim:" + after.partition("      victim:")[2]
    return text
