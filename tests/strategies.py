"""Hypothesis strategies for texts and annotations, with what trips readers up: emoji, combining marks, line ends."""

from hypothesis import strategies as st

from annotate.model import LABEL_ORIGINS, Annotation, Relation, Span
from annotate.offsets import sha256

texts = st.text(
    st.one_of(st.sampled_from('aé🚢👩\u200d🚀\u0301\u05d0 \n\r\t"\\,1'), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=60,
)


@st.composite
def annotations(draw: st.DrawFn, text: str | None = None) -> Annotation:
    """An annotation whose spans lie in their text, with any labels, attributes and relations between its spans."""
    text = draw(texts) if text is None else text
    offsets = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(offsets, offsets), max_size=6))
    spans = tuple(
        Span(
            id=f"s{number}",
            label=draw(st.sampled_from(["Speaker", "Words"])),
            start=min(pair),
            end=max(pair),
            text=text[min(pair) : max(pair)],
            attributes=draw(
                st.dictionaries(st.sampled_from(["rank", "least"]), st.integers(0, 9) | st.text(max_size=5))
            ),
            note=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
        )
        for number, pair in enumerate(pairs)
    )
    ids = st.sampled_from([span.id for span in spans]) if spans else st.nothing()
    relations = draw(
        st.lists(
            st.builds(lambda label, head, tail: Relation(label=label, head=head, tail=tail),
                      st.sampled_from(["words", "speaker"]), ids, ids),
            max_size=5 if spans else 0,
        )
    )  # fmt: skip
    return Annotation(
        article="a",
        annotator="anna",
        process=draw(st.sampled_from(["single pass", "corrected"])),
        made_from=draw(st.sampled_from([(), ("gold",), ("ben",)])),
        lead_time=draw(st.none() | st.integers(0, 10_000).map(lambda tenths: tenths / 10)),
        origins=draw(st.dictionaries(st.sampled_from(LABEL_ORIGINS), st.integers(1, 99))),
        inventory="1.0.0",
        text_sha256=sha256(text),
        spans=spans,
        relations=tuple(relations),
    )


def to_utf16(text: str, offset: int) -> int:
    """The UTF-16 offset of a code point offset within the text."""
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2
