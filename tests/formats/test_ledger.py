"""A loss that is not declared shows in the ledger."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.formats import jsonl
from annotate.formats.document import LabelledArticle
from annotate.formats.ledger import Ledger
from tests.formats.strategies import documents
from tests.formats.test_round_trip import LABELS


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_undeclared_loss_is_found(data: st.DataObject) -> None:
    """Whichever fact of a document is dropped, the ledger reports it."""
    document = data.draw(documents(LABELS).filter(lambda one: one.annotation.spans != ()))
    gone = data.draw(st.sampled_from(document.annotation.spans))
    kept = tuple(span for span in document.annotation.spans if span != gone)
    relations = tuple(one for one in document.annotation.relations if gone.id not in (one.head, one.tail))
    poorer = msgspec.structs.replace(document.annotation, spans=kept, relations=relations)
    ledger = Ledger(format="jsonl", annotator="anna")
    ledger.add(document, LabelledArticle(document.article, poorer), jsonl.list_losses(document, LABELS))
    assert not ledger.clean
    assert ledger.facts["span"].undeclared == 1


@pytest.mark.parametrize("field", ["note", "attribute"])
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_loss_at_the_end_of_a_long_text_is_found(field: str, data: st.DataObject) -> None:
    document = data.draw(documents(LABELS).filter(lambda document: document.annotation.spans != ()))
    first, *others = document.annotation.spans

    def with_words(end: str) -> LabelledArticle:
        words = f"{'n' * 100}{end}"
        span = msgspec.structs.replace(first, **({"note": words} if field == "note" else {"attributes": {"a": words}}))
        return LabelledArticle(document.article, msgspec.structs.replace(document.annotation, spans=(span, *others)))

    ledger = Ledger(format="jsonl", annotator="anna")
    ledger.add(with_words("lost"), with_words("kept"), ())
    assert ledger.facts[field].undeclared > 0
