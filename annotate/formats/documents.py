"""A document read from any format → an article and an annotation, in the way that `annotate add` takes texts in."""

from typing import NamedTuple

from annotate.errors import CannotRun
from annotate.findings import Finding
from annotate.formats import rules
from annotate.formats.mapping import Map
from annotate.formats.placing import Window
from annotate.formats.raw import Document, Head, RawDocument
from annotate.formats.taking import Taken, Tally, take
from annotate.intake import Cut, Details, Intake, Refused, take_in
from annotate.inventory import Inventory
from annotate.model import Annotation, Article

BOUNDARIES = "One file, one article."


class Result(NamedTuple):
    """What became of a document: its article and labels, None where nothing could be taken; findings; the count."""

    intake: Intake | None
    annotation: Annotation | None
    findings: list[Finding]
    tally: Tally


def convert(
    raw: RawDocument, map_: Map, inventory: Inventory, head: Head, details: Details, fix: bool = False
) -> Result:
    """The article, by the rules of `annotate.intake`, and the annotation of a document."""
    count = raw.lines if raw.refused else len(raw.items)
    lines = Tally(read=count, reported=count)
    if raw.refused:
        return Result(None, None, [raw.refused], lines)
    try:
        text = raw.data.decode("utf-8")
        known = {name: value for name, value in raw.details.items() if name in Details._fields}
        cut = Cut(raw.name, 0, len(text))
        intake = take_in(f"{raw.name}.txt", raw.data, [cut], details._replace(**known), BOUNDARIES)
    except UnicodeDecodeError as error:
        why = f"its text is not UTF-8 at byte {error.start}; convert it first"
        return Result(None, None, list(rules.unreadable(raw.file, raw.name, why)), lines)
    except Refused as refused:
        return Result(None, None, list(rules.article_refused(raw.file, raw.name, f"its text {refused}")), lines)
    (article,) = intake.articles
    window = Window(text, article.source.start, article.source.end, article.text)
    taken = take(raw, text, window, map_, inventory, fix)
    return Result(intake, _annotation(article, taken, head), taken.findings, taken.tally)


def _annotation(article: Article, taken: Taken, head: Head) -> Annotation:
    return Annotation(
        article=article.id,
        annotator=head.annotator,
        process=head.process,
        made_from=head.made_from,
        inventory=head.inventory,
        text_sha256=article.text_sha256,
        spans=taken.spans,
        relations=taken.relations,
    )


def refuse_what_no_format_can_say(document: Document, inventory: Inventory) -> None:
    """Raise CannotRun for labels that are not of the inventory or not of the text: they would be lost in silence."""
    article, annotation = document
    where = f"annotations of {article.id} by {annotation.annotator}"
    mend = "`annotate check` says what is wrong"
    spans = {span.id: span for span in annotation.spans}
    if len(spans) != len(annotation.spans):
        raise CannotRun(where, "two spans have one id", mend)
    if annotation.text_sha256 != article.text_sha256:
        raise CannotRun(where, "were made on another text", mend)
    for span in annotation.spans:
        if not 0 <= span.start < span.end <= len(article.text) or article.text[span.start : span.end] != span.text:
            raise CannotRun(where, f"the words of span {span.id} do not stand at its place", mend)
        if span.label not in inventory.spans:
            raise CannotRun(where, f"span {span.id} has the unknown label {span.label!r}", mend)
        known = {attribute.name: attribute for attribute in inventory.attributes_of(span.label)}
        for name, value in span.attributes.items():
            attribute = known.get(name)
            integer = type(value) is int and value >= 0
            if attribute is None or integer != (attribute.type == "integer") or value == "":
                raise CannotRun(where, f"span {span.id} has the attribute {name!r}, which its label has not", mend)
            if attribute.values and value not in attribute.values:
                raise CannotRun(where, f"span {span.id} has the unknown value {value!r} of {name}", mend)
    for relation in annotation.relations:
        if relation.label not in inventory.relations:
            raise CannotRun(where, f"there is no relation {relation.label!r} in the inventory", mend)
        if not {relation.head, relation.tail} <= spans.keys():
            raise CannotRun(where, f"a relation {relation.label} has an end that is not there", mend)
