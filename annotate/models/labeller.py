"""Labels an article with a model: asks about each paragraph, links across paragraphs, and has answers corrected.

The requests of an article come in rounds. Those of one round do not depend on each other:

1. Each paragraph. A paragraph whose answer is cut off is asked again in two parts.
2. The links: relations that may lead to another paragraph, once for the whole article.
3. Corrections: an answer with errors goes back to the model with what is wrong, `REPAIRS` times at most.

What has errors after that is quarantined, so that the labels that remain have none.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.advice import describe_advice
from annotate.checks import check_annotation, find_errors
from annotate.corpus import sort_annotation, span_sort_key
from annotate.coverage import split_sentences
from annotate.findings import Finding, Rule
from annotate.inventory import RelationLabel
from annotate.model import Annotation, Article, Relation, Span
from annotate.models import rules
from annotate.models.chat import ChatAnswer, ChatRequest
from annotate.models.error_removal import MISSING_RELATION, remove_errors
from annotate.models.grounding import GroundedAnswer, GroundedRelation, GroundedSpan, Grounding
from annotate.models.json_answers import read_json_answer, read_link_answer
from annotate.models.labelling import LabelledArticle, LabellingDescription, LabelRequest, QuarantinedAnswer
from annotate.models.prompts import (
    ArticlePart,
    LabellingPrompt,
    ListedSpan,
    fit_listed_spans,
    list_crossing_relations,
    list_parts,
    split_part,
)
from annotate.models.tagged_answers import read_tagged_answer
from annotate.offsets import sha256

REPAIRS = 2
"""How many times an answer is sent back at most."""
LINK = "link"
"""The key of the request about links."""
_LONGEST_REPAIRED = 60_000
"""The most characters of an answer that is sent back."""
_PIECE_PARAGRAPHS = 3
"""How many paragraphs back a span is looked for that a later one may continue."""


class _SpanReference(NamedTuple):
    """A span of an answer: the key of its part, and its id there."""

    part: str
    id: str


class _Link(NamedTuple):
    """A relation between spans of any answers, and how the model wrote it."""

    label: str
    head: _SpanReference
    tail: _SpanReference
    raw: str


class _Draft(NamedTuple):
    """An annotation made of the answers so far, and which span of which answer each of its spans is."""

    annotation: Annotation
    references: dict[str, _SpanReference]


class _PartProblem(NamedTuple):
    """What is wrong with an answer: the id of the span there, empty if it is none that was taken, and in words."""

    span: str
    message: str


class _AnsweredPart:
    """A part of the article with the answer that counts.

    Args:
        part: The part.
        request: The first request about it.
        text: What the model answered.
        labels: What was taken of it.
    """

    def __init__(self, part: ArticlePart, request: ChatRequest, text: str, labels: GroundedAnswer) -> None:
        self.part, self.request, self.text, self.labels = part, request, text, labels
        self.problems: list[_PartProblem] = []
        self.is_final = False


def plan_article(article: Article, prompt: LabellingPrompt) -> list[LabelRequest]:
    """Return the requests about an article that are known before any answer: one a paragraph, long ones in parts.

    One request for links and `REPAIRS` for each of these follow at most, and two for each answer that is cut off.
    """
    return [LabelRequest(part.key, prompt.ask_part(article, part)) for part in list_parts(article.text)]


class PromptedLabelling:
    """Labels articles with one prompt; a `LabellingMethod`.

    Args:
        prompt: The prompt of the run.
        annotator: The annotator id that the labels get.
    """

    def __init__(self, prompt: LabellingPrompt, annotator: str) -> None:
        self._prompt, self._annotator = prompt, annotator

    def describe(self) -> LabellingDescription:
        """Return what a run tells of the method. The guidelines are told by the hash of the instructions."""
        return LabellingDescription(
            mode=self._prompt.mode,
            prompt_sha256=sha256(self._prompt.instructions),
            schema_sha256=self._prompt.schema_sha256,
            guidelines=self._prompt.guidelines_sha256,
            left_out=self._prompt.describe_left_out(),
        )

    def plan_article(self, article: Article) -> Sequence[LabelRequest]:
        """Return the requests about an article that are known before any answer."""
        return plan_article(article, self._prompt)

    def label_article(self, article: Article) -> "PromptedArticleLabeller":
        """Return what labels an article."""
        return PromptedArticleLabeller(article, self._prompt, self._annotator)


class PromptedArticleLabeller:
    """Labels one article; an `ArticleLabeller`. The same answers give the same labels, in whatever order they come.

    Args:
        article: The article.
        prompt: The prompt of the run.
        annotator: The annotator id that the labels get.
    """

    def __init__(self, article: Article, prompt: LabellingPrompt, annotator: str) -> None:
        self._article, self._prompt, self._annotator = article, prompt, annotator
        self._file = f"annotations/{annotator}/{article.id}.json"
        self._grounding = Grounding(article.text, prompt.quoted_instructions)
        self._open: dict[str, LabelRequest] = {}
        self._asked_parts: dict[str, ArticlePart] = {}
        self._answered: dict[str, _AnsweredPart] = {}
        self._corrections: dict[str, tuple[str, GroundedAnswer]] = {}
        self._corrected_parts: dict[str, str] = {}
        self._listed: list[_SpanReference] = []
        self._links: list[_Link] = []
        self._quarantined: list[QuarantinedAnswer] = []
        self._findings: list[Finding] = []
        self._repaired = 0
        self._rounds = 0
        self._has_linked = self._is_done = False
        for part in list_parts(article.text):
            self._ask_part(part)
        if not self._open:
            self._advance()

    def next_requests(self) -> Sequence[LabelRequest]:
        """Return the requests that wait for an answer; none if the article is done."""
        return list(self._open.values())

    def take(self, request: LabelRequest, answer: ChatAnswer) -> None:
        """Take the answer to a request that `next_requests` returned.

        Raises:
            KeyError: If no such request waits for an answer.
        """
        del self._open[request.key]
        if request.key == LINK:
            self._take_links(answer)
        elif request.key in self._corrected_parts:
            self._take_correction(request.key, answer)
        else:
            self._take_part(request, answer)
        if not self._open:
            self._advance()

    def result(self) -> LabelledArticle:
        """Return what was made of the article.

        Raises:
            RuntimeError: If requests still wait for answers.
        """
        if not self._is_done:
            raise RuntimeError("requests still wait for answers")
        quarantined = [item for part in self._list_answered() for item in part.labels.quarantined] + self._quarantined
        draft = self._draft(quarantined)
        cleaned = remove_errors(draft.annotation, self._article.text, self._prompt.inventory)
        spans = {span.id: span for span in draft.annotation.spans}
        written = {
            _SpanReference(part.part.key, span.id): span.raw
            for part in self._list_answered()
            for span in part.labels.spans
        }
        for label, finding in cleaned.removed:
            if isinstance(label, Span):
                reference = draft.references[label.id]
                raw = written[reference]
            else:
                reference = draft.references[label.head]
                ends = {end: spans[id_].text for end, id_ in (("head", label.head), ("tail", label.tail))}
                raw = json.dumps({"label": label.label, **ends}, ensure_ascii=False)
            reason = finding.message
            quarantined.append(QuarantinedAnswer(finding.code, reference.part, reason, raw[: rules.LONGEST_RAW]))
        annotation = _renumber(cleaned.annotation)
        findings = check_annotation(annotation, self._article.text, self._prompt.inventory, self._file)
        aligned = Counter[str]()
        for part in self._list_answered():
            aligned.update(part.labels.aligned)
        return LabelledArticle(
            annotation, quarantined, [*self._findings, *findings], dict(sorted(aligned.items())), self._repaired
        )

    def _list_answered(self) -> list[_AnsweredPart]:
        """Return the parts with an answer, in the order of the text."""
        return sorted(self._answered.values(), key=lambda each: each.part.start)

    def _ask(self, key: str, chat: ChatRequest, *, is_correction: bool = False) -> None:
        self._open[key] = LabelRequest(key, chat, is_correction)

    def _ask_part(self, part: ArticlePart) -> None:
        self._asked_parts[part.key] = part
        self._ask(part.key, self._prompt.ask_part(self._article, part))

    def _report(self, rule: Rule, *arguments: object) -> None:
        self._findings += rule(self._file, self._article.id, *arguments)

    def _report_failure(self, key: str, answer: ChatAnswer) -> bool:
        """Report an answer that has no labels since the model refused or wrote nothing; return whether it is one."""
        if answer.finish_reason == "refusal" or answer.refusal:
            self._report(rules.answer_refused, key, answer.refusal or answer.text)
        elif not answer.text.strip():
            self._report(rules.answer_empty, key)
        else:
            return False
        return True

    def _report_cut(self, key: str, answer: ChatAnswer) -> None:
        """Report an answer that was cut off although its request cannot be divided, and quarantine it."""
        self._report(rules.answer_cut_for_good, key, answer.problem)
        reason = rules.describe(rules.answer_cut_for_good, key, answer.problem)
        raw = answer.text[: rules.LONGEST_RAW]
        self._quarantined.append(QuarantinedAnswer(rules.answer_cut_for_good.code, key, reason, raw))

    def _take_part(self, request: LabelRequest, answer: ChatAnswer) -> None:
        part = self._asked_parts[request.key]
        if answer.finish_reason == "length":
            halves = split_part(self._article.text, part)
            if halves:
                self._report(rules.answer_cut, request.key, answer.problem)
            else:
                self._report_cut(request.key, answer)
            for half in halves:
                self._ask_part(half)
        elif not self._report_failure(request.key, answer):
            labels = self._read(request.key, part, answer.text)
            self._answered[request.key] = _AnsweredPart(part, request.chat, answer.text, labels)

    def _read(self, key: str, part: ArticlePart, text: str) -> GroundedAnswer:
        """Read an answer about a part, and place its quotes."""
        inventory, relations = self._prompt.inventory, self._prompt.paragraph_relations
        if self._prompt.mode == "tags":
            paragraph = self._article.text[part.start : part.end]
            answer = read_tagged_answer(text, key, inventory, relations, paragraph)
        else:
            answer = read_json_answer(text, key, inventory, relations, part.end - part.start)
        return self._grounding.ground(answer, part.start, part.end)

    def _advance(self) -> None:
        """Begin the next round that has requests."""
        if not self._has_linked:
            self._has_linked = True
            self._ask_links()
        if self._corrected_parts:
            self._take_corrections()
        while not self._open and self._rounds < REPAIRS:
            self._rounds += 1
            self._ask_corrections()
        self._is_done = not self._open

    def _draft(self, quarantined: list[QuarantinedAnswer] | None = None, *, with_links: bool = True) -> _Draft:
        """Make an annotation of the answers so far.

        Args:
            with_links: Whether it has the relations between paragraphs.
            quarantined: Where to quarantine links whose ends the corrected answers no longer have.
        """
        ids: dict[_SpanReference, str] = {}
        spans: list[Span] = []
        relations: list[Relation] = []
        for answered in self._list_answered():
            key = answered.part.key
            for span in answered.labels.spans:
                ids[_SpanReference(key, span.id)] = id_ = f"s{len(spans) + 1}"
                spans.append(self._make_span(id_, span))
            for relation in answered.labels.relations:
                head, tail = (ids[_SpanReference(key, end)] for end in (relation.head, relation.tail))
                relations.append(Relation(label=relation.label, head=head, tail=tail))
        drawn = {(relation.label, relation.head, relation.tail) for relation in relations}
        for link in self._links if with_links else ():
            if link.head in ids and link.tail in ids:
                ends = link.label, ids[link.head], ids[link.tail]
                if ends not in drawn:
                    drawn.add(ends)
                    relations.append(Relation(label=ends[0], head=ends[1], tail=ends[2]))
            elif quarantined is not None:
                reason = rules.describe(rules.end_repaired_away, link.label)
                quarantined.append(QuarantinedAnswer(rules.end_repaired_away.code, LINK, reason, link.raw))
        annotation = Annotation(
            article=self._article.id,
            annotator=self._annotator,
            process="single pass",
            made_from=(),
            inventory=self._prompt.inventory.version,
            text_sha256=self._article.text_sha256,
            spans=tuple(spans),
            relations=tuple(relations),
        )
        return _Draft(annotation, {id_: reference for reference, id_ in ids.items()})

    def _make_span(self, id_: str, span: GroundedSpan) -> Span:
        text = self._article.text[span.start : span.end]
        return Span(id=id_, label=span.label, start=span.start, end=span.end, text=text, attributes=span.attributes)

    # Links

    def _ask_links(self) -> None:
        draft = self._draft()
        spans = self._choose_linked(draft)
        if not spans:
            return
        listed = [self._list_span(number, span, draft.references[span.id]) for number, span in enumerate(spans, 1)]
        fitting = fit_listed_spans(listed)
        if len(fitting) < len(listed):
            self._report(rules.links_left_out, len(listed) - len(fitting))
        self._listed = [draft.references[span.id] for span in spans[: len(fitting)]]
        self._ask(LINK, self._prompt.ask_links(self._article, fitting))

    def _choose_linked(self, draft: _Draft) -> list[Span]:
        """Return the spans that a relation to another paragraph may join, in the order of the text."""
        spans = sorted(draft.annotation.spans, key=span_sort_key)
        chosen = set[str]()
        for label in list_crossing_relations(self._prompt.inventory):
            pairs = self._pair_pieces(draft, spans) if label.joins_pieces else _pair_labels(label, spans)
            for pair in pairs:
                chosen.update(pair)
        return [span for span in spans if span.id in chosen]

    def _pair_pieces(self, draft: _Draft, spans: Sequence[Span]) -> Iterator[tuple[str, ...]]:
        """Yield spans that lack a relation, each with the spans of its label in the paragraphs before.

        A piece in a later paragraph has no relations of its own there, so that it looks as if it lacked them.
        """
        errors = find_errors(draft.annotation, self._article.text, self._prompt.inventory)
        lacking = {error.span for error in errors if error.code in MISSING_RELATION}
        before: dict[tuple[int, str], list[str]] = {}
        for span in spans:
            number = self._answered[draft.references[span.id].part].part.number
            if span.id in lacking:
                earlier = [
                    id_
                    for back in range(1, _PIECE_PARAGRAPHS + 1)
                    for id_ in before.get((number - back, span.label), [])
                ]
                if earlier:
                    yield span.id, *earlier
            before.setdefault((number, span.label), []).append(span.id)

    def _list_span(self, number: int, span: Span, reference: _SpanReference) -> ListedSpan:
        text, part = self._article.text, self._answered[reference.part].part
        line = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
        paragraph = line[0], line[1] if line[1] >= 0 else len(text)
        occurrence = self._grounding.find_occurrence(span.start, span.end, paragraph)
        heads = {name for label in list_crossing_relations(self._prompt.inventory) for name in label.head}
        sentence = self._find_sentence(span, paragraph) if span.label in heads else ""
        return ListedSpan(number, part.number, span.label, span.text, occurrence, sentence)

    def _find_sentence(self, span: Span, paragraph: tuple[int, int]) -> str:
        text = self._article.text[paragraph[0] : paragraph[1]]
        for start, end in split_sentences(text):
            if start <= span.start - paragraph[0] < end:
                return text[start:end]
        return ""

    def _take_links(self, answer: ChatAnswer) -> None:
        if answer.finish_reason == "length":
            self._report_cut(LINK, answer)
            return
        if self._report_failure(LINK, answer):
            return
        length = len(self._article.text)
        read = read_link_answer(answer.text, LINK, self._prompt.inventory, self._prompt.crossing_relations, length)
        numbers = {str(number): reference for number, reference in enumerate(self._listed, 1)}
        for relation in read.relations:
            missing = [end for end in (relation.head, relation.tail) if end not in numbers]
            if missing:
                read.quarantine(rules.end_not_taken, relation.raw, relation.label, dict.fromkeys(missing))
            else:
                self._links.append(_Link(relation.label, numbers[relation.head], numbers[relation.tail], relation.raw))
        read.finish()
        self._quarantined += read.quarantined

    # Corrections

    def _find_problems(self) -> dict[str, list[_PartProblem]]:
        """Return what is wrong with the answer about each part: what was not taken, and errors of the checks."""
        problems = {
            key: [_PartProblem("", item.reason) for item in answered.labels.quarantined]
            for key, answered in self._answered.items()
        }
        draft = self._draft()
        errors, spans = self._find_errors(draft), {span.id: span for span in draft.annotation.spans}
        # What is wrong with a link is not wrong with the answer about a paragraph.
        without_links = self._find_errors(self._draft(with_links=False)) if self._links else errors
        for (code, span, message), error in errors.items():
            if error.span in draft.references and (code, span, message) in without_links:
                reference = draft.references[error.span]
                advice = describe_advice(error, spans[error.span], self._prompt.inventory, is_on_screen=False)
                problems[reference.part].append(_PartProblem(reference.id, f"{reference.id}: {advice}"))
        return problems

    def _find_errors(self, draft: _Draft) -> dict[tuple[str, str | None, str], Finding]:
        errors = find_errors(draft.annotation, self._article.text, self._prompt.inventory)
        return {(error.code, error.span, error.message): error for error in errors}

    def _ask_corrections(self) -> None:
        for key, problems in self._find_problems().items():
            answered = self._answered[key]
            answered.problems = problems
            if problems and not answered.is_final and len(answered.text) <= _LONGEST_REPAIRED:
                correction = f"repair {self._rounds} of {key}"
                self._corrected_parts[correction] = key
                messages = [problem.message for problem in problems]
                chat = self._prompt.ask_repair(answered.request, answered.text, messages)
                self._ask(correction, chat, is_correction=True)

    def _take_correction(self, correction: str, answer: ChatAnswer) -> None:
        key = self._corrected_parts[correction]
        if answer.finish_reason == "length":
            self._report(rules.correction_failed, correction, answer.problem)
        elif answer.finish_reason == "refusal" or answer.refusal:
            self._report(rules.correction_failed, correction, "the model refused")
        elif not answer.text.strip():
            self._report(rules.correction_failed, correction, "the answer is empty")
        else:
            labels = self._read(correction, self._answered[key].part, answer.text)
            self._corrections[key] = answer.text, labels

    def _take_corrections(self) -> None:
        """Let each corrected answer count that is better than the one before; others end the corrections.

        It is better if it has fewer problems, and by at least as many as it leaves out spans that had none. Whatever it
        leaves out is quarantined.
        """
        corrections, self._corrections = self._corrections, {}
        for key in self._corrected_parts.values():
            self._answered[key].is_final = True
        self._corrected_parts = {}
        old = {key: (answered.text, answered.labels) for key, answered in self._answered.items()}
        links = self._links
        self._links = [self._follow_corrections(link, corrections) for link in links]
        for key, (text, labels) in corrections.items():
            self._answered[key].text, self._answered[key].labels = text, labels
        problems = self._find_problems()
        kept = {}
        for key, correction in corrections.items():
            before, former = self._answered[key].problems, old[key][1]
            gain, wrong = len(before) - len(problems[key]), {problem.span for problem in before}
            dropped = _find_dropped(former, correction[1])
            if gain > 0 and gain >= sum(span.id not in wrong for span in dropped.spans):
                kept[key] = correction
                self._quarantine_dropped(key, dropped)
                self._answered[key].is_final = False
                self._repaired += gain
            else:
                self._answered[key].text, self._answered[key].labels = old[key]
        self._links = [self._follow_corrections(link, kept, old) for link in links]

    def _quarantine_dropped(self, key: str, dropped: GroundedAnswer) -> None:
        labels: list[GroundedSpan | GroundedRelation] = [*dropped.spans, *dropped.relations]
        for label in labels:
            reason = rules.describe(rules.corrected_away, label.label)
            self._quarantined.append(QuarantinedAnswer(rules.corrected_away.code, key, reason, label.raw))

    def _follow_corrections(
        self,
        link: _Link,
        corrections: dict[str, tuple[str, GroundedAnswer]],
        old: dict[str, tuple[str, GroundedAnswer]] | None = None,
    ) -> _Link:
        """Return a link with its ends in corrected answers; an end that they do not have gets an id of no span."""

        def follow(reference: _SpanReference) -> _SpanReference:
            if reference.part not in corrections:
                return reference
            former = old[reference.part][1] if old else self._answered[reference.part].labels
            places = _identify(former.spans)
            matches = {place: id_ for id_, place in _identify(corrections[reference.part][1].spans).items()}
            return _SpanReference(
                reference.part, matches.get(places[reference.id], "") if reference.id in places else ""
            )

        return link._replace(head=follow(link.head), tail=follow(link.tail))


def _pair_labels(label: RelationLabel, spans: Sequence[Span]) -> Iterator[tuple[str, ...]]:
    """Yield the spans that can be ends of a relation, if there are some for both ends."""
    heads = [span.id for span in spans if span.label in label.head]
    tails = [span.id for span in spans if span.label in label.tail]
    if heads and tails:
        yield *heads, *tails


def _find_dropped(former: GroundedAnswer, corrected: GroundedAnswer) -> GroundedAnswer:
    """Return the labels of an answer that a corrected one leaves out.

    A span is still there if a span with its label shares characters with it. A relation whose end was left out is left
    out with it, and not returned.
    """
    counterparts = {
        span.id: {
            other.id
            for other in corrected.spans
            if other.label == span.label and other.start < span.end and span.start < other.end
        }
        for span in former.spans
    }
    drawn = defaultdict[tuple[str, str], set[str]](set)
    for relation in corrected.relations:
        drawn[relation.label, relation.head].add(relation.tail)
    return GroundedAnswer(
        spans=tuple(span for span in former.spans if not counterparts[span.id]),
        relations=tuple(
            relation
            for relation in former.relations
            if (heads := counterparts[relation.head])
            and (tails := counterparts[relation.tail])
            and not any(drawn[relation.label, head] & tails for head in heads)
        ),
    )


def _identify(spans: Sequence[GroundedSpan]) -> dict[str, tuple[str, int, int, int]]:
    """Return what makes a span of one answer the same as one of another: label, place, and which of several."""
    count = Counter[tuple[str, int, int]]()
    places = {}
    for span in spans:
        place = span.label, span.start, span.end
        count[place] += 1
        places[span.id] = (*place, count[place])
    return places


def _renumber(annotation: Annotation) -> Annotation:
    """Return an annotation in canonical order, with the ids s1, s2, and so on in this order."""
    spans = sorted(annotation.spans, key=span_sort_key)
    ids = {span.id: f"s{number}" for number, span in enumerate(spans, 1)}
    return sort_annotation(
        msgspec.structs.replace(
            annotation,
            spans=tuple(msgspec.structs.replace(span, id=ids[span.id]) for span in spans),
            relations=tuple(
                msgspec.structs.replace(each, head=ids[each.head], tail=ids[each.tail]) for each in annotation.relations
            ),
        )
    )
