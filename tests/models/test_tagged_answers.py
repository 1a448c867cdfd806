"""Tagged paragraphs: tags around words, crossing spans in a second list, and what a model changes."""

import time

import msgspec
import pytest

from annotate.inventory import Attribute, load_inventory
from annotate.models.grounding import GroundedAnswer, Grounding
from annotate.models.tagged_answers import escape_text, name_key, read_tagged_answer
from annotate.quotes import QuotedText
from tests.conftest import BASE

INVENTORY = load_inventory(BASE / "schema")
TEXT = "The mate said “so < it & is”. The mate went on and on, over the water to the far side of the port."
RELATIONS = ("speaker", "words", "continues")
TAGGED = escape_text(TEXT)


def read(answer: str, text: str = TEXT) -> GroundedAnswer:
    """Read an answer about the second line of an article."""
    article = f"Title\n{text}"
    parsed = read_tagged_answer(answer, "paragraph 2", INVENTORY, RELATIONS, text)
    return Grounding(article, QuotedText("instructions")).ground(parsed, 6, len(article))


def list_spans(answer: GroundedAnswer, text: str = TEXT) -> list[tuple[str, str, str]]:
    return [(span.id, span.label, text[span.start - 6 : span.end - 6]) for span in answer.spans]


def list_codes(answer: GroundedAnswer) -> list[str]:
    return [item.code for item in answer.quarantined]


def test_tags_nest_and_relations_follow() -> None:
    copy = TAGGED.replace("The mate said", '<Speaker id="s1" rank="hand">The mate</Speaker> <Verb id="s2">said</Verb>')
    copy = copy.replace(
        "“so &lt; it &amp; is”", '<Words id="s3"><Load id="s4" wording="vague">“so &lt; it</Load> &amp; is”</Words>'
    )
    answer = read(f'{copy}\n<#relations>\n<speaker head="s2" tail="s1"/>\n<words head="s2" tail="s3"/>\n')
    assert list_spans(answer) == [
        ("s1", "Speaker", "The mate"),
        ("s2", "Verb", "said"),
        ("s3", "Words", "“so < it & is”"),
        ("s4", "Load", "“so < it"),
    ]
    assert [span.attributes for span in answer.spans] == [{"rank": "hand"}, {}, {}, {"wording": "vague"}]
    assert [(each.label, each.head, each.tail) for each in answer.relations] == [
        ("speaker", "s2", "s1"),
        ("words", "s2", "s3"),
    ]
    assert (answer.quarantined, answer.aligned) == ((), {})


def test_a_crossing_span_is_in_the_second_list() -> None:
    copy = TAGGED.replace("mate went", '<Verb id="s1">mate went</Verb>')
    answer = read(
        f'{copy}\n<#spans>\n<Words id="s2" quote="The mate" occurrence="2"/>\n<Quay id="s3" quote="&lt; it"/>'
    )
    assert list_spans(answer) == [("s1", "Verb", "mate went"), ("s2", "Words", "The mate"), ("s3", "Quay", "< it")]
    assert answer.spans[1].start == 6 + TEXT.rindex("The mate")


def test_numbers_and_quotation_marks_in_values() -> None:
    copy = TAGGED.replace("so", '<Load id="s1" wording="exact" least="12" most="1e3">so</Load>', 1)
    copy = copy.replace("port", '<Quay id="s2" remark="&quot;&lt;a&gt;&quot; &amp;amp;">port</Quay>')
    answer = read(copy)
    assert [span.attributes for span in answer.spans] == [{"wording": "exact", "least": 12}, {"remark": '"<a>" &amp;'}]
    assert list_codes(answer) == ["A205"]


@pytest.mark.parametrize(
    ("change", "aligned"),
    [
        (lambda text: text.replace("“", '"').replace("”", '"'), {"quotation marks": 1}),
        (lambda text: text.replace("said ", "said   "), {}),
        (lambda text: f"\n  {text} \n", {}),
        (lambda text: f"```xml\n{text}\n```", {}),
        (lambda text: f"Here is the paragraph:\n\n{text}", {}),
        (lambda text: text.replace("&lt;", "<").replace("&amp;", "&"), {}),
        (lambda text: text.replace(" on and on", ""), {}),
    ],
)
def test_small_changes_of_the_copy_keep_the_places(change: object, aligned: dict[str, int]) -> None:
    assert callable(change)
    copy = change(TAGGED).replace("The mate went", 'The <Verb id="s1">mate</Verb> went')
    for words in ("“so &lt; it &amp; is”", '"so &lt; it &amp; is"', "“so < it & is”"):
        copy = copy.replace(words, f'<Words id="s2">{words}</Words>')
    answer = read(copy)
    assert sorted(list_spans(answer)) == [("s1", "Verb", "mate"), ("s2", "Words", "“so < it & is”")]
    assert answer.spans[[span.id for span in answer.spans].index("s1")].start == 6 + TEXT.rindex("mate")
    assert (answer.aligned, answer.quarantined) == (aligned, ())


@pytest.mark.parametrize(
    ("copy", "codes"),
    [
        (TAGGED.replace("said", '<Verb id="s1">shouted</Verb>'), ["A304"]),
        ("Something else, in other words. " * 3, ["A103"]),
        (f"{TAGGED} {'more ' * 900}", ["A103"]),
        ("", ["A103"]),
        (TAGGED.replace("said", '<Verb id="s1">said'), ["A201"]),
        (TAGGED.replace("said", "said</Verb>"), ["A201"]),
        (TAGGED.replace("said", '<Verb id="s1"/>said'), ["A201"]),
        (TAGGED.replace("mate said", '<Words id="s1"><Verb id="s2">mate</Words> said</Verb>'), ["A201", "A201"]),
        (TAGGED.replace("said", "<Verb id='s1'>said</Verb>"), ["A201", "A202"]),
        (TAGGED.replace("said", "<b>said</b>"), ["A203"]),
        (TAGGED.replace("said", "<Verb>said</Verb>"), ["A202"]),
        (TAGGED.replace("said", '<Verb id="s1"> </Verb>said'), ["A301"]),
        (TAGGED.replace("said", '<Load id="s1" wording="exact" wording="vague">said</Load>'), ["A205"]),
        (f"{TAGGED}\n<#spans>\nnothing", ["A201"]),
        (f'{TAGGED}\n<#spans>\n<Verb id="s1" quote="The mate" occurrence="x"/>', ["A201"]),
        (f'{TAGGED}\n<#spans>\n<Verb id="s1" quote="The mate"/>', ["A301"]),
        (f'{TAGGED}\n<#spans>\n<Verb id="s1" quote="The mate" occurrence="3"/>', ["A301"]),
        (f'{TAGGED}\n<#spans>\n<Verb id="s1" quote="Title"/>', ["A302"]),
        (f'{TAGGED}\n<#spans>\n<Verb id="s1" quote="instructions"/>', ["A303"]),
        (f'{TAGGED}\n<#relations>\n<speaker head="s1" tail="s2"/>', ["A402"]),
        (f'{TAGGED}\n<#relations>\n<owns head="s1"/>', ["A201"]),
    ],
)
def test_what_cannot_be_read_is_quarantined(copy: str, codes: list[str]) -> None:
    assert sorted(list_codes(read(copy))) == codes


def test_fences_and_section_marks_of_the_text_are_text() -> None:
    text = "``` <#spans> and <Verb> ```"
    copy = escape_text(text).replace("and", '<Verb id="s1">and</Verb>')
    answer = read(copy, text)
    assert (list_spans(answer, text), answer.quarantined) == ([("s1", "Verb", "and")], ())


def test_an_attribute_with_the_name_of_a_key_changes_the_key() -> None:
    attribute = Attribute(name="id", labels=("Verb",), type="text", required=False, definition="An id.")
    inventory = msgspec.structs.replace(INVENTORY, attributes={**INVENTORY.attributes, "id": attribute})
    assert (name_key("id", inventory), name_key("quote", inventory)) == ("span_id", "quote")
    parsed = read_tagged_answer('a <Verb span_id="s1" id="x">b</Verb>', "k", inventory, (), "a b")
    assert [(span.id, span.attributes) for span in parsed.spans] == [("s1", {"id": "x"})]


@pytest.mark.parametrize(
    "answer",
    ["<Verb ", "<Verb>", "</Verb>", "<Verb></Verb>", "&amp;", "x ", '<Verb a="', "<#spans>", "<", "a=", '<a b="" '],
)
def test_a_large_answer_takes_little_time(answer: str) -> None:
    start = time.process_time()
    result = read(answer * (1_000_000 // len(answer)))
    assert time.process_time() - start < 30
    assert len(result.quarantined) <= len(TEXT) + 102
