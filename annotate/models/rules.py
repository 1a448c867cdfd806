"""The rules for the answers of language models: one rule a fault, with its documentation and message.

A1xx answers · A2xx spans and their attributes · A3xx quotes · A4xx relations. An error means that something was
quarantined: it is not among the labels, and the raw part of the answer is kept. A warning means that nothing was lost.
"""

from collections.abc import Iterable, Iterator

from annotate.findings import Problem, Rule, rule
from annotate.models.chat import CONTEXT_PROBLEM
from annotate.quotes import UnplacedQuote
from annotate.util.escape import quote

LONGEST_RAW = 2_000
"""The most characters of a part of an answer that a quarantined item keeps. The ledger has the whole answer."""
_CUT = "the answer was cut off"


@rule("A101")
def answer_refused(request: str, refusal: str) -> Iterator[Problem]:
    """A model answers with labels.

    Why: a paragraph that the model would not label is not a paragraph without labels.
    Fails: the endpoint reports a refusal, or the finish reason is a content filter.
    Passes: an answer, also one with empty lists.
    """
    words = f": {quote(refusal)}" if refusal else ""
    yield Problem(f"{request}: the model refused{words}; label this part by hand, or ask another model")


@rule("A102")
def answer_empty(request: str) -> Iterator[Problem]:
    """An answer has text.

    Why: a model that finds nothing to label says so, with empty lists; an empty answer is a failure.
    Fails: an answer of white space.
    Passes: `{"spans": [], "relations": []}`.
    """
    yield Problem(f"{request}: the answer is empty; label this part by hand, or ask another model")


@rule("A103")
def answer_unreadable(request: str, problem: str) -> Iterator[Problem]:
    """An answer has the form that was asked for.

    Why: labels cannot be read from any other form, and guessing would make wrong ones.
    Fails: no JSON object; JSON that breaks off; `"spans": "none"`; a tagged paragraph with words that it does not have.
    Passes: a JSON object, also in a fenced code block or with words around it.
    """
    yield Problem(f"{request}: {problem}; nothing of this part was taken")


@rule("A104", "warning")
def answer_cut(request: str, problem: str) -> Iterator[Problem]:
    """An answer is not cut off.

    Why: an answer that was cut off at a limit of tokens may lack labels. The paragraph is then asked in two parts, and
    a relation between the parts cannot be labelled.
    Fails: the finish reason is `length`.
    Passes: the finish reason is `stop`.
    """
    yield Problem(f"{request}: {problem or _CUT}; the paragraph was asked in two parts instead")


@rule("A105")
def answer_cut_for_good(request: str, problem: str) -> Iterator[Problem]:
    """An answer about a single sentence, or about the links of an article, is not cut off.

    Why: such a request is not divided further, so that there is no whole answer.
    Fails: the finish reason is `length` for a paragraph of one sentence.
    Passes: a larger limit of tokens.
    """
    if problem == CONTEXT_PROBLEM:
        hint = "lower --guideline-tokens, or give the model a longer context"
    elif problem:
        hint = "limit answers with --max-tokens"
    else:
        hint = "allow longer answers with --max-tokens"
    yield Problem(f"{request}: {problem or _CUT}, and the request cannot be divided; {hint}")


@rule("A106")
def links_left_out(number: int) -> Iterator[Problem]:
    """The spans that may be linked across paragraphs fit into one request.

    Why: a model cannot link what it is not shown.
    Fails: more spans than the token limit of the request has room for.
    Passes: an article of usual length.
    """
    yield Problem(f"link: {number:,} spans did not fit into the request; divide the article, or link them by hand")


@rule("A107")
def too_many_items(request: str, number: int, most: int) -> Iterator[Problem]:
    """An answer has no more items than the text that was asked about has characters.

    Why: a model that repeats itself without end gives no labels, and must not take memory and time without end either.
    Fails: ten thousand spans of a paragraph with 400 characters. The first ones are taken.
    Passes: any number of items up to the number of characters, or up to 100 in a short text.
    """
    yield Problem(f"{request}: {number:,} items after the first {most:,} were not read; ask about a shorter text")


@rule("A108", "warning")
def correction_failed(request: str, problem: str) -> Iterator[Problem]:
    """A correction of an answer is a whole answer.

    Why: without it, the answer before it counts, and what could not be taken of that stays in quarantine.
    Fails: the answer and its problems are longer than the model's context; the model refuses to correct it.
    Passes: a whole answer, also one that is not better.
    """
    yield Problem(f"{request}: {problem or _CUT}; the answer before it counts")


@rule("A201")
def item_unreadable(problem: str) -> Iterator[Problem]:
    """A span or a relation of an answer is an object whose fields have the right types.

    Why: a label cannot be made from half an item.
    Fails: a span that is a string; `"label": 3`; a tag that is opened and not closed.
    Passes: an object with the fields of the schema.
    """
    yield Problem(f"{problem}; it was not taken")


@rule("A202")
def id_repeated(id_: object) -> Iterator[Problem]:
    """Each span of an answer has an id of its own.

    Why: a relation to an id that two spans have could mean either.
    Fails: a span without an id; two spans with the id s1. The first is kept, without its relations.
    Passes: s1, s2, s3.
    """
    yield Problem(f"the id {quote(id_)} is missing or belongs to another span; give each span its own id")


@rule("A203")
def label_undefined(label: object) -> Iterator[Problem]:
    """The label of a span is in the inventory.

    Why: models invent labels, and texts can ask for some; only the inventory says what is labelled.
    Fails: a label that no line of `labels.yaml` defines.
    Passes: a label of the inventory, with the same capital letters.
    """
    yield Problem(f"the label {quote(label)} is not in the inventory; use its labels only")


@rule("A204")
def attribute_undefined(label: str, name: object) -> Iterator[Problem]:
    """An attribute belongs to the label of its span.

    Why: the value would say something that the inventory does not define. The span is taken without it.
    Fails: an attribute of another label with a value.
    Passes: the same attribute with null.
    """
    yield Problem(f"{label} has no attribute {quote(name)}; leave it out")


@rule("A205")
def value_undefined(name: str, value: object, hint: str) -> Iterator[Problem]:
    """An attribute has a value that the inventory allows.

    Why: another value is in no column of the dataset. The span is taken without it.
    Fails: a choice that is not defined; a negative count; a count as words.
    Passes: one of the defined choices; a whole number from 0 on.
    """
    yield Problem(f"{quote(value)} is no value of {name}; {hint}")


@rule("A301")
def quote_not_placed(words: str, occurrence: int | None, unplaced: UnplacedQuote) -> Iterator[Problem]:
    """The paragraph has the quoted words, and the occurrence says which of them are meant.

    Why: a quote that the text does not have, or has more than once, points nowhere; guessing would make wrong labels.
    Fails: a paraphrase; a quote with an ellipsis; "said" without an occurrence, where the paragraph has it twice.
    Passes: words of the paragraph; other quotation marks, white space or capital letters, which are counted.
    """
    yield Problem(f"{unplaced.describe(words, occurrence)}; quote words of the paragraph, and count their occurrence")


@rule("A302")
def quote_of_context(words: str) -> Iterator[Problem]:
    """A quote is from the paragraph that was asked about.

    Why: the neighbours of the paragraph are labelled by requests of their own; their words would be labelled twice.
    Fails: words of the paragraph before.
    Passes: words of the paragraph itself.
    """
    yield Problem(f"{quote(words)} is in another part of the article; quote words of this paragraph")


@rule("A303")
def quote_of_instructions(words: str) -> Iterator[Problem]:
    """A quote is from the article, not from the instructions.

    Why: models copy the examples that they are shown.
    Fails: the words of an example in the guidelines that the article does not have.
    Passes: words that the paragraph has, too.
    """
    yield Problem(f"{quote(words)} is in the instructions and not in the article; quote words of the paragraph")


@rule("A304")
def words_changed(words: str) -> Iterator[Problem]:
    """A tagged paragraph has the words of the paragraph.

    Why: a tag around words that the model changed has no certain place in the text.
    Fails: a tag around a corrected spelling.
    Passes: the words of the paragraph; other quotation marks or white space, which are counted.
    """
    yield Problem(f"the paragraph does not have the tagged words {quote(words)} there; copy it without changes")


@rule("A401")
def relation_undefined(label: object) -> Iterator[Problem]:
    """The label of a relation is in the inventory, and was asked for in the request.

    Why: relations that may lead to another paragraph are asked for once, for the whole article.
    Fails: a relation that `labels.yaml` does not define.
    Passes: a relation of the inventory.
    """
    yield Problem(f"the relation {quote(label)} is not asked for; use the relations of the instructions only")


@rule("A402")
def end_not_taken(label: str, ids: Iterable[object]) -> Iterator[Problem]:
    """Both ends of a relation are spans of the answer that were taken, each with an id of its own.

    Why: a relation to nowhere means nothing.
    Fails: a head that is the id of no span, of two spans, or of a span that was quarantined.
    Passes: ids of two spans of the answer.
    """
    yield Problem(f"{label}: no span was taken with the id {' and '.join(map(quote, ids))}; name spans of the answer")


@rule("A403")
def relation_repeated(label: str, head: object, tail: object) -> Iterator[Problem]:
    """A relation is named once.

    Why: the second says nothing new, but would be counted. The first is taken.
    Fails: two relations with the same label and the same ends.
    Passes: two relations with different labels between the same spans.
    """
    yield Problem(f"{label} from {quote(head)} to {quote(tail)} is named twice; name it once")


@rule("A404")
def end_repaired_away(label: str) -> Iterator[Problem]:
    """The ends of a link are in the corrected answers, too.

    Why: links are asked for once; an answer that is corrected later may no longer have a span that was linked.
    Fails: a span that the model left out when it corrected its answer.
    Passes: a span with the same label and the same words.
    """
    yield Problem(f"{label}: the corrected answer no longer has one of the spans; draw the relation by hand")


@rule("A405")
def corrected_away(label: str) -> Iterator[Problem]:
    """A corrected answer has the labels of the answer before.

    Why: a model that is told of a mistake may leave labels out in place of correcting them.
    Fails: a corrected answer without spans, after one with spans.
    Passes: spans with the same labels, at the same words or at others that share characters with them.
    """
    yield Problem(f"{label}: the corrected answer leaves it out; label it by hand if it was right")


RULES: tuple[Rule, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Rule))


def describe(rule_: Rule, *arguments: object) -> str:
    """Return the message of the problem that a rule finds; see its function for the arguments."""
    [problem] = rule_.check(*arguments)
    return problem.message
