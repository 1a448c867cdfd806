"""Read and write the decisions of an adjudication, `adjudication/ARTICLE.yaml`."""

import msgspec
import yaml

from annotate.agreement.adjudication import Adjudication
from annotate.corpus import Corpus
from annotate.errors import CannotRun
from annotate.model import GOLD
from annotate.schemas import convert_value
from annotate.util.files import load_yaml


def read_decisions(corpus: Corpus, article_id: str) -> Adjudication:
    """Read the decisions on an article.

    Raises:
        CannotRun: The file cannot be read, does not follow its schema, or is of another article.
    """
    path, hint = corpus.adjudication_path(article_id), "fix it, or remove it and plan again"
    value = load_yaml(path, "write it with `annotate adjudicate plan`")
    decisions = convert_value(path, value, Adjudication, hint)
    if decisions.article != article_id:
        raise CannotRun(path, f"is of the article {decisions.article!r}", hint)
    if GOLD in decisions.annotators or len(set(decisions.annotators)) < 2:
        raise CannotRun(path, f"has fewer than two annotators, or {GOLD} among them", hint)
    return decisions


def encode_decisions(decisions: Adjudication) -> bytes:
    """Return the file of the decisions on an article."""
    fields = msgspec.to_builtins(decisions)
    if not decisions.earlier:
        del fields["earlier"]
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False, width=110).encode()
