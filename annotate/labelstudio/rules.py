"""What can be wrong with what a Label Studio server gives: one rule a fault, each with its documentation and message.

L1xx the task · L2xx regions · L3xx attributes · L4xx relations. An error means that something was set aside: it is not
in the corpus, and its raw item was kept. A warning means that all was taken, or that there was nothing to take.
"""

from collections.abc import Iterable, Iterator

from annotate.findings import Problem, Rule, rule
from annotate.offsets import Misfit, Settled

SHOWN = 60


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


@rule("L101")
def article_unknown(article: object, task: object) -> Iterator[Problem]:
    """A task names, in its data, an article of the corpus.

    Why: labels go to the file of the article they were made on; a name such as `../x` must never become a path.
    Fails: a task made by hand in the browser, whose data has no `article`; an article that was removed.
    Passes: a task that `annotate studio push` made.
    See: docs/label-studio.md
    """
    yield Problem(
        f"task {_quoted(task)} names no article of the corpus ({_quoted(article)}); push the article, or delete it"
    )


@rule("L102")
def text_differs(task: object) -> Iterator[Problem]:
    """The text of a task is the text of the article, character for character.

    Why: offsets counted in another text point at other words.
    Fails: the article was fixed after it was pushed.
    Passes: both have the same SHA-256.
    See: docs/label-studio.md
    """
    yield Problem(
        f"task {_quoted(task)} has another text than the article; its labels cannot be placed, so none was taken"
    )


@rule("L103")
def task_unreadable(what: str) -> Iterator[Problem]:
    """A task is an object whose annotations, predictions and results are lists of objects.

    Why: what has another shape cannot be told apart into labels.
    Fails: `"result": "…"`.
    Passes: the raw JSON of a server.
    See: docs/label-studio.md
    """
    yield Problem(f"{what}; export the task as raw JSON")


@rule("L104")
def annotated_twice(person: str, numbers: Iterable[object], taken: object) -> Iterator[Problem]:
    """One person has one annotation of an article.

    Why: the corpus holds one file for each annotator and article, and cannot know which of two is meant.
    Fails: "+" was pressed beside the first annotation, and both were submitted.
    Passes: one annotation; a second one is deleted in Label Studio.
    See: docs/label-studio.md
    """
    listed = ", ".join(str(number) for number in numbers)
    yield Problem(f"{person} has several annotations of this article ({listed}); {taken} was taken, delete the others")


@rule("L105", "warning")
def skipped(person: str) -> Iterator[Problem]:
    """A skipped task gives no annotation.

    Why: to skip is to say "not labelled", which is something else than "nothing here to label".
    Fails: the Skip button was pressed.
    Passes: the task was submitted, be it with no label.
    See: docs/label-studio.md
    """
    yield Problem(f"{person} skipped this article; nothing was taken")


@rule("L106", "warning")
def draft(person: str) -> Iterator[Problem]:
    """A draft is no annotation before it is submitted.

    Why: a draft is work under way; the server saves it by itself.
    Fails: labels were made, and Submit (or Update) was not pressed.
    Passes: the annotation was submitted.
    See: docs/label-studio.md
    """
    yield Problem(f"{person} has a draft that is not submitted; it was not taken")


@rule("L107", "warning")
def nothing_labelled(person: str) -> Iterator[Problem]:
    """A submitted annotation has labels, as a rule.

    Why: an article without a label is possible, and an early click on Submit is likelier.
    Fails: an empty annotation was submitted.
    Passes: an annotation with at least one span.
    See: docs/label-studio.md
    """
    yield Problem(f"{person} submitted this article with no label; it was taken as it is")


@rule("L201")
def item_unknown(item: object, why: str) -> Iterator[Problem]:
    """A result item is a region, an attribute of a region, or a relation.

    Why: items of other kinds come from controls that the labelling config does not have.
    Fails: `"type": "rectanglelabels"`; an item with no value.
    Passes: `"type": "labels"`, `"choices"`, `"number"`, `"textarea"` or `"relation"`.
    See: docs/label-studio.md
    """
    yield Problem(f"an item was set aside, {why}: {_quoted(item)}")


@rule("L202")
def control_unknown(control: object, region: str) -> Iterator[Problem]:
    """The control that made an item is one of the labelling config.

    Why: the server lets a control be renamed or removed while labels made with it exist.
    Fails: `"from_name": "label"` where the config has none called so.
    Passes: the name of a layer, or of a label and its attribute.
    See: docs/label-studio.md
    """
    yield Problem(f"an item was made with {_quoted(control)}, which the labelling config does not have", region)


@rule("L203")
def label_unknown(label: object, layer: str, region: str) -> Iterator[Problem]:
    """A region's label is one of its layer's.

    Why: the server accepts any label, also one that the inventory has lost since.
    Fails: a region with a label that was renamed in the inventory.
    Passes: a label of the inventory, made with the control of its layer.
    See: docs/label-studio.md
    """
    yield Problem(f"the layer {layer} has no label {_quoted(label)}; label the region anew", region)


@rule("L204")
def label_missing(region: str) -> Iterator[Problem]:
    """A region has a label.

    Why: an unlabelled stretch of text says nothing.
    Fails: `"labels": []`.
    Passes: one label, or several.
    See: docs/label-studio.md
    """
    yield Problem("a region has no label; label or delete it", region)


@rule("L205")
def offset_no_number(start: object, end: object, region: str) -> Iterator[Problem]:
    """The start and the end of a region are whole numbers.

    Why: other tags (HyperText) give paths into a page instead, and those name no place in the text.
    Fails: `"start": "/div[1]/text()[1]"`, `3.0`, `true`.
    Passes: `"start": 3`.
    See: docs/label-studio.md
    """
    yield Problem(f"start {_quoted(start)} and end {_quoted(end)} are no whole numbers", region)


@rule("L206")
def words_elsewhere(start: int, end: int, quoted: object, misfit: Misfit, region: str) -> Iterator[Problem]:
    """The words quoted with a region stand where its offsets say, counted in code points or in UTF-16 units.

    Why: words and offsets that disagree leave open which was meant; nothing is guessed. `pull --fix` takes the one
    place that fits where there is exactly one; docs/decisions/0008-offsets.md lists the diagnoses.
    Fails: a region dragged wider after an emoji, which mixes the two counts; an end past the text.
    Passes: `text[start:end]` is the quoted text.
    See: docs/label-studio.md
    """
    yield Problem(
        f"{_quoted(quoted)} does not stand at {start}–{end}: code points read {_quoted(misfit.code_points)}, "
        f"UTF-16 units {_quoted(misfit.utf16)} ({misfit.diagnosis}); "
        + ("pull with --fix, or " if len(misfit.places) == 1 else "")
        + "draw the region anew",
        region,
    )


@rule("L207", "warning")
def words_missing(start: int, end: int, region: str) -> Iterator[Problem]:
    """A region quotes its words.

    Why: without them a wrong offset cannot be seen. It is taken only where both counts mean the same place.
    Fails: an item made by another tool, with no `value.text`.
    Passes: what the browser makes.
    See: docs/label-studio.md
    """
    yield Problem(f"the region {start}–{end} quotes no words; it was taken by its offsets", region)


@rule("L208", "warning")
def counted_in_utf16(start: int, end: int, region: str) -> Iterator[Problem]:
    """Offsets are counted in Unicode code points.

    Why: older servers and some importers count UTF-16 units, where an emoji is two.
    Fails: a region after an emoji whose offsets are one too large.
    Passes: a region made with the server in use here.
    See: docs/label-studio.md
    """
    yield Problem(f"the offsets {start}–{end} were counted in UTF-16 units, and turned into code points", region)


@rule("L209")
def region_twice(region: str) -> Iterator[Problem]:
    """A region's id belongs to one place in the text, and has each label once.

    Why: attributes and relations name a region by its id alone.
    Fails: two items with one id and different offsets.
    Passes: several labels on one stretch of text.
    See: docs/label-studio.md
    """
    yield Problem("the id of this region was used before, for another place or the same label", region)


@rule("L210", "warning")
def remark_unknown(key: object, region: str) -> Iterator[Problem]:
    """Of the remarks on a region, the note is taken; the corpus has no place for others.

    Why: nothing is to vanish unseen.
    Fails: `"meta": {"colour": "red"}`.
    Passes: `"meta": {"text": ["a note"]}`.
    See: docs/label-studio.md
    """
    yield Problem(f"the remark {_quoted(key)} has no place in the corpus; the raw item was kept", region)


@rule("L211", "warning")
def offsets_mended(start: int, end: int, settled: Settled, region: str) -> Iterator[Problem]:
    """The offsets of a region are fixed only where somebody asks for it, and where one place alone fits its words.

    Why: a fixed place is a conclusion, and somebody may want to look at it.
    Fails: with `pull --fix`, a region dragged wider after an emoji, whose end was counted in UTF-16 units.
    Passes: offsets that read the words quoted.
    See: docs/decisions/0008-offsets.md
    """
    yield Problem(
        f"{start}–{end} became {settled.start}–{settled.end}, where its words stand ({settled.diagnosis})", region
    )


@rule("L301")
def attribute_without_region(control: str, region: str) -> Iterator[Problem]:
    """An attribute belongs to a region that was taken.

    Why: a value that hangs on no span says nothing.
    Fails: a choice whose region was deleted, or set aside by another rule.
    Passes: a choice with the id of a region.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} belongs to no region that was taken", region)


@rule("L302")
def attribute_of_other_label(control: str, labels: str, region: str) -> Iterator[Problem]:
    """An attribute belongs to the label of its region.

    Why: after a change of label the values of the former one may stay behind, unseen.
    Fails: a value for a label that the region no longer has.
    Passes: a value for the label of the region.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} stands on a region that is labelled {labels}", region)


@rule("L303")
def value_unknown(control: str, value: object, region: str) -> Iterator[Problem]:
    """The value of an attribute is one that the inventory has.

    Why: the server accepts any value, also one that the inventory has lost since.
    Fails: a choice that was renamed; an empty text.
    Passes: a choice of the inventory.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} cannot be {_quoted(value)}; choose anew", region)


@rule("L304")
def value_many(control: str, values: object, region: str) -> Iterator[Problem]:
    """An attribute has one value.

    Why: of several the corpus cannot know which is meant.
    Fails: `"choices": ["a", "b"]`.
    Passes: `"choices": ["a"]`.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} has several values, {_quoted(values)}; choose one", region)


@rule("L305")
def number_not_whole(control: str, value: object, region: str) -> Iterator[Problem]:
    """A number is a whole one.

    Why: the inventory's numbers are counts.
    Fails: `"number": 2.5`.
    Passes: `"number": 2`, and `2.0`, which is the same.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} is {_quoted(value)}, which is no whole number", region)


@rule("L306")
def attribute_twice(control: str, value: object, region: str) -> Iterator[Problem]:
    """A region has one item for each attribute.

    Why: of two values the corpus cannot know which is meant; the first was taken.
    Fails: two items with one id, one control and two values.
    Passes: one item.
    See: docs/label-studio.md
    """
    yield Problem(f"{control} was given before; the later value {_quoted(value)} was set aside", region)


@rule("L401")
def end_missing(head: object, tail: object, region: str | None) -> Iterator[Problem]:
    """A relation leads from a region that was taken to one that was taken.

    Why: the server accepts relations to nowhere.
    Fails: a relation to a region that was deleted, or set aside by another rule.
    Passes: both ids are those of regions of the same annotation.
    See: docs/label-studio.md
    """
    yield Problem(f"a relation from {_quoted(head)} to {_quoted(tail)} has an end that is no region", region)


@rule("L402")
def relation_unlabelled(head: str, tail: str) -> Iterator[Problem]:
    """A relation has a label.

    Why: an arrow alone does not say what it means; the browser lets one be drawn.
    Fails: an arrow whose label was not chosen in the list of relations.
    Passes: an arrow with a label.
    See: docs/label-studio.md
    """
    yield Problem(f"the relation from {head} to {tail} has no label; choose one in the list of relations", head)


@rule("L403")
def relation_unknown(label: object, head: str, tail: str) -> Iterator[Problem]:
    """A relation's label is one of the inventory's.

    Why: the server accepts any label, also one that the inventory has lost since.
    Fails: a relation whose label was renamed.
    Passes: a label of the inventory.
    See: docs/label-studio.md
    """
    yield Problem(f"no relation is called {_quoted(label)} (from {head} to {tail}); choose its label anew", head)


@rule("L404")
def direction_unclear(direction: object, head: str, tail: str) -> Iterator[Problem]:
    """A relation has one direction.

    Why: the head and the tail of a relation have different parts.
    Fails: `"direction": "bi"`.
    Passes: `"right"`; `"left"`, which swaps the ends; none, which the browser reads as `"right"`.
    See: docs/label-studio.md
    """
    yield Problem(f"the relation between {head} and {tail} has the direction {_quoted(direction)}; give it one", head)


@rule("L405")
def ends_unclear(label: str, head: str, tail: str) -> Iterator[Problem]:
    """Where a region has several labels, the relation's label says which of them it means.

    Why: each label of a region becomes a span of its own, and a relation ends at one span.
    Fails: a relation that none of the labels allows, or several do.
    Passes: one pair of labels that the inventory allows as the relation's ends.
    See: docs/label-studio.md
    """
    yield Problem(f"{label} from {head} to {tail} fits no single pair of the labels there; draw a region a label", head)


@rule("L406", "warning")
def relation_twice(label: str, head: str, tail: str) -> Iterator[Problem]:
    """A relation stands once between two regions.

    Why: two of the same say no more than one.
    Fails: an arrow drawn twice with one label.
    Passes: two arrows with different labels.
    See: docs/label-studio.md
    """
    yield Problem(f"{label} from {head} to {tail} appears twice; one was taken", head)


RULES: tuple[Rule, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Rule))
