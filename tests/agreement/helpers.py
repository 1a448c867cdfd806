"""Small annotations, written in one line, and studies of them."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from annotate.agreement.coefficients import Value, alpha, alpha_counts, kappa, kappa_counts
from annotate.agreement.study import Study, make_study
from annotate.inventory import Inventory
from annotate.model import Annotation, AttributeValue, Relation, Span
from annotate.offsets import sha256
from annotate.records import Mention, Piece

TEXT = "The master said 40 crates lie at the quay.\nA hand added that some are gone, he said.\nNobody knows."


def mention(label: str, *pieces: tuple[int, int], name: str = "m") -> Mention:
    made = tuple(Piece(*piece) for piece in pieces)
    return Mention(name, label, made[0].start, max(end for _, end in made), "", made, {})


def span(name: str, label: str, start: int, end: int, text: str = TEXT, **attributes: AttributeValue) -> Span:
    return Span(id=name, label=label, start=start, end=end, text=text[start:end], attributes=attributes)


def annotation(*parts: Span | tuple[str, str, str], annotator: str = "x", text: str = TEXT) -> Annotation:
    """Spans, and relations as label, head, tail."""
    return Annotation(
        article="a",
        annotator=annotator,
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=sha256(text),
        spans=tuple(part for part in parts if isinstance(part, Span)),
        relations=tuple(Relation(label=p[0], head=p[1], tail=p[2]) for p in parts if not isinstance(p, Span)),
    )


def compared(inventory: Inventory, *versions: Annotation, text: str = TEXT) -> Study:
    """A study of one article; the versions are those of anna, ben, carla, dora."""
    names = ("anna", "ben", "carla", "dora")
    return make_study(inventory, [("a", text, dict(zip(names, versions, strict=False)))])


def nominal_alpha(rows: Sequence[Iterable[Hashable]]) -> Value:
    """Alpha of a table with one row of values an annotator, one column a unit; None is a missing value."""
    return alpha(alpha_counts(Counter(zip(*rows, strict=True))))


def cohen_kappa(first: Iterable[Hashable], second: Iterable[Hashable]) -> Value:
    """Kappa of the values that two annotators gave the same units."""
    return kappa(kappa_counts(Counter(zip(first, second, strict=True))))
