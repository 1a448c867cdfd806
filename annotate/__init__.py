"""Make, check, measure and ship corpora of annotated texts.

The library has the nouns of a corpus and the verbs of the commands:

    >>> from annotate import Corpus, check, load_inventory
    >>> corpus, inventory = Corpus("corpus"), load_inventory("schema")
    >>> corpus.article_ids()
    ['raqqa-phosphorus', 'syria-fronts']
    >>> check(corpus, inventory)
    []
    >>> annotation = corpus.read_annotation("gold", "syria-fronts")
    >>> text = corpus.read_text("syria-fronts")
    >>> all(text[span.start : span.end] == span.text for span in annotation.spans)
    True

Offsets are Unicode code points, half open. Functions raise `CannotRun` where a command would exit with code 2, and its
subclass `Refused` where it would exit with code 1.

Importing this package costs almost nothing: each name imports its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotate.agreement.report import Report
    from annotate.api import (
        ChecksFailed,
        agree,
        build,
        check,
        compare_systems,
        convert_exports,
        diff,
        export,
        list_rules,
        score,
    )
    from annotate.comparison.summary import Summary
    from annotate.convert.run import ConversionOutcome
    from annotate.corpus import Corpus
    from annotate.dataset.folder import Manifest
    from annotate.dataset.load import (
        LoadedArticle,
        LoadedLink,
        LoadedPair,
        LoadedRecord,
        LoadedRelation,
        LoadedRow,
        LoadedSpan,
        LoadedTable,
        LoadedTokens,
        load,
    )
    from annotate.errors import CannotRun, Refused
    from annotate.findings import Finding, Rule
    from annotate.formats.ledger import Ledger
    from annotate.inventory import Inventory, load_inventory
    from annotate.model import Annotation, Annotator, Article, Relation, Span
    from annotate.offsets import normalise as normalise_text
    from annotate.offsets import sha256
    from annotate.scoring.compare import ComparedScores
    from annotate.scoring.score import Scores
    from annotate.tokens import tokenize

    __version__: str

__all__ = [
    "Annotation",
    "Annotator",
    "Article",
    "CannotRun",
    "ChecksFailed",
    "ComparedScores",
    "ConversionOutcome",
    "Corpus",
    "Finding",
    "Inventory",
    "Ledger",
    "LoadedArticle",
    "LoadedLink",
    "LoadedPair",
    "LoadedRecord",
    "LoadedRelation",
    "LoadedRow",
    "LoadedSpan",
    "LoadedTable",
    "LoadedTokens",
    "Manifest",
    "Refused",
    "Relation",
    "Report",
    "Rule",
    "Scores",
    "Span",
    "Summary",
    "agree",
    "build",
    "check",
    "compare_systems",
    "convert_exports",
    "diff",
    "export",
    "list_rules",
    "load",
    "load_inventory",
    "normalise_text",
    "score",
    "sha256",
    "tokenize",
]

_SOURCES = {
    "Annotation": "annotate.model:Annotation",
    "Annotator": "annotate.model:Annotator",
    "Article": "annotate.model:Article",
    "CannotRun": "annotate.errors:CannotRun",
    "ChecksFailed": "annotate.api:ChecksFailed",
    "ComparedScores": "annotate.scoring.compare:ComparedScores",
    "ConversionOutcome": "annotate.convert.run:ConversionOutcome",
    "Corpus": "annotate.corpus:Corpus",
    "Finding": "annotate.findings:Finding",
    "Inventory": "annotate.inventory:Inventory",
    "Ledger": "annotate.formats.ledger:Ledger",
    "LoadedArticle": "annotate.dataset.load:LoadedArticle",
    "LoadedLink": "annotate.dataset.load:LoadedLink",
    "LoadedPair": "annotate.dataset.load:LoadedPair",
    "LoadedRecord": "annotate.dataset.load:LoadedRecord",
    "LoadedRelation": "annotate.dataset.load:LoadedRelation",
    "LoadedRow": "annotate.dataset.load:LoadedRow",
    "LoadedSpan": "annotate.dataset.load:LoadedSpan",
    "LoadedTable": "annotate.dataset.load:LoadedTable",
    "LoadedTokens": "annotate.dataset.load:LoadedTokens",
    "Manifest": "annotate.dataset.folder:Manifest",
    "Refused": "annotate.errors:Refused",
    "Relation": "annotate.model:Relation",
    "Report": "annotate.agreement.report:Report",
    "Rule": "annotate.findings:Rule",
    "Scores": "annotate.scoring.score:Scores",
    "Span": "annotate.model:Span",
    "Summary": "annotate.comparison.summary:Summary",
    "agree": "annotate.api:agree",
    "build": "annotate.api:build",
    "check": "annotate.api:check",
    "compare_systems": "annotate.api:compare_systems",
    "convert_exports": "annotate.api:convert_exports",
    "diff": "annotate.api:diff",
    "export": "annotate.api:export",
    "list_rules": "annotate.api:list_rules",
    "load": "annotate.dataset.load:load",
    "load_inventory": "annotate.inventory:load_inventory",
    "normalise_text": "annotate.offsets:normalise",
    "score": "annotate.api:score",
    "sha256": "annotate.offsets:sha256",
    "tokenize": "annotate.tokens:tokenize",
}
"""Public name → the module that has it, and its name there. A test holds it to the imports above."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("contested-claims")
    elif name in _SOURCES:
        module, _, attribute = _SOURCES[name].partition(":")
        value = getattr(import_module(module), attribute)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
