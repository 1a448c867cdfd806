"""What several annotators of one article have alike: a start for whoever adjudicates."""

from collections.abc import Sequence

import msgspec

from annotate.agreement import adjudication
from annotate.model import Annotation, Span


def agreed(annotations: Sequence[Annotation], text: str, inventory: str, annotator: str) -> Annotation:
    """The spans and relations that all of two or more annotators have, with the attributes on which all agree.

    A difference is left out, not decided: neither side's span, relation or value is there. `annotator` is the name that
    the annotation goes by, `inventory` the version in use.
    """
    decided = adjudication.plan(annotations, text)
    # Which relations differ is known once the spans are settled.
    for _ in ("spans", "relations"):
        for difference in decided.differences:
            difference.take, difference.reason = adjudication.NEITHER, "not agreed on"
        decided = adjudication.plan(annotations, text, decided)
    made = adjudication.apply(decided, annotations, text, annotator, inventory)
    spans = tuple(_common(span, annotations) for span in made.spans)
    return msgspec.structs.replace(made, spans=spans)


def _common(span: Span, annotations: Sequence[Annotation]) -> Span:
    """The span with the attributes that it has in every annotation, and no note of anybody's."""
    same = [
        set(other.attributes.items())
        for annotation in annotations
        for other in annotation.spans
        if adjudication.reference(other) == adjudication.reference(span)
    ]
    shared = set.intersection(*same)
    attributes = {name: value for name, value in span.attributes.items() if (name, value) in shared}
    return msgspec.structs.replace(span, attributes=attributes, note="")
