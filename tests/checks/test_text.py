"""The rules of texts, and the fast path that recognises texts without findings."""

import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import text as text_rules
from annotate.checks.text import SourceText
from annotate.corpus import Corpus
from annotate.findings import Finding
from annotate.offsets import normalise
from tests.conftest import BASE
from tests.operations import LINEAR, CountedText
from tests.strategies import texts

CORPUS = Corpus(BASE / "corpus")


def findings_of_text(text: str) -> list[Finding]:
    return [finding for rule in text_rules.OF_TEXT for finding in rule("", None, text)]


@given(
    texts
    | st.text(st.sampled_from("aéÃ©â€™Â°ß“&amp;ĐаΑμ字\ufffdðŸï»¿Ñ€"), max_size=8)
    | st.text(st.sampled_from("aé\u0301\u1100\u1161\u11a8각\u09c7\u09be\u00a0\u00ad\ufeff\u2028\t\n\r\x7f"), max_size=9)
)
@settings(max_examples=400, deadline=None)
def test_sound_text_has_no_findings_and_is_its_own_normal_form(text: str) -> None:
    if text_rules.is_sound(text, text.encode()):
        assert (findings_of_text(text), normalise(text)) == ([], text)


def test_every_character_of_a_valid_text_is_visible_and_separate() -> None:
    characters = list(map(chr, range(0x110000)))
    plain = list(filter(text_rules._is_sound_character.__wrapped__, characters))
    # What T106 to T109 find are several characters together, or U+FFFD.
    found = {finding.code for finding in findings_of_text(f"a{''.join(plain)}a")}
    assert found <= {"T106", "T107", "T108", "T109"}
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


@given(st.text(st.sampled_from("a\n\u00ad\u200b\ufeff\ue000\ue001\x00"), max_size=20))
@settings(deadline=None)
def test_an_invisible_character_is_reported_where_it_is_first(text: str) -> None:
    problems = [*text_rules.invisible_character.check(text)]
    first = sorted(text.index(character) for character in set(text) - set("a\n"))
    assert [problem.line for problem in problems] == [text.count("\n", 0, offset) + 1 for offset in first]
    assert all(f"first at {offset};" in problem.message for offset, problem in zip(first, problems, strict=True))


def test_invisible_characters_take_linear_time() -> None:
    def operations(size: int) -> int:
        text = CountedText("".join(f"a{chr(0xE000 + number)}\n" for number in range(size)))
        return CountedText.count_operations(lambda: list(text_rules.invisible_character.check(text)))

    assert 0 < operations(2000) <= LINEAR * operations(1000)


@given(st.text() | st.text(st.sampled_from("aAοОо᾽\u03a2\u1fc1\u1fbeν\u0301Ã²â€™«Â»Ñ\u00a0&amp;"), max_size=9))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_a_rule_raise(text: str) -> None:
    findings = findings_of_text(text)
    text_rules.is_sound(text, text.encode("utf-8", "replace"))
    assert {finding.code for finding in findings} <= {rule.code for rule in text_rules.OF_TEXT}


def test_each_character_of_an_alphabet_is_a_letter_and_mixes_with_any_word_without_an_error() -> None:
    for letter in map(chr, range(0x110000)):
        if any(alphabet.match(letter) for alphabet in text_rules._ALPHABETS.values()):
            assert letter.isalpha()
            assert find_codes(f"Raqqaх {letter}") >= {"T109"}
        elif not 0xD800 <= ord(letter) < 0xE000 and ord(letter) < 0x3000:
            list(text_rules.mixed_alphabets.check(f"don{letter}t до{letter}"))


def find_codes(text: str) -> set[str]:
    return {rule.code for rule in text_rules.OF_TEXT for _ in rule.check(text)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Rakk\ufffd", "T106"),
        ("cafÃ© au lait", "T107"),
        ("donâ€™t", "T107"),
        ("he saidâ€”and left", "T107"),
        ("20Â°C", "T107"),
        ("Â£5", "T107"),
        ("Ð¼Ð¸Ñ€ Ð¸ Ñ…Ð»ÐµÐ±", "T107"),
        ("Ø§Ù„Ø±", "T107"),
        ("×—×–", "T107"),
        ("Ï€Î¿Î»Ï…", "T107"),
        ("Ð¿Ñ€Ð¸", "T107"),
        ("Ö€Õ¡", "T107"),
        ("ZÃ¼rich", "T107"),
        ("aÃ±o", "T107"),
        ("Ã‰lan", "T107"),
        ("Ã‡a va", "T107"),
        ("FRANÃ‡AIS", "T107"),
        ("MÃºsica", "T107"),
        ("perÃ²", "T107"),
        ("avÃ³", "T107"),
        ("schÃ–n", "T107"),
        ("voilÃ\u00a0tout", "T107"),
        ("Å›Ä‡", "T107"),
        ("10 kmÂ²", "T107"),
        ("the 1Âº", "T107"),
        ("Â«OuiÂ\u00a0Â»", "T107"),
        ("Oui.Â\u00a0Non", "T107"),
        ("æ—¥æœ¬", "T107"),
        ("ðŸš¢", "T107"),
        ("Smith &amp; Sons", "T108"),
        ("don&#39;t", "T108"),
        ("don&#x27;t", "T108"),
        ("a&nbsp;b", "T108"),
        ("Raqq\u0430", "T109"),
        ("\u041cosul", "T109"),
        ("\u039cosul", "T109"),
        ("кoт", "T109"),
        ("Αθήνa", "T109"),
        ("Mos\u0441ow", "T109"),
        ("NATО", "T109"),
        ("USAВи", "T109"),
        ("VIPоva", "T109"),
        ("n\u03bdclear", "T109"),
    ],
)
def test_damaged_text_has_one_finding(text: str, code: str) -> None:
    assert find_codes(text) == {code}
    assert not text_rules.is_sound(text, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "MANHÃ” e ROMÂ…",
        "Ä–Ö–Ü, Ä\u00a0Ö\u00a0Ü, Ä…Ö…, Æ\u00a0Ø\u00a0Å, Õ–Ä–Ö–Ü",
        "la lettre «Â», la lettre «\u00a0Â\u00a0» et Â\u00a0: â",
        "MANHÃ•TARDE, IRMÃ·MÃE, MANHÃ², MANHÃ† e MANHÃ—TARDE, MANHÃ’S, MANHÃ´S, ‹MANHÃ›",
        "„großß“ — «Élan» ÎLE ÇA Ñandú À la Île d’Été, Köln, Ångström",
        "São Paulo, Ãgua, NHÂ, â, ê",
        "AT&T; R&D; a & b; &; &x;y &unknownentity;",
        "5 μm, 3 kΩ, Δt, 2 πr, TNFα",
        "NF-κB, IκBα, hν, νe, ρgh, dϕ, σв, ΔТ, λмакс, мкΩ, λարագ",
        "VIPов, PRщик, SMSка, NATOϊκό, USBов",
        "He don᾽t know, ὁ δ᾽ εἶπεν",
        "SMS-сообщение, США и NATO, Ελλάδα",
        "Tシャツ, IBMは, A股, ไทยABC, Wi-Fi를",
        "H2O, B12, 3rd, ½, №5, 1º",
        "naïve café — Zürich’s “Straße”",
        "Հայաստան",
    ],
)
def test_sound_text_has_no_finding(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    assert find_codes(text) == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sie ging, StraÃŸe um Strasse.", "has 'ÃŸ' at 14, in 'ging, StraÃŸe um Stras'; "),
        ("a Rakk\ufffd b", "has '\ufffd' at 6, in 'a Rakk\ufffd b'; "),
    ],
)
def test_message_names_the_sign_at_its_offset_and_the_words_around_it(text: str, message: str) -> None:
    (finding,) = findings_of_text(text)
    assert finding.message.startswith(message)
