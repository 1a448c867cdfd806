"""T: the text of an article, its normal form, and the source that it was cut from."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from typing import NamedTuple

from annotate.findings import Finding, Problem, Rule, rule
from annotate.model import Annotation, Article
from annotate.offsets import normalise, sha256
from annotate.util.escape import has_unseen, quote

_INVISIBLE = {"Cc", "Cf", "Co", "Cn"}
_ALLOWED = {"\n", "\r", "\t", "\u200c", "\u200d"}  # joiners are spelling in several scripts; CR has a rule of its own
_MARKS = "\u061c\u200e\u200f"
"""Marks of direction that stand between words of scripts that run from right to left and turn nothing around."""
_SIGN = r"€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u00a0¡-¬®-¿"
"""The bytes 80 to BF as Windows-1252 shows them, without the sign that T105 reports. They follow the first byte of a
letter."""
_RARE_SIGN = "€‚ƒ„ˆ‰ŠŒŽ˜šœžŸ¡-©¬®-±µ¶¸¼-¿"
"""Those that stand directly after no capital letter in running text, as dashes, quotation marks and footnotes do."""
_FOOTNOTE_SIGN = "†‡‹›ª²-´¹º"
"""Those that do, but before no letter in lower case, nor before another first byte."""
_AFTER_TEXT = "(?<=[0-9a-zß-öø-ÿ])"
"""After it, no capital letter is expected in running text."""
_MOJIBAKE = re.compile(
    f"[ÃÂ][{_RARE_SIGN}]"  # é, £, ° and most letters of Latin
    f"|{_AFTER_TEXT}[ÃÂ][{_SIGN}]"
    f"|[ÃÂ][{_FOOTNOTE_SIGN}](?=[a-zß-öø-ÿ])|Ã‡(?=[A-Z])"  # ó, ú, Ç
    "|(?<=[.,;:!?)%…])Â[\u00a0»]|Â«(?=\\w)"  # a space, and the French quotation marks
    f"|â€[{_SIGN}]"  # dashes and quotation marks
    f"|â[„†ˆ™][{_SIGN}]"  # arrows and signs
    # two letters of Central Europe, or of Armenian
    f"|[ÄÅÔÕÖ][{_RARE_SIGN}{_FOOTNOTE_SIGN}][ÄÅÔÕÖ][{_RARE_SIGN}{_FOOTNOTE_SIGN}]"
    f"|[ÎÏ][{_SIGN}][ÎÏ][{_SIGN}]"  # two letters of Greek
    f"|[ÐÑ][{_SIGN}][ÐÑ][{_SIGN}]"  # Cyrillic
    f"|[Ö×][{_SIGN}][Ö×][{_SIGN}]"  # Hebrew
    f"|[Ø-Û][{_SIGN}][Ø-Û][{_SIGN}]"  # Arabic
    f"|[à-ï][{_SIGN}]{{2}}[à-ï][{_SIGN}]{{2}}"  # two of Indic scripts, Chinese, Japanese or Korean
    f"|ðŸ[{_SIGN}]"  # emoji
    "|ï»¿|ï¿½"  # a byte order mark, and U+FFFD
)
_MOJIBAKE_HEADS = frozenset(map(chr, range(ord("Â"), ord("ð") + 1)))
"""The first characters of what `_MOJIBAKE` finds."""
_ENTITY = re.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6})|[A-Za-z][A-Za-z0-9]{1,31});")
_GREEK = (
    "Ͱ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϡϷ-Ͽ"
    r"ἀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1f7dᾀ-ᾴᾶ-ᾼ\u1fbeῂ-ῄῆ-ῌῐ-\u1fd3ῖ-\u1fdbῠ-Ῥῲ-ῴῶ-ῼ"
)
"""The letters alone: some accents of Greek, such as ᾽, are no letters and stand between those that are."""
_CYRILLIC, _ARMENIAN = "Ѐ-ҁҊ-ԯᲀ-ᲈꙀ-ꙮꚀ-ꚝ", "Ա-Ֆՠ-ֈ"
_LATIN = "A-Za-zÀ-ÖØ-öø-ʯḀ-ỿＡ-Ｚａ-ｚ"
_ALPHABETS = {
    "Latin": re.compile(f"[{_LATIN}]"),
    "Greek": re.compile(f"[{_GREEK}]"),
    "Cyrillic": re.compile(f"[{_CYRILLIC}]"),
    "Armenian": re.compile(f"[{_ARMENIAN}]"),
}
"""The alphabets that have letters which look alike; words of other scripts mix without harm, as in Japanese."""
_BEYOND_LATIN = re.compile(f"[{_GREEK}{_CYRILLIC}{_ARMENIAN}]")
_WORD_OF_ALPHABETS = re.compile(f"[{_LATIN}{_GREEK}{_CYRILLIC}{_ARMENIAN}\u0300-\u036f\u0483-\u0487]+")
_SYMBOLS = frozenset("αβγδεζηθκλμξπστφχψωΓΔΘΛΞΠΣΦΨΩϕϵϑϰ")
"""Greek letters that look like no others, and stand next to others in units and formulas: μm, kΩ, Δt, λмакс."""
_SYMBOLS_OF_FORMULAS = frozenset("νρ")
"""Greek letters that look like others, but are symbols in words as short as those of formulas: hν, ρgh."""
_LONGEST_OF_FORMULAS = 3
_ABBREVIATION = re.compile("[A-Z]{2,}")
"""What may have an ending of another alphabet: VIPов, NATOϊκό."""
_ASCII = bytes((*b"\n\t", *range(ord(" "), ord("~") + 1)))


class SourceText(NamedTuple):
    """A source file.

    Attributes:
        sha256: The hash of its bytes.
        text: Its text, or None where it is not UTF-8.
        broken_at: The byte at which it is not UTF-8.
    """

    sha256: str
    text: str | None
    broken_at: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> "SourceText":
        """Decode the bytes of a source file."""
        try:
            return cls(sha256(data), data.decode("utf-8"))
        except UnicodeDecodeError as error:
            return cls(sha256(data), None, error.start)


def is_sound(text: str, data: bytes) -> bool:
    """Tell whether a text certainly has no finding by T101 to T109: the fast path for most texts.

    Args:
        text: The text.
        data: The same in UTF-8. Only the few distinct characters beyond ASCII are looked at.
    """
    beyond_ascii = data.translate(None, _ASCII).decode("utf-8")
    characters = set(beyond_ascii)
    return (
        "" != text == text.strip()
        and b"&" not in data
        and all(map(_is_sound_character, characters))
        and "\ufffd" not in characters
        and (characters.isdisjoint(_MOJIBAKE_HEADS) or _MOJIBAKE.search(text) is None)
        and (_BEYOND_LATIN.search(beyond_ascii) is None or not any(True for _ in mixed_alphabets.check(text)))
    )


@cache
def _is_sound_character(character: str) -> bool:
    """Tell whether a character is visible, and NFC neither changes it nor joins it to the one before it."""
    joins = unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
    return character.isprintable() and not joins and unicodedata.is_normalized("NFC", character)


def is_range_of(source: SourceText, article: Article) -> bool:
    """Tell whether an article's text is the range of its source as it is; then T201 and T202 hold for a sound text."""
    where = article.source
    return (
        source.sha256 == where.sha256
        and source.text is not None
        and where.end - where.start == len(article.text)
        and source.text.startswith(article.text, where.start)
    )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


@rule("T101")
def carriage_return(text: str) -> Iterator[Problem]:
    """The lines of a text end with LF alone.

    Why: a CR counts as a character; a tool that drops it shifts every offset after it.
    Fails: a text saved with Windows line ends.
    Passes: the same text as `annotate add` writes it; the source file keeps the original.
    """
    offset = text.find("\r")
    if offset >= 0:
        yield Problem(
            f"has {text.count(chr(13))} carriage returns; add the article again with `annotate add`",
            line=_line(text, offset),
        )


@rule("T102")
def not_normalised(text: str) -> Iterator[Problem]:
    """A text is in Unicode normal form C.

    Why: "é" can be one character or two; the two spellings of a word would differ in length and never match.
    Fails: a text with "e" and a combining acute accent.
    Passes: the same text with "é", as `annotate add` writes it.
    """
    if not unicodedata.is_normalized("NFC", text):
        lines = enumerate(text.split("\n"), 1)
        line = next(number for number, words in lines if not unicodedata.is_normalized("NFC", words))
        yield Problem("is not in normal form C; add the article again with `annotate add`", line=line)


@rule("T103")
def hash_differs(article: Article) -> Iterator[Problem]:
    """A text has the SHA-256 in the article's metadata.

    Why: labels are offsets; if the text changes, they mean other words.
    Fails: a word that was corrected in the .txt alone.
    Passes: the text that `annotate add --replace` cut from the corrected source file.
    """
    actual = sha256(article.text)
    if actual != article.text_sha256:
        yield Problem(
            f"text_sha256 is {article.text_sha256[:12]}…, but the text's is {actual[:12]}…; restore the text, "
            "and correct the source file with `annotate add FILE --replace`"
        )


@rule("T104")
def empty_text(text: str) -> Iterator[Problem]:
    """A text has words, and neither begins nor ends with white space.

    Why: an empty article has nothing to label; editors add and remove white space at the ends.
    Fails: a text of two line ends; a text with a line end after its last word.
    Passes: a text that begins with its first word and ends with its last.
    """
    if not text.strip():
        yield Problem("has no words; remove the article, or add it again")
    elif text != text.strip():
        yield Problem("begins or ends with white space; add the article again with `annotate add`")


@rule("T105", "warning", waivable=True)
def invisible_character(text: str) -> Iterator[Problem]:
    """A text has no invisible characters except line ends, tabs and the joiners of some scripts.

    Why: an annotator cannot select an invisible character, and a span that begins with one looks right and is wrong.
    Fails: a NUL, a soft hyphen, a zero width space, a mark that changes the direction of writing.
    Passes: plain text; a zero width joiner within a word.
    Not waivable: control characters, and characters that turn the direction of the text around them.
    """
    offset, line = 0, 1
    for character in dict.fromkeys(text):  # in the order in which they are first in the text
        if character in _ALLOWED or unicodedata.category(character) not in _INVISIBLE:
            continue
        last, offset = offset, text.index(character, offset)
        line += text.count("\n", last, offset)
        name = unicodedata.name(character, "control character")
        yield Problem(
            f"has U+{ord(character):04X} ({name.lower()}), first at {offset}; check whether the source means it",
            line=line,
            waivable=character in _MARKS or not has_unseen(character),
        )


def _describe_first(count: int, sample: str, offset: int, around: str | None = None) -> str:
    """Return what was found, where it is first, in which words, and how often more."""
    words = f", in {quote(around)}" if around is not None else ""
    more = f", and {count - 1:,} more of the kind" if count > 1 else ""
    return f"has {quote(sample)} at {offset}{words}{more}"


@rule("T106", "warning", waivable=True)
def replacement_character(text: str) -> Iterator[Problem]:
    """A text has no U+FFFD, the sign for a character that could not be read.

    Why: a program read the text in a wrong encoding, and the character that was there is lost.
    Fails: "Rakk�" where the page said "Rakkâ".
    Passes: the words as they were published; take the source again in its own encoding.
    """
    offset = text.find("\ufffd")
    if offset >= 0:
        around = text[max(offset - 20, 0) : offset + 20]
        first = _describe_first(text.count("\ufffd"), "\ufffd", offset, around)
        yield Problem(
            f"{first}; U+FFFD stands for a character that was lost: get the source again in its own encoding",
            line=_line(text, offset),
        )


@rule("T107", "warning", waivable=True)
def mojibake(text: str) -> Iterator[Problem]:
    """A text has no letters that are UTF-8 read as another encoding.

    Why: readers, and programs that look for words, do not find them.
    Fails: "cafÃ©", "donâ€™t", "Ð¼Ð¸Ñ€": UTF-8 that was read as Windows-1252.
    Passes: "café", "don’t", "мир"; "MANHÃ" as a word of its own, also before a dash, a quotation mark or the number
    of a footnote; "Ä–Ö–Ü".
    """
    matches = _MOJIBAKE.finditer(text)
    if match := next(matches, None):
        around = text[max(match.start() - 10, 0) : match.end() + 10]
        count = 1 + sum(1 for _ in matches)
        yield Problem(
            f"{_describe_first(count, match[0], match.start(), around)}; it is UTF-8 read in another encoding: "
            "get the source again as UTF-8",
            line=_line(text, match.start()),
        )


@rule("T108", "warning", waivable=True)
def html_entity(text: str) -> Iterator[Problem]:
    """A text has no HTML entities.

    Why: annotators read `&amp;` where readers of the page saw "&", and tokens and counts of characters differ.
    Fails: "Smith &amp; Sons"; "don&#39;t"; "&nbsp;".
    Passes: "Smith & Sons"; "AT&T; others", which is no entity of HTML.
    """
    matches = (match for match in _ENTITY.finditer(text) if match[0][1] == "#" or match[0][1:] in html5)
    if match := next(matches, None):
        count = 1 + sum(1 for _ in matches)
        yield Problem(
            f"{_describe_first(count, match[0], match.start())}; it is the HTML of a character: "
            "get the words that the page shows",
            line=_line(text, match.start()),
        )


@rule("T109", "warning", waivable=True)
def mixed_alphabets(text: str) -> Iterator[Problem]:
    """A word has letters of one alphabet: Latin, Greek, Cyrillic or Armenian.

    Why: letters of these look alike. A word with one of another alphabet looks right, and no search finds it.
    Fails: "Raqqа" with a Cyrillic а.
    Passes: "Raqqa"; "μm", "NF-κB" and "λмакс", as Greek letters that look like no others are symbols; "hν" and "ρgh",
    as words of at most three letters may be formulas; "VIPов", an abbreviation of Latin capitals with an ending of
    another alphabet in lower case; "SMS-сообщение"; words of other scripts, which may mix, such as Japanese ones.
    """
    mixed = [match for match in _WORD_OF_ALPHABETS.finditer(text) if _find_mixture(match[0])]
    if mixed:
        word, offset = mixed[0][0], mixed[0].start()
        mixture = _find_mixture(word)
        names = _list_alphabets(mixture)
        main = max(names, key=lambda name: len(_ALPHABETS[name].findall(mixture)))
        letter = next((letter for letter in mixture if not _ALPHABETS[main].match(letter)), mixture[0])
        yield Problem(
            f"{_describe_first(len(mixed), word, offset)}, with letters of {' and '.join(names)}: "
            f"U+{ord(letter):04X} is {unicodedata.name(letter, 'a letter').lower()}; "
            "check which letters the source means",
            line=_line(text, offset),
        )


def _find_mixture(word: str) -> str:
    """Return the letters of a word that are of several alphabets and should not be; "" if there are none."""
    if word.isascii() or not _BEYOND_LATIN.search(word):
        return ""
    letters = "".join(filter(str.isalpha, word))
    if len(_list_alphabets(letters)) < 2:
        return ""
    is_short = len(letters) <= _LONGEST_OF_FORMULAS
    symbols = _SYMBOLS | _SYMBOLS_OF_FORMULAS if is_short else _SYMBOLS
    others = "".join(letter for letter in letters if letter not in symbols)
    if _list_alphabets(others) in ([], ["Greek"]):  # a word of Greek, whose letters are no symbols
        others = letters
    if len(_list_alphabets(others)) < 2:
        return ""
    if abbreviation := _ABBREVIATION.match(letters):
        ending = letters[abbreviation.end() :]
        if ending.islower() and len(_list_alphabets(ending)) == 1:
            return ""
    return others


def _list_alphabets(letters: str) -> list[str]:
    return [name for name, of_alphabet in _ALPHABETS.items() if of_alphabet.search(letters)]


@rule("T201")
def not_the_source(article: Article, source: SourceText) -> Iterator[Problem]:
    """A text is the range of its source file that the metadata gives, in normal form.

    Why: a reader who doubts a label must be able to see what was published, byte for byte.
    Fails: a range that begins one character late; a word that was corrected in the text but not in the source.
    Passes: text == normalise(source[start:end]), counted in code points of the decoded file.
    """
    where = article.source
    if source.text is None:
        yield Problem(f"its source file {where.file} is not UTF-8 at byte {source.broken_at}; add it again")
    elif not where.start < where.end <= len(source.text):
        yield Problem(
            f"range [{where.start}, {where.end}) lies outside {where.file}, of {len(source.text)} characters; fix it"
        )
    elif normalise(source.text[where.start : where.end]) != article.text:
        yield Problem(
            f"is not the text at [{where.start}, {where.end}) of {where.file}; restore the text, or fix the range"
        )


@rule("T202")
def source_changed(article: Article, source: SourceText) -> Iterator[Problem]:
    """An article's source file has the SHA-256 in its metadata.

    Why: source files are kept byte for byte; a changed one proves nothing.
    Fails: a source file to which an editor added a line end.
    Passes: the file as it was added.
    """
    if source.sha256 != article.source.sha256:
        yield Problem(f"source file {article.source.file} is not the one that it was cut from; restore that file")


@rule("T301")
def made_on_another_text(annotation: Annotation, article: Article) -> Iterator[Problem]:
    """An annotation was made on the article's present text.

    Why: offsets into another text mean nothing in this one; after a change every span must be reviewed.
    Fails: an annotation whose text_sha256 is that of an earlier text.
    Passes: an annotation with the hash in its article's metadata.
    """
    if annotation.text_sha256 != article.text_sha256:
        yield Problem(
            f"was made on a text with hash {annotation.text_sha256[:12]}…, but the article's is "
            f"{article.text_sha256[:12]}…; restore that text, or move the labels: `annotate studio push --reanchor`"
        )


_OF_WHOLE_TEXT = frozenset(rule.code for rule in (carriage_return, not_normalised, empty_text))


def keep_cause_of_change(findings: list[Finding], changed: list[Finding]) -> list[Finding]:
    """Return one finding on a text that was changed after it was added.

    Line ends, the normal form and white space say what was changed. What else is in the changed text is looked at when
    the text is the one in the metadata, but for invisible characters: they may be hostile.

    Args:
        findings: The findings of `OF_TEXT` on the text, or why there is none.
        changed: The finding of T103.
    """
    of_whole = [finding for finding in findings if finding.code in _OF_WHOLE_TEXT]
    others = [finding for finding in findings if finding.code[0] != "T" or finding.code == invisible_character.code]
    return [*others, *(of_whole or changed)]


OF_TEXT: tuple[Rule, ...] = (
    carriage_return,
    not_normalised,
    empty_text,
    invisible_character,
    replacement_character,
    mojibake,
    html_entity,
    mixed_alphabets,
)
RULES: tuple[Rule, ...] = (*OF_TEXT, hash_differs, not_the_source, source_changed, made_on_another_text)
