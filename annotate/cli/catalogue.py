"""Every rule of every room, in one list: what `annotate rules` shows and what codes must be unique in."""

from annotate.findings import Rule


def every_rule() -> tuple[Rule, ...]:
    """The rules in the order of their rooms; each room has letters of its own for its codes."""
    from annotate.checks import CATALOGUE
    from annotate.convert.rules import RULES as OF_EXPORTS
    from annotate.formats.rules import RULES as OF_FORMATS
    from annotate.labelstudio.rules import RULES as OF_LABEL_STUDIO
    from annotate.release.rules import RULES as OF_RELEASES

    return (*CATALOGUE, *OF_LABEL_STUDIO, *OF_FORMATS, *OF_EXPORTS, *OF_RELEASES)
