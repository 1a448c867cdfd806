"""Every rule on imported files is documented."""

from annotate.formats.rules import RULES


def test_each_rule_says_why_with_examples() -> None:
    codes_ = [rule.code for rule in RULES]
    assert codes_ == sorted(set(codes_))
    for rule in RULES:
        assert [word for word in ("Why: ", "Fails: ", "Passes: ", "See: ") if word not in rule.documentation] == []
