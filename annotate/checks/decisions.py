"""C8: the decisions of adjudication. They are about the labels that annotators have, and gold is what they decide.

Gold can also be adjudicated on the screen, where no file has the decisions. Then there is nothing to compare.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec

from annotate.adjudication import (
    Adjudication,
    Difference,
    Reference,
    Triple,
    check_choices,
    check_decisions,
    describe_relation,
    find_shared_references,
    make_gold,
    plan_adjudication,
    refer_to,
)
from annotate.bare_gold import LabelOrigin, describe_origin
from annotate.checks import files
from annotate.checks.annotations import LabelFile, add_lines
from annotate.checks.corpus import CorpusFacts
from annotate.findings import Finding, Problem, Rule, list_names, rule
from annotate.inventory import Inventory
from annotate.model import ALL, GOLD, NEITHER, Annotation, Article, AttributeValue, Span
from annotate.schemas import explain_conversion_error
from annotate.schemas.lines import LineFinder, line_finder
from annotate.util.escape import quote, shorten
from annotate.util.nouns import count_noun
from annotate.util.suggestions import list_choices
from annotate.util.typed_values import convert_as

MOST_DIFFERENCES = 5
"""Differences of gold that are findings of their own. If there are more, one finding counts them."""


@rule("C119")
def decisions_elsewhere(value: Any, name: str, article_ids: Collection[str]) -> Iterator[Problem]:
    """A file in adjudication/ has the decisions on the article that it is named after, which is in the corpus.

    Why: gold is made from these decisions; those on another article would give gold for the wrong one.
    Fails: adjudication/a.yaml with `article: b`, or where articles/ has no a.
    Passes: adjudication/a.yaml with `article: a`, as `annotate adjudicate plan` writes it.
    """
    article = value.get("article") if isinstance(value, dict) else None
    if article != name:
        yield Problem(
            f"is about the article {quote(article)}, but the file's name says {quote(name)}; fix the one that is wrong"
        )
    elif name not in article_ids:
        yield Problem(f"decides on the article {quote(name)}, which is not in articles/; restore it")


@rule("C122")
def unknown_take(value: Any, find_line: LineFinder) -> Iterator[Problem]:
    """A decision takes the version of an annotator of its file, of all, or of neither.

    Why: a misspelt annotator decides nothing, and gold cannot be made.
    Fails: `take: an` in a file with `annotators: [anna, ben]`; `take: all` for the attributes of a span.
    Passes: `take: anna`; `take: neither`; an empty `take`, which is open. C802 reports an annotator who has a version
    of the difference and is missing in `annotators`.
    """
    for section in ("differences", "earlier"):
        for index, difference in enumerate(value.get(section, ())):
            take, key = difference.get("take", ""), shorten(difference["key"])
            common = [NEITHER] if difference["kind"] == "attributes" else [ALL, NEITHER]
            allowed = [*value["annotators"], *common]
            if take and take not in allowed and take not in difference["versions"]:
                problem = f"{key}: take is {quote(take)}; choose from {list_choices(allowed)}"
                yield Problem(problem, line=find_line((section, index, "take")))


@rule("C801", waivable=True)
def decision_left_open(
    decisions: Adjudication,
    current: Adjudication,
    annotations: Sequence[Annotation],
    text: str,
    inventory: Inventory,
    find_line: LineFinder,
) -> Iterator[Problem]:
    """The decisions that gold was adjudicated from are complete: each has a `take` and a `reason`, and can be applied.

    Why: nobody can tell why gold has what it has, and `annotate adjudicate apply` would refuse to make it again.
    Fails: an empty `take` or `reason`, where gold says that it was adjudicated from these annotators; a difference
    between their labels that the file does not list; an added span without a reason.
    Passes: decisions with `take` and `reason`; open decisions, as long as gold was not adjudicated from these
    annotators.
    """
    identities = {difference.identity for difference in decisions.differences}
    for index, difference in enumerate(decisions.differences):
        name = "take" if not difference.take else "reason" if not difference.reason.strip() else ""
        if name:
            problem = f"{shorten(difference.key)}: {name} is empty, and gold was made of the decision; write it"
            yield Problem(problem, line=find_line(("differences", index)))
    unlisted = [difference.key for difference in current.differences if difference.identity not in identities]
    if unlisted:
        problem = f"lacks {count_noun(len(unlisted), 'difference')} between the labels: {list_names(unlisted)}"
        yield Problem(f"{problem}; list them with `annotate adjudicate plan`, and decide")
    if not unlisted and not current.open_differences:
        try:
            check_decisions(current, annotations)
            check_choices(current, annotations, text, inventory)
            make_gold(current, annotations, text, "", inventory.version)
        except ValueError as error:
            yield Problem(f"cannot be applied: {error}")


@rule("C802", waivable=True)
def decisions_on_other_labels(
    decisions: Adjudication,
    labels: Mapping[str, Annotation | None],
    article: Article,
    reported: Collection[str],
    find_line: LineFinder,
) -> Iterator[Problem]:
    """Decisions quote the labels that the annotators of their file have now, on the text as it is now.

    Why: a decision between versions that nobody has decides nothing, and a reader of gold is told a wrong story.
    Fails: `annotators: [anna, ben]`, where ben has not labelled the article; a version of anna that her labels do not
    have; the `text_sha256` of an earlier text; one difference listed twice.
    Passes: the file as `annotate adjudicate plan` writes it, which keeps decisions that still fit. C113 reports labels
    that gold was made from and that are gone.
    """
    names = decisions.annotators
    if decisions.text_sha256 != article.text_sha256:
        problem = "decides on another text (text_sha256); plan again with `annotate adjudicate plan`"
        yield Problem(problem, line=find_line(("text_sha256",)))
    elif GOLD in names or len(set(names)) < 2 or len(set(names)) < len(names):
        problem = f"annotators is {', '.join(names)}; name two or more different annotators, without {GOLD}"
        yield Problem(problem, line=find_line(("annotators",)))
    elif absent := [name for name in names if name not in labels and name not in reported]:
        problem = f"names {list_names(absent)} in annotators, without labels of the article; restore or correct them"
        yield Problem(problem, line=find_line(("annotators", names.index(absent[0]))))
    else:
        annotations = _list_annotations(names, labels)
        if annotations:
            problems = list(_compare_versions(decisions, annotations, article.text, find_line))
            more = f" ({count_noun(len(problems) - 1, 'difference')} more)" if len(problems) > 1 else ""
            yield from (replace(problem, message=f"{problem.message}{more}") for problem in problems[:1])


def _list_annotations(names: Sequence[str], labels: Mapping[str, Annotation | None]) -> list[Annotation]:
    """Return the annotations of annotators, each under the name of its folder; none if one of them cannot be used."""
    annotations = [(name, labels.get(name)) for name in names]
    if any(annotation is None for _, annotation in annotations):
        return []
    return [
        annotation if annotation.annotator == name else msgspec.structs.replace(annotation, annotator=name)
        for name, annotation in annotations
        if annotation is not None
    ]


def _compare_versions(
    decisions: Adjudication, annotations: Sequence[Annotation], text: str, find_line: LineFinder
) -> Iterator[Problem]:
    for annotation in annotations:
        if shared := find_shared_references(annotation):
            problem = (
                f"{quote(annotation.annotator)} has two spans {list_names(shared)}, which no decision can tell apart"
            )
            yield Problem(f"{problem}; correct the labels, or adjudicate in Label Studio")
            return
    current = plan_adjudication(annotations, text, decisions)
    actual = {(difference.kind, difference.key): difference for difference in current.differences}
    has_problem = False
    for is_relation in (False, True):
        if has_problem or (is_relation and current.open_differences):
            return  # which relations differ follows from the spans
        for index, difference in enumerate(decisions.differences):
            now = actual.get((difference.kind, difference.key))
            if (difference.kind == "relation") != is_relation or (now and now.versions == difference.versions):
                continue
            has_problem = True
            problem = f"{shorten(difference.key)}: {_explain_version(difference, now)}"
            yield Problem(f"{problem}; plan again", line=find_line(("differences", index)))
    first = dict[tuple[str, str, str], int]()
    for index, difference in enumerate(decisions.differences):
        if first.setdefault(difference.identity, index) != index:
            problem = f"{shorten(difference.key)}: is listed twice, and one decision counts; remove the other one"
            yield Problem(problem, line=find_line(("differences", index)))
            return
    if not has_problem and all(difference.identity in first for difference in current.differences):
        # How many relations agree depends on which spans were dropped, and on no label that somebody lost.
        quoted, actual_count = decisions.agreed.get("spans"), current.agreed["spans"]
        if quoted is not None and quoted != actual_count:
            problem = f"agreed says {count_noun(quoted, 'span')}, and the labels have {actual_count:,} alike"
            yield Problem(f"{problem}; plan again", line=find_line(("agreed", "spans")))


def _explain_version(quoted: Difference, now: Difference | None) -> str:
    """Return in words how the versions that a difference quotes differ from the labels."""
    if now is None:
        return "the annotators do not differ there"
    for name in dict.fromkeys((*quoted.versions, *now.versions)):
        old, new = quoted.versions.get(name, []), now.versions.get(name, [])
        if old != new:
            return f"quotes {_quote_version(old)} of {quote(name)}, whose labels have {_quote_version(new)}"
    return "names other annotators"


def _quote_version(version: Sequence[str]) -> str:
    return quote("; ".join(version), 150) if version else "nothing"


@rule("C803", waivable=True)
def gold_against_decisions(gold: Annotation, expected: Annotation) -> Iterator[Problem]:
    """Adjudicated gold has what its decisions make of the labels: what all annotators have, and what was decided.

    Why: a span that all annotators have and gold lost, or a value that was decided otherwise, is an accident or a
    decision that nobody can look up.
    Fails: gold without a span that all annotators have and no decision drops; gold with the attributes of ben, where
    the decision takes those of anna.
    Passes: gold as `annotate adjudicate apply` writes it; gold that was adjudicated in Label Studio, without a file of
    decisions; ids and notes do not matter.
    """
    hint = "change the decision and run `annotate adjudicate apply`, or restore gold"
    differences = list(_compare_gold(gold, expected))
    if len(differences) > MOST_DIFFERENCES:
        shown = list_names([difference.message for difference in differences])
        yield Problem(f"differs from its decisions in {len(differences):,} labels: {shown}; {hint}")
        return
    for difference in differences:
        yield replace(difference, message=f"{difference.message}; {hint}")


@rule("C805", "warning", waivable=True)
def decisions_not_applied(gold: LabelOrigin, annotators: Sequence[str]) -> Iterator[Problem]:
    """Gold was adjudicated from the annotators whose differences are all decided.

    Why: gold and the decisions next to it tell two stories, and readers take the decisions for those behind gold.
    Fails: complete decisions between anna and ben, where gold is a single pass, or was adjudicated from others.
    Passes: gold that `annotate adjudicate apply` made; decisions that are still open.
    """
    if gold.process != "adjudicated" or set(gold.made_from) != set(annotators):
        origin = f"{gold.process} from {list_names(gold.made_from)}" if gold.made_from else gold.process
        problem = f"is {origin}, and adjudication/ has complete decisions between {list_names(annotators)}"
        yield Problem(f"{problem}; run `annotate adjudicate apply`, or remove the decisions")


def _compare_gold(gold: Annotation, expected: Annotation) -> Iterator[Problem]:
    """Yield how gold differs from what the decisions make, without a hint."""
    actual, planned = _index_by_reference(gold), _index_by_reference(expected)
    undecided = {reference: spans[0] for reference, spans in actual.items() if reference not in planned}
    # One finding stands for many differences. It does not show which span became which, so they are not paired.
    is_paired = len(undecided) <= MOST_DIFFERENCES
    for reference, spans in planned.items():
        if reference not in actual:
            words = f"{reference} {quote(spans[0].text, 60)}"
            changed = _find_changed(spans[0], undecided.values()) if is_paired else None
            if changed is None:
                yield Problem(f"lacks {words}, which the labels and decisions give")
            else:
                del undecided[refer_to(changed)]
                now = f"{refer_to(changed)} {quote(changed.text, 60)}"
                yield Problem(f"has {now} in place of {words}, which the labels and decisions give", changed.id)
    for reference, span in undecided.items():
        yield Problem(f"has {reference} {quote(span.text, 60)}, which nobody decided", span.id)
    for reference, spans in actual.items():
        if reference not in planned:
            continue
        for span in spans[1:]:
            yield Problem(f"has {reference} more than once", span.id)
        has, needs = spans[0].attributes, planned[reference][0].attributes
        names = [name for name in dict.fromkeys((*needs, *has)) if has.get(name) != needs.get(name)]
        if names:
            values = ", ".join(f"{name} {_describe_value(has.get(name))}" for name in names)
            wanted = ", ".join(_describe_value(needs.get(name)) for name in names)
            yield Problem(f"has {reference} with {values}, and the labels and decisions give {wanted}", spans[0].id)
    shared = actual.keys() & planned.keys()
    relations, planned_relations = _list_relations(gold, shared), _list_relations(expected, shared)
    surplus = dict.fromkeys(triple for triple in relations if triple not in planned_relations)
    is_paired = len(surplus) <= MOST_DIFFERENCES
    for triple in planned_relations:
        if triple not in relations:
            relation, head = describe_relation(*triple), actual[triple[1]][0]
            # With one part changed it is the same relation; most often it leads to another span.
            changed_relation = next((each for each in surplus if is_paired and _count_equal(each, triple) > 1), None)
            if changed_relation is None:
                yield Problem(f"lacks {relation}, which the labels and decisions give", head.id)
            else:
                del surplus[changed_relation]
                now = describe_relation(*changed_relation)
                yield Problem(f"has {now} in place of {relation}, which the labels and decisions give", head.id)
    for triple in surplus:
        yield Problem(f"has {describe_relation(*triple)}, which nobody decided", actual[triple[1]][0].id)


def _find_changed(span: Span, others: Iterable[Span]) -> Span | None:
    """Return the first other span that is the same with other bounds or another label; None if there is none."""
    for other in others:
        has_same_words = (other.start, other.end) == (span.start, span.end)
        if has_same_words or (other.label == span.label and other.start < span.end and span.start < other.end):
            return other
    return None


def _count_equal(left: Triple, right: Triple) -> int:
    return sum(a == b for a, b in zip(left, right, strict=True))


def _index_by_reference(annotation: Annotation) -> dict[Reference, list[Span]]:
    spans: dict[Reference, list[Span]] = {}
    for span in annotation.spans:
        spans.setdefault(refer_to(span), []).append(span)
    return spans


def _list_relations(annotation: Annotation, references: Collection[Reference]) -> dict[Triple, None]:
    """Return the relations between spans with some references, in their order."""
    by_id = {span.id: refer_to(span) for span in annotation.spans}
    triples = (
        (relation.label, by_id.get(relation.head), by_id.get(relation.tail)) for relation in annotation.relations
    )
    return {
        (label, head, tail): None
        for label, head, tail in triples
        if head is not None and tail is not None and head in references and tail in references
    }


def _describe_value(value: AttributeValue | None) -> str:
    return "no value" if value is None else shorten(str(value), 60)


@rule("C804", "warning", waivable=True)
def decisions_lost(contents: CorpusFacts) -> Iterator[Problem]:
    """If the decisions behind any adjudicated gold are in adjudication/, those behind all adjudicated gold are.

    Why: gold without its decisions cannot be made again, and nobody sees why it differs from the labels.
    Fails: two articles whose gold is adjudicated, and adjudication/ has a file for one of them.
    Passes: a file for each; gold that was adjudicated in Label Studio in a corpus without adjudication/. A corpus that
    has both waives this for the articles that were adjudicated on the screen.
    """
    if not contents.decided:
        return
    # C119 and C115 report decisions under another name.
    misplaced = {PurePath(file).stem for file in contents.misplaced_files if file.startswith("adjudication/")}
    found = contents.decided | contents.misnamed_decisions | misplaced
    for names in contents.names:
        # A file has the decisions between two annotators or more.
        is_decided = names.annotation_set == GOLD and names.process == "adjudicated" and len(names.made_from) > 1
        if is_decided and names.article not in found:
            problem = f"is adjudicated, and adjudication/{names.article}.yaml with its decisions is missing"
            hint = "restore the file, or waive this if the article was adjudicated in Label Studio"
            yield Problem(f"{problem}; {hint}", file=names.file, article=names.article)


class DecidedGold(NamedTuple):
    """What a comparison of gold with its decisions gave.

    Attributes:
        findings: The findings on the decisions, or on gold.
        expected: What the decisions make of the labels, if gold is not that.
    """

    findings: list[Finding]
    expected: Annotation | None = None


def check_decided_gold(
    file: str,
    data: bytes,
    value: Any,
    article: Article,
    labels: Mapping[str, LabelFile],
    annotations: Mapping[str, Annotation | None],
    inventory: Inventory,
) -> DecidedGold:
    """Compare decisions with the labels that they are about, and gold with the decisions.

    What follows from another finding is left out: gold is compared only with decisions that fit the labels and are
    complete, and decisions only with labels that can be read.

    Args:
        file: The path of the file of decisions, relative to the corpus.
        data: Its bytes.
        value: Its value, which follows the schema.
        article: The article.
        labels: The files of labels of the article, by annotation set.
        annotations: What can be read of them, by annotation set; None for a file that cannot be used.
        inventory: The inventory.
    """
    article_id, find_line = article.id, line_finder(file, data)
    try:
        decisions = convert_as(value, Adjudication)
    except msgspec.ValidationError as error:
        return DecidedGold(list(files.off_schema(file, article_id, [explain_conversion_error(error)], value)))
    gold = annotations.get(GOLD)
    reported = gold.made_from if gold is not None and gold.process == "adjudicated" else ()  # C113 reports those gone
    arguments = decisions, annotations, article, reported, find_line
    misfits = list(decisions_on_other_labels(file, article_id, *arguments))
    compared = _list_annotations(decisions.annotators, annotations) if not misfits else []
    if not compared or gold is None:
        return DecidedGold(misfits)
    current = plan_adjudication(compared, article.text, decisions)
    is_made_of_them = gold.process == "adjudicated" and set(gold.made_from) == set(decisions.annotators)
    undecided = list(
        decision_left_open(file, article_id, decisions, current, compared, article.text, inventory, find_line)
    )
    if undecided:
        return DecidedGold(undecided if is_made_of_them else [])
    gold_file = labels[GOLD]
    if not is_made_of_them:
        origin = describe_origin(gold)
        is_sound = _has_sound_origin(origin, labels.keys())
        names = decisions.annotators
        return DecidedGold(list(decisions_not_applied(gold_file.file, article_id, origin, names)) if is_sound else [])
    expected = make_gold(current, compared, article.text, gold.annotator, gold.inventory)
    differences = list(gold_against_decisions(gold_file.file, article_id, gold, expected))
    return DecidedGold(add_lines(differences, gold_file.data), expected if differences else None)


def _has_sound_origin(gold: LabelOrigin, labelled: Collection[str]) -> bool:
    """Return whether C113 and C125 have nothing to report about what gold was made from."""
    if gold.process in ("single pass", "corrected"):
        return gold.process == "corrected" or not gold.made_from
    is_complete = len(gold.made_from) == 1 if gold.process == "promoted" else bool(gold.made_from)
    return is_complete and all(name in labelled and name != GOLD for name in gold.made_from)


OF_FILE: tuple[Rule, ...] = (
    decisions_elsewhere,
    unknown_take,
    decision_left_open,
    decisions_on_other_labels,
    gold_against_decisions,
    decisions_not_applied,
)
RULES: tuple[Rule, ...] = (*OF_FILE, decisions_lost)
