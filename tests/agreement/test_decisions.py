"""Files of decisions."""

from annotate.agreement.adjudication import (
    make_gold,
)
from annotate.agreement.adjudication import plan_adjudication as plan
from annotate.agreement.decisions import encode_decisions, read_decisions
from annotate.corpus import Corpus, encode_annotation


def test_the_decisions_of_this_corpus_make_its_gold(corpus: Corpus) -> None:
    names = sorted(path.stem for path in corpus.adjudication_path("x").parent.glob("*.yaml"))
    assert names
    for name in names:
        found, text, gold = read_decisions(corpus, name), corpus.read_text(name), corpus.read_annotation("gold", name)
        annotations = [corpus.read_annotation(who, name) for who in found.annotators]
        assert encode_decisions(plan(annotations, text, found)) == corpus.adjudication_path(name).read_bytes()
        made = make_gold(found, annotations, text, gold.annotator, gold.inventory)
        assert encode_annotation(made) == corpus.annotation_path("gold", name).read_bytes()
