"""Rules on imported files, with the letter F: F1xx the file, F2xx one of its lines.

An error means that the line, and what refers to it, was not imported.
"""

from collections.abc import Collection, Iterator, Sequence

from annotate.findings import Problem, Rule, rule
from annotate.formats.document import Pieces
from annotate.inventory import Attribute
from annotate.quotes import Difference, UnplacedQuote
from annotate.util.escape import quote
from annotate.util.suggestions import suggest

_QUOTED = 50
"""Characters at the beginning of words that a message certainly shows."""


@rule("F101")
def text_missing(path: str) -> Iterator[Problem]:
    """A file of labels has a file with its text.

    Why: labels are offsets; without the text they mean nothing.
    Fails: `a.ann` without `a.txt`.
    Passes: both. `--texts` says where the texts are.
    See: docs/reference/interchange.md
    """
    yield Problem(f"has no text {path}; add it, or say with --texts where it is")


@rule("F102")
def labels_missing(path: str) -> Iterator[Problem]:
    """A text has all its files of labels, which may be empty.

    Why: a text that was not annotated is not the same as one in which there was nothing to annotate.
    Fails: `a.txt` without `a.ann`; `a.a1` without `a.a2`.
    Passes: `a.txt` with an empty `a.ann`. `--labels` says where the labels are.
    See: docs/reference/interchange.md
    """
    yield Problem(f"has no {path}; add it (empty if there was nothing to annotate), or say with --labels where it is")


@rule("F103")
def unreadable(why: str) -> Iterator[Problem]:
    """A file is valid: UTF-8, and in the structure of its format.

    Why: a wrong encoding gives other characters, and other offsets.
    Fails: a text in Latin-1; an XML file that is cut off.
    Passes: the same text, converted to UTF-8.
    See: docs/reference/interchange.md
    """
    yield Problem(why)


@rule("F104")
def article_refused(why: str) -> Iterator[Problem]:
    """A text can become an article: it has words and an id, and is not in the corpus already.

    Why: the same text in training and test data is a leak.
    Fails: an empty text; a text that is in the corpus under another id.
    Passes: a new text. One that was imported before with the same labels is skipped without a finding.
    See: docs/reference/interchange.md
    """
    yield Problem(why)


@rule("F105")
def irregular_file(reason: str) -> Iterator[Problem]:
    """What is in the folder of an import is a regular file or a folder.

    Why: a link can lead to any file of this computer, whose words would become an article. A pipe never ends.
    Fails: `a.txt`, a link to a file elsewhere.
    Passes: `a.txt`, a copy of that file.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{reason}; put a copy of the file in its place, or remove it")


@rule("F106", "warning")
def not_accepted(line: int, key: str, value: str) -> Iterator[Problem]:
    """The labels of a text were accepted in the tool that made them.

    Why: labels that somebody rejected or skipped say nothing about the text.
    Fails: `"answer": "reject"` of Prodigy. The text is left out.
    Passes: `"answer": "accept"`, or whatever `accept` in the map names.
    See: docs/reference/interchange.md
    """
    yield Problem(f"its {quote(key)} is {quote(value)}, so that its labels are left out", line=line)


@rule("F107")
def unknown_annotator(name: str) -> Iterator[Problem]:
    """It is known who labelled a text: the file, `--annotator` or the map names one of `annotators.yaml`.

    Why: labels of two people that pass for those of one make agreement a matter of chance.
    Fails: a file with labels by `ann-7` and `bo`, with `--annotator anna`.
    Passes: `annotators: {ann-7: anna, bo: ben}` in the map.
    See: docs/reference/interchange.md
    """
    if name:
        hint = "enter it there, or map it with `annotators` in the map or --annotator NAME=ID"
        yield Problem(f"{quote(name)} labelled it, who is not in annotators.yaml; {hint}")
    else:
        yield Problem("does not say who labelled it; name the annotator with --annotator")


@rule("F108", "warning")
def other_annotator(name: str, annotator: str, process: str, made_from: Sequence[str]) -> Iterator[Problem]:
    """`--annotator` names who labelled the texts, unless their file names another.

    Why: what the file says about its labels is lost, and never silently.
    Fails: an export of gold with `--annotator anna`: that it was adjudicated, and from whose labels, is not kept.
    Passes: no `--annotator`, or `annotators` in the map.
    See: docs/reference/interchange.md
    """
    sources = f" from {', '.join(made_from)}" if made_from else ""
    lost = f"; that they are {process}{sources} is not kept" if process != "single pass" or made_from else ""
    yield Problem(f"labels by {quote(name)} are imported as those of {annotator}{lost}")


@rule("F109")
def unmatched_file(why: str) -> Iterator[Problem]:
    """Each file with the ending of a text or of labels is the text, or labels, of one article.

    Why: a file that is passed over is labels that are lost.
    Fails: `a.ann` with `--labels '{id}.{annotator}.ann'`; both `a.ann` and `a.a1`.
    Passes: `a.anna.ann`; one of both. A file in a folder of its own is not read, unless the format is brat.
    See: docs/reference/interchange.md
    """
    yield Problem(why)


@rule("F110", "warning")
def unread_files(count: int, kind: str) -> Iterator[Problem]:
    """The folder of an import holds the files of the format, and nothing else.

    Why: a file with another ending may hold labels, too.
    Fails: `a.xml` in a folder of brat. The finding names the first file of each ending.
    Passes: the configuration of brat, the map, the type system.
    See: docs/reference/interchange.md
    """
    others = f" ({count:,} such files)" if count > 1 else ""
    yield Problem(f"{kind}{others}; it was not read")


@rule("F111")
def unused_row(line: int, why: str) -> Iterator[Problem]:
    """A row of the table of metadata belongs to a text of the import, and to one only.

    Why: the metadata would be lost, or be those of another text.
    Fails: a row for `a.txt` if the folder has no such file, or two in different folders.
    Passes: a row for `text/a.txt`.
    See: docs/reference/interchange.md
    """
    yield Problem(why, line=line)


@rule("F112", "warning")
def unknown_column(name: str) -> Iterator[Problem]:
    """A column of the table of metadata is a field of articles.

    Why: an article has no other fields.
    Fails: `Title of the page`.
    Passes: `title`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"the column {quote(name)} is no field of articles, and is left out; rename or remove it")


@rule("F113", "warning")
def metadata_kept(fields: str) -> Iterator[Problem]:
    """An article that is in the corpus has the metadata that the import gives it.

    Why: the corpus may be right, and the import may be.
    Fails: another title in the table of metadata.
    Passes: the same title; another one with `--replace`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"the article in the corpus has another {fields}, which stays; correct it with --replace")


@rule("F114", "warning")
def replaced(what: str) -> Iterator[Problem]:
    """What an import replaces in the corpus is said.

    Why: labels in the corpus may have been corrected since the first import.
    Fails: other labels by the same annotator, with `--replace`.
    Passes: the same labels.
    See: docs/reference/interchange.md
    """
    yield Problem(f"replaces {what}")


@rule("F115")
def unused_annotator(name: str, id_: str | None) -> Iterator[Problem]:
    """Each name that `--annotator NAME=ID` gives an id is that of an annotator in the files.

    Why: with a misspelt name, the labels may be those of another annotator.
    Fails: `--annotator bne=ben` if no labels are by `bne`.
    Passes: `--annotator ben=ben`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"no labels are by {quote(name)}, to whom --annotator gives the id {id_}; correct the name")


@rule("F116")
def article_missing(line: int, article_id: str, article_ids: Collection[str]) -> Iterator[Problem]:
    """The article of a row is in the corpus, since a table of labels has no texts.

    Why: labels without their text mean nothing.
    Fails: a row of `spans.csv` for `harbor` if the corpus only has `harbour`.
    Passes: the same row, after `annotate add harbor.txt`.
    See: docs/reference/interchange.md
    """
    problem = f"there is no article {quote(article_id)} in the corpus{suggest(article_id, article_ids)}"
    yield Problem(f"{problem}; correct the id, or add the text first with `annotate add`", line=line)


@rule("F117")
def unfit_labels(why: str) -> Iterator[Problem]:
    """Labels that a program made fit the corpus: its articles and texts, its inventory, and the record of their run.

    Why: labels of another text point at other words, and a record must say how the labels next to it were made.
    Fails: labels of an article that the corpus does not have; of an article whose text was changed since; with another
    annotator than the record.
    Passes: the files as `annotate prelabel` wrote them for the corpus as it is.
    See: docs/how-to/models.md
    """
    yield Problem(why)


@rule("F118", "warning")
def inventory_changed(version: str) -> Iterator[Problem]:
    """A model was given the `labels.yaml` that the corpus has.

    Why: the model labelled by other definitions than people read now.
    Fails: a definition that was changed since the run, and not the version.
    Passes: the file that the model was given.
    See: docs/how-to/models.md
    """
    yield Problem(
        f"labels.yaml was changed since the run, and is still version {version}; label again if definitions changed"
    )


@rule("F201")
def line_unreadable(line: int | None, why: str) -> Iterator[Problem]:
    """A line is valid in its format.

    Why: a line that cannot be parsed cannot be mapped.
    Fails: a T line without offsets.
    Passes: `T1<tab>Person 0 4<tab>Anna`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{why}; fix the line", line=line)


_PLAIN_DIAGNOSES = {
    "stale text": "the text has the words elsewhere, as after it was changed",
    "hybrid": "one offset counts UTF-16 units, and the other code points",
}
"""Diagnoses of offsets that are not clear by themselves, in other words."""


@rule("F202")
def wrong_offsets(
    line: int | None,
    words: str | None,
    reads: str | None,
    diagnosis: str,
    correction: Pieces,
    taken_by: str | None = None,
) -> Iterator[Problem]:
    """The offsets of a line, in code points of the file's text, read the words quoted with them.

    Why: tools that count bytes, UTF-16 units, or CR LF as one character point at other words after the first "é".
    Fails: `T1<tab>Person 7 11<tab>Anna` if Anna is at 6 to 10.
    Passes: the offsets of the words; white space may differ, since a line cannot quote a line end.
    Fix: `--fix` corrects the offsets if exactly one place is possible, and reports this as F203. It corrects no range
    of length 0, and none to words that another line of the same label has.
    See: docs/reference/interchange.md
    """
    reads, words = _skip_common(reads, words)
    problem = "are outside the text" if reads is None else f"read {quote(reads)}"
    hint = "fix the offsets"
    if correction:
        hint = f"the words are at {_format_pieces(correction)}; correct them with --fix"
    if taken_by:
        hint = f"{quote(taken_by)} has these words already; fix the offsets, or remove the line"
    expected = "" if words is None else f", not {quote(words)}"
    why = "" if diagnosis == "unknown" else f" (diagnosis: {_PLAIN_DIAGNOSES.get(diagnosis, diagnosis)})"
    yield Problem(f"offsets {problem}{expected}{why}; {hint}", line=line)


def _format_pieces(pieces: Pieces) -> str:
    return " and ".join(f"{start}–{end}" for start, end in pieces)


def _skip_common(left: str | None, right: str | None) -> tuple[str | None, str | None]:
    """Leave out what two long texts have in common at their beginning, so that a message shows where they differ."""
    if left is None or right is None or left[:_QUOTED] != right[:_QUOTED]:
        return left, right
    pairs = enumerate(zip(left, right, strict=False))
    differs = next((index for index, pair in pairs if pair[0] != pair[1]), min(len(left), len(right)))
    start = max(differs - _QUOTED // 2, 0)
    return f"…{left[start:]}", f"…{right[start:]}"


@rule("F203", "warning")
def corrected_offsets(line: int | None, words: str | None, diagnosis: str) -> Iterator[Problem]:
    """The offsets of a line were corrected, as `--fix` asks.

    Why: a correction is never silent.
    Fails: offsets counted in bytes, with `--fix`.
    Passes: offsets counted in code points.
    See: docs/reference/interchange.md
    """
    plain = _PLAIN_DIAGNOSES.get(diagnosis, diagnosis)
    yield Problem(f"the offsets of {quote(words)} were corrected (diagnosis: {plain})", line=line)


@rule("F204")
def between_characters(line: int | None, words: str | None) -> Iterator[Problem]:
    """A span has words in the article, and both its ends are between characters of its normal form.

    Why: an article has no white space at its ends, so that a span of nothing else is lost. In the article, "é" is one
    character, even if the file has two.
    Fails: a span of the "e" alone, if the file has "e" and a combining accent.
    Passes: a span of both.
    See: docs/reference/interchange.md
    """
    why = "is outside the article, or begins or ends within one of its characters"
    yield Problem(f"{quote(words)} {why}; fix the offsets", line=line)


@rule("F205")
def unmapped(line: int | None, what: str, name: str) -> Iterator[Problem]:
    """Each type in the files is in the map, or is a name of the inventory; `null` in the map leaves it out.

    Why: nothing is left out by accident.
    Fails: a T line of type Person without `spans: {Person: …}` in the map, if the inventory has no such label.
    Passes: `spans: {Person: null}`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"the map has no entry for {what} {quote(name)}; map it, or leave it out with null", line=line)


@rule("F206")
def duplicate_ref(line: int | None, ref: str, first: str) -> Iterator[Problem]:
    """An id belongs to one item of a file.

    Why: it would be unclear to which of two items another line refers. The first is imported.
    Fails: two lines T1.
    Passes: T1 and T2.
    See: docs/reference/interchange.md
    """
    where = f" ({first})" if first else ""
    yield Problem(f"another item has the id {quote(ref)} already{where}; give the line its own", line=line)


@rule("F207")
def dangling(line: int | None, ref: str, why: str) -> Iterator[Problem]:
    """An item to which a line refers exists and was imported.

    Why: a relation needs both its ends.
    Fails: `R1<tab>Says Arg1:T1 Arg2:T9` without T9, or with a T9 whose offsets are wrong; an event of which one
    argument was not imported, since a line is imported as a whole.
    Passes: both ends imported; an event with all its arguments.
    See: docs/reference/interchange.md
    """
    yield Problem(f"refers to {quote(ref)}, which {why}; fix that line or this one", line=line)


@rule("F208")
def not_in_model(line: int | None, what: str) -> Iterator[Problem]:
    """A corpus can represent what a line says.

    Why: relations of a corpus have no attributes, and a span has one value for each attribute of its label.
    Fails: an attribute of a relation; an attribute that the label does not have; a second value.
    Passes: an attribute that the label has.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{what}; leave the line out, or extend the inventory", line=line)


@rule("F209")
def unknown_value(line: int | None, attribute: Attribute, value: object) -> Iterator[Problem]:
    """The value of an attribute is in the inventory.

    Why: a value that is not declared is a class without a definition.
    Fails: `A1<tab>Rank T1 boss` without `boss` in the map's values or in the inventory.
    Passes: `values: {boss: master}` in the map.
    See: docs/reference/interchange.md
    """
    hint = f"{attribute.value_hint}, or map it to a value"
    yield Problem(f"{quote(value)} is not a value of {attribute.name}; {hint}", line=line)


@rule("F210")
def unplaced_quote(line: int | None, words: str, occurrence: int | None, unplaced: UnplacedQuote) -> Iterator[Problem]:
    """The text has the words of a span without offsets, once or with an occurrence that says which.

    Why: a label on words that look the same elsewhere is a label on another passage.
    Fails: the quote `Anna` in a text that has it twice, or never; its occurrence 3 where it is there twice.
    Passes: `Anna` with the occurrence 2.
    See: docs/reference/interchange.md
    """
    hint = {
        "empty": "quote the words of the span",
        "absent": "quote words as the text has them",
        "ambiguous": f"give its occurrence, a number from 1 to {unplaced.times}",
        "out of range": "correct the occurrence" if unplaced.times > 1 else "leave the occurrence out",
    }[unplaced.reason]
    yield Problem(f"{unplaced.describe(words, occurrence)}; {hint}", line=line)


@rule("F211", "warning")
def different_quote(line: int | None, words: str, reads: str, differences: Sequence[Difference]) -> Iterator[Problem]:
    """The words of a span without offsets are in the text as they are quoted.

    Why: a span was placed by words that are not quite the same, and may be meant for others.
    Fails: the quote `old pier` if the text only has `Old Pier`. The span has the words of the text.
    Passes: the quote `Old Pier`.
    See: docs/reference/interchange.md
    """
    yield Problem(f"{quote(words)} is {quote(reads)} in the text (other {' and '.join(differences)})", line=line)


RULES: tuple[Rule, ...] = (
    text_missing,
    labels_missing,
    unreadable,
    article_refused,
    irregular_file,
    not_accepted,
    unknown_annotator,
    other_annotator,
    unmatched_file,
    unread_files,
    unused_row,
    unknown_column,
    metadata_kept,
    replaced,
    unused_annotator,
    article_missing,
    unfit_labels,
    inventory_changed,
    line_unreadable,
    wrong_offsets,
    corrected_offsets,
    between_characters,
    unmapped,
    duplicate_ref,
    dangling,
    not_in_model,
    unknown_value,
    unplaced_quote,
    different_quote,
)
