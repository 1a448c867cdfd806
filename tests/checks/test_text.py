"""The rules of texts, and the fast path that recognises texts without findings."""

import unicodedata

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import text as text_rules
from annotate.checks.text import SourceText
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.offsets import normalise
from tests.conftest import BASE
from tests.strategies import texts

CORPUS = Corpus(BASE / "corpus")


def findings_of_text(text: str) -> list[Finding]:
    return [finding for rule in text_rules.OF_TEXT for finding in rule("", None, text)]


@given(
    texts
    | st.text(st.sampled_from("aé\u0301\u1100\u1161\u11a8각\u09c7\u09be\u00a0\u00ad\ufeff\u2028\t\n\r\x7f"), max_size=9)
)
@settings(max_examples=400, deadline=None)
def test_sound_text_has_no_findings_and_is_its_own_normal_form(text: str) -> None:
    if text_rules.is_sound(text, text.encode()):
        assert (findings_of_text(text), normalise(text)) == ([], text)


def test_every_character_of_a_valid_text_is_visible_and_separate() -> None:
    characters = list(map(chr, range(0x110000)))
    plain = list(filter(text_rules._is_sound_character.__wrapped__, characters))
    assert findings_of_text(f"a{''.join(plain)}a") == []
    pairs = [parts for parts in map(str.split, map(unicodedata.decomposition, characters)) if len(parts) == 2]
    joined = {second for first, second in pairs if not first.startswith("<")}
    jamo = {f"{code:04X}" for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    assert not (joined | jamo) & {f"{ord(character):04X}" for character in plain}
    assert {"é", "—", "“", "🚢", "ß", "漢", "я"} < set(plain)


def test_article_matches_only_its_own_range_of_the_source() -> None:
    for name in CORPUS.article_ids():
        article = CORPUS.read_article(name)
        source = SourceText.from_bytes(CORPUS.source_path(article.source.file).read_bytes())
        assert text_rules.is_range_of(source, article)
        where = article.source
        for changed in ({"start": where.start + 1}, {"end": where.end + 1}, {"sha256": "0" * 64}):
            other = msgspec.structs.replace(article, source=msgspec.structs.replace(where, **changed))
            assert not text_rules.is_range_of(source, other)
        assert not text_rules.is_range_of(SourceText.from_bytes(b"\xff"), article)
