"""The published wording is recovered from its hash where only the typography differs."""

import pytest

from annotate.offsets import sha256
from annotate.redaction.fingerprints import Fingerprinter, derive_salt
from annotate.redaction.wordings import find_published_wording, has_same_words


@pytest.mark.parametrize(
    ("published", "words"),
    [
        ("“Shelled,” he said.", '"Shelled," he said.'),
        ('"Shelled," he said.', "“Shelled,” he said."),
        ("he said: ‘it’s war’", "he said: 'it's war'"),
        ("a war – not a truce", "a war - not a truce"),
        ("the army said", "the\narmy  said"),
        ("„Krieg“", '"Krieg"'),
    ],
)
def test_the_usual_typographies_are_tried(published: str, words: str) -> None:
    text = f"Before. {published} After."
    fingerprint = Fingerprinter(text, sha256(text)).fingerprint(8, 8 + len(published))
    assert find_published_wording(words, fingerprint, derive_salt(sha256(text))) == published


@pytest.mark.parametrize("words", ["the navy said", "the army  said so"])
def test_other_words_are_not_recovered(words: str) -> None:
    text = "Before. the army said After."
    fingerprint, salt = Fingerprinter(text, sha256(text)).fingerprint(8, 21), derive_salt(sha256(text))
    assert not has_same_words(words, fingerprint, salt)
    assert find_published_wording(words, fingerprint, salt) is None
