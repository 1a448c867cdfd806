"""Files of decisions, and the gold that they make."""

from annotate.adjudication import plan_adjudication
from annotate.agreement.decisions import decide_gold, encode_decisions, list_decided_articles, read_decisions
from annotate.checks import find_errors
from annotate.corpus import Corpus, encode_annotation
from annotate.inventory import Inventory


def test_the_decisions_of_this_corpus_make_its_gold(corpus: Corpus, labels: Inventory) -> None:
    article_ids = list_decided_articles(corpus)
    assert article_ids
    for article_id in article_ids:
        decisions, text = read_decisions(corpus, article_id), corpus.read_text(article_id)
        annotations = [corpus.read_annotation(annotator, article_id) for annotator in decisions.annotators]
        planned = plan_adjudication(annotations, text, decisions)
        assert encode_decisions(planned) == corpus.adjudication_path(article_id).read_bytes()
        adjudicator = corpus.read_annotation("gold", article_id).annotator
        gold, problems = decide_gold(corpus, labels, article_id, adjudicator, find_errors)
        assert problems == []
        assert gold is not None
        assert encode_annotation(gold) == corpus.annotation_path("gold", article_id).read_bytes()
