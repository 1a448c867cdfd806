"""The checks of annotations in memory, and which files of labels the fast path accepts."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.checks import check_annotation
from annotate.checks.annotations import LabelFile, decode_clean, explain
from annotate.corpus import Corpus, encode_annotation, encode_sorted_annotation
from annotate.inventory import load_inventory
from tests.conftest import BASE
from tests.strategies import annotations, texts

CORPUS = Corpus(BASE / "corpus")
INVENTORY = load_inventory(BASE / "schema")
NAME = CORPUS.annotated_ids("gold")[0]


@given(st.data())
@settings(deadline=None)
def test_findings_with_and_without_the_prefilter_are_the_same(data: st.DataObject) -> None:
    text = data.draw(texts)
    annotation = data.draw(annotations(text))
    assert check_annotation(annotation, text, INVENTORY) == explain(annotation, text, INVENTORY)


def test_file_is_clean_only_in_canonical_bytes() -> None:
    """This holds as well if another file of the batch is in another order."""
    annotation, article = CORPUS.read_annotation("gold", NAME), CORPUS.read_article(NAME)
    reversed_ = msgspec.structs.replace(annotation, spans=annotation.spans[::-1])
    good = encode_annotation(annotation)
    contents = [good, encode_sorted_annotation(reversed_), good.replace(b'": ', b'":', 1), good[:-1], good[:-5], good]
    files = [LabelFile("gold", f"annotations/gold/{NAME}.json", data, article) for data in contents]
    assert decode_clean(files, INVENTORY) == [annotation, None, None, None, None, annotation]
    other = msgspec.structs.replace(article, id="other")
    assert decode_clean([files[0]._replace(article=None), files[0]._replace(article=other)], INVENTORY) == [None, None]
