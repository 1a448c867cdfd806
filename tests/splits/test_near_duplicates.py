"""Near-duplicate paragraphs: the groups are those of a comparison of all paragraphs with all others."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.splits.groups import bonds_of_words, groups
from annotate.splits.near_duplicates import THRESHOLD, NearDuplicate, Shingles, find_near_duplicates, jaccard, shingles
from tests.splits.helpers import EDITED, WIRE, bond

NEWS = "The bridge over the river was opened again after two years of work by engineers from three countries."


def near(texts: dict[str, str]) -> list[NearDuplicate]:
    return find_near_duplicates(texts, texts.__getitem__)


def test_an_edited_wire_paragraph_is_found_and_another_is_not() -> None:
    pairs = near({"b": f"Head\n{EDITED}", "a": f"{WIRE}\n{NEWS}", "c": NEWS.upper()})
    assert [(pair.first.article_id, pair.second.article_id) for pair in pairs] == [("a", "b"), ("a", "c")]
    edited, same = pairs
    assert same.jaccard == 1.0
    assert edited.jaccard == jaccard(shingles(WIRE), shingles(EDITED)) >= THRESHOLD
    assert (edited.second.start, edited.second.end) == (5, 5 + len(EDITED))


def test_short_lines_and_repeats_within_an_article_bind_nothing() -> None:
    credit = "(photo credit: REUTERS/A PERSON)"
    assert near({"a": f"{credit}\n{WIRE}\n{WIRE}\n{EDITED}", "b": credit}) == []


REVIEW = (
    "『夏の灯台』を見た。映像がとても美しい。ただし脚本は少し退屈だった。監督の北野春子さんの次回作にも期待したい。主演の森田健の演技も見事だった。"
    "結末だけは納得できない。それでも最後の海の場面は忘れられない。音楽はうるさいだけだ。『紙の城』は作画がすばらしいアニメだ。物語は分かりやすいが、深みに欠ける。"
)
THAI = "ภาพสวยมากแต่บทหนังค่อนข้างน่าเบื่อ นักแสดงนำเล่นได้ดี เพลงประกอบไพเราะ ฉากสุดท้ายที่ทะเลน่าจดจำ"


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (REVIEW, REVIEW.replace("とても美しい", "息をのむほど綺麗だ").replace("監督の", "")),
        (THAI, THAI.replace("สวยมาก", "งดงามจริง")),
    ],
)
def test_an_edited_paragraph_is_found_in_a_script_without_spaces(text: str, edited: str) -> None:
    """Such a paragraph was a word or two, and so too short to be compared."""
    other = "静かな映画だ。『夜の市電』は映像も音楽も控えめで心地よい。佐伯リカの表情がすばらしい。"
    (pair,) = near({"a": text, "b": edited, "c": other})
    assert (pair.first.article_id, pair.second.article_id) == ("a", "b")
    assert THRESHOLD <= pair.jaccard < 1


def test_two_letters_without_spaces_count_as_a_word() -> None:
    letters = "".join(map(chr, range(ord("一"), ord("一") + 16)))
    assert shingles(letters) == {tuple(letters[start : start + 5]) for start in range(12)}
    assert not shingles(letters[1:])
    assert shingles(f"DVD {letters}") >= {("dvd", *letters[:3]), tuple(letters[:5])}
    assert not shingles(f"DVD {letters[:13]}")
    assert shingles("One two three four. Five six, seven: EIGHT") == {
        ("one", "two", "three"), ("two", "three", "four"), ("three", "four", "five"), ("four", "five", "six"),
        ("five", "six", "seven"), ("six", "seven", "eight"),
    }  # fmt: skip


def test_combining_marks_are_part_of_a_word() -> None:
    assert ("नमस्ते", "दुनिया", "नमस्ते") in shingles("नमस्ते दुनिया " * 4)


def test_candidates_include_every_similar_pair() -> None:
    """The reference compares all paragraphs with all others; the paragraphs are edited more and more."""
    drawn = random.Random(5)  # noqa: S311 - made-up words
    words = [f"w{number}" for number in range(60)]
    texts = {}
    for number in range(40):
        paragraph = drawn.choices(words, k=30)
        for edits in range(4):
            for _ in range(edits):
                paragraph[drawn.randrange(30)] = "edited"
            texts[f"a{number:02}-{edits}"] = " ".join(paragraph)
    shingled = {name: shingles(text) for name, text in texts.items()}
    names = sorted(texts)
    alike = [
        bond(left, right)
        for left, right in combinations(names, 2)
        if jaccard(shingled[left], shingled[right]) >= THRESHOLD
    ]
    pairs = near(texts)
    assert groups(names, bonds_of_words(pairs)) == groups(names, alike)
    assert all(
        pair.jaccard == jaccard(shingled[pair.first.article_id], shingled[pair.second.article_id]) for pair in pairs
    )
    assert len(pairs) == len(names) - len(groups(names, alike)) > 60


@given(st.integers(0, 10_000), st.integers(2, 25))
@settings(max_examples=40, deadline=None)
def test_groups_are_those_of_all_pairs_of_paragraphs(seed: int, articles: int) -> None:
    """Articles of one to four paragraphs, taken from a few, edited or not, so that articles chain others together."""
    drawn = random.Random(seed)  # noqa: S311 - made-up words
    few = [drawn.choices([f"w{number}" for number in range(90)], k=20) for _ in range(12)]
    texts = {}
    for number in range(articles):
        chosen = [list(words) for words in drawn.sample(few, drawn.randint(1, 4))]
        for paragraph in chosen:
            for _ in range(drawn.randint(0, 4)):
                paragraph[drawn.randrange(20)] = f"edit{drawn.randrange(4)}"
        texts[f"a{number:02}"] = "\n".join(map(" ".join, chosen))
    lines = [(name, shingles(line)) for name, text in texts.items() for line in text.split("\n")]
    alike = [
        bond(left, right)
        for (left, left_shingles), (right, right_shingles) in combinations(lines, 2)
        if left != right and jaccard(left_shingles, right_shingles) >= THRESHOLD
    ]
    pairs = near(texts)
    assert groups(texts, bonds_of_words(pairs)) == groups(texts, alike)
    assert {(pair.first.article_id, pair.second.article_id) for pair in pairs} <= {
        (pair.first, pair.second) for pair in alike
    }


def test_a_line_that_differs_only_in_a_number_is_compared_once_an_article(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notice = "This article was updated by the desk at hour {} of the day, after a reader had written to say more of it."
    calls = []

    def counted(left: Shingles, right: Shingles) -> float:
        calls.append(1)
        return jaccard(left, right)

    monkeypatch.setattr("annotate.splits.near_duplicates.jaccard", counted)
    pairs = near({f"a{number:03}": notice.format(number) for number in range(300)})
    assert len(pairs) == 299
    assert len(calls) == 299
