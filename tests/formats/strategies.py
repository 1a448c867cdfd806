"""Documents that fit the made-up inventory, with what is difficult for formats: emoji, overlaps, line ends."""

from hypothesis import strategies as st

from annotate.formats.document import LabelledArticle
from annotate.inventory import Attribute, Inventory
from annotate.model import Annotation, Article, AttributeValue, Relation, SourceRange, Span, normal_number
from annotate.offsets import normalise, sha256

characters = st.one_of(
    st.sampled_from('aé🚢👩\u200d🚀\u05d0 \n"\\,1#;|<&\u2028'), st.characters(exclude_categories=["Cs", "Cc", "Cn"])
)
texts = (
    st.text(characters, min_size=1, max_size=50)
    .map(lambda text: normalise(text).strip())
    .filter(lambda text: text != "" and normalise(text) == text)
)
words = st.text(st.one_of(st.sampled_from("\n\r\t \\\\nu"), characters), max_size=8)


def values(attribute: Attribute) -> st.SearchStrategy[AttributeValue]:
    if attribute.type == "choice":
        return st.sampled_from(sorted(attribute.values))
    if attribute.type == "number":
        return st.floats(allow_nan=False, allow_infinity=False).map(lambda value: normal_number(value) or 0)
    return st.integers(0, 2**31 - 1) if attribute.type == "integer" else words.filter(bool)


@st.composite
def documents(draw: st.DrawFn, inventory: Inventory) -> LabelledArticle:
    """An article and labels of it, any number of relations between any two spans, joined pieces among them."""
    text = draw(texts)
    offsets = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(offsets, offsets).filter(lambda pair: pair[0] != pair[1]), max_size=6))
    names = draw(st.sampled_from([["s1", "s2", "s3", "s4", "s5", "s6"], ["a", "s02", "~x", "s-1", "T1", "_"]]))
    spans = []
    for name, pair in zip(names, pairs, strict=False):
        label = draw(st.sampled_from(sorted(inventory.spans)))
        attributes = {
            one.name: draw(values(one)) for one in inventory.attributes_of(label) if one.required or draw(st.booleans())
        }
        start, end = sorted(pair)
        spans.append(
            Span(id=name, label=label, start=start, end=end, text=text[start:end],
                 attributes=attributes, note=draw(words))
        )  # fmt: skip
    relations: list[Relation] = []
    if spans:
        ends = st.sampled_from([span.id for span in spans])
        kinds = st.sampled_from(sorted(inventory.relations))
        triples = draw(st.lists(st.tuples(kinds, ends, ends), max_size=6, unique=True))
        relations = [Relation(label=one, head=head, tail=tail, note=draw(words)) for one, head, tail in triples]
    digest = sha256(text)
    source = SourceRange(file="a.txt", sha256=digest, start=0, end=len(text))
    article = Article(
        id="a", title="A", language="en", author=None, publisher=None, date="2026-01-02", rights="Made up.",
        source=source, text_sha256=digest, text=text,
    )  # fmt: skip
    annotation = Annotation(
        article="a", annotator="anna", process="single pass", made_from=(), inventory=inventory.version,
        text_sha256=digest, spans=tuple(spans), relations=tuple(relations),
    )  # fmt: skip
    return LabelledArticle(article, annotation)
