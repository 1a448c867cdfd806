"""The gate passes nothing in which a rule would find something, and most of what is clean."""

import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import check_annotation
from annotate.checks import text as text_rules
from annotate.checks.annotations import LabelFile, clean, explain
from annotate.checks.prefilter import Gate
from annotate.checks.text import SourceText
from annotate.columns import gathered
from annotate.corpus import Corpus, encode_annotation, encode_ordered
from annotate.findings import Finding
from annotate.inventory import load
from annotate.model import Annotation, Relation, Span
from annotate.offsets import normalise, sha256
from tests.conftest import BASE, ROOT
from tests.strategies import annotations, texts
from tests.test_checks import EXAMPLES

INVENTORY = load(BASE / "schema")
CORPUS = Corpus(BASE / "corpus")
NAMES = CORPUS.annotated_ids("gold")
WORDS = ["Speaker", "Verb", "Words", "Load", "Quay", "Nothing"]


def passes(annotation: Annotation, text: str) -> bool:
    """Whether an annotation by itself passes the gate."""
    return bool(Gate.of(INVENTORY).passing(gathered([annotation], INVENTORY), [text])[0])


def whole(name: str) -> Annotation:
    """The gold labels of a made-up article without later pieces, which the gate leaves to the rules."""
    annotation = CORPUS.read_annotation("gold", name)
    later = {relation.head for relation in annotation.relations if relation.label == INVENTORY.pieces}
    return msgspec.structs.replace(
        annotation,
        spans=tuple(span for span in annotation.spans if span.id not in later),
        relations=tuple(relation for relation in annotation.relations if relation.head not in later),
    )


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Annotation, str]:
    """An annotation of the made-up corpus with a few fields changed, and the text of its article."""
    name = draw(st.sampled_from(NAMES))
    annotation, text = whole(name), CORPUS.read_text(name)
    spans, relations = list(annotation.spans), list(annotation.relations)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(spans) - 1))
        start = draw(st.integers(spans[place].start - 2, spans[place].start + 2))
        end = draw(st.integers(spans[place].end - 2, spans[place].end + 2))
        changes: list[dict[str, object]] = [
            {"start": start, "end": end, "text": text[max(start, 0) : max(end, 0)]},
            {"start": start},
            {"label": draw(st.sampled_from(WORDS))},
            {"id": draw(st.sampled_from([spans[0].id, "a b", "", "x" * 101, "s1\n", "é"]))},
            {"text": draw(st.sampled_from(["", " ", "said"]))},
            {"attributes": draw(st.dictionaries(st.sampled_from(["rank", "least", "most", "wording", "remark"]),
                                                st.integers(-1, 9) | st.sampled_from(["master", "exact", "", "range"]),
                                                max_size=3))},
        ]  # fmt: skip
        spans[place] = msgspec.structs.replace(spans[place], **draw(st.sampled_from(changes)))
    if draw(st.booleans()):
        ids = st.sampled_from([*(span.id for span in spans), "nowhere"])
        label = draw(st.sampled_from([*INVENTORY.relations, "nothing"]))
        relations.append(Relation(label=label, head=draw(ids), tail=draw(ids)))
    for items in (spans, relations):
        if items and draw(st.integers(0, 5)) == 0:
            del items[draw(st.integers(0, len(items) - 1))]
    return msgspec.structs.replace(annotation, spans=tuple(spans), relations=tuple(relations)), text


@given(spoilt())
@settings(max_examples=600, deadline=None)
def test_what_the_gate_passes_has_no_findings(given_: tuple[Annotation, str]) -> None:
    annotation, text = given_
    if passes(annotation, text):
        assert explain(annotation, text, INVENTORY) == []


@given(st.data())
@settings(deadline=None)
def test_gate_holds_on_texts_of_any_kind(data: st.DataObject) -> None:
    text = data.draw(texts)
    annotation = data.draw(annotations(text))
    assert check_annotation(annotation, text, INVENTORY) == explain(annotation, text, INVENTORY)


@pytest.mark.parametrize("example", [path for path in EXAMPLES if path.name[0] in "PR"], ids=lambda path: path.name)
def test_gate_stops_what_each_rule_finds(example: object) -> None:
    assert isinstance(example, type(BASE))
    spoilt_files = list(example.glob("corpus/annotations/*/*.json"))
    assert spoilt_files
    for path in spoilt_files:
        annotation = msgspec.json.decode(path.read_bytes(), type=Annotation)
        text = example / "corpus" / "articles" / f"{annotation.article}.txt"
        read = text.read_text("utf-8") if text.is_file() else CORPUS.read_text(annotation.article)
        assert not passes(annotation, read)


def test_gate_passes_what_is_clean_and_has_no_pieces() -> None:
    assert all(passes(whole(name), CORPUS.read_text(name)) for name in NAMES)
    text = "The pilot said that the lock held."
    spans = (
        Span(id="a", label="Speaker", start=0, end=9, text="The pilot", attributes={"rank": "hand"}),
        Span(id="b", label="Verb", start=10, end=14, text="said"),
        Span(id="c", label="Words", start=20, end=33, text="the lock held"),
    )
    relations = (Relation(label="speaker", head="b", tail="a"), Relation(label="words", head="b", tail="c"))
    annotation = msgspec.structs.replace(
        CORPUS.read_annotation("gold", NAMES[0]), text_sha256=sha256(text), spans=spans, relations=relations
    )
    assert passes(annotation, text)
    assert not passes(msgspec.structs.replace(annotation, relations=relations[:1]), text)


@pytest.mark.parametrize("offset", [1 << 63, -(1 << 63) - 1, 1 << 64, 1 << 1000])
@pytest.mark.parametrize("field", ["start", "end"])
def test_offset_that_no_machine_counts_to_is_stopped(field: str, offset: int) -> None:
    annotation, text = whole(NAMES[0]), CORPUS.read_text(NAMES[0])
    far = msgspec.structs.replace(annotation.spans[0], **{field: offset})
    spoilt_ = msgspec.structs.replace(annotation, spans=(far, *annotation.spans[1:]))
    both = gathered([annotation, spoilt_, annotation], INVENTORY)
    alone = passes(annotation, text)
    assert Gate.of(INVENTORY).passing(both, [text] * 3).tolist() == [alone, False, alone]


@pytest.mark.parametrize(
    "change",
    [{"article": "../x"}, {"annotator": ""}, {"made_from": ("a", "a")}, {"inventory": "1"}, {"text_sha256": "0"}],
    ids=lambda change: next(iter(change)),
)
def test_head_that_the_schema_refuses_is_stopped(change: dict[str, object]) -> None:
    annotation = msgspec.structs.replace(whole(NAMES[0]), **change)
    assert not passes(annotation, CORPUS.read_text(NAMES[0]))
    assert explain(annotation, CORPUS.read_text(NAMES[0]), INVENTORY)


def test_findings_are_the_same_with_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from annotate.checks import check, runner

    monkeypatch.setattr(runner, "CHUNK", 1)
    corpus, inventory = Corpus(ROOT / "corpus"), load(BASE / "schema")
    alone = list(check(corpus, inventory))
    assert len(alone) > 100
    assert list(check(corpus, inventory, workers=2)) == alone


@pytest.mark.parametrize("bytes_", [0, 20_000], ids=["one by one", "some together"])
def test_findings_are_the_same_whatever_is_looked_at_together(bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from annotate.checks import check, runner

    corpus, inventory = Corpus(ROOT / "corpus"), load(BASE / "schema")
    together = list(check(corpus, inventory))
    monkeypatch.setattr(runner, "TOGETHER", bytes_)
    assert list(check(corpus, inventory)) == together


def test_file_is_clean_only_as_it_is_written() -> None:
    """A file that the gate passes is held to its canonical bytes, also beside one that is in another order."""
    name = next(name for name in NAMES if passes(whole(name), CORPUS.read_text(name)))
    annotation, known = whole(name), CORPUS.read_article(name)
    turned = msgspec.structs.replace(annotation, spans=annotation.spans[::-1])
    good = encode_annotation(annotation)
    files = [good, encode_ordered(turned), good.replace(b'": ', b'":', 1), good[:-1], good[:-5], good]
    labels = [LabelFile("gold", f"annotations/gold/{name}.json", data, known) for data in files]
    assert clean(labels, INVENTORY) == [annotation, None, None, None, None, annotation]
    other = msgspec.structs.replace(known, id="other")
    assert clean([labels[0]._replace(article=None), labels[0]._replace(article=other)], INVENTORY) == [None, None]


def findings_of_text(text: str) -> list[Finding]:
    return [finding for rule in text_rules.OF_TEXT for finding in rule("", None, text)]


@given(
    texts
    | st.text(st.sampled_from("aé\u0301\u1100\u1161\u11a8각\u09c7\u09be\u00a0\u00ad\ufeff\u2028\t\n\r\x7f"), max_size=9)
)
@settings(max_examples=400, deadline=None)
def test_sound_text_has_no_findings_and_is_its_own_normal_form(text: str) -> None:
    if text_rules.sound(text, text.encode()):
        assert (findings_of_text(text), normalise(text)) == ([], text)


def test_every_character_of_a_sound_text_shows_and_stays_by_itself() -> None:
    characters = list(map(chr, range(0x110000)))
    plain = list(filter(text_rules._plain.__wrapped__, characters))
    assert findings_of_text(f"a{''.join(plain)}a") == []
    pairs = [parts for parts in map(str.split, map(unicodedata.decomposition, characters)) if len(parts) == 2]
    joined = {second for first, second in pairs if not first.startswith("<")}
    jamo = {f"{code:04X}" for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    assert not (joined | jamo) & {f"{ord(character):04X}" for character in plain}
    assert {"é", "—", "“", "🚢", "ß", "漢", "я"} < set(plain)


def test_text_of_its_source_is_known_as_it_stands() -> None:
    for name in CORPUS.article_ids():
        article = CORPUS.read_article(name)
        source = SourceText.of(CORPUS.source_path(article.source.file).read_bytes())
        assert text_rules.stands_in(source, article)
        where = article.source
        for changed in ({"start": where.start + 1}, {"end": where.end + 1}, {"sha256": "0" * 64}):
            other = msgspec.structs.replace(article, source=msgspec.structs.replace(where, **changed))
            assert not text_rules.stands_in(source, other)
        assert not text_rules.stands_in(SourceText.of(b"\xff"), article)
