"""Made-up labelled articles from which a tagger can learn, in the inventory of the made-up corpus."""

from annotate.model import Annotation, Relation, Span
from annotate.offsets import sha256
from annotate.tagger.paragraphs import LabelledText

QUAYS = ("North", "South", "Old", "New", "West", "East")
SPEAKERS = {"The harbour master": "master", "A hand": "hand"}


def label_quay(article_id: str, quay: str, crates: int) -> LabelledText:
    """Return an article with a sentence for each speaker: the Speaker, the Verb, and the Words."""
    sentences, spans, relations = list[str](), list[Span](), list[Relation]()
    for words, rank in SPEAKERS.items():
        content = f"{crates} crates lie at {quay} Quay"
        start = sum(len(sentence) + 1 for sentence in sentences)
        verb = start + len(words) + 1
        ids = [f"{kind}{start}" for kind in "svw"]
        spans.append(Span(id=ids[0], label="Speaker", start=start, end=verb - 1, text=words, attributes={"rank": rank}))
        spans.append(Span(id=ids[1], label="Verb", start=verb, end=verb + 4, text="said"))
        spans.append(Span(id=ids[2], label="Words", start=verb + 5, end=verb + 5 + len(content), text=content))
        relations += [Relation(label="speaker", head=ids[1], tail=ids[0])]
        relations += [Relation(label="words", head=ids[1], tail=ids[2])]
        sentences.append(f"{words} said {content}.")
    text = "\n".join(sentences)
    annotation = Annotation(
        article=article_id,
        annotator="editor",
        process="single pass",
        made_from=(),
        inventory="1.0.0",
        text_sha256=sha256(text),
        spans=tuple(spans),
        relations=tuple(relations),
    )
    return LabelledText(text, annotation)


def label_quays() -> list[LabelledText]:
    return [label_quay(f"quay-{number}", quay, number + 2) for number, quay in enumerate(QUAYS)]
