"""The rules for the data of a Label Studio server: one rule a fault, with its documentation and message.

L1xx tasks · L2xx regions · L3xx attributes · L4xx relations. An error means that something was quarantined: it is not
in the corpus, and the raw item is kept. A warning means that everything was taken, or that there was nothing to take.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from annotate.findings import Problem, Rule, rule
from annotate.offsets import ResolvedOffsets, UnresolvedOffsets
from annotate.util.escape import quote


class NamedRegion(NamedTuple):
    """A region as messages name it: by its words, or by its id if no item quotes them."""

    id: str
    words: str

    def __str__(self) -> str:
        return quote(self.words, 40) if self.words else f"region {self.id}"


@rule("L101")
def article_unknown(article: object, task: object) -> Iterator[Problem]:
    """A task names, in its data, an article of the corpus.

    Why: labels go to the file of the article that they were made on; a name such as `../x` must never become a path.
    Fails: a task created by hand in the browser, whose data has no `article`; an article that was removed.
    Passes: a task that `annotate studio push` created.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"task {quote(task)} is of no article of the corpus ({quote(article)}); add or push the article, or delete the"
        " task"
    )


@rule(
    "L102",
    advice=(
        "This article was corrected after it was given to you, so none of its labels can be taken. Tell the lead "
        "of your project."
    ),
)
def text_differs(task: object) -> Iterator[Problem]:
    """The text of a task is the text of the article, character for character.

    Why: offsets counted in another text point at other words.
    Fails: the article was corrected after it was pushed.
    Passes: both texts have the same SHA-256.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"task {quote(task)} has another text than the article, so no label was taken; if the article was corrected, "
        "run `annotate studio push --reanchor`"
    )


@rule("L103", advice="This annotation cannot be read. Tell the lead of your project.")
def task_unreadable(problem: str) -> Iterator[Problem]:
    """A task is an object whose annotations, predictions and results are lists of objects.

    Why: labels cannot be read from any other structure.
    Fails: `"result": "…"`.
    Passes: the raw JSON of a server.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{problem}; export the task as raw JSON")


@rule("L104", advice="You have several annotations of this article, and one of them is used. Delete the others.")
def several_annotations(annotator: str, ids: Iterable[object], taken_id: object) -> Iterator[Problem]:
    """An annotator has one annotation of an article.

    Why: the corpus has one file for each annotator and article; it cannot tell which of two annotations is meant.
    Fails: the annotator pressed "+" next to the first annotation, and submitted both; two projects have the article,
    and the annotator submitted it in both.
    Passes: one annotation; a second one was deleted in Label Studio.
    See: docs/how-to/label-studio.md
    """
    listed = ", ".join(map(str, ids))
    yield Problem(
        f"{annotator} has several annotations of this article ({listed}); {taken_id} was taken, delete the others"
    )


@rule("L105", "warning")
def skipped(annotator: str) -> Iterator[Problem]:
    """A skipped task gives no annotation.

    Why: a skipped task is "not labelled", which differs from "nothing to label here".
    Fails: the annotator pressed Skip.
    Passes: the task was submitted, with or without labels.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{annotator} skipped this article; nothing was taken")


@rule("L106", "warning")
def draft(annotator: str) -> Iterator[Problem]:
    """A draft becomes an annotation only when it is submitted.

    Why: a draft is unfinished work, which the server saves automatically.
    Fails: the annotator added labels and did not press Submit (or Update).
    Passes: the annotation was submitted.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{annotator} has a draft that was not submitted; it was not taken")


@rule("L107", "warning")
def nothing_labelled(annotator: str) -> Iterator[Problem]:
    """A submitted annotation usually has labels.

    Why: an article without labels is possible, but an accidental click on Submit is more likely.
    Fails: an empty annotation was submitted.
    Passes: an annotation with at least one span.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{annotator} submitted this article without labels; the empty annotation was taken")


@rule("L108", "warning")
def beginning_unknown(annotator: str, parent: str) -> Iterator[Problem]:
    """The server names the prediction or annotation that an annotator began with.

    Why: labels that began as a copy are not independent of what was copied.
    Fails: the annotator started from a prediction that was deleted since; one whose name is no annotator's id.
    Passes: an annotation that started from the bare text, or from gold, a model or another annotator of the corpus.
    See: docs/how-to/label-studio.md
    """
    problem = f"{annotator} began with {parent}; the labels were taken as corrected"
    yield Problem(f"{problem}; what they were made from is not known")


@rule("L109", "warning")
def work_unreadable(field: str, value: object) -> Iterator[Problem]:
    """The time of the work is a number of seconds, and the origin of a region one that Label Studio writes.

    Why: both go into the file of the annotation, where they must be readable.
    Fails: `"lead_time": -3`; `"origin": "elsewhere"`.
    Passes: `"lead_time": 61.5`; `"origin": "prediction-changed"`; an export that has neither.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{field} is {quote(value)}, which cannot be read; it was left out, and all labels were taken")


@rule(
    "L110",
    advice=(
        "Other labels of yours for this article are in the collection already, so these were not taken. Tell the lead "
        "of your project."
    ),
)
def labels_from_elsewhere(annotator: str, spans: int, is_in_gold: bool) -> Iterator[Problem]:
    """A pull replaces only labels that were pulled from the same user.

    Why: labels that came from elsewhere are in no project of the server, so the file may be their only copy.
    Fails: a user was identified as the wrong annotator; the labels of the annotator were imported.
    Passes: the article has no labels of the annotator yet, or labels that were pulled from this user.
    See: docs/how-to/label-studio.md
    """
    gold = "; gold was made from them" if is_in_gold else ""
    yield Problem(
        f"the corpus has labels of {annotator} that were not pulled from this user ({spans:,} spans{gold}); they were "
        "kept; correct who the user is with --annotator and --user, or replace all such labels with --replace"
    )


@rule("L111", "warning")
def labels_replaced(annotator: str, spans: int, is_in_gold: bool) -> Iterator[Problem]:
    """Labels that were not pulled from the same user are replaced only on request, and reported.

    Why: they are in no project of the server, and may be needed.
    Fails: with `--replace`, labels that were imported.
    Passes: labels that were pulled from this user.
    See: docs/how-to/label-studio.md
    """
    gold = "; gold was made from them, adjudicate it again" if is_in_gold else ""
    yield Problem(f"replaced labels of {annotator} that were not pulled from this user ({spans:,} spans){gold}")


@rule(
    "L201",
    advice=(
        "Something in this annotation is neither a label, an answer nor a relation. Tell the lead of your project."
    ),
)
def item_unknown(item: object, reason: str) -> Iterator[Problem]:
    """A result item is a region, an attribute of a region, or a relation.

    Why: items of other kinds come from controls that the labelling config does not have.
    Fails: `"type": "rectanglelabels"`; an item without a value.
    Passes: `"type": "labels"`, `"choices"`, `"number"`, `"textarea"` or `"relation"`.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"an item was quarantined because {reason}: {quote(item)}")


@rule("L202", advice="This was made with a button that does not exist any more. Delete it, and label the words again.")
def control_unknown(control: object, section: str, region: str) -> Iterator[Problem]:
    """Every item comes from a control of the labelling config.

    Why: the server lets a control be renamed or removed while labels made with it remain.
    Fails: `"from_name": "label"` where the config has no such control.
    Passes: the name of a layer, or of a label and its attribute; a control that `layers` or `attributes` of a map has.
    See: docs/how-to/label-studio.md
    """
    problem = f"an item comes from the control {quote(control)}, which is not in the labelling config"
    yield Problem(f"{problem}; for a project made elsewhere, name it in `{section}` of the map", region)


@rule("L203", advice="These words have a label that does not exist any more. Delete it, and label the words again.")
def label_unknown(label: object, layer: str, region: str) -> Iterator[Problem]:
    """A region's label belongs to the region's layer.

    Why: the server accepts any label, including one that was removed from the inventory.
    Fails: a region with a label that was renamed in the inventory.
    Passes: a label of the inventory, made with the control of its layer.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the layer {layer} has no label {quote(label)}; label the region again", region)


@rule("L204", advice="These words are marked and have no label. Choose a label, or delete the mark.")
def label_missing(region: str) -> Iterator[Problem]:
    """A region has a label.

    Why: a range of text without a label carries no information.
    Fails: `"labels": []`.
    Passes: one label, or several.
    See: docs/how-to/label-studio.md
    """
    yield Problem("a region has no label; label or delete it", region)


@rule("L205", advice="The place of this label cannot be read. Delete it, and label the words again.")
def offset_not_integer(start: object, end: object, region: str) -> Iterator[Problem]:
    """The start and the end of a region are integers.

    Why: other tags (HyperText) give paths into a page, which are not offsets in the text.
    Fails: `"start": "/div[1]/text()[1]"`, `3.0`, `true`.
    Passes: `"start": 3`.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"start {quote(start)} and end {quote(end)} are not integers; draw the region again", region)


@rule("L206", advice="This label does not fit the words at its place. Delete it, and label the words again.")
def words_elsewhere(start: int, end: int, quoted: object, misfit: UnresolvedOffsets, region: str) -> Iterator[Problem]:
    """The words quoted with a region are at its offsets, counted in code points or in UTF-16 units.

    Why: if words and offsets disagree, either may be wrong, and nothing is guessed. `--fix` of `pull` and
    `convert` moves a region for which exactly one other place fits; docs/explanation/decisions/0008-offsets.md lists
    the diagnoses.
    Fails: a region dragged wider after an emoji, which mixes the two counts; an end past the text.
    Passes: `text[start:end]` is the quoted text.
    See: docs/how-to/label-studio.md
    """
    counts = (("code points", misfit.code_points), ("UTF-16 units", misfit.utf16))
    readings = ", ".join(f"{unit} read {'nothing' if words is None else quote(words)}" for unit, words in counts)
    if not isinstance(quoted, str):
        yield Problem(
            f"the region {start}–{end} quotes no words, so it is unknown how its offsets were counted: {readings}; "
            "add its words as value.text, or draw the region again",
            region,
        )
        return
    yield Problem(
        f"{quote(quoted)} is not at {start}–{end}: {readings} ({misfit.diagnosis}); "
        + ("repeat the command with --fix, or " if len(misfit.places) == 1 else "")
        + "draw the region again",
        region,
    )


@rule("L207", "warning")
def words_missing(start: int, end: int, region: str) -> Iterator[Problem]:
    """A region quotes its words.

    Why: without them a wrong offset cannot be detected. Such a region is taken only if both counts read the same.
    Fails: an item from another tool, without `value.text`.
    Passes: an item from the browser.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the region {start}–{end} quotes no words; it was taken at its offsets", region)


@rule("L208", "warning")
def counted_in_utf16(start: int, end: int, region: str) -> Iterator[Problem]:
    """Offsets are counted in Unicode code points.

    Why: older servers and some importers count UTF-16 units, of which an emoji has two.
    Fails: a region after an emoji whose offsets are one too large.
    Passes: a region made with Label Studio 1.23.2.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the offsets {start}–{end} were counted in UTF-16 units and were converted to code points", region)


@rule(
    "L209",
    advice=(
        "There is another label with the same number inside the program. Delete this one, and label the words again."
    ),
)
def region_duplicate(region: str) -> Iterator[Problem]:
    """A region's id has one range of the text, and each label once.

    Why: attributes and relations name a region by its id alone.
    Fails: two items with one id and different offsets.
    Passes: several labels on one range of text.
    See: docs/how-to/label-studio.md
    """
    yield Problem("another item has the id of this region, with another range or the same label", region)


@rule("L210", "warning")
def remark_unknown(key: object, region: str) -> Iterator[Problem]:
    """The only remark on a region is its note; the corpus has no field for others.

    Why: no data may disappear silently.
    Fails: `"meta": {"colour": "red"}`.
    Passes: `"meta": {"text": ["a note"]}`.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the corpus has no field for the remark {quote(key)}; the raw item was kept", region)


@rule("L211", "warning")
def offsets_fixed(start: int, end: int, settled: ResolvedOffsets, region: str) -> Iterator[Problem]:
    """A region is moved only on request, and only if exactly one other place fits its words.

    Why: the new place is inferred; a person may want to check it.
    Fails: with `--fix`, a region dragged wider after an emoji, whose end was counted in UTF-16 units.
    Passes: offsets at which the text has the quoted words.
    See: docs/explanation/decisions/0008-offsets.md
    """
    yield Problem(
        f"{start}–{end} became {settled.start}–{settled.end}, where its words are ({settled.diagnosis})", region
    )


@rule("L212", "warning")
def parent_unknown(parent: object, region: str) -> Iterator[Problem]:
    """A region does not lie within another in the list of regions; the corpus has no field for that.

    Why: no data may disappear silently.
    Fails: `"parentID": "x1"`, as after a region was dragged onto another in the list.
    Passes: a region without a parent; a relation between both regions.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the corpus has no field for the parent {quote(parent)} of a region; it was left out", region)


@rule("L213", "warning")
def ends_trimmed(resolved: ResolvedOffsets, start: int, end: int, region: str) -> Iterator[Problem]:
    """White space at the ends of a region is left out only on request.

    Why: a region without it is what `annotate check` accepts (P104), but differs from what the annotator marked.
    Fails: with `--fix`, a region "33 people ".
    Passes: a region "33 people".
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{resolved.start}–{resolved.end} became {start}–{end}, without the white space at the ends", region)


@rule("L214", advice="This label is not on the text of the article. Delete it, and label the words in the text.")
def text_unknown(text: object, region: str) -> Iterator[Problem]:
    """Every item was made on the text of the article.

    Why: a task may show several texts, and offsets in another one point at other words.
    Fails: `"to_name": "title"` where the control of the text is called `text`.
    Passes: the name of the one `Text` control; a map says how a config made elsewhere calls it.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"an item was made on {quote(text)}, which is not the article's text; if it is, name it as `text` in a map",
        region,
    )


@rule(
    "L301",
    advice=(
        "An answer is left from a label that is gone. Click Update once; if this stays, tell the lead of your project."
    ),
)
def attribute_without_region(control: str, region: str) -> Iterator[Problem]:
    """An attribute belongs to a region that was taken.

    Why: a value without a span carries no information.
    Fails: a choice whose region was deleted, or quarantined by another rule.
    Passes: a choice with the id of a region.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} belongs to no region that was taken", region)


@rule(
    "L302",
    advice="An answer is left from a former label of these words. Delete the label, and label the words again.",
)
def attribute_of_other_label(control: str, labels: str, region: str) -> Iterator[Problem]:
    """An attribute belongs to the label of its region.

    Why: when a label is changed, the values of the former one may remain, invisibly.
    Fails: a value for a label that the region no longer has.
    Passes: a value for the label of the region.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} is set on a region that is labelled {labels}", region)


@rule("L303", advice="An answer for this label is not one that can be given. Answer again.")
def value_unknown(control: str, value: object, region: str) -> Iterator[Problem]:
    """The value of an attribute is in the inventory.

    Why: the server accepts any value, including one that was removed from the inventory.
    Fails: a choice that was renamed; an empty text.
    Passes: a choice of the inventory.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} cannot be {quote(value)}; choose a value of the inventory", region)


@rule("L304", advice="A question about this label has several answers. Choose one.")
def several_values(control: str, values: object, region: str) -> Iterator[Problem]:
    """An attribute has one value.

    Why: the corpus cannot tell which of several is meant.
    Fails: `"choices": ["a", "b"]`.
    Passes: `"choices": ["a"]`.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} has several values, {quote(values)}; choose one", region)


@rule("L305", advice="An answer for this label is not a number of the kind that is asked for. Answer again.")
def number_unfit(control: str, value: object, wanted: str, region: str) -> Iterator[Problem]:
    """The value of an attribute of type integer is an integer, that of type number a finite number.

    Why: integers are counts; no table or calculation can use a number that is not finite.
    Fails: `"number": 2.5` for an integer; `"number": null`.
    Passes: `"number": 2`, and `2.0`, which is the same; `"number": -2.5` for a number.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} is {quote(value)}, which is not {wanted}", region)


@rule("L306", advice="A question about this label is answered twice. Delete the label, and label the words again.")
def attribute_duplicate(control: str, value: object, region: str) -> Iterator[Problem]:
    """A region has one item for each attribute.

    Why: the corpus cannot tell which of two values is meant; the first was taken.
    Fails: two items with one id, one control and two values.
    Passes: one item.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{control} has a value already; the second value {quote(value)} was quarantined", region)


@rule("L401", advice="A relation leads to a label that is gone. Delete the relation.")
def relation_end_missing(head: object, tail: object, region: str | None) -> Iterator[Problem]:
    """Both ends of a relation are regions that were taken.

    Why: the server accepts relations to regions that do not exist.
    Fails: a relation to a region that was deleted, or quarantined by another rule.
    Passes: both ids are those of regions of the same annotation.
    See: docs/how-to/label-studio.md
    """
    ends = [str(end) if isinstance(end, NamedRegion) else quote(end) for end in (head, tail)]
    yield Problem(f"a relation from {ends[0]} to {ends[1]} has an end that is not a region", region)


@rule("L402", advice="The relation from this label has no name. Choose one in the list of relations, or delete it.")
def relation_unlabelled(head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """A relation has a label, or the labels of its ends allow exactly one.

    Why: the browser accepts relations without a label, and those have no meaning.
    Fails: a relation whose label was not chosen in the list of relations, between labels that allow none or several.
    Passes: a relation with a label; a relation without one that can only be one, which then has that label (L407).
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"the relation from {head} to {tail} has no label, and its ends do not allow exactly one; choose one in the"
        " list of relations",
        head.id,
    )


@rule("L403", advice="The relation from this label has a name that does not exist any more. Choose another.")
def relation_unknown(label: object, head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """A relation's label is in the inventory.

    Why: the server accepts any label, including one that was removed from the inventory.
    Fails: a relation whose label was renamed.
    Passes: a label of the inventory.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"the inventory has no relation {quote(label)} (from {head} to {tail}); choose another label", head.id
    )


@rule(
    "L404",
    advice="The relation from this label has no clear direction. Choose one direction in the list of relations.",
)
def direction_unclear(direction: object, head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """A relation has one direction.

    Why: the head and the tail of a relation have different roles.
    Fails: `"direction": "bi"`.
    Passes: `"right"`; `"left"`, which swaps the ends; no direction, which the browser reads as `"right"`.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"the relation between {head} and {tail} has the direction {quote(direction)}; choose one direction, or set"
        " `both_ways` in a map",
        head.id,
    )


@rule(
    "L405",
    advice=(
        "These words have several labels, and it is unclear which of them the relation is about. Delete it; mark "
        "the words once for each label, and draw it again."
    ),
)
def relation_ends_unclear(label: str, head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """If a region has several labels, the relation's label determines which of them it connects.

    Why: each label of a region becomes a span, and each end of a relation is one span.
    Fails: the inventory allows the relation for none of the labels, or for several.
    Passes: the inventory allows exactly one pair of the labels as the relation's ends.
    See: docs/how-to/label-studio.md
    """
    yield Problem(
        f"{label} from {head} to {tail} fits no single pair of the labels there; draw one region for each label",
        head.id,
    )


@rule("L406", "warning")
def relation_duplicate(label: str, head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """Two regions have each relation once.

    Why: a second relation with the same label adds nothing.
    Fails: a relation drawn twice with one label.
    Passes: two relations with different labels.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"{label} from {head} to {tail} exists twice; one was taken", head.id)


@rule("L407", "warning")
def relation_named(name: str, head: NamedRegion, tail: NamedRegion) -> Iterator[Problem]:
    """A relation was labelled by the annotator, not by the labels of its ends.

    Why: where the ends allow exactly one relation, one without a label can be no other, so it is taken as that one.
    Fails: an unlabelled relation between two labels for which the inventory has one relation in that direction.
    Passes: a relation whose label was chosen in the list of relations.
    See: docs/how-to/label-studio.md
    """
    yield Problem(f"the relation from {head} to {tail} had no label; its ends allow only {quote(name)}", head.id)


RULES: tuple[Rule, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Rule))
