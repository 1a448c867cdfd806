"""Answers in tags: the paragraph again, with a tag around each span, then what tags cannot hold, then relations.

    <Speaker id="s1" rank="master">The mate</Speaker> <Verb id="s2">said</Verb> so.
    <#spans>
    <Words id="s3" quote="said so" occurrence="1"/>
    <#relations>
    <speaker head="s2" tail="s1"/>

Tags nest, so that a span that crosses another cannot have one. It is listed after `<#spans>` with its words and their
occurrence. `&amp;`, `&lt;` and `&gt;` stand for `&`, `<` and `>`, and in values `&quot;` for `"`.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from annotate.inventory import Inventory
from annotate.models import rules
from annotate.models.model_answer import ModelAnswer
from annotate.quotes import PlacedQuote, QuotedText
from annotate.text_edits import OffsetMap, find_edits

SPANS, RELATIONS = "<#spans>", "<#relations>"
"""The lines before the second list of spans and before the relations. No label begins with such a sign."""
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9_-]*+)(?P<attributes>[^<>]*+)>")
_ATTRIBUTE = re.compile(r'(?<![^\s"])([a-z][a-z0-9_]*+)="([^"]*+)"')
_ENTITY = re.compile(r"&(amp|lt|gt|quot);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}
_FENCE = "```"
_MOST_CHANGED = 0.2
"""The share of a paragraph that an answer may change. In one that changes more, no tag has a certain place."""
_LONGEST = 2
"""How many times as long as the paragraph its copy may be, without tags."""


_Pairs = list[tuple[str, str]]
"""The attributes of a tag; a model may write one twice."""


class _OpenTag(NamedTuple):
    """A tag that is open: its label, where its words start in the copy, its attributes, and as it was written."""

    label: str
    start: int
    attributes: _Pairs
    raw: str


class _Copy(NamedTuple):
    """The copy of the paragraph without its tags, and the spans that the tags gave, in the order of their ends."""

    text: str
    spans: list[tuple[_OpenTag, int]]


def escape_text(text: str) -> str:
    """Return text as a tagged answer has it, so that no words of it are taken for a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def name_key(name: str, inventory: Inventory) -> str:
    """Return the key in tags for what is not an attribute of the inventory, such as `id`.

    Args:
        name: The key, which becomes another one if an attribute has its name.
        inventory: The inventory.
    """
    while name in inventory.attributes:
        name = f"span_{name}"
    return name


def read_tagged_answer(
    answer: str, request: str, inventory: Inventory, relations: Collection[str], paragraph: str
) -> ModelAnswer:
    """Read an answer about a paragraph.

    Args:
        answer: What the model wrote, perhaps in a fenced code block.
        request: The key of the request.
        inventory: The inventory.
        relations: The labels of relations that the request asks for.
        paragraph: The text that was asked about.
    """
    result = ModelAnswer(request, inventory, relations, len(paragraph))
    copy_part, spans_part, relations_part = _divide(_unfence(answer))
    copy = _read_copy(copy_part, result)
    if len(copy.text) > _LONGEST * len(paragraph) + 1000:
        result.quarantine(rules.answer_unreadable, answer, request, "the paragraph is much longer than it was")
    else:
        _take_tagged(copy, paragraph, inventory, result)
    keys = [name_key(name, inventory) for name in ("id", "quote", "occurrence")]
    for label, pairs, raw in _list_tags(spans_part, result):
        (id_, words, number), values = _split_pairs(pairs, keys)
        occurrence = int(number) if number and number.isdecimal() and len(number) < 10 else number or None
        result.take_span(id_, label, words, occurrence, values, raw, is_text=True)
    for label, pairs, raw in _list_tags(relations_part, result):
        (head, tail), _ = _split_pairs(pairs, ("head", "tail"))
        result.take_relation(label, head, tail, raw)
    return result


def _unfence(answer: str) -> str:
    """Return the content of a fenced code block that is the whole answer; any other answer as it is."""
    lines = answer.strip().split("\n")
    is_fenced = len(lines) > 2 and lines[0].startswith(_FENCE) and lines[-1].strip() == _FENCE
    return "\n".join(lines[1:-1]) if is_fenced else answer


def _divide(answer: str) -> tuple[str, str, str]:
    """Return the paragraph, the list of spans and the list of relations of an answer."""
    copy, _, lists = answer.partition(SPANS) if SPANS in answer else (answer, "", "")
    if not lists:
        copy, _, relations = copy.partition(RELATIONS)
        return copy, "", relations
    spans, _, relations = lists.partition(RELATIONS)
    return copy, spans, relations


def _read_copy(part: str, result: ModelAnswer) -> _Copy:
    """Take the tags out of the copy of the paragraph; those that do not match are quarantined."""
    pieces: list[str] = []
    length = position = 0
    stack: list[_OpenTag] = []
    number_open: dict[str, int] = {}
    spans: list[tuple[_OpenTag, int]] = []
    for match in _TAG.finditer(part):
        words = _unescape(part[position : match.start()])
        pieces.append(words)
        length += len(words)
        position = match.end()
        name, raw = match["name"], match[0]
        if not match["close"]:
            if match["attributes"].rstrip().endswith("/"):
                result.quarantine(rules.item_unreadable, raw, "a tag in the paragraph has no words")
                continue
            stack.append(_OpenTag(name, length, _read_pairs(match["attributes"], raw, result), raw))
            number_open[name] = number_open.get(name, 0) + 1
            continue
        if not number_open.get(name):
            result.quarantine(rules.item_unreadable, raw, "a tag is closed and was not opened")
            continue
        while (tag := stack.pop()).label != name:
            number_open[tag.label] -= 1
            result.quarantine(rules.item_unreadable, tag.raw, "a tag is not closed inside the tag around it")
        number_open[name] -= 1
        spans.append((tag, length))
    for tag in stack:
        result.quarantine(rules.item_unreadable, tag.raw, "a tag is opened and not closed")
    pieces.append(_unescape(part[position:]))
    return _Copy("".join(pieces), spans)


def _take_tagged(copy: _Copy, paragraph: str, inventory: Inventory, result: ModelAnswer) -> None:
    """Take the spans that tags gave, at the position that their words have in the paragraph."""
    id_key = name_key("id", inventory)
    find_position = _align(copy.text, paragraph)
    if find_position is None:
        problem = "the paragraph has other words than it had"
        result.quarantine(rules.answer_unreadable, copy.text, result.request, problem)
        return
    for tag, end in sorted(copy.spans, key=lambda span: (span[0].start, -span[1])):
        words = copy.text[tag.start : end]
        (id_,), values = _split_pairs(tag.attributes, (id_key,))
        position = find_position.map(tag.start), find_position.map(end, end=True)
        if _are_alike(words, paragraph[position[0] : position[1]]):
            result.take_span(id_, tag.label, words, None, values, f"{tag.raw}{words}", position=position, is_text=True)
        else:
            result.quarantine(rules.words_changed, f"{tag.raw}{words}", words)


def _align(copy: str, paragraph: str) -> OffsetMap | None:
    """Return where offsets of the copy are in the paragraph; None if it has too many other words."""
    if copy == paragraph:
        return OffsetMap(())
    edits = find_edits(copy, paragraph)
    changed = sum(
        max(len(edit.old.strip()), len(edit.new.strip()))
        for edit in edits
        # Words around the copy, such as "Here it is:", change nothing in it.
        if edit.new.strip() or (edit.start > 0 and edit.end < len(copy))
    )
    return OffsetMap(edits) if changed <= _MOST_CHANGED * len(paragraph) else None


def _are_alike(quote: str, words: str) -> bool:
    """Return whether words of the paragraph are those of the copy, but for differences that `quotes` overlooks."""
    if quote == words:
        return True
    place = QuotedText(words, whole_words=False).place(quote, take_first=True) if words else None
    return isinstance(place, PlacedQuote) and (place.start, place.end) == (0, len(words))


def _list_tags(part: str, result: ModelAnswer) -> Iterator[tuple[str, _Pairs, str]]:
    """Yield the name, the attributes and the text of each tag of a list; other words of it are quarantined."""
    position = 0
    for match in _TAG.finditer(part):
        _quarantine_words(part[position : match.start()], result)
        position = match.end()
        yield match["name"], _read_pairs(match["attributes"], match[0], result), match[0]
    _quarantine_words(part[position:], result)


def _quarantine_words(words: str, result: ModelAnswer) -> None:
    if words.strip():
        result.quarantine(rules.item_unreadable, words.strip(), "a list has words that are in no tag")


def _read_pairs(part: str, raw: str, result: ModelAnswer) -> _Pairs:
    """Return the attributes of a tag; what is none is quarantined."""
    if _ATTRIBUTE.sub("", part).strip().strip("/"):
        result.quarantine(rules.item_unreadable, raw, "a part of a tag is no attribute in quotation marks")
    return [(match[1], _unescape(match[2])) for match in _ATTRIBUTE.finditer(part)]


def _split_pairs(pairs: _Pairs, keys: Sequence[str]) -> tuple[list[str | None], _Pairs]:
    """Return the first value of each key, None where there is none; and the pairs with other keys."""
    values = dict(reversed(pairs))
    return [values.get(key) for key in keys], [pair for pair in pairs if pair[0] not in keys]


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
