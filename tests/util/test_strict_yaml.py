"""YAML is parsed strictly."""

import re
import time

import pytest

from annotate.util.strict_yaml import YamlError, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [("on: 1", {"on": 1}), ("a: no", {"a": "no"}), ("a: 2026-01-02", {"a": "2026-01-02"}), ("a: true", {"a": True})],
)
def test_values_mean_what_they_look_like(text: str, value: object) -> None:
    assert parse_yaml(text.encode()) == value


def test_duplicate_key_is_rejected() -> None:
    with pytest.raises(ValueError, match="line 2: the key 'a' appears twice"):
        parse_yaml(b"a: 1\na: 2\n")


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_number_that_is_not_finite_is_rejected(number: str) -> None:
    """A bound of `.nan` would never hold, since it compares as neither less nor more."""
    with pytest.raises(ValueError, match=re.escape(f"line 1: {number} is not a finite number")):
        parse_yaml(f"a: {number}\n".encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n? [a]\n: b", "line 2: a key is a list or a mapping"),
        ("- {b: 1}\n- {{a: 1}: b}", "line 2: a key is a list or a mapping"),
        ("a: {b, [c]}", "line 1: a key is a list or a mapping"),
        ("a: !!set {b}", "line 1: could not determine a constructor"),
        ("a: !!int b", "line 1: 'b' is not a valid int"),
        ("a: !!bool b", "line 1: 'b' is not a valid bool"),
        ('a: "\\ud800"', "line 1: '.ud800' is not a valid str"),
    ],
)
def test_value_that_json_cannot_hold_is_rejected_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_yaml(text.encode())


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a: 1\nwhy: Rule 3: the longer", "line 2: text with a colon is not in quotes", "put the text after `why:` in"),
        ("- why: a b: c", "line 1: text with a colon is not in quotes", "put the text after `why:` in quotes"),
        ("why: one\n  two: three", "line 2: a key is not allowed here", "align it with the keys above; if it is text"),
        ("a: @b", "line 1: found character '@'", "put text that begins with this character in quotes"),
        ("a: *b", "line 1: text that begins with . is not in quotes", "put the text in quotes"),
        ("a: 'b' c", "line 1: text goes on after a closing quotation mark", "put the whole text in quotes"),
        ("- a: b\n\tc: d", "line 2: found character", "use spaces in place of the tab"),
        ("a: [b", "line 1: expected ',' or ']'", ""),
    ],
)
def test_text_that_needs_quotes_is_told_so(text: str, message: str, hint: str) -> None:
    with pytest.raises(YamlError, match=re.escape(message).replace(r"\.", ".")) as caught:
        parse_yaml(text.encode())
    assert (caught.value.hint.startswith(hint), bool(caught.value.hint)) == (True, bool(hint))


def bomb(levels: int, width: int = 10, inner: str = "x") -> bytes:
    lines = [f"a0: &a0 [{','.join([inner] * width)}]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bomb(9), "its aliases stand for more than 10 times its length"),
        (bomb(30, 2), "its aliases stand for more than 10 times its length"),
        (b"a: &a " + b"x" * 20_000 + b"\nb: [" + b"*a," * 1_000 + b"*a]", "its aliases stand for more than"),
        (
            b"a: &a {k: &b [" + b"x," * 40 + b"x]}\n" + b"b: [" + b"*a," * 20_000 + b"*b]",
            "its aliases stand for more than",
        ),
        (b"a: &a [*a]", "line 1: a list or mapping contains itself through an alias"),
        (b"a: &a {b: [*a]}", "line 1: a list or mapping contains itself through an alias"),
        (b"a: " + b"9" * 5_000, "line 1: '9999"),
        (b"a: 0x" + b"f" * 200_000, "is longer than 100 characters; put it in quotes if it is text"),
        (b"a: 1" + b":10" * 60_000, "is longer than 100 characters; put it in quotes if it is text"),
        (b"a: " + b"1" * 400 + b".5", "is longer than 100 characters; put it in quotes if it is text"),
        (b"[" * 200_000, "is not YAML: it is nested too deeply"),
        (b"a: *" + b"b" * 200_000, "line 1: "),
        (b"a: !<" + b"b" * 100_000 + b"> c", "line 1: "),
        (b"k" * 900 + b": 1\n" + b"k" * 900 + b": 2", "line 2: the key 'kkk"),
    ],
)
def test_hostile_document_is_one_short_line_in_little_time(data: bytes, message: str) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        parse_yaml(data)
    assert time.process_time() - start < 5
    assert len(str(error.value)) < 400


def test_aliases_in_proportion_are_read() -> None:
    assert parse_yaml(b"a: &a {b: c}\nd: *a\ne: [*a, *a]") == {"a": {"b": "c"}, "d": {"b": "c"}, "e": [{"b": "c"}] * 2}
    assert len(parse_yaml(bomb(3))["a2"]) == 10


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: \xff\n", "is not UTF-8 (byte 3)"),
        (b"a: \x07\n", "is not YAML: unacceptable character #x0007"),
        (b"[" * 5000, "is not YAML: it is nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_said_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(YamlError, match=re.escape(message)) as caught:
        parse_yaml(data)
    assert "\n" not in str(caught.value)
